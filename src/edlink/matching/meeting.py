"""Who meets whom: places of two sides that share a key, and what hangs together by them."""

from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    MutableSequence,
    Sequence,
)

#: One place on either side, and several on either.
Pair = tuple[int, int]
Group = tuple[list[int], list[int]]

#: A key with the place of a person who has it.
Keyed = tuple[str, int]

#: Who has a key: nearly always one, whose bare number costs no list.
_Holders = list[int] | int


#: Of keys that both sides have, those that make no pair: whether they make a group, or nothing.
Crowded = Callable[[Collection[str]], Iterable[tuple[str, bool]]]


def meet(
    left: Iterable[Keyed], right: Iterable[Keyed], crowded: Crowded | None = None
) -> tuple[Iterator[Pair], list[Group]]:
    """
    Return the places that meet in a key that both sides have: pairs, and larger groups.

    Keys of the left side are kept, those of the right only pass by: the left should be the smaller.
    A pair comes again for each key that both have.

    Args:
        left: Keys of one side, with places.
        right: Keys of the other side, with places.
        crowded: Returns those of the keys that more people have than are meeting here.
    """
    slots: dict[str, int] = {}
    mine: list[_Holders] = []
    free = 0
    for key, i in left:
        slot = slots.setdefault(key, free)
        if slot == free:
            mine.append(i)
            free += 1
        else:
            mine[slot] = _joined(mine[slot], i)
    theirs: list[_Holders | None] = [None] * len(mine)
    for key, j in right if slots else ():
        if (met := slots.get(key)) is not None:
            known = theirs[met]
            theirs[met] = j if known is None else _joined(known, j)
    groups = [] if crowded is None else _crowds(slots, mine, theirs, crowded)
    groups += [
        (_list(some), _list(others))
        for some, others in zip(mine, theirs, strict=True)
        if others is not None and not (isinstance(some, int) and isinstance(others, int))
    ]
    return _pairs(mine, theirs), groups


def _crowds(
    slots: Mapping[str, int],
    mine: Sequence[_Holders],
    theirs: MutableSequence[_Holders | None],
    crowded: Crowded,
) -> list[Group]:
    """Return the groups that meet in crowded keys, and take these keys from all further meeting."""
    groups: list[Group] = []
    for key, holds in crowded([key for key, slot in slots.items() if theirs[slot] is not None]):
        slot = slots[key]
        others, theirs[slot] = theirs[slot], None
        if holds and others is not None:
            groups.append((_list(mine[slot]), _list(others)))
    return groups


def _pairs(mine: Iterable[_Holders], theirs: Iterable[_Holders | None]) -> Iterator[Pair]:
    for i, j in zip(mine, theirs, strict=True):
        if isinstance(i, int) and isinstance(j, int):
            yield i, j


def _joined(known: _Holders, place: int) -> _Holders:
    if isinstance(known, list):
        if known[-1] != place:
            known.append(place)
        return known
    return known if known == place else [known, place]


def _list(places: _Holders) -> list[int]:
    return places if isinstance(places, list) else [places]


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
