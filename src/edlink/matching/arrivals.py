"""The records that a roster has, one kind at a time: created, changed, adopted or re-keyed."""

from collections.abc import Mapping, Sized

import attrs

from edlink.matching.diff import FieldChange, changed_fields, field_changes, with_fields
from edlink.matching.draft import Draft
from edlink.matching.host import HostRecord
from edlink.matching.links import CONNECTING, pair_by_links
from edlink.matching.overrides import Effect
from edlink.matching.plan import Action, Change
from edlink.matching.rekeys import arrived_people, detect_rekeys, gone_people
from edlink.matching.untold import keep_untold_role, keep_untold_roles
from edlink.model import Enrollment, Record, User
from edlink.plain import to_plain
from edlink.references import REFERENCES
from edlink.vocabulary import Kind

#: Fields that lead to other records: a record of the host's own has refs there, no sourced ids.
_LEADING = frozenset({name for _, name, _ in REFERENCES}) | {
    "roles",
    "child_ids",
    "homeroom_teacher_id",
    "advisor_id",
    "agent_ids",
    "resource_ids",
}
_NOTHING: frozenset[str] = frozenset()


@attrs.define(kw_only=True)
class Arrivals:
    """
    What one kind of incoming records does to a draft.

    Attributes:
        draft: The plan in the making.
        kind: The kind.
        taken: Old ids of host records that get another, so that they are not gone.
        rekeys: Re-keys that stand under the limits for removals, with the host's records.
        changed: Active host records whose fields change.
    """

    draft: Draft
    kind: Kind
    taken: set[str] = attrs.field(factory=set)
    rekeys: list[tuple[Change, HostRecord]] = attrs.field(factory=list)
    changed: list[HostRecord] = attrs.field(factory=list)

    @property
    def _managed(self) -> Mapping[str, HostRecord]:
        """The host's managed records of the kind, archived ones included, by sourced id."""
        return self.draft.host.managed(self.kind)

    def settle(self) -> None:
        """Decide on every incoming record of the kind that the policy wants."""
        managed = self._managed
        arrived: dict[str, Record] = {}
        for i, record in self.draft.wanted.records[self.kind].items():
            held = managed.get(i)
            if held is not None:
                self._existing(held, record)
            elif not self._is_spoken_for(record):
                arrived[i] = record
        if arrived and self.kind in CONNECTING:
            arrived = self._connected(arrived)
        if self.kind is Kind.user:
            arrived = self._returned(arrived)
        for record in arrived.values():
            self._create(record)

    # Records that the host manages under their id

    def _existing(self, held: HostRecord, record: Record) -> None:
        effect = self.draft.effect(held)
        open_ = self.draft.why_open(self.kind, record.sourced_id)
        why = self._why_alone(held, effect) or open_ or self.draft.why_waits(record)
        if open_ is not None and self.kind is Kind.user:
            # Whoever this is, nothing of the one is put on the other.
            self.draft.undecided[record.sourced_id] = open_
        elif why is None or held.is_active:
            self.draft.present[self.kind].add(record.sourced_id)
        if why is not None:
            self.draft.keep(held, why)
            return
        self._settle_known(held, record, effect)
        self._merge_own(held, record)

    def _settle_known(self, held: HostRecord, record: Record, effect: Effect) -> None:
        """Change a record that the host has under its id, or bring it back."""
        here = self._here(record, held)
        self._note_typed(held, here)
        if held.is_active:
            self._update(held, self._with_untold(held, here), effect)
        else:
            step = self._step_to(Action.restore, held, here, effect, "returned")
            self.draft.changes.append(step)
        self._follow(here, record, held, effect.fields)

    def _with_untold(self, held: HostRecord, record: Record) -> Record:
        """Return a record with what the host knows of it and the pull cannot tell."""
        if isinstance(record, User) and isinstance(held.record, User):
            return keep_untold_roles(held.record, record, self.draft.incoming.coverage)
        if isinstance(record, Enrollment) and isinstance(held.record, Enrollment):
            return keep_untold_role(held.record, record, self.draft.incoming.coverage)
        return record

    def _why_alone(self, held: HostRecord, effect: Effect) -> str | None:
        """Return why a host record is left alone whatever came, or None."""
        blocked = effect.blocks_all
        if blocked and self.kind is Kind.class_:
            self.draft.left_alone.add(held.sourced_id)
        if blocked or held.is_active:
            return blocked
        return effect.blocks_archiving or ("merged" if held.merged_into is not None else None)

    def _merge_own(self, held: HostRecord, record: Record) -> None:
        """Let a managed record take the place of the host's own one that a report links."""
        ref, rule = self.draft.matches.find(self.kind, record.sourced_id) or ("", "")
        own = self.draft.host.get(self.kind, ref)
        if own is None or own.source is not None or not own.is_active:
            return
        why = self.draft.effect(own).blocks_archiving
        if why is not None:
            self.draft.keep(own, why)
            return
        fields = (
            FieldChange(name="archived_on", after=self.draft.on.isoformat()),
            FieldChange(name="archive_reason", after="merged"),
            FieldChange(name="merged_into", after=held.ref),
        )
        self.draft.changes.append(_step(Action.merge, own, own.sourced_id, rule, fields))

    # Records that the host knows under another id

    def _is_spoken_for(self, record: Record) -> bool:
        """Settle a record that a report or a person has spoken about; return whether."""
        draft, i = self.draft, record.sourced_id
        effect = draft.overrides.effect(self.kind, on=draft.on, ids=(i,))
        why = effect.blocks_all or draft.why_open(self.kind, i)
        if why is not None:
            draft.keep_out(self.kind, record, why)
            return True
        ref, rule = draft.matches.find(self.kind, i) or ("", "")
        held = draft.host.get(self.kind, ref)
        if held is None:
            return False
        if held.source is None:
            self._take_over(Action.adopt, held, record, rule)
        elif held.source != draft.incoming.source:
            draft.keep_out(self.kind, record, "other_source")
        elif held.sourced_id in draft.wanted.records[self.kind]:
            draft.keep_out(self.kind, record, "claimed")
        else:
            self._take_over(Action.rekey, held, record, rule)
        return True

    def _returned(self, arrived: Mapping[str, Record]) -> dict[str, Record]:
        """Settle people who were here under another id; return the others."""
        draft = self.draft
        present = draft.wanted.records[self.kind].keys() | draft.wanted.left_out[self.kind].keys()
        # What a report re-keyed is settled.
        present |= self.taken
        gone = gone_people(draft.host, draft.incoming, present) if arrived else None
        if gone is None or not gone.users:
            return dict(arrived)
        rekeys = detect_rekeys(gone, arrived_people(draft.incoming, arrived))
        rest = dict(arrived)
        for i in arrived:
            link = rekeys.found.get(i)
            if link is not None and link.existing not in present:
                self._take_over(Action.rekey, self._managed[link.existing], rest.pop(i), link.rule)
            elif i in rekeys.open:
                draft.keep_out(self.kind, rest.pop(i), rekeys.open[i])
        return rest

    def _connected(self, arrived: Mapping[str, Record]) -> dict[str, Record]:
        """Settle connecting records whose two ends are connected already; return the others."""
        draft = self.draft
        renamed = {kind: draft.renamed[kind] for kind in (Kind.user, Kind.class_)}
        refs = {
            kind: {h.ref: i for i, h in draft.host.managed(kind).items() if h.is_active}
            | draft.adopted[kind]
            for kind in renamed
        }

        def renamed_id(kind: Kind, i: str) -> str:
            return renamed[kind].get(i, i)

        def adopted_id(kind: Kind, ref: str) -> str:
            return refs[kind].get(ref, "")

        wanted = draft.wanted.records[self.kind]
        gone = [h for i, h in self._managed.items() if h.is_active and i not in wanted]
        own = [h for h in draft.host.unmanaged(self.kind) if h.is_active]
        rest = dict(arrived)
        for action, candidates, names in (
            (Action.rekey, gone, renamed_id),
            (Action.adopt, own, adopted_id),
        ):
            for i, held in pair_by_links(rest, candidates, names).items():
                self._take_over(action, held, rest.pop(i), "same_ends")
        return rest

    def _take_over(self, action: Action, held: HostRecord, record: Record, rule: str) -> None:
        """Put a host record under an incoming id; what a person hid stays as it is."""
        if action is Action.rekey:
            self.taken.add(held.sourced_id)
        effect = self.draft.effect(held, record.sourced_id)
        why = self._why_alone(held, effect) or self.draft.why_waits(record)
        if why is not None:
            self.draft.keep(held, why)
            self.draft.keep_out(self.kind, record, why)
            return
        here = self._here(record, held)
        if action is Action.rekey and here.sourced_id == held.sourced_id:
            self._settle_known(held, record, effect)
            return
        self._note_typed(held, here)
        change = self._step_to(action, held, here, effect, rule)
        # A record that connects the same two as before is not lost under its new id: sources
        # that make up such ids every night would otherwise be held every night.
        if action is Action.rekey and self.kind not in CONNECTING:
            self.draft.renamed[self.kind][held.sourced_id] = record.sourced_id
            # One that returns under a new id is not lost either.
            if held.is_active:
                self.rekeys.append((change, held))
                return
        self.draft.changes.append(change)
        self.draft.present[self.kind].add(record.sourced_id)
        if action is Action.adopt:
            self.draft.adopted[self.kind][held.ref] = record.sourced_id
        self._follow(here, record, held, effect.fields)

    # Links of people and classes whose re-key is held

    def _here(self, record: Record, held: HostRecord | None = None) -> Record:
        """
        Return a record as it hangs on what the host has while re-keys are held.

        Demographics have the id of their person: an old one that others have is not given twice.
        """
        here = self.draft.as_here(record)
        if here is record or here.sourced_id == record.sourced_id:
            return here
        if held is not None and here.sourced_id == held.sourced_id:
            return here
        is_new = held is None or held.source is None
        return here if is_new and here.sourced_id not in self._managed else record

    def _follow(
        self,
        here: Record,
        record: Record,
        held: HostRecord | None = None,
        sticky: frozenset[str] = frozenset(),
    ) -> None:
        """Hold the step that gives a link its new end, to be approved with the re-key."""
        if here is record:
            return
        ignored = self.draft.policy.ignored_fields | (sticky - {"sourced_id"})
        names = changed_fields(here, record, ignored=ignored)
        if not names:
            return
        is_rekey = here.sourced_id != record.sourced_id
        self.draft.held.append(
            Change(
                action=Action.rekey if is_rekey else Action.update,
                kind=self.kind,
                sourced_id=record.sourced_id,
                ref=None if held is None else held.ref,
                reason="rekey_held",
                fields=field_changes(here, record, names),
            )
        )

    # Steps

    def _create(self, record: Record) -> None:
        why = self.draft.why_waits(record)
        if self.draft.waits_for_children(record):
            why = "id_reused"
        if why is not None:
            self.draft.keep_out(self.kind, record, why)
            return
        self.draft.present[self.kind].add(record.sourced_id)
        self._settle(record)
        here = self._here(record)
        self.draft.changes.append(
            Change(
                action=Action.create,
                kind=self.kind,
                sourced_id=here.sourced_id,
                reason="new",
                record=here,
            )
        )
        self._follow(here, record)

    def _update(self, held: HostRecord, record: Record, effect: Effect) -> None:
        """Note what changes in an active record, or that nothing does."""
        names = self._changed(held, record)
        if not names:
            counts = self.draft.unchanged
            counts[str(self.kind)] = counts.get(str(self.kind), 0) + 1
            return
        step = self._step_to(Action.update, held, record, effect, "changed")
        if step.fields:
            self.draft.changes.append(step)
            self.changed.append(held)
        else:
            is_sticky = not effect.fields.isdisjoint(step.left_alone)
            self.draft.keep(held, "sticky" if is_sticky else "distrusted")

    def _changed(self, held: HostRecord, record: Record) -> tuple[str, ...]:
        """Return the fields that the policy lets an incoming record change."""
        policy = self.draft.policy
        names = changed_fields(held.record, record, ignored=policy.ignored_fields)
        if not names:
            return ()
        lasting = policy.keep_when_empty | self.draft.typed.get((self.kind, held.ref), _NOTHING)
        return tuple(n for n in names if n not in lasting or not _is_empty(getattr(record, n)))

    def _note_typed(self, held: HostRecord, record: Record) -> None:
        """Remember what people typed into a record, and forget what its source sends now."""
        if held.source is not None and not self.draft.typed:
            return
        key = (self.kind, held.ref)
        known = self.draft.typed.pop(key, _NOTHING)
        if held.source is None:
            known = frozenset(attrs.fields_dict(type(record))) - _LEADING
        names = {n for n in known if _is_empty(getattr(record, n))}
        typed = frozenset(n for n in names if not _is_empty(getattr(held.record, n)))
        if typed:
            self.draft.typed[key] = typed

    def _step_to(
        self, action: Action, held: HostRecord, record: Record, effect: Effect, reason: str
    ) -> Change:
        names = self._changed(held, record)
        # A mask must not replace a name that the host has.
        guarded = (effect.fields | self.draft.distrusted(self.kind)) - {"sourced_id"}
        alone = tuple(n for n in names if n in guarded)
        fields = field_changes(held.record, record, (n for n in names if n not in alone))
        if action is Action.adopt:
            fields += (FieldChange(name="source", after=to_plain(self.draft.incoming.source)),)
        if not held.is_active:
            fields += _restoring(held)
        if not {"org_id", "roles", "primary_org_id", "sourced_id"}.isdisjoint(names):
            self._settle(with_fields(held.record, (f for f in fields if f.name in names)))
        return _step(action, held, record.sourced_id, reason, fields, alone)

    def _settle(self, record: Record) -> None:
        """Note where a class or person will be, which says where what hangs on it is."""
        if self.kind in (Kind.class_, Kind.user):
            self.draft.places.settled[self.kind, record.sourced_id] = record


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, Sized) and not len(value))


def _restoring(held: HostRecord) -> tuple[FieldChange, ...]:
    """Return the changes that end an archiving."""
    names = ("archived_on", "archive_reason", "missing_since", "merged_into")
    before = {name: to_plain(getattr(held, name)) for name in names}
    return tuple(FieldChange(name=n, before=b) for n, b in before.items() if b is not None)


def _step(  # noqa: PLR0913, PLR0917 - the parts of a Change
    action: Action,
    held: HostRecord,
    sourced_id: str,
    reason: str,
    fields: tuple[FieldChange, ...],
    left_alone: tuple[str, ...] = (),
) -> Change:
    return Change(
        action=action,
        kind=held.kind,
        sourced_id=sourced_id,
        ref=held.ref,
        reason=reason,
        fields=fields,
        left_alone=left_alone,
    )
