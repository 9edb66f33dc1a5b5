"""
A user on OneRoster's wire: what 1.1 and 1.2 do not have in common.

Sources: OneRoster 1.2 UserDType, RoleDType and UserProfileDType; 1.1 User.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import cast

import attrs
from pydantic_core import CoreSchema, SchemaValidator
from pydantic_core import core_schema as cs

from edlink._http.payload import (
    Where,
    WireField,
    defaults_setter,
    flag,
    items,
    record_schema,
    slot_setter,
    word,
)
from edlink.model import Identifier, RoleAssignment, User
from edlink.oneroster import values
from edlink.oneroster.wire_fields import (
    GRADES,
    RECORD,
    Fields,
    at,
    at_day,
    at_ref,
    at_refs,
    at_text,
    at_word,
    gather_grades,
)
from edlink.readers import UnreadableError
from edlink.vocabulary import IdentifierType

_USER_ID = record_schema(
    Identifier,
    {
        "type": at_word("type", values.read_identifier_type),
        "type_raw": at_text("type"),
        "value": WireField("identifier", word()),
    },
)


def _read_user_ids(value: object) -> tuple[Identifier, ...]:
    """Return the identifiers of a list in which some are incomplete; those without value go."""
    found = []
    for item in values.read_items(value):
        if not isinstance(item, Mapping):
            raise UnreadableError("not an identifier")
        number, register = values.read_text(item.get("identifier")), item.get("type")
        if number is not None:
            known = values.read_identifier_type(register)
            raw = values.read_text(register)
            found.append(Identifier(type=known, type_raw=raw, value=number))
    return tuple(found)


# What a user's finished fields are made of stands, until `Users.finish`, in slots of the new record
# that OneRoster never fills: a second object per person would cost more than all the rest.
_IDENTIFIER_SLOT, _MASTER_SLOT, _LOGIN_SLOT = "display_name", "homeroom", "advisor_id"


_USER: Fields = {
    **RECORD,
    "grades_raw": GRADES["grades_raw"],
    "enabled": WireField("enabledUser", flag(lambda value: values.read_bool(value) is not False)),
    "username": at_text("username"),
    "given_name": at_text("givenName"),
    "middle_name": at_text("middleName"),
    "family_name": at_text("familyName"),
    "email": at_text("email"),
    "sms": at_text("sms"),
    "phone": at_text("phone"),
    "identifiers": WireField("userIds", items(_read_user_ids, _USER_ID)),
    "agent_ids": at_refs("agents"),
    "resource_ids": at_refs("resources"),
    _IDENTIFIER_SLOT: at_text("identifier"),
}

# 1.1: one role and a list of orgs; until `Users.finish`, `roles` is the bare word and
# `primary_org_id` the list of orgs.
_USER_1_1: Fields = {**_USER, "roles": at_text("role"), "primary_org_id": at_refs("orgs")}


def _read_role_type(value: object) -> bool | None:
    word = value.strip().lower() if isinstance(value, str) else ""
    return word == "primary" if word in {"primary", "secondary"} else None


_ROLE = record_schema(
    RoleAssignment,
    {
        "role": at_word("role", values.read_role),
        "role_raw": at_text("role"),
        "org_id": at_ref("org"),
        "is_primary": at("roleType", _read_role_type),
        "begin_date": at_day("beginDate"),
        "end_date": at_day("endDate"),
        "user_profile_id": at_text("userProfile"),
    },
)

_ONE_ROLE = SchemaValidator(_ROLE)


def _read_roles(value: object) -> tuple[RoleAssignment, ...]:
    """Return the roles of a list that is null, a single object, or odd in a part."""
    return tuple(_ONE_ROLE.validate_python(item) for item in values.read_items(value))


def _word_at(where: Where) -> cs.TypedDictField:
    """Map a word as it was sent, or None where it was not; all else is left to the readers."""
    word_or_none = cs.nullable_schema(cs.str_schema(strict=True))
    return cs.typed_dict_field(
        cs.with_default_schema(word_or_none, default=None), validation_alias=where
    )


# A role as the words of `_roles_of`, in their order.
_ROLE_WORDS = cs.typed_dict_schema(
    {
        "role": cs.typed_dict_field(cs.str_schema(strict=True)),
        "org_id": _word_at([["org", "sourcedId"], ["org"]]),
        "role_type": _word_at("roleType"),
        "begin_date": _word_at("beginDate"),
        "end_date": _word_at("endDate"),
        # Hardly two users share a profile, so a role that names one is not worth keeping.
        "user_profile_id": cs.typed_dict_field(
            cs.with_default_schema(cs.none_schema(), default=None), validation_alias="userProfile"
        ),
    }
)


def _share_roles(found: tuple[dict[str, str | None], ...]) -> tuple[RoleAssignment, ...]:
    return _roles_of(tuple([tuple(words.values()) for words in found]))


@lru_cache(maxsize=4096)
def _roles_of(found: tuple[tuple[str | None, ...], ...]) -> tuple[RoleAssignment, ...]:
    """Return the assignments of roles given as words; shared by all who have the same."""
    return tuple(
        RoleAssignment(
            role=values.read_role(role),
            role_raw=values.read_text(role),
            org_id=values.read_id(org),
            is_primary=_read_role_type(role_type),
            begin_date=values.read_date(begin),
            end_date=values.read_date(end),
        )
        for role, org, role_type, begin, end, _ in found
    )


def _roles() -> CoreSchema:
    """Return the schema of a list of roles: words and ids alone, else whatever can be read."""
    words = cs.tuple_schema([_ROLE_WORDS], variadic_item_index=0)
    shared = cs.no_info_after_validator_function(_share_roles, words)
    return cs.union_schema([shared, items(_read_roles, _ROLE)], mode="left_to_right")


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
    "preferred_given_name": at_text("preferredFirstName"),
    "preferred_middle_name": at_text("preferredMiddleName"),
    "preferred_family_name": at_text("preferredLastName"),
    "pronouns": at_text("pronouns"),
    "roles": WireField("roles", _roles()),
    "primary_org_id": at_ref("primaryOrg"),
    _MASTER_SLOT: at_text("userMasterIdentifier"),
    _LOGIN_SLOT: at("userProfiles", _read_login),
}

_set_identifiers, _set_roles = slot_setter(User, "identifiers"), slot_setter(User, "roles")
_set_primary_org = slot_setter(User, "primary_org_id")
_set_guess = slot_setter(User, "primary_org_is_guess")
_set_grades, _set_username = slot_setter(User, "grades"), slot_setter(User, "username")
_clear_identifier = slot_setter(User, _IDENTIFIER_SLOT)
_clear_master, _clear_login = slot_setter(User, _MASTER_SLOT), slot_setter(User, _LOGIN_SLOT)
_set_type, _set_value = slot_setter(Identifier, "type"), slot_setter(Identifier, "value")
_set_type_raw = slot_setter(Identifier, "type_raw")


def _add_identifier(user: User, known: IdentifierType, name: str, value: str) -> None:
    """Add to a new record what stands in a field of its own; attrs' own way costs four times."""
    added = object.__new__(Identifier)
    _set_type(added, known)
    _set_type_raw(added, name)
    _set_value(added, value)
    _set_identifiers(user, (*user.identifiers, added))


