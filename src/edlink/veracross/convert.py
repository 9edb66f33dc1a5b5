"""Rows of classes, enrollments and grading periods to the model; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import attrs

from edlink.model import AcademicSession, Class, Course, Enrollment
from edlink.veracross import values
from edlink.veracross.lists import ValueLists
from edlink.veracross.orgs import campus_id
from edlink.veracross.wire import (
    ClassRow,
    EnrollmentRow,
    PeriodRow,
    PermissionRow,
    ScheduleRow,
)
from edlink.vocabulary import ClassType, EndSemantics, Role, SessionType, Status


def year_id(school_year: str) -> str:
    """Return the sourced id of a school year; Veracross has a number for it and no record."""
    return f"year:{school_year}"


def period_id(value: str) -> str:
    """Return the sourced id of a grading period."""
    return f"period:{value}"


# Sessions


def to_sessions(
    periods: Iterable[PeriodRow], lists: ValueLists, years: Mapping[str | None, str | None]
) -> Iterator[AcademicSession]:
    """
    Yield each school year, then the grading periods below it.

    Periods nest and overlap.  A minor period belongs to the shortest major one of its group and
    year that covers it; every other period belongs to its school year.

    Args:
        periods: All grading periods.
        lists: What their value ids mean.
        years: Descriptions of further school years, by number, that classes name.
    """
    known = list(periods)
    numbers = dict(years)
    for period in known:
        text = lists.describe("school_year", period.school_year)
        numbers[period.school_year] = text or numbers.get(period.school_year)
    for year, text in numbers.items():
        if year is not None:
            yield _year(year, text, [p for p in known if p.school_year == year])
    for period in known:
        yield _period(period, known, lists, numbers)


def _year(year: str, text: str | None, periods: list[PeriodRow]) -> AcademicSession:
    starts = [p.start_date for p in periods if p.start_date]
    ends = [p.end_date for p in periods if p.end_date]
    return AcademicSession(
        sourced_id=year_id(year),
        title=text or year,
        type=SessionType.school_year,
        type_raw="school_year",
        start_date=min(starts, default=None),
        end_date=max(ends, default=None),
        end_semantics=EndSemantics.inferred,
        school_year=values.read_school_year(text),
    )


def _period(
    row: PeriodRow,
    periods: list[PeriodRow],
    lists: ValueLists,
    years: Mapping[str | None, str | None],
) -> AcademicSession:
    type_ = SessionType.other
    if row.minor is not row.major:
        type_ = SessionType.grading_period if row.minor else SessionType.term
    year = row.school_year
    parent = _major_of(row, periods)
    above = year_id(year) if year is not None else None
    return AcademicSession(
        sourced_id=period_id(row.id),
        date_last_modified=row.last_modified_date,
        title=row.description,
        abbreviation=row.abbreviation,
        type=type_,
        type_raw=lists.text("group.type", row.group_type),
        start_date=row.start_date,
        end_date=row.end_date,
        end_semantics=EndSemantics.assumed,
        parent_id=above if parent is None else period_id(parent.id),
        school_year=values.read_school_year(years.get(year)),
    )


def _major_of(row: PeriodRow, periods: list[PeriodRow]) -> PeriodRow | None:
    """Return the shortest major period of the same group and year that covers a minor one."""
    if row.major or not row.minor:
        return None
    same = (row.group_id, row.school_year)
    covering = [
        (length, place)
        for place, other in enumerate(periods)
        if other.major and (other.group_id, other.school_year) == same
        if (length := _cover(other, row)) is not None
    ]
    return periods[min(covering)[1]] if covering else None


def _cover(outer: PeriodRow, inner: PeriodRow) -> int | None:
    """Return the days of a period that covers another, or None."""
    days = (outer.start_date, inner.start_date, inner.end_date, outer.end_date)
    known = [day for day in days if isinstance(day, date)]
    if len(known) < len(days) or known != sorted(known):
        return None
    return (known[-1] - known[0]).days


# Classes


def periods_of_classes(rows: Iterable[ScheduleRow]) -> Mapping[str, Sequence[str]]:
    """
    Return the session ids of the grading periods in which each class is scheduled.

    A class of which a row names no period is not among them: it may be in any.
    """
    found: dict[str, set[str | None]] = {}
    for row in rows:
        if row.internal_class_id is not None:
            found.setdefault(row.internal_class_id, set()).add(row.grading_period_id)
    return {
        class_id: [period_id(i) for i in sorted(map(str, ids), key=lambda i: (len(i), i))]
        for class_id, ids in found.items()
        if None not in ids
    }


def to_class(
    row: ClassRow, lists: ValueLists, route: str, periods: Mapping[str, Sequence[str]]
) -> Class:
    """Return the class of a row, in its periods; where none are known, in its school year."""
    year = () if row.school_year is None else (year_id(row.school_year),)
    course_type = lists.text("course_type", row.course_type)
    return Class(
        sourced_id=row.id,
        date_last_modified=row.last_modified_date,
        title=row.description,
        class_code=row.class_id,
        class_type=ClassType.homeroom if _is_homeroom(course_type) else ClassType.scheduled,
        class_type_raw=course_type,
        course_id=row.internal_course_id,
        org_id=route if row.campus_id is None else campus_id(row.campus_id),
        session_ids=tuple(periods.get(row.id, year)),
        subjects=(row.subject_description,) if row.subject_description else (),
        begin_date=row.begin_date,
        end_date=row.end_date,
    )


def _is_homeroom(course_type: str | None) -> bool:
    return "homeroom" in (course_type or "").lower()


def to_courses(rows: Iterable[ClassRow], route: str) -> Iterator[Course]:
    """Yield each course that a class names, once, by its internal id."""
    found: dict[str, Course] = {}
    for row in rows:
        if row.internal_course_id is not None:
            course = Course(
                sourced_id=row.internal_course_id,
                title=row.course_name,
                course_code=row.course_code,
                org_id=route,
                subjects=(row.subject_description,) if row.subject_description else (),
            )
            found.setdefault(row.internal_course_id, course)
    yield from found.values()


# Enrollments


def to_enrollment(row: EnrollmentRow, classes: Mapping[str, ClassRow], on: date) -> Enrollment:
    """
    Return the student's enrollment of a row, marked as deleted where the student has left.

    Veracross works out ``currently_enrolled``: before a class begins and after its end nobody is,
    so it counts only while the class is known to be taught, and where no day of withdrawal says
    more.

    Args:
        row: The row.
        classes: Rows of classes by id.
        on: The day of the pull.
    """
    class_ = classes.get(row.internal_class_id)
    has_left = row.currently_enrolled is False and row.date_withdrawn is None
    return Enrollment(
        sourced_id=row.id,
        status=Status.deleted if has_left and _is_taught(class_, on) else Status.active,
        date_last_modified=row.last_modified_date,
        user_id=row.person_id,
        class_id=row.internal_class_id,
        role=Role.student,
        role_raw="student",
        begin_date=row.late_date_enrolled,
        end_date=row.date_withdrawn,
    )


def _is_taught(row: ClassRow | None, on: date) -> bool:
    """Return whether a class has begun by a day and not ended; one without dates may not have."""
    if row is None or row.begin_date is None or row.end_date is None:
        return False
    return row.begin_date <= on < row.end_date


def to_teachers(
    classes: Iterable[ClassRow], permissions: Iterable[PermissionRow], lists: ValueLists
) -> Iterator[Enrollment]:
    """
    Yield who teaches each class: its primary teacher, then everybody with a permission for it.

    They have no record of their own in Veracross, so their ids are of class and person.
    """
    found: dict[tuple[str, str], Enrollment] = {}
    for row in classes:
        if row.primary_teacher_id is not None:
            primary = _teacher(row.id, row.primary_teacher_id, Role.teacher, "primary_teacher")
            found[row.id, row.primary_teacher_id] = attrs.evolve(
                primary, is_primary=True, date_last_modified=row.last_modified_date
            )
    for permission in permissions:
        word = lists.text("role", permission.role)
        class_id, person_id = permission.class_id, permission.person_id
        further = attrs.evolve(
            _teacher(class_id, person_id, values.read_class_role(word), word),
            is_primary=False,
            date_last_modified=permission.last_modified_date,
        )
        found.setdefault((class_id, person_id), further)
    yield from found.values()


def _teacher(class_id: str, person_id: str, role: Role, word: str | None) -> Enrollment:
    return Enrollment(
        sourced_id=f"{class_id}|{person_id}",
        user_id=person_id,
        class_id=class_id,
        role=role,
        role_raw=word,
    )
