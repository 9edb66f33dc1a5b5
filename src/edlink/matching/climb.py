"""
The ladder climbed: each rule on what the ones above it left.

A rule decides on a key only where one record on either side has it.  Several are an open group.
Ids that several share lock them: no weaker rule overrules an id.  Addresses, names and dates that
several share hold them to each other: a later rule may settle such a group, and never lead out of
it.  An address that several people of one side have, linked or not and of any kind, links nobody.
The whole ladder is climbed again until nothing is added, so a second run adds nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial

import attrs

from edlink.matching.addresses import Addresses
from edlink.matching.evidence import basis_of, stored_basis_of
from edlink.matching.ladder import Rule, Side
from edlink.matching.linked import Basis, Links
from edlink.matching.meeting import Pair, meet, untangle
from edlink.matching.vetoes import Verdict

#: Climbs at most; each but the last links someone, and two or three are usual.
_CLIMBS = 32


@attrs.define(kw_only=True)
class Open:
    """Places of records that a rule brought together without linking them."""

    verdict: str
    rule: Rule
    left: tuple[int, ...]
    right: tuple[int, ...]


@attrs.define(kw_only=True)
class Ledger:
    """
    Every pair that a run has decided on.

    Attributes:
        left: The incoming side.
        right: The existing side.
        former: For places of the right side, the sourced id that the host had for them.
        mates: Places of the left side, each with its partner's place, as they were decided.
        taken: Places of the right side that have a partner.
        bases: What each of these pairs rests on, in their order.
    """

    left: Side
    right: Side
    former: Mapping[int, str] = attrs.field(factory=dict)
    mates: dict[int, int] = attrs.field(factory=dict)
    taken: set[int] = attrs.field(factory=set)
    bases: list[Basis] = attrs.field(factory=list)

    def keep(self, i: int, j: int) -> None:
        """Take a pair that the host has stored."""
        self._take(
            i, j, stored_basis_of(self.left.reader, self.left.people[i], self.right.people[j])
        )

    def add(self, i: int, j: int, rule: Rule) -> None:
        """Take a pair that a rule decided on."""
        basis = basis_of(self.left.reader, rule, self.left.people[i], self.right.people[j])
        former = self.former.get(j)
        self._take(i, j, basis if former is None else attrs.evolve(basis, rekeys=former))

    def _take(self, i: int, j: int, basis: Basis) -> None:
        self.mates[i] = j
        self.taken.add(j)
        self.bases.append(basis)

    def links(self) -> Links:
        """Return the pairs as the report shows them."""
        left, right = self.left.people, self.right.people
        incoming = [left[i].ref for i in self.mates]
        existing = [right[j].ref for j in self.mates.values()]
        return Links.in_order(incoming, existing, self.bases)


@attrs.define(kw_only=True)
class Climb:
    """
    One kind and tenant's way up the ladder; people are places in their side.

    Pairs go into the ledger; ``open`` and ``shared`` are what this climb leaves to a person.
    """

    ledger: Ledger
    rules: Sequence[Rule]
    limit: int
    addresses: Addresses
    open: list[Open] = attrs.field(factory=list)
    shared: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    _is_first: bool = True
    _locked: tuple[set[int], set[int]] = attrs.field(factory=lambda: (set(), set()))
    _held: tuple[dict[int, set[int]], dict[int, set[int]]] = attrs.field(factory=lambda: ({}, {}))

    def run(self, left: Sequence[int], right: Sequence[int]) -> None:
        """Climb until nothing is added; what is open then stays in ``open``."""
        climbs, before = 0, -1
        mates, taken = self.ledger.mates, self.ledger.taken
        while before < len(mates) and climbs < _CLIMBS:
            before = len(mates)
            self._reset(is_first=climbs == 0)
            left = [i for i in left if i not in mates]
            right = [j for j in right if j not in taken]
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
            mates, taken, locked = self.ledger.mates, self.ledger.taken, self._locked
            left = [i for i in left if i not in mates and i not in locked[0]]
            right = [j for j in right if j not in taken and j not in locked[1]]

    def _apply(self, rule: Rule, left: Sequence[int], right: Sequence[int]) -> None:
        ledger = self.ledger
        crowded = partial(self._crowded, rule) if rule.is_address else None
        pairs, shared = meet(rule.keys(ledger.left, left), rule.keys(ledger.right, right), crowded)
        for some, others in shared:
            self._hold(rule, some, others)
        single, tangled = untangle(pairs) if rule.has_several else (pairs, [])
        for some, others in tangled:
            self._hold(rule, some, others)
        self._decide(rule, single)

    def _crowded(self, rule: Rule, keys: Collection[str]) -> Iterator[tuple[str, bool]]:
        """Yield addresses that several have, and whether few enough to hold those who meet."""
        for key, holders in self.addresses.holders(keys).items():
            if max(holders) > 1:
                self._count_shared(rule, max(holders))
                yield key, sum(holders) <= self.limit

    def _hold(self, rule: Rule, left: Sequence[int], right: Sequence[int]) -> None:
        """Keep a group open; if it is too large, the value is no key and holds nobody."""
        if not rule.is_address:
            self._count_shared(rule, max(len(left), len(right)))
        if len(left) + len(right) > self.limit:
            return
        if rule.is_id:
            self._lock(rule, "shared_key", left, right)
        else:
            self._hold_compatible(rule, left, right)

    def _hold_compatible(self, rule: Rule, left: Sequence[int], right: Sequence[int]) -> None:
        for i in left:
            fits = self._fits(rule, [(i, j) for j in right], Verdict.link)
            near = self._fits(rule, [(i, j) for j in right], Verdict.likely)
            if fits:
                self._restrict(0, i, {j for _, j in fits})
                self._leave_open(rule, "shared_key", fits)
            elif near:
                self._leave_open(rule, Verdict.likely, near)
        for j in right:
            fits = self._fits(rule, [(i, j) for i in left], Verdict.link)
            if fits:
                self._restrict(1, j, {i for i, _ in fits})

    def _fits(self, rule: Rule, pairs: Iterable[Pair], wanted: Verdict) -> list[Pair]:
        left, right = self.ledger.left, self.ledger.right
        reader = left.reader
        return [
            (i, j)
            for i, j in pairs
            if rule.check(reader, left.people[i], right.people[j]) is wanted
        ]

    def _leave_open(self, rule: Rule, verdict: str, pairs: Iterable[Pair]) -> None:
        """Note pairs of one record on the left that a person may settle."""
        left, right = zip(*pairs, strict=True)
        found = Open(verdict=verdict, rule=rule, left=left[:1], right=tuple(sorted(right)))
        self.open.append(found)

    def _count_shared(self, rule: Rule, holders: int) -> None:
        """Note a shared value, as it was before any rule had linked anyone."""
        if self._is_first:
            values, largest = self.shared.get(rule.field, (0, 0))
            self.shared[rule.field] = (values + 1, max(largest, holders))

    def _restrict(self, side: int, place: int, fits: set[int]) -> None:
        held = self._held[side]
        held[place] = held[place] & fits if place in held else fits

    def _decide(self, rule: Rule, pairs: Iterable[Pair]) -> None:
        ledger, check = self.ledger, rule.check
        lefts, rights, reader = ledger.left.people, ledger.right.people, ledger.left.reader
        (locked_left, locked_right), (held_left, held_right) = self._locked, self._held
        add, link = ledger.add, Verdict.link  # looked up once: nearly every pair is linked
        for i, j in pairs:
            if i in locked_left or j in locked_right:
                continue
            verdict = check(reader, lefts[i], rights[j])
            if verdict is link:
                mine, theirs = held_left.get(i), held_right.get(j)
                if (mine is None or j in mine) and (theirs is None or i in theirs):
                    add(i, j, rule)
                else:
                    self._leave_open(rule, "shared_key", [(i, j)])
            elif verdict is Verdict.likely:
                self._leave_open(rule, verdict, [(i, j)])
            elif verdict is not Verdict.pass_:
                self._lock(rule, verdict, [i], [j])

    def _lock(self, rule: Rule, verdict: str, left: Sequence[int], right: Sequence[int]) -> None:
        self._locked[0].update(left)
        self._locked[1].update(right)
        self.open.append(Open(verdict=verdict, rule=rule, left=tuple(left), right=tuple(right)))
