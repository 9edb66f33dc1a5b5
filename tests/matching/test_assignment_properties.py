"""Rules A1 to A4, and that order does not matter."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from edlink.matching.assignment import Assignment, assign_one_to_one
from edlink.matching.score import ScoredPair

PAIRS = st.dictionaries(
    st.tuples(st.sampled_from("abcde"), st.sampled_from("vwxyz")),
    st.integers(0, 12),
    max_size=18,
).map(lambda found: [ScoredPair(left=a, right=b, weight=float(w)) for (a, b), w in found.items()])
BITS = st.integers(1, 6)


def accepted(assignment: Assignment) -> set[tuple[str, str]]:
    """Return the pairs that were accepted."""
    return {(pair.left, pair.right) for pair in assignment.accepted}


@given(PAIRS, BITS, BITS)
def test_a1_accepted_pairs_are_candidates_and_one_to_one(
    pairs: list[ScoredPair], floor: int, margin: int
) -> None:
    """Nobody is accepted twice, and no pair that was not a candidate."""
    found = accepted(assign_one_to_one(pairs, floor=floor, margin=margin))
    records = [record for pair in found for record in pair]

    assert found <= {(pair.left, pair.right) for pair in pairs}
    assert len(records) == len(set(records))


@given(PAIRS, BITS, BITS, st.integers(0, 4), st.integers(0, 4))
def test_a2_stricter_settings_only_take_away(
    pairs: list[ScoredPair], floor: int, margin: int, higher: int, wider: int
) -> None:
    """A higher floor or a wider margin accepts no pair that was not accepted before."""
    strict = assign_one_to_one(pairs, floor=floor + higher, margin=margin + wider)

    assert accepted(strict) <= accepted(assign_one_to_one(pairs, floor=floor, margin=margin))


@given(PAIRS, BITS)
def test_a3_ties_are_never_accepted(pairs: list[ScoredPair], floor: int) -> None:
    """A pair whose weight another candidate of the same record has is not the first accepted."""
    for pair in assign_one_to_one(pairs, floor=floor, margin=1).accepted:
        rivals = [
            other
            for other in pairs
            if (other.left == pair.left) != (other.right == pair.right)
            and other.weight >= pair.weight
        ]
        partners = accepted(assign_one_to_one(pairs, floor=floor, margin=1))
        taken = {record for found in partners for record in found}

        assert all((r.right if r.left == pair.left else r.left) in taken for r in rivals)


@given(st.integers(0, 9), BITS)
def test_a3_two_that_fit_alike_are_left_open(weight: int, margin: int) -> None:
    """Of two candidates with one weight neither is chosen."""
    pairs = [ScoredPair(left="a", right=right, weight=float(weight)) for right in "xy"]

    assert assign_one_to_one(pairs, floor=0, margin=margin).accepted == ()


@given(PAIRS, BITS, BITS, st.integers(-8, 8))
def test_a4_a_constant_changes_nothing(
    pairs: list[ScoredPair], floor: int, margin: int, constant: int
) -> None:
    """Adding one number to all weights and the floor accepts the same pairs."""
    moved = [attrs.evolve(pair, weight=pair.weight + constant) for pair in pairs]
    left = assign_one_to_one(pairs, floor=floor, margin=margin)
    right = assign_one_to_one(moved, floor=floor + constant, margin=margin)

    assert accepted(left) == accepted(right)


@given(PAIRS, BITS, BITS, st.randoms(use_true_random=False))
def test_g1_order_of_pairs_does_not_matter(
    pairs: list[ScoredPair], floor: int, margin: int, random: object
) -> None:
    """Any permutation of the candidates gives the same assignment."""
    expected = assign_one_to_one(pairs, floor=floor, margin=margin)
    random.shuffle(pairs)  # type: ignore[attr-defined]

    assert assign_one_to_one(pairs, floor=floor, margin=margin) == expected


@given(PAIRS, BITS, BITS)
def test_every_candidate_is_accounted_for(pairs: list[ScoredPair], floor: int, margin: int) -> None:
    """A candidate is accepted, open, rejected, or has a record that was accepted elsewhere."""
    found = assign_one_to_one(pairs, floor=floor, margin=margin)
    taken = {record for pair in found.accepted for record in (pair.left, pair.right)}
    kept = {(p.left, p.right) for part in found.ambiguous for p in part.pairs}
    kept |= {(p.left, p.right) for p in found.rejected} | accepted(found)

    assert all((p.left, p.right) in kept or {p.left, p.right} & taken for p in pairs)
