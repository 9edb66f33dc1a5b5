"""Connecting records that follow what they connect to its new id, though no pull tells of them."""

from collections.abc import Iterator

import attrs

from edlink.matching.diff import FieldChange
from edlink.matching.draft import Draft
from edlink.matching.host import HostRecord
from edlink.matching.links import CONNECTING, END_FIELDS
from edlink.matching.plan import Action, Change
from edlink.vocabulary import Kind

_TAKING = frozenset({Action.create, Action.adopt, Action.rekey})


def follow_rekeys(draft: Draft) -> None:
    """
    Let the host's links of people, classes and orgs that are re-keyed hang on the new ids.

    A link that the pull does not tell of, or that waits to be archived, would otherwise lead to an
    id that nobody has any more.  What hangs on a held re-key is held with it.
    """
    if any(draft.renamed.values()):
        _Following(draft).settle()


class _Following:
    """The links that a draft leaves on old ids."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        steps = [*draft.changes, *draft.held]
        self._settled = {(c.kind, c.ref, field.name) for c in steps for field in c.fields}
        taking = (c for c in steps if c.kind is Kind.demographics and c.action in _TAKING)
        self._taken = draft.host.managed(Kind.demographics).keys() | {c.sourced_id for c in taking}
        self._new_ids: dict[tuple[Kind, str], str] = {}

    def settle(self) -> None:
        for kind in CONNECTING:
            for held in self._draft.host.managed(kind).values():
                if held.is_active:
                    self._move(held)
        if self._new_ids:
            self._move_what_is_noted()

    def _move(self, held: HostRecord) -> None:
        """Note the steps that give a link its new ends: now, or with what is held."""
        now: list[FieldChange] = []
        later: list[FieldChange] = []
        for end, is_held in self._ends(held):
            (later if is_held else now).append(end)
        if now:
            step = _step(held, now, "rekeyed")
            self._draft.changes.append(step)
            self._new_ids |= {(held.kind, e.before): e.after for e in now if e.name == "sourced_id"}
        if later:
            self._draft.held.append(_step(held, later, "rekey_held"))

    def _ends(self, held: HostRecord) -> Iterator[tuple[FieldChange, bool]]:
        """Yield each end that gets another id, and whether its re-key is held."""
        draft = self._draft
        for name, target in END_FIELDS[type(held.record)]:
            before = getattr(held.record, name) or ""
            after = draft.renamed[target].get(before)
            if after is not None and self._may_move(held, name, after):
                change = FieldChange(name=name, before=before, after=after)
                yield change, (target, after) in draft.ids_here

    def _may_move(self, held: HostRecord, name: str, after: str) -> bool:
        """Return whether no step, no other record and no person's word is in the way."""
        if (held.kind, held.ref, name) in self._settled:
            return False
        effect = self._draft.effect(held)
        if name == "sourced_id":
            return not effect.blocks_all and after not in self._taken
        return not effect.blocks_all and name not in effect.fields

    def _move_what_is_noted(self) -> None:
        """Let the archiving of birth dates, and how long they are missing, be of the new ids."""
        draft, new_ids = self._draft, self._new_ids
        for steps in (draft.changes, draft.held):
            for place, step in enumerate(steps):
                after = new_ids.get((step.kind, step.sourced_id))
                if after is not None and step.action is Action.archive:
                    steps[place] = attrs.evolve(step, sourced_id=after)
        draft.absences = [
            attrs.evolve(a, sourced_id=new_ids.get((a.kind, a.sourced_id), a.sourced_id))
            for a in draft.absences
        ]


def _step(held: HostRecord, ends: list[FieldChange], reason: str) -> Change:
    ids = [end.after for end in ends if end.name == "sourced_id"]
    return Change(
        action=Action.rekey if ids else Action.update,
        kind=held.kind,
        sourced_id=ids[0] if ids else held.sourced_id,
        ref=held.ref,
        reason=reason,
        fields=tuple(ends),
    )
