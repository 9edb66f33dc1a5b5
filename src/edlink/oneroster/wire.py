"""
What OneRoster servers send, as a map from each field of the model to its place on the wire.

The maps are handed to ``_http.payload``, which fills the records in compiled code
(docs/decisions/0002).  Sources: OneRoster 1.2 Rostering OpenAPI (IMS, 2022-09-19) and the 1.1
information model; 1.1 differs in users alone, see ``wire_users``.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import attrs
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, ValidationError
from pydantic_core import core_schema as cs

from edlink._http.payload import Pagewise, record_schema, slot_setter
from edlink.model import (
    AcademicSession,
    Class,
    Course,
    Demographics,
    Enrollment,
    Org,
    User,
)
from edlink.oneroster import values
from edlink.oneroster.wire_fields import (
    GRADES,
    RECORD,
    Fields,
    at,
    at_day,
    at_flag,
    at_ref,
    at_refs,
    at_text,
    at_texts,
    at_word,
    own_identifier,
)
from edlink.oneroster.wire_users import USERS_1_1, USERS_1_2
from edlink.readers import is_too_deep
from edlink.vocabulary import EndSemantics, Kind

#: Fields that are never read, kept or shown: they can hold real passwords.
SECRET_FIELDS = frozenset({"password", "credentials"})

_ORG: Fields = {
    **RECORD,
    "name": at_text("name"),
    "type": at_word("type", values.read_org_type),
    "type_raw": at_text("type"),
    "parent_id": at_ref("parent"),
    "child_ids": at_refs("children"),
    "identifiers": at("identifier", lambda value: own_identifier(values.read_text(value))),
}

_ACADEMIC_SESSION: Fields = {
    **RECORD,
    "title": at_text("title"),
    "type": at_word("type", values.read_session_type),
    "type_raw": at_text("type"),
    "start_date": at_day("startDate"),
    "end_date": at_day("endDate"),
    "parent_id": at_ref("parent"),
    "child_ids": at_refs("children"),
    "school_year": at("schoolYear", values.read_school_year),
}

_COURSE: Fields = {
    **RECORD,
    **GRADES,
    "title": at_text("title"),
    "course_code": at_text("courseCode"),
    "school_year_id": at_ref("schoolYear"),
    "org_id": at_ref("org"),
    "subjects": at_texts("subjects"),
    "subject_codes": at_texts("subjectCodes"),
    "resource_ids": at_refs("resources"),
}

_CLASS: Fields = {
    **RECORD,
    **GRADES,
    "title": at_text("title"),
    "class_code": at_text("classCode"),
    "class_type": at_word("classType", values.read_class_type),
    "class_type_raw": at_text("classType"),
    "location": at_text("location"),
    "course_id": at_ref("course"),
    "org_id": at_ref("school"),
    "session_ids": at_refs("terms"),
    "periods": at_texts("periods"),
    "subjects": at_texts("subjects"),
    "subject_codes": at_texts("subjectCodes"),
    "resource_ids": at_refs("resources"),
}

_ENROLLMENT: Fields = {
    **RECORD,
    "user_id": at_ref("user"),
    "class_id": at_ref("class"),
    "org_id": at_ref("school"),
    "role": at_word("role", values.read_role),
    "role_raw": at_text("role"),
    "is_primary": at_flag("primary"),
    "begin_date": at_day("beginDate"),
    "end_date": at_day("endDate"),
}

_DEMOGRAPHICS: Fields = {
    **RECORD,
    "birth_date": at("birthDate", values.read_birth_date),
    "birth_date_raw": at("birthDate", values.read_birth_date_raw),
    "sex": at("sex", values.read_sex),
    "sex_raw": at_text("sex"),
    "american_indian_or_alaska_native": at_flag("americanIndianOrAlaskaNative"),
    "asian": at_flag("asian"),
    "black_or_african_american": at_flag("blackOrAfricanAmerican"),
    "native_hawaiian_or_other_pacific_islander": at_flag("nativeHawaiianOrOtherPacificIslander"),
    "white": at_flag("white"),
    "demographic_race_two_or_more_races": at_flag("demographicRaceTwoOrMoreRaces"),
    "hispanic_or_latino_ethnicity": at_flag("hispanicOrLatinoEthnicity"),
    "country_of_birth_code": at_text("countryOfBirthCode"),
    "state_of_birth_abbreviation": at_text("stateOfBirthAbbreviation"),
    "city_of_birth": at_text("cityOfBirth"),
    "public_school_residence_status": at_text("publicSchoolResidenceStatus"),
}


_TYPES: Mapping[Kind, tuple[type[Any], Fields]] = {
    Kind.org: (Org, _ORG),
    Kind.academic_session: (AcademicSession, _ACADEMIC_SESSION),
    Kind.course: (Course, _COURSE),
    Kind.class_: (Class, _CLASS),
    Kind.enrollment: (Enrollment, _ENROLLMENT),
    Kind.demographics: (Demographics, _DEMOGRAPHICS),
}


@cache
def schema_of(
    kind: Kind, version: str, *, keep_metadata: bool = False
) -> CoreSchema | Pagewise[User]:
    """Return how a kind's records are read in OneRoster ``1.1`` or ``1.2``."""
    if kind is Kind.user:
        users = USERS_1_1 if version == "1.1" else USERS_1_2
        schema = record_schema(User, users.fields, later=users.later)
        kept = _with_metadata(schema, users.fields) if keep_metadata else schema
        return Pagewise(kept, users.finish)
    cls, fields = _TYPES[kind]
    finish = _STATED if _says_its_end(kind, version) else None
    schema = record_schema(cls, fields, finish=finish)
    return _with_metadata(schema, fields) if keep_metadata else schema


