"""
What Clever sends, as far as edlink reads it; field names and nesting are Clever's own.

Only an object's ``id`` is required: the specifications mark nothing else so.  Any value may be
null but those that say who belongs where, which the specifications never let be null: such a null
is not "nobody".  Keys not named here are passed over, since minor versions only add.  Source:
Clever's published specifications of the Data API 2.0 to 3.1.
"""

from functools import cache
from typing import Annotated, Any, Generic, Literal, Required, TypeVar, cast

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict  # pydantic asks for it below Python 3.12

T = TypeVar("T")

#: A number where text belongs becomes its text.
CONFIG = ConfigDict(coerce_numbers_to_str=True)

Id = Annotated[str, Field(min_length=1)]
Text = str | None
Ids = list[Text] | None

#: Who belongs where: absent or empty says nobody, null says nothing.
Members = list[Text]
Extension = dict[str, Any] | None


class Name(TypedDict, total=False):
    """A person's name; a contact's whole name is in ``last``."""

    first: Text
    middle: Text
    last: Text


class Credentials(TypedDict, total=False):
    """What the person signs in with at the district; Clever sends no passwords any more."""

    district_username: Text


class Location(TypedDict, total=False):
    """A postal address."""

    address: Text
    city: Text
    state: Text
    zip: Text
    lat: Text
    lon: Text


class SchoolEnrollment(TypedDict, total=False):
    """A span of time at a school."""

    school: Text
    start_date: Text
    end_date: Text


class Disability(TypedDict, total=False):
    """3.1 only."""

    disability_status: Text
    disability_type: Text
    disability_code: Text


class StudentRelationship(TypedDict, total=False):
    """One row of a contact in the SIS; rows of one student may repeat."""

    student: str
    relationship: Text
    type: Text


class _Role(TypedDict, total=False):
    """What every role object may have; ``email`` is sent by Clever but is not in its specs."""

    legacy_id: Text
    email: Text
    ext: Extension


class Student(_Role, total=False):
    """The student role; ``school`` is the primary one of ``schools``."""

    sis_id: Text
    state_id: Text
    student_number: Text
    school: Text
    schools: Members
    enrollments: list[SchoolEnrollment]
    credentials: Credentials | None
    grade: Text
    graduation_year: Text
    location: Location | None
    preferred_name: Name | None
    dob: Text
    gender: Text
    race: Text
    hispanic_ethnicity: Text
    ell_status: Text
    frl_status: Text
    gifted_status: Text
    iep_status: Text
    section_504_status: Text
    home_language: Text
    home_language_code: Text
    disability: Disability | None


class Teacher(_Role, total=False):
    """The teacher role."""

    sis_id: Text
    state_id: Text
    teacher_number: Text
    school: Text
    schools: Members
    credentials: Credentials | None
    title: Text


class Staff(_Role, total=False):
    """The staff role, a school admin in version 2; it has no primary school and no sis_id."""

    staff_id: Text
    schools: Members
    credentials: Credentials | None
    title: Text
    department: Text
    roles: Ids


class DistrictAdmin(_Role, total=False):
    """The district admin role; it is for the whole district."""

    title: Text


class Contact(_Role, total=False):
    """The contact role: any adult a school has on file for a student."""

    sis_id: Text
    phone: Text
    phone_type: Text
    student_relationships: list[StudentRelationship]


class Roles(TypedDict, total=False):
    """A person's roles; one is held where its key is there and not null."""

    student: Student | None
    teacher: Teacher | None
    staff: Staff | None
    district_admin: DistrictAdmin | None
    contact: Contact | None


class _Person(TypedDict, total=False):
    id: Required[Id]
    district: Text
    created: Text
    last_modified: Text


class User(_Person, total=False):
    """A person of version 3, in any number of roles."""

    email: Text
    name: Name | None
    roles: Roles


class FlatStudent(_Person, Student, total=False):
    """A student of version 2."""

    name: Name | None


class FlatTeacher(_Person, Teacher, total=False):
    """A teacher of version 2."""

    name: Name | None


class FlatSchoolAdmin(_Person, Staff, total=False):
    """A school admin of version 2."""

    name: Name | None


class FlatDistrictAdmin(_Person, DistrictAdmin, total=False):
    """A district admin of version 2."""

    name: Name | None


