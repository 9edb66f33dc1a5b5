"""
The closed vocabularies of the model.

Each enum has a member for what it cannot place (``other``, or ``active`` for a
status).  The model keeps the provider's own word beside the enum, in a field
that ends in ``_raw``, so nothing is lost by the mapping.
"""

from enum import StrEnum


class Kind(StrEnum):
    """What a record is; with its source and sourced id, a record's key."""

    org = "org"
    academic_session = "academic_session"
    course = "course"
    class_ = "class"
    user = "user"
    enrollment = "enrollment"
    relationship = "relationship"
    demographics = "demographics"


class Status(StrEnum):
    """Whether the provider itself marked a record as removed (``tobedeleted``, ``inactive``)."""

    active = "active"
    deleted = "deleted"


class OrgType(StrEnum):
    """OneRoster 1.2 OrgType."""

    department = "department"
    school = "school"
    district = "district"
    local = "local"
    state = "state"
    national = "national"
    other = "other"


class SessionType(StrEnum):
    """OneRoster 1.2 SessionType."""

    school_year = "school_year"
    semester = "semester"
    term = "term"
    grading_period = "grading_period"
    other = "other"


class EndSemantics(StrEnum):
    """
    How sure it is that ``[start_date, end_date)`` is what the provider meant.

    ``stated``: the provider says whether its last day counts.  ``assumed``: its standard
    says so, but its data often do otherwise.  ``inferred``: worked out from the data.
    """

    stated = "stated"
    assumed = "assumed"
    inferred = "inferred"


class ClassType(StrEnum):
    """OneRoster 1.2 ClassType."""

    homeroom = "homeroom"
    scheduled = "scheduled"
    other = "other"


class Role(StrEnum):
    """
    What a person is at an org.

    ``contact`` is a linked adult of unknown kind, ``guardian`` only one the provider calls a
    parent or guardian; ``relative`` is neither.
    """

    student = "student"
    teacher = "teacher"
    staff = "staff"
    administrator = "administrator"
    guardian = "guardian"
    relative = "relative"
    contact = "contact"
    other = "other"


class RelationshipKind(StrEnum):
    """What the adult is to the student."""

    parent = "parent"
    guardian = "guardian"
    stepparent = "stepparent"
    grandparent = "grandparent"
    aunt_uncle = "aunt_uncle"
    sibling = "sibling"
    relative = "relative"
    self_ = "self"
    aide = "aide"
    doctor = "doctor"
    emergency = "emergency"
    unknown = "unknown"
    other = "other"


class Sex(StrEnum):
    """OneRoster 1.2 GenderEnum plus Clever's X, which is ``other``."""

    female = "female"
    male = "male"
    unspecified = "unspecified"
    other = "other"


class IdentifierType(StrEnum):
    """Which register a further identifier belongs to."""

    sis_id = "sis_id"
    state_id = "state_id"
    federal_id = "federal_id"
    nces_id = "nces_id"
    mdr_number = "mdr_number"
    school_number = "school_number"
    student_number = "student_number"
    teacher_number = "teacher_number"
    staff_id = "staff_id"
    employee_id = "employee_id"
    ldap = "ldap"
    master_id = "master_id"
    legacy_id = "legacy_id"
    immutable_id = "immutable_id"
    identifier = "identifier"
    other = "other"


class CoverageState(StrEnum):
    """
    What a pull can say of one kind of record in one org.

    Only under ``complete`` does absence mean removal.  ``withheld``: permission is
    missing.  ``failed``: it was tried and broke.  ``excluded``: the scope left it out.
    """

    complete = "complete"
    withheld = "withheld"
    failed = "failed"
    excluded = "excluded"


class Severity(StrEnum):
    """How much a finding or warning matters."""

    ok = "ok"
    info = "info"
    warning = "warning"
    error = "error"
