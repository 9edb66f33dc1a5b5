"""An integration ends and begins again: everybody is found, and nothing is there twice."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from examples.reference_host import ReferenceHost

from edlink.coverage import Coverage, CoverageEntry, Source
from edlink.matching.apply import apply_sync
from edlink.matching.archive import plan_archive, plan_unmanage
from edlink.matching.host import HostRecord, HostState, SyncMemory
from edlink.matching.host_side import host_links, host_people
from edlink.matching.linked import Link
from edlink.matching.match import match_people
from edlink.matching.orgs import match_orgs
from edlink.matching.owning import as_own
from edlink.matching.plan import Action, SyncPlan
from edlink.matching.report import MatchReport
from edlink.matching.sync import plan_sync
from edlink.model import (
    AcademicSession,
    Class,
    Course,
    Demographics,
    Enrollment,
    Identifier,
    Org,
    Record,
    Relationship,
    RoleAssignment,
    User,
)
from edlink.roster import Roster
from edlink.vocabulary import IdentifierType, Kind, OrgType, RelationshipKind, Role

SOURCE = Source("classlink", "d1")
OTHER = Source("clever", "d1")
DAY = date(2025, 10, 1)
NOW = datetime(2025, 10, 1, 6, tzinfo=UTC)


def _records(i: str) -> list[Record]:
    """Return a school, a class, a child and a parent, as a source with ids of its own has them."""
    nces_id = (Identifier(type=IdentifierType.nces_id, value="000000000001"),)
    sis_id = (Identifier(type=IdentifierType.sis_id, value="00042"),)
    return [
        Org(sourced_id=f"{i}s", name="Example School", type=OrgType.school, identifiers=nces_id),
        Class(sourced_id=f"{i}c", title="Biology", org_id=f"{i}s"),
        User(
            sourced_id=f"{i}u",
            given_name="Ada",
            family_name="Muster",
            identifiers=sis_id,
            roles=(RoleAssignment(role=Role.student, org_id=f"{i}s"),),
            primary_org_id=f"{i}s",
            agent_ids=(f"{i}g", "of nobody here"),
        ),
        User(
            sourced_id=f"{i}g",
            given_name="Pat",
            family_name="Muster",
            email="pat@example.org",
            roles=(RoleAssignment(role=Role.guardian),),
        ),
        Enrollment(
            sourced_id=f"{i}e",
            user_id=f"{i}u",
            class_id=f"{i}c",
            org_id=f"{i}s",
            role=Role.student,
        ),
        Relationship(
            sourced_id=f"{i}r",
            student_id=f"{i}u",
            contact_id=f"{i}g",
            kind=RelationshipKind.parent,
        ),
        Demographics(sourced_id=f"{i}u", birth_date=date(2012, 2, 29)),
    ]


def _roster(source: Source, i: str, day: int) -> Roster:
    return Roster.from_records(
        _records(i),
        source=source,
        pulled_at=datetime(2025, 10, 1, 1, tzinfo=UTC) + timedelta(days=day),
        coverage=Coverage(CoverageEntry(kind=kind) for kind in Kind),
    )


def _synced() -> HostState:
    empty = HostState(memory=SyncMemory(source=SOURCE))
    return apply_sync(empty, plan_sync(empty, _roster(SOURCE, "a-", 0), on=DAY))


def _left() -> HostState:
    host = _synced()
    return apply_sync(host, plan_unmanage(host, on=DAY, now=NOW))


def _connect(host: HostState, roster: Roster, before: HostState | None = None) -> SyncPlan:
    """Return the first plan of a source, with the links that the host had kept, if any."""
    kept = {
        kind: () if before is None else host_links(before, kind)
        for kind in (Kind.org, Kind.class_, Kind.user)
    }
    own = [h.record for h in host.unmanaged(Kind.org)]
    reports = [
        match_orgs(roster, own, links=kept[Kind.org]),  # type: ignore[arg-type]
        match_people(roster, host_people(host), links=kept[Kind.user]),
        MatchReport(
            linked=tuple(
                Link(incoming=k.incoming, existing=k.existing, kind="class", rule="stored_link")
                for k in kept[Kind.class_]
            )
        ),
    ]
    return plan_sync(host, roster, reports, on=DAY + timedelta(days=1))


def test_what_a_source_managed_names_the_hosts_records_once_it_is_left() -> None:
    """Sourced ids are refs, and so is every foreign key; a birth date is its person's."""
    refs = {(held.kind, held.sourced_id): held.ref for held in _synced().records}
    org, class_ = refs[Kind.org, "a-s"], refs[Kind.class_, "a-c"]
    child, parent = refs[Kind.user, "a-u"], refs[Kind.user, "a-g"]

    own = {held.kind: held.record for held in _left().records if held.ref != parent}

    assert own[Kind.class_].org_id == org  # type: ignore[union-attr]
    assert own[Kind.demographics].sourced_id == child
    enrollment, link, user = (own[k] for k in (Kind.enrollment, Kind.relationship, Kind.user))
    assert isinstance(enrollment, Enrollment)
    assert (enrollment.user_id, enrollment.class_id, enrollment.org_id) == (child, class_, org)
    assert isinstance(link, Relationship)
    assert (link.student_id, link.contact_id) == (child, parent)
    assert isinstance(user, User)
    assert (user.sourced_id, user.roles[0].org_id, user.primary_org_id) == (child, org, org)
    assert user.agent_ids == (parent, "of nobody here")