class FlatContact(_Person, _Role, total=False):
    """A contact of version 2: one relationship for all students, one string as name."""

    name: Text
    sis_id: Text
    phone: Text
    phone_type: Text
    students: Members
    relationship: Text
    type: Text


class Section(TypedDict, total=False):
    """A class with its members; ``teacher`` is the primary one of ``teachers``."""

    id: Required[Id]
    district: Text
    school: Text
    name: Text
    sis_id: Text
    section_number: Text
    course: Text
    term_id: Text
    grade: Text
    subject: Text
    period: Text
    teacher: Text
    teachers: Members
    students: Members
    created: Text
    last_modified: Text
    ext: Extension


class Course(TypedDict, total=False):
    """A course of the district."""

    id: Required[Id]
    district: Text
    name: Text
    number: Text


class Term(TypedDict, total=False):
    """A term of the district; any of its three facts may be missing."""

    id: Required[Id]
    district: Text
    name: Text
    start_date: Text
    end_date: Text


class Principal(TypedDict, total=False):
    """The head of a school."""

    name: Text
    email: Text


class School(TypedDict, total=False):
    """A school."""

    id: Required[Id]
    district: Text
    name: Text
    sis_id: Text
    school_number: Text
    state_id: Text
    nces_id: Text
    mdr_number: Text
    low_grade: Text
    high_grade: Text
    phone: Text
    principal: Principal | None
    location: Location | None
    created: Text
    last_modified: Text
    ext: Extension


class District(TypedDict, total=False):
    """A district; ``error`` is for people only, says Clever."""

    id: Required[Id]
    name: Text
    mdr_number: Text
    nces_id: Text
    sis_type: Text
    state: Text
    last_sync: Text
    launch_date: Text
    pause_start: Text
    pause_end: Text
    portal_url: Text
    login_methods: Ids


class Link(TypedDict, total=False):
    """A relation of an answer; ``uri`` is relative to the host and never followed."""

    rel: Text
    uri: Text


class Event(TypedDict, total=False):
    """
    One change.

    The specifications put ``previous_attributes`` beside ``data``; Clever has sent it inside.
    """

    id: Required[Id]
    type: Required[Id]
    created: Text
    data: "Required[EventData]"
    previous_attributes: dict[str, Any] | None


class EventData(TypedDict, total=False):
    """The object as it is now, or as it last was where it is gone."""

    object: Required[dict[str, Any]]
    previous_attributes: dict[str, Any] | None


@with_config(CONFIG)
class Single(TypedDict, Generic[T]):
    """An answer with one object, and every row of a list."""

    data: T


@with_config(CONFIG)
class Listing(TypedDict, Generic[T], total=False):
    """An answer with a list."""

    data: Required[list[Single[T]]]
    links: list[Link] | None


#: What a collection's rows are: the names of Clever's own paths, version 2's flat people included.
ROWS: dict[str, Any] = {
    "districts": District,
    "schools": School,
    "terms": Term,
    "courses": Course,
    "sections": Section,
    "users": User,
    "students": FlatStudent,
    "teachers": FlatTeacher,
    "school_admins": FlatSchoolAdmin,
    "district_admins": FlatDistrictAdmin,
    "contacts": FlatContact,
    "events": Event,
}

Collection = Literal[
    "districts",
    "schools",
    "terms",
    "courses",
    "sections",
    "users",
    "students",
    "teachers",
    "school_admins",
    "district_admins",
    "contacts",
    "events",
]


@cache
def _listing(collection: str) -> TypeAdapter[Any]:
    return TypeAdapter(Listing[ROWS[collection]])  # type: ignore[valid-type] # the row's type is data


@cache
def _single(collection: str) -> TypeAdapter[Any]:
    return TypeAdapter(Single[ROWS[collection]])  # type: ignore[valid-type] # the same


def parse_listing(collection: str, body: bytes) -> Listing[Any] | None:
    """Return a list's answer, or None where anything in it is odd."""
    try:
        return cast("Listing[Any]", _listing(collection).validate_json(body))
    except ValidationError:
        return None


def read_single(collection: str, value: object) -> tuple[Any, list[tuple[str | int, ...]]]:
    """Return the row of ``{"data": row}``; or None, and the places that are in its way."""
    try:
        return _single(collection).validate_python(value)["data"], []
    except ValidationError as error:
        faults = error.errors(include_input=False, include_context=False, include_url=False)
    return None, [fault["loc"] for fault in faults]
