"""What records lack, found in small rosters made by hand."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from edlink import (
    AcademicSession,
    Class,
    Course,
    Coverage,
    CoverageEntry,
    CoverageState,
    Demographics,
    Enrollment,
    Kind,
    Org,
    OrgType,
    Relationship,
    Role,
    RoleAssignment,
    Roster,
    RosterWarning,
    Severity,
    Source,
    User,
)
from edlink.model import Record
from edlink.oneroster.gaps import find_gaps
from edlink.oneroster.servers import CLASSLINK
from edlink.report import Finding

TODAY = date(2026, 11, 21)


def roster(*records: Record, **facts: Any) -> Roster:  # noqa: ANN401 - Roster's own
    """Return a roster of some records."""
    now = datetime(2026, 11, 21, tzinfo=UTC)
    whole = Coverage(CoverageEntry(kind=kind) for kind in Kind)
    given = {"source": Source("x", "y"), "pulled_at": now, "coverage": whole, **facts}
    return Roster.from_records(records, **given)


def without(kind: Kind, *records: Record) -> Roster:
    """Return a roster of which one collection was not read whole."""
    failed = CoverageState.failed
    entries = (
        CoverageEntry(kind=k, state=failed) if k is kind else CoverageEntry(kind=k) for k in Kind
    )
    return roster(*records, coverage=Coverage(entries))


def person(sourced_id: str, role: Role, **fields: Any) -> User:  # noqa: ANN401 - User's own
    """Return a person with a role at school s1."""
    roles = (RoleAssignment(role=role, org_id="s1"),)
    return User(sourced_id=sourced_id, roles=roles, **fields)


def find(code: str, found: Iterable[Finding]) -> Finding:
    """Return the one finding with a code."""
    (finding,) = [f for f in found if f.code == code]
    return finding


SCHOOL = Org(sourced_id="s1", type=OrgType.school)
ANA, BEN = (person(i, Role.student, grades=("09",)) for i in ("ana", "ben"))


def test_birth_dates_are_a_share_per_school() -> None:
    """One of two students of a school with a birth date is 50 percent, and a warning."""
    known = Demographics(sourced_id="ana", birth_date=date(2012, 3, 4))
    found = find_gaps(roster(SCHOOL, ANA, BEN, known), CLASSLINK, today=TODAY)
    finding = find("EDL-CHECK-111", found)
    assert (finding.org_id, finding.evidence["percent"]) == ("s1", 50.0)
    assert finding.severity is Severity.warning


def test_no_birth_date_at_all_is_a_matter_of_permission() -> None:
    """Where nobody has one, the fix is the switch, not the data entry."""
    found = find_gaps(roster(SCHOOL, ANA, Demographics(sourced_id="ana")), CLASSLINK, today=TODAY)
    assert "switch on Demographics" in find("EDL-CHECK-111", found).fix


def test_demographics_that_are_not_shared_are_no_gap() -> None:
    """Without a single record the collection's own finding says it all."""
    found = find_gaps(without(Kind.demographics, SCHOOL, ANA), CLASSLINK, today=TODAY)
    assert not [f for f in found if f.code == "EDL-CHECK-111"]


def test_no_parents_at_all_is_a_matter_of_permission() -> None:
    """Where no adult is shared, the fix is the switch for them."""
    finding = find("EDL-CHECK-113", find_gaps(roster(SCHOOL, ANA), CLASSLINK, today=TODAY))
    assert "Unenrolled Users" in finding.fix


def test_parents_without_links_are_a_matter_of_the_student_system() -> None:
    """Adults are there, but nobody is linked to them."""
    adult = person("gus", Role.guardian)
    finding = find("EDL-CHECK-113", find_gaps(roster(SCHOOL, ANA, adult), CLASSLINK, today=TODAY))
    assert finding.evidence["parents"] == 1
    assert finding.evidence["linked"] == 0
    assert "link parents" in finding.fix


