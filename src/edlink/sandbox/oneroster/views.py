"""What a OneRoster door can say of each record: model in, model out; the truth is made of it."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import attrs

from edlink.model import AcademicSession, Demographics, RoleAssignment, User
from edlink.sandbox.district import District
from edlink.vocabulary import EndSemantics, Kind, Sex

View = Callable[[Any], Any]

#: 1.2's words for roles that 1.1 does not have.
ROLES_1_1 = {
    "counselor": "aide",
    "principal": "administrator",
    "systemAdministrator": "administrator",
}


def views(district: District, version: str) -> Mapping[Kind, View]:
    """Return the view of each kind that a version can say differently from the neutral record."""
    if version == "1.2":
        return {}
    return {
        Kind.academic_session: _session_1_1,
        Kind.user: lambda user: _user_1_1(user, district),
        Kind.demographics: _demographics_1_1,
    }


def _session_1_1(session: AcademicSession) -> AcademicSession:
    return attrs.evolve(session, end_semantics=EndSemantics.assumed)


def _user_1_1(user: User, district: District) -> User:
    return User(
        sourced_id=user.sourced_id,
        status=user.status,
        date_last_modified=user.date_last_modified,
        enabled=user.enabled,
        username=user.username,
        given_name=user.given_name,
        middle_name=user.middle_name,
        family_name=user.family_name,
        email=user.email,
        phone=user.phone,
        sms=user.sms,
        identifiers=user.identifiers[:-1],  # the last is the master identifier, new in 1.2
        roles=_roles_1_1(user.roles),
        primary_org_id=user.roles[0].org_id,
        primary_org_is_guess=True,
        grades=user.grades,
        grades_raw=user.grades_raw,
        agent_ids=_agents_1_1(user, district),
    )


def _roles_1_1(roles: tuple[RoleAssignment, ...]) -> tuple[RoleAssignment, ...]:
    first = roles[0]
    word = cast("str", first.role_raw)
    if len(roles) == 1 and word not in ROLES_1_1:
        return roles
    return tuple(
        RoleAssignment(
            role=first.role,
            role_raw=ROLES_1_1.get(word, word),
            org_id=org_id,
            is_primary=place == 0,
        )
        for place, org_id in enumerate(dict.fromkeys(role.org_id for role in roles))
    )


def _agents_1_1(user: User, district: District) -> tuple[str, ...]:
    # With one role per person, staff who are parents are staff; teachers are nobody's agents.
    if not user.agent_ids:
        return ()
    is_dual, place_of = district.layout.is_dual, district.ids.user_place
    if is_dual(place_of(user.sourced_id)):
        return ()
    return tuple([i for i in user.agent_ids if not is_dual(place_of(i))])


def _demographics_1_1(record: Demographics) -> Demographics:
    if record.sex is not Sex.unspecified:
        return record
    return attrs.evolve(record, sex=None, sex_raw=None)
