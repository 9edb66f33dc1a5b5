"""
What Veracross sends, as far as edlink reads it; field names and nesting are Veracross' own.

Every field but ``id`` and what a row connects may be missing or null, and unknown ones are passed
over, since the vendor adds fields at any time.  Value ids (``gender``, ``grade_level``) are kept as
text; ``lists`` says what they mean.  Source: the vendor's OpenAPI of the Data API v3.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, cast

import attrs
from pydantic_core import CoreSchema

from edlink import readers
from edlink._http.payload import Where, WireField, day, exact, flag, read_with, record_schema, text
from edlink.veracross import values

_WIRE = "wire"
_END = "end"


def _field(where: str | tuple[str, ...], schema: CoreSchema) -> Any:  # noqa: ANN401 - an attrs field
    """Return an optional field and where it lies: a key, or the keys that lead to it."""
    place: Where = where if isinstance(where, str) else [list(where)]
    return attrs.field(default=None, repr=False, metadata={_WIRE: WireField(place, schema)})


def _own_id() -> Any:  # noqa: ANN401 - an attrs field
    return attrs.field(metadata={_WIRE: WireField("id", exact(values.read_own_id))})


def _end(*where: str) -> Any:  # noqa: ANN401 - an attrs field
    """Read what a row connects: without it the row says nothing, and is set aside."""
    wire = WireField([list(where)], exact(values.read_own_id))
    return attrs.field(metadata={_WIRE: wire})


def _other_end(*where: str) -> Any:  # noqa: ANN401 - an attrs field
    """Read what a row connects, empty where it is not said: the other end says what is missed."""
    wire = WireField([list(where)], exact(values.read_end))
    return attrs.field(default="", metadata={_WIRE: wire, _END: where[0]})


def lacking(row: Any) -> tuple[str, ...]:  # noqa: ANN401 - a row of any list
    """Return what a row does not say and would have to, by Veracross' names."""
    return tuple(
        field.metadata[_END]
        for field in attrs.fields(type(row))
        if _END in field.metadata and not getattr(row, field.name)
    )


def _ref(*where: str) -> Any:  # noqa: ANN401 - an attrs field
    return _field(where, exact(values.read_id))


def _text(*where: str) -> Any:  # noqa: ANN401 - an attrs field
    return _field(where, text(values.read_text))


def _day(where: str) -> Any:  # noqa: ANN401 - an attrs field
    return _field(where, day(readers.read_day))


def _last_day(where: str) -> Any:  # noqa: ANN401 - an attrs field
    return _field(where, day(readers.read_day_after))


def _flag(where: str) -> Any:  # noqa: ANN401 - an attrs field
    return _field(where, flag(readers.read_bool))


def _modified() -> Any:  # noqa: ANN401 - an attrs field
    return _field("last_modified_date", read_with(values.read_moment))


def _campus() -> Any:  # noqa: ANN401 - an attrs field
    """Read a campus that is an object in one endpoint and a bare id in the next."""
    places: Where = [["campus", "id"], ["campus"]]
    wire = WireField(places, exact(values.read_id))
    return attrs.field(default=None, metadata={_WIRE: wire})


@attrs.frozen(kw_only=True)
class PersonRow:
    """A row of ``/students``, ``/parents`` or ``/staff_faculty``; each has some of the fields."""

    id: str = _own_id()
    name_prefix: str | None = _ref("name_prefix")
    first_name: str | None = _text("first_name")
    first_nick_name: str | None = _text("first_nick_name")
    middle_name: str | None = _text("middle_name")
    last_name: str | None = _text("last_name")
    name_suffix: str | None = _ref("name_suffix")
    preferred_name: str | None = _text("preferred_name")
    household_id: str | None = _ref("household_id")
    gender: str | None = _ref("gender")
    email_1: str | None = _text("email_1")
    username: str | None = _text("username")
    roles: str | None = _text("roles")
    campus: str | None = _campus()
    campus_description: str | None = _text("campus", "description")
    last_modified_date: datetime | None = _modified()
    # students
    grade_level: str | None = _ref("grade_level")
    graduation_year: str | None = _text("graduation_year")
    homeroom: str | None = _ref("homeroom")
    homeroom_teacher_id: str | None = _ref("homeroom_teacher", "id")
    advisor_id: str | None = _ref("advisor", "id")
    entry_date: date | None = _day("entry_date")
    exit_date: date | None = _last_day("exit_date")
    birthday: str | None = _text("birthday")
    # staff and faculty
    department: str | None = _ref("department")
    job_title: str | None = _text("job_title")
    date_hired: date | None = _day("date_hired")
    date_terminated: date | None = _last_day("date_terminated")


