"""Rules S1 to S9 of syncing, U5's like for plans, and G1 to G5 for them."""

import json
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import attrs
from hypothesis import assume, given
from hypothesis import strategies as st

from edlink.coverage import Coverage, CoverageEntry, Scope, Source, Tombstone
from edlink.matching.apply import apply_sync
from edlink.matching.diff import apply_diff, diff_rosters
from edlink.matching.host import Absence, HostRecord, HostState, SyncMemory
from edlink.matching.overrides import Override, Overrides, OverrideType
from edlink.matching.plan import Action, SyncPlan
from edlink.matching.policy import Limits, SyncPolicy
from edlink.matching.report import Link, MatchReport
from edlink.matching.sync import plan_sync
from edlink.model import Class, Enrollment, Org, Record, RoleAssignment, User
from edlink.plain import to_plain
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind, Role

SOURCE = Source("classlink", "d1")
DAY = date(2025, 10, 1)
NOW = datetime(2025, 10, 1, tzinfo=UTC)
SCHOOLS = ("s1", "s2")
USERS = ("u0", "u1", "u2", "u3")
CLASSES = ("c0", "c1")
SENTINEL = "Xanthippe"
OPEN = Limits(removed_percent=100, changed_percent=100, cap=None, floor=0)

ORG_IDS = st.sampled_from(SCHOOLS)


@st.composite
def users(draw: st.DrawFn, sourced_id: str) -> User:
    """Draw a person at one or two schools."""
    orgs = draw(st.lists(ORG_IDS, max_size=2, unique=True))
    return User(
        sourced_id=sourced_id,
        given_name=draw(st.sampled_from([None, SENTINEL])),
        email=draw(st.sampled_from([None, "a@example.org"])),
        roles=tuple(RoleAssignment(role=Role.student, org_id=i) for i in orgs),
    )


@st.composite
def worlds(draw: st.DrawFn, *, whole: bool = False) -> list[Record]:
    """Draw the records that one side has; with ``whole``, every school is among them."""
    orgs = SCHOOLS if whole else draw(st.lists(ORG_IDS, unique=True))
    found: list[Record] = [Org(sourced_id=i) for i in orgs]
    classes = draw(st.lists(st.sampled_from(CLASSES), unique=True))
    found += [Class(sourced_id=i, org_id=draw(ORG_IDS | st.none())) for i in classes]
    found += [draw(users(i)) for i in draw(st.lists(st.sampled_from(USERS), unique=True))]
    ends = st.tuples(st.sampled_from(USERS), st.sampled_from(CLASSES))
    for user_id, class_id in draw(st.lists(ends, unique=True, max_size=4)):
        prefix = draw(st.sampled_from(["e", "x"]))
        found.append(
            Enrollment(
                sourced_id=f"{prefix}-{user_id}-{class_id}",
                user_id=user_id,
                class_id=class_id,
                role=Role.student,
                is_primary=draw(st.none() | st.booleans()),
            )
        )
    return found


@st.composite
def hosts(draw: st.DrawFn) -> HostState:
    """Draw a host with managed, archived and own records, and a memory of absences."""
    records = []
    for drawn in draw(worlds()):
        gone = draw(st.sampled_from([None, None, None, DAY - timedelta(days=9)]))
        source = draw(st.sampled_from([SOURCE, SOURCE, SOURCE, None]))
        own = attrs.evolve(drawn, sourced_id=f"own-{drawn.sourced_id}")
        record = own if source is None else drawn
        records.append(
            HostRecord(ref=f"h-{record.sourced_id}", record=record, source=source, archived_on=gone)
        )
    managed = [r for r in records if r.source is not None and r.is_active]
    missing = draw(st.lists(st.sampled_from(managed), unique_by=id)) if managed else []
    absences = tuple(
        Absence(
            kind=r.kind,
            sourced_id=r.sourced_id,
            since=DAY - timedelta(days=draw(st.integers(0, 5))),
            runs=draw(st.integers(1, 3)),
        )
        for r in missing
    )
    last = draw(st.none() | st.just(NOW - timedelta(days=1)))
    memory = SyncMemory(
        source=SOURCE,
        last_applied=last,
        absences=tuple(sorted(absences, key=lambda a: (a.kind, a.sourced_id))),
    )
    return HostState(memory=memory, records=records)


STATES = st.sampled_from([*[CoverageState.complete] * 5, *CoverageState])


