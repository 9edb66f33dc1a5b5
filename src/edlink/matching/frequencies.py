"""How common each name is, so that one Garcia says less than one Schletzbaum."""

from collections import Counter
from collections.abc import Iterable, Mapping

import attrs

from edlink.matching.people import Person
from edlink.matching.reading import Reader

#: How many people the usual share of a name is worth, and that share.
_BELIEVED = 200
_USUAL = 1 / 1000


@attrs.frozen(kw_only=True)
class NameFrequencies:
    """
    Shares of the folded given and family names among a number of people.

    Shares are drawn a little towards a usual one, so that in a handful of people a name that two
    have is not taken for one that everybody has.
    """

    given: Mapping[str, float] = attrs.field(repr=False)
    family: Mapping[str, float] = attrs.field(repr=False)
    people: int

    def of_given(self, name: str) -> float:
        """Return the share of people with a folded given name."""
        return self.given.get(name) or _share(1, self.people)

    def of_family(self, name: str) -> float:
        """Return the share of people with a folded family name."""
        return self.family.get(name) or _share(1, self.people)


def name_frequencies(people: Iterable[Person], reader: Reader) -> NameFrequencies:
    """Return how common each name is among people, by the first of each person's names."""
    given: Counter[str] = Counter()
    family: Counter[str] = Counter()
    count = 0
    for person in people:
        count += 1
        names = reader.names(person)
        given.update(key.folded for key in names.given[:1])
        family.update(key.folded for key in names.family[:1])
    return NameFrequencies(given=_shares(given), family=_shares(family), people=count)


def _shares(counts: Counter[str]) -> Mapping[str, float]:
    total = counts.total()
    return {name: _share(count, total) for name, count in counts.items()}


def _share(count: int, total: int) -> float:
    return (count + _BELIEVED * _USUAL) / (total + _BELIEVED)
