import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.clever.conftest import FAST
from tests.clever.replay import TOKEN, Answer, Asked, Clever, Row
from tests.clever.rows import small

from edlink.clever import CleverClient
from edlink.coverage import Issue
from edlink.errors import ConfigError, NotFoundError, PayloadError
from edlink.vocabulary import Role

LISTS: tuple[tuple[Callable[[CleverClient], Iterable[Any]], str, tuple[str, ...]], ...] = (
    (lambda c: c.schools(), "/schools", ("s1", "s2")),
    (lambda c: c.academic_sessions(), "/terms", ("t1", "t2")),
    (lambda c: c.courses(), "/courses", ("c1",)),
    (lambda c: c.classes(), "/sections", ("x1", "x2")),
    (lambda c: c.users(Role.teacher), "/users", ("u05", "u06")),
    (lambda c: c.demographics(), "/users", ("u01", "u02", "u03")),
    (lambda c: c.relationships(), "/users", ("u01|u08", "u02|u08", "u03|u09")),
)


@pytest.mark.parametrize(("ask", "path", "ids"), LISTS)
def test_a_list_yields_its_records(
    clever: Clever,
    client: CleverClient,
    ask: Callable[[CleverClient], Iterable[Any]],
    path: str,
    ids: tuple[str, ...],
) -> None:
    """Each list of the district yields records of the model."""
    assert tuple(record.sourced_id for record in ask(client)) == ids
    assert clever.paths() == [path]


def test_enrollments_come_from_sections(client: CleverClient) -> None:
    """Clever has no list of enrollments; they are in its sections."""
    assert len(list(client.enrollments())) == 6
    assert [e.role for e in client.enrollments_of_class("x2")] == [Role.student, Role.teacher]


ONES: tuple[tuple[Callable[[CleverClient], Any], str], ...] = (
    (lambda c: c.school("s1"), "/schools/s1"),
    (lambda c: c.academic_session("t1"), "/terms/t1"),
    (lambda c: c.course("c1"), "/courses/c1"),
    (lambda c: c.class_("x1"), "/sections/x1"),
    (lambda c: c.user("u01"), "/users/u01"),
    (lambda c: c.district("d1"), "/districts/d1"),
)


@pytest.mark.parametrize(("ask", "path"), ONES)
def test_a_record_is_asked_for_by_id(
    clever: Clever, client: CleverClient, ask: Callable[[CleverClient], Any], path: str
) -> None:
    """One record costs one request, and has the id asked for."""
    assert ask(client).sourced_id == path.rpartition("/")[2]
    assert clever.paths() == [path]


def test_the_district_is_an_org(client: CleverClient) -> None:
    """The token's district is an org like others."""
    assert client.district().name == "Sentinel District"


NESTED: tuple[tuple[Callable[[CleverClient], Any], str, str], ...] = (
    (lambda c: list(c.users_of_school("s1", Role.student)), "/schools/s1/users", "users"),
    (lambda c: list(c.classes_of_school("s1")), "/schools/s1/sections", "sections"),
    (lambda c: list(c.courses_of_school("s1")), "/schools/s1/courses", "courses"),
    (lambda c: list(c.academic_sessions_of_school("s1")), "/schools/s1/terms", "terms"),
    (lambda c: list(c.users_of_class("x1", Role.teacher)), "/sections/x1/users", "users"),
    (lambda c: list(c.schools_of_user("u1")), "/users/u1/schools", "schools"),
    (lambda c: list(c.classes_of_user("u1")), "/users/u1/sections", "sections"),
    (lambda c: list(c.contacts_of_user("u1")), "/users/u1/mycontacts", "users"),
    (lambda c: list(c.students_of_user("u1")), "/users/u1/mystudents", "users"),
    (lambda c: list(c.teachers_of_user("u1")), "/users/u1/myteachers", "users"),
    (lambda c: list(c.classes_of_course("c1")), "/courses/c1/sections", "sections"),
    (lambda c: list(c.schools_of_course("c1")), "/courses/c1/schools", "schools"),
    (lambda c: list(c.classes_of_academic_session("t1")), "/terms/t1/sections", "sections"),
    (lambda c: list(c.schools_of_academic_session("t1")), "/terms/t1/schools", "schools"),
)


