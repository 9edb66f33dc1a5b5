from collections.abc import Set as AbstractSet

import pytest
from tests.clever.conftest import FAST
from tests.clever.replay import TOKEN, Answer, Asked, Clever, Rows, serve
from tests.clever.rows import fold, small

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
        ({"read:teachers"}, {Role.teacher}),
        ({"read:school_admins"}, {Role.staff}),
        ({"read:district_admins"}, {Role.administrator}),
        ({"read:student_contacts"}, {Role.guardian, Role.contact}),
        (
            {"read:school_admins", "read:student_contacts"},
            {Role.staff, Role.guardian, Role.contact},
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
    assert coverage.summary()["user"] == "withheld, 1 orgs differ, " + ", ".join(
        f"{role} complete"
        for role in ("student", "teacher", "administrator", "contact", "guardian")
    )


def test_a_pull_of_all_has_no_entries_by_role(clever: Clever) -> None:
    """Where everybody is known there is nothing to tell apart."""
    assert not [entry for entry in coverage_without(clever, set()).entries if entry.role]


@pytest.mark.parametrize(
    ("scopes", "is_known"), [(SCOPES, False), (None, True)], ids=["promised", "unknown"]
)
def test_refused_staff_leave_teachers_unsure_where_a_scope_opens_staff(
    clever: Clever, scopes: AbstractSet[str] | None, *, is_known: bool
) -> None:
    """Who was a teacher may be staff now, unless staff are nothing that the app is to see."""
    clever.fault = lambda asked, answer: (
        Answer.json({}, 403) if asked.params.get("role") == "staff" else answer
    )
    with CleverClient(TOKEN, base_url=clever.base_url, scopes=scopes, settings=FAST) as client:
        coverage = client.pull_roster().coverage

    assert coverage.is_complete(Kind.user, SCHOOL, Role.teacher) is is_known
    assert not coverage.is_complete(Kind.user, SCHOOL, Role.staff)


@pytest.mark.parametrize(("version", "is_known"), [("3.1", False), ("2.1", True)])
def test_staff_who_fail_to_come_leave_teachers_unsure_where_one_can_be_both(
    version: str, *, is_known: bool
) -> None:
    """Version 2 has a user for each role, so that no teacher is hidden among its staff."""
    with (
        serve(Clever(small() if version == "3.1" else flat(), version=version)) as clever,
        CleverClient(TOKEN, version=version, base_url=clever.base_url, settings=FAST) as client,
    ):
        clever.fault = lambda asked, answer: (
            Answer(200, b"no") if is_list_of_staff(asked) else answer
        )
        coverage = client.pull_roster(allow_partial=True).coverage

    assert coverage.is_complete(Kind.user, SCHOOL, Role.teacher) is is_known
    assert coverage.is_complete(Kind.user, SCHOOL, Role.student)


def is_list_of_staff(asked: Asked) -> bool:
    """Return whether a request, in any version, lists staff."""
    is_staff = asked.path == "/school_admins" or asked.params.get("role") == "staff"
    return is_staff and not asked.is_count


def flat() -> Rows:
    """Return the small district as version 2 says it, without what that cannot say."""
    rows = small()
    for section in rows["sections"]:
        section["students"] = [i for i in section["students"] if i]
    for user in rows["users"]:
        user["roles"] = {word: role for word, role in user["roles"].items() if role}
    return fold(rows)
