from datetime import timedelta

import attrs
import pytest
from tests.matching.sync_cases import (
    AT_ONCE,
    CLASS,
    DAY,
    LINKS,
    ORGS,
    PEOPLE,
    a_host,
    a_link,
    a_report,
    a_roster,
    a_student,
    all_but,
    an_enrollment,
    steps_of,
)

from edlink.errors import UnsafePlanError
from edlink.matching.apply import apply_sync
from edlink.matching.plan import Action
from edlink.matching.policy import Limits, Profile
from edlink.matching.sync import plan_sync
from edlink.vocabulary import Kind


def test_an_empty_roster_is_held() -> None:
    """Everything gone from a complete pull archives nobody until a person looks."""
    plan = plan_sync(a_host(), a_roster(ORGS), policy=AT_ONCE, on=DAY)

    assert plan.changes == ()
    assert len(plan.held) == 41
    assert {h.reason for h in plan.holds} >= {"fall_to_zero", "removed_percent", "class_loss"}


def test_up_to_the_floor_is_never_too_much() -> None:
    """Five of twenty may go, six may not."""
    five = [i for n in range(5) for i in (f"u{n:02}", f"e{n:02}")]

    ok = plan_sync(a_host(), a_roster(all_but(*five)), policy=AT_ONCE, on=DAY)
    too_many = plan_sync(a_host(), a_roster(all_but(*five, "u05", "e05")), policy=AT_ONCE, on=DAY)

    assert (len(ok.changes), len(ok.held)) == (10, 0)
    assert (len(too_many.changes), len(too_many.held)) == (0, 12)
    ok.require_safe()
    with pytest.raises(UnsafePlanError, match="EDL-PLAN-003") as caught:
        too_many.require_safe()
    assert caught.value.counts["removed_percent user in s1"] == 6


def test_a_held_plan_still_creates_and_updates() -> None:
    """A sharing accident stops removals only."""
    renamed = attrs.evolve(CLASS, title="Biology")

    plan = plan_sync(a_host(), a_roster([*ORGS, renamed, a_student("n00")]), policy=AT_ONCE, on=DAY)

    assert steps_of(plan) == [("create", "n00"), ("update", "c1")]
    assert plan.held


def test_a_hold_at_one_school_lets_the_other_go_on() -> None:
    """A school that loses everyone does not stop another's leaver."""
    second = tuple(a_student(f"v{n:02}", "s2") for n in range(300))
    host = a_host([*ORGS, *PEOPLE, *second])

    plan = plan_sync(host, a_roster([*ORGS, *second[1:]]), policy=AT_ONCE, on=DAY)

    assert steps_of(plan) == [("archive", "v00")]
    assert {h.org_id for h in plan.holds} == {"s1"}


def test_each_school_has_its_holds_once_night_after_night() -> None:
    """Where two schools lose everyone again, each has what holds it, and none has it twice."""
    second = tuple(a_student(f"v{n:02}", "s2") for n in range(20))
    host = a_host([*ORGS, *PEOPLE, *second])
    first = plan_sync(host, a_roster(ORGS), policy=AT_ONCE, on=DAY)

    again = plan_sync(apply_sync(host, first), a_roster(ORGS, days=2), policy=AT_ONCE, on=DAY)

    assert again.holds == first.holds
    assert [(h.reason, h.org_id) for h in again.holds] == [
        (reason, org_id)
        for org_id in (None, "s1", "s2")
        for reason in ("fall_to_zero", "removed_percent")
    ]


def test_more_than_the_cap_is_held_whatever_the_share() -> None:
    """An absolute number of removals is too many even in a large district."""
    policy = attrs.evolve(AT_ONCE, limits={Kind.user: Limits(removed_percent=100, cap=6)})
    gone = [i for n in range(7) for i in (f"u{n:02}", f"e{n:02}")]

    plan = plan_sync(a_host(), a_roster(all_but(*gone)), policy=policy, on=DAY)

    assert ("removed_cap", 7, 6) in {(h.reason, h.count, h.limit) for h in plan.holds}


def test_too_many_changes_hold_the_removals() -> None:
    """When nearly everyone changes, nobody goes until a person looks."""
    changed = [attrs.evolve(p, grades=("06",)) for p in PEOPLE[1:]]

    plan = plan_sync(
        a_host(), a_roster([*ORGS, CLASS, *changed, *LINKS[1:]]), policy=AT_ONCE, on=DAY
    )

    assert [h.reason for h in plan.holds] == ["changed_percent", "changed_percent"]
    assert [c.sourced_id for c in plan.held] == ["e00", "u00"]


def test_a_rollover_has_its_own_limits_until_its_last_day() -> None:
    """The rollover profile falls back by itself."""
    gone = [i for n in range(10) for i in (f"u{n:02}", f"e{n:02}")]
    until = DAY + timedelta(days=1)
    policy = attrs.evolve(AT_ONCE, profile=Profile.rollover, profile_until=until)

    inside = plan_sync(a_host(), a_roster(all_but(*gone)), policy=policy, on=DAY)
    outside = plan_sync(a_host(), a_roster(all_but(*gone)), policy=policy, on=until)

    assert (inside.holds, bool(outside.holds)) == ((), True)


def test_mass_rekeys_are_held_like_removals() -> None:
    """An id change of a whole school cannot hide as re-keys."""
    new = [a_student(f"n{n:02}") for n in range(20)]
    links = [an_enrollment(f"e{n:02}", f"n{n:02}", "c1") for n in range(20)]
    report = a_report(*(a_link(f"n{n:02}", f"h-u{n:02}") for n in range(20)))

    plan = plan_sync(a_host(), a_roster([*ORGS, CLASS, *new, *links]), report, on=DAY)

    assert plan.changes == ()
    assert {(c.kind, c.action) for c in plan.held} == {
        (Kind.user, Action.rekey),
        (Kind.enrollment, Action.update),
    }
    assert plan.kept == ()
