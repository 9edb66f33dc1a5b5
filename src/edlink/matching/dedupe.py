"""
Duplicates inside a host: old hand-typed records beside a provider's, or two of either.

Groups are built of evidence that would link two sides, and broken by nothing halfway: one pair in
a group that cannot be one person makes the whole group a conflict, so that the result does not
depend on who came first.  Every pair is looked at: "Juan" fits both "Juan Carlos" and
"Juan Pablo", who are twins.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import combinations

import attrs

from edlink.matching.ladder import LADDER, Rule, Side
from edlink.matching.people import Person, PersonKind
from edlink.matching.reading import Reader
from edlink.matching.refs import require_distinct
from edlink.matching.rules import MatchRules
from edlink.matching.tenants import Part, part_of, tenant_of_unnamed
from edlink.matching.vetoes import Verdict, are_two


@attrs.frozen(kw_only=True)
class HostPerson:
    """
    A person as the host keeps one, with what decides who survives a merge.

    Attributes:
        person: The record; ``person.ref`` is the host's ref.
        managed_by: The source that keeps it up to date, or None for a record of the host's own.
        is_active: Whether it is in use.
        has_login: Whether the person has signed in.
        created: When the host made it, or None.
        sticky: Fields of ``Person`` that were edited by hand and must stay.
        version: The host's token for its present state; an undo refuses another.
    """

    person: Person
    managed_by: str | None = None
    is_active: bool = True
    has_login: bool = False
    created: date | None = None
    sticky: frozenset[str] = frozenset()
    version: str = ""

    @property
    def ref(self) -> str:
        """The host's ref."""
        return self.person.ref


@attrs.frozen(kw_only=True)
class DuplicateGroup:
    """
    Records that may be one person.

    ``reason`` of a conflict is the first found of ``sis_ids`` (two of one tenant), ``id_reused``
    (one id, two persons), ``other_ids`` (one name and birth date, and state ids or numbers that
    differ), ``managed_twice`` (two that one source keeps apart), ``not_the_same``
    (a person said so) and ``two_persons`` (given names, birth dates, suffixes or middle names of
    two in the group differ); of a group for review ``size``, or ``likely`` (the given names of some
    agree only nearly).
    """

    refs: tuple[str, ...]
    kind: str
    rules: tuple[str, ...]
    reason: str = ""


@attrs.frozen(kw_only=True)
class DuplicateGroups:
    """Groups that may be merged at once, that a person must see first, and that contradict."""

    auto: tuple[DuplicateGroup, ...] = ()
    review: tuple[DuplicateGroup, ...] = ()
    conflicts: tuple[DuplicateGroup, ...] = ()


#: Reasons for which no group is merged, whoever hands it in.
CONFLICTS = frozenset(
    {"sis_ids", "id_reused", "other_ids", "managed_twice", "not_the_same", "two_persons"}
)

_RULES = MatchRules()


def find_duplicates(
    records: Iterable[HostPerson],
    *,
    rules: MatchRules = _RULES,
    not_the_same: Iterable[tuple[str, str]] = (),
    largest: int = 4,
    tenant: str | None = None,
) -> DuplicateGroups:
    """
    Return the groups of records that are one person by the rules that link two sides.

    Args:
        records: The host's people, no two with one ref.  Those of two tenants are no duplicates.
        rules: What the host has set.
        not_the_same: Pairs of refs that a person has parted, twins among them.
        largest: A group of more records than this is for review.
        tenant: The tenant of records that name none; by default the only one that any names.

    Raises:
        ConfigError: EDL-CONF-085 when two records have one ref.
    """
    people = sorted(records, key=lambda record: record.ref)
    require_distinct(record.ref for record in people)
    if tenant is None:
        tenant = tenant_of_unnamed(record.person for record in people)
    # All orgs are the host's own, so that those of any two records can be compared.
    orgs = {org: org for record in people for org in record.person.org_refs}
    parted = {frozenset(pair) for pair in not_the_same}
    finder = _Finder(people, Reader(rules, orgs), parted, tenant)
    found: dict[str, list[DuplicateGroup]] = {"auto": [], "review": [], "conflicts": []}
    for group in finder.groups():
        if group.reason in CONFLICTS:
            found["conflicts"].append(group)
        elif len(group.refs) > largest:
            found["review"].append(attrs.evolve(group, reason="size"))
        else:
            found["review" if group.reason else "auto"].append(group)
    return DuplicateGroups(**{name: tuple(groups) for name, groups in found.items()})


