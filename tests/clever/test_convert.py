from datetime import UTC, date, datetime
from typing import Any

import attrs
import pytest
from tests.clever.rows import small

from edlink.clever.convert import Converted, convert_row
from edlink.clever.guardians import GuardianRule
from edlink.clever.reading import ConvertSettings
from edlink.clever.wire import Collection
from edlink.model import (
    AcademicSession,
    Address,
    Class,
    Course,
    Demographics,
    Enrollment,
    Identifier,
    Org,
    Relationship,
    RoleAssignment,
    User,
)
from edlink.vocabulary import (
    ClassType,
    EndSemantics,
    IdentifierType,
    OrgType,
    RelationshipKind,
    Role,
    SessionType,
    Sex,
)

ALL = ConvertSettings(keep_metadata=True)


def convert(
    collection: Collection, sourced_id: str, settings: ConvertSettings | None = None
) -> Converted:
    row = next(row for row in small()[collection] if row["id"] == sourced_id)
    return convert_row(collection, row, settings or ConvertSettings())


def only(converted: Converted, kind: type[Any]) -> list[Any]:
    return [record for record in converted.records if isinstance(record, kind)]


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


def test_a_student_is_a_user_at_each_school() -> None:
    """A student has one assignment a school, the primary marked, dated where Clever dates it."""
    (user,) = only(convert("users", "u01"), User)

    assert user.roles == (
        RoleAssignment(role=Role.student, role_raw="student", org_id="s2", is_primary=False),
        RoleAssignment(
            role=Role.student,
            role_raw="student",
            org_id="s1",
            is_primary=True,
            begin_date=date(2026, 8, 15),
            end_date=date(2027, 6, 2),
        ),
    )
    assert user.primary_org_id == "s1"
    assert user.primary_org_is_guess is False
    assert (user.given_name, user.middle_name, user.family_name) == ("Sam", "Q", "Sentinel")
    assert user.preferred_given_name == "Sammy"
    assert user.username == "sams"
    assert user.grades == ("03",)
    assert user.grades_raw == ("3",)
    assert user.graduation_year == "2036"
    assert user.address == Address(postal_code="90002")
    assert user.date_created == datetime(2026, 8, 1, 10, tzinfo=UTC)


def test_identifiers_say_which_role_they_are_of() -> None:
    """Each role's registers are kept, old ids of version 2 among them."""
    (user,) = only(convert("users", "u05"), User)

    assert [(i.type, i.value, i.type_raw) for i in user.identifiers] == [
        (IdentifierType.sis_id, "201", "teacher"),
        (IdentifierType.teacher_number, "T-201", "teacher"),
        (IdentifierType.legacy_id, "old-teacher", "teacher"),
        (IdentifierType.staff_id, "A-7", "staff"),
        (IdentifierType.legacy_id, "old-staff", "staff"),
    ]


def test_a_person_has_all_roles() -> None:
    """A teacher who is also staff is one user with both."""
    (user,) = only(convert("users", "u05"), User)

    assert [(r.role, r.title, r.department, r.is_primary) for r in user.roles] == [
        (Role.teacher, "Math", None, True),
        (Role.staff, "Dean", "Office", None),
    ]


def test_a_role_that_is_null_is_not_held() -> None:
    """Clever may send a role's key with null."""
    (user,) = only(convert("users", "u02"), User)

    assert {r.role for r in user.roles} == {Role.student}


def test_the_only_school_is_a_guess_at_the_primary_one() -> None:
    """A teacher without a primary school but with one school is said to guess."""
    (user,) = only(convert("users", "u06"), User)

    assert user.primary_org_id == "s2"
    assert user.primary_org_is_guess is True


def test_several_schools_and_no_primary_is_no_guess() -> None:
    """Where there is a choice and Clever does not make it, neither do we."""
    row = {"id": "u99", "roles": {"staff": {"schools": ["s1", "s2"]}}}
    (user,) = only(convert_row("users", row, ConvertSettings()), User)

    assert user.primary_org_id is None
    assert user.primary_org_is_guess is False


def test_a_role_without_a_school_is_still_held() -> None:
    """Staff of no school keep the role, at no org."""
    row = {"id": "u99", "roles": {"staff": {"schools": []}}}
    (user,) = only(convert_row("users", row, ConvertSettings()), User)

    assert user.roles == (RoleAssignment(role=Role.staff, role_raw="staff"),)


def test_a_district_admin_is_at_the_district() -> None:
    """A district admin is an administrator of the whole district."""
    (user,) = only(convert("users", "u07"), User)

    assert [(r.role, r.role_raw, r.org_id) for r in user.roles] == [
        (Role.administrator, "district_admin", "d1")
    ]
    assert user.primary_org_id == "d1"


def test_a_person_without_roles_or_name_is_kept() -> None:
    """Nothing but an id is required of a person."""
    converted = convert_row("users", {"id": "u99", "name": None}, ConvertSettings())

    assert converted.records == (User(sourced_id="u99"),)


def test_a_contacts_whole_name_is_not_split() -> None:
    """A whole name is the display name, and stands as family name for matching."""
    (user,) = only(convert("users", "u08"), User)

    assert user.given_name is None
    assert user.family_name == user.display_name == "Gale Sentinel"
    assert user.phone == "1-(330) 280-1898"
    assert user.primary_org_id is None


