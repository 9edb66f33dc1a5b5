"""The distances of the ``fuzzy`` extra: rapidfuzz where it is installed, plain Python elsewhere."""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import NamedTuple

from edlink.matching import distance


class Distances(NamedTuple):
    """Two functions of two texts; every pair of them gives the same results."""

    osa_distance: Callable[[str, str], int]
    jaro_winkler: Callable[[str, str], float]


#: Distances above this are all the same to the scorer.
CUTOFF = 3


def plain_distances() -> Distances:
    """Return the functions written in Python."""
    return Distances(lambda a, b: distance.osa_distance(a, b, CUTOFF), distance.jaro_winkler)


@cache
def best_distances(extra: str = "rapidfuzz") -> Distances:
    """Return the extra's functions where it is installed, else the plain ones."""
    if find_spec(extra) is None:
        return plain_distances()
    from rapidfuzz.distance import OSA, JaroWinkler  # noqa: PLC0415 - an extra, loaded when used

    osa, alike = OSA.distance, JaroWinkler.similarity
    return Distances(lambda a, b: osa(a, b, score_cutoff=CUTOFF), alike)
