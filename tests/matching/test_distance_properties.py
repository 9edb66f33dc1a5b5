"""The plain distances equal those of the ``fuzzy`` extra."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
