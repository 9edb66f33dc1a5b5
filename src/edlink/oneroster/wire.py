"""
What OneRoster servers send, as a map from each field of the model to its place on the wire.

The maps are handed to ``_http.payload``, which fills the records in compiled code
(docs/decisions/0002).  Sources: OneRoster 1.2 Rostering OpenAPI (IMS, 2022-09-19) and the 1.1
information model; 1.1 differs in users alone, see ``_USER_1_1``.
"""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any, cast

import attrs
from pydantic_core import CoreSchema, SchemaValidator
from pydantic_core import core_schema as cs

from edlink._http.payload import (
    WireField,
    day,
    exact,
    flag,
    items,
    read_with,
    record_schema,
    text,
    vocabulary,
    word,
)
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
from edlink.oneroster import values
from edlink.vocabulary import EndSemantics, IdentifierType, Kind

Fields = dict[str, WireField]

#: Fields that are never read, kept or shown: they can hold real passwords.
SECRET_FIELDS = frozenset({"password", "credentials"})


def _ref(where: str) -> WireField:
    """Map a reference object, or the bare id that small servers send; its ``href`` is ignored."""
    return WireField([[where, "sourcedId"], [where]], exact(values.read_id))


def _refs(where: str) -> WireField:
    item = cs.typed_dict_schema({"sourcedId": cs.typed_dict_field(exact(values.read_id))})
    return WireField(where, items(values.read_ids, item, _gather_ids))


def _gather_ids(refs: tuple[dict[str, str | None], ...]) -> tuple[str, ...]:
    if len(refs) == 1 and (only := refs[0]["sourcedId"]) is not None:
        return (only,)
    ids = dict.fromkeys([ref["sourcedId"] for ref in refs])
    return tuple([i for i in ids if i is not None])


def _text(where: str) -> WireField:
    return WireField(where, text(values.read_text))


def _day(where: str) -> WireField:
    return WireField(where, day(values.read_date))


def _flag(where: str) -> WireField:
    return WireField(where, flag(values.read_bool))


def _read(where: str, reader: Callable[[Any], Any]) -> WireField:
    return WireField(where, read_with(reader))


def _words(where: str, words: values.Words[Any]) -> WireField:
    return WireField(where, vocabulary(words, words))


def _texts(where: str) -> WireField:
    return WireField(where, items(values.read_texts, word()))


@lru_cache(maxsize=1024)
def _gather_grades(grades: tuple[str, ...]) -> tuple[str, ...]:
    return tuple([values.read_grade(grade) for grade in grades])


