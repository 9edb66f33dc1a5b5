from collections.abc import Iterable
from typing import Any

from edlink.clever.events import ChangeLog, previous_attributes
from edlink.clever.reading import ConvertSettings
from edlink.clever.versions import VERSIONS
from edlink.vocabulary import Kind, Role

SECTION = {"id": "x1", "school": "s1", "students": ["u1", "u2"], "teachers": ["t1"]}
CONTACT = {
    "id": "c1",
    "name": {"last": "Gale Sentinel"},
    "roles": {
        "contact": {"student_relationships": [{"student": "u1", "type": "Primary"}]},
    },
}


def event(number: int, type_: str, value: Any, previous: Any = None, **beside: Any) -> Any:  # noqa: ANN401 - any JSON
    data = {"object": value} | ({} if previous is None else {"previous_attributes": previous})
    return {"id": f"e{number}", "type": type_, "data": data, **beside}


def log(events: Iterable[Any], version: str = "3.1") -> ChangeLog:
    found = ChangeLog(version=VERSIONS[version], settings=ConvertSettings())
    for each in events:
        found.add(each)
    return found


def test_a_student_who_left_a_section_is_an_enrollment_gone() -> None:
    """Members are compared, old list with new, wherever Clever puts the old one."""
    old = {"students": ["u1", "u2", "u3"]}
    for each in (
        event(1, "sections.updated", SECTION, old),
        event(1, "sections.updated", SECTION, previous_attributes=old),
    ):
        found = log([each])

        assert list(found.gone) == [(Kind.enrollment, "x1:u3:student")]
        assert set(found.changed) == {
            (Kind.class_, "x1"),
            (Kind.enrollment, "x1:u1:student"),
            (Kind.enrollment, "x1:u2:student"),
            (Kind.enrollment, "x1:t1:teacher"),
        }


def test_a_key_that_was_not_there_before_had_nobody() -> None:
    """Who joins a section whose members were not told before, joins it; nobody is gone."""
    found = log([event(1, "sections.updated", SECTION, {"students": None})])

    assert found.gone == {}
    assert found.is_whole
    assert (Kind.enrollment, "x1:u1:student") in found.changed


def test_a_deleted_section_takes_its_enrollments() -> None:
    """The last object says what is gone, and what its last change had left out as well."""
    found = log([event(1, "sections.deleted", SECTION, {"students": ["u9"]})])

    assert found.changed == {}
    assert set(found.gone) == {
        (Kind.class_, "x1"),
        (Kind.enrollment, "x1:u1:student"),
        (Kind.enrollment, "x1:u2:student"),
        (Kind.enrollment, "x1:u9:student"),
        (Kind.enrollment, "x1:t1:teacher"),
    }


def test_a_contact_who_lost_a_student_is_a_relationship_gone() -> None:
    """Roles are compared whether the old value is the whole of them or a part."""
    links = [{"student": "u1"}, {"student": "u2"}]
    for old in (
        {"roles": {"contact": {"phone": "1", "student_relationships": links}}},
        {"roles": {"contact": {"student_relationships": links}}},
    ):
        found = log([event(1, "users.updated", CONTACT, old)])

        assert list(found.gone) == [(Kind.relationship, "u2|c1")]
        assert set(found.changed) == {(Kind.user, "c1"), (Kind.relationship, "u1|c1")}


def test_a_role_that_ends_is_no_person_deleted() -> None:
    """Who is no longer teacher but still staff has changed, and is there."""
    now = {"id": "p1", "roles": {"staff": {"schools": ["s1"]}}}
    old = {"roles": {"teacher": {"schools": ["s1"]}, "staff": {"schools": ["s1"]}}}
    found = log([event(1, "users.updated", now, old)])
    user: Any = found.changed[Kind.user, "p1"]

    assert found.gone == {}
    assert [role.role for role in user.roles] == [Role.staff]


def test_only_the_last_word_counts() -> None:
    """What was deleted and came back is there; what came and went is not."""
    course = {"id": "c1", "name": "Algebra"}
    back = log([event(1, "courses.deleted", course), event(2, "courses.created", course)])
    gone = log([event(1, "courses.created", course), event(2, "courses.deleted", course)])

    assert (list(back.changed), list(back.gone)) == ([(Kind.course, "c1")], [])
    assert (list(gone.changed), list(gone.gone)) == ([], [(Kind.course, "c1")])
    assert gone.last_id == "e2"


def test_an_event_counts_once() -> None:
    """A repeated event changes nothing, even after a later one."""
    old, new = {"id": "c1", "name": "Old"}, {"id": "c1", "name": "New"}
    first = event(1, "courses.updated", old)
    found = log([first, event(2, "courses.updated", new), first])
    course: Any = found.changed[Kind.course, "c1"]

    assert course.title == "New"


def test_events_of_other_things_are_passed_over() -> None:
    """Resources and words that are new change nothing, and move the place in the feed."""
    found = log(
        [
            event(1, "resources.created", {"id": "r1"}),
            event(2, "courses.renamed", {"id": "c1"}),
            event(3, "courses", {"id": "c1"}),
        ]
    )

    assert (found.changed, found.gone, found.last_id) == ({}, {}, "e3")


def test_version_2s_events_are_flat_people() -> None:
    """Each of version 2's collections has its own events."""
    admin = {"id": "a1", "name": {"first": "A", "last": "B"}, "schools": ["s1"]}
    found = log([event(1, "schooladmins.created", admin)], version="2.1")
    user: Any = found.changed[Kind.user, "a1"]

    assert user.roles[0].role is Role.staff
    assert log([event(1, "schooladmins.created", admin)]).changed == {}


def test_an_object_that_cannot_be_read_is_said() -> None:
    """A lost change makes the log incomplete, so that a full pull follows."""
    found = log([event(1, "sections.updated", {"id": "x1", "students": "u1"})])

    assert found.is_whole is False
    assert [(i.reason, i.sourced_id, i.position) for i in found.issues] == [
        ("unreadable_record", "x1", None)
    ]


def test_fields_that_cannot_be_read_are_issues() -> None:
    """A field that says nothing leaves the log whole."""
    found = log([event(1, "schools.created", {"id": "s1", "last_modified": "later"})])

    assert found.is_whole
    assert [(i.sourced_id, i.fields) for i in found.issues] == [("s1", ("last_modified",))]


def test_both_places_of_old_values_are_read() -> None:
    """Old values inside data and beside it are put together."""
    both = event(1, "courses.updated", {"id": "c1"}, {"name": "A"}, previous_attributes={"n": 1})

    assert previous_attributes(both) == {"name": "A", "n": 1}


def test_tombstones_hold_the_last_record() -> None:
    """What is gone is handed over as it last was, and not shown."""
    (tombstone,) = log([event(1, "courses.deleted", {"id": "c1", "name": "Old"})]).tombstones()

    assert tombstone.record.title == "Old"
    assert "Old" not in repr(tombstone)


def test_a_repeated_event_does_not_move_the_place_back() -> None:
    """Where a feed ends with events that came before, the newest one stays the place."""
    events = [event(n, "sections.updated", SECTION) for n in (1, 2, 3)]

    assert log([*events, events[0]]).last_id == "e3"