@pytest.mark.parametrize(("ask", "path", "collection"), NESTED)
def test_what_belongs_to_a_record_is_listed(
    clever: Clever,
    client: CleverClient,
    ask: Callable[[CleverClient], list[Any]],
    path: str,
    collection: str,
) -> None:
    """Each list below a record is asked for where Clever has it, and read as its rows."""
    row = small()[collection][0]
    clever.fault = lambda _, __: Answer.json({"data": [{"data": row}]})

    assert [record.sourced_id for record in ask(client)] == [row["id"]]
    assert clever.paths() == [path]


SINGLES: tuple[tuple[Callable[[CleverClient], Any], str, str], ...] = (
    (lambda c: c.school_of_class("x1"), "/sections/x1/school", "schools"),
    (lambda c: c.course_of_class("x1"), "/sections/x1/course", "courses"),
    (lambda c: c.academic_session_of_class("x1"), "/sections/x1/term", "terms"),
    (lambda c: c.district_of_class("x1"), "/sections/x1/district", "districts"),
    (lambda c: c.district_of_school("s1"), "/schools/s1/district", "districts"),
    (lambda c: c.district_of_course("c1"), "/courses/c1/district", "districts"),
    (lambda c: c.district_of_academic_session("t1"), "/terms/t1/district", "districts"),
    (lambda c: c.district_of_user("u01"), "/users/u01/district", "districts"),
)


@pytest.mark.parametrize(("ask", "path", "collection"), SINGLES)
def test_what_a_record_has_one_of_is_a_record(
    clever: Clever,
    client: CleverClient,
    ask: Callable[[CleverClient], Any],
    path: str,
    collection: str,
) -> None:
    """A class's school, course and term, and the district of each, are single answers."""
    row = small()[collection][0]
    clever.fault = lambda _, __: Answer.json({"data": row})

    assert ask(client).sourced_id == row["id"]
    assert clever.paths() == [path]


def test_nothing_is_asked_before_the_first_record_is_taken(
    clever: Clever, client: CleverClient
) -> None:
    """A list is lazy, page by page."""
    clever.limit = 1
    users = client.users()

    assert clever.paths() == []
    next(users)
    assert clever.paths() == ["/users"]


def test_version_2_must_be_told_a_role() -> None:
    """Asking for what a version cannot say is refused at once, not at the first record."""
    with CleverClient(TOKEN, version="2.1") as old, pytest.raises(ConfigError):
        old.users()


def test_a_record_that_is_not_there_is_not_found(client: CleverClient) -> None:
    """A deleted or unshared record is NotFoundError."""
    with pytest.raises(NotFoundError):
        client.user("gone")


def test_a_record_that_cannot_be_read_is_an_error(clever: Clever, client: CleverClient) -> None:
    """One record that cannot be modelled is an error, since nothing else is left to return."""
    clever.fault = lambda _, __: Answer.json({"data": {"id": "x1", "students": "u1"}})
    with pytest.raises(PayloadError, match="EDL-PAGE-004"):
        client.class_("x1")


def _spoil(asked: Asked, answer: Answer) -> Answer:
    del asked, answer
    return Answer.json({"data": [{"data": {"id": "c1", "name": ["Sentinel"]}}, {"data": {}}]})


def test_a_host_is_told_of_rows_that_are_left_out(clever: Clever) -> None:
    """The lazy lists hand their issues to the host."""
    told: list[Issue] = []
    clever.fault = _spoil
    with CleverClient(
        TOKEN, base_url=clever.base_url, settings=FAST, on_issue=told.append
    ) as client:
        assert [course.title for course in client.courses()] == [None]

    assert [(issue.reason, issue.set_aside) for issue in told] == [
        ("unreadable_field", False),
        ("no_id", True),
    ]