def test_linked_parents_are_fine() -> None:
    """Every student has a linked adult."""
    link = Relationship(sourced_id="l", student_id="ana", contact_id="gus")
    records = (SCHOOL, ANA, person("gus", Role.guardian), link)
    assert find("EDL-CHECK-113", find_gaps(roster(*records), CLASSLINK, today=TODAY)).is_ok


def test_masked_fields_are_named() -> None:
    """Fields that must not be matched on are an error with the district's step."""
    masked = RosterWarning(code="EDL-WARN-111", message="", distrusts=frozenset({"given_name"}))
    found = find_gaps(roster(SCHOOL, ANA, warnings=(masked,)), CLASSLINK, today=TODAY)
    assert find("EDL-CHECK-114", found).evidence == {"fields": "given_name"}


@pytest.mark.parametrize(
    ("start", "end", "current"),
    [
        (date(2026, 8, 1), date(2026, 12, 20), 1),
        (date(2026, 8, 1), TODAY, 1),
        (TODAY, date(2026, 12, 20), 1),
        (date(2026, 8, 1), date(2026, 11, 20), 0),
        (date(2026, 8, 1), None, 0),
        (None, TODAY, 0),
    ],
)
def test_a_session_covers_its_first_and_its_last_day(
    start: date | None, end: date | None, current: int
) -> None:
    """The last day counts, since many systems send it; a session without dates covers none."""
    session = AcademicSession(sourced_id="t", start_date=start, end_date=end)
    finding = find("EDL-CHECK-115", find_gaps(roster(session), CLASSLINK, today=TODAY))
    assert finding.evidence["current"] == current
    assert finding.is_ok == bool(current)


def test_the_eight_zeros_are_counted() -> None:
    """Each record that hangs in the air is counted under its own code."""
    records = (
        SCHOOL,
        ANA,
        person("noah", Role.student),
        person("tess", Role.teacher),
        person("theo", Role.teacher),
        Course(sourced_id="used"),
        Course(sourced_id="unused"),
        Class(sourced_id="full", course_id="used", periods=("1",)),
        Class(sourced_id="empty", course_id="used"),
        Enrollment(sourced_id="e1", user_id="ana", class_id="full", role=Role.student),
        Enrollment(sourced_id="e2", user_id="tess", class_id="full", role=Role.teacher),
    )
    found = find_gaps(roster(*records), CLASSLINK, today=TODAY)
    counts = {f.code[-3:]: f.evidence["count"] for f in found if "EDL-CHECK-12" in f.code}
    assert counts == {str(number): 1 for number in range(120, 128)}


def test_nothing_is_said_of_nobody() -> None:
    """Where nobody is there, no share is good and no record hangs in the air."""
    found = find_gaps(roster(), CLASSLINK, today=TODAY)
    assert [f.code for f in found] == ["EDL-CHECK-115"]


FULL = (
    SCHOOL,
    ANA,
    person("tess", Role.teacher),
    person("gus", Role.guardian),
    Demographics(sourced_id="ana"),
    Relationship(sourced_id="l", student_id="ana", contact_id="gus"),
    Course(sourced_id="bio"),
    Class(sourced_id="b1", course_id="bio"),
    Enrollment(sourced_id="e", user_id="ana", class_id="b1", role=Role.student),
)


@pytest.mark.parametrize(
    ("kind", "silent"),
    [
        (Kind.org, {111}),
        (Kind.demographics, {111}),
        (Kind.relationship, {113}),
        (Kind.academic_session, {115}),
        (Kind.course, {127}),
        (Kind.class_, {124, 125, 126, 127}),
        (Kind.enrollment, {121, 122, 123, 125, 126}),
        (Kind.user, {111, 112, 113, 120, 121, 122, 123}),
    ],
)
def test_nothing_is_said_of_what_was_not_read_whole(kind: Kind, silent: set[int]) -> None:
    """A collection that failed is no gap of the records that hang on it."""
    whole, part = (
        {int(f.code[-3:]) for f in find_gaps(each, CLASSLINK, today=TODAY)}
        for each in (roster(*FULL), without(kind, *FULL))
    )
    assert whole - part == silent
