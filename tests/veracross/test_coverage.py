"""What is not known where a list, a row or a permission is missing."""

import pytest
from tests.veracross.conftest import MakeClient
from tests.veracross.school import Row, School, people

from edlink.coverage import Coverage
from edlink.veracross import SCOPES
from edlink.vocabulary import CoverageState, Kind, Role

KNOWN = (Role.student, Role.teacher, Role.staff, Role.guardian)


def test_a_missing_scope_withholds_its_list(school: School, make_client: MakeClient) -> None:
    """What the school has not opened is withheld, not gone; the rest is complete."""
    school.hidden = frozenset({"relationships:list"})
    school.rows["/staff_faculty"] = people(1, first=90)
    roster = make_client().pull_roster()
    assert roster.coverage.state(Kind.relationship) is CoverageState.withheld
    assert roster.coverage.state(Kind.user) is CoverageState.complete
    assert "EDL-WARN-701" in {warning.code for warning in roster.warnings}


def test_a_list_that_was_not_asked_for_is_withheld(school: School, make_client: MakeClient) -> None:
    """What no scope was asked for is not known."""
    roster = make_client(scopes=["students:list"]).pull_roster()
    entry = roster.coverage.entry(Kind.enrollment)
    assert entry is not None
    assert (entry.state, entry.reason) == (CoverageState.withheld, "scope_not_asked")
    assert {asked.path for asked in school.asked} == {"/students"}


def test_an_empty_list_is_not_complete(make_client: MakeClient) -> None:
    """Nothing at all is how a lost permission looks, so it removes nothing."""
    roster = make_client().pull_roster()
    entry = roster.coverage.entry(Kind.class_)
    assert entry is not None
    assert (entry.state, entry.reason) == (CoverageState.withheld, "empty")


def test_parents_withheld_leave_a_campus_known(school: School, make_client: MakeClient) -> None:
    """On a campus are students and staff; without parents only the school itself is not known."""
    school.hidden = frozenset({"parents:list"})
    campus = {"campus": {"id": 3, "description": "North"}}
    school.rows["/students"] = [{**row, **campus} for row in people(2)]
    school.rows["/staff_faculty"] = [{**row, "campus": 3} for row in people(1, first=90)]
    coverage = make_client().pull_roster().coverage
    assert coverage.is_complete(Kind.user, "campus:3")
    assert not coverage.is_complete(Kind.user, "lakeside")


def test_staff_withheld_leave_students_and_parents_known(
    school: School, make_client: MakeClient
) -> None:
    """What is known of people in a role is told where it is not known of all."""
    school.hidden = frozenset({"staff_faculty:list"})
    coverage = make_client().pull_roster().coverage
    known = {role: coverage.is_complete(Kind.user, role=role) for role in (None, *KNOWN)}
    assert known == {
        None: False,
        Role.student: True,
        Role.teacher: False,
        Role.staff: False,
        Role.guardian: True,
    }


def _told_in_classes(coverage: Coverage) -> set[Role]:
    roles = (Role.student, Role.teacher, Role.staff, Role.other)
    return {role for role in roles if coverage.is_complete(Kind.enrollment, role=role)}


@pytest.mark.parametrize("is_hidden", [True, False])
def test_permissions_that_do_not_come_leave_teachers_in_classes_unknown(
    school: School, make_client: MakeClient, is_hidden: bool
) -> None:
    """Refused or empty, they may hide who teaches; who learns in a class is known all the same."""
    school.rows["/academics/classes"] = [{"id": 5, "primary_teacher_id": 90}]
    school.rows["/academics/enrollments"] = [{"id": 1, "internal_class_id": 5, "person_id": 1}]
    permissions = "academics.permissions:list"
    everybody = {Role.student, Role.teacher, Role.staff, Role.other}
    assert _told_in_classes(make_client().pull_roster().coverage) == everybody
    school.hidden = frozenset({permissions} if is_hidden else ())
    coverage = make_client(scopes=[*SCOPES, permissions]).pull_roster().coverage
    assert _told_in_classes(coverage) == {Role.student}
    assert coverage.is_complete(Kind.enrollment)


def test_without_enrollments_permissions_make_nothing_better(
    school: School, make_client: MakeClient
) -> None:
    """Where enrollments are empty too, nobody at all leaves a class."""
    school.rows["/academics/classes"] = [{"id": 5, "primary_teacher_id": 90}]
    coverage = make_client(scopes=[*SCOPES, "academics.permissions:list"]).pull_roster().coverage
    assert _told_in_classes(coverage) == set()


