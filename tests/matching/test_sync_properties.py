"""Rules S1 to S9 of syncing, U5's like for plans, and G1 to G5 for them."""

import json
from random import Random
from typing import Any

import attrs
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.matching.sync_strategies import (
    CLASSES,
    COMPLETE,
    CONTACTS,
    DAY,
    LIMITS,
    OPEN,
    POLICIES,
    SCHOOLS,
    SENTINEL,
    SOURCE,
    USERS,
    a_roster,
    archived_by,
    coverages,
    ends_of,
    families,
    hosts,
    orgs_of,
    overrides,
    plans,
    reports,
    rosters,
    worlds,
)

from edlink.coverage import Coverage, CoverageEntry
from edlink.matching.apply import apply_sync
from edlink.matching.diff import apply_diff, diff_rosters
from edlink.matching.host import HostRecord, HostState, SyncMemory
from edlink.matching.overrides import Overrides, OverrideType
from edlink.matching.plan import Action, SyncPlan
from edlink.matching.policy import Limits, SyncPolicy
from edlink.matching.report import MatchReport
from edlink.matching.sync import plan_sync
from edlink.model import Record, Relationship
from edlink.plain import to_plain
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind


@given(hosts(), rosters(), POLICIES, overrides())
def test_s1_nobody_goes_where_coverage_is_not_complete(
    host: HostState, roster: Roster, policy: SyncPolicy, ledger: Overrides
) -> None:
    """No candidate but what an earlier owner of an id left lies under an org that is not told."""
    plan = plan_sync(host, roster, policy=policy, overrides=ledger, on=DAY)
    after = apply_sync(host, plan)  # a pull that moves a class says where its enrollments are

    for change in (*plan.changes, *plan.held):
        if change.action is Action.archive and change.reason != "id_reused":
            held = host.get(change.kind, change.ref or "")
            assert held is not None
            orgs = orgs_of(after, held.record)
            for org_id in orgs or SCHOOLS:
                assert roster.coverage.is_complete(change.kind, org_id)
                assert roster.scope.wants_org(org_id)
                assert policy.wants_org(org_id)


@given(families(), st.tuples(st.sampled_from(CoverageState), st.sampled_from(CoverageState)))
def test_s1_a_contact_goes_where_every_school_of_the_children_is_told(
    records: list[Record], states: tuple[CoverageState, CoverageState]
) -> None:
    """Contacts and their links go if, and only if, all schools of the children are known whole."""
    places = [
        CoverageEntry(kind=kind, org_id=org_id, state=state)
        for org_id, state in zip(SCHOOLS, states, strict=True)
        for kind in (Kind.user, Kind.relationship)
    ]
    coverage = Coverage([*COMPLETE.entries, *places])
    held = [HostRecord(ref=f"h-{r.sourced_id}", record=r, source=SOURCE) for r in records]
    host = HostState(memory=SyncMemory(source=SOURCE), records=held)
    left = [r for r in records if r.sourced_id in CONTACTS or isinstance(r, Relationship)]
    rest: list[Record] = [r for r in records if r not in left]
    policy = SyncPolicy(min_absences=1, grace_days=0)
    plan = plan_sync(host, a_roster(rest, coverage=coverage), policy=policy, on=DAY)
    gone = {c.sourced_id for c in (*plan.changes, *plan.held) if c.action is Action.archive}

    for record in left:
        orgs = orgs_of(host, record) or SCHOOLS
        told = all(coverage.is_complete(Kind.user, org_id) for org_id in orgs)
        assert (record.sourced_id in gone) == (told and CoverageState.failed not in states)


@given(plans())
def test_s2_the_hosts_own_records_are_never_archived(drawn: tuple[HostState, SyncPlan]) -> None:
    """Only records that this source manages are archived."""
    host, plan = drawn

    for change in (*plan.changes, *plan.held):
        if change.action is Action.archive:
            held = host.get(change.kind, change.ref or "")
            assert held is not None
            assert held.source == SOURCE


@given(hosts(), coverages(), POLICIES, overrides())
def test_s3_an_empty_roster_archives_nobody(
    host: HostState, coverage: Coverage, policy: SyncPolicy, ledger: Overrides
) -> None:
    """Empty with gaps archives nobody; empty and complete is held."""
    empty = plan_sync(host, a_roster([], coverage=coverage), policy=policy, on=DAY)
    complete = plan_sync(
        host, a_roster([], coverage=COMPLETE), policy=policy, overrides=ledger, on=DAY
    )

    assert archived_by(empty) == set()
    assert archived_by(complete) == set()
    assert bool(complete.held) <= bool(complete.holds)


