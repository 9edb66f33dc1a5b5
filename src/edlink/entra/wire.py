"""
What Graph sends, as far as edlink reads it; names are those of its rows in snake case.

Every field but ``id`` may be missing or null, and words that an enumeration does not have yet are
kept as text.  Source: Microsoft's CSDL of Graph v1.0, education types, user and group.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, cast

import attrs
from pydantic_core import CoreSchema

from edlink import readers
from edlink._http.payload import Where, WireField, day, exact, flag, read_with, record_schema, text
from edlink.entra import values

_WIRE = "wire"


def _field(schema: CoreSchema, *where: str) -> Any:  # noqa: ANN401 - an attrs field
    place: Where = where[0] if len(where) == 1 else [list(where)]
    return attrs.field(default=None, repr=False, metadata={_WIRE: WireField(place, schema)})


def _own_id() -> Any:  # noqa: ANN401 - an attrs field
    return attrs.field(metadata={_WIRE: WireField("id", exact(values.read_own_id))})


def _text(*where: str) -> Any:  # noqa: ANN401 - an attrs field
    return _field(text(readers.read_text), *where)


def _day(*where: str) -> Any:  # noqa: ANN401 - an attrs field
    return _field(day(readers.read_day), *where)


def _last_day(*where: str) -> Any:  # noqa: ANN401 - an attrs field
    return _field(day(readers.read_day_after), *where)


def _flag(*where: str) -> Any:  # noqa: ANN401 - an attrs field
    return _field(flag(readers.read_bool), *where)


@attrs.frozen(kw_only=True)
class ContactRow:
    """One of a student's ``relatedContacts``: an adult without an account."""

    id: str | None = attrs.field(default=None, repr=False)
    display_name: str | None = attrs.field(default=None, repr=False)
    email_address: str | None = attrs.field(default=None, repr=False)
    mobile_phone: str | None = attrs.field(default=None, repr=False)
    relationship: str | None = None
    access_consent: bool | None = attrs.field(default=None, repr=False)


def _contacts(value: object) -> tuple[ContactRow, ...] | None:
    """Return the contacts of a student; None where none were sent, which is not "no contacts"."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise readers.UnreadableError("not a list of contacts")
    return tuple(
        ContactRow(
            id=readers.read_text(item.get("id")),
            display_name=readers.read_text(item.get("displayName")),
            email_address=readers.read_text(item.get("emailAddress")),
            mobile_phone=readers.read_text(item.get("mobilePhone")),
            relationship=readers.read_text(item.get("relationship")),
            access_consent=readers.read_bool(item.get("accessConsent")),
        )
        for item in value
    )


def _reason(value: object) -> str | None:
    """Return why delta says that an object is gone, or None where it is there."""
    if value is None:
        return None
    return str(value.get("reason") or "deleted") if isinstance(value, dict) else "deleted"


@attrs.frozen(kw_only=True)
class SchoolRow:
    """An educationSchool."""

    id: str = _own_id()
    display_name: str | None = _text("displayName")
    external_id: str | None = _text("externalId")
    school_number: str | None = _text("schoolNumber")
    lowest_grade: str | None = _text("lowestGrade")
    highest_grade: str | None = _text("highestGrade")
    phone: str | None = _text("phone")
    principal_name: str | None = _text("principalName")
    principal_email: str | None = _text("principalEmail")


@attrs.frozen(kw_only=True)
class ClassRow:
    """An educationClass."""

    id: str = _own_id()
    display_name: str | None = _text("displayName")
    class_code: str | None = _text("classCode")
    external_id: str | None = _text("externalId")
    external_name: str | None = _text("externalName")
    grade: str | None = _text("grade")
    course_id: str | None = _text("course", "externalId")
    course_name: str | None = _text("course", "displayName")
    course_number: str | None = _text("course", "courseNumber")
    subject: str | None = _text("course", "subject")
    term_id: str | None = _text("term", "externalId")
    term_name: str | None = _text("term", "displayName")
    term_start: date | None = _day("term", "startDate")
    term_end: date | None = _last_day("term", "endDate")


@attrs.frozen(kw_only=True)
class UserRow:
    """An educationUser, or a user of the directory; each has some of the fields."""

    id: str = _own_id()
    account_enabled: bool | None = _flag("accountEnabled")
    display_name: str | None = _text("displayName")
    given_name: str | None = _text("givenName")
    middle_name: str | None = _text("middleName")
    surname: str | None = _text("surname")
    mail: str | None = _text("mail")
    user_principal_name: str | None = _text("userPrincipalName")
    user_type: str | None = _text("userType")
    department: str | None = _text("department")
    mobile_phone: str | None = _text("mobilePhone")
    # educationUser
    primary_role: str | None = _text("primaryRole")
    immutable_id: str | None = _text("onPremisesInfo", "immutableId")
    related_contacts: tuple[ContactRow, ...] | None = _field(
        read_with(_contacts), "relatedContacts"
    )
    birth_date: date | None = _field(day(readers.read_birth_date), "student", "birthDate")
    birth_date_raw: str | None = _field(
        read_with(readers.read_birth_date_raw), "student", "birthDate"
    )
    student_id: str | None = _text("student", "externalId")
    student_number: str | None = _text("student", "studentNumber")
    gender: str | None = _text("student", "gender")
    grade: str | None = _text("student", "grade")
    graduation_year: str | None = _text("student", "graduationYear")
    teacher_id: str | None = _text("teacher", "externalId")
    teacher_number: str | None = _text("teacher", "teacherNumber")
    # user
    job_title: str | None = _text("jobTitle")
    employee_id: str | None = _text("employeeId")
    on_premises_immutable_id: str | None = _text("onPremisesImmutableId")


@attrs.frozen(kw_only=True)
class GroupRow:
    """A group of the directory."""

    id: str = _own_id()
    display_name: str | None = _text("displayName")
    mail_nickname: str | None = _text("mailNickname")


@attrs.frozen(kw_only=True)
class MemberRow:
    """Somebody in a school, class or group, by id; groups hold devices and groups as well."""

    id: str = _own_id()
    type: str | None = _text("@odata.type")


@attrs.frozen(kw_only=True)
class DeltaRow:
    """An object that changed: its id, and why it is gone where it is."""

    id: str = _own_id()
    removed: str | None = _field(read_with(_reason), "@removed")


@cache
def schema_of(row: Any) -> CoreSchema:  # noqa: ANN401 - a row class, hashable for the cache
    """Return the schema that fills a row class from the JSON of its resource."""
    fields: Mapping[str, WireField] = {
        field.name: cast("WireField", field.metadata[_WIRE]) for field in attrs.fields(row)
    }
    return record_schema(row, fields)
