"""What hypothesis draws for the rules of syncing: hosts, pulls, policies, ledgers, reports."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
from hypothesis import strategies as st

from edlink.coverage import Coverage, CoverageEntry, Scope, Source, Tombstone
from edlink.matching.host import Absence, HostRecord, HostState, SyncMemory
from edlink.matching.linked import Link
from edlink.matching.overrides import Override, Overrides, OverrideType
from edlink.matching.plan import Action, SyncPlan
from edlink.matching.policy import Limits, SyncPolicy
from edlink.matching.report import MatchReport
from edlink.matching.sync import plan_sync
from edlink.model import (
    RECORD_TYPES,
    AcademicSession,
    Class,
    Demographics,
    Enrollment,
    Org,
    Record,
    Relationship,
    RoleAssignment,
    User,
)
from edlink.references import REFERENCES
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind, RelationshipKind, Role

SOURCE = Source("classlink", "d1")
DAY = date(2025, 10, 1)
NOW = datetime(2025, 10, 1, tzinfo=UTC)
SCHOOLS = ("s1", "s2")
STUDENTS = ("u0", "u1", "u2")
CONTACTS = ("g0", "g1")
USERS = (*STUDENTS, *CONTACTS)
BORN = (date(2012, 2, 3), date(2013, 4, 5))
CLASSES = ("c0", "c1")
SENTINEL = "Xanthippe"
OPEN = Limits(removed_percent=100, changed_percent=100, cap=None, floor=0)

ORG_IDS = st.sampled_from(SCHOOLS)


@st.composite
def users(draw: st.DrawFn, sourced_id: str) -> User:
    """Draw a student at one or two schools, or a contact, who mostly is at none."""
    is_contact = sourced_id in CONTACTS
    orgs = draw(st.lists(ORG_IDS, max_size=0 if is_contact else 2, unique=True))
    return User(
        sourced_id=sourced_id,
        given_name=draw(st.sampled_from([None, SENTINEL])),
        email=draw(st.sampled_from([None, "a@example.org"])),
        roles=(RoleAssignment(role=Role.guardian),)
        if is_contact
        else tuple(RoleAssignment(role=Role.student, org_id=i) for i in orgs),
    )


@st.composite
def links_of_families(draw: st.DrawFn) -> list[Record]:
    """Draw who is a contact of whom, and birth dates; ends may be missing on that side."""
    found: list[Record] = []
    kin = st.tuples(st.sampled_from(STUDENTS), st.sampled_from(CONTACTS))
    for student_id, contact_id in draw(st.lists(kin, unique=True, max_size=3)):
        found.append(
            Relationship(
                sourced_id=f"{draw(st.sampled_from(['r', 'q']))}-{student_id}-{contact_id}",
                student_id=student_id,
                contact_id=contact_id,
                kind=draw(st.sampled_from([RelationshipKind.parent, RelationshipKind.guardian])),
            )
        )
    found += [
        Demographics(sourced_id=i, birth_date=draw(st.sampled_from(BORN)))
        for i in draw(st.lists(st.sampled_from(STUDENTS), unique=True))
    ]
    return found


@st.composite
def worlds(draw: st.DrawFn, *, whole: bool = False) -> list[Record]:
    """Draw the records that one side has; with ``whole``, every school is among them."""
    orgs = SCHOOLS if whole else draw(st.lists(ORG_IDS, unique=True))
    found: list[Record] = [Org(sourced_id=i) for i in orgs]
    if draw(st.booleans()):
        title = draw(st.sampled_from(["Fall", "Autumn"]))
        found.append(AcademicSession(sourced_id="t0", title=title, org_id=draw(ORG_IDS)))
    classes = draw(st.lists(st.sampled_from(CLASSES), unique=True))
    found += [Class(sourced_id=i, org_id=draw(ORG_IDS | st.none())) for i in classes]
    found += [draw(users(i)) for i in draw(st.lists(st.sampled_from(USERS), unique=True))]
    found += draw(links_of_families())
    ends = st.tuples(st.sampled_from(STUDENTS), st.sampled_from(CLASSES))
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
def families(draw: st.DrawFn) -> list[Record]:
    """Draw students with a role or a class at some schools, and two contacts of some of them."""
    found: list[Record] = [Org(sourced_id=i) for i in SCHOOLS]
    found += [Class(sourced_id=f"c-{i}", org_id=i) for i in SCHOOLS]
    found += [User(sourced_id=i, roles=(RoleAssignment(role=Role.guardian),)) for i in CONTACTS]
    kin = st.sets(st.sampled_from(CONTACTS))
    for i in STUDENTS:
        found.append(draw(users(i)))
        found += [
            Enrollment(sourced_id=f"e-{i}-{org_id}", user_id=i, class_id=f"c-{org_id}")
            for org_id in sorted(draw(st.sets(ORG_IDS, max_size=1)))
        ]
        found += [
            Relationship(sourced_id=f"r-{i}-{contact}", student_id=i, contact_id=contact)
            for contact in sorted(draw(kin))
        ]
    return found


@st.composite
def hosts(draw: st.DrawFn, *, whole: bool = False) -> HostState:
    """
    Draw a host with managed, archived and own records, and a memory of absences.

    With ``whole``, none of its links leads nowhere.
    """
    records = []
    for drawn in draw(worlds()):
        gone = draw(st.sampled_from([None, None, None, DAY - timedelta(days=9)]))
        source = draw(st.sampled_from([SOURCE, SOURCE, SOURCE, None]))
        own = attrs.evolve(drawn, sourced_id=f"own-{drawn.sourced_id}")
        record = own if source is None else drawn
        records.append(
            HostRecord(ref=f"h-{record.sourced_id}", record=record, source=source, archived_on=gone)
        )
    if whole:
        there = {(r.kind, r.sourced_id) for r in records if r.source is not None}
        records = [r for r in records if ends_of(r.record) <= there]
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
    """Return the schools of a host's record, worked out anew: contacts are where students are."""
    found: set[str | None] = set()
    match record:
        case Org():
            found = {record.sourced_id}
        case User():
            found = {role.org_id for role in record.roles}
            for link in (*_links(host, Kind.enrollment), *_links(host, Kind.relationship)):
                if record.sourced_id in (_end(link, "user_id"), _end(link, "contact_id")):
                    found |= orgs_of(host, link)
        case Enrollment():
            found = _orgs_of(host, Kind.class_, record.class_id or "")
        case Relationship():
            found = _orgs_of(host, Kind.user, record.student_id)
        case Demographics():
            found = _orgs_of(host, Kind.user, record.sourced_id)
        case Class() | AcademicSession():
            found = {record.org_id}
    return {org_id for org_id in found if org_id is not None}


def _links(host: HostState, kind: Kind) -> list[Record]:
    return [held.record for held in host.managed(kind).values()]


def _end(record: Record, name: str) -> str | None:
    return getattr(record, name, None)


def _orgs_of(host: HostState, kind: Kind, sourced_id: str) -> set[str | None]:
    held = host.managed(kind).get(sourced_id)
    return set() if held is None else set(orgs_of(host, held.record))


def ends_of(record: Record) -> set[tuple[Kind, str]]:
    """Return what a connecting record connects."""
    ends = [
        (target, _end(record, name))
        for kind, name, target in REFERENCES
        if isinstance(record, RECORD_TYPES[kind]) and target in (Kind.user, Kind.class_)
    ]
    return {(target, i) for target, i in ends if i is not None}
