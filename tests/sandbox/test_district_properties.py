"""Every record is a function of seed, size and place, for any of them."""

from hypothesis import given
from hypothesis import strategies as st

from edlink.sandbox import District
from edlink.vocabulary import Kind

KINDS = st.sampled_from([kind for kind in Kind if kind is not Kind.relationship])
SEEDS = st.integers(min_value=0, max_value=2**32)


@given(
    people=st.integers(min_value=50, max_value=1_000_000), seed=SEEDS, kind=KINDS, data=st.data()
)
def test_any_record_can_be_read_alone_and_found_by_its_id(
    people: int, seed: int, kind: Kind, data: st.DataObject
) -> None:
    """Whatever the size, a record read alone is found again by its id, and ids sort as places."""
    collection = District(people=people, seed=seed).collection(kind)
    place = data.draw(st.integers(min_value=0, max_value=len(collection) - 1))
    record = collection[place]
    assert collection.place_of(record.sourced_id) == place
    assert collection.find(record.sourced_id) == record
    if place:
        assert collection[place - 1].sourced_id < record.sourced_id


@given(people=st.integers(min_value=50, max_value=1_000_000), seed=SEEDS, data=st.data())
def test_any_enrollment_leads_to_its_records(people: int, seed: int, data: st.DataObject) -> None:
    """An enrollment's user, class and school exist, and the class is at that school."""
    district = District(people=people, seed=seed)
    place = data.draw(st.integers(min_value=0, max_value=len(district.enrollments) - 1))
    enrollment = district.enrollments[place]
    class_ = district.classes.find(str(enrollment.class_id))
    user = district.users.find(str(enrollment.user_id))
    assert class_ is not None
    assert user is not None
    assert class_.org_id == enrollment.org_id
    assert district.orgs.find(str(enrollment.org_id)) is not None
    assert district.courses.find(str(class_.course_id)) is not None
    assert any(role.role is enrollment.role for role in user.roles)


@given(people=st.integers(min_value=50, max_value=1_000_000), seed=SEEDS, data=st.data())
def test_any_agent_is_a_user(people: int, seed: int, data: st.DataObject) -> None:
    """Whom a user lists exists and is not the user."""
    district = District(people=people, seed=seed)
    place = data.draw(st.integers(min_value=0, max_value=people - 1))
    user = district.users[place]
    for agent_id in user.agent_ids:
        assert agent_id != user.sourced_id
        assert district.users.find(agent_id) is not None
