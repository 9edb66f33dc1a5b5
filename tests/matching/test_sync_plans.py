import attrs
import pytest
from tests.matching.sync_cases import (
    AT_ONCE,
    CLASS,
    DAY,
    ORGS,
    OWN,
    PEOPLE,
    SOURCE,
    a_host,
    a_link,
    a_report,
    a_roster,
    a_student,
    all_but,
    all_with,
)

from edlink.errors import ConfigError, UnsafePlanError
from edlink.matching.apply import apply_sync
from edlink.matching.host import HostRecord, HostState
from edlink.matching.plan import Action, Change, SyncPlan
from edlink.matching.sync import plan_sync
from edlink.vocabulary import Kind


def _held() -> tuple[HostState, SyncPlan]:
    host = a_host()
    return host, plan_sync(host, a_roster(ORGS), policy=AT_ONCE, on=DAY)


def test_an_approval_is_of_one_plan() -> None:
    """The held part is released by the plan's own fingerprint and no other."""
    host, plan = _held()

    with pytest.raises(UnsafePlanError, match="EDL-PLAN-004"):
        plan.approve("0" * 64)
    after = apply_sync(apply_sync(host, plan), plan.approve(plan.fingerprint))

    assert after.counts()["archived"] == 41
    assert after.memory.absences == ()


def test_a_plan_for_yesterdays_host_is_refused() -> None:
    """Once another plan was applied, the first is stale."""
    host, plan = _held()
    after = apply_sync(host, plan)

    with pytest.raises(ConfigError, match="EDL-PLAN-001"):
        apply_sync(after, plan)


def test_an_inverse_plan_undoes_all() -> None:
    """Created, changed, adopted, re-keyed, merged, restored, archived: the host is as before."""
    own_too = HostRecord(ref="18", record=a_student("18"))
    gone = HostRecord(ref="h-w", record=a_student("w"), source=SOURCE, archived_on=DAY)
    host = a_host(all_but("u00", "e00"), OWN, own_too, gone)
    new = [
        *all_but("u01", "u02", "e01", "e02"),
        attrs.evolve(CLASS, sourced_id="c2"),
        a_student("n01"),
        a_student("w"),
    ]
    report = a_report(a_link("u00", "17"), a_link("u03", "18"), a_link("n01", "h-u01"))
    plan = plan_sync(host, a_roster(new), report, policy=AT_ONCE, on=DAY)

    back = apply_sync(apply_sync(host, plan), plan.inverse())

    assert {c.action for c in plan.changes} == {
        Action.rekey,
        Action.adopt,
        Action.create,
        Action.restore,
        Action.update,
        Action.merge,
        Action.archive,
    }
    assert back == host


@pytest.mark.parametrize(
    "change",
    [
        Change(action=Action.update, kind=Kind.user, sourced_id="u00", ref="nobody"),
        Change(action=Action.discard, kind=Kind.user, sourced_id="nobody", record=PEOPLE[0]),
        Change(action=Action.discard, kind=Kind.user, sourced_id="u00", record=PEOPLE[1]),
        Change(action=Action.update, kind=Kind.class_, sourced_id="c1", ref="h-c1"),
    ],
)
def test_a_step_on_a_record_that_moved_is_refused(change: Change) -> None:
    """A plan stops at the first record that is not as it was."""
    host = a_host()
    renamed = attrs.evolve(CLASS, title="Biology")
    if change.kind is Kind.class_:
        made = plan_sync(a_host(all_with(renamed)), a_roster(), on=DAY)
        change = made.changes[0]
    plan = attrs.evolve(plan_sync(host, a_roster(), on=DAY), changes=(change,))

    with pytest.raises(ConfigError, match="EDL-PLAN-002"):
        apply_sync(host, plan)


def test_a_record_made_meanwhile_is_not_made_twice() -> None:
    """A creation whose record is there already is refused."""
    host = a_host(())
    plan = plan_sync(host, a_roster([PEOPLE[0]]), on=DAY)
    twice = attrs.evolve(plan, changes=(*plan.changes, *plan.changes))

    with pytest.raises(ConfigError, match="EDL-PLAN-002"):
        apply_sync(host, twice)


def test_a_plan_survives_json() -> None:
    """A plan written and read again is equal, with the same fingerprint."""
    _, plan = _held()
    created = plan_sync(a_host(()), a_roster(), on=DAY)

    for one in (plan, created):
        again = SyncPlan.from_dict(one.to_dict())
        assert again == one
        assert again.fingerprint == one.fingerprint


@pytest.mark.parametrize("data", [{}, {"version": 99}, {"version": 1, "changes": 3}])
def test_what_is_no_plan_is_refused(data: dict[str, object]) -> None:
    """A value of another shape or version is not read as a plan."""
    with pytest.raises(ConfigError, match="EDL-CONF-097"):
        SyncPlan.from_dict(data)


@pytest.mark.parametrize(
    "part", [{"version": True}, {"changes": ""}, {"held": {}}, {"changes": None}]
)
def test_a_plan_with_a_part_of_another_shape_is_refused(part: dict[str, object]) -> None:
    """A text or a dict is not read as a list of steps."""
    _, plan = _held()

    with pytest.raises(ConfigError, match="EDL-CONF-097"):
        SyncPlan.from_dict(plan.to_dict() | part)


@pytest.mark.parametrize("part", [{"left_alone": "email"}, {"fields": ""}])
def test_a_step_with_a_part_of_another_shape_is_refused(part: dict[str, object]) -> None:
    """A text is not read as its letters."""
    plain = plan_sync(a_host(()), a_roster(), on=DAY).to_dict()
    plain["changes"] = [change | part for change in plain["changes"]]

    with pytest.raises(ConfigError, match="EDL-CONF-097"):
        SyncPlan.from_dict(plain)


def test_a_plan_prints_without_a_person() -> None:
    """Text and repr count records and name limits; no value is in them."""
    host = a_host(all_with(attrs.evolve(PEOPLE[0], given_name="Xanthippe")))
    plan = plan_sync(host, a_roster([*ORGS, *PEOPLE]), policy=AT_ONCE, on=DAY)
    text = plan.to_text() + repr(plan) + repr(plan.changes) + repr(plan.held) + repr(host)

    assert "HOLD EDL-SYNC-010 fall_to_zero class in s1: 1 of 1, limit 0" in text
    assert "Xanthippe" not in text