def test_terms_and_courses_name_the_hosts_records_too() -> None:
    """Parents, children, school years, courses and terms are given as refs."""
    records: list[Record] = [
        Org(sourced_id="d", child_ids=("s",)),
        Org(sourced_id="s", parent_id="d"),
        AcademicSession(sourced_id="y", child_ids=("t",)),
        AcademicSession(sourced_id="t", parent_id="y"),
        Course(sourced_id="k", org_id="s", school_year_id="y"),
        Class(sourced_id="c", org_id="s", course_id="k", session_ids=("t", "y")),
    ]
    held = [HostRecord(ref=f"h-{r.sourced_id}", record=r, source=SOURCE) for r in records]
    host = HostState(memory=SyncMemory(source=SOURCE), records=held)

    assert [as_own(host, h) for h in held] == [
        Org(sourced_id="h-d", child_ids=("h-s",)),
        Org(sourced_id="h-s", parent_id="h-d"),
        AcademicSession(sourced_id="h-y", child_ids=("h-t",)),
        AcademicSession(sourced_id="h-t", parent_id="h-y"),
        Course(sourced_id="h-k", org_id="h-s", school_year_id="h-y"),
        Class(sourced_id="h-c", org_id="h-s", course_id="h-k", session_ids=("h-t", "h-y")),
    ]


def test_leaving_a_source_can_be_undone() -> None:
    """The inverse gives every record back with the source's ids."""
    host = _synced()
    plan = plan_unmanage(host, on=DAY, now=NOW)

    assert apply_sync(apply_sync(host, plan), plan.inverse()) == host


def test_what_a_source_left_is_archived_by_school() -> None:
    """The host's ref of the school finds the child who was synced there."""
    left = _left()
    (school,) = left.unmanaged(Kind.org)

    plan = plan_archive(left, on=DAY, now=NOW, org_ids={school.ref})

    assert [change.ref for change in plan.changes] == ["classlink:d1/user/a-u"]


def test_the_same_source_adopts_everybody_again() -> None:
    """With the links kept, all that was left is adopted under its ref, and nothing is created."""
    before, left = _synced(), _left()

    plan = _connect(left, _roster(SOURCE, "a-", 1), before)

    assert {change.action for change in plan.changes} == {Action.adopt}
    assert set(apply_sync(left, plan).records) == set(before.records)


@pytest.mark.parametrize(("source", "prefix"), [(SOURCE, "a-"), (OTHER, "b-")])
def test_a_source_adopts_people_and_what_hangs_on_them(source: Source, prefix: str) -> None:
    """The child by number, the parent by the child, then their link and birth date, none twice."""
    left = HostState(memory=SyncMemory(source=source), records=_left().records)
    plan = _connect(left, _roster(source, prefix, 1))

    adopted = {(change.kind, change.sourced_id) for change in plan.of(Action.adopt)}
    created = [change.kind for change in plan.of(Action.create)]

    assert adopted == {
        (Kind.org, f"{prefix}s"),
        (Kind.user, f"{prefix}u"),
        (Kind.user, f"{prefix}g"),
        (Kind.relationship, f"{prefix}r"),
        (Kind.demographics, f"{prefix}u"),
    }
    # A class without an id of the SIS is for the host to match.
    assert created == [Kind.class_, Kind.enrollment]


def test_the_reference_host_connects_a_second_source(tmp_path: Path) -> None:
    """In a file whose refs are numbers over all kinds, nobody is there twice either."""
    file = str(tmp_path / "host.db")
    first, second = ReferenceHost(file, SOURCE), ReferenceHost(file, OTHER)
    first.apply(plan_sync(first.state(), _roster(SOURCE, "a-", 0), on=DAY))
    before = {(held.kind, held.ref) for held in first.state().records}
    first.apply(plan_unmanage(first.state(), on=DAY, now=NOW))

    second.apply(_connect(second.state(), _roster(OTHER, "b-", 1)))
    after = second.state().records
    first.close()
    second.close()

    twice = {(held.kind, held.ref) for held in after} - before
    assert {kind for kind, _ in twice} == {Kind.class_, Kind.enrollment}


def test_a_birth_date_typed_into_the_reference_host_stays_its_persons(tmp_path: Path) -> None:
    """What was typed of a person who has a ref is found as theirs."""
    host = ReferenceHost(str(tmp_path / "host.db"), SOURCE)
    ref = host.add(User(sourced_id="", roles=(RoleAssignment(role=Role.student),)))
    host.add(Demographics(sourced_id=ref, birth_date=date(2012, 2, 29)))

    (person,) = host_people(host.state())
    host.close()

    assert person.birth_date == date(2012, 2, 29)