@pytest.mark.parametrize(
    ("path", "row", "kind"),
    [
        ("/academics/enrollments", {"internal_class_id": 5, "person_id": None}, Kind.enrollment),
        ("/academics/enrollments", {"internal_class_id": None, "person_id": 1}, Kind.enrollment),
        ("/relationships", {"person_id": None, "related_person_id": 50}, Kind.relationship),
        ("/relationships", {"person_id": 1, "related_person_id": None}, Kind.relationship),
        ("/academics/permissions", {"class": {"id": 5}, "person": None}, Kind.enrollment),
        ("/academics/permissions", {"class": None, "person": {"id": 90}}, Kind.enrollment),
    ],
)
def test_a_row_without_what_it_connects_is_set_aside(
    school: School, make_client: MakeClient, path: str, row: Row, kind: Kind
) -> None:
    """A null where a person or class belongs says nothing, and an Issue says so."""
    school.rows[path] = [{"id": 71, **row}]
    roster = make_client(scopes=[*SCOPES, "academics.permissions:list"]).pull_roster()
    (issue,) = roster.issues
    assert (issue.kind, issue.sourced_id, issue.set_aside) == (kind, "71", True)
    assert not list(roster.records(kind))


LINK = {"person_id": 1, "related_person_id": 50}


@pytest.mark.parametrize("end", LINK)
def test_an_incomplete_relationship_leaves_one_person_in_doubt(
    school: School, make_client: MakeClient, end: str
) -> None:
    """Of whom the row still says it is, no link is known as gone; the others are known whole."""
    row = {"person_id": 2, "related_person_id": 51, end: None}
    school.rows["/relationships"] = [{"id": 71, **LINK}, {"id": 72, **row}]
    roster = make_client().pull_roster()
    known = {"person_id": "51", "related_person_id": "2"}[end]
    assert roster.coverage.is_complete(Kind.relationship)
    assert roster.coverage.untold_people == {(Kind.relationship, known)}
    assert "EDL-WARN-707" not in {w.code for w in roster.warnings if w.kind is Kind.relationship}


def test_a_relationship_of_nobody_may_be_any(school: School, make_client: MakeClient) -> None:
    """Links have ids of two people, so a row that names neither leaves no link known as gone."""
    row = dict.fromkeys(LINK)
    school.rows["/relationships"] = [{"id": 71, **LINK}, {"id": 72, **row}]
    entry = make_client().pull_roster().coverage.entry(Kind.relationship)
    assert entry is not None
    assert (entry.state, entry.reason) == (CoverageState.failed, "rows_set_aside")


@pytest.mark.parametrize(
    "incomplete", [{"person_id": 1}, {"related_person_id": 50}, {"person_id": None}]
)
def test_an_incomplete_relationship_takes_no_flag(
    school: School, make_client: MakeClient, incomplete: Row
) -> None:
    """A link that only the adult's row says waits while the student's may be the incomplete one."""
    row = {"id": 72, "person_id": 50, "related_person_id": 1}
    school.rows["/relationships"] = [{"id": 71, **incomplete}, row]
    roster = make_client().pull_roster()
    aside = {issue.sourced_id for issue in roster.issues if issue.set_aside}
    assert (roster.relationships, aside) == ((), {"71", "1|50"})


@pytest.mark.parametrize(
    ("ends", "classes", "people"),
    [
        ({"class": {"id": 5}, "person": None}, {"5"}, set()),
        ({"class": {"id": None}, "person": {"id": 90}}, set(), {(Kind.enrollment, "90")}),
    ],
)
def test_an_incomplete_permission_leaves_one_class_or_person_in_doubt(
    school: School,
    make_client: MakeClient,
    ends: Row,
    classes: set[str],
    people: set[tuple[Kind, str]],
) -> None:
    """Nobody leaves the class, or the person no class; what the other classes say is known."""
    school.rows["/academics/classes"] = [{"id": 5, "primary_teacher_id": 90}, {"id": 6}]
    school.rows["/academics/enrollments"] = [{"id": 1, "internal_class_id": 5, "person_id": 1}]
    whole = {"id": 70, "class": {"id": 6}, "person": {"id": 90}}
    school.rows["/academics/permissions"] = [whole, {"id": 71, **ends}]
    roster = make_client(scopes=[*SCOPES, "academics.permissions:list"]).pull_roster()
    assert roster.coverage.is_complete(Kind.enrollment)
    assert roster.coverage.untold_classes == classes
    assert roster.coverage.untold_people == people
    said = {w.message.split()[0] for w in roster.warnings if w.code == "EDL-WARN-707"}
    assert "academics/permissions" not in said


