"""
Who may be whom among those that no rule linked: candidates weighed, gated and paired.

Nothing here links.  ``likely`` pairs have passed every gate; a host may take them over at once or
after a look.  All others are questions.
"""

from collections.abc import Iterable, Sequence
from heapq import nlargest
from math import log2

import attrs

from edlink.errors import ConfigError
from edlink.matching.assignment import OpenComponent, assign_one_to_one
from edlink.matching.blocking import BLOCK_LIMIT, candidates
from edlink.matching.frequencies import name_frequencies
from edlink.matching.linked import Evidence
from edlink.matching.name_levels import NameLevel
from edlink.matching.people import Person, PersonKind
from edlink.matching.reading import Reader
from edlink.matching.report import StoredLink
from edlink.matching.rules import MatchRules
from edlink.matching.score import WEIGHTS, Features, ScoredPair, Scorer, Weights
from edlink.matching.tenants import Part, part_of, tenant_of_unnamed
from edlink.matching.vetoes import ids_part

#: Of one record's candidates, only the best so many are kept; more would be no answer.
_KEPT = 10

#: Levels of the given names that do not part twins.
_SAME_GIVEN = frozenset(
    {NameLevel.equal, NameLevel.folded, NameLevel.same_tokens, NameLevel.nickname}
)

_SAME_FAMILY = frozenset({NameLevel.equal, NameLevel.folded, NameLevel.same_tokens})


@attrs.frozen(kw_only=True)
class SuggestionSettings:
    """
    When a pair is suggested; all in bits.

    Attributes:
        floor: What a pair needs beyond chance, which is log2 of the number of people.
        likely: What a likely pair needs beyond that.
        margin: By how much it must lead over the second best of either record.
        block_limit: A coarse key that more people than this share pairs nobody.
    """

    floor: float = 0.0
    likely: float = 4.0
    margin: float = 4.0
    block_limit: int = BLOCK_LIMIT

    def __attrs_post_init__(self) -> None:
        if self.margin <= 0 or self.block_limit < 1:
            message = "the margin and the block limit of suggestions must be above 0"
            raise ConfigError("EDL-CONF-086", message)


@attrs.frozen(kw_only=True)
class Suggestions:
    """
    Pairs to look at; no record is in two of the three.

    ``likely`` have passed the gates: given names the same or a nickname, of family name and birth
    date one the same and the other near, nothing that contradicts, and a clear lead.  ``possible``
    lead as clearly, but a gate stopped them.  ``ambiguous`` are several that fit.
    """

    likely: tuple[ScoredPair, ...] = ()
    possible: tuple[ScoredPair, ...] = ()
    ambiguous: tuple[OpenComponent, ...] = ()

    def as_links(self) -> tuple[StoredLink, ...]:
        """Return the likely pairs as links, for a host that has decided to take them over."""
        return tuple(StoredLink(incoming=p.left, existing=p.right) for p in self.likely)


_RULES = MatchRules()
_SETTINGS = SuggestionSettings()


def suggest_matches(  # noqa: PLR0913 - each is one setting of its own
    left: Iterable[Person],
    right: Iterable[Person],
    *,
    weights: Weights = WEIGHTS,
    rules: MatchRules = _RULES,
    settings: SuggestionSettings = _SETTINGS,
    pairs: Iterable[ScoredPair] | None = None,
    tenant: str | None = None,
) -> Suggestions:
    """
    Return who of the left side may be whom of the right side, within each kind and tenant.

    Give it all that the ladder left over: chance and the frequency of names are taken from them.

    Args:
        left: Incoming people, no two with one ref.
        right: Existing people, no two with one ref.
        weights: Bits for each way in which fields agree.
        rules: What the host has set.
        settings: When a pair is suggested.
        pairs: Candidates weighed elsewhere, such as by ``weigh_with_splink``; by default they are
            found and weighed here.
        tenant: The tenant of people who name none; by default the only one that the left side
            names, else the only one that the right side does.
    """
    weighed = None if pairs is None else tuple(pairs)
    mine, theirs = tuple(left), tuple(right)
    if tenant is None:
        tenant = tenant_of_unnamed(mine, theirs)
    found: list[Suggestions] = []
    reader = Reader(rules)
    lefts, rights = _parts(mine, tenant), _parts(theirs, tenant)
    shared = sorted(lefts.keys() & rights.keys())
    for part in (part for kind in PersonKind for part in shared if part[0] is kind):
        weighing = _Weighing(lefts[part], rights[part], reader, weights, settings)
        found.append(weighing.suggest(weighed))
    return Suggestions(
        likely=tuple(pair for part in found for pair in part.likely),
        possible=tuple(pair for part in found for pair in part.possible),
        ambiguous=tuple(group for part in found for group in part.ambiguous),
    )


