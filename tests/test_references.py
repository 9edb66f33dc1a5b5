"""References that lead nowhere are told, and their records are kept."""

import pytest
from tests.rosters import district, enrolled, linked

from edlink.coverage import Coverage, CoverageEntry, Scope
from edlink.model import AcademicSession, Class, Course, Demographics, Org, Record, User
from edlink.references import REFERENCES, check_references
from edlink.vocabulary import CoverageState, Kind, Role

DANGLING: list[tuple[Record, str]] = [
    (Org(sourced_id="x", parent_id="ghost"), "parent_id"),
    (AcademicSession(sourced_id="x", parent_id="ghost"), "parent_id"),
    (Course(sourced_id="x", org_id="ghost"), "org_id"),
    (Course(sourced_id="x", school_year_id="ghost"), "school_year_id"),
    (Class(sourced_id="x", course_id="ghost"), "course_id"),
    (Class(sourced_id="x", org_id="ghost"), "org_id"),
    (Class(sourced_id="x", session_ids=("fall", "ghost")), "session_ids"),
    (User(sourced_id="x", primary_org_id="ghost"), "primary_org_id"),
    (enrolled("ghost", "m1", Role.student), "user_id"),
    (enrolled("ana", "ghost", Role.student), "class_id"),
    (enrolled("ana", "m2", Role.student, "ghost"), "org_id"),
    (linked("ghost", "mum"), "student_id"),
    (linked("ana", "ghost"), "contact_id"),
    (Demographics(sourced_id="ghost"), "sourced_id"),
]


def test_a_whole_district_has_no_loose_ends() -> None:
    """Where every reference leads to a record there is nothing to tell."""
    assert check_references(district()) == district()


@pytest.mark.parametrize(("record", "field"), DANGLING)
def test_a_reference_that_leads_nowhere_is_an_issue(record: Record, field: str) -> None:
    """The record is kept; an Issue names it and the field, and a warning counts."""
    roster = check_references(district(record))
    (issue,) = roster.issues
    (warning,) = roster.warnings
    assert (issue.reason, issue.sourced_id, issue.fields) == (
        "dangling_reference",
        record.sourced_id,
        (field,),
    )
    assert not issue.set_aside
    assert (warning.code, warning.count, warning.ids) == ("EDL-WARN-001", 1, (record.sourced_id,))
    assert roster.get(issue.kind, record.sourced_id) == record


def test_every_reference_of_the_table_is_tried() -> None:
    """The cases above cover the whole table."""
    assert {(type(record).__name__, field) for record, field in DANGLING} == {
        ({"class": "Class", "academic_session": "AcademicSession"}.get(kind, kind.title()), field)
        for kind, field, _ in REFERENCES
    }


def test_many_loose_ends_are_one_warning_with_a_few_examples() -> None:
    """The warning of a field counts all and names five."""
    courses = [Course(sourced_id=f"x{i}", org_id="ghost") for i in range(7)]
    (warning,) = check_references(district(*courses)).warnings
    assert (warning.count, warning.ids) == (7, ("x0", "x1", "x2", "x3", "x4"))


@pytest.mark.parametrize("state", [s for s in CoverageState if s is not CoverageState.complete])
def test_a_kind_that_was_not_read_whole_is_not_looked_for(state: CoverageState) -> None:
    """A reference into what was withheld, failed or excluded is no fault."""
    coverage = Coverage(
        CoverageEntry(kind=kind, state=state if kind is Kind.org else CoverageState.complete)
        for kind in Kind
    )
    roster = check_references(district(Course(sourced_id="x", org_id="ghost"), coverage=coverage))
    assert roster.issues == ()


def test_an_org_outside_the_scope_is_not_missed() -> None:
    """A reference to an org that nobody asked for is no fault."""
    scope = Scope(exclude_orgs={"ghost"})
    roster = check_references(district(Course(sourced_id="x", org_id="ghost"), scope=scope))
    assert roster.issues == ()