def _finish_1_1(users: list[User]) -> None:
    """Complete new records: each role is spread over the user's orgs."""
    for user in users:
        _set_grades(user, gather_grades(user.grades_raw))
        if user.display_name is not None:
            _add_identifier(user, IdentifierType.identifier, "identifier", user.display_name)
            _clear_identifier(user, None)
        role = cast("str | None", user.roles or None)
        orgs = cast("tuple[str, ...]", user.primary_org_id or ())
        _set_roles(user, _roles_at(role, orgs))
        _set_primary_org(user, orgs[0] if orgs else None)
        if orgs:
            _set_guess(user, True)  # noqa: FBT003 - a slot's setter


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


def _finish_1_2(users: list[User]) -> None:
    """Complete new records with their primary org, user name and identifiers."""
    for user in users:
        _set_grades(user, gather_grades(user.grades_raw))
        if user.display_name is not None:
            _add_identifier(user, IdentifierType.identifier, "identifier", user.display_name)
            _clear_identifier(user, None)
        if user.homeroom is not None:
            _add_identifier(user, IdentifierType.master_id, "userMasterIdentifier", user.homeroom)
            _clear_master(user, None)
        if user.advisor_id is not None:
            _set_username(user, user.username or user.advisor_id)
            _clear_login(user, None)
        if user.primary_org_id is None:
            primary = next((r.org_id for r in user.roles if r.is_primary and r.org_id), None)
            _set_primary_org(user, primary)
            _set_guess(user, primary is not None)


class Users:
    """How users are read: from which fields, which ones come later, and how they come."""

    def __init__(self, fields: Fields, finish: Callable[[list[User]], None]) -> None:
        self.fields = fields
        self.later = attrs.fields_dict(User).keys() - fields.keys() - {"metadata"}
        self._set_defaults = defaults_setter(User, self.later - {"grades"})
        self._finish = finish

    def finish(self, users: list[User]) -> None:
        """Complete the new records of a page."""
        self._set_defaults(users)
        self._finish(users)


USERS_1_1, USERS_1_2 = Users(_USER_1_1, _finish_1_1), Users(_USER_1_2, _finish_1_2)
