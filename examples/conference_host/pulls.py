"""What was last seen of the source: a snapshot on disk, and where the next changes begin."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import attrs
from examples.conference_host.store import Store

from edlink import Kind, Roster, load_roster, save_roster
from edlink.coverage import Coverage
from edlink.errors import EdlinkError
from edlink.model import RECORD_TYPES, Record
from edlink.state import ChangeSet, ChangeSource, SyncState

KINDS = {record: kind for kind, record in RECORD_TYPES.items()}


@attrs.frozen
class Pulls:
    """Pulls rosters, whole or as changes to the one before."""

    store: Store

    @property
    def snapshot(self) -> Path:
        """Where the last roster is kept, beside the host's file."""
        return Path(f"{self.store.path}.roster.jsonl.gz")

    def pull(self, client: ChangeSource, *, whole: bool) -> Roster:
        """
        Return the source's roster as it is now, and keep it.

        Args:
            client: The source.
            whole: Read everything, not only what changed.
        """
        roster = None if whole else self._follow(client)
        if roster is None:
            roster = client.pull_roster()
            self._keep(roster, SyncState.after(roster))
        return roster

    def last(self) -> Roster | None:
        """Return the last roster, or None."""
        if self.store.get("sync_state") is None or not self.snapshot.exists():
            return None
        return load_roster(self.snapshot)

    def forget(self) -> None:
        """Forget the last roster: the next pull is a whole one."""
        self.store.keep("sync_state", None)
        self.snapshot.unlink(missing_ok=True)

    def _follow(self, client: ChangeSource) -> Roster | None:
        """Return the last roster with what changed since, or None where nobody can say that."""
        before = self.last()
        if before is None:
            return None
        changes = None
        with suppress(EdlinkError):  # a whole pull then says what is wrong, if anything is
            changes = client.pull_changes(SyncState.from_dict(self.store.get("sync_state")))
        if changes is None or any(e.state == "failed" for e in changes.coverage.entries):
            return None
        roster = with_changes(before, changes)
        self._keep(roster, changes.state)
        return roster

    def _keep(self, roster: Roster, state: SyncState) -> None:
        save_roster(roster, self.snapshot)
        self.store.keep("sync_state", state.to_dict())


def with_changes(before: Roster, changes: ChangeSet) -> Roster:
    """
    Return a roster as it is after some changes.

    Where the source tells of removals too, it is as whole as the one before.  Elsewhere nothing is
    said of the coverage, so that nobody is taken for gone until the next whole pull.
    """
    records: dict[tuple[Kind, str], Record] = {
        (kind, record.sourced_id): record for kind in Kind for record in before.records(kind)
    }
    records |= {(KINDS[type(record)], record.sourced_id): record for record in changes.changed}
    gone = {(tombstone.kind, tombstone.sourced_id) for tombstone in changes.tombstones}
    return Roster.from_records(
        (record for key, record in records.items() if key not in gone),
        source=before.source,
        pulled_at=datetime.now(UTC),
        coverage=before.coverage if changes.shows_removals else Coverage(),
        tombstones=changes.tombstones,
        warnings=changes.warnings,
        issues=changes.issues,
    )
