"""What hangs together is found whole, and nothing else with it."""

from hypothesis import given
from hypothesis import strategies as st

from edlink.matching.components import join

THINGS = st.lists(st.frozensets(st.integers(0, 9), max_size=3), max_size=12)


@given(THINGS)
def test_groups_are_what_walking_from_key_to_key_reaches(things: list[frozenset[int]]) -> None:
    """Each thing is in one group, with just those that a walk over shared keys comes to."""
    places = list(range(len(things)))
    found = join(places, lambda place: things[place])
    assert sorted(place for group in found for place in group) == places
    for group in found:
        reached, before = {group[0]}, set[int]()
        while reached != before:
            before = set(reached)
            keys = {key for place in reached for key in things[place]}
            reached |= {place for place in places if things[place] & keys}
        assert sorted(group) == group == sorted(reached)
