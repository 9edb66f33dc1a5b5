"""
The common roster model: what every provider's data become.

Field names are OneRoster 1.2's in snake_case.  Fields that end in ``_id`` hold sourced ids of
the same source, byte-exact.  A record's key is (source, kind, sourced_id).  Records are frozen
values: they hold no client and load nothing later.  Fields that can hold a person's data are
left out of ``repr``.

Every record has:

- ``sourced_id``: the provider's id, or one composed of ids where the provider has none.
- ``status``: deleted only where the provider itself marks the record so.
- ``date_last_modified``: as the provider says, in UTC, or None.
- ``metadata``: the provider's further fields as JSON values, only where the client was asked
  to keep them, else None.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import attrs

from edlink.vocabulary import (
    ClassType,
    EndSemantics,
    IdentifierType,
    Kind,
    OrgType,
    RelationshipKind,
    Role,
    SessionType,
    Sex,
    Status,
)


def private(default: Any = None) -> Any:  # noqa: ANN401 - stands for any attrs field
    """Return an attrs field with a default that ``repr`` never shows."""
    return attrs.field(default=default, repr=False)


@attrs.frozen(kw_only=True)
class Identifier:
    """A further identifier: which register, the provider's word for it, the value."""

    type: IdentifierType
    value: str = attrs.field(repr=False)
    type_raw: str | None = None


@attrs.frozen(kw_only=True)
class Address:
    """A postal address; every part may be missing."""

    lines: tuple[str, ...] = private(())
    city: str | None = private()
    state: str | None = private()
    postal_code: str | None = private()
    country: str | None = private()
    latitude: str | None = private()
    longitude: str | None = private()


@attrs.frozen(kw_only=True)
class RoleAssignment:
    """
    What a person is at one org.

    ``begin_date`` is inclusive and ``end_date`` exclusive (OneRoster 1.2 RoleDType).  ``title`` and
    ``department`` are what the provider says of a job.  ``sourced_id`` is the assignment's own id,
    which only OneRoster's roles.csv has.
    """

    role: Role
    role_raw: str | None = None
    org_id: str | None = None
    is_primary: bool | None = None
    begin_date: date | None = None
    end_date: date | None = None
    title: str | None = private()
    department: str | None = private()
    user_profile_id: str | None = private()
    sourced_id: str | None = None


@attrs.frozen(kw_only=True)
class Org:
    """A district, school or other unit."""

    sourced_id: str
    status: Status = Status.active
    date_last_modified: datetime | None = None
    name: str | None = None
    type: OrgType = OrgType.other
    type_raw: str | None = None
    parent_id: str | None = None
    child_ids: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    low_grade: str | None = None
    high_grade: str | None = None
    phone: str | None = private()
    address: Address | None = private()
    principal_name: str | None = private()
    principal_email: str | None = private()
    metadata: Mapping[str, Any] | None = private()


@attrs.frozen(kw_only=True)
class AcademicSession:
    """
    A school year, term or smaller part of one.

    Dates are half-open: ``start_date`` is in, ``end_date`` is the first day after.
    ``end_semantics`` says how sure that is.  ``school_year`` is the calendar year in which the
    school year ends.
    """

    sourced_id: str
    status: Status = Status.active
    date_last_modified: datetime | None = None
    title: str | None = None
    abbreviation: str | None = None
    type: SessionType = SessionType.other
    type_raw: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    end_semantics: EndSemantics = EndSemantics.assumed
    parent_id: str | None = None
    child_ids: tuple[str, ...] = ()
    school_year: int | None = None
    org_id: str | None = None
    metadata: Mapping[str, Any] | None = private()


@attrs.frozen(kw_only=True)
class Course:
    """A course of study; classes are its instances."""

    sourced_id: str
    status: Status = Status.active
    date_last_modified: datetime | None = None
    title: str | None = None
    course_code: str | None = None
    school_year_id: str | None = None
    org_id: str | None = None
    grades: tuple[str, ...] = ()
    grades_raw: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    subject_codes: tuple[str, ...] = ()
    resource_ids: tuple[str, ...] = ()
    metadata: Mapping[str, Any] | None = private()


@attrs.frozen(kw_only=True)
class Class:
    """
    A class of students (Clever's section).

    ``title`` is not shown by ``repr``: titles of homerooms are teachers' names.  ``begin_date`` and
    ``end_date`` are only there where a provider dates the class itself.
    """

    sourced_id: str
    status: Status = Status.active
    date_last_modified: datetime | None = None
    title: str | None = private()
    class_code: str | None = private()
    class_type: ClassType = ClassType.other
    class_type_raw: str | None = None
    location: str | None = private()
    course_id: str | None = None
    org_id: str | None = None
    session_ids: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    grades_raw: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    subject_codes: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    begin_date: date | None = None
    end_date: date | None = None
    resource_ids: tuple[str, ...] = ()
    metadata: Mapping[str, Any] | None = private()


