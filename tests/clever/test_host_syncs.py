"""What a host's plans make of a district at Clever whose ids, contacts or scopes change."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from tests.clever.conftest import FAST
from tests.clever.replay import TOKEN, Clever

from edlink import Kind, Role, Roster, SyncState, sandbox
from edlink._http.transport import HttpSettings
from edlink.clever import CleverClient
from edlink.matching import (
    Action,
    HostState,
    Limits,
    SyncMemory,
    SyncPlan,
    SyncPolicy,
    apply_sync,
    host_people,
    match_people,
    plan_rekey,
    plan_sync,
)
from edlink.sandbox import Sandbox
from edlink.sandbox.clever.door import SCOPES
from edlink.vocabulary import Status

START = date(2026, 9, 1)

#: Roles of which the district has several people.
WORKING = {Role.student, Role.teacher, Role.staff}

#: For one night on which many people may get other ids.
MOVING = SyncPolicy(limits={Kind.user: Limits(removed_percent=100, cap=None)})


def pulled(version: str) -> Roster:
    """Return the whole of one district, as a version says it."""
    with (
        sandbox.start(people=200, provider="clever", version=version) as district,
        CleverClient(
            district.api_key,
            version=version,
            base_url=district.base_url,
            settings=HttpSettings(rate=0),
        ) as client,
    ):
        return client.pull_roster()


def on_day(roster: Roster, day: int) -> Roster:
    """Return a roster as pulled on a day after the start."""
    moment = datetime.combine(START, datetime.min.time(), UTC) + timedelta(days=day)
    return attrs.evolve(roster, pulled_at=moment)


def plan_on(
    host: HostState, roster: Roster, day: int, policy: SyncPolicy | None = None
) -> SyncPlan:
    """Return the plan for a roster pulled on a day."""
    return plan_sync(host, on_day(roster, day), policy=policy, on=START + timedelta(days=day))


def host_of(roster: Roster) -> HostState:
    """Return a host that has taken over a whole roster on the first day."""
    empty = HostState(memory=SyncMemory(source=roster.source), records=())
    return apply_sync(empty, plan_on(empty, roster, 0))


def refs(host: HostState) -> set[tuple[Kind, str]]:
    """Return the refs of a host's active records."""
    return {(held.kind, held.ref) for held in host.records if held.is_active}


def kinds(plan: SyncPlan, *actions: Action) -> set[Kind]:
    """Return the kinds of the records to which a plan does one of some things."""
    return {change.kind for change in plan.changes if change.action in actions}


@pytest.mark.parametrize(("old", "new"), [("2.0", "3.0"), ("2.1", "3.1")])
def test_a_move_from_version_2_to_3_rekeys_everybody(old: str, new: str) -> None:
    """By the legacy ids all get new ids under the refs that they had; nobody comes or goes."""
    before, after = pulled(old), pulled(new)
    others = {u.sourced_id for u in before.users if u.roles[0].role is not Role.student}
    host = host_of(before)
    plan = plan_on(host, after, 1, MOVING)
    moved = apply_sync(host, plan)

    assert not plan.held
    assert kinds(plan, Action.create, Action.archive, Action.restore) == set()
    assert kinds(plan, Action.rekey) == {Kind.user, Kind.enrollment, Kind.relationship}
    assert len([c for c in plan.of(Action.rekey) if c.kind is Kind.user]) == len(others)
    assert refs(moved) == refs(host)
    assert moved.managed(Kind.user).keys() == {user.sourced_id for user in after.users}
    assert not plan_on(moved, after, 5).changes


def test_a_move_between_versions_waits_for_a_person() -> None:
    """Under a host's usual limits so many new ids are held, and nobody is made anew meanwhile."""
    before, after = pulled("2.1"), pulled("3.1")
    host = host_of(before)
    plan = plan_on(host, after, 1)
    people = [c for c in (*plan.changes, *plan.held) if c.kind is Kind.user]
    moved = apply_sync(apply_sync(host, plan), plan.approve(plan.fingerprint))

    assert {c.action for c in plan.held if c.kind is Kind.user} == {Action.rekey}
    assert {c.action for c in people} <= {Action.rekey, Action.update}
    assert moved.managed(Kind.user).keys() == {user.sourced_id for user in after.users}
    assert refs(moved) == refs(host)


