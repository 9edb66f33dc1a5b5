"""
The roles of roles.csv by user, on disk when they are many.

SQLite's temporary database is private to the process, has no name once it is open, and goes with
it.  It holds ids, role words and dates; no names.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import date

from edlink.model import RoleAssignment
from edlink.oneroster.values import read_role

_TABLE = (
    "CREATE TABLE role (user TEXT, org TEXT, word TEXT, is_primary INT,"
    " begin_date TEXT, end_date TEXT, profile TEXT, sourced_id TEXT)"
)
_FIND = (
    "SELECT word, org, is_primary, begin_date, end_date, profile, sourced_id"
    " FROM role WHERE user = ? ORDER BY rowid"
)


class RoleSpool:
    """Role assignments by user, in their file's order; memory stays bounded."""

    def __init__(self, assignments: Iterable[tuple[str, RoleAssignment]]) -> None:
        """Take in all assignments, each with its user's sourced id."""
        self._base = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        with ExitStack() as stack:
            stack.callback(self.close)
            self._fill(assignments)
            stack.pop_all()

    def _fill(self, assignments: Iterable[tuple[str, RoleAssignment]]) -> None:
        self._base.execute("PRAGMA journal_mode = OFF")
        self._base.execute("PRAGMA synchronous = OFF")
        self._base.execute(_TABLE)
        self._base.execute("BEGIN")
        self._base.executemany(
            "INSERT INTO role VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _rows(assignments)
        )
        self._base.execute("CREATE INDEX by_user ON role (user)")
        self._base.execute("COMMIT")

    def of_user(self, user_id: str) -> tuple[RoleAssignment, ...]:
        """Return a user's assignments."""
        return tuple(_assignment(row) for row in self._base.execute(_FIND, (user_id,)))

    def __len__(self) -> int:
        return int(self._base.execute("SELECT COUNT(*) FROM role").fetchone()[0])

    def close(self) -> None:
        """Remove it from the disk."""
        self._base.close()


def _rows(assignments: Iterable[tuple[str, RoleAssignment]]) -> Iterator[tuple[object, ...]]:
    for user_id, role in assignments:
        yield (
            user_id,
            role.org_id,
            role.role_raw,
            role.is_primary,
            None if role.begin_date is None else role.begin_date.isoformat(),
            None if role.end_date is None else role.end_date.isoformat(),
            role.user_profile_id,
            role.sourced_id,
        )


def _assignment(row: tuple[str | None, ...]) -> RoleAssignment:
    word, org, primary, begin, end, profile, sourced_id = row
    return RoleAssignment(
        role=read_role(word),
        role_raw=word,
        org_id=org,
        is_primary=None if primary is None else bool(primary),
        begin_date=None if begin is None else date.fromisoformat(begin),
        end_date=None if end is None else date.fromisoformat(end),
        user_profile_id=profile,
        sourced_id=sourced_id,
    )
