"""What the host knows of a person, or of one in a class, stays where the pull cannot tell of it."""

from collections.abc import Sequence

import attrs
import pytest

from edlink.coverage import Coverage, CoverageEntry
from edlink.matching.untold import keep_untold_role, keep_untold_roles
from edlink.model import Enrollment, RoleAssignment, User
from edlink.vocabulary import CoverageState, Kind, Role

COMPLETE, WITHHELD = CoverageState.complete, CoverageState.withheld

STAFF = RoleAssignment(role=Role.staff, org_id="north", is_primary=True)
PARENT = RoleAssignment(role=Role.guardian, org_id="school", is_primary=False)


def _said(**states: CoverageState) -> Coverage:
    return Coverage(
        CoverageEntry(kind=Kind.user, state=state, role=Role[role])
        for role, state in states.items()
    )


def _user(*roles: RoleAssignment) -> User:
    primary = next((role.org_id for role in roles if role.is_primary), None)
    return User(sourced_id="7", given_name="Ada", roles=roles, primary_org_id=primary)


def _alone(role: RoleAssignment) -> RoleAssignment:
    return RoleAssignment(role=role.role, org_id=role.org_id, is_primary=True)


@pytest.mark.parametrize("roles", [(STAFF, PARENT), (PARENT, STAFF)])
def test_a_role_that_is_not_told_stays(roles: Sequence[RoleAssignment]) -> None:
    """Who comes as a parent while staff are withheld is still staff, and first of all that."""
    held, came = _user(*roles), _user(_alone(PARENT))
    said = _said(staff=WITHHELD, guardian=COMPLETE)
    assert keep_untold_roles(held, came, said) == held


def test_a_further_role_that_is_not_told_stays_behind_the_primary_one() -> None:
    """Who comes as staff while parents are withheld is still a parent too."""
    held, came = _user(STAFF, PARENT), _user(STAFF)
    said = _said(staff=COMPLETE, guardian=WITHHELD)
    assert keep_untold_roles(held, came, said) == held


def test_what_is_told_of_a_role_is_taken() -> None:
    """A role that came changes, and one that is new is added behind those that stay."""
    held = _user(STAFF)
    came = _user(_alone(PARENT))
    found = keep_untold_roles(held, came, _said(staff=WITHHELD, guardian=COMPLETE))
    assert found.roles == (STAFF, PARENT)


def test_a_role_that_is_told_and_did_not_come_is_gone() -> None:
    """Where staff are known whole, who does not come as staff is no longer that."""
    came = _user(_alone(PARENT))
    said = _said(staff=COMPLETE, guardian=COMPLETE)
    assert keep_untold_roles(_user(STAFF, PARENT), came, said) is came


def test_where_nothing_is_known_whole_what_came_is_taken() -> None:
    """Files of changes are complete in nothing, and each person in them is."""
    came = _user(_alone(PARENT))
    assert keep_untold_roles(_user(STAFF, PARENT), came, _said()) is came


@pytest.mark.parametrize(
    ("teachers", "staff", "stays"),
    [
        (WITHHELD, COMPLETE, True),
        (COMPLETE, COMPLETE, False),
        (COMPLETE, WITHHELD, False),
        (WITHHELD, WITHHELD, False),
    ],
)
def test_a_role_in_a_class_stays_where_it_alone_is_not_told(
    teachers: CoverageState, staff: CoverageState, stays: bool
) -> None:
    """Who comes as staff in a class is its teacher still while teachers alone are not told."""
    held = Enrollment(sourced_id="5|7", user_id="7", class_id="5", role=Role.teacher)
    came = attrs.evolve(held, role=Role.staff)
    said = Coverage(
        CoverageEntry(kind=Kind.enrollment, state=state, role=role)
        for role, state in ((Role.teacher, teachers), (Role.staff, staff))
    )
    assert keep_untold_role(held, came, said) == (held if stays else came)
