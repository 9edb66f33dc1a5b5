"""
Addresses that several people of one side have: a key for none of them.

Everyone counts: the linked and the open, students, staff and guardians.  A family mailbox does not
become a child's own when the sister is linked by another rule.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import chain

import attrs

from edlink.matching.ladder import Side
from edlink.matching.people import Person

#: How many people have an address, on either side.
Holders = tuple[int, int]


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


def _count(side: Side, parts: Iterable[Iterable[int]], keys: Iterable[str]) -> dict[str, int]:
    found = dict.fromkeys(keys, 0)
    for person in _holders(side, chain.from_iterable(parts), found):
        for key in {*side.reader.emails(person), *side.reader.usernames(person)}:
            if key in found:
                found[key] += 1
    return found


def _holders(side: Side, places: Iterable[int], keys: Container[str | None]) -> Iterator[Person]:
    """Yield who may have any of the keys; most have none, and cost one look at each address."""
    people, read, is_plain = side.people, side.reader.email, side.reader.is_plain
    for place in places:
        person = people[place]
        if person.username:
            yield person
            continue
        for text in person.emails:
            if text in keys or (not is_plain(text) and read(text) in keys):
                yield person
                break