def test_a_host_with_links_of_its_own_gets_each_new_id() -> None:
    """The re-key plan names the old and the new id of all but the students, and leaves nobody."""
    before, after = pulled("2.1"), pulled("3.1")
    host = host_of(before)
    plan = plan_rekey(match_people(after, host_people(host)))
    others = [u for u in after.users if u.roles[0].role is not Role.student]

    assert (plan.left, plan.open) == ((), ())
    assert {step.rule for step in plan.steps} == {"provider_id"}
    assert {step.after for step in plan.steps} >= {user.sourced_id for user in others}


def _edit_contact(clever: Clever) -> None:
    """Let a contact without a SIS id get another e-mail, and with it another id at Clever."""
    old = next(row for row in clever.rows["users"] if row["id"] == "u08")
    new = {**old, "id": "u88", "email": "gale.elsewhere@example.org"}
    clever.rows["users"] = [row for row in clever.rows["users"] if row is not old] + [new]
    clever.rows["events"] += [
        {"id": "e1", "type": "users.deleted", "data": {"object": old}},
        {"id": "e2", "type": "users.created", "data": {"object": new}},
    ]


def test_a_contact_who_is_rekeyed_by_an_edit_stays_one_person(
    clever: Clever, client: CleverClient
) -> None:
    """A new e-mail is a new id at Clever; the host keeps its record and takes the new id."""
    host = host_of(client.pull_roster())
    _edit_contact(clever)
    plan = plan_on(host, client.pull_roster(), 1)
    (ref,) = [h.ref for h in host.records if h.sourced_id == "u08"]

    assert kinds(plan, Action.create, Action.archive) == set()
    assert {(c.ref, c.sourced_id) for c in plan.of(Action.rekey) if c.kind is Kind.user} == {
        (ref, "u88")
    }


def test_an_edit_that_rekeys_a_contact_is_told_as_one_who_goes_and_one_who_comes(
    clever: Clever, client: CleverClient
) -> None:
    """The feed has both, with the links of each, and tells them again to who asks again."""
    state = SyncState.after(client.pull_roster())
    _edit_contact(clever)
    once, again = client.pull_changes(state), client.pull_changes(state)

    assert {t.sourced_id for t in once.tombstones} == {"u08", "u01|u08", "u02|u08"}
    assert {record.sourced_id for record in once.changed} == {"u88", "u01|u88", "u02|u88"}
    assert (once.changed, once.state) == (again.changed, again.state)


@pytest.mark.parametrize(
    ("lost", "unseen"),
    [
        ("read:students", {Role.student}),
        ("read:teachers", {Role.teacher}),
        ("read:school_admins", {Role.staff}),
        ("read:district_admins", {Role.administrator}),
        ("read:student_contacts", {Role.guardian, Role.contact}),
    ],
)
def test_a_scope_that_is_lost_between_two_pulls_archives_nobody_in_its_roles(
    lost: str, unseen: set[Role]
) -> None:
    """Who is no longer shared stays as they were; in the other roles people change and go."""
    with sandbox.start(people=200, provider="clever", version="3.1") as district:
        before = _pulled_with(district, SCOPES)
        host = host_of(before)
        leavers = _change(district, before)
        after = _pulled_with(district, {*SCOPES} - {lost})
    first = plan_on(host, after, 1)
    gone: set[str] = set()
    for day in range(1, 6):
        plan = plan_on(host, after, day)
        archived = (*plan.of(Action.archive), *plan.held)  # the only administrator is held
        gone |= {c.sourced_id for c in archived if c.kind is Kind.user}
        host = apply_sync(host, plan)
    updated = {before.user(c.sourced_id) for c in first.of(Action.update) if c.kind is Kind.user}

    assert gone == {i for role, i in leavers.items() if role not in unseen}
    assert {user.roles[0].role for user in updated if user} == WORKING - unseen