def test_a_contact_with_a_first_name_has_a_name_like_others() -> None:
    """Where Clever sends first and last, nothing is a whole name."""
    (user,) = only(convert("users", "u09"), User)

    assert (user.given_name, user.family_name, user.display_name) == ("Nan", "Other", None)


def test_relationships_are_told_once_per_student() -> None:
    """Of several rows of a student the closest counts, and an emergency contact stays one."""
    links = only(convert("users", "u08"), Relationship)

    assert links == [
        Relationship(
            sourced_id="u01|u08",
            student_id="u01",
            contact_id="u08",
            kind=RelationshipKind.guardian,
            kind_raw="Other",
            contact_type_raw="Parent/Guardian",
            is_emergency_contact=True,
        ),
        Relationship(
            sourced_id="u02|u08",
            student_id="u02",
            contact_id="u08",
            kind=RelationshipKind.unknown,
            kind_raw="Parent",
            contact_type_raw="Secondary",
        ),
    ]


def test_a_relationship_without_a_student_is_named() -> None:
    """A row that names no student costs itself, not the contact."""
    converted = convert("users", "u09")

    assert converted.unreadable == ("student_relationships.student",)
    assert [r.kind for r in only(converted, Relationship)] == [RelationshipKind.grandparent]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"relationship": "Parent", "type": "Primary"}, RelationshipKind.parent),
        ({"relationship": "Self", "type": "Parent/Guardian"}, RelationshipKind.self_),
        ({"relationship": "Sibling", "type": "Emergency"}, RelationshipKind.sibling),
        ({"relationship": "Other", "type": "Emergency"}, RelationshipKind.emergency),
        ({"relationship": "Parent", "type": "Emergency"}, RelationshipKind.emergency),
        ({"relationship": "Other", "type": "Family"}, RelationshipKind.unknown),
        ({}, RelationshipKind.unknown),
    ],
)
def test_a_kind_is_parent_or_guardian_only_where_the_rule_accepts(
    row: dict[str, str], kind: RelationshipKind
) -> None:
    """The rule decides over parents and guardians; other words stand for themselves."""
    contact = {"student_relationships": [{"student": "u01", **row}]}
    converted = convert_row("users", {"id": "u", "roles": {"contact": contact}}, ConvertSettings())

    assert only(converted, Relationship)[0].kind is kind


def test_a_hosts_rule_makes_guardians() -> None:
    """With a rule that accepts Family, a Family contact is a guardian in role and kind."""
    settings = ConvertSettings(guardians=GuardianRule(accepted_types={"Family"}))
    contact = {"student_relationships": [{"student": "u1", "type": "Family"}]}
    converted = convert_row("users", {"id": "u", "roles": {"contact": contact}}, settings)

    assert only(converted, User)[0].roles[0].role is Role.guardian
    assert only(converted, Relationship)[0].kind is RelationshipKind.guardian


def test_demographics_are_a_students() -> None:
    """What Clever says of a student, in every version, is kept apart from the user."""
    assert only(convert("users", "u01"), Demographics) == [
        Demographics(
            sourced_id="u01",
            birth_date=date(2018, 2, 11),
            sex=Sex.other,
            sex_raw="X",
            asian=True,
            race_raw="Asian",
            hispanic_or_latino_ethnicity=False,
            home_language="Spanish",
            home_language_code="spa",
            ell_status="Y",
            frl_status="Free",
            disability_status="Y",
            disability_code="aut",
        )
    ]
    assert only(convert("users", "u05"), Demographics) == []


@pytest.mark.parametrize("dob", ["2/11/1900", "01/01/0001", "2/11/1604", "2/11/2107"])
def test_a_placeholder_is_no_birth_date(dob: str) -> None:
    """A year in which nobody on a roster was born says nothing; an Issue names the field."""
    row = {"id": "u", "roles": {"student": {"dob": dob}}}
    converted = convert_row("users", row, ConvertSettings())
    known = converted.records[1]
    assert known == Demographics(sourced_id="u", birth_date_raw=dob)
    assert converted.unreadable == ("dob",)


def test_a_birth_date_that_is_none_is_kept_raw() -> None:
    """What was sent in place of a birth date is kept beside it."""
    (found,) = only(convert("users", "u02"), Demographics)

    assert found == Demographics(sourced_id="u02", birth_date_raw="soon")


def test_unreadable_times_are_named() -> None:
    """A time that is none costs the field, not the record."""
    row = {"id": "s9", "last_modified": "later"}
    converted = convert_row("schools", row, ConvertSettings())

    assert converted.unreadable == ("last_modified",)


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


def test_version_2s_flat_people_are_the_same_people() -> None:
    """A flat contact, with one relationship for all its students, is the contact of version 3."""
    flat = {
        "id": "old",
        "district": "d1",
        "name": "Gale Sentinel",
        "email": "gale@example.org",
        "phone": "555",
        "students": ["u1", "u2"],
        "relationship": "Parent",
        "type": "Primary",
    }
    converted = convert_row("contacts", flat, ConvertSettings())
    user, *links = converted.records

    assert isinstance(user, User)
    assert user.display_name == "Gale Sentinel"
    assert user.roles[0].role is Role.guardian
    assert [link.sourced_id for link in links] == ["u1|old", "u2|old"]


def test_no_record_shows_a_person() -> None:
    """The repr of everything that a student becomes holds nothing of the student."""
    text = repr([attrs.evolve(r) for r in convert("users", "u01").records])

    assert not [word for word in ("Sentinel", "Sam", "101", "2018", "Asian") if word in text]
