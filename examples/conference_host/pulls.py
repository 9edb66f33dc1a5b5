"""What was last seen of the source: a snapshot on disk, and where the next changes begin."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import attrs
from examples.conference_host.store import Store

from edlink import ChangeSource, Roster, SyncState, apply_changes, load_roster, save_roster
from edlink.errors import EdlinkError


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
        roster = apply_changes(before, changes, pulled_at=datetime.now(UTC))
        self._keep(roster, changes.state)
        return roster

    def _keep(self, roster: Roster, state: SyncState) -> None:
        save_roster(roster, self.snapshot)
        self.store.keep("sync_state", state.to_dict())
