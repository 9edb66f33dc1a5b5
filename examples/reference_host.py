"""
A host in one SQLite file: what applying a sync plan means, and undoing it.

Run it with a path to see a first sync, a second one and an undo::

    python examples/reference_host.py school.db
"""

import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any

from edlink import Coverage, CoverageEntry, Demographics, Kind, Org, Roster, Source, User
from edlink.errors import ConfigError
from edlink.matching import (
    Action,
    Change,
    HostRecord,
    HostState,
    SyncMemory,
    SyncPlan,
    plan_sync,
    require_unchanged,
    with_change,
)
from edlink.model import RECORD_TYPES, Record
from edlink.plain import from_plain, to_plain

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    ref INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: others may remember it
    kind TEXT NOT NULL,
    source TEXT,
    sourced_id TEXT NOT NULL,
    fields TEXT NOT NULL,
    archived_on TEXT,
    archive_reason TEXT,
    missing_since TEXT,
    merged_into TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS one_record_per_key
    ON record (kind, source, sourced_id) WHERE source IS NOT NULL;
CREATE TABLE IF NOT EXISTS memory (source TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class InUseError(Exception):
    """A record that other tables of the host refer to would have been discarded."""


def _nothing_refers(_db: sqlite3.Connection, _ref: str) -> bool:
    return False


class ReferenceHost:
    """
    A host that keeps records as JSON in SQLite and speaks to one source.

    Args:
        database: The file.
        source: Whose records it manages.
        is_in_use: Returns whether other tables of the same file refer to a record.
    """

    def __init__(
        self,
        database: str,
        source: Source,
        is_in_use: Callable[[sqlite3.Connection, str], bool] = _nothing_refers,
    ) -> None:
        self.source = source
        self._is_in_use = is_in_use
        self._db = sqlite3.connect(database, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add(self, record: Record) -> str:
        """
        Keep a record of the host's own; return its ref, which becomes its id too.

        A birth date keeps its person's ref as id.
        """
        kind = next(k for k, cls in RECORD_TYPES.items() if isinstance(record, cls))
        ref = self._insert(kind, None, record.sourced_id, to_plain(record))
        if isinstance(record, Demographics):
            return ref
        fields = to_plain(record) | {"sourced_id": ref}
        self._db.execute(
            "UPDATE record SET sourced_id = ?, fields = ? WHERE ref = ?",
            (ref, json.dumps(fields), ref),
        )
        return ref

    def state(self) -> HostState:
        """Return everything as edlink takes it."""
        rows = self._db.execute("SELECT * FROM record ORDER BY ref")
        return HostState(memory=self.memory(), records=[_host_record(row) for row in rows])

    def memory(self) -> SyncMemory:
        """Return what was kept after the last plan."""
        key = (str(self.source),)
        row = self._db.execute("SELECT value FROM memory WHERE source = ?", key).fetchone()
        if row is None:
            return SyncMemory(source=self.source)
        return SyncMemory.from_dict(json.loads(row["value"]))

    def apply(self, *plans: SyncPlan) -> None:
        """
        Apply the safe steps of plans, one after another, in one transaction: all, or none.

        Raises:
            ConfigError: EDL-PLAN-001 or EDL-PLAN-002 where the host has changed since.
            InUseError: A record would be discarded that is in use.
        """
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for plan in plans:
                self._apply_plan(plan)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _apply_plan(self, plan: SyncPlan) -> None:
        self._require_made_from_here(plan)
        for change in plan.changes:
            self._apply(change)
        value = json.dumps(plan.memory.to_dict())
        self._db.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", (str(self.source), value))

    def _require_made_from_here(self, plan: SyncPlan) -> None:
        if plan.memory_before != self.memory():
            message = "the plan was made from another state of this host"
            raise ConfigError("EDL-PLAN-001", message, fix="Plan again from the host as it is.")

    def _apply(self, change: Change) -> None:
        if change.action is Action.create:
            fields = to_plain(change.record)
            self._insert(change.kind, self.source, change.sourced_id, fields)
            return
        held = require_unchanged(self._held(change), change)
        if change.action is Action.discard:
            if self._is_in_use(self._db, held.ref):
                raise InUseError
            self._db.execute("DELETE FROM record WHERE ref = ?", (held.ref,))
        else:
            self._update(with_change(held, change))

    def _held(self, change: Change) -> HostRecord | None:
        """Return the record a change is about: by ref, or (what a plan created) by sourced id."""
        if change.ref is not None:
            found = self._db.execute("SELECT * FROM record WHERE ref = ?", (change.ref,))
        else:
            found = self._db.execute(
                "SELECT * FROM record WHERE kind = ? AND source = ? AND sourced_id = ?",
                (change.kind, _source_text(self.source), change.sourced_id_before),
            )
        row = found.fetchone()
        return None if row is None else _host_record(row)

    def _update(self, held: HostRecord) -> None:
        self._db.execute(
            "UPDATE record SET sourced_id = ?, fields = ?, source = ?, archived_on = ?,"
            " archive_reason = ?, missing_since = ?, merged_into = ? WHERE ref = ?",
            (
                held.record.sourced_id,
                json.dumps(to_plain(held.record)),
                _source_text(held.source),
                None if held.archived_on is None else held.archived_on.isoformat(),
                held.archive_reason,
                None if held.missing_since is None else held.missing_since.isoformat(),
                held.merged_into,
                held.ref,
            ),
        )

    def _insert(
        self, kind: Kind, source: Source | None, sourced_id: str, fields: dict[str, Any]
    ) -> str:
        cursor = self._db.execute(
            "INSERT INTO record (kind, source, sourced_id, fields) VALUES (?, ?, ?, ?)",
            (kind, _source_text(source), sourced_id, json.dumps(fields)),
        )
        return str(cursor.lastrowid)


def _source_text(source: Source | None) -> str | None:
    return None if source is None else json.dumps([source.provider, source.tenant])


def _host_record(row: sqlite3.Row) -> HostRecord:
    kind = Kind(row["kind"])
    days = {
        name: date.fromisoformat(row[name])
        for name in ("archived_on", "missing_since")
        if row[name] is not None
    }
    return HostRecord(
        ref=str(row["ref"]),
        record=from_plain(RECORD_TYPES[kind], json.loads(row["fields"])),
        source=None if row["source"] is None else Source(*json.loads(row["source"])),
        archive_reason=row["archive_reason"],
        merged_into=row["merged_into"],
        **days,
    )


def main(database: str) -> None:
    """Sync an invented school twice and undo the second time."""
    source = Source("classlink", "district-1")
    school = Org(sourced_id="s1", name="Example School")
    first: list[Record] = [school, User(sourced_id="u1", given_name="Ada")]
    second: list[Record] = [
        school,
        User(sourced_id="u1", given_name="Ada", email="ada@example.org"),
    ]
    with closing(ReferenceHost(database, source)) as host:
        plan = None
        for day, records in enumerate((first, second), start=1):
            roster = Roster.from_records(
                records,
                source=source,
                pulled_at=datetime(2025, 9, day, 1, tzinfo=UTC),
                coverage=Coverage(CoverageEntry(kind=kind) for kind in Kind),
            )
            plan = plan_sync(host.state(), roster, on=date(2025, 9, day))
            plan.require_safe()
            host.apply(plan)
            print(plan.to_text())
        if plan is not None:
            host.apply(plan.inverse())
        print(host.state())


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ":memory:")