def _says_its_end(kind: Kind, version: str) -> bool:
    return kind is Kind.academic_session and version == "1.2"


def _state_end(session: AcademicSession) -> AcademicSession:
    return attrs.evolve(session, end_semantics=EndSemantics.stated)


_STATED: Callable[[Any], Any] = _state_end


def _with_metadata(schema: CoreSchema, fields: Fields) -> CoreSchema:
    """
    Keep ``metadata`` and every field the model has no place for, except secrets.

    A field nested deeper than 32 levels is unreadable.
    """
    tops = {f.where if isinstance(f.where, str) else str(f.where[0][0]) for f in fields.values()}

    def keep(row: Any, read: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - any JSON, any record
        sent = row if isinstance(row, dict) else {}
        more = {name: value for name, value in sent.items() if name not in tops}
        deep = [name for name, value in more.items() if is_too_deep(value)]
        if deep:
            raise _unreadable([*deep, *_faults(row, read)])
        record = read(row)
        own = more.pop("metadata", None)
        kept = without_secrets({**(own if isinstance(own, Mapping) else {}), **more})
        if kept:
            slot_setter(type(record), "metadata")(record, kept)
        return record

    return cs.no_info_wrap_validator_function(keep, schema)


def _faults(row: Any, read: Callable[[Any], Any]) -> list[str]:  # noqa: ANN401 - any JSON
    """Return the names of the fields in the way of a record."""
    try:
        read(row)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_context=False, include_url=False)
        return [str(fault["loc"][0]) for fault in faults]
    return []


def _unreadable(names: Iterable[str]) -> ValidationError:
    why = PydanticCustomError("unreadable", "cannot be read")
    faults: list[InitErrorDetails] = [{"type": why, "loc": (n,), "input": None} for n in names]
    return ValidationError.from_exception_data("record", faults)


def without_secrets(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value without the fields that can hold passwords, at any depth."""
    if isinstance(value, Mapping):
        kept = {k: v for k, v in value.items() if k.lower() not in SECRET_FIELDS}
        return {name: without_secrets(item) for name, item in kept.items()}
    return [without_secrets(item) for item in value] if isinstance(value, list) else value
