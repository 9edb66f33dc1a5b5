"""
A user on OneRoster's wire: what 1.1 and 1.2 do not have in common.

Sources: OneRoster 1.2 UserDType, RoleDType and UserProfileDType; 1.1 User.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

from pydantic_core import SchemaValidator

from edlink._http.payload import WireField, flag, items, record_schema, word
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
)
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
    **RECORD,
    **GRADES,
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

# 1.1: one role and a list of orgs; until `finish`, `roles` is the bare word and `primary_org_id`
# the list of orgs.
USER_1_1: Fields = {**_USER, "roles": at_text("role"), "primary_org_id": at_refs("orgs")}


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


USER_1_2: Fields = {
    **_USER,
    "preferred_given_name": at_text("preferredFirstName"),
    "preferred_middle_name": at_text("preferredMiddleName"),
    "preferred_family_name": at_text("preferredLastName"),
    "pronouns": at_text("pronouns"),
    "roles": WireField("roles", items(_read_roles, _ROLE)),
    "primary_org_id": at_ref("primaryOrg"),
    _MASTER_SLOT: at_text("userMasterIdentifier"),
    _LOGIN_SLOT: at("userProfiles", _read_login),
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


def finish_1_1(user: User) -> User:
    """Return the new record with its roles spread over its orgs."""
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


def finish_1_2(user: User) -> User:
    """Return the new record with its primary org, user name and identifiers."""
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
