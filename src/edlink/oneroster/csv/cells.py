"""Records of the model to cells by column; pure, the way back of ``convert``."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from edlink.model import (
    AcademicSession,
    Class,
    Course,
    Demographics,
    Enrollment,
    Identifier,
    Org,
    RoleAssignment,
    User,
)
from edlink.oneroster import values as v
from edlink.oneroster.csv.layout import LINK_TARGET, LINKS, MADE_LINK_ID, MADE_ROLE_ID
from edlink.oneroster.csv.user_ids import write_user_ids
from edlink.vocabulary import IdentifierType, Kind, Role, SessionType

E = TypeVar("E", bound=StrEnum)
Cells = dict[str, str]

#: The standard's words where they are not the model's.
_WORDS: Mapping[StrEnum, str] = {
    SessionType.grading_period: "gradingPeriod",
    SessionType.school_year: "schoolYear",
    Role.staff: "aide",
}


def org_cells(org: Org) -> Cells:
    """Return the cells of a row of orgs.csv."""
    return {
        "name": _text(org.name),
        "type": _word(org.type_raw, org.type, v.read_org_type),
        "identifier": _first(org.identifiers, IdentifierType.identifier),
        "parentSourcedId": _text(org.parent_id),
    }


def session_cells(session: AcademicSession) -> Cells:
    """Return the cells of a row of academicSessions.csv."""
    return {
        "title": _text(session.title),
        "type": _word(session.type_raw, session.type, v.read_session_type),
        "startDate": _date(session.start_date),
        "endDate": _date(session.end_date),
        "parentSourcedId": _text(session.parent_id),
        "schoolYear": "" if session.school_year is None else str(session.school_year),
    }


def course_cells(course: Course) -> Cells:
    """Return the cells of a row of courses.csv."""
    return {
        "schoolYearSourcedId": _text(course.school_year_id),
        "title": _text(course.title),
        "courseCode": _text(course.course_code),
        "grades": _grades(course),
        "orgSourcedId": _text(course.org_id),
        "subjects": _list(course.subjects),
        "subjectCodes": _list(course.subject_codes),
    }


def class_cells(class_: Class) -> Cells:
    """Return the cells of a row of classes.csv."""
    return {
        "title": _text(class_.title),
        "grades": _grades(class_),
        "courseSourcedId": _text(class_.course_id),
        "classCode": _text(class_.class_code),
        "classType": _word(class_.class_type_raw, class_.class_type, v.read_class_type),
        "location": _text(class_.location),
        "schoolSourcedId": _text(class_.org_id),
        "termSourcedIds": _list(class_.session_ids),
        "subjects": _list(class_.subjects),
        "subjectCodes": _list(class_.subject_codes),
        "periods": _list(class_.periods),
    }


def user_cells(user: User) -> Cells:
    """Return the cells that users.csv of 1.1 and 1.2 share; a password is never written."""
    return {
        "enabledUser": _bool(user.enabled),
        "username": _text(user.username),
        "givenName": _text(user.given_name),
        "familyName": _text(user.family_name),
        "middleName": _text(user.middle_name),
        "identifier": _first(user.identifiers, IdentifierType.identifier),
        "email": _text(user.email),
        "sms": _text(user.sms),
        "phone": _text(user.phone),
        "agentSourcedIds": _list(user.agent_ids),
        "grades": _grades(user),
    }


def user_1_1_cells(user: User) -> Cells:
    """
    Return the cells of a row of users.csv of 1.1.

    1.1 has one role word for all orgs: the primary assignment's, and the orgs where it holds.  A
    teacher who is a parent at another school is written as a teacher of their school only.
    """
    first = next((r for r in user.roles if r.is_primary), user.roles[0] if user.roles else None)
    word = "" if first is None else _role(first)
    orgs = [r.org_id for r in user.roles if _role(r) == word and r.org_id is not None]
    special = {IdentifierType.identifier}
    return {
        **user_cells(user),
        "role": word,
        "orgSourcedIds": _list(orgs),
        "userIds": _user_ids(user, special),
    }


def user_1_2_cells(user: User) -> Cells:
    """Return the cells of a row of users.csv of 1.2; roles are rows of roles.csv."""
    special = {IdentifierType.identifier, IdentifierType.master_id}
    return {
        **user_cells(user),
        "userIds": _user_ids(user, special),
        "userMasterIdentifier": _first(user.identifiers, IdentifierType.master_id),
        "preferredGivenName": _text(user.preferred_given_name),
        "preferredMiddleName": _text(user.preferred_middle_name),
        "preferredFamilyName": _text(user.preferred_family_name),
        "primaryOrgSourcedId": "" if user.primary_org_is_guess else _text(user.primary_org_id),
        "pronouns": _text(user.pronouns),
    }


def role_cells(role: RoleAssignment, user_id: str, number: int) -> Cells:
    """
    Return the cells of a row of roles.csv.

    Args:
        role: The assignment.
        user_id: Whose it is.
        number: Its place among the user's, for the id of an assignment that has none.
    """
    kinds = {True: "primary", False: "secondary", None: ""}
    return {
        "sourcedId": role.sourced_id or f"{MADE_ROLE_ID}{user_id}.{number}",
        "userSourcedId": user_id,
        "roleType": kinds[role.is_primary],
        "role": _role(role),
        "beginDate": _date(role.begin_date),
        "endDate": _date(role.end_date),
        "orgSourcedId": _text(role.org_id),
        "userProfileSourcedId": _text(role.user_profile_id),
    }


def link_cells(kind: Kind, owner_id: str, resource_id: str, number: int) -> Cells:
    """
    Return the cells of a row that links a record to a resource.

    Args:
        kind: The record's kind.
        owner_id: The record's sourced id.
        resource_id: The resource's.
        number: Its place among the record's, for the row's own id.
    """
    _, column = LINKS[kind]
    return {
        "sourcedId": f"{MADE_LINK_ID}{owner_id}.{number}",
        column: owner_id,
        LINK_TARGET: resource_id,
    }


def enrollment_cells(enrollment: Enrollment) -> Cells:
    """Return the cells of a row of enrollments.csv."""
    return {
        "classSourcedId": _text(enrollment.class_id),
        "schoolSourcedId": _text(enrollment.org_id),
        "userSourcedId": _text(enrollment.user_id),
        "role": _word(enrollment.role_raw, enrollment.role, v.read_role),
        "primary": _bool(enrollment.is_primary),
        "beginDate": _date(enrollment.begin_date),
        "endDate": _date(enrollment.end_date),
    }


def demographics_cells(person: Demographics) -> Cells:
    """Return the cells of a row of demographics.csv."""
    return {
        "birthDate": _date(person.birth_date) or _text(person.birth_date_raw),
        "sex": "" if person.sex is None else _word(person.sex_raw, person.sex, v.read_sex),
        "americanIndianOrAlaskaNative": _bool(person.american_indian_or_alaska_native),
        "asian": _bool(person.asian),
        "blackOrAfricanAmerican": _bool(person.black_or_african_american),
        "nativeHawaiianOrOtherPacificIslander": _bool(
            person.native_hawaiian_or_other_pacific_islander
        ),
        "white": _bool(person.white),
        "demographicRaceTwoOrMoreRaces": _bool(person.demographic_race_two_or_more_races),
        "hispanicOrLatinoEthnicity": _bool(person.hispanic_or_latino_ethnicity),
        "countryOfBirthCode": _text(person.country_of_birth_code),
        "stateOfBirthAbbreviation": _text(person.state_of_birth_abbreviation),
        "cityOfBirth": _text(person.city_of_birth),
        "publicSchoolResidenceStatus": _text(person.public_school_residence_status),
    }


#: The function for each kind whose cells are the same in 1.1 and 1.2.
CELLS: Mapping[Kind, Callable[[Any], Cells]] = {
    Kind.academic_session: session_cells,
    Kind.org: org_cells,
    Kind.course: course_cells,
    Kind.class_: class_cells,
    Kind.enrollment: enrollment_cells,
    Kind.demographics: demographics_cells,
}


def write_moment(moment: datetime | None) -> str:
    """
    Return ``YYYY-MM-DDTHH:mm:ss.SSSZ``, with six digits where three would not do.

    An instant that has no UTC form, at the ends of the calendar, is nothing.
    """
    if moment is None:
        return ""
    try:
        utc = moment if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return ""
    digits = "microseconds" if utc.microsecond % 1_000 else "milliseconds"
    return utc.replace(tzinfo=None).isoformat(timespec=digits) + "Z"


def _text(value: str | None) -> str:
    return "" if value is None else value


def _bool(value: bool | None) -> str:
    return "" if value is None else str(value).lower()


def _date(value: date | None) -> str:
    return "" if value is None else value.isoformat()


def _list(values: Iterable[str]) -> str:
    return ",".join(values)


def _grades(record: Course | Class | User) -> str:
    return _list(record.grades_raw or record.grades)


def _word(raw: str | None, value: E, read: Callable[[object], E | None]) -> str:
    """Return the provider's word where it means the value, else the standard's."""
    if read(raw) is value:
        return _text(raw)
    return _WORDS.get(value, str(value))


def _role(role: RoleAssignment) -> str:
    return _word(role.role_raw, role.role, v.read_role)


def _first(identifiers: Iterable[Identifier], kind: IdentifierType) -> str:
    return next((i.value for i in identifiers if i.type is kind), "")


def _user_ids(user: User, special: set[IdentifierType]) -> str:
    """Return the identifiers but the first of each type that has a column of its own."""
    rest = []
    for identifier in user.identifiers:
        if identifier.type in special:
            special.remove(identifier.type)
        else:
            rest.append(identifier)
    return write_user_ids(rest)