def test_a_permission_of_nobody_may_be_any(school: School, make_client: MakeClient) -> None:
    """Enrollments have ids of class and person, so a row with neither leaves none as gone."""
    school.rows["/academics/classes"] = [{"id": 5, "primary_teacher_id": 90}]
    school.rows["/academics/enrollments"] = [{"id": 1, "internal_class_id": 5, "person_id": 1}]
    whole = {"id": 70, "class": {"id": 5}, "person": {"id": 91}}
    school.rows["/academics/permissions"] = [whole, {"id": 71}]
    roster = make_client(scopes=[*SCOPES, "academics.permissions:list"]).pull_roster()
    assert roster.coverage.state(Kind.enrollment, role=Role.teacher) is CoverageState.failed


FURTHER = {
    "contact_info": (Kind.user, "phone"),
    "households": (Kind.user, "address"),
    "academics/class_schedules": (Kind.class_, "session_ids"),
    "academics/classes": (Kind.user, "roles"),
    "academics/permissions": (Kind.user, "roles"),
}


def _distrusted(make_client: MakeClient, name: str) -> set[tuple[Kind | None, str]]:
    scope = name.replace("/", ".") + ":list"
    warnings = make_client(scopes=sorted({*SCOPES, scope})).pull_roster().warnings
    said = [w for w in warnings if w.code == "EDL-WARN-707" and w.message.startswith(name)]
    return {(warning.kind, field) for warning in said for field in warning.distrusts}


@pytest.mark.parametrize("name", FURTHER)
def test_fields_of_a_list_that_is_refused_are_distrusted(
    school: School, make_client: MakeClient, name: str
) -> None:
    """A list that is refused leaves fields of other records unknown, which is not empty."""
    school.hidden = frozenset({name.replace("/", ".") + ":list"})
    assert FURTHER[name] in _distrusted(make_client, name)


@pytest.mark.parametrize("name", FURTHER)
def test_an_empty_list_leaves_unknown_what_it_alone_fills(
    make_client: MakeClient, name: str
) -> None:
    """A list may have lost its rows, but a school without classes still tells everybody's roles."""
    is_distrusted = FURTHER[name] in _distrusted(make_client, name)
    assert is_distrusted is (name not in {"academics/classes", "academics/permissions"})


def test_without_permissions_co_teachers_are_said_to_be_unknown(
    school: School, make_client: MakeClient
) -> None:
    """A roster that cannot hold co-teachers warns of it."""
    school.rows["/academics/classes"] = [{"id": 5, "primary_teacher_id": 90}]
    roster = make_client().pull_roster()
    assert "EDL-WARN-704" in {warning.code for warning in roster.warnings}
    assert [e.role for e in roster.enrollments_of_class("5")] == [Role.teacher]


def test_without_schedules_periods_of_classes_are_said_to_be_unknown(
    school: School, make_client: MakeClient
) -> None:
    """A class is in its school year where its schedule is not asked for, and the roster says so."""
    school.rows["/academics/classes"] = [{"id": 5, "school_year": 2026}]
    roster = make_client().pull_roster()
    assert "EDL-WARN-706" in {warning.code for warning in roster.warnings}
    assert roster.classes[0].session_ids == ("year:2026",)
    assert roster.coverage.is_complete(Kind.class_)


def test_schedules_that_are_refused_withhold_the_classes(
    school: School, make_client: MakeClient
) -> None:
    """A scope lost since leaves the terms of classes unknown, so that nothing of them is gone."""
    scope = "academics.class_schedules:list"
    school.rows["/academics/classes"] = [{"id": 5, "school_year": 2026}]
    school.hidden = frozenset({scope})
    roster = make_client(scopes=[*SCOPES, scope]).pull_roster()
    assert roster.coverage.state(Kind.class_) is CoverageState.withheld
    assert [w.message for w in roster.warnings if w.code == "EDL-WARN-701"] == [
        "academics/class_schedules is withheld (EDL-HTTP-002)"
    ]


def test_missing_value_lists_are_said(school: School, make_client: MakeClient) -> None:
    """Without its value lists a list's ids stand for themselves, and the roster warns of it."""
    items = [{"id": "24", "description": "Grade 4"}]
    school.rows["/students"][0]["grade_level"] = 24
    said = {w.code: w.distrusts for w in make_client().pull_roster().warnings}
    school.lists["/students"] = [{"fields": ["grade_level"], "items": items}]
    roster = make_client().pull_roster()
    assert said["EDL-WARN-705"] == {"grades", "grades_raw", "homeroom"}
    assert "EDL-WARN-705" not in {w.code for w in roster.warnings}
    assert roster.users[0].grades == ("04",)
