"""
Clever's rows as records of the model; pure.

One row can become several records: a section is a Class and its Enrollments, a student a User and
Demographics, a contact a User and Relationships.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import attrs

from edlink.clever import wire
from edlink.clever.people import fold, to_address, to_demographics, to_relationships, to_user
from edlink.clever.reading import ConvertSettings, Reading
from edlink.clever.values import (
    read_date,
    read_grade,
    read_grades,
    read_ids,
    read_last_day,
    read_moment,
)
from edlink.model import (
    AcademicSession,
    Class,
    Course,
    Enrollment,
    Identifier,
    Org,
    Record,
)
from edlink.vocabulary import (
    ClassType,
    EndSemantics,
    IdentifierType,
    OrgType,
    Role,
    SessionType,
)

#: Version 3's word for the role that each of version 2's collections holds.
ROLE_OF_COLLECTION: Mapping[str, str] = {
    "students": "student",
    "teachers": "teacher",
    "school_admins": "staff",
    "district_admins": "district_admin",
    "contacts": "contact",
}


@attrs.frozen
class Converted:
    """The records of one row, and the fields of it that could not be read."""

    records: tuple[Record, ...]
    unreadable: tuple[str, ...]


def convert_row(
    collection: wire.Collection, row: Mapping[str, Any], settings: ConvertSettings
) -> Converted:
    """
    Return the records of a row; the first is the one the row's id names.

    Args:
        collection: The row's collection, as Clever's paths name it.
        row: The row, validated as ``wire.ROWS`` says.
        settings: How to convert.
    """
    reading = Reading(settings)
    records = tuple(to_records(collection, row, reading))
    return Converted(records, tuple(dict.fromkeys(reading.unreadable)))


def to_records(
    collection: wire.Collection, row: Mapping[str, Any], reading: Reading
) -> Iterator[Record]:
    """Yield the records of a row, each made when it is taken; see ``convert_row``."""
    role = ROLE_OF_COLLECTION.get(collection)
    if role is None and collection != "users":
        return _CONVERTERS[collection](row, reading)
    return _person(cast("wire.User", row) if role is None else fold(role, row), reading)


def _person(row: wire.User, reading: Reading) -> Iterator[Record]:
    yield to_user(row, reading)
    demographics = to_demographics(row, reading)
    if demographics is not None:
        yield demographics
    yield from to_relationships(row, reading)


def _identifiers(row: Mapping[str, Any], *fields: str) -> tuple[Identifier, ...]:
    return tuple(
        Identifier(type=IdentifierType(field), value=value, type_raw=field)
        for field in fields
        if (value := row.get(field))
    )


def to_district(row: wire.District, reading: Reading) -> Org:
    """Return a district."""
    sent = cast("Mapping[str, Any]", row)
    kept = ("sis_type", "state", "launch_date", "pause_start", "pause_end", "portal_url")
    return Org(
        sourced_id=row["id"],
        name=row.get("name") or None,
        type=OrgType.district,
        identifiers=_identifiers(sent, "nces_id", "mdr_number"),
        metadata=reading.metadata(**{key: sent.get(key) for key in (*kept, "login_methods")}),
    )


def to_school(row: wire.School, reading: Reading) -> Org:
    """Return a school; its parent is the district."""
    principal = row.get("principal") or {}
    identifiers = ("sis_id", "school_number", "state_id", "nces_id", "mdr_number")
    return Org(
        sourced_id=row["id"],
        date_last_modified=reading.value(read_moment, row.get("last_modified"), "last_modified"),
        name=row.get("name") or None,
        type=OrgType.school,
        parent_id=row.get("district") or None,
        identifiers=_identifiers(cast("Mapping[str, Any]", row), *identifiers),
        low_grade=read_grade(row.get("low_grade")),
        high_grade=read_grade(row.get("high_grade")),
        phone=row.get("phone") or None,
        address=to_address(row.get("location")),
        principal_name=principal.get("name") or None,
        principal_email=principal.get("email") or None,
        metadata=reading.metadata(ext=row.get("ext")),
    )


def to_session(row: wire.Term, reading: Reading) -> AcademicSession:
    """
    Return a term as an academic session of the district.

    Clever does not say whether a term's last day counts; it is taken to, as in every school
    calendar, so the model's end is the day after.  Dates in the wrong order say nothing.
    """
    start = reading.value(read_date, row.get("start_date"), "start_date")
    end = reading.value(read_last_day, row.get("end_date"), "end_date")
    if start is not None and end is not None and start >= end:
        reading.unreadable += ["start_date", "end_date"]
        start = end = None
    return AcademicSession(
        sourced_id=row["id"],
        title=row.get("name") or None,
        type=SessionType.term,
        start_date=start,
        end_date=end,
        end_semantics=EndSemantics.assumed,
        org_id=row.get("district") or None,
    )


def to_course(row: wire.Course, reading: Reading) -> Course:  # noqa: ARG001 - one shape for all
    """Return a course of the district."""
    return Course(
        sourced_id=row["id"],
        title=row.get("name") or None,
        course_code=row.get("number") or None,
        org_id=row.get("district") or None,
    )


HOMEROOM = "homeroom/advisory"


def to_class(row: wire.Section, reading: Reading) -> Class:
    """Return a section without its members; only a homeroom's type can be told."""
    grade, subject, period = row.get("grade"), row.get("subject"), row.get("period")
    is_homeroom = subject == HOMEROOM
    return Class(
        sourced_id=row["id"],
        date_last_modified=reading.value(read_moment, row.get("last_modified"), "last_modified"),
        title=row.get("name") or None,
        class_code=row.get("section_number") or None,
        class_type=ClassType.homeroom if is_homeroom else ClassType.other,
        course_id=row.get("course") or None,
        org_id=row.get("school") or None,
        session_ids=read_ids((row.get("term_id"),)),
        periods=(period,) if period else (),
        grades=read_grades(grade),
        grades_raw=(grade,) if grade else (),
        subjects=(subject,) if subject else (),
        identifiers=_identifiers(cast("Mapping[str, Any]", row), "sis_id"),
        metadata=reading.metadata(ext=row.get("ext")),
    )


def to_enrollments(row: wire.Section) -> Iterator[Enrollment]:
    """
    Yield a section's members.

    Clever gives a membership neither an id nor dates: the id is composed, and the dates of the
    class's sessions are all that is known.
    """
    section, school, primary = row["id"], row.get("school") or None, row.get("teacher") or None
    for student in read_ids(row.get("students")):
        yield Enrollment(
            sourced_id=f"{section}:{student}:student",
            user_id=student,
            class_id=section,
            org_id=school,
            role=Role.student,
            role_raw="student",
        )
    for teacher in read_ids((*(row.get("teachers") or ()), primary)):
        yield Enrollment(
            sourced_id=f"{section}:{teacher}:teacher",
            user_id=teacher,
            class_id=section,
            org_id=school,
            role=Role.teacher,
            role_raw="teacher",
            is_primary=None if primary is None else teacher == primary,
        )


def _section(row: wire.Section, reading: Reading) -> Iterator[Record]:
    yield to_class(row, reading)
    yield from to_enrollments(row)


def _one(convert: Callable[[Any, Reading], Record]) -> Callable[[Any, Reading], Iterator[Record]]:
    return lambda row, reading: iter((convert(row, reading),))


_CONVERTERS: Mapping[str, Callable[[Any, Reading], Iterator[Record]]] = {
    "districts": _one(to_district),
    "schools": _one(to_school),
    "terms": _one(to_session),
    "courses": _one(to_course),
    "sections": _section,
}