def _parts(people: Iterable[Person], tenant: str) -> dict[Part, list[Person]]:
    found: dict[Part, list[Person]] = {}
    for person in people:
        found.setdefault(part_of(person, tenant), []).append(person)
    return found


class _Weighing:
    """The people of one kind and one tenant, weighed."""

    def __init__(
        self,
        left: Sequence[Person],
        right: Sequence[Person],
        reader: Reader,
        weights: Weights,
        settings: SuggestionSettings,
    ) -> None:
        self._left = {person.ref: person for person in left}
        self._right = {person.ref: person for person in right}
        self._reader = reader
        self._settings = settings
        self._scorer = Scorer(name_frequencies([*left, *right], reader), reader, weights)
        self._chance = log2(max(len(left), len(right)))

    def suggest(self, pairs: Sequence[ScoredPair] | None) -> Suggestions:
        """Return the pairs that lead, by whether they pass the gates, and those that do not."""
        floor = self._chance + self._settings.floor
        assignment = assign_one_to_one(
            self._candidates(floor - self._settings.margin) if pairs is None else self._own(pairs),
            floor=floor,
            margin=self._settings.margin,
        )
        accepted = [self._explained(pair) for pair in assignment.accepted]
        likely = [pair for pair in accepted if self._is_likely(pair)]
        passed = {pair.left for pair in likely}
        return Suggestions(
            likely=tuple(likely),
            possible=tuple(pair for pair in accepted if pair.left not in passed),
            ambiguous=assignment.ambiguous,
        )

    def _candidates(self, least: float) -> Iterable[ScoredPair]:
        left, right = list(self._left.values()), list(self._right.values())
        weigh = self._scorer.weight
        theirs = [self._scorer.features(person) for person in right]
        for i, places in candidates(left, right, self._reader, self._settings.block_limit):
            mine = self._scorer.features(left[i])
            weighed = ((weigh(mine, theirs[j]), right[j].ref) for j in places)
            kept = [(weight, ref) for weight, ref in weighed if weight >= least]
            for weight, ref in nlargest(_KEPT, kept):
                yield ScoredPair(left=left[i].ref, right=ref, weight=weight)

    def _own(self, pairs: Iterable[ScoredPair]) -> Iterable[ScoredPair]:
        """Return the pairs of this kind and tenant."""
        return [pair for pair in pairs if pair.left in self._left and pair.right in self._right]

    def _explained(self, pair: ScoredPair) -> ScoredPair:
        mine, theirs = self._features(pair)
        evidence = self._scorer.evidence(mine, theirs)
        return attrs.evolve(pair, weight=round(pair.weight, 2), evidence=evidence)

    def _features(self, pair: ScoredPair) -> tuple[Features, Features]:
        features = self._scorer.features
        return features(self._left[pair.left]), features(self._right[pair.right])

    def _is_likely(self, pair: ScoredPair) -> bool:
        if pair.weight < self._chance + self._settings.floor + self._settings.likely:
            return False
        return is_plain(self._reader, self._left[pair.left], self._right[pair.right], pair.evidence)


def is_plain(reader: Reader, a: Person, b: Person, evidence: Iterable[Evidence]) -> bool:
    """
    Return whether a pair may be likely: nothing speaks against it, and twins stay apart.

    Given names are the same or a direct nickname.  Of family name and birth date one is the same
    and the other is near: a family name that weighs for the pair, a birth date with day and month
    swapped or one digit apart; where it is absent, a contact is in common.  No suffix, middle name
    or SIS id differs.
    """
    if ids_part(reader, a, b) or reader.suffix_differs(a, b) or reader.middle_differs(a, b):
        return False
    given, family = reader.name_levels(a, b)
    if given not in _SAME_GIVEN:
        return False
    found = {part.field: part for part in evidence}
    same_day = reader.birth_dates(a, b)
    if same_day:
        return "family_name" in found and found["family_name"].weight > 0
    if family not in _SAME_FAMILY:
        return False
    if "birth_date" in found:
        return found["birth_date"].agreement in {"swapped", "one_digit"}
    return _share_contact(reader, a, b)


def _share_contact(reader: Reader, a: Person, b: Person) -> bool:
    left, right = ({*reader.emails(p), *reader.phones(p)} for p in (a, b))
    return not left.isdisjoint(right)