@lru_cache(maxsize=1024)
def _share(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tuple that came first of all equal ones: thousands have the same grades."""
    return texts


_RECORD: Fields = {
    "sourced_id": WireField("sourcedId", exact(values.read_own_id)),
    "status": _words("status", values.read_status),
    "date_last_modified": _read("dateLastModified", values.read_datetime),
}

_GRADES: Fields = {
    "grades": WireField("grades", items(values.read_grades, word(), _gather_grades)),
    "grades_raw": WireField("grades", items(values.read_texts, word(), _share)),
}

_ORG: Fields = {
    **_RECORD,
    "name": _text("name"),
    "type": _words("type", values.read_org_type),
    "type_raw": _text("type"),
    "parent_id": _ref("parent"),
    "child_ids": _refs("children"),
    "identifiers": _read("identifier", lambda value: _own_identifier(values.read_text(value))),
}

_ACADEMIC_SESSION: Fields = {
    **_RECORD,
    "title": _text("title"),
    "type": _words("type", values.read_session_type),
    "type_raw": _text("type"),
    "start_date": _day("startDate"),
    "end_date": _day("endDate"),
    "parent_id": _ref("parent"),
    "child_ids": _refs("children"),
    "school_year": _read("schoolYear", values.read_school_year),
}

_COURSE: Fields = {
    **_RECORD,
    **_GRADES,
    "title": _text("title"),
    "course_code": _text("courseCode"),
    "school_year_id": _ref("schoolYear"),
    "org_id": _ref("org"),
    "subjects": _texts("subjects"),
    "subject_codes": _texts("subjectCodes"),
    "resource_ids": _refs("resources"),
}

_CLASS: Fields = {
    **_RECORD,
    **_GRADES,
    "title": _text("title"),
    "class_code": _text("classCode"),
    "class_type": _words("classType", values.read_class_type),
    "class_type_raw": _text("classType"),
    "location": _text("location"),
    "course_id": _ref("course"),
    "org_id": _ref("school"),
    "session_ids": _refs("terms"),
    "periods": _texts("periods"),
    "subjects": _texts("subjects"),
    "subject_codes": _texts("subjectCodes"),
    "resource_ids": _refs("resources"),
}

_ENROLLMENT: Fields = {
    **_RECORD,
    "user_id": _ref("user"),
    "class_id": _ref("class"),
    "org_id": _ref("school"),
    "role": _words("role", values.read_role),
    "role_raw": _text("role"),
    "is_primary": _flag("primary"),
    "begin_date": _day("beginDate"),
    "end_date": _day("endDate"),
}

_DEMOGRAPHICS: Fields = {
    **_RECORD,
    "birth_date": _read("birthDate", values.read_birth_date),
    "birth_date_raw": _read("birthDate", values.read_birth_date_raw),
    "sex": _read("sex", values.read_sex),
    "sex_raw": _text("sex"),
    "american_indian_or_alaska_native": _flag("americanIndianOrAlaskaNative"),
    "asian": _flag("asian"),
    "black_or_african_american": _flag("blackOrAfricanAmerican"),
    "native_hawaiian_or_other_pacific_islander": _flag("nativeHawaiianOrOtherPacificIslander"),
    "white": _flag("white"),
    "demographic_race_two_or_more_races": _flag("demographicRaceTwoOrMoreRaces"),
    "hispanic_or_latino_ethnicity": _flag("hispanicOrLatinoEthnicity"),
    "country_of_birth_code": _text("countryOfBirthCode"),
    "state_of_birth_abbreviation": _text("stateOfBirthAbbreviation"),
    "city_of_birth": _text("cityOfBirth"),
    "public_school_residence_status": _text("publicSchoolResidenceStatus"),
}


def _own_identifier(value: str | None) -> tuple[Identifier, ...]:
    if value is None:
        return ()
    known = IdentifierType.identifier
    return (Identifier(type=known, type_raw="identifier", value=value),)


_USER_ID = record_schema(
    Identifier,
    {
        "type": _words("type", values.read_identifier_type),
        "type_raw": _text("type"),
        "value": WireField("identifier", word()),
    },
)


def _read_user_ids(value: object) -> tuple[Identifier, ...]:
    """Return the identifiers of a list in which some are incomplete; those without value go."""
    found = []
    for item in values.read_items(value):
        if not isinstance(item, Mapping):
            raise values.UnreadableError("not an identifier")
        number, register = values.read_text(item.get("identifier")), item.get("type")
        if number is not None:
            known = values.read_identifier_type(register)
            raw = values.read_text(register)
            found.append(Identifier(type=known, type_raw=raw, value=number))
    return tuple(found)


# What a user's finished fields are made of stands, until `finish`, in slots of the new record
# that OneRoster never fills: a second object per person would cost more than all the rest.
_IDENTIFIER_SLOT, _MASTER_SLOT, _LOGIN_SLOT = "display_name", "homeroom", "advisor_id"


def _setter(name: str) -> Callable[[User, Any], None]:
    """Return the slot's own setter: the records are new and nobody else has seen them."""
    return cast("Callable[[User, Any], None]", getattr(User, name).__set__)


_USER: Fields = {
    **_RECORD,
    **_GRADES,
    "enabled": WireField("enabledUser", flag(lambda value: values.read_bool(value) is not False)),
    "username": _text("username"),
    "given_name": _text("givenName"),
    "middle_name": _text("middleName"),
    "family_name": _text("familyName"),
    "email": _text("email"),
    "sms": _text("sms"),
    "phone": _text("phone"),
    "identifiers": WireField("userIds", items(_read_user_ids, _USER_ID)),
    "agent_ids": _refs("agents"),
    "resource_ids": _refs("resources"),
    _IDENTIFIER_SLOT: _text("identifier"),
}

# 1.1: one role and a list of orgs; until `finish`, `roles` is the bare word and `primary_org_id`
# the list of orgs.
_USER_1_1: Fields = {**_USER, "roles": _text("role"), "primary_org_id": _refs("orgs")}


def _read_role_type(value: object) -> bool | None:
    word = value.strip().lower() if isinstance(value, str) else ""
    return word == "primary" if word in {"primary", "secondary"} else None


_ROLE = record_schema(
    RoleAssignment,
    {
        "role": _words("role", values.read_role),
        "role_raw": _text("role"),
        "org_id": _ref("org"),
        "is_primary": _read("roleType", _read_role_type),
        "begin_date": _day("beginDate"),
        "end_date": _day("endDate"),
        "user_profile_id": _text("userProfile"),
    },
)

_ONE_ROLE = SchemaValidator(_ROLE)


def _read_roles(value: object) -> tuple[RoleAssignment, ...]:
    """Return the roles of a list that is null, a single object, or odd in a part."""
    return tuple(_ONE_ROLE.validate_python(item) for item in values.read_items(value))


def _read_login(value: object) -> str | None:
    """Return the first user name among the profiles' credentials; nothing else is read of them."""
    for profile in values.read_items(value):
        for login in values.read_items(
            profile.get("credentials") if isinstance(profile, Mapping) else None
        ):
            name = values.read_text(login.get("username") if isinstance(login, Mapping) else None)
            if name is not None:
                return name
    return None


_USER_1_2: Fields = {
    **_USER,
    "preferred_given_name": _text("preferredFirstName"),
    "preferred_middle_name": _text("preferredMiddleName"),
    "preferred_family_name": _text("preferredLastName"),
    "pronouns": _text("pronouns"),
    "roles": WireField("roles", items(_read_roles, _ROLE)),
    "primary_org_id": _ref("primaryOrg"),
    _MASTER_SLOT: _text("userMasterIdentifier"),
    _LOGIN_SLOT: _read("userProfiles", _read_login),
}

_set_identifiers, _set_roles = _setter("identifiers"), _setter("roles")
_set_primary_org, _set_guess = _setter("primary_org_id"), _setter("primary_org_is_guess")
_set_username, _clear_identifier = _setter("username"), _setter(_IDENTIFIER_SLOT)
_clear_master, _clear_login = _setter(_MASTER_SLOT), _setter(_LOGIN_SLOT)


def _finish(user: User) -> None:
    """Move what stands in borrowed slots to where it belongs."""
    own = user.display_name
    if own is not None:
        added = Identifier(type=IdentifierType.identifier, type_raw="identifier", value=own)
        _set_identifiers(user, (*user.identifiers, added))
        _clear_identifier(user, None)


def _finish_1_1(user: User) -> User:
    _finish(user)
    role, orgs = (
        cast("str | None", user.roles or None),
        cast("tuple[str, ...]", user.primary_org_id),
    )
    _set_roles(user, _roles_at(role, orgs or ()))
    if orgs:
        _set_primary_org(user, orgs[0])
        _set_guess(user, True)  # noqa: FBT003 - a slot's setter
    else:
        _set_primary_org(user, None)
    return user


@lru_cache(maxsize=4096)
def _roles_at(role: str | None, orgs: tuple[str, ...]) -> tuple[RoleAssignment, ...]:
    """Return one assignment per org, the first primary; shared by all who have the same."""
    if role is None and not orgs:
        return ()
    known = values.read_role(role)
    return tuple(
        RoleAssignment(
            role=known, role_raw=role, org_id=org, is_primary=org == (orgs or (None,))[0]
        )
        for org in orgs or (None,)
    )


def _finish_1_2(user: User) -> User:
    _finish(user)
    if user.homeroom is not None:
        master = Identifier(
            type=IdentifierType.master_id, type_raw="userMasterIdentifier", value=user.homeroom
        )
        _set_identifiers(user, (*user.identifiers, master))
        _clear_master(user, None)
    if user.advisor_id is not None:
        _set_username(user, user.username or user.advisor_id)
        _clear_login(user, None)
    if user.primary_org_id is None:
        primary = next((r.org_id for r in user.roles if r.is_primary and r.org_id), None)
        _set_primary_org(user, primary)
        _set_guess(user, primary is not None)
    return user


_TYPES: Mapping[Kind, tuple[type[Any], Fields]] = {
    Kind.org: (Org, _ORG),
    Kind.academic_session: (AcademicSession, _ACADEMIC_SESSION),
    Kind.course: (Course, _COURSE),
    Kind.class_: (Class, _CLASS),
    Kind.enrollment: (Enrollment, _ENROLLMENT),
    Kind.demographics: (Demographics, _DEMOGRAPHICS),
}


@cache
def schema_of(kind: Kind, version: str, *, keep_metadata: bool = False) -> CoreSchema:
    """Return the schema of a kind's records in OneRoster ``1.1`` or ``1.2``."""
    if kind is Kind.user:
        fields, finish = (_USER_1_1, _finish_1_1) if version == "1.1" else (_USER_1_2, _finish_1_2)
        schema = record_schema(User, fields, finish=finish)
    else:
        cls, fields = _TYPES[kind]
        schema = record_schema(
            cls, fields, finish=_STATED if _says_its_end(kind, version) else None
        )
    return _with_metadata(schema, fields) if keep_metadata else schema


def _says_its_end(kind: Kind, version: str) -> bool:
    return kind is Kind.academic_session and version == "1.2"


def _state_end(session: AcademicSession) -> AcademicSession:
    return attrs.evolve(session, end_semantics=EndSemantics.stated)


_STATED: Callable[[Any], Any] = _state_end


def _with_metadata(schema: CoreSchema, fields: Fields) -> CoreSchema:
    """Keep ``metadata`` and every field the model has no place for, except secrets."""
    tops = {f.where if isinstance(f.where, str) else str(f.where[0][0]) for f in fields.values()}

    def keep(row: Any, read: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - any JSON, any record
        record = read(row)
        more = {name: value for name, value in row.items() if name not in tops}
        own = more.pop("metadata", None)
        kept = without_secrets({**(own if isinstance(own, Mapping) else {}), **more})
        return attrs.evolve(record, metadata=kept or None)

    return cs.no_info_wrap_validator_function(keep, schema)


def without_secrets(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value without the fields that can hold passwords, at any depth."""
    if isinstance(value, Mapping):
        kept = {k: v for k, v in value.items() if k.lower() not in SECRET_FIELDS}
        return {name: without_secrets(item) for name, item in kept.items()}
    return [without_secrets(item) for item in value] if isinstance(value, list) else value
