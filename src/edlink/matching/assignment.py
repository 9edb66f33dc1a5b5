"""
One partner for each, only where it is plain who: each the other's best, by a margin.

The greatest total is not sought: it would give a record a weaker partner to help its neighbor,
which nobody could explain.  Ties are never broken.
"""

from collections.abc import Iterable, Sequence
from math import inf

import attrs

from edlink.matching.components import join
from edlink.matching.score import ScoredPair

#: Records that hang together beyond this number are a fault of the data, usually a shared value.
COMPONENT_LIMIT = 50


@attrs.frozen(kw_only=True)
class OpenComponent:
    """
    Records that hang together by candidates and were not all assigned, sorted by id.

    ``pairs`` are the candidates between them, best first.  ``is_oversized``: nobody was assigned.
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    pairs: tuple[ScoredPair, ...]
    is_oversized: bool = False


@attrs.frozen(kw_only=True)
class Assignment:
    """
    Pairs accepted, best first; components left to a person; pairs below the floor.

    Every candidate pair is in exactly one of them, or has a record that was accepted in another.
    """

    accepted: tuple[ScoredPair, ...] = ()
    ambiguous: tuple[OpenComponent, ...] = ()
    rejected: tuple[ScoredPair, ...] = ()


def assign_one_to_one(pairs: Iterable[ScoredPair], *, floor: float, margin: float) -> Assignment:
    """
    Return the pairs in which each is the other's best by a margin.

    Accepted pairs are taken out and the rest is looked at again, until nothing changes.  The
    result does not depend on the order of the pairs.

    Args:
        pairs: Candidates, each pair of records at most once; left and right ids are apart.
        floor: Bits that a pair needs; candidates below it still count as runners-up.
        margin: Bits by which a pair must lead over the second best of either, more than 0.
    """
    accepted: list[ScoredPair] = []
    ambiguous: list[OpenComponent] = []
    rejected: list[ScoredPair] = []
    for component in _components(sorted(pairs, key=_order)):
        found, rest = _assign(component, floor, margin)
        accepted += found
        rejected += (pair for pair in rest if pair.weight < floor)
        open_pairs = [pair for pair in rest if pair.weight >= floor]
        is_oversized = _size(component) > COMPONENT_LIMIT
        ambiguous += (_open(part, is_oversized=is_oversized) for part in _components(open_pairs))
    return Assignment(
        accepted=tuple(sorted(accepted, key=_order)),
        ambiguous=tuple(sorted(ambiguous, key=lambda c: (c.left, c.right))),
        rejected=tuple(sorted(rejected, key=_order)),
    )


def _order(pair: ScoredPair) -> tuple[float, str, str]:
    return (-pair.weight, pair.left, pair.right)


def _size(pairs: Sequence[ScoredPair]) -> int:
    return len({pair.left for pair in pairs}) + len({pair.right for pair in pairs})


def _open(pairs: Sequence[ScoredPair], *, is_oversized: bool) -> OpenComponent:
    return OpenComponent(
        left=tuple(sorted({pair.left for pair in pairs})),
        right=tuple(sorted({pair.right for pair in pairs})),
        pairs=tuple(pairs),
        is_oversized=is_oversized,
    )


def _assign(
    pairs: Sequence[ScoredPair], floor: float, margin: float
) -> tuple[list[ScoredPair], Sequence[ScoredPair]]:
    """Return the accepted pairs of one component, and the pairs between those left."""
    accepted: list[ScoredPair] = []
    if _size(pairs) > COMPONENT_LIMIT:
        return accepted, pairs
    while found := _plain(pairs, floor, margin):
        accepted += found
        gone = {pair.left for pair in found}, {pair.right for pair in found}
        pairs = [p for p in pairs if p.left not in gone[0] and p.right not in gone[1]]
    return accepted, pairs


def _plain(pairs: Sequence[ScoredPair], floor: float, margin: float) -> list[ScoredPair]:
    """Return the pairs that lead on both sides, with their runner-up."""
    ranks: tuple[dict[str, list[ScoredPair]], dict[str, list[ScoredPair]]] = ({}, {})
    for pair in pairs:
        ranks[0].setdefault(pair.left, []).append(pair)
        ranks[1].setdefault(pair.right, []).append(pair)
    found: list[ScoredPair] = []
    for best, *others in ranks[0].values():
        rivals = [*others[:1], *ranks[1][best.right][1:2]]
        second = min(rivals, key=_order) if rivals else None
        lead = best.weight - second.weight if second else inf
        is_best = ranks[1][best.right][0] is best
        if is_best and best.weight >= floor and lead >= margin and lead > 0:
            found.append(_with_lead(best, second))
    return found


def _with_lead(best: ScoredPair, second: ScoredPair | None) -> ScoredPair:
    if second is None:
        return best
    runner_up = second.right if second.left == best.left else second.left
    lead = round(best.weight - second.weight, 2)
    return attrs.evolve(best, runner_up=runner_up, lead=lead)


def _components(pairs: Sequence[ScoredPair]) -> list[list[ScoredPair]]:
    """Return the pairs by the records that hang together, each in the order given."""
    return join(pairs, lambda pair: ((False, pair.left), (True, pair.right)))
