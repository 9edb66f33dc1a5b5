"""What hypothesis draws for the rules of syncing: hosts, pulls, policies, ledgers, reports."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
from hypothesis import strategies as st

from edlink.coverage import Coverage, CoverageEntry, Scope, Source, Tombstone
from edlink.matching.host import Absence, HostRecord, HostState, SyncMemory
from edlink.matching.overrides import Override, Overrides, OverrideType
from edlink.matching.plan import Action, SyncPlan
from edlink.matching.policy import Limits, SyncPolicy
from edlink.matching.report import Link, MatchReport
from edlink.matching.sync import plan_sync
from edlink.model import Class, Enrollment, Org, Record, RoleAssignment, User
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


def a_roster(records: list[Record], **facts: Any) -> Roster:  # noqa: ANN401 - fields of Roster
    return Roster.from_records(records, source=SOURCE, pulled_at=NOW, **facts)


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    """Draw a pull with any coverage, scope and tombstones."""
    return a_roster(
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
        is_user = i in USERS
        entries.append(
            Override(
                type=type_,
                kind=Kind.user if is_user else Kind.class_,
                ref=f"h-{i}" if by_ref else None,
                sourced_id=None if by_ref else i,
                fields={"given_name" if is_user else "org_id"}
                if type_ is OverrideType.sticky
                else (),
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


def archived_by(plan: SyncPlan) -> set[tuple[Kind, str]]:
    return {(c.kind, c.sourced_id) for c in plan.of(Action.archive)}


def orgs_of(host: HostState, record: Record) -> set[str]:
    """Return the schools of a host's record, worked out anew."""
    if isinstance(record, Org):
        return {record.sourced_id}
    if isinstance(record, User):
        found = {r.org_id for r in record.roles if r.org_id}
        for held in host.managed(Kind.enrollment).values():
            link = held.record
            if isinstance(link, Enrollment) and link.user_id == record.sourced_id:
                found |= orgs_of(host, link)
        return found
    if isinstance(record, Enrollment):
        class_ = host.managed(Kind.class_).get(record.class_id or "")
        return set() if class_ is None else orgs_of(host, class_.record)
    return {record.org_id} if isinstance(record, Class) and record.org_id else set()
