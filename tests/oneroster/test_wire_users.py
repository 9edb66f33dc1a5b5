from datetime import date
from typing import Any

import pytest
from pydantic_core import SchemaValidator, ValidationError

from edlink._http.payload import Pagewise
from edlink.model import RoleAssignment, User
from edlink.oneroster.wire import schema_of
from edlink.oneroster.wire_users import _ONE_ROLE
from edlink.vocabulary import Kind, Role

ROLE: dict[str, Any] = {
    "roleType": "primary",
    "role": " Student ",
    "org": {"href": "https://example.org/orgs/s1", "sourcedId": "s1", "type": "org"},
    "beginDate": "2026-08-01",
    "endDate": "2027-06-30T00:00:00Z",
}


def _roles(*roles: object) -> tuple[RoleAssignment, ...]:
    """Return the roles of a 1.2 user that was sent with these."""
    users = schema_of(Kind.user, "1.2")
    assert isinstance(users, Pagewise)
    user: User = SchemaValidator(users.schema).validate_python(
        {"sourcedId": "u1", "status": "active", "roles": list(roles)}
    )
    return user.roles


def test_a_role_is_read_with_all_its_fields() -> None:
    """The words of a role become the model's values, the provider's own word among them."""
    assert _roles(ROLE) == (
        RoleAssignment(
            role=Role.student,
            role_raw="Student",
            org_id="s1",
            is_primary=True,
            begin_date=date(2026, 8, 1),
            end_date=date(2027, 6, 30),
        ),
    )


def test_users_with_the_same_roles_share_them() -> None:
    """Thousands of students at one school hold one tuple of roles, not thousands."""
    assert _roles(ROLE) is _roles(dict(ROLE))


def test_a_role_of_a_profile_is_its_users_own() -> None:
    """A role that names a profile is read whole, and with it the user's other roles."""
    first, second = _roles(ROLE | {"userProfile": "p1"}, ROLE)
    assert (first.user_profile_id, second.user_profile_id) == ("p1", None)


@pytest.mark.parametrize(
    "change",
    [
        {"roleType": None},
        {"roleType": "SECONDARY"},
        {"roleType": 7},
        {"org": None},
        {"org": {}},
        {"org": "s2"},
        {"org": " "},
        {"org": {"sourcedId": 12}},
        {"role": ""},
        {"role": "wizard"},
        {"role": 5},
        {"beginDate": ""},
        {"beginDate": None, "endDate": "0000-00-00"},
        {"userProfile": ""},
        {"userProfile": None},
        {"invented": {"later": True}},
    ],
)
def test_a_shared_role_is_what_the_role_alone_is(change: dict[str, Any]) -> None:
    """However a role is spelled, sharing it changes nothing of it."""
    role = ROLE | change
    assert _roles(role) == (_ONE_ROLE.validate_python(role),)


@pytest.mark.parametrize("change", [{"beginDate": "8/10/2026"}, {"org": 1.5}])
def test_a_role_that_cannot_be_read_makes_its_field_unreadable(change: dict[str, Any]) -> None:
    """What nobody can read is an error of the field, not a role without it."""
    with pytest.raises(ValidationError):
        _roles(ROLE | change)