class _Finder:
    def __init__(
        self,
        people: Sequence[HostPerson],
        reader: Reader,
        parted: set[frozenset[str]],
        tenant: str,
    ) -> None:
        self._people = people
        self._side = Side(people=[record.person for record in people], reader=reader)
        self._parts: dict[Part, list[int]] = {}
        for place, record in enumerate(people):
            self._parts.setdefault(part_of(record.person, tenant), []).append(place)
        self._reader = reader
        self._parted = parted
        self._parent = list(range(len(people)))
        self._rules: dict[int, set[str]] = {}
        self._reused: set[int] = set()
        self._barred: set[int] = set()
        self._likely: list[tuple[Rule, int, int]] = []
        self._unsure: set[int] = set()

    def groups(self) -> Iterator[DuplicateGroup]:
        """Yield each group, by its first ref."""
        for kind in PersonKind:
            rules = [r for r in LADDER if kind in r.kinds and self._reader.rules.uses(r.name)]
            if kind is PersonKind.guardian:
                self._side.children = self._children()
            for part in sorted(part for part in self._parts if part[0] is kind):
                for rule in rules:
                    self._join(rule, self._parts[part])
            self._join_likely()
        members: dict[int, list[int]] = {}
        for place in range(len(self._people)):
            members.setdefault(self._root(place), []).append(place)
        for places in members.values():
            if len(places) > 1:
                yield self._group(places)

    def _join(self, rule: Rule, places: Sequence[int]) -> None:
        holders: dict[str, list[int]] = {}
        for key, place in rule.keys(self._side, places):
            holders.setdefault(key, []).append(place)
        for held in holders.values():
            if 1 < len(held) <= self._reader.rules.group_limit:
                for a, b in combinations(sorted(set(held)), 2):
                    self._pair(rule, a, b)

    def _pair(self, rule: Rule, a: int, b: int) -> None:
        verdict = rule.check(self._reader, self._people[a].person, self._people[b].person)
        if verdict is Verdict.pass_:
            return
        if verdict is Verdict.likely:
            self._likely.append((rule, a, b))
            return
        self._unite(rule, a, b)
        if verdict is Verdict.id_reused:
            self._reused.add(a)
        if verdict is Verdict.cannot_link:
            self._barred.add(a)

    def _unite(self, rule: Rule, a: int, b: int) -> None:
        self._parent[self._root(a)] = self._root(b)
        self._rules.setdefault(a, set()).add(rule.name)

    def _join_likely(self) -> None:
        """Join what no surer rule has joined; such groups are for review."""
        parted = [(r, a, b) for r, a, b in self._likely if self._root(a) != self._root(b)]
        for rule, a, b in parted:
            self._unite(rule, a, b)
            self._unsure.add(a)
        self._likely = []

    def _children(self) -> dict[str, int]:
        return {record.ref: self._root(place) for place, record in enumerate(self._people)}

    def _root(self, place: int) -> int:
        while self._parent[place] != place:
            self._parent[place] = self._parent[self._parent[place]]
            place = self._parent[place]
        return place

    def _group(self, places: Sequence[int]) -> DuplicateGroup:
        rules = {rule for place in places for rule in self._rules.get(place, ())}
        return DuplicateGroup(
            refs=tuple(self._people[place].ref for place in places),
            kind=self._people[places[0]].person.kind,
            rules=tuple(sorted(rules)),
            reason=self._reason(places),
        )

    def _reason(self, places: Sequence[int]) -> str:
        records = [self._people[place] for place in places]
        if len({self._reader.id_of(r.person, "sis_id") for r in records} - {None}) > 1:
            return "sis_ids"
        if self._reused.intersection(places):
            return "id_reused"
        if self._barred.intersection(places):
            return "other_ids"
        if len(places) > self._reader.rules.group_limit:
            return ""
        unsure = "likely" if self._unsure.intersection(places) else ""
        return self._pair_reason(records) or unsure

    def _pair_reason(self, records: Sequence[HostPerson]) -> str:
        pairs = list(combinations(records, 2))
        if any(managed_twice(a, b) for a, b in pairs):
            return "managed_twice"
        if any({a.ref, b.ref} in self._parted for a, b in pairs):
            return "not_the_same"
        two = any(are_two(self._reader, a.person, b.person) for a, b in pairs)
        return "two_persons" if two else ""


def managed_twice(a: HostPerson, b: HostPerson) -> bool:
    """Return whether one source manages both and knows them by different ids."""
    if not (a.is_active and b.is_active and a.managed_by and a.managed_by == b.managed_by):
        return False
    return set(a.person.provider_ids).isdisjoint(b.person.provider_ids)