def test_a_teacher_who_is_staff_too_stays_where_staff_are_no_longer_shared(
    clever: Clever, client: CleverClient
) -> None:
    """Who had both roles may be staff alone now, where the app no longer sees it."""
    clever.rows["users"].append({"id": "u90", "roles": {"teacher": {"schools": ["s1"]}}})
    host = host_of(client.pull_roster())
    clever.rows["users"] = [row for row in clever.rows["users"] if row["id"] not in ("u05", "u06")]
    with CleverClient(
        TOKEN, base_url=clever.base_url, scopes={*SCOPES} - {"read:school_admins"}, settings=FAST
    ) as poorer:
        gone = _gone(host, poorer.pull_roster())

    assert gone[Kind.user] == {"u06"}


def test_one_section_that_cannot_be_read_keeps_its_own_members_alone(
    clever: Clever, client: CleverClient
) -> None:
    """Whoever leaves another section goes from it, however long the one stays unreadable."""
    host = host_of(client.pull_roster())
    clever.rows["sections"][0]["students"] = None
    clever.rows["sections"][1]["students"] = []

    assert _gone(host, client.pull_roster())[Kind.enrollment] == {"x2:u03:student"}


def test_one_contact_who_cannot_be_read_keeps_his_own_links_alone(
    clever: Clever, client: CleverClient
) -> None:
    """The links of another contact go, however long the one stays unreadable."""
    host = host_of(client.pull_roster())
    unread, other = clever.rows["users"][-2:]
    unread["roles"]["contact"]["student_relationships"] = None
    other["roles"]["contact"]["student_relationships"] = []

    assert _gone(host, client.pull_roster())[Kind.relationship] == {"u03|u09"}


def test_one_student_who_cannot_be_read_keeps_his_own_demographics_alone(
    clever: Clever, client: CleverClient
) -> None:
    """Another student who goes takes the birth date along; the unreadable one keeps everything."""
    host = host_of(client.pull_roster())
    clever.rows["users"][0]["roles"]["student"]["schools"] = None
    clever.rows["users"] = [row for row in clever.rows["users"] if row["id"] != "u03"]
    gone = _gone(host, client.pull_roster())

    assert gone[Kind.user] == {"u03"}
    assert gone[Kind.demographics] == {"u03"}


@pytest.mark.parametrize(("expects", "going"), [(True, set()), (False, {"u08", "u09"})])
def test_the_last_contacts_go_where_none_are_expected(
    clever: Clever, client: CleverClient, going: set[str], *, expects: bool
) -> None:
    """That nobody is listed may mean that nobody is shared, unless the host says otherwise."""
    host = host_of(client.pull_roster())
    clever.rows["users"] = [row for row in clever.rows["users"] if row["id"] not in ("u08", "u09")]
    with CleverClient(
        TOKEN, base_url=clever.base_url, settings=FAST, expects_contacts=expects
    ) as other:
        assert _gone(host, other.pull_roster())[Kind.user] == going


def _gone(host: HostState, roster: Roster) -> dict[Kind, set[str]]:
    """Return what goes by a roster that comes night after night."""
    gone: dict[Kind, set[str]] = {kind: set() for kind in Kind}
    for day in range(1, 6):
        plan = plan_on(host, roster, day)
        for change in (*plan.of(Action.archive), *plan.held):
            gone[change.kind].add(change.sourced_id)
        host = apply_sync(host, plan)
    return gone


def _change(district: Sandbox, before: Roster) -> dict[Role, str]:
    """Let one person in each role go and another have another name; return who goes."""
    leavers = {}
    for role in WORKING:
        first, *_, last = (u.sourced_id for u in before.users_with_role(role))
        district.district.change(Kind.user, first, given_name="Renamed")
        leavers[role] = last
    for role in (Role.administrator, Role.guardian):
        users = (u.sourced_id for u in before.users_with_role(role))
        leavers[role] = next(i for i in users if district.district.users.find(i))
    for sourced_id in leavers.values():
        district.district.change(Kind.user, sourced_id, status=Status.deleted)
    return leavers


def _pulled_with(district: Sandbox, scopes: Iterable[str]) -> Roster:
    with CleverClient(
        district.api_key,
        base_url=district.base_url,
        scopes=scopes,
        settings=HttpSettings(rate=0),
    ) as client:
        return client.pull_roster()
