"""Rows to records of the model; pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from edlink.model import (
    AcademicSession,
    Class,
    Course,
    Demographics,
    Enrollment,
    Identifier,
    Org,
    Record,
    RoleAssignment,
    User,
)
from edlink.oneroster import values as v
from edlink.oneroster.csv.layout import MADE_ROLE_ID, CsvVersion
from edlink.oneroster.csv.table import Row
from edlink.oneroster.csv.user_ids import read_user_ids
from edlink.vocabulary import EndSemantics, IdentifierType, Kind

T = TypeVar("T", Org, AcademicSession)


@attrs.frozen(kw_only=True)
class Rules:
    """What the rows' meaning depends on, beside their cells."""

    version: CsvVersion
    keep_metadata: bool = False


def to_org(sourced_id: str, row: Row, rules: Rules) -> Org:
    """Return the org of a row of orgs.csv."""
    return Org(
        sourced_id=sourced_id,
        **_head(row, rules),
        name=row.read("name", v.read_text),
        type=row.read("type", v.read_org_type),
        type_raw=row.read("type", v.read_text),
        parent_id=row.read("parentSourcedId", v.read_id),
        identifiers=_identifier(row, "identifier", IdentifierType.identifier),
    )


def to_academic_session(sourced_id: str, row: Row, rules: Rules) -> AcademicSession:
    """Return the session of a row of academicSessions.csv; only 1.2 states that its end is out."""
    stated = rules.version is CsvVersion.v1_2
    return AcademicSession(
        sourced_id=sourced_id,
        **_head(row, rules),
        title=row.read("title", v.read_text),
        type=row.read("type", v.read_session_type),
        type_raw=row.read("type", v.read_text),
        start_date=row.read("startDate", v.read_date),
        end_date=row.read("endDate", v.read_date),
        end_semantics=EndSemantics.stated if stated else EndSemantics.assumed,
        parent_id=row.read("parentSourcedId", v.read_id),
        school_year=row.read("schoolYear", v.read_school_year),
    )


def to_course(sourced_id: str, row: Row, rules: Rules) -> Course:
    """Return the course of a row of courses.csv."""
    return Course(
        sourced_id=sourced_id,
        **_head(row, rules),
        title=row.read("title", v.read_text),
        course_code=row.read("courseCode", v.read_text),
        school_year_id=row.read("schoolYearSourcedId", v.read_id),
        org_id=row.read("orgSourcedId", v.read_id),
        grades=row.read("grades", v.read_grades),
        grades_raw=row.read("grades", v.read_texts),
        subjects=row.read("subjects", v.read_texts),
        subject_codes=row.read("subjectCodes", v.read_texts),
    )


def to_class(sourced_id: str, row: Row, rules: Rules) -> Class:
    """Return the class of a row of classes.csv."""
    return Class(
        sourced_id=sourced_id,
        **_head(row, rules),
        title=row.read("title", v.read_text),
        class_code=row.read("classCode", v.read_text),
        class_type=row.read("classType", v.read_class_type),
        class_type_raw=row.read("classType", v.read_text),
        location=row.read("location", v.read_text),
        course_id=row.read("courseSourcedId", v.read_id),
        org_id=row.read("schoolSourcedId", v.read_id),
        session_ids=row.read("termSourcedIds", v.read_ids),
        periods=row.read("periods", v.read_texts),
        grades=row.read("grades", v.read_grades),
        grades_raw=row.read("grades", v.read_texts),
        subjects=row.read("subjects", v.read_texts),
        subject_codes=row.read("subjectCodes", v.read_texts),
    )


def to_user(
    sourced_id: str, row: Row, rules: Rules, assigned: tuple[RoleAssignment, ...] = ()
) -> User:
    """
    Return the user of a row of users.csv; a password is never read.

    Args:
        sourced_id: The row's own id.
        row: The row.
        rules: What its meaning depends on.
        assigned: Roles from roles.csv, for 1.2; equal ones count once.
    """
    if rules.version is CsvVersion.v1_2:
        roles, guess = tuple(dict.fromkeys(assigned)), False
        primary = row.read("primaryOrgSourcedId", v.read_id)
        if primary is None:
            primary = next((role.org_id for role in roles if role.is_primary), None)
            guess = primary is not None
    else:
        roles = _roles(row)
        primary = roles[0].org_id if roles else None
        guess = primary is not None
    enabled = row.read("enabledUser", v.read_bool)
    return User(
        sourced_id=sourced_id,
        **_head(row, rules),
        enabled=enabled is not False,
        username=row.read("username", v.read_text),
        given_name=row.read("givenName", v.read_text),
        middle_name=row.read("middleName", v.read_text),
        family_name=row.read("familyName", v.read_text),
        preferred_given_name=row.read("preferredGivenName", v.read_text),
        preferred_middle_name=row.read("preferredMiddleName", v.read_text),
        preferred_family_name=row.read("preferredFamilyName", v.read_text),
        pronouns=row.read("pronouns", v.read_text),
        email=row.read("email", v.read_text),
        phone=row.read("phone", v.read_text),
        sms=row.read("sms", v.read_text),
        identifiers=(
            *row.read("userIds", read_user_ids),
            *_identifier(row, "identifier", IdentifierType.identifier),
            *_identifier(row, "userMasterIdentifier", IdentifierType.master_id),
        ),
        roles=roles,
        primary_org_id=primary,
        primary_org_is_guess=guess,
        grades=row.read("grades", v.read_grades),
        grades_raw=row.read("grades", v.read_texts),
        agent_ids=row.read("agentSourcedIds", v.read_ids),
    )


