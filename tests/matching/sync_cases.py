"""Invented rosters and hosts for the tests of sync plans."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from edlink.coverage import (
    Coverage,
    CoverageEntry,
    Source,
)
from edlink.matching.host import HostRecord, HostState, SyncMemory
from edlink.matching.linked import Link
from edlink.matching.overrides import Override, OverrideType
from edlink.matching.plan import Action, SyncPlan
from edlink.matching.policy import SyncPolicy
from edlink.matching.report import MatchReport
from edlink.model import (
    Class,
    Enrollment,
    Org,
    Record,
    RoleAssignment,
    User,
)
from edlink.roster import Roster
from edlink.vocabulary import Kind, OrgType, Role

SOURCE = Source("classlink", "d1")
OTHER = Source("clever", "d1")
DAY = date(2025, 10, 1)
EVERYTHING = Coverage(CoverageEntry(kind=kind) for kind in Kind)
AT_ONCE = SyncPolicy(min_absences=1, grace_days=0)


def a_student(sourced_id: str, org_id: str = "s1", **facts: object) -> User:
    roles = (RoleAssignment(role=Role.student, org_id=org_id),)
    return User(sourced_id=sourced_id, **({"roles": roles} | facts))  # type: ignore[arg-type]


def an_adult(sourced_id: str, **facts: object) -> User:
    roles = (RoleAssignment(role=Role.guardian),)
    return User(sourced_id=sourced_id, **({"roles": roles} | facts))  # type: ignore[arg-type]


def an_enrollment(sourced_id: str, user_id: str, class_id: str, **facts: object) -> Enrollment:
    given = {"user_id": user_id, "class_id": class_id, "role": Role.student}
    return Enrollment(sourced_id=sourced_id, **(given | facts))  # type: ignore[arg-type]


SCHOOLS = tuple(Org(sourced_id=i, type=OrgType.school, parent_id="d") for i in ("s1", "s2"))
ORGS = (Org(sourced_id="d", type=OrgType.district), *SCHOOLS)
CLASS = Class(sourced_id="c1", org_id="s1")
PEOPLE = tuple(a_student(f"u{n:02}") for n in range(20))
LINKS = tuple(an_enrollment(f"e{n:02}", f"u{n:02}", "c1") for n in range(20))
ALL: tuple[Record, ...] = (*ORGS, CLASS, *PEOPLE, *LINKS)


def a_roster(records: Iterable[Record] = ALL, *, days: int = 1, **facts: object) -> Roster:
    given = {"coverage": EVERYTHING} | facts
    pulled_at = datetime(2025, 9, 30, tzinfo=UTC) + timedelta(days=days)
    return Roster.from_records(records, source=SOURCE, pulled_at=pulled_at, **given)


def a_host(records: Iterable[Record] = ALL, *own: HostRecord) -> HostState:
    managed = [HostRecord(ref=f"h-{r.sourced_id}", record=r, source=SOURCE) for r in records]
    return HostState(memory=SyncMemory(source=SOURCE), records=[*managed, *own])


def all_but(*ids: str, records: Iterable[Record] = ALL) -> list[Record]:
    return [record for record in records if record.sourced_id not in ids]


def all_with(*records: Record) -> list[Record]:
    return [*all_but(*(r.sourced_id for r in records)), *records]


def steps_of(plan: SyncPlan, *actions: Action) -> list[tuple[str, str]]:
    return [(str(c.action), c.sourced_id) for c in plan.of(*(actions or Action))]


def reasons_of(plan: SyncPlan) -> dict[str, str]:
    return {keep.sourced_id: keep.reason for keep in plan.kept}


def an_override(type_: OverrideType, kind: Kind, **facts: object) -> Override:
    return Override(type=type_, kind=kind, actor="staff-1", day=DAY, **facts)  # type: ignore[arg-type]


def a_report(*links: Link, **facts: object) -> MatchReport:
    return MatchReport(linked=links, **facts)  # type: ignore[arg-type]


def a_link(incoming: str, existing: str, kind: str = "student", **facts: object) -> Link:
    given = {"incoming": incoming, "existing": existing, "kind": kind, "rule": "sis_id"} | facts
    return Link(**given)  # type: ignore[arg-type]


OWN = HostRecord(ref="17", record=a_student("17", given_name="Ada", phone="555-0100"))
