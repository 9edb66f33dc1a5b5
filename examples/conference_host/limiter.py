"""edlink's limits on guessing birth dates, counted in the host's SQLite file."""

import sqlite3

import attrs
from examples.conference_host.store import Store

from edlink.matching import Attempt, AttemptLimits, Outcome, Permission

_HOUR, _DAY = 3600, 86400


@attrs.frozen
class SqlLimiter:
    """Counts attempts for all processes of the host: each one is a single transaction."""

    store: Store
    limits: AttemptLimits = AttemptLimits()

    def before(self, attempt: Attempt) -> Permission:
        """Count the attempt, unless it must wait, and return whether it may go on."""
        now = attempt.at.timestamp()
        with self.store.connect() as db:
            db.execute("DELETE FROM attempt WHERE at <= ?", (now - _DAY,))
            if self._must_wait(db, attempt, now):
                return Permission.wait
            spent = self._is_spent(db, attempt)
            db.execute(
                "INSERT INTO attempt VALUES (?, ?, ?, ?, ?, ?, 0)",
                (
                    now,
                    attempt.tenant,
                    attempt.actor,
                    attempt.child,
                    attempt.network,
                    attempt.is_linked,
                ),
            )
        return Permission.spent if spent else Permission.allowed

    def after(self, attempt: Attempt, outcome: Outcome) -> None:
        """Take note of a failure."""
        if outcome is Outcome.not_verified:
            with self.store.connect() as db:
                # One attempt, though another of the same moment may look just like it.
                db.execute(
                    "UPDATE attempt SET failed = 1 WHERE rowid = (SELECT rowid FROM attempt"
                    " WHERE at = ? AND actor = ? AND child = ? AND network IS ? AND NOT failed"
                    " LIMIT 1)",
                    (attempt.at.timestamp(), attempt.actor, attempt.child, attempt.network),
                )

    def _must_wait(self, db: sqlite3.Connection, attempt: Attempt, now: float) -> bool:
        (network,) = db.execute(
            "SELECT COUNT(*) FROM attempt WHERE network = ? AND failed AND at > ?",
            (attempt.network, now - _HOUR),
        ).fetchone()
        failures, last = db.execute(
            "SELECT COUNT(*), MAX(at) FROM attempt WHERE actor = ? AND failed", (attempt.actor,)
        ).fetchone()
        wait = self.limits.wait_after(failures)
        return bool(network >= self.limits.network_failures or now < (last or 0) + wait)

    def _is_spent(self, db: sqlite3.Connection, attempt: Attempt) -> bool:
        limits, actor, child = self.limits, attempt.actor, attempt.child
        (same,) = db.execute(
            "SELECT COUNT(*) FROM attempt WHERE actor = ? AND child = ?", (actor, child)
        ).fetchone()
        (strangers,) = db.execute(
            "SELECT COUNT(*) FROM attempt WHERE child = ? AND NOT is_linked", (child,)
        ).fetchone()
        (others,) = db.execute(
            "SELECT COUNT(DISTINCT child) FROM attempt WHERE actor = ? AND child != ?",
            (actor, child),
        ).fetchone()
        return bool(
            same >= limits.per_actor_and_child
            or (not attempt.is_linked and strangers >= limits.per_child)
            or others >= limits.children_per_actor
        )