@given(hosts(), rosters(), POLICIES, overrides(), LIMITS)
def test_s4_higher_limits_never_archive_fewer(
    host: HostState, roster: Roster, policy: SyncPolicy, ledger: Overrides, limits: Limits
) -> None:
    """Whoever goes under low limits goes under high ones."""
    high = attrs.evolve(policy, limits=dict.fromkeys(Kind, OPEN), class_loss_percent=100)
    low = attrs.evolve(policy, limits=dict.fromkeys(Kind, limits))

    under_low = plan_sync(host, roster, policy=low, overrides=ledger, on=DAY)
    under_high = plan_sync(host, roster, policy=high, overrides=ledger, on=DAY)

    assert archived_by(under_low) <= archived_by(under_high)


@given(hosts(), rosters(), POLICIES)
def test_s4_more_coverage_never_archives_fewer_unless_held(
    host: HostState, roster: Roster, policy: SyncPolicy
) -> None:
    """Whoever goes with gaps goes without them, or is held."""
    more = plan_sync(host, attrs.evolve(roster, coverage=COMPLETE), policy=policy, on=DAY)
    less = plan_sync(host, roster, policy=policy, on=DAY)
    held = {(c.kind, c.sourced_id) for c in more.held}

    assert archived_by(less) <= archived_by(more) | held


@given(
    hosts(whole=True), worlds(whole=True), POLICIES, st.sets(st.sampled_from([*USERS, *CLASSES]))
)
def test_s4_fewer_seen_never_archives_fewer_unless_held(
    host: HostState, records: list[Record], policy: SyncPolicy, unseen: set[str]
) -> None:
    """Whoever goes when more was seen goes when less was, or is held."""
    fewer = [record for record in records if record.sourced_id not in unseen]
    before = plan_sync(host, a_roster(records, coverage=COMPLETE), policy=policy, on=DAY)
    after = plan_sync(host, a_roster(fewer, coverage=COMPLETE), policy=policy, on=DAY)
    held = {(c.kind, c.sourced_id) for c in after.held}

    assert archived_by(before) <= archived_by(after) | held


@given(hosts(), rosters(), reports(), POLICIES, overrides())
def test_s5_a_plan_applied_leaves_nothing_to_do(
    host: HostState, roster: Roster, report: MatchReport, policy: SyncPolicy, ledger: Overrides
) -> None:
    """After applying, the same pull plans no step; what was held is still held."""
    first = plan_sync(host, roster, report, policy=policy, overrides=ledger, on=DAY)
    after = apply_sync(host, first)
    second = plan_sync(after, roster, report, policy=policy, overrides=ledger, on=DAY)

    assert second.changes == ()
    assert held_steps(second) == held_steps(first)


def held_steps(plan: SyncPlan) -> set[tuple[Action, Kind, str]]:
    return {(c.action, c.kind, c.sourced_id) for c in plan.held}


@given(worlds(), worlds())
def test_s6_a_diff_turns_one_roster_into_the_other(left: list[Record], right: list[Record]) -> None:
    """A diff with itself is empty; applied it gives the other; the reverse diff inverts it."""
    a, b = a_roster(left), a_roster(right)
    diff = diff_rosters(a, b)

    assert diff_rosters(a, a).is_empty
    assert diff_rosters(apply_diff(a, diff), b).is_empty
    assert diff_rosters(b, a) == diff.inverse()


@given(hosts(), rosters(), reports(), POLICIES, overrides())
def test_s7_what_people_decided_is_untouched(
    host: HostState, roster: Roster, report: MatchReport, policy: SyncPolicy, ledger: Overrides
) -> None:
    """Hidden, suppressed and pinned records and sticky fields are as they were."""
    plan = plan_sync(host, roster, report, policy=policy, overrides=ledger, on=DAY)
    after = apply_sync(host, plan)
    done = apply_sync(after, plan.approve(plan.fingerprint))

    for held in host.records:
        now = done.get(held.kind, held.ref)
        effect = ledger.effect(held.kind, on=DAY, ref=held.ref, ids=(held.sourced_id,))
        assert now is not None
        if effect.blocks_all:
            assert now == held
        if effect.is_pinned and held.is_active:
            assert now.is_active
        for name in effect.fields:
            if hasattr(held.record, name):
                assert getattr(now.record, name) == getattr(held.record, name)
    for entry in ledger.entries:
        if entry.type is OverrideType.suppressed and entry.sourced_id is not None:
            key = (entry.kind, entry.sourced_id)
            assert key not in {(c.kind, c.sourced_id) for c in plan.of(Action.create)}


