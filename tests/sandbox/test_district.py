"""The invented district: sizes, repeatability, random access, and the people it must hold."""

from collections import Counter
from itertools import pairwise

import pytest

from edlink.errors import ConfigError
from edlink.model import User
from edlink.sandbox import District
from edlink.vocabulary import Kind, Role, Status

SERVED = tuple(kind for kind in Kind if kind is not Kind.relationship)


@pytest.fixture(scope="module")
def district() -> District:
    return District(people=1234, seed=5)


@pytest.mark.parametrize("people", [50, 51, 99, 449, 500, 549, 1234])
def test_every_size_has_exactly_its_people_and_no_dangling_enrollment(people: int) -> None:
    """A district has the number of users asked for, and its enrollments lead somewhere."""
    district = District(people=people)
    users = {user.sourced_id for user in district.users}
    classes = {class_.sourced_id: class_ for class_ in district.classes}
    assert len(users) == people
    for enrollment in district.enrollments:
        assert enrollment.user_id in users
        assert classes[str(enrollment.class_id)].org_id == enrollment.org_id


@pytest.mark.parametrize("kind", SERVED)
def test_ids_are_unique_sorted_and_lead_back(district: District, kind: Kind) -> None:
    """Sourced ids sort in the order of places, none comes twice, and each finds its record."""
    collection = district.collection(kind)
    ids = [record.sourced_id for record in collection]
    assert all(first < second for first, second in pairwise(ids))
    assert [collection.place_of(i) for i in ids] == list(range(len(collection)))
    assert collection.find(ids[-1]) == collection[len(collection) - 1]


@pytest.mark.parametrize("wrong", ["", "x", "u", "u0000001", "u9999999000", "1000", "é²³¹", "K-0"])
def test_an_unknown_id_finds_nothing(district: District, wrong: str) -> None:
    """An id that no record has leads to None in every collection."""
    assert [district.collection(kind).find(wrong) for kind in SERVED] == [None] * len(SERVED)


@pytest.mark.parametrize("kind", SERVED)
def test_a_record_is_the_same_whatever_was_read_before(kind: Kind) -> None:
    """Reading one record at random gives what reading all in order gives."""
    in_order = list(District(people=600, seed=3).collection(kind))
    for place in (len(in_order) - 1, 0, len(in_order) // 2):
        assert District(people=600, seed=3).collection(kind)[place] == in_order[place]


def test_another_seed_is_another_district() -> None:
    """Two seeds share no person's name, role and id."""
    first, second = District(people=100, seed=1), District(people=100, seed=2)
    assert not set(first.users) & set(second.users)


def test_a_million_people_are_there_without_being_made() -> None:
    """The last record of a district of a million people can be read at once."""
    district = District(people=1_000_000)
    assert district.users[999_999].sourced_id.startswith("u0999999")
    assert district.enrollments[len(district.enrollments) - 1].user_id is not None


@pytest.mark.parametrize("people", [49, 1_000_001])
def test_a_size_outside_the_limits_is_refused(people: int) -> None:
    """A district smaller than 50 or larger than a million is a ConfigError."""
    with pytest.raises(ConfigError) as caught:
        District(people=people)
    assert caught.value.code == "EDL-CONF-040"


def test_a_place_outside_a_collection_is_an_index_error(district: District) -> None:
    """Collections end where they say they end."""
    with pytest.raises(IndexError):
        district.users[1234]


def people_of(district: District, role: Role) -> list[User]:
    return [u for u in district.users if any(r.role is role for r in u.roles)]


def test_there_are_twins(district: District) -> None:
    """Some pair of students shares family name, grade, contacts and birth date."""
    born = {d.sourced_id: d.birth_date for d in district.demographics if d.birth_date}
    households = Counter(
        (u.family_name, u.grades, u.agent_ids, born[u.sourced_id])
        for u in people_of(district, Role.student)
        if u.sourced_id in born and u.agent_ids
    )
    assert max(households.values()) == 2


def test_a_family_shares_an_email(district: District) -> None:
    """Some e-mail address belongs to students and to a parent."""
    students = {u.email for u in people_of(district, Role.student) if u.email}
    assert students & {u.email for u in people_of(district, Role.guardian)}


def test_staff_are_parents_in_two_records_and_in_one(district: District) -> None:
    """A parent's record shares a teacher's names; and a teacher's record has a parent's role."""
    teachers = people_of(district, Role.teacher)
    guardians = people_of(district, Role.guardian)
    assert {u.email for u in teachers} & {u.email for u in guardians if u not in teachers}
    assert set(teachers) & set(guardians)


def test_movers_have_two_schools_and_an_ended_enrollment(district: District) -> None:
    """Who moved in mid year has roles at two schools and an enrollment that ended on that day."""
    mover = next(u for u in people_of(district, Role.student) if len(u.roles) == 2)
    moved = mover.roles[0].begin_date
    ends = [e.end_date for e in district.enrollments if e.user_id == mover.sourced_id]
    assert moved in ends
    assert mover.roles[1].end_date == moved


def test_young_pupils_have_no_email_and_older_ones_have(district: District) -> None:
    """No pupil below grade 03 has an e-mail outside shared ones, every older one from 06 has."""
    students = people_of(district, Role.student)
    young = [u for u in students if u.grades in (("PK",), ("KG",), ("02",))]
    assert {u.email for u in young} == {None}
    assert all(u.email for u in students if u.grades == ("09",))


def test_birth_dates_are_missing_by_school(district: District) -> None:
    """The share of students without a birth date differs from school to school."""
    school = {u.sourced_id: u.primary_org_id for u in people_of(district, Role.student)}
    everyone = Counter(school[d.sourced_id] for d in district.demographics)
    known = Counter(school[d.sourced_id] for d in district.demographics if d.birth_date)
    assert len({round(known[org] / everyone[org], 1) for org in everyone}) > 1


def test_a_few_records_are_marked_deleted(district: District) -> None:
    """Some users and enrollments, but few, are marked as removed by the provider."""
    users = [u for u in district.users if u.status is Status.deleted]
    assert 0 < len(users) < 1234 / 50
    assert any(e.status is Status.deleted for e in district.enrollments)


def test_a_parent_has_no_child_and_a_relative_has_two_families(district: District) -> None:
    """Some parent lists nobody and is listed by nobody; some relative lists two surnames."""
    users = {u.sourced_id: u for u in district.users}
    listed = {agent for u in users.values() for agent in u.agent_ids}
    alone = [
        u
        for u in people_of(district, Role.guardian)
        if not u.agent_ids and u.sourced_id not in listed
    ]
    relatives = people_of(district, Role.relative)
    families = [{users[i].family_name for i in u.agent_ids} for u in relatives]
    assert alone
    assert max(map(len, families)) == 2


def test_every_email_is_in_a_domain_that_cannot_exist(district: District) -> None:
    """No address could reach anybody."""
    emails = {u.email.rpartition("@")[2] for u in district.users if u.email}
    assert emails == {
        "mail.example.org",
        "staff.example.org",
        "students.example.org",
    }
