"""
Rows that belong to other files' records, by the record's id: on disk when they are many.

SQLite's temporary database is private to the process, has no name once it is open, and goes with
it.  It holds ids, role words and dates; no names.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import date

from edlink.model import RoleAssignment
from edlink.oneroster.values import read_role

#: A row for the spool: the id of the record it belongs to, then up to seven cells.
Spooled = tuple[str | None, ...]

_WIDTH = 8
_TABLE = "CREATE TABLE row (owner, a, b, c, d, e, f, g)"
_PUT = "INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_FIND = "SELECT a, b, c, d, e, f, g FROM row WHERE owner = ? ORDER BY rowid"


class Spool:
    """Rows by the record they belong to, in their file's order; memory stays bounded."""

    def __init__(self, rows: Iterable[Spooled]) -> None:
        """Take in all rows."""
        self._base = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        with ExitStack() as stack:
            stack.callback(self.close)
            self._length = self._fill(rows)
            stack.pop_all()

    def __len__(self) -> int:
        return self._length

    def of(self, owner: str) -> list[Spooled]:
        """Return the cells of the rows of a record, each padded to seven."""
        return list(self._base.execute(_FIND, (owner,))) if self._length else []

    def close(self) -> None:
        """Remove it from the disk."""
        self._base.close()

    def _fill(self, rows: Iterable[Spooled]) -> int:
        self._base.execute("PRAGMA journal_mode = OFF")
        self._base.execute("PRAGMA synchronous = OFF")
        self._base.execute(_TABLE)
        self._base.execute("BEGIN")
        padded = (row + (None,) * (_WIDTH - len(row)) for row in rows)
        count = self._base.executemany(_PUT, padded).rowcount
        self._base.execute("CREATE INDEX by_owner ON row (owner)")
        self._base.execute("COMMIT")
        return max(count, 0)


def spool_role(user_id: str, role: RoleAssignment) -> Spooled:
    """Return a role assignment as a row for the spool."""
    return (
        user_id,
        role.role_raw,
        role.org_id,
        None if role.is_primary is None else str(int(role.is_primary)),
        None if role.begin_date is None else role.begin_date.isoformat(),
        None if role.end_date is None else role.end_date.isoformat(),
        role.user_profile_id,
        role.sourced_id,
    )


def spooled_role(cells: Spooled) -> RoleAssignment:
    """Return the role assignment that ``spool_role`` made a row of."""
    word, org, primary, begin, end, profile, sourced_id = cells
    return RoleAssignment(
        role=read_role(word),
        role_raw=word,
        org_id=org,
        is_primary=None if primary is None else primary == "1",
        begin_date=None if begin is None else date.fromisoformat(begin),
        end_date=None if end is None else date.fromisoformat(end),
        user_profile_id=profile,
        sourced_id=sourced_id,
    )
