from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.clever.converting import convert, only

from edlink.clever.convert import convert_row
from edlink.clever.reading import ConvertSettings
from edlink.model import AcademicSession, Address, Class, Course, Enrollment, Identifier, Org, User
from edlink.vocabulary import ClassType, EndSemantics, IdentifierType, OrgType, Role, SessionType

ALL = ConvertSettings(keep_metadata=True)


def test_a_district_is_an_org() -> None:
    """A district keeps its registers; empty ones are none."""
    assert convert("districts", "d1").records == (
        Org(
            sourced_id="d1",
            name="Sentinel District",
            type=OrgType.district,
            identifiers=(
                Identifier(type=IdentifierType.nces_id, value="0600001", type_raw="nces_id"),
            ),
        ),
    )


def test_a_school_is_an_org_of_the_district() -> None:
    """A school has its district as parent, grades as codes, and its principal."""
    (school,) = convert("schools", "s1").records

    assert school == Org(
        sourced_id="s1",
        date_last_modified=datetime(2026, 8, 1, 10, tzinfo=UTC),
        name="North",
        type=OrgType.school,
        parent_id="d1",
        identifiers=(
            Identifier(type=IdentifierType.sis_id, value="1", type_raw="sis_id"),
            Identifier(type=IdentifierType.school_number, value="001", type_raw="school_number"),
        ),
        low_grade="KG",
        high_grade="05",
        phone="555-0100",
        address=Address(lines=("1 Main St",), city="Town", state="CA", postal_code="90001"),
        principal_name="Pat Principal",
        principal_email="pat@example.org",
    )


def test_a_terms_last_day_counts() -> None:
    """A term's end becomes the day after, which is said to be assumed."""
    assert convert("terms", "t1").records == (
        AcademicSession(
            sourced_id="t1",
            title="S1",
            type=SessionType.term,
            start_date=date(2026, 8, 15),
            end_date=date(2026, 12, 19),
            end_semantics=EndSemantics.assumed,
            org_id="d1",
        ),
    )


def test_a_term_may_have_no_dates() -> None:
    """Empty and null dates are none, and nothing is unreadable about them."""
    converted = convert("terms", "t2")

    assert isinstance(converted.records[0], AcademicSession)
    assert converted.records[0].start_date is None
    assert converted.unreadable == ()


@pytest.mark.parametrize(
    ("start", "end", "fields"),
    [
        ("2026-12-18", "2026-08-15", ("start_date", "end_date")),
        ("whenever", "2026-08-15", ("start_date",)),
    ],
)
def test_terms_whose_dates_say_nothing_are_kept(
    start: str, end: str, fields: tuple[str, ...]
) -> None:
    """Dates in the wrong order, or that are none, are named and left out."""
    row = {"id": "t9", "start_date": start, "end_date": end}
    converted = convert_row("terms", row, ConvertSettings())

    assert converted.unreadable == fields
    assert converted.records[0].sourced_id == "t9"


def test_a_course_is_the_districts() -> None:
    """A course has its number as code."""
    assert convert("courses", "c1").records == (
        Course(sourced_id="c1", title="Algebra", course_code="ALG1", org_id="d1"),
    )


def test_a_section_is_a_class_and_its_enrollments() -> None:
    """Members become enrollments with composed ids; the section's teacher is the primary one."""
    converted = convert("sections", "x1")

    assert converted.records == (
        Class(
            sourced_id="x1",
            date_last_modified=datetime(2026, 9, 1, 10, tzinfo=UTC),
            title="Algebra - Teach - 1",
            class_code="1A",
            course_id="c1",
            org_id="s1",
            session_ids=("t1",),
            periods=("3",),
            grades=("KG",),
            grades_raw=("Kindergarten",),
            subjects=("math",),
            identifiers=(Identifier(type=IdentifierType.sis_id, value="901", type_raw="sis_id"),),
        ),
        *(
            Enrollment(
                sourced_id=f"x1:{user}:{role}",
                user_id=user,
                class_id="x1",
                org_id="s1",
                role=role,
                role_raw=str(role),
                is_primary=is_primary,
            )
            for user, role, is_primary in (
                ("u01", Role.student, None),
                ("u02", Role.student, None),
                ("u05", Role.teacher, True),
                ("u06", Role.teacher, False),
            )
        ),
    )


def test_a_primary_teacher_outside_the_list_teaches_too() -> None:
    """A section whose teachers are not listed still has its teacher."""
    teachers = [e for e in only(convert("sections", "x2"), Enrollment) if e.role is Role.teacher]

    assert [(e.user_id, e.is_primary) for e in teachers] == [("u06", True)]


def test_only_a_homeroom_shows_its_type() -> None:
    """Clever's subject homeroom/advisory is a homeroom; for others no type is made up."""
    assert only(convert("sections", "x2"), Class)[0].class_type is ClassType.homeroom
    assert only(convert("sections", "x1"), Class)[0].class_type is ClassType.other


def test_without_a_primary_teacher_nobody_is_or_is_not() -> None:
    """Where Clever names no primary teacher, the flag is None."""
    row = {"id": "x9", "teachers": ["u05"], "students": []}
    (enrollment,) = only(convert_row("sections", row, ConvertSettings()), Enrollment)

    assert enrollment.is_primary is None


def test_a_section_without_students_is_a_class() -> None:
    """Clever does not send one; if it did, the class is there and nobody is made up for it."""
    row: dict[str, Any] = {
        "id": "x9",
        "name": "Empty",
        "students": [],
        "teachers": [],
        "teacher": None,
    }
    found = convert_row("sections", row, ConvertSettings()).records

    assert [(type(record), record.sourced_id) for record in found] == [(Class, "x9")]


def test_unreadable_times_are_named() -> None:
    """A time that is none costs the field, not the record."""
    row = {"id": "s9", "last_modified": "later"}
    converted = convert_row("schools", row, ConvertSettings())

    assert converted.unreadable == ("last_modified",)


def test_a_further_field_that_is_nested_too_deep_costs_itself() -> None:
    """What could not be written down later is not kept; the record is, and the Issue names it."""
    deep: object = 1
    for _ in range(33):
        deep = {"in": deep}
    school = convert_row("schools", {"id": "s9", "ext": deep}, ALL)
    row = {"id": "u9", "roles": {"student": {"ext": deep, "school": "s9"}}}
    user = convert_row("users", row, ALL)

    assert [school.unreadable, user.unreadable] == [("ext",), ("ext",)]
    assert only(school, Org)[0].metadata is None
    assert only(user, User)[0].metadata is None


def test_metadata_is_kept_where_asked() -> None:
    """Clever's further fields stand on the record, by role for people."""
    (teacher,) = only(convert("users", "u05", ALL), User)
    (student,) = only(convert("users", "u01", ALL), User)
    (school,) = convert("schools", "s1", ALL).records
    (district,) = convert("districts", "d1", ALL).records

    assert teacher.metadata == {"staff": {"roles": ["Dean"]}}
    assert student.metadata == {"student": {"ext": {"bus": "7"}}}
    assert school.metadata == {"ext": {"color": "blue"}}
    assert district.metadata == {"sis_type": "sftp", "state": "running"}
    assert convert("schools", "s2", ALL).records[0].metadata is None
    assert only(convert("users", "u06", ALL), User)[0].metadata is None
