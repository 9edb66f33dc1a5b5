"""
Two people weighed: the bits that say they are one (Fellegi and Sunter 1969).

Each field that agrees adds log2(m/u), each that differs takes some away, one that is absent does
neither.  The weights are fixed and shipped: small rosters are too few to learn them from.  A name
counts by how rare it is.  What a household shares counts little, or families become one person.
A weight suggests; it never links.
"""

from collections.abc import Callable, Sequence
from math import log2
from typing import NamedTuple, TypeVar

import attrs

from edlink.matching.frequencies import NameFrequencies
from edlink.matching.fuzzy import Distances, best_distances
from edlink.matching.linked import Evidence
from edlink.matching.name_levels import NameLevel, best_level, compare_names
from edlink.matching.normalize import NameKey, strict_form
from edlink.matching.people import Person
from edlink.matching.reading import Reader
from edlink.matching.rules import MatchRules


@attrs.frozen(kw_only=True)
class Weights:
    """
    Bits for each way in which fields agree.

    Attributes:
        name_recall: How often the names of one person agree exactly; an equal name weighs
            log2(name_recall / share of the name).
        nickname: A direct pair of the nickname table.
        subset: One name has all words of the other.
        one_letter: One letter apart in four or more; never more than an equal name.
        alike: Jaro-Winkler of 0.92 or more.
        similar: Jaro-Winkler of 0.85 or more.
        beginning: One is the beginning of the other, of three letters or more.
        name_differs: Any other two names.
        swapped: Given and family name changed places.
        day_equal: The same birth date.
        day_swapped: Day and month changed places.
        day_one_digit: One digit apart, or two swapped.
        day_near: Two digits apart, or one month and year, or one day and month.
        day_differs: Any other two dates.
        middle_equal: The same middle name or initial.
        middle_differs: Any other two.
        household: A street, postal code, address or number that both have.
        household_differs: Two of them that differ.
    """

    name_recall: float = 0.85
    nickname: float = 2.9
    subset: float = 3.0
    one_letter: float = 7.0
    alike: float = 4.0
    similar: float = 1.5
    beginning: float = 3.0
    name_differs: float = -4.0
    swapped: float = -2.0
    day_equal: float = 11.8
    day_swapped: float = 7.0
    day_one_digit: float = 5.0
    day_near: float = 1.0
    day_differs: float = -5.0
    middle_equal: float = 1.5
    middle_differs: float = -1.5
    household: float = 1.0
    household_differs: float = -0.4


WEIGHTS = Weights()
_RULES = MatchRules()

K = TypeVar("K")
V = TypeVar("V")

#: A pair's name weights are remembered until there are so many of them.
_REMEMBERED = 1_000_000

_ALIKE, _SIMILAR, _LETTERS = 0.92, 0.85, 4


class Features(NamedTuple):
    """A person as the scorer sees one; read once, compared often."""

    given: tuple[NameKey, ...]
    family: tuple[NameKey, ...]
    day: str
    middle: str
    household: tuple[frozenset[str], ...]


@attrs.frozen(kw_only=True)
class ScoredPair:
    """
    Two records and the bits that say they are one person.

    ``evidence`` names fields and how they agree.  ``runner_up`` and ``lead`` are the ref of the
    next best candidate of either and the bits by which this pair is better, where there is one.
    """

    left: str
    right: str
    weight: float
    evidence: tuple[Evidence, ...] = ()
    runner_up: str | None = None
    lead: float | None = None


