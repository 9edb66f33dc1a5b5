"""
What Veracross' Data API v3 offers for rostering, and what each endpoint takes; data.

A query parameter that an endpoint does not know is a 400 there, so the lists are exact.  Source:
the vendor's OpenAPI of the Data API v3, with the parameters of the changelog since.
"""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import attrs

from edlink.errors import ConfigError
from edlink.veracross.wire import (
    ClassRow,
    ContactRow,
    EnrollmentRow,
    HouseholdRow,
    PeriodRow,
    PermissionRow,
    PersonRow,
    RelationshipRow,
    ScheduleRow,
)
from edlink.vocabulary import Kind

T = TypeVar("T")

SINCE = "on_or_after_last_modified_date"


def _modified(*names: str) -> frozenset[str]:
    return frozenset({*names, SINCE, "on_or_before_last_modified_date"})


def _ranges(*names: str) -> tuple[str, ...]:
    return tuple(f"{side}_{name}" for name in names for side in ("on_or_before", "on_or_after"))


@attrs.frozen(kw_only=True)
class Endpoint(Generic[T]):
    """
    A list of the Data API.

    Attributes:
        path: Below the version's root.
        row: The class of its rows.
        kind: What its rows are, for Issues.
        takes: The query parameters it knows.
    """

    path: str
    row: type[T]
    kind: Kind
    takes: frozenset[str]

    @property
    def name(self) -> str:
        """The path without its first slash, as progress and warnings name it."""
        return self.path.removeprefix("/")

    @property
    def scope(self) -> str:
        """The scope that opens it: the path with dots and the suffix ``list``."""
        return self.name.replace("/", ".") + ":list"

    @property
    def label(self) -> str:
        """The template for errors."""
        return f"GET {self.path}"

    def params(self, filters: Mapping[str, str | int | bool]) -> list[tuple[str, str]]:
        """
        Return filters as query parameters.

        Raises:
            ConfigError: EDL-CONF-067 for a parameter that this endpoint does not know.
        """
        if not self.takes.issuperset(filters):
            raise ConfigError(
                "EDL-CONF-067",
                f"{self.path} does not take one of these parameters",
                fix=f"It takes {', '.join(sorted(self.takes))}.",
            )
        return [(name, _written(value)) for name, value in filters.items()]


def _written(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


STUDENTS = Endpoint(
    path="/students",
    row=PersonRow,
    kind=Kind.user,
    takes=_modified(
        "household_id",
        "homeroom",
        "homeroom_teacher_id",
        "advisor_id",
        "campus_id",
        "role",
        "enrollment_status",
        *_ranges("entry_date", "exit_date"),
    ),
)
PARENTS = Endpoint(
    path="/parents",
    row=PersonRow,
    kind=Kind.user,
    # ``role`` is left out on purpose: its value must not be encoded, and every client encodes it.
    takes=frozenset({"household_id", "include_deceased"}),
)
STAFF = Endpoint(
    path="/staff_faculty",
    row=PersonRow,
    kind=Kind.user,
    takes=frozenset(
        {
            "household_id",
            "faculty_type",
            "employee_code",
            "campus",
            "role",
            "school_level",
            *_ranges("date_hired", "date_terminated"),
        }
    ),
)
RELATIONSHIPS = Endpoint(
    path="/relationships",
    row=RelationshipRow,
    kind=Kind.relationship,
    takes=_modified(
        "person_id",
        "related_person_id",
        "relationship",
        "resident",
        "legal_custody",
        "emergency",
        "pick_up",
        "parent_portal_access",
        "role",
        "related_person_role",
    ),
)
PERIODS = Endpoint(
    path="/academics/config/grading_periods",
    row=PeriodRow,
    kind=Kind.academic_session,
    takes=_modified(
        "group_id", "school_year", "last_modified_date", *_ranges("start_date", "end_date")
    ),
)
CLASSES = Endpoint(
    path="/academics/classes",
    row=ClassRow,
    kind=Kind.class_,
    takes=_modified(
        "id",
        "school_year",
        "campus_id",
        "school_level",
        "course_type",
        "internal_course_id",
        "primary_teacher_id",
        "room_id",
        "internal_group_id",
        "parent_portal_visibility",
        "parent_portal_assignment_display",
        "student_portal_visibility",
        "student_portal_assignment_display",
    ),
)
ENROLLMENTS = Endpoint(
    path="/academics/enrollments",
    row=EnrollmentRow,
    kind=Kind.enrollment,
    takes=_modified(
        "internal_class_id",
        "class_status",
        "person_id",
        "exclude_from_transcript",
        "school_year",
        "course_type",
        "subject",
        "currently_enrolled",
        *_ranges("late_date_enrolled", "date_withdrawn"),
    ),
)
PERMISSIONS = Endpoint(
    path="/academics/permissions",
    row=PermissionRow,
    kind=Kind.enrollment,
    takes=_modified(
        "school_year",
        "school_level",
        "course_id",
        "course_type",
        "course_type_not",
        "class_id",
        "person_id",
        "last_modified_date",
    ),
)
SCHEDULES = Endpoint(
    path="/academics/class_schedules",
    row=ScheduleRow,
    kind=Kind.class_,
    takes=frozenset(
        {
            "school_level",
            "school_year",
            "block_group",
            "room_id",
            "campus_id",
            "grading_period_id",
            "day_id",
            "block_id",
            "primary_teacher_id",
        }
    ),
)
HOUSEHOLDS = Endpoint(path="/households", row=HouseholdRow, kind=Kind.user, takes=_modified())
CONTACTS = Endpoint(path="/contact_info", row=ContactRow, kind=Kind.user, takes=_modified("role"))

#: Every endpoint of a pull, in the order in which they are read.
ENDPOINTS: tuple[Endpoint[Any], ...] = (
    STUDENTS,
    PARENTS,
    STAFF,
    RELATIONSHIPS,
    PERIODS,
    CLASSES,
    ENROLLMENTS,
    PERMISSIONS,
    SCHEDULES,
    HOUSEHOLDS,
    CONTACTS,
)

#: Those that a school opens for every app; the others are read where their scope is asked for.
BASIC = (STUDENTS, PARENTS, STAFF, RELATIONSHIPS, PERIODS, CLASSES, ENROLLMENTS)

#: The others, and what only they say.
FURTHER: tuple[tuple[Endpoint[Any], str], ...] = (
    (PERMISSIONS, "co-teachers"),
    (SCHEDULES, "the grading periods of classes"),
    (HOUSEHOLDS, "addresses"),
    (CONTACTS, "telephones and second e-mails"),
)

#: What an app asks a school for: each basic endpoint, to list and to read.
SCOPES: tuple[str, ...] = tuple(
    scope for e in BASIC for scope in (e.scope, e.scope.replace(":list", ":read"))
)
