"""
Addresses that several people of one side have: a key for none of them.

Everyone counts: the linked and the open, students, staff and guardians.  A family mailbox does not
become a child's own when the sister is linked by another rule.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, islice
from operator import attrgetter

import attrs

from edlink.matching.ladder import Side

#: How many people have an address, on either side.
Holders = tuple[int, int]

#: How many people are looked at together.
_BLOCK = 64

_EMAILS, _USERNAME = attrgetter("emails"), attrgetter("username")


@attrs.define(kw_only=True)
class Addresses:
    """
    Who holds the addresses of one tenant; read only for those that are asked for.

    Attributes:
        left: The incoming side.
        right: The existing side.
        places: The tenant's people of every kind, as places in either side.
    """

    left: Side
    right: Side
    places: tuple[Sequence[Sequence[int]], Sequence[Sequence[int]]]
    _known: dict[str, Holders] = attrs.field(factory=dict)

    def holders(self, keys: Iterable[str]) -> dict[str, Holders]:
        """Return how many people have each of the keys that are addresses."""
        wanted = [key for key in keys if "@" in key]
        unknown = {key for key in wanted if key not in self._known}
        if unknown:
            sides = zip((self.left, self.right), self.places, strict=True)
            left, right = (_count(side, places, unknown) for side, places in sides)
            self._known |= {key: (left[key], right[key]) for key in unknown}
        return {key: self._known[key] for key in wanted}


def near(side: Side, places: Iterable[int], keys: AbstractSet[str]) -> Iterator[int]:
    """
    Yield the places of those who have any of the keys as an address or user name.

    Nearly nobody does: texts that need no reading are looked at many at once.  A text that is no
    key by some rule of reading may be taken for one here.
    """
    waiting = iter(places)
    while block := tuple(islice(waiting, _BLOCK)):
        people = [side.people[place] for place in block]
        texts = [*chain.from_iterable(map(_EMAILS, people)), *filter(None, map(_USERNAME, people))]
        if not side.reader.are_plain(texts):
            yield from (place for place in block if not keys.isdisjoint(_read(side, place)))
        elif not keys.isdisjoint(texts):
            for place, person in zip(block, people, strict=True):
                if person.username in keys or not keys.isdisjoint(person.emails):
                    yield place


def _count(side: Side, parts: Iterable[Iterable[int]], keys: AbstractSet[str]) -> dict[str, int]:
    found = dict.fromkeys(keys, 0)
    for place in near(side, chain.from_iterable(parts), keys):
        for key in keys & _read(side, place):
            found[key] += 1
    return found


def _read(side: Side, place: int) -> set[str]:
    person = side.people[place]
    return {*side.reader.emails(person), *side.reader.usernames(person)}