class Scorer:
    """Weighs pairs for one run; remembers what it has worked out about pairs of names."""

    def __init__(
        self,
        frequencies: NameFrequencies,
        reader: Reader,
        weights: Weights = WEIGHTS,
        distances: Distances | None = None,
    ) -> None:
        self._frequencies = frequencies
        self._reader = reader
        self._weights = weights
        self._distances = distances or best_distances()
        self._given: dict[tuple[str, str], float] = {}
        self._family: dict[tuple[str, str], float] = {}
        self._days: dict[tuple[str, str], tuple[str, float]] = {}

    def features(self, person: Person) -> Features:
        """Return a person's fields ready to be compared."""
        reader = self._reader
        names = reader.names(person)
        ignore = reader.rules.ignore
        middle = "" if "middle_name" in ignore else strict_form(person.middle_name or "").strip(".")
        places = (
            frozenset({strict_form(getattr(person, field))} - {""})
            if getattr(person, field) and field not in ignore
            else frozenset()
            for field in ("street", "postal_code")
        )
        contacts = (frozenset(reader.emails(person)), frozenset(reader.phones(person)))
        return Features(names.given, names.family, reader.day(person), middle, (*places, *contacts))

    def weight(self, a: Features, b: Features) -> float:
        """Return the bits for a pair."""
        given, family, _ = self._names(a, b)
        total = given + family + self._day(a.day, b.day)[1]
        if a.middle and b.middle:
            total += self._middle(a.middle, b.middle)[1]
        return total + self._household(a, b)

    def evidence(self, a: Features, b: Features) -> tuple[Evidence, ...]:
        """Return what each field adds."""
        given, family, swapped = self._names(a, b)
        day, day_weight = self._day(a.day, b.day)
        middle, middle_weight = self._middle(a.middle, b.middle)
        household = self._household(a, b)
        found = (
            ("given_name", "swapped" if swapped else _level(a.given, b.given), given),
            ("family_name", "swapped" if swapped else _level(a.family, b.family), family),
            ("birth_date", day, day_weight),
            ("middle_name", middle, middle_weight),
            ("household", "shared" if household > 0 else "differs", household),
        )
        return tuple(
            Evidence(field=field, agreement=agreement, weight=round(weight, 2))
            for field, agreement, weight in found
            if weight
        )

    def _names(self, a: Features, b: Features) -> tuple[float, float, bool]:
        """Return the bits for given and family name, and whether they changed places."""
        given = self._best(a.given, b.given, self._given_pair)
        family = self._best(a.family, b.family, self._family_pair)
        if given + family > 0 or not _may_be_swapped(a, b):
            return given, family, False
        crossed = self._best(a.given, b.family, self._family_pair) + self._weights.swapped
        other = self._best(a.family, b.given, self._family_pair)
        if crossed + other > given + family:
            return crossed, other, True
        return given, family, False

    def _best(
        self,
        left: Sequence[NameKey],
        right: Sequence[NameKey],
        pair: Callable[[NameKey, NameKey], float],
    ) -> float:
        if len(left) == 1 and len(right) == 1:
            return pair(left[0], right[0])
        return max((pair(x, y) for x in left for y in right), default=0.0)

    def _given_pair(self, a: NameKey, b: NameKey) -> float:
        key = (a.folded, b.folded)
        weight = self._given.get(key)
        if weight is None:
            weight = self._name(a, b, self._frequencies.of_given)
            _remember(self._given, key, weight)
        return weight

    def _family_pair(self, a: NameKey, b: NameKey) -> float:
        key = (a.folded, b.folded)
        weight = self._family.get(key)
        if weight is None:
            weight = self._name(a, b, self._frequencies.of_family)
            _remember(self._family, key, weight)
        return weight

    def _name(self, a: NameKey, b: NameKey, share: Callable[[str], float]) -> float:
        weights = self._weights
        most = log2(weights.name_recall / max(share(a.folded), share(b.folded)))
        if a.folded == b.folded:
            return most
        level = compare_names(a, b)
        if level is NameLevel.same_tokens:
            return most - 1
        if level is NameLevel.nickname:
            return min(weights.nickname, most)
        alike = self._alike(a.folded, b.folded, most)
        return max(alike, min(weights.subset, most)) if level is NameLevel.subset else alike

    def _alike(self, a: str, b: str, most: float) -> float:
        weights = self._weights
        if min(len(a), len(b)) >= _LETTERS and self._distances.osa_distance(a, b) == 1:
            return min(weights.one_letter, most)
        similarity = self._distances.jaro_winkler(a, b)
        if similarity >= _ALIKE:
            return min(weights.alike, most)
        if min(len(a), len(b)) >= _LETTERS - 1 and (a.startswith(b) or b.startswith(a)):
            return min(weights.beginning, most)
        return min(weights.similar, most) if similarity >= _SIMILAR else weights.name_differs

    def _day(self, a: str, b: str) -> tuple[str, float]:
        if not a or not b:
            return "absent", 0.0
        if a == b:
            return "equal", self._weights.day_equal
        found = self._days.get((a, b))
        if found is None:
            found = self._unequal_days(a, b)
            _remember(self._days, (a, b), found)
        return found

    def _unequal_days(self, a: str, b: str) -> tuple[str, float]:
        weights = self._weights
        if (a[:4], a[5:7], a[8:]) == (b[:4], b[8:], b[5:7]):
            return "swapped", weights.day_swapped
        apart = self._distances.osa_distance(a, b)
        if apart == 1:
            return "one_digit", weights.day_one_digit
        if a[:7] == b[:7] or a[5:] == b[5:] or apart == 2:  # noqa: PLR2004 - two digits
            return "near", weights.day_near
        return "differs", weights.day_differs

    def _middle(self, a: str, b: str) -> tuple[str, float]:
        if not a or not b:
            return "absent", 0.0
        if a.startswith(b) or b.startswith(a):
            return "equal", self._weights.middle_equal
        return "differs", self._weights.middle_differs

    def _household(self, a: Features, b: Features) -> float:
        total = 0.0
        for left, right in zip(a.household, b.household, strict=True):
            if left and right:
                apart = left.isdisjoint(right)
                total += self._weights.household_differs if apart else self._weights.household
        return total


def _may_be_swapped(a: Features, b: Features) -> bool:
    """Return whether a name begins as the other's other name does, which costs less to see."""
    if not (a.given and a.family and b.given and b.family):
        return False
    return (
        a.given[0].folded[0] == b.family[0].folded[0]
        or a.family[0].folded[0] == b.given[0].folded[0]
    )


def _level(left: Sequence[NameKey], right: Sequence[NameKey]) -> str:
    return str(best_level(left, right))


def _remember(known: dict[K, V], key: K, value: V) -> None:
    if len(known) >= _REMEMBERED:
        known.clear()
    known[key] = value


def score_pair(
    a: Person,
    b: Person,
    *,
    frequencies: NameFrequencies,
    weights: Weights = WEIGHTS,
    rules: MatchRules = _RULES,
) -> ScoredPair:
    """
    Return two people weighed, field by field.

    Args:
        a: One record.
        b: The other.
        frequencies: How common names are among the people they come from.
        weights: Bits for each way in which fields agree.
        rules: What the host has set; fields to ignore add nothing.
    """
    scorer = Scorer(frequencies, Reader(rules), weights)
    left, right = scorer.features(a), scorer.features(b)
    return ScoredPair(
        left=a.ref,
        right=b.ref,
        weight=scorer.weight(left, right),
        evidence=scorer.evidence(left, right),
    )