def test_rows_that_are_left_out_are_logged_without_values(
    clever: Clever, client: CleverClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a host's ear, ids and field names are logged."""
    clever.fault = _spoil
    with caplog.at_level(logging.WARNING, logger="edlink.clever"):
        list(client.courses())

    assert "c1 name" in caplog.text
    assert "Sentinel" not in caplog.text


def test_version_2_knows_the_one_teacher_and_the_one_school(clever: Clever) -> None:
    """The primary teacher of a section and the school of a person have addresses of their own."""
    clever.version = "2.1"
    rows = {"teacher": {"id": "t1", "schools": ["s1"]}, "school": {"id": "s1"}}
    clever.fault = lambda asked, _: Answer.json({"data": rows[asked.path.rpartition("/")[2]]})
    with CleverClient(TOKEN, version="2.1", base_url=clever.base_url, settings=FAST) as client:
        teacher = client.teacher_of_class("x1")
        school = client.school_of_user("t1", Role.teacher)

    assert (teacher.roles[0].role, school.sourced_id) == (Role.teacher, "s1")
    assert clever.paths() == ["/sections/x1/teacher", "/teachers/t1/school"]


def test_primary_schools_and_people_can_be_asked_for(clever: Clever, client: CleverClient) -> None:
    """Version 3 lists everybody at a school, unless only the primary ones are wanted."""
    clever.fault = lambda _, __: Answer.json({"data": []})
    list(client.users_of_school("s1", primary=True))
    list(client.schools_of_user("u01", primary=True))

    assert [asked.params["primary"] for asked in clever.asked] == ["true", "true"]


def event(number: int, type_: str, value: Row, **beside: object) -> Row:
    return {"id": f"e{number}", "type": type_, "data": {"object": value}, **beside}


COURSE = {"id": "c1", "name": "Botany"}
EVENTS = [
    event(1, "courses.created", COURSE, created="2026-09-02T03:00:00.000Z"),
    event(
        2,
        "sections.updated",
        {"id": "x1", "students": []},
        previous_attributes={"students": ["u01"]},
    ),
    event(3, "courses.deleted", COURSE),
    event(4, "resources.created", {"id": "r1"}),
]


def test_events_are_listed_page_by_page(clever: Clever, client: CleverClient) -> None:
    """Each says what it is about, what is new, and what is gone."""
    clever.rows["events"], clever.limit = EVENTS, 2
    events = client.events(after="e0")
    asked_before = clever.paths()
    found = [(e.sourced_id, e.what, e.action, ids(e.changed), ids(e.gone)) for e in events]

    assert asked_before == []
    assert found == [
        ("e1", "courses", "created", ["c1"], []),
        ("e2", "sections", "updated", ["x1"], ["x1:u01:student"]),
        ("e3", "courses", "deleted", [], ["c1"]),
        ("e4", "resources", "created", [], []),
    ]
    assert clever.paths() == ["/events", "/events"]


def test_events_can_be_narrowed(clever: Clever, client: CleverClient) -> None:
    """A school and kinds of record are asked for in Clever's words."""
    clever.rows["events"] = EVENTS
    next(client.events(record_types=["courses"], school_id="s1"))

    assert (clever.asked[0].params["record_type"], clever.asked[0].params["school"]) == (
        "courses",
        "s1",
    )


def test_an_event_is_asked_for_by_id(clever: Clever, client: CleverClient) -> None:
    """One event costs one request, and knows when it was made."""
    clever.rows["events"] = EVENTS

    assert client.event("e1").created == datetime(2026, 9, 2, 3, tzinfo=UTC)
    assert "Botany" not in repr(client.event("e1"))


def test_an_event_that_cannot_be_read_is_told(clever: Clever) -> None:
    """The list goes on without it, and asking for it alone is an error."""
    told: list[Issue] = []
    clever.rows["events"] = [
        {"id": "e1", "type": "courses.created", "data": {}},
        event(2, "courses.created", {"id": "c1", "name": {}}),
    ]
    with CleverClient(
        TOKEN, base_url=clever.base_url, settings=FAST, on_issue=told.append
    ) as client:
        assert [e.sourced_id for e in client.events()] == ["e2"]
        with pytest.raises(PayloadError, match="EDL-PAGE-004"):
            client.event("e1")

    assert [issue.fields for issue in told] == [("data.object",), ("name",), ("data.object",)]


def ids(records: Iterable[Any]) -> list[str]:
    return [record.sourced_id for record in records]