SHUT = Limits(removed_percent=0, floor=0, cap=0)
ENDS = {"sourced_id", "user_id", "class_id", "student_id", "contact_id"}


@st.composite
def held_and_free(draw: st.DrawFn) -> tuple[HostState, SyncPlan, SyncPlan]:
    """Draw a host and two plans of one pull: some kinds are held whole, and nothing is."""
    host, roster, report = draw(hosts()), draw(rosters()), draw(reports())
    policy, ledger = draw(POLICIES), draw(overrides())
    kinds = draw(st.sets(st.sampled_from(Kind)))
    shut = attrs.evolve(policy, limits={k: SHUT if k in kinds else OPEN for k in Kind})
    free = attrs.evolve(policy, limits=dict.fromkeys(Kind, OPEN), class_loss_percent=100)
    held_plan, free_plan = (
        plan_sync(host, roster, report, policy=settings, overrides=ledger, on=DAY)
        for settings in (shut, free)
    )
    return host, held_plan, free_plan


def created(plan: SyncPlan, new_ids: dict[str, str]) -> set[tuple[Kind, str]]:
    return {(c.kind, new_ids.get(c.sourced_id, c.sourced_id)) for c in plan.of(Action.create)}


def new_values(plan: SyncPlan, without: set[tuple[Kind, str | None]]) -> set[tuple[str, ...]]:
    """Return each value that a plan puts into a record that the host has, ends and ids apart."""
    steps = plan.of(Action.update, Action.restore, Action.rekey)
    return {
        (c.kind, str(c.ref), f.name, json.dumps(f.after))
        for c in steps
        if (c.kind, c.ref) not in without
        for f in c.fields
        if f.name not in ENDS
    }


@given(held_and_free())
def test_s8_a_hold_stops_removals_only(drawn: tuple[HostState, SyncPlan, SyncPlan]) -> None:
    """What is created, updated and restored is the same, whatever is held."""
    _, held, free = drawn
    waiting = [c for c in held.held if c.reason != "rekey_held"]
    rekeyed = [c for c in waiting if c.action is Action.rekey]
    # What hangs on a person whose re-key is held hangs on the old id.
    new_ids = {c.sourced_id_before: c.sourced_id for c in rekeyed if c.kind is Kind.user}
    without: set[tuple[Kind, str | None]] = {(c.kind, c.ref) for c in waiting}

    assert created(held, new_ids) == created(free, {})
    assert new_values(held, without) == new_values(free, without)
    assert {c.ref for c in held.of(Action.restore)} == {c.ref for c in free.of(Action.restore)}


@given(held_and_free())
def test_s8_a_hold_on_people_holds_what_hangs_on_them(
    drawn: tuple[HostState, SyncPlan, SyncPlan],
) -> None:
    """While something is held no new link leads nowhere, and no old one goes; leftovers do."""
    host, held, _ = drawn
    gone = {(c.kind, c.sourced_id) for c in held.held if c.action is Action.archive}
    after = apply_sync(host, held)
    # A birth date beside one under the old id waits under the new one: an id is not given twice.
    new_ids = {c.sourced_id for c in held.held if c.action is Action.rekey and c.kind is Kind.user}
    for change in held.of(Action.create):
        assert change.record is not None
        awaited = new_ids if change.kind is Kind.demographics else set()
        assert all(i in after.managed(kind) or i in awaited for kind, i in ends_of(change.record))
    for change in held.of(Action.archive):
        there = host.get(change.kind, change.ref or "")
        assert there is not None
        # What an earlier owner of an id left goes above all limits: the new one inherits nothing.
        assert change.reason == "id_reused" or gone.isdisjoint(ends_of(there.record))


@given(held_and_free())
def test_s8_held_and_approved_is_never_held(drawn: tuple[HostState, SyncPlan, SyncPlan]) -> None:
    """Once approved, the host has what it would have had without any limit."""
    host, held, free = drawn

    assert approved(host, held) == approved(host, free)


def approved(host: HostState, plan: SyncPlan) -> dict[tuple[Kind, str, bool], HostRecord]:
    """Return what a host has once a plan is applied and all that it holds approved."""
    return by_id(apply_sync(apply_sync(host, plan), plan.approve(plan.fingerprint)))


def by_id(host: HostState) -> dict[tuple[Kind, str, bool], HostRecord]:
    """Return the host's records without their refs, which are made of the ids they came under."""
    return {(r.kind, r.sourced_id, r.source is None): attrs.evolve(r, ref="") for r in host.records}