@st.composite
def coverages(draw: st.DrawFn) -> Coverage:
    """Draw a coverage with gaps in kinds and schools."""
    entries = [CoverageEntry(kind=kind, state=draw(STATES)) for kind in Kind]
    for org_id in SCHOOLS:
        kinds = draw(st.lists(st.sampled_from(Kind), unique=True, max_size=2))
        entries += [CoverageEntry(kind=k, org_id=org_id, state=draw(STATES)) for k in kinds]
    return Coverage(entries)


COMPLETE = Coverage(CoverageEntry(kind=kind) for kind in Kind)


def _roster(records: list[Record], **facts: Any) -> Roster:  # noqa: ANN401 - fields of Roster
    return Roster.from_records(records, source=SOURCE, pulled_at=NOW, **facts)


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    """Draw a pull with any coverage, scope and tombstones."""
    return _roster(
        draw(worlds()),
        coverage=draw(coverages()),
        scope=Scope(exclude_orgs=draw(st.sampled_from([set(), {"s1"}]))),
        tombstones=tuple(
            Tombstone(kind=Kind.user, sourced_id=i)
            for i in draw(st.lists(st.sampled_from(USERS), unique=True, max_size=2))
        ),
    )


LIMITS = st.builds(
    Limits,
    removed_percent=st.integers(0, 100),
    changed_percent=st.integers(0, 100),
    floor=st.integers(0, 3),
    cap=st.none() | st.integers(0, 4),
)
POLICIES = st.builds(
    SyncPolicy,
    exclude_orgs=st.sampled_from([frozenset(), frozenset({"s2"})]),
    class_data=st.sampled_from([True, True, False]),
    limits=st.dictionaries(st.sampled_from(Kind), LIMITS, max_size=4),
    class_loss_percent=st.integers(0, 100),
    min_absences=st.integers(1, 3),
    grace_days=st.integers(0, 3),
)


@st.composite
def overrides(draw: st.DrawFn) -> Overrides:
    """Draw a ledger about some users and classes, by ref or by id."""
    entries = []
    for i in draw(st.lists(st.sampled_from([*USERS, *CLASSES]), max_size=4)):
        type_ = draw(st.sampled_from(OverrideType))
        by_ref = draw(st.booleans())
        entries.append(
            Override(
                type=type_,
                kind=Kind.user if i in USERS else Kind.class_,
                ref=f"h-{i}" if by_ref else None,
                sourced_id=None if by_ref else i,
                fields={"given_name", "org_id"} if type_ is OverrideType.sticky else (),
                actor="staff-1",
                day=DAY,
            )
        )
    return Overrides(entries)


@st.composite
def reports(draw: st.DrawFn) -> MatchReport:
    """Draw links from incoming people to records of the host, one to one."""
    existing = draw(st.permutations([f"h-own-{i}" for i in USERS] + [f"h-{i}" for i in USERS]))
    incoming = draw(st.lists(st.sampled_from(USERS), unique=True, max_size=3))
    return MatchReport(
        linked=tuple(
            Link(incoming=i, existing=ref, kind="student", rule="sis_id")
            for i, ref in zip(incoming, existing, strict=False)
        )
    )


@st.composite
def plans(draw: st.DrawFn) -> tuple[HostState, SyncPlan]:
    """Draw a host and a plan for it."""
    host = draw(hosts())
    plan = plan_sync(
        host,
        draw(rosters()),
        draw(reports()),
        policy=draw(POLICIES),
        overrides=draw(overrides()),
        on=DAY,
    )
    return host, plan


def _archived(plan: SyncPlan) -> set[tuple[Kind, str]]:
    return {(c.kind, c.sourced_id) for c in plan.of(Action.archive)}


def _orgs(host: HostState, record: Record) -> set[str]:
    """Return the schools of a host's record, worked out anew."""
    if isinstance(record, Org):
        return {record.sourced_id}
    if isinstance(record, User):
        found = {r.org_id for r in record.roles if r.org_id}
        for held in host.managed(Kind.enrollment).values():
            link = held.record
            if isinstance(link, Enrollment) and link.user_id == record.sourced_id:
                found |= _orgs(host, link)
        return found
    if isinstance(record, Enrollment):
        class_ = host.managed(Kind.class_).get(record.class_id or "")
        return set() if class_ is None else _orgs(host, class_.record)
    return {record.org_id} if isinstance(record, Class) and record.org_id else set()


