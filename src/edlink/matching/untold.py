"""What the host knows of a person, or of one in a class, and a pull cannot tell."""

import attrs

from edlink.coverage import Coverage
from edlink.model import Enrollment, RoleAssignment, User
from edlink.vocabulary import CoverageState, Kind

_UNTOLD = frozenset({CoverageState.withheld, CoverageState.failed})


def keep_untold_roles(held: User, record: User, coverage: Coverage) -> User:
    """
    Return a person who came, with those roles that the host has and the pull cannot tell of.

    A teacher who is also a parent comes as a parent alone while staff are withheld; the host's
    role stays until the pull knows of staff again.  Where nothing that came is known whole, as in
    files of changes, what came is taken as it is.

    Args:
        held: The person as the host has them.
        record: The same person as they came.
        coverage: What is known of people, by org and role.
    """

    def is_told(role: RoleAssignment) -> bool:
        return coverage.state(Kind.user, role.org_id, role.role) not in _UNTOLD

    came = {(role.role, role.org_id) for role in record.roles}
    untold = [r for r in held.roles if (r.role, r.org_id) not in came and not is_told(r)]
    if not untold or not any(map(is_told, record.roles)):
        return record
    places = {(role.role, role.org_id): place for place, role in enumerate(held.roles)}
    roles = [*untold, *record.roles]
    primary_org_id = record.primary_org_id
    if any(role.is_primary for role in untold):
        further = [attrs.evolve(r, is_primary=False) if r.is_primary else r for r in record.roles]
        roles, primary_org_id = [*untold, *further], held.primary_org_id
    roles.sort(key=lambda role: places.get((role.role, role.org_id), len(places)))
    return attrs.evolve(record, roles=tuple(roles), primary_org_id=primary_org_id)


def keep_untold_role(held: Enrollment, record: Enrollment, coverage: Coverage) -> Enrollment:
    """
    Return an enrollment that came, in the role that the host has where the pull cannot tell of it.

    A directory says what a person is in a class by the groups they are in: a teacher whose group
    cannot be read, and who is staff besides, is not demoted to staff.  Where the role that came is
    not told either, what came is taken as it is.

    Args:
        held: The enrollment as the host has it.
        record: The same one as it came.
        coverage: What is known of enrollments, by role.
    """

    def is_told(enrollment: Enrollment) -> bool:
        state = coverage.state(Kind.enrollment, enrollment.org_id, enrollment.role)
        return state not in _UNTOLD

    if record.role is held.role or is_told(held) or not is_told(record):
        return record
    return attrs.evolve(record, role=held.role)