@attrs.frozen(kw_only=True)
class User:
    """
    A person, as one source knows them.

    ``given_name`` and ``family_name`` are the legal names.  ``enabled`` is whether the provider
    lets the account sign in; it says nothing of whether the person is still there.  ``agent_ids``
    are the people the provider lists on this record as linked (OneRoster ``agents``); what they
    mean is worked out in ``Relationship``.  ``primary_org_is_guess`` says that no field named the
    primary org.  ``grades`` are CEDS entry grade levels where certain, ``grades_raw`` as sent.
    """

    sourced_id: str
    status: Status = Status.active
    date_last_modified: datetime | None = None
    date_created: datetime | None = None
    enabled: bool = True
    username: str | None = private()
    name_prefix: str | None = private()
    given_name: str | None = private()
    middle_name: str | None = private()
    family_name: str | None = private()
    name_suffix: str | None = private()
    preferred_given_name: str | None = private()
    preferred_middle_name: str | None = private()
    preferred_family_name: str | None = private()
    display_name: str | None = private()
    pronouns: str | None = private()
    email: str | None = private()
    other_emails: tuple[str, ...] = private(())
    phone: str | None = private()
    sms: str | None = private()
    business_phone: str | None = private()
    address: Address | None = private()
    identifiers: tuple[Identifier, ...] = private(())
    roles: tuple[RoleAssignment, ...] = ()
    primary_org_id: str | None = None
    primary_org_is_guess: bool = False
    grades: tuple[str, ...] = private(())
    grades_raw: tuple[str, ...] = private(())
    graduation_year: str | None = private()
    household_id: str | None = private()
    homeroom: str | None = private()
    homeroom_teacher_id: str | None = private()
    advisor_id: str | None = private()
    agent_ids: tuple[str, ...] = ()
    resource_ids: tuple[str, ...] = ()
    metadata: Mapping[str, Any] | None = private()


@attrs.frozen(kw_only=True)
class Enrollment:
    """
    A user in a class.

    ``begin_date`` is inclusive, ``end_date`` exclusive (OneRoster 1.2 EnrollmentDType).
    ``is_primary`` is for teachers; None where the provider does not say.
    """

    sourced_id: str
    status: Status = Status.active
    date_last_modified: datetime | None = None
    user_id: str | None = None
    class_id: str | None = None
    org_id: str | None = None
    role: Role = Role.other
    role_raw: str | None = None
    is_primary: bool | None = None
    begin_date: date | None = None
    end_date: date | None = None
    metadata: Mapping[str, Any] | None = private()


def relationship_id(student_id: str, contact_id: str) -> str:
    """
    Return the id of a link between two people: ``student|contact``, another for each pair.

    A ``|`` or a backslash within an id has a backslash before it.
    """
    parts = (i.replace("\\", "\\\\").replace("|", "\\|") for i in (student_id, contact_id))
    return "|".join(parts)


@attrs.frozen(kw_only=True)
class Relationship:
    """
    An adult linked to a student.

    ``kind_raw`` is the provider's own label, ``contact_type_raw`` its category (Clever's ``type``).
    The flags are None where the provider does not send them: not sent is not "no".
    """

    sourced_id: str
    student_id: str
    contact_id: str
    status: Status = Status.active
    date_last_modified: datetime | None = None
    kind: RelationshipKind = RelationshipKind.unknown
    kind_raw: str | None = None
    contact_type_raw: str | None = None
    both_sides_confirmed: bool = False
    custody_status_raw: str | None = private()
    has_legal_custody: bool | None = private()
    lives_with: bool | None = private()
    is_emergency_contact: bool | None = private()
    may_pick_up: bool | None = private()
    has_portal_access: bool | None = private()
    receives_correspondence: bool | None = private()
    receives_report_cards: bool | None = private()
    has_access_consent: bool | None = private()
    is_deceased: bool | None = private()
    metadata: Mapping[str, Any] | None = private()


@attrs.frozen(kw_only=True)
class Demographics:
    """
    What is known of a person under the separate demographics permission.

    ``sourced_id`` is the user's.  ``birth_date`` is a full date or None; ``birth_date_raw`` is kept
    only where the provider sent something that is not one.
    """

    sourced_id: str
    status: Status = Status.active
    date_last_modified: datetime | None = None
    birth_date: date | None = private()
    birth_date_raw: str | None = private()
    sex: Sex | None = private()
    sex_raw: str | None = private()
    american_indian_or_alaska_native: bool | None = private()
    asian: bool | None = private()
    black_or_african_american: bool | None = private()
    native_hawaiian_or_other_pacific_islander: bool | None = private()
    white: bool | None = private()
    demographic_race_two_or_more_races: bool | None = private()
    hispanic_or_latino_ethnicity: bool | None = private()
    race_raw: str | None = private()
    country_of_birth_code: str | None = private()
    state_of_birth_abbreviation: str | None = private()
    city_of_birth: str | None = private()
    public_school_residence_status: str | None = private()
    home_language: str | None = private()
    home_language_code: str | None = private()
    ell_status: str | None = private()
    frl_status: str | None = private()
    iep_status: str | None = private()
    gifted_status: str | None = private()
    section_504_status: str | None = private()
    disability_status: str | None = private()
    disability_type: str | None = private()
    disability_code: str | None = private()
    metadata: Mapping[str, Any] | None = private()


Record = Org | AcademicSession | Course | Class | User | Enrollment | Relationship | Demographics

#: The class of each kind, in the order in which a roster lists them.
RECORD_TYPES: Mapping[Kind, type[Any]] = {
    Kind.org: Org,
    Kind.academic_session: AcademicSession,
    Kind.course: Course,
    Kind.class_: Class,
    Kind.user: User,
    Kind.enrollment: Enrollment,
    Kind.relationship: Relationship,
    Kind.demographics: Demographics,
}

#: The kind of each class.
KIND_OF: Mapping[type[Any], Kind] = {class_: kind for kind, class_ in RECORD_TYPES.items()}
