"""People whom the host has twice: a student typed by hand whom the provider lists as well."""

import attrs
from examples.conference_host.providers import HostError
from examples.conference_host.store import Store
from examples.conference_host.syncs import Syncs

from edlink import Kind
from edlink.matching import (
    HostPerson,
    MergePlan,
    MergeState,
    Reference,
    find_duplicates,
    host_people,
    plan_merge,
)


@attrs.frozen(kw_only=True)
class Duplicates:
    """
    Finds and merges them.

    Attributes:
        store: The host's file.
        syncs: Whose records they are.
    """

    store: Store
    syncs: Syncs

    def plan(self) -> MergePlan:
        """Return who is here twice, and how to make one of the two."""
        state = self.syncs.state()
        own = {held.ref for held in state.unmanaged(Kind.user)}
        source = str(state.memory.source)
        people = tuple(
            HostPerson(person=person, managed_by=None if person.ref in own else source)
            for person in host_people(state)
        )
        before = MergeState(people=people, references=tuple(self._references()))
        return plan_merge(before, find_duplicates(people).auto)

    def merge(self, fingerprint: str) -> None:
        """
        Merge as the plan says that was looked at.

        The survivor is the provider's record, which keeps its own fields; the children rows that
        name the other one follow.  The sync before can then no longer be undone.

        Raises:
            HostError: The host has changed since.
        """
        plan = self.plan()
        if plan.fingerprint != fingerprint:
            message = "Something has changed meanwhile. Look again."
            raise HostError(message)
        on = self.syncs.today().isoformat()
        with self.store.connect() as db:
            for merge in plan.merges:
                for step in merge.steps:
                    if step.kept_row is None:
                        change = (step.after, step.row)
                        db.execute("UPDATE child SET student = ? WHERE rowid = ?", change)
                    else:
                        db.execute("DELETE FROM child WHERE rowid = ?", (step.row,))
                db.executemany(
                    "UPDATE record SET archived_on = ?, archive_reason = 'merged', merged_into = ?"
                    " WHERE ref = ?",
                    [(on, merge.survivor, loser) for loser in merge.losers],
                )
            # An undo would take survivors away from under what has been merged into them.
            db.execute("DELETE FROM setting WHERE name = 'applied'")

    def _references(self) -> list[Reference]:
        """Return every row of the host that names a person, but for the records themselves."""
        with self.store.connect() as db:
            rows = db.execute("SELECT rowid, account, student FROM child").fetchall()
        return [
            Reference(
                table="child",
                row=str(row["rowid"]),
                field="student",
                person=row["student"],
                unique_by=str(row["account"]),
            )
            for row in rows
        ]
