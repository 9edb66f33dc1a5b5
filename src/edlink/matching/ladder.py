"""
The ladder: rules from the surest to the least sure, each on what the ones above it left.

A rule decides on a key only where one record on either side has it.  Several are an open group.
Ids that several share lock them: no weaker rule overrules an id.  Addresses, names and dates that
several share hold them to each other: a later rule may settle such a group, and never lead out of
it.  The whole ladder is climbed again until nothing is added, so a second run adds nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

import attrs

from edlink.matching.people import Person, PersonKind
from edlink.matching.reading import Reader
from edlink.matching.vetoes import (
    Check,
    Verdict,
    check_further_id,
    check_guardian,
    check_name_date,
    check_nothing,
    check_sign_in,
    check_sis_id,
)

#: Climbs at most; each but the last links someone, and two or three are usual.
_CLIMBS = 32

#: ``(side, places) -> (key, place) for each key of each``
Keys = Callable[["Side", Iterable[int]], Iterator[tuple[str, int]]]

#: One place on either side, and several on either.
Pair = tuple[int, int]
Group = tuple[list[int], list[int]]


@attrs.frozen(kw_only=True)
class Rule:
    """
    One rung: the field whose keys it compares, for whom, and what may stop it.

    ``is_id``: several holders of one key lock each other.  ``has_several``: a person may have
    more than one key.
    """

    name: str
    field: str
    kinds: frozenset[PersonKind]
    keys: Keys
    check: Check
    is_id: bool = False
    has_several: bool = True


@attrs.define(kw_only=True)
class Side:
    """One side's people; for guardians, the children's places as the other side counts them."""

    people: Sequence[Person]
    reader: Reader
    children: Mapping[str, int] = attrs.field(factory=dict)


@attrs.define(kw_only=True)
class Open:
    """Places of records that a rule brought together without linking them."""

    verdict: str
    rule: Rule
    left: tuple[int, ...]
    right: tuple[int, ...]


@attrs.define(kw_only=True)
class Climb:
    """What the rules found in people of one kind and tenant; people are places in their side."""

    left: Side
    right: Side
    rules: Sequence[Rule]
    limit: int
    links: dict[int, int] = attrs.field(factory=dict)
    rule_of: dict[int, Rule] = attrs.field(factory=dict)
    open: list[Open] = attrs.field(factory=list)
    shared: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    _is_first: bool = True
    _taken: set[int] = attrs.field(factory=set)
    _locked: tuple[set[int], set[int]] = attrs.field(factory=lambda: (set(), set()))
    _held: tuple[dict[int, set[int]], dict[int, set[int]]] = attrs.field(factory=lambda: ({}, {}))

    def run(self, left: Sequence[int], right: Sequence[int]) -> None:
        """Climb until nothing is added; what is open then stays in ``open``."""
        climbs, before = 0, -1
        while before < len(self.links) and climbs < _CLIMBS:
            before = len(self.links)
            self._reset(is_first=climbs == 0)
            left = [i for i in left if i not in self.links]
            right = [j for j in right if j not in self._taken]
            self._climb(left, right)
            climbs += 1

    def _reset(self, *, is_first: bool) -> None:
        self._is_first = is_first
        self.open = []
        self._locked, self._held = (set(), set()), ({}, {})

    def _climb(self, left: Sequence[int], right: Sequence[int]) -> None:
        for rule in self.rules:
            if not left or not right:
                return
            self._apply(rule, left, right)
            left = [i for i in left if i not in self.links and i not in self._locked[0]]
            right = [j for j in right if j not in self._taken and j not in self._locked[1]]

    def _apply(self, rule: Rule, left: Sequence[int], right: Sequence[int]) -> None:
        edges, shared = meet(rule, self.left, self.right, left, right)
        for some, others in shared:
            self._hold(rule, some, others)
        single, tangled = untangle(edges) if rule.has_several else (edges, [])
        for some, others in tangled:
            self._hold(rule, some, others)
        self._decide(rule, single)

    def _hold(self, rule: Rule, left: Sequence[int], right: Sequence[int]) -> None:
        """Keep a group open; if it is too large, the value is no key and holds nobody."""
        if len(left) + len(right) > self.limit:
            self._count_shared(rule, left, right)
        elif rule.is_id:
            self._lock(rule, "shared_key", left, right)
        else:
            self._hold_compatible(rule, left, right)

    def _hold_compatible(self, rule: Rule, left: Sequence[int], right: Sequence[int]) -> None:
        self._count_shared(rule, left, right)
        for i in left:
            fits = {j for j in right if self._verdict(rule, i, j) is Verdict.link}
            if fits:
                self._restrict(0, i, fits)
                self.open.append(
                    Open(verdict="shared_key", rule=rule, left=(i,), right=tuple(sorted(fits)))
                )
        for j in right:
            fits = {i for i in left if self._verdict(rule, i, j) is Verdict.link}
            if fits:
                self._restrict(1, j, fits)

    def _count_shared(self, rule: Rule, left: Sequence[int], right: Sequence[int]) -> None:
        """Note a shared value, as it was before any rule had linked anyone."""
        if self._is_first:
            values, largest = self.shared.get(rule.field, (0, 0))
            self.shared[rule.field] = (values + 1, max(largest, len(left), len(right)))

    def _restrict(self, side: int, place: int, fits: set[int]) -> None:
        held = self._held[side]
        held[place] = held[place] & fits if place in held else fits

    def _decide(self, rule: Rule, pairs: Iterable[Pair]) -> None:
        lefts, rights, reader = self.left.people, self.right.people, self.left.reader
        links, taken, rule_of, check = self.links, self._taken, self.rule_of, rule.check
        (locked_left, locked_right), (held_left, held_right) = self._locked, self._held
        for i, j in pairs:
            if i in locked_left or j in locked_right:
                continue
            verdict = check(reader, lefts[i], rights[j])
            if verdict is Verdict.pass_:
                continue
            if verdict is not Verdict.link:
                self._lock(rule, verdict, [i], [j])
            elif j in held_left.get(i, (j,)) and i in held_right.get(j, (i,)):
                links[i] = j
                rule_of[i] = rule
                taken.add(j)
            else:
                self.open.append(Open(verdict="shared_key", rule=rule, left=(i,), right=(j,)))

    def _lock(self, rule: Rule, verdict: str, left: Sequence[int], right: Sequence[int]) -> None:
        self._locked[0].update(left)
        self._locked[1].update(right)
        self.open.append(Open(verdict=verdict, rule=rule, left=tuple(left), right=tuple(right)))

    def _verdict(self, rule: Rule, i: int, j: int) -> Verdict:
        return rule.check(self.left.reader, self.left.people[i], self.right.people[j])


def meet(
    rule: Rule, left: Side, right: Side, lefts: Iterable[int], rights: Iterable[int]
) -> tuple[list[Pair], list[Group]]:
    """Return the places that meet in a key that both sides have: pairs, and larger groups."""
    index: dict[str, list[int] | int] = {}
    for key, j in rule.keys(right, rights):
        if key in index:
            _add(index, key, j)
        else:
            index[key] = j
    found: dict[str, list[int] | int] = {}
    for key, i in rule.keys(left, lefts) if index else ():
        if key in found:
            _add(found, key, i)
        elif key in index:
            found[key] = i
    pairs: list[Pair] = []
    shared: list[Group] = []
    for key, some in found.items():
        others = index[key]
        if isinstance(some, int) and isinstance(others, int):
            pairs.append((some, others))
        else:
            shared.append((_list(some), _list(others)))
    return pairs, shared


def untangle(edges: Iterable[Pair]) -> tuple[list[Pair], list[Group]]:
    """Return the pairs of places that stand alone, and the others as connected groups."""
    mates: dict[int, int] = {}
    owners: dict[int, int] = {}
    ahead: dict[int, set[int]] = {}
    back: dict[int, set[int]] = {}
    for i, j in edges:
        if mates.setdefault(i, j) != j or owners.setdefault(j, i) != i:
            ahead.setdefault(i, {mates[i]}).add(j)
            back.setdefault(j, {owners.setdefault(j, i)}).add(i)
    tangled: list[Group] = []
    seen: set[int] = set()
    for start in ahead:
        if start not in seen:
            tangled.append(_reach(start, (mates, ahead), (owners, back)))
            seen.update(tangled[-1][0])
    return [pair for pair in mates.items() if pair[0] not in seen], tangled


_Edges = tuple[Mapping[int, int], Mapping[int, set[int]]]


def _reach(start: int, forth: _Edges, back: _Edges) -> Group:
    """Return all places connected with one; an edge is the first of its place, or a further."""
    seen: tuple[set[int], set[int]] = ({start}, set())
    todo = [(0, start)]
    while todo:
        side, place = todo.pop()
        first, further = (forth, back)[side]
        found = {first[place], *further.get(place, ())} - seen[1 - side]
        seen[1 - side].update(found)
        todo += ((1 - side, other) for other in found)
    return sorted(seen[0]), sorted(seen[1])


def _add(index: dict[str, list[int] | int], key: str, place: int) -> None:
    """Add a place to a key; a key with one place holds the bare number, which costs no list."""
    known = index[key]
    if isinstance(known, list):
        if known[-1] != place:
            known.append(place)
    elif known != place:
        index[key] = [known, place]


def _list(places: list[int] | int) -> list[int]:
    return places if isinstance(places, list) else [places]


# The rungs


def _one_id(field: str) -> Keys:
    def keys(side: Side, places: Iterable[int]) -> Iterator[tuple[str, int]]:
        people, read, get = side.people, side.reader.id_reader(field), attrgetter(field)
        for place in places:
            text = get(people[place])
            if text and (value := read(text)):
                yield value, place

    return keys


def _several(read: Callable[[Reader, Person], Sequence[str]]) -> Keys:
    def keys(side: Side, places: Iterable[int]) -> Iterator[tuple[str, int]]:
        people, reader = side.people, side.reader
        for place in places:
            for value in read(reader, people[place]):
                yield value, place

    return keys


def _child_contacts(side: Side, places: Iterable[int]) -> Iterator[tuple[str, int]]:
    for place in places:
        person = side.people[place]
        children = [side.children[ref] for ref in person.child_refs if ref in side.children]
        for value in (*side.reader.emails(person), *side.reader.phones(person)) if children else ():
            for child in children:
                yield f"{child}|{value}", place


_SCHOOL = frozenset({PersonKind.student, PersonKind.staff})

#: From the surest rule to the least sure; stored links stand above all.
LADDER: tuple[Rule, ...] = (
    Rule(
        name="provider_id",
        field="provider_ids",
        kinds=frozenset(PersonKind),
        keys=_several(Reader.provider_ids),
        check=check_nothing,
        is_id=True,
    ),
    Rule(
        name="sis_id",
        field="sis_id",
        kinds=frozenset(PersonKind),
        keys=_one_id("sis_id"),
        has_several=False,
        check=check_sis_id,
        is_id=True,
    ),
    Rule(
        name="state_id",
        field="state_id",
        kinds=_SCHOOL,
        keys=_one_id("state_id"),
        has_several=False,
        check=check_further_id,
        is_id=True,
    ),
    Rule(
        name="number",
        field="number",
        kinds=_SCHOOL,
        keys=_one_id("number"),
        has_several=False,
        check=check_further_id,
        is_id=True,
    ),
    Rule(
        name="email",
        field="emails",
        kinds=_SCHOOL,
        keys=_several(Reader.emails),
        check=check_sign_in,
    ),
    Rule(
        name="username",
        field="username",
        kinds=_SCHOOL,
        keys=_several(Reader.usernames),
        check=check_sign_in,
    ),
    Rule(
        name="name_birth_date",
        field="birth_date",
        kinds=frozenset({PersonKind.student}),
        keys=_several(Reader.name_dates),
        check=check_name_date,
    ),
    Rule(
        name="child_contact",
        field="child_refs",
        kinds=frozenset({PersonKind.guardian}),
        keys=_child_contacts,
        check=check_guardian,
    ),
)

#: Stands for the host's own decision, above the first rung.
STORED = Rule(
    name="stored_link",
    field="",
    kinds=frozenset(PersonKind),
    keys=_several(lambda _reader, _person: ()),
    check=check_nothing,
)