@attrs.frozen(kw_only=True)
class RelationshipRow:
    """A row of ``/relationships``: what ``related_person_id`` is to ``person_id``."""

    id: str = _own_id()
    person_id: str = _other_end("person_id")
    related_person_id: str = _other_end("related_person_id")
    relationship: str | None = _ref("relationship")
    resident: bool | None = _flag("resident")
    custody_status: str | None = _text("custody_status")
    legal_custody: bool | None = _flag("legal_custody")
    emergency: bool | None = _flag("emergency")
    pick_up: bool | None = _flag("pick_up")
    parent_portal_access: bool | None = _flag("parent_portal_access")
    receive_general_correspondence: bool | None = _flag("receive_general_correspondence")
    receive_report_cards: bool | None = _flag("receive_report_cards")
    related_person_is_deceased: bool | None = _flag("related_person_is_deceased")
    last_modified_date: datetime | None = _modified()


@attrs.frozen(kw_only=True)
class ClassRow:
    """A row of ``/academics/classes``."""

    id: str = _own_id()
    class_id: str | None = _text("class_id")
    description: str | None = _text("description")
    school_year: str | None = _ref("school_year")
    campus_id: str | None = _ref("campus_id")
    campus_description: str | None = _text("campus_description")
    begin_date: date | None = _day("begin_date")
    end_date: date | None = _last_day("end_date")
    course_type: str | None = _ref("course_type")
    internal_course_id: str | None = _ref("internal_course_id")
    course_code: str | None = _text("course", "course_id")
    course_name: str | None = _text("course", "course_name")
    primary_teacher_id: str | None = _ref("primary_teacher_id")
    subject_id: str | None = _ref("subject_id")
    subject_description: str | None = _text("subject_description")
    last_modified_date: datetime | None = _modified()


@attrs.frozen(kw_only=True)
class EnrollmentRow:
    """A row of ``/academics/enrollments``: a student in a class."""

    id: str = _own_id()
    internal_class_id: str = _end("internal_class_id")
    person_id: str = _end("person_id")
    currently_enrolled: bool | None = _flag("currently_enrolled")
    late_date_enrolled: date | None = _day("late_date_enrolled")
    date_withdrawn: date | None = _last_day("date_withdrawn")
    last_modified_date: datetime | None = _modified()


@attrs.frozen(kw_only=True)
class PermissionRow:
    """A row of ``/academics/permissions``: a person who works with a class."""

    id: str = _own_id()
    class_id: str = _other_end("class", "id")
    person_id: str = _other_end("person", "id")
    role: str | None = _ref("role")
    last_modified_date: datetime | None = _modified()


@attrs.frozen(kw_only=True)
class PeriodRow:
    """A row of ``/academics/config/grading_periods``."""

    id: str = _own_id()
    description: str | None = _text("description")
    abbreviation: str | None = _text("abbreviation")
    start_date: date | None = _day("start_date")
    end_date: date | None = _last_day("end_date")
    group_id: str | None = _ref("group", "id")
    group_type: str | None = _ref("group", "type")
    major: bool | None = _flag("major")
    minor: bool | None = _flag("minor")
    school_year: str | None = _ref("school_year")
    last_modified_date: datetime | None = _modified()


@attrs.frozen(kw_only=True)
class ScheduleRow:
    """A row of ``/academics/class_schedules``: a class in a grading period, on one of its days."""

    id: str = _own_id()
    internal_class_id: str | None = _ref("internal_class_id")
    grading_period_id: str | None = _ref("grading_period", "id")


@attrs.frozen(kw_only=True)
class HouseholdRow:
    """A row of ``/households``."""

    id: str = _own_id()
    address_line_1: str | None = _text("address_line_1")
    address_line_2: str | None = _text("address_line_2")
    address_line_3: str | None = _text("address_line_3")
    city: str | None = _text("city")
    state_or_province: str | None = _text("state_or_province")
    zip: str | None = _text("zip")
    country: str | None = _ref("country")
    last_modified_date: datetime | None = _modified()


@attrs.frozen(kw_only=True)
class ContactRow:
    """A row of ``/contact_info``; its id is the person's."""

    id: str = _own_id()
    email_2: str | None = _text("email_2")
    home_phone: str | None = _text("home_phone")
    mobile_phone: str | None = _text("mobile_phone")
    business_phone: str | None = _text("business_phone")
    last_modified_date: datetime | None = _modified()


@cache
def schema_of(row: Any) -> CoreSchema:  # noqa: ANN401 - a row class, hashable for the cache
    """Return the schema that fills a row class from the JSON of its endpoint."""
    fields: Mapping[str, WireField] = {
        field.name: cast("WireField", field.metadata[_WIRE]) for field in attrs.fields(row)
    }
    return record_schema(row, fields)
