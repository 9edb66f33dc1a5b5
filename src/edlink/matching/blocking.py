"""Which pairs are worth weighing: those that share one of several coarse keys."""

from collections.abc import Iterator, Mapping, Sequence

from edlink.matching.people import Person
from edlink.matching.reading import Reader

#: A key that more people than this have on one side pairs nobody.
BLOCK_LIMIT = 250

_SHORT = 3


def block_keys(person: Person, reader: Reader) -> list[str]:
    """Return the coarse keys of a person; two of one person nearly always share one."""
    names = reader.names(person)
    keys = [f"e{key}" for key in reader.emails(person)]
    keys += [f"p{key}" for key in reader.phones(person)]
    day = reader.day(person)
    year, month, day_of_month = day[:4], day[5:7], day[8:10]
    if day:
        low, high = sorted((month, day_of_month))
        keys.append(f"d{year}-{low}-{high}")
    for given in names.given:
        keys.append(f"n{given.folded}")
        if day:
            keys.append(f"i{year}{given.folded[:1]}")
    for family in names.family:
        keys.append(f"n{family.folded}")
        if day:
            keys.append(f"f{month}-{day_of_month}{family.folded[:2]}")
            keys.append(f"y{year}-{month}{family.folded[:1]}")
        for given in names.given:
            first, last = sorted((given.folded[:_SHORT], family.folded[:_SHORT]))
            keys.append(f"b{first} {last}")
            if day:
                keys.append(f"g{given.folded[:2]} {family.folded[:2]}{year}")
    return keys


def candidates(
    left: Sequence[Person], right: Sequence[Person], reader: Reader, limit: int = BLOCK_LIMIT
) -> Iterator[tuple[int, set[int]]]:
    """Yield each place of the left side with the places of the right side worth weighing."""
    lefts = [block_keys(person, reader) for person in left]
    wanted = _counts(lefts)
    index: dict[str, list[int]] = {}
    for j, person in enumerate(right):
        for key in dict.fromkeys(block_keys(person, reader)):
            if wanted.get(key, limit + 1) <= limit:
                index.setdefault(key, []).append(j)
    for i, keys in enumerate(lefts):
        found: set[int] = set()
        for key in keys:
            block = index.get(key, ())
            if len(block) <= limit:
                found.update(block)
        yield i, found


def _counts(keys: Sequence[Sequence[str]]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for found in keys:
        for key in dict.fromkeys(found):
            counts[key] = counts.get(key, 0) + 1
    return counts
