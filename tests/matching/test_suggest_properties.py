"""Rules G1 and M9, for what is suggested and for the scorer."""

from datetime import date

import attrs
from hypothesis import given
from hypothesis import strategies as st

from edlink.matching.frequencies import NameFrequencies
from edlink.matching.people import Person
from edlink.matching.score import score_pair
from edlink.matching.suggest import Suggestions, suggest_matches

GIVEN = st.sampled_from(["Jayden", "Jaylen", "Maria", "Mario", "Elizabeth", "Liz"])
FAMILY = st.sampled_from(["Schletzbaum", "Schletzbaun", "Muster", "Muster Sample"])
DAYS = st.sampled_from([date(2012, 2, 29), date(2012, 3, 4), date(2012, 4, 3)])
FREQUENCIES = NameFrequencies(given={"maria": 0.05}, family={"muster": 0.1}, people=100)


def people(prefix: str) -> st.SearchStrategy[list[Person]]:
    """Return lists of students who are hard to tell apart."""
    person = st.builds(
        Person,
        ref=st.just(""),
        given_name=st.none() | GIVEN,
        family_name=st.none() | FAMILY,
        birth_date=st.none() | DAYS,
        middle_name=st.none() | st.sampled_from(["L", "Lucia", "Fernanda"]),
        emails=st.sampled_from([(), ("home@example.org",)]),
    )
    return st.lists(person, max_size=7).map(
        lambda found: [attrs.evolve(p, ref=f"{prefix}{n}") for n, p in enumerate(found)]
    )


def refs(found: Suggestions) -> list[str]:
    """Return the ids of all pairs and components, on both sides."""
    pairs = (*found.likely, *found.possible)
    left = [p.left for p in pairs] + [ref for part in found.ambiguous for ref in part.left]
    right = [p.right for p in pairs] + [ref for part in found.ambiguous for ref in part.right]
    return left + right


@given(people("a"), people("b"), st.randoms(use_true_random=False))
def test_g1_order_does_not_matter(left: list[Person], right: list[Person], random: object) -> None:
    """Any permutation of the people gives the same suggestions."""
    expected = suggest_matches(left, right)
    random.shuffle(left)  # type: ignore[attr-defined]
    random.shuffle(right)  # type: ignore[attr-defined]

    assert suggest_matches(left, right) == expected


@given(people("a"), people("b"))
def test_a1_nobody_is_suggested_twice(left: list[Person], right: list[Person]) -> None:
    """A record is in one pair or one component at most."""
    found = refs(suggest_matches(left, right))

    assert len(found) == len(set(found))


@given(people("a"), people("b"))
def test_m9_no_likely_pair_has_two_given_names(left: list[Person], right: list[Person]) -> None:
    """Whoever is likely has one given name on both sides, or a nickname of it."""
    names = {p.ref: p.given_name for p in (*left, *right)}
    for pair in suggest_matches(left, right).likely:
        found = {names[pair.left], names[pair.right]}

        assert len(found) == 1 or found == {"Elizabeth", "Liz"}


@given(people("a"), people("b"))
def test_weights_are_symmetric_and_explained(left: list[Person], right: list[Person]) -> None:
    """A pair weighs the same from either side, and its evidence adds up to its weight."""
    for a, b in zip(left, right, strict=False):
        forth = score_pair(a, b, frequencies=FREQUENCIES)
        back = score_pair(b, a, frequencies=FREQUENCIES)

        assert abs(forth.weight - back.weight) < 1e-9
        assert abs(forth.weight - sum(part.weight for part in forth.evidence)) < 0.05
