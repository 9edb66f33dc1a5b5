"""Clever's rows of people, converted."""

from datetime import UTC, date, datetime

import attrs
import pytest
from tests.clever.converting import convert, only

from edlink.clever.convert import convert_row
from edlink.clever.guardians import GuardianRule
from edlink.clever.reading import ConvertSettings
from edlink.model import Address, Demographics, Relationship, RoleAssignment, User
from edlink.vocabulary import IdentifierType, RelationshipKind, Role, Sex


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
