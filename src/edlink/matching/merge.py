"""
A merge plan: which record of a group survives, what it takes over, and what points to it then.

The survivor is chosen by a declared order.  No field that has a value becomes empty.  References
that would collide are collapsed, or make the whole group a conflict; none is dropped in silence.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import Any

import attrs

from edlink.errors import ConfigError
from edlink.matching.dedupe import CONFLICTS, DuplicateGroup, HostPerson, managed_twice
from edlink.matching.reading import Reader
from edlink.matching.rules import MatchRules
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
class Reference:
    """
    A row of the host that points to a person: a booking, a message, a class membership.

    Attributes:
        table: The host's name for what it is.
        row: The row's own id; with table and field unique.
        field: The field of the row that points.
        person: The ref it points to.
        unique_by: What must not be there twice for one person, such as a class id; None where any
            number may be.
        collapses: Whether, of two rows with one ``unique_by``, one may go; else it is a conflict.
    """

    table: str
    row: str
    field: str
    person: str
    unique_by: str | None = None
    collapses: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        """What names the reference."""
        return (self.table, self.row, self.field)


@attrs.frozen(kw_only=True)
class Redirect:
    """Where a record that is gone has gone: late events and bookmarks follow it."""

    ref: str
    survivor: str


@attrs.frozen(kw_only=True, repr=False)
class MergeState:
    """What a merge looks at and changes: people, the rows that point to them, redirects."""

    people: tuple[HostPerson, ...] = ()
    references: tuple[Reference, ...] = ()
    redirects: tuple[Redirect, ...] = ()

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
class ReferenceStep:
    """A row that points elsewhere afterwards; where ``kept_row`` is named, it goes for that one."""

    table: str
    row: str
    field: str
    before: str
    after: str
    kept_row: str | None = None


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
    gone = {redirect.ref: redirect.survivor for redirect in state.redirects}
    wanted: dict[tuple[str, ...], str] = {}
    for group in groups:
        refs = tuple(sorted({gone.get(ref, ref) for ref in group.refs}))
        why = group.reason if group.reason in CONFLICTS else ""
        wanted[refs] = max(why, wanted.get(refs, ""))
    seen: dict[str, int] = {}
    for refs in wanted:
        for ref in refs:
            seen[ref] = seen.get(ref, 0) + 1
    merges: list[Merge] = []
    conflicts: list[MergeConflict] = []
    for refs in sorted(refs for refs in wanted if len(refs) > 1):
        overlaps = any(seen[ref] > 1 for ref in refs)
        why = "overlap" if overlaps else wanted[refs]
        found = MergeConflict(refs=refs, reason=why) if why else planner.plan(refs)
        if isinstance(found, Merge):
            merges.append(found)
        else:
            conflicts.append(found)
    return MergePlan(
        fingerprint=state.fingerprint(), merges=tuple(merges), conflicts=tuple(conflicts)
    )


class _Planner:
    def __init__(self, state: MergeState, survivorship: Survivorship) -> None:
        self._people = {record.ref: record for record in state.people}
        self._survivorship = survivorship
        self._references: dict[str, list[Reference]] = {}
        for reference in sorted(state.references, key=lambda r: r.key):
            self._references.setdefault(reference.person, []).append(reference)

    def plan(self, refs: Sequence[str]) -> Merge | MergeConflict:
        """Return one group's merge, or why there is none."""
        if not all(ref in self._people for ref in refs):
            return MergeConflict(refs=tuple(refs), reason="missing")
        ranks = sorted(
            (self._survivorship.rank(self._people[ref], len(self._references.get(ref, ()))), ref)
            for ref in refs
        )
        order = [self._people[ref] for _, ref in ranks]
        why = _why_not(order)
        if why is not None:
            return MergeConflict(refs=tuple(refs), reason=why)
        steps = self._steps([record.ref for record in order])
        if steps is None:
            return MergeConflict(refs=tuple(refs), reason="references")
        (best, _), (second, _) = ranks[:2]
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

    def _steps(self, order: Sequence[str]) -> tuple[ReferenceStep, ...] | None:
        """Return where rows of the losers go; None where two collide that may not collapse."""
        survivor = order[0]
        held: dict[tuple[str, str, str], str] = {}
        steps: list[ReferenceStep] = []
        for ref in order:
            for found in self._references.get(ref, ()):
                kept = None
                if found.unique_by is not None:
                    kept = held.setdefault((found.table, found.field, found.unique_by), found.row)
                collides = kept not in (None, found.row)
                if collides and not found.collapses:
                    return None
                if collides or ref != survivor:
                    steps.append(
                        ReferenceStep(
                            table=found.table,
                            row=found.row,
                            field=found.field,
                            before=ref,
                            after=survivor,
                            kept_row=kept if collides else None,
                        )
                    )
        return tuple(steps)


def _why_not(records: Sequence[HostPerson]) -> str | None:
    """Return why records cannot be one person, or None."""
    if len({record.person.kind for record in records}) > 1:
        return "kinds"
    ids = {(r.person.tenant, _READER.id_of(r.person, "sis_id")) for r in records}
    held = [tenant for tenant, sis_id in ids if sis_id is not None]
    if len(held) > len(set(held)):
        return "sis_ids"
    if any(managed_twice(a, b) for a, b in combinations(records, 2)):
        return "managed_twice"
    return "birth_dates" if len({r.person.birth_date for r in records} - {None}) > 1 else None


def _fields(order: Sequence[HostPerson]) -> Iterable[TakenField]:
    """Yield what the survivor takes over: joined lists, and values where it has none."""
    survivor = order[0]
    for name in _JOINED:
        values = [(record, getattr(record.person, name)) for record in order]
        joined = tuple(dict.fromkeys(item for _, found in values for item in found))
        if joined != values[0][1]:
            givers = tuple(r.ref for r, found in values[1:] if set(found) - set(values[0][1]))
            yield _taken(name, givers, values[0][1], joined)
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
