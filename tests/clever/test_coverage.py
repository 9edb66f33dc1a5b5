from collections.abc import Set as AbstractSet

import pytest
from tests.clever.conftest import FAST
from tests.clever.replay import TOKEN, Clever

from edlink import Kind, Role
from edlink.clever import CleverClient
from edlink.coverage import Coverage
from edlink.sandbox.clever.door import SCOPES

DISTRICT, SCHOOL = "d1", "s1"

#: Roles at each org at which Clever has people in them.
PLACES = (
    (SCHOOL, Role.student),
    (SCHOOL, Role.teacher),
    (SCHOOL, Role.staff),
    (SCHOOL, Role.guardian),
    (DISTRICT, Role.administrator),
    (DISTRICT, Role.guardian),
    (DISTRICT, Role.contact),
)


def coverage_without(clever: Clever, scopes: AbstractSet[str]) -> Coverage:
    """Return what a pull can say whose token lacks some scopes."""
    opened = {*SCOPES} - scopes
    with CleverClient(TOKEN, base_url=clever.base_url, scopes=opened, settings=FAST) as client:
        return client.pull_roster().coverage


@pytest.mark.parametrize(
    ("lacking", "unknown"),
    [
        (set(), set()),
        ({"read:students"}, {Role.student}),
        ({"read:teachers"}, {Role.teacher, Role.staff}),
        ({"read:school_admins"}, {Role.teacher, Role.staff}),
        ({"read:district_admins"}, {Role.administrator}),
        ({"read:student_contacts"}, {Role.guardian, Role.contact}),
        (
            {"read:school_admins", "read:student_contacts"},
            {*Role} - {Role.student, Role.administrator},
        ),
    ],
)
def test_each_role_is_known_where_its_scopes_are_open(
    clever: Clever, lacking: set[str], unknown: set[Role]
) -> None:
    """What a token lacks leaves the roles it does not open as well known as ever."""
    coverage = coverage_without(clever, lacking)
    for org_id, role in PLACES:
        assert coverage.is_complete(Kind.user, org_id, role) is (role not in unknown)


def test_people_in_general_are_as_well_known_as_the_least_known(clever: Clever) -> None:
    """A host that asks without a role is told of the worst."""
    coverage = coverage_without(clever, {"read:school_admins"})
    assert not coverage.is_complete(Kind.user)
    assert coverage.summary()["user"] == "withheld, 1 orgs differ, student complete, " + ", ".join(
        f"{role} complete" for role in ("administrator", "guardian", "contact")
    )


def test_a_pull_of_all_has_no_entries_by_role(clever: Clever) -> None:
    """Where everybody is known there is nothing to tell apart."""
    assert not [entry for entry in coverage_without(clever, set()).entries if entry.role]
