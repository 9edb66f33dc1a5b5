import json
from collections.abc import Set as AbstractSet

import pytest
from tests.clever.conftest import FAST
from tests.clever.replay import TOKEN, Answer, Asked, Clever, Rows, at, serve
from tests.clever.rows import fold, small

from edlink import Kind, Role, SyncState
from edlink.clever import CleverClient
from edlink.clever.versions import ROLE_SCOPES
from edlink.coverage import Coverage
from edlink.sandbox.clever.door import SCOPES
from edlink.vocabulary import CoverageState

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


@pytest.mark.parametrize("students", ["u01", None])
def test_a_section_that_cannot_be_read_leaves_its_own_members_unsure(
    clever: Clever, client: CleverClient, students: str | None
) -> None:
    """Members who are no list, or null, are not nobody; those of other sections are known."""
    clever.rows["sections"][0]["students"] = students
    roster = client.pull_roster()
    warning = next(w for w in roster.warnings if w.code == "EDL-WARN-605")

    assert [(i.sourced_id, i.fields) for i in roster.issues if i.kind is Kind.class_] == [
        ("x1", ("students",))
    ]
    assert roster.coverage.untold_classes == {"x1"}
    assert roster.coverage.is_complete(Kind.class_)
    assert roster.coverage.is_complete(Kind.enrollment)
    assert (warning.count, warning.ids) == (1, ("x1",))


def test_a_contact_and_a_student_who_cannot_be_read_leave_their_own_records_unsure(
    clever: Clever, client: CleverClient
) -> None:
    """Their links and demographics are not known; everybody else's are."""
    clever.rows["users"][0]["roles"]["student"]["schools"] = None
    clever.rows["users"][-1]["roles"]["contact"]["student_relationships"] = None
    coverage = client.pull_roster().coverage

    assert coverage.untold_people == {(Kind.demographics, "u01"), (Kind.relationship, "u09")}
    assert coverage.is_complete(Kind.demographics)
    assert coverage.is_complete(Kind.relationship)


def test_a_section_without_an_id_leaves_all_enrollments_unsure(
    clever: Clever, client: CleverClient
) -> None:
    """Nobody knows which section it was, so no membership of any counts as gone."""

    def without_id(_: Asked, answer: Answer) -> Answer:
        page = json.loads(answer.body)
        for single in page.get("data", [])[:1]:
            del single["data"]["id"]
        return Answer.json(page)

    clever.fault = at("/sections", without_id)
    roster = client.pull_roster()
    (warning,) = [w for w in roster.warnings if w.code == "EDL-WARN-605"]

    assert roster.coverage.state(Kind.enrollment) is CoverageState.failed
    assert roster.coverage.untold_classes == frozenset()
    assert (warning.count, warning.ids) == (1, ())


def test_scopes_that_a_token_lacks_are_withheld(clever: Clever) -> None:
    """Without read:student_contacts the contacts are not asked for, and not gone."""
    scopes = {"read:schools", "read:sections", "read:students", "read:teachers"}
    with CleverClient(TOKEN, base_url=clever.base_url, scopes=scopes, settings=FAST) as client:
        roster = client.pull_roster()
    asked = {a.params.get("role") for a in clever.asked}

    assert roster.coverage.state(Kind.relationship) is CoverageState.withheld
    assert roster.coverage.state(Kind.user, "d1") is CoverageState.withheld
    assert not {"contact", "staff", "district_admin"} & asked
    assert {w.code for w in roster.warnings} >= {"EDL-WARN-601"}


def test_the_old_scope_opens_everything(clever: Clever) -> None:
    """A token with read:sis withholds nothing."""
    with CleverClient(
        TOKEN, base_url=clever.base_url, scopes=["read:sis"], settings=FAST
    ) as client:
        roster = client.pull_roster()

    assert roster.coverage.state(Kind.relationship) is CoverageState.complete


def test_withheld_contacts_leave_students_known(clever: Clever, client: CleverClient) -> None:
    """A refusal of contacts says nothing of the people at schools."""
    clever.fault = at("/users", Answer.json({"message": "scope"}, 403), role="contact")
    roster = client.pull_roster()

    assert roster.coverage.state(Kind.user) is CoverageState.complete
    assert roster.coverage.state(Kind.user, "s1") is CoverageState.complete
    assert roster.coverage.state(Kind.user, "d1") is CoverageState.withheld
    assert roster.coverage.state(Kind.relationship) is CoverageState.withheld


def test_no_contacts_and_unknown_scopes_are_withheld(clever: Clever, client: CleverClient) -> None:
    """An empty list of contacts may be a missing permission, so none is gone."""
    clever.rows["users"] = [u for u in clever.rows["users"] if "contact" not in u["roles"]]
    roster = client.pull_roster()
    entry = roster.coverage.entry(Kind.relationship)

    assert entry is not None
    assert (entry.state, entry.reason) == (CoverageState.withheld, "empty")
    assert [w.code for w in roster.warnings] == ["EDL-WARN-606"]


def test_no_contacts_are_believed_where_none_are_expected(clever: Clever) -> None:
    """A host that knows that a district has none gets a whole roster, without a warning."""
    clever.rows["users"] = [u for u in clever.rows["users"] if "contact" not in u["roles"]]
    with CleverClient(
        TOKEN, base_url=clever.base_url, settings=FAST, expects_contacts=False
    ) as client:
        roster = client.pull_roster()

    assert roster.warnings == ()
    assert SyncState.after(roster).complete


def test_contacts_whom_no_scope_opens_are_withheld_whatever_is_expected(clever: Clever) -> None:
    """A host that expects none is told of a missing scope as ever."""
    scopes = {*ROLE_SCOPES.values(), "read:schools", "read:sections"} - {"read:student_contacts"}
    with CleverClient(
        TOKEN, base_url=clever.base_url, scopes=scopes, settings=FAST, expects_contacts=False
    ) as client:
        roster = client.pull_roster()

    assert roster.coverage.state(Kind.relationship) is CoverageState.withheld
    assert [w.code for w in roster.warnings] == ["EDL-WARN-601"]


def test_no_staff_is_believed(clever: Clever, client: CleverClient) -> None:
    """Many districts share no staff, and their other people are known all the same."""
    clever.rows["users"] = [u for u in clever.rows["users"] if "staff" not in u["roles"]]
    clever.rows["sections"] = []

    assert client.pull_roster().coverage.state(Kind.user) is CoverageState.complete
