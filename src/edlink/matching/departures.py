"""The records that a roster no longer has, one kind at a time: archived, held, or left alone."""

from collections.abc import Iterable, Mapping

import attrs

from edlink.matching.draft import Draft
from edlink.matching.firewall import incoming_orgs
from edlink.matching.host import Absence, HostRecord
from edlink.matching.plan import Action, Change, archiving
from edlink.matching.policy import ClassMode
from edlink.matching.wanted import ENDING_REASONS
from edlink.model import Enrollment
from edlink.vocabulary import Kind


@attrs.frozen(kw_only=True)
class _Removal:
    """A removal or re-key that the limits may hold."""

    change: Change
    held: HostRecord
    absence: Absence | None = None


@attrs.define(kw_only=True)
class Departures:
    """
    What the absence of one kind of records does to a draft.

    Attributes:
        draft: The plan in the making.
        kind: The kind.
        taken: Ids of host records that got another id and are not gone.
        removals: What the limits decide on at the end.
        kin: Why contacts of undecided students stay.
    """

    draft: Draft
    kind: Kind
    taken: set[str]
    removals: list[_Removal] = attrs.field(factory=list)
    kin: Mapping[str, str] = attrs.field(factory=dict)

    def settle(
        self, rekeys: Iterable[tuple[Change, HostRecord]], changed: Iterable[HostRecord]
    ) -> None:
        """
        Decide on every managed record that is not wanted, and on the re-keys of the kind.

        Args:
            rekeys: Re-keys of people, with the host's records.
            changed: Host records whose fields change.
        """
        draft = self.draft
        if self.kind is Kind.user:
            self.kin = draft.kin_of_undecided()
        for held in changed:
            draft.tally.add_changed(held)
        for change, held in rekeys:
            draft.tally.add_removed(held)
            self.removals.append(_Removal(change=change, held=held))
        for i, held in draft.host.managed(self.kind).items():
            if held.is_active:
                draft.tally.add_active(held)
                if i not in draft.wanted.records[self.kind] and i not in self.taken:
                    self._gone(held)
        self._judge()

    def _gone(self, held: HostRecord) -> None:
        draft, i = self.draft, held.sourced_id
        ended = draft.wanted.left_out[self.kind].get(i)
        is_ending = ended in ENDING_REASONS or (
            ended == "class_data_off" and self.kind is Kind.enrollment
        )
        why = self._why_alone(held)
        if why is None and ended is None and draft.hangs_on_newcomer(self.kind, held.record):
            # The host has no one any more of whom this was told: it must not pass to another.
            draft.changes.append(archiving(held, "id_reused", on=draft.on, since=draft.on))
            return
        why = why or self._why_undecided(held) or (None if is_ending else ended)
        if why is not None:
            draft.keep(held, why)
            return
        why = draft.waiting.why_blocked()
        orgs, roles = draft.places.orgs(held.record), draft.places.roles(held.record)
        why = why or draft.reach.why_not(self.kind, draft.as_there(held.record), orgs, roles)
        is_deleted = (self.kind, i) in draft.wanted.deleted
        if why is None and not is_deleted:
            why = draft.reach.why_elsewhere(self.kind, roles)
        if why is not None:
            draft.keep(held, why)
            known = draft.waiting.known(self.kind, i)
            draft.absences += [known] if known is not None else []
            return
        draft.tally.add_removed(held)
        absence = draft.waiting.count(self.kind, i)
        if not (is_ending or is_deleted or draft.waiting.is_due(absence)):
            draft.keep(held, "waiting")
            draft.absences.append(absence)
            return
        reason = ended or ("deleted_at_source" if is_deleted else "missing")
        change = archiving(held, reason, on=draft.on, since=absence.since)
        self.removals.append(_Removal(change=change, held=held, absence=absence))

    def _why_alone(self, held: HostRecord) -> str | None:
        """Return why people at the host keep a record, or None."""
        effect = self.draft.effect(held)
        mode = ClassMode.sync
        if self.kind is Kind.class_:
            mode = self.draft.policy.class_modes.get(held.sourced_id, mode)
            if effect.blocks_all or mode is not ClassMode.sync:
                self.draft.left_alone.add(held.sourced_id)
        if effect.blocks_archiving:
            return effect.blocks_archiving
        if mode is not ClassMode.sync:
            return f"class_{mode}"
        record = held.record
        if isinstance(record, Enrollment) and record.class_id in self.draft.left_alone:
            return "class_left_alone"
        return None

    def _why_undecided(self, held: HostRecord) -> str | None:
        """Return why a person must first say who somebody is, or None."""
        return self.draft.why_undecided(held.record) or self.kin.get(held.sourced_id)

    def _judge(self) -> None:
        """
        Hold the removals of the scopes whose limits are exceeded; let the others go.

        Held or not, what should go is no end for new links: holding changes nothing else.
        """
        draft = self.draft
        wanted = draft.wanted.records[self.kind].values()
        arriving = (incoming_orgs(draft.incoming, record) for record in wanted)
        holds = draft.tally.judge(self.kind, arriving, draft.policy, draft.on)
        scopes = {hold.org_id for hold in holds}
        draft.holds += holds
        for removal in self.removals:
            record, change = removal.held.record, removal.change
            if change.action is Action.rekey:
                draft.present[self.kind].add(change.sourced_id)
            is_free = scopes.isdisjoint({None, *draft.places.orgs(record)})
            if is_free and not draft.hangs_on_withheld(record):
                draft.changes.append(change)
            else:
                self._hold(removal)

    def _hold(self, removal: _Removal) -> None:
        """Hold a step, and let what hangs on the record hang on it as it is."""
        draft, change, i = self.draft, removal.change, removal.held.sourced_id
        draft.held.append(change)
        draft.absences += [removal.absence] if removal.absence is not None else []
        if change.action is Action.rekey:
            draft.ids_here[self.kind, change.sourced_id] = i
        else:
            draft.withheld.add((self.kind, i))
