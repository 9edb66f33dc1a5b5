"""edlink's stores for sign-in, in the host's SQLite file."""

import json
import time

import attrs
from examples.conference_host.store import Store

from edlink.sso import PendingLogin


@attrs.frozen
class SqlReplayStore:
    """Remembers which answers were used."""

    store: Store

    def add_once(self, key: str, expires_at: int) -> bool:
        """Return whether a key is new, and remember it."""
        with self.store.connect() as db:
            db.execute("DELETE FROM used_answer WHERE expires_at <= ?", (int(time.time()),))
            added = db.execute(
                "INSERT INTO used_answer VALUES (?, ?) ON CONFLICT DO NOTHING", (key, expires_at)
            )
            return added.rowcount == 1


@attrs.frozen
class SqlPendingStore:
    """Keeps logins under way, each for one browser."""

    store: Store

    def put(self, browser: str, pending: PendingLogin) -> None:
        """Keep a login until it is taken or expires."""
        row = (browser, pending.state, json.dumps(pending.to_dict()), pending.expires_at)
        with self.store.connect() as db:
            db.execute("DELETE FROM pending_login WHERE expires_at <= ?", (int(time.time()),))
            db.execute("INSERT INTO pending_login VALUES (?, ?, ?, ?)", row)

    def take(self, browser: str, state: str) -> PendingLogin | None:
        """Return the login and forget it, or None."""
        with self.store.connect() as db:
            row = db.execute(
                "DELETE FROM pending_login WHERE browser = ? AND state = ? RETURNING value",
                (browser, state),
            ).fetchone()
        return PendingLogin.from_dict(json.loads(row["value"])) if row else None
