"""
A merge plan: which record of a group survives, what it takes over, and what points to it then.

The survivor is chosen by a declared order.  No field that has a value becomes empty.  References
that would collide are collapsed, or make the whole group a conflict; none is dropped in silence.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from itertools import combinations
from typing import Any

import attrs

from edlink.errors import ConfigError
from edlink.matching.dedupe import CONFLICTS, DuplicateGroup, HostPerson, managed_twice
from edlink.matching.merge_rows import Reference, ReferenceStep, Rows
from edlink.matching.reading import Reader
from edlink.matching.refs import require_distinct
from edlink.matching.rules import MatchRules
from edlink.matching.tenants import part_of, tenant_of_unnamed
from edlink.plain import from_versioned, to_plain

VERSION = 1

#: Fields of ``Person`` that are joined instead of chosen.
_JOINED = (
    "provider_ids",
    "emails",
    "phones",
    "other_given_names",
    "other_family_names",
    "org_refs",
    "child_refs",
)

#: Fields of which one value is chosen; a birth date that differs is a conflict, not a choice.
_CHOSEN = (
    "sis_id",
    "state_id",
    "number",
    "username",
    "given_name",
    "family_name",
    "middle_name",
    "suffix",
    "birth_date",
    "birth_date_raw",
    "street",
    "postal_code",
)


@attrs.frozen(kw_only=True)
class Redirect:
    """Where a record that is gone has gone: late events and bookmarks follow it."""

    ref: str
    survivor: str


@attrs.frozen(kw_only=True, repr=False)
class MergeState:
    """
    What a merge looks at and changes: people, the rows that point to them, redirects.

    Raises:
        ConfigError: EDL-CONF-085 when two people have one ref, two references one table, row and
            field, or two redirects one ref.
    """

    people: tuple[HostPerson, ...] = ()
    references: tuple[Reference, ...] = ()
    redirects: tuple[Redirect, ...] = ()

    def __attrs_post_init__(self) -> None:
        require_distinct(record.ref for record in self.people)
        require_distinct(reference.key for reference in self.references)
        require_distinct(redirect.ref for redirect in self.redirects)

    @cached_property
    def survivors(self) -> Mapping[str, str]:
        """Where each record that is gone has gone, by its ref."""
        return {redirect.ref: redirect.survivor for redirect in self.redirects}

    def fingerprint(self) -> str:
        """Return a text that changes with anything in the state, and not with its order."""
        parts = (
            [to_plain(p) for p in sorted(self.people, key=lambda p: p.ref)],
            [to_plain(r) for r in sorted(self.references, key=lambda r: r.key)],
            [to_plain(r) for r in sorted(self.redirects, key=lambda r: r.ref)],
        )
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def __repr__(self) -> str:
        sizes = f"people={len(self.people)}, references={len(self.references)}"
        return f"MergeState({sizes}, redirects={len(self.redirects)})"


@attrs.frozen(kw_only=True)
class TakenField:
    """A field of the survivor that changes: which, from which records; values only in JSON."""

    name: str
    taken_from: tuple[str, ...]
    before: Any = attrs.field(default=None, repr=False)
    after: Any = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class Merge:
    """
    One group's merge.

    ``chosen_by`` is the criterion that made the survivor; ``sticky`` its fields to keep from then.
    """

    survivor: str
    losers: tuple[str, ...]
    chosen_by: str
    fields: tuple[TakenField, ...] = ()
    sticky: tuple[str, ...] = ()
    steps: tuple[ReferenceStep, ...] = ()


@attrs.frozen(kw_only=True)
class MergeConflict:
    """
    A group that is not merged, and why.

    ``reason`` is ``kinds`` (a student and a guardian), ``sis_ids`` (two of one tenant),
    ``managed_twice`` (one source keeps two active records apart), ``birth_dates``, ``references``
    (two rows that may not collapse), ``overlap`` (a record is in two groups), ``missing`` (a record
    is not there), or that of a group that ``find_duplicates`` found to be a conflict.
    """

    refs: tuple[str, ...]
    reason: str


@attrs.frozen(kw_only=True)
class MergePlan:
    """What to merge, as data; for the state with this fingerprint and no other."""

    fingerprint: str
    merges: tuple[Merge, ...] = ()
    conflicts: tuple[MergeConflict, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to merge."""
        return not self.merges

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON-safe values; the survivors' new fields are personal data."""
        return {"version": VERSION, **to_plain(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "MergePlan":
        """
        Return the plan that ``to_dict`` wrote.

        Raises:
            ConfigError: EDL-CONF-087 for another version or shape.
        """
        found = from_versioned(cls, data, VERSION)
        if found is not None:
            return found
        message = "this is not a merge plan of this version"
        raise ConfigError("EDL-CONF-087", message, fix="Plan again with this version of edlink.")


@attrs.frozen(kw_only=True)
class Survivorship:
    """
    Who survives: the first criterion on which the records of a group differ decides.

    The order is: managed by ``source``, managed at all, active, has signed in, most references,
    oldest, smallest ref.
    """

    source: str | None = None

    def rank(self, record: HostPerson, references: int) -> tuple[tuple[str, Any], ...]:
        """Return the criteria of a record with their values; the smallest survives."""
        return (
            ("managed_by_source", not (self.source and record.managed_by == self.source)),
            ("managed", record.managed_by is None),
            ("active", not record.is_active),
            ("login", not record.has_login),
            ("references", -references),
            ("created", record.created or date.max),
            ("ref", record.ref),
        )


_SURVIVORSHIP = Survivorship()
_READER = Reader(MatchRules())


def plan_merge(
    state: MergeState,
    groups: Iterable[DuplicateGroup],
    *,
    survivorship: Survivorship = _SURVIVORSHIP,
) -> MergePlan:
    """
    Return how to merge groups of records; what cannot be merged safely is listed with the reason.

    Refs that were merged before are followed, so that planning the same groups again is empty.
    Give it ``find_duplicates(...).auto``, and what a person has confirmed.  Two kinds, two SIS ids
    of one tenant, and two active records of one source are not merged, whoever confirms it.

    Args:
        state: The host's people and all rows that point to them.
        groups: Who is one person.
        survivorship: Who survives.
    """
    planner = _Planner(state, survivorship)
    wanted: dict[tuple[str, ...], str] = {}
    for group in groups:
        refs = tuple(sorted({state.survivors.get(ref, ref) for ref in group.refs}))
        why = group.reason if group.reason in CONFLICTS else ""
        wanted[refs] = max(why, wanted.get(refs, ""))
    seen: dict[str, int] = {}
    for refs in wanted:
        for ref in refs:
            seen[ref] = seen.get(ref, 0) + 1
    orders: list[Sequence[HostPerson]] = []
    conflicts: list[MergeConflict] = []
    for refs in sorted(refs for refs in wanted if len(refs) > 1):
        overlaps = any(seen[ref] > 1 for ref in refs)
        why = "overlap" if overlaps else wanted[refs] or planner.why_not(refs)
        if why:
            conflicts.append(MergeConflict(refs=refs, reason=why))
        else:
            orders.append(planner.order(refs))
    merges = planner.merges(orders)
    merged = {merge.survivor for merge in merges}
    conflicts += [
        MergeConflict(refs=tuple(sorted(record.ref for record in order)), reason="references")
        for order in orders
        if order[0].ref not in merged
    ]
    return MergePlan(
        fingerprint=state.fingerprint(),
        merges=tuple(merges),
        conflicts=tuple(sorted(conflicts, key=lambda conflict: conflict.refs)),
    )


class _Planner:
    def __init__(self, state: MergeState, survivorship: Survivorship) -> None:
        self._people = {record.ref: record for record in state.people}
        self._survivorship = survivorship
        self._rows = Rows(state.references)

    def why_not(self, refs: Sequence[str]) -> str:
        """Return why records cannot be merged, or an empty text."""
        if not all(ref in self._people for ref in refs):
            return "missing"
        return _why_not([self._people[ref] for ref in refs])

    def order(self, refs: Sequence[str]) -> Sequence[HostPerson]:
        """Return the records of a group, the survivor in front."""
        return sorted((self._people[ref] for ref in refs), key=self._rank)

    def merges(self, orders: Sequence[Sequence[HostPerson]]) -> list[Merge]:
        """Return the merges of all groups whose rows do not collide."""
        steps = self._rows.steps([[record.ref for record in order] for order in orders])
        return [self._merge(o, steps[o[0].ref]) for o in orders if o[0].ref in steps]

    def _merge(self, order: Sequence[HostPerson], steps: tuple[ReferenceStep, ...]) -> Merge:
        best, second = (self._rank(record) for record in order[:2])
        chosen_by = next(a[0] for a, b in zip(best, second, strict=True) if a[1] != b[1])
        fields = tuple(_fields(order))
        taken = {name for field in fields for name in _edited(field, self._people)}
        return Merge(
            survivor=order[0].ref,
            losers=tuple(sorted(record.ref for record in order[1:])),
            chosen_by=chosen_by,
            fields=fields,
            sticky=tuple(sorted(taken | order[0].sticky)),
            steps=steps,
        )

    def _rank(self, record: HostPerson) -> tuple[tuple[str, Any], ...]:
        return self._survivorship.rank(record, self._rows.count(record.ref))


def _why_not(records: Sequence[HostPerson]) -> str:
    """Return why records cannot be one person, or an empty text."""
    if len({record.person.kind for record in records}) > 1:
        return "kinds"
    people = [record.person for record in records]
    unnamed = tenant_of_unnamed(people)
    ids = {(part_of(p, unnamed), _READER.id_of(p, "sis_id")) for p in people}
    held = [part for part, sis_id in ids if sis_id is not None]
    if len(held) > len(set(held)):
        return "sis_ids"
    if _are_managed_twice(records):
        return "managed_twice"
    days = {record.person.birth_date for record in records} - {None}
    return "birth_dates" if len(days) > 1 else ""


def _are_managed_twice(records: Iterable[HostPerson]) -> bool:
    """Return whether one source manages two of them and knows them by different ids."""
    by_source: dict[str, list[HostPerson]] = {}
    for record in records:
        if record.is_active and record.managed_by:
            by_source.setdefault(record.managed_by, []).append(record)
    # An id that all have settles it without a look at every pair.
    return any(
        not set.intersection(*(set(record.person.provider_ids) for record in same))
        and any(managed_twice(a, b) for a, b in combinations(same, 2))
        for same in by_source.values()
    )


def _fields(order: Sequence[HostPerson]) -> Iterable[TakenField]:
    """Yield what the survivor takes over: joined lists, and values where it has none."""
    survivor = order[0]
    for name in _JOINED:
        values = [(record, getattr(record.person, name)) for record in order]
        own = values[0][1]
        joined = tuple(dict.fromkeys(item for _, found in values for item in found))
        if joined != own:
            known = set(own)
            givers = tuple(r.ref for r, found in values[1:] if not known.issuperset(found))
            yield _taken(name, givers, own, joined)
    for name in _CHOSEN:
        mine = getattr(survivor.person, name)
        giver = None if name in survivor.sticky else _giver(name, order[1:], mine)
        if giver is not None:
            yield _taken(name, (giver.ref,), mine, getattr(giver.person, name))


def _giver(name: str, losers: Sequence[HostPerson], mine: object) -> HostPerson | None:
    """Return who gives a field: who has it edited by hand, else, if it is empty, who has it."""
    having = [record for record in losers if getattr(record.person, name) not in (None, mine)]
    edited = next((record for record in having if name in record.sticky), None)
    return edited or (having[0] if having and mine is None else None)


def _edited(field: TakenField, people: Mapping[str, HostPerson]) -> Iterable[str]:
    """Yield the field's name if someone who gave it had edited it by hand."""
    if any(field.name in people[ref].sticky for ref in field.taken_from):
        yield field.name


def _taken(name: str, givers: tuple[str, ...], before: Any, after: Any) -> TakenField:  # noqa: ANN401 - any field
    return TakenField(name=name, taken_from=givers, before=to_plain(before), after=to_plain(after))
