"""What hangs together: things that share something, also through others."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

T = TypeVar("T")


def join(things: Iterable[T], keys_of: Callable[[T], Iterable[Hashable]]) -> list[list[T]]:
    """
    Return things in groups that share a key, also through others, each in the order given.

    A thing without a key is a group by itself.  However many share one key, each is looked at once.

    Args:
        things: What to join.
        keys_of: What each has that others may have too.

    >>> join(["ab", "cd", "bc", "e"], set)
    [['ab', 'cd', 'bc'], ['e']]
    """
    given = list(things)
    parent = list(range(len(given)))
    holder: dict[Hashable, int] = {}

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for place, thing in enumerate(given):
        for key in keys_of(thing):
            first, second = sorted((root(holder.setdefault(key, place)), root(place)))
            parent[second] = first
    groups: dict[int, list[T]] = {}
    for place, thing in enumerate(given):
        groups.setdefault(root(place), []).append(thing)
    return list(groups.values())