def to_role_assignment(sourced_id: str | None, row: Row) -> RoleAssignment:
    """Return the assignment of a row of roles.csv; an id that ``write_csv`` made up is none."""
    made = sourced_id is not None and sourced_id.startswith(MADE_ROLE_ID)
    kind = row.read("roleType", v.read_text)
    return RoleAssignment(
        sourced_id=None if made else sourced_id,
        role=row.read("role", v.read_role),
        role_raw=row.read("role", v.read_text),
        org_id=row.read("orgSourcedId", v.read_id),
        is_primary=None if kind is None else kind.lower() == "primary",
        begin_date=row.read("beginDate", v.read_date),
        end_date=row.read("endDate", v.read_date),
        user_profile_id=row.read("userProfileSourcedId", v.read_id),
    )


def to_enrollment(sourced_id: str, row: Row, rules: Rules) -> Enrollment:
    """Return the enrollment of a row of enrollments.csv."""
    return Enrollment(
        sourced_id=sourced_id,
        **_head(row, rules),
        user_id=row.read("userSourcedId", v.read_id),
        class_id=row.read("classSourcedId", v.read_id),
        org_id=row.read("schoolSourcedId", v.read_id),
        role=row.read("role", v.read_role),
        role_raw=row.read("role", v.read_text),
        is_primary=row.read("primary", v.read_bool),
        begin_date=row.read("beginDate", v.read_date),
        end_date=row.read("endDate", v.read_date),
    )


def to_demographics(sourced_id: str, row: Row, rules: Rules) -> Demographics:
    """Return the demographics of a row of demographics.csv; its id is the user's."""
    hawaiian = "nativeHawaiianOrOtherPacificIslander"
    return Demographics(
        sourced_id=sourced_id,
        **_head(row, rules),
        birth_date=row.read("birthDate", v.read_birth_date),
        birth_date_raw=row.read("birthDate", v.read_birth_date_raw),
        sex=row.read("sex", v.read_sex),
        sex_raw=row.read("sex", v.read_text),
        american_indian_or_alaska_native=row.read("americanIndianOrAlaskaNative", v.read_bool),
        asian=row.read("asian", v.read_bool),
        black_or_african_american=row.read("blackOrAfricanAmerican", v.read_bool),
        native_hawaiian_or_other_pacific_islander=row.read(hawaiian, v.read_bool),
        white=row.read("white", v.read_bool),
        demographic_race_two_or_more_races=row.read("demographicRaceTwoOrMoreRaces", v.read_bool),
        hispanic_or_latino_ethnicity=row.read("hispanicOrLatinoEthnicity", v.read_bool),
        country_of_birth_code=row.read("countryOfBirthCode", v.read_text),
        state_of_birth_abbreviation=row.read("stateOfBirthAbbreviation", v.read_text),
        city_of_birth=row.read("cityOfBirth", v.read_text),
        public_school_residence_status=row.read("publicSchoolResidenceStatus", v.read_text),
    )


#: The function for each kind whose rows stand alone; users of 1.2 need roles.csv too.
CONVERTERS: Mapping[Kind, Callable[[str, Row, Rules], Record]] = {
    Kind.academic_session: to_academic_session,
    Kind.org: to_org,
    Kind.course: to_course,
    Kind.class_: to_class,
    Kind.enrollment: to_enrollment,
    Kind.demographics: to_demographics,
}


#: The kinds whose records are a tree.
TREES = (Kind.org, Kind.academic_session)


def with_children(records: Sequence[T]) -> list[T]:
    """
    Return orgs or sessions with the ids of their children, in the records' order.

    CSV names parents only; the children of REST say the same from the other side.
    """
    children: dict[str, list[str]] = {}
    for record in records:
        if record.parent_id is not None:
            children.setdefault(record.parent_id, []).append(record.sourced_id)
    return [
        attrs.evolve(record, child_ids=tuple(children.get(record.sourced_id, ())))
        for record in records
    ]


def _head(row: Row, rules: Rules) -> dict[str, Any]:
    return {
        "status": row.read("status", v.read_status),
        "date_last_modified": row.read("dateLastModified", v.read_datetime),
        "metadata": (row.extras or None) if rules.keep_metadata else None,
    }


def _identifier(row: Row, column: str, kind: IdentifierType) -> tuple[Identifier, ...]:
    value = row.read(column, v.read_text)
    return () if value is None else (Identifier(type=kind, type_raw=column, value=value),)


def _roles(row: Row) -> tuple[RoleAssignment, ...]:
    """Return the roles of 1.0 and 1.1: one word for every org, the first org taken as primary."""
    raw = row.read("role", v.read_text)
    orgs: tuple[str | None, ...] = row.read("orgSourcedIds", v.read_ids)
    if raw is not None and not orgs:
        orgs = (None,)
    role = row.read("role", v.read_role)
    return tuple(
        RoleAssignment(role=role, role_raw=raw, org_id=org, is_primary=not number)
        for number, org in enumerate(orgs)
    )