@given(hosts(), rosters(), reports(), POLICIES)
def test_what_people_typed_outlives_the_adoption(
    host: HostState, roster: Roster, report: MatchReport, policy: SyncPolicy
) -> None:
    """No value of an adopted person is lost to an empty one, that night or the next."""
    plan = plan_sync(host, roster, report, policy=policy, on=DAY)
    after = apply_sync(host, plan)
    later = apply_sync(after, plan_sync(after, roster, report, policy=policy, on=DAY))

    for change in plan.of(Action.adopt):
        typed, now = (state.get(change.kind, change.ref or "") for state in (host, later))
        assert typed is not None
        assert now is not None
        for name in ("given_name", "email"):
            assert getattr(now.record, name, None) or not getattr(typed.record, name, None)


@given(plans())
def test_s9_each_managed_record_is_in_one_place(drawn: tuple[HostState, SyncPlan]) -> None:
    """Re-keys and archives are disjoint, and the counts add up."""
    host, plan = drawn
    managed = {(h.kind, h.ref) for h in host.records if h.source == SOURCE and h.is_active}
    further = [c for c in (*plan.changes, *plan.held) if c.reason not in {"rekeyed", "rekey_held"}]
    steps = [(c.kind, c.ref) for c in further if c.ref is not None]
    kept = [(k.kind, k.ref) for k in plan.kept if k.ref is not None]
    placed = [key for key in (*steps, *kept) if key in managed]

    assert len(placed) == len(set(placed))
    assert len(managed) == len(placed) + sum(plan.unchanged.values())


@given(plans())
def test_the_inverse_of_a_plan_undoes_it(drawn: tuple[HostState, SyncPlan]) -> None:
    """Applied and undone, the host is as it was, record by record."""
    host, plan = drawn
    back = apply_sync(apply_sync(host, plan), plan.inverse())

    assert sorted(back.records, key=lambda r: (r.kind, r.ref)) == sorted(
        host.records, key=lambda r: (r.kind, r.ref)
    )
    assert back.memory == host.memory


@given(hosts(), rosters(), reports(), POLICIES, st.randoms(use_true_random=False))
def test_g1_the_order_of_records_changes_no_plan(
    host: HostState, roster: Roster, report: MatchReport, policy: SyncPolicy, random: Random
) -> None:
    """Host and roster in another order give the same plan."""
    names = ("orgs", "classes", "users", "enrollments", "relationships", "demographics")
    order: dict[str, Any] = {
        n: tuple(random.sample(getattr(roster, n), len(getattr(roster, n)))) for n in names
    }
    mixed = HostState(memory=host.memory, records=random.sample(host.records, len(host.records)))

    first = plan_sync(host, roster, report, policy=policy, on=DAY)
    second = plan_sync(mixed, attrs.evolve(roster, **order), report, policy=policy, on=DAY)

    assert first == second


@given(hosts(), rosters(), reports(), POLICIES)
def test_g2_and_g3_planning_twice_gives_the_same_json_and_changes_no_input(
    host: HostState, roster: Roster, report: MatchReport, policy: SyncPolicy
) -> None:
    """The plan's JSON is the same the second time, and the inputs are as they were."""
    before = (to_plain(host), [to_plain(u) for u in roster.users], policy.to_dict())
    first = plan_sync(host, roster, report, policy=policy, on=DAY)
    second = plan_sync(host, roster, report, policy=policy, on=DAY)
    apply_sync(host, first)

    assert json.dumps(first.to_dict()) == json.dumps(second.to_dict())
    assert before == (to_plain(host), [to_plain(u) for u in roster.users], policy.to_dict())


@given(plans())
def test_g4_a_plan_survives_json(drawn: tuple[HostState, SyncPlan]) -> None:
    """A plan read back is equal and has the same fingerprint."""
    _, plan = drawn
    again = SyncPlan.from_dict(json.loads(json.dumps(plan.to_dict())))

    assert again == plan
    assert again.fingerprint == plan.fingerprint


@given(plans())
def test_g5_no_person_is_printed(drawn: tuple[HostState, SyncPlan]) -> None:
    """Text and repr of host, plan and steps hold no value of a person."""
    host, plan = drawn
    assume(SENTINEL in json.dumps(plan.to_dict()))
    shown = [repr(host), repr(host.records), repr(plan), plan.to_text()]
    shown += [repr(c) for c in (*plan.changes, *plan.held)]
    shown += [repr(k) for k in plan.kept]

    assert SENTINEL not in "".join(shown)
    assert "a@example.org" not in "".join(shown)
