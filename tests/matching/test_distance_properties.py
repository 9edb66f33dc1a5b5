"""The plain distances equal those of the ``fuzzy`` extra, and what defines them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edlink.matching.distance import osa_distance
from edlink.matching.fuzzy import best_distances, plain_distances

pytest.importorskip("rapidfuzz")

WORDS = st.one_of(st.text("abcde", max_size=12), st.text(max_size=8))


@given(WORDS, WORDS)
def test_plain_osa_distance_equals_the_extra(a: str, b: str) -> None:
    """Both count the same edits."""
    assert plain_distances().osa_distance(a, b) == best_distances().osa_distance(a, b)


@given(WORDS, WORDS)
def test_plain_jaro_winkler_equals_the_extra(a: str, b: str) -> None:
    """Both find the same likeness, to the last bit."""
    assert plain_distances().jaro_winkler(a, b) == best_distances().jaro_winkler(a, b)


@given(st.text("ab", max_size=40), st.text("ab", max_size=40))
def test_plain_jaro_winkler_equals_the_extra_on_long_words(a: str, b: str) -> None:
    """Both agree where letters repeat so often that most of them match."""
    assert plain_distances().jaro_winkler(a, b) == best_distances().jaro_winkler(a, b)


def edits(a: str, b: str) -> int:
    """Return the optimal string alignment distance by its definition: every cell of the table."""
    table = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            costs = [
                table[i - 1, j] + 1,
                table[i, j - 1] + 1,
                table[i - 1, j - 1] + (a[i - 1] != b[j - 1]),
            ]
            if a[i - 2 : i] == b[j - 2 : j][::-1] and i > 1 and j > 1:
                costs.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(costs)
    return table[len(a), len(b)]


@given(st.text("abc", max_size=9), st.text("abc", max_size=9), st.integers(0, 9))
def test_plain_osa_distance_is_that_of_the_whole_table(a: str, b: str, cutoff: int) -> None:
    """What is far from the diagonal changes no distance up to the cutoff."""
    assert osa_distance(a, b, cutoff) == min(edits(a, b), cutoff + 1)


@given(
    st.text("ab", min_size=1, max_size=25),
    st.lists(st.tuples(st.integers(0, 24), st.text("abc", max_size=2)), max_size=5),
    st.integers(0, 4),
)
def test_plain_osa_distance_of_two_that_are_near_is_exact(
    a: str, changes: list[tuple[int, str]], cutoff: int
) -> None:
    """A long text and what a few edits make of it are as far apart as the whole table says."""
    b = a
    for place, new in changes:
        b = b[:place] + new + b[place + 1 :]
    assert osa_distance(a, b, cutoff) == min(edits(a, b), cutoff + 1)