@given(hosts(), rosters(), POLICIES, overrides())
def test_s1_nobody_goes_where_coverage_is_not_complete(
    host: HostState, roster: Roster, policy: SyncPolicy, ledger: Overrides
) -> None:
    """No candidate lies under an incomplete, excluded, unknown or failed org."""
    plan = plan_sync(host, roster, policy=policy, overrides=ledger, on=DAY)
    after = apply_sync(host, plan)  # a pull that moves a class says where its enrollments are

    for change in (*plan.changes, *plan.held):
        if change.action is Action.archive:
            held = host.get(change.kind, change.ref or "")
            assert held is not None
            orgs = _orgs(after, held.record)
            for org_id in orgs or SCHOOLS:
                assert roster.coverage.is_complete(change.kind, org_id)
                assert roster.scope.wants_org(org_id)
                assert policy.wants_org(org_id)


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
    empty = plan_sync(host, _roster([], coverage=coverage), policy=policy, on=DAY)
    complete = plan_sync(
        host, _roster([], coverage=COMPLETE), policy=policy, overrides=ledger, on=DAY
    )

    assert _archived(empty) == set()
    assert _archived(complete) == set()
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

    assert _archived(under_low) <= _archived(under_high)


@given(hosts(), rosters(), POLICIES)
def test_s4_more_coverage_never_archives_fewer_unless_held(
    host: HostState, roster: Roster, policy: SyncPolicy
) -> None:
    """Whoever goes with gaps goes without them, or is held."""
    more = plan_sync(host, attrs.evolve(roster, coverage=COMPLETE), policy=policy, on=DAY)
    less = plan_sync(host, roster, policy=policy, on=DAY)
    held = {(c.kind, c.sourced_id) for c in more.held}

    assert _archived(less) <= _archived(more) | held


@given(hosts(), worlds(whole=True), POLICIES, st.sets(st.sampled_from([*USERS, *CLASSES])))
def test_s4_fewer_seen_never_archives_fewer_unless_held(
    host: HostState, records: list[Record], policy: SyncPolicy, unseen: set[str]
) -> None:
    """Whoever goes when more was seen goes when less was, or is held."""
    fewer = [record for record in records if record.sourced_id not in unseen]
    before = plan_sync(host, _roster(records, coverage=COMPLETE), policy=policy, on=DAY)
    after = plan_sync(host, _roster(fewer, coverage=COMPLETE), policy=policy, on=DAY)
    held = {(c.kind, c.sourced_id) for c in after.held}

    assert _archived(before) <= _archived(after) | held


@given(hosts(), rosters(), reports(), POLICIES, overrides())
def test_s5_a_plan_applied_leaves_nothing_to_do(
    host: HostState, roster: Roster, report: MatchReport, policy: SyncPolicy, ledger: Overrides
) -> None:
    """After applying, the same pull plans no step; what was held is still held."""
    first = plan_sync(host, roster, report, policy=policy, overrides=ledger, on=DAY)
    after = apply_sync(host, first)
    second = plan_sync(after, roster, report, policy=policy, overrides=ledger, on=DAY)

    assert second.changes == ()
    assert {c.ref for c in second.held} == {c.ref for c in first.held}


@given(worlds(), worlds())
def test_s6_a_diff_turns_one_roster_into_the_other(left: list[Record], right: list[Record]) -> None:
    """A diff with itself is empty; applied it gives the other; the reverse diff inverts it."""
    a, b = _roster(left), _roster(right)
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


@given(hosts(), rosters(), POLICIES, overrides())
def test_s8_a_hold_stops_removals_only(
    host: HostState, roster: Roster, policy: SyncPolicy, ledger: Overrides
) -> None:
    """Creates, updates and restores are the same, whatever is held."""
    shut = attrs.evolve(
        policy, limits=dict.fromkeys(Kind, Limits(removed_percent=0, floor=0, cap=0))
    )
    held = plan_sync(host, roster, policy=shut, overrides=ledger, on=DAY)
    free = plan_sync(
        host,
        roster,
        policy=attrs.evolve(policy, limits=dict.fromkeys(Kind, OPEN), class_loss_percent=100),
        overrides=ledger,
        on=DAY,
    )
    actions = (Action.create, Action.update, Action.restore)

    assert held.of(*actions) == free.of(*actions)


@given(plans())
def test_s9_each_managed_record_is_in_one_place(drawn: tuple[HostState, SyncPlan]) -> None:
    """Re-keys and archives are disjoint, and the counts add up."""
    host, plan = drawn
    managed = {(h.kind, h.ref) for h in host.records if h.source == SOURCE and h.is_active}
    steps = [(c.kind, c.ref) for c in (*plan.changes, *plan.held) if c.ref is not None]
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
    names = ("orgs", "classes", "users", "enrollments")
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
