"""A year of one host, from hand-typed data to the second school year."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import attrs

from edlink.coverage import Coverage, CoverageEntry, Source
from edlink.matching.apply import apply_sync
from edlink.matching.classes import classrooms_of, match_classes
from edlink.matching.dedupe import HostPerson, find_duplicates
from edlink.matching.host import HostRecord, HostState, SyncMemory
from edlink.matching.host_side import host_links, host_people
from edlink.matching.match import match_people
from edlink.matching.merge import MergeState, plan_merge
from edlink.matching.merge_apply import apply_merge
from edlink.matching.orgs import match_orgs
from edlink.matching.overrides import Override, Overrides, OverrideType
from edlink.matching.plan import Action, SyncPlan
from edlink.matching.policy import Limits, Profile, SyncPolicy
from edlink.matching.rekey import plan_rekey
from edlink.matching.sync import plan_sync
from edlink.model import (
    Class,
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

SOURCE = Source("classlink", "district-1")
START = date(2025, 9, 1)
GIVEN = ("Ada", "Ben", "Cleo", "Dov", "Eli", "Fay", "Gus", "Hal", "Ivy", "Jon")
FAMILY = ("Moss", "Elm", "Reed", "Fern")
PUPILS = range(40)
ROLLOVER = 330


def _person(
    sourced_id: str, role: Role, name: tuple[str, str], *, org: str | None, sis_id: str | None
) -> User:
    ids = () if sis_id is None else (Identifier(type=IdentifierType.sis_id, value=sis_id),)
    return User(
        sourced_id=sourced_id,
        given_name=name[0],
        family_name=name[1],
        identifiers=ids,
        roles=(RoleAssignment(role=role, org_id=org),),
    )


def _pupil(n: int, sourced_id: str, org: str, *, sis_id: bool = True) -> User:
    return _person(
        sourced_id,
        Role.student,
        (GIVEN[n % 10], FAMILY[n // 10]),
        org=org,
        sis_id=f"{n:05}" if sis_id else None,
    )


def _born(n: int, sourced_id: str) -> Demographics:
    return Demographics(sourced_id=sourced_id, birth_date=date(2012, 1, 2) + timedelta(days=37 * n))


def _parent(n: int, sourced_id: str) -> User:
    user = _person(sourced_id, Role.guardian, ("Pat", FAMILY[n // 10]), org=None, sis_id=None)
    return attrs.evolve(user, phone=f"555-01{n:02}", email=f"pat{n}@example.org")


# The host, typed by hand: one pupil twice, half without their SIS id.


def _hand_typed() -> HostState:
    records: list[Record] = [
        Org(
            sourced_id="1",
            name="Example School",
            type=OrgType.school,
            identifiers=(Identifier(type=IdentifierType.sis_id, value="0077"),),
        ),
        Class(
            sourced_id="200",
            org_id="1",
            identifiers=(Identifier(type=IdentifierType.sis_id, value="BIO-1"),),
        ),
    ]
    for n in PUPILS:
        records += [_pupil(n, f"{n}", "1", sis_id=n % 2 == 0), _born(n, f"{n}")]
    records += [_pupil(0, "90", "1"), _parent(5, "95")]
    records += [
        Relationship(sourced_id="95-5", student_id="5", contact_id="95"),
        Enrollment(sourced_id="300", user_id="3", class_id="200", role=Role.student),
    ]
    return HostState(
        memory=SyncMemory(source=SOURCE),
        records=[HostRecord(ref=r.sourced_id, record=r) for r in records],
    )


# The district, day by day.


def _school_on(day: int) -> list[Record]:
    """Return what the district has on a day of the story."""
    year = 0 if day < ROLLOVER else 1
    left = {7} if 100 <= day < 250 else set()
    left |= set(range(30, 40)) if year else set()
    classes = [f"bio-{year}", f"art-{year}"]
    records: list[Record] = [
        Org(
            sourced_id="s1",
            name="Example School",
            type=OrgType.school,
            identifiers=(Identifier(type=IdentifierType.sis_id, value="0077"),),
        )
    ]
    for i in classes:
        sis_id = "BIO-1" if i == "bio-0" else i
        ids = (Identifier(type=IdentifierType.sis_id, value=sis_id),)
        records.append(Class(sourced_id=i, org_id="s1", identifiers=ids))
    pupils = [(n, f"p{n:02}") for n in PUPILS if n not in left]
    for n, i in pupils:
        grade = (f"{5 + n // 10 + year:02}",)
        records += [attrs.evolve(_pupil(n, i, "s1"), grades=grade), _born(n, i)]
    if day >= 20:
        for n, name in ((61, "May"), (62, "Mae")):
            twin = _person(f"p{n}", Role.student, (name, "Vale"), org="s1", sis_id=f"{n:05}")
            records += [twin, _born(61, f"p{n}")]
            pupils.append((n, f"p{n}"))
    records += [
        Enrollment(sourced_id=f"{i}:{c}", user_id=i, class_id=c, role=Role.student)
        for _, i in pupils
        for c in classes
    ]
    for n in (5, 7):
        if n not in left:
            # The family that comes back has a parent with a new id.
            i = f"g{n}" if day < 250 else f"g{n}-new"
            kin = Relationship(
                sourced_id=f"{i}:p{n:02}",
                student_id=f"p{n:02}",
                contact_id=i,
                kind=RelationshipKind.parent,
            )
            records += [_parent(n, i), kin]
    return records


def _roster_on(day: int) -> Roster:
    accident = 60 <= day < 64
    records = _school_on(day)
    return Roster.from_records(
        records[:1] if accident else records,
        source=SOURCE,
        pulled_at=datetime(2025, 9, 1, 1, tzinfo=UTC) + timedelta(days=day),
        coverage=Coverage(CoverageEntry(kind=kind) for kind in Kind),
    )


def _policy_on(day: int) -> SyncPolicy:
    if not ROLLOVER - 5 <= day < ROLLOVER + 20:
        return SyncPolicy()
    all_of_them = Limits(removed_percent=100, changed_percent=100, cap=None)
    return SyncPolicy(
        profile=Profile.rollover,
        profile_until=START + timedelta(days=ROLLOVER + 20),
        rollover_limits={Kind.class_: all_of_them, Kind.enrollment: all_of_them},
    )


HIDDEN = Overrides(
    [
        Override(
            type=OverrideType.hidden,
            kind=Kind.class_,
            sourced_id="art-0",
            actor="staff-1",
            day=START + timedelta(days=40),
        )
    ]
)


def _merge_duplicates(host: HostState) -> HostState:
    """Return the host with its duplicates merged as the merge plan says."""
    people = tuple(HostPerson(person=person) for person in host_people(host))
    state = MergeState(people=people)
    plan = plan_merge(state, find_duplicates(people).auto)
    merged, _ = apply_merge(state, plan)
    into = {r.ref: r.survivor for r in merged.redirects}
    return attrs.evolve(
        host,
        records=[
            attrs.evolve(h, archived_on=START, archive_reason="merged", merged_into=into[h.ref])
            if h.kind is Kind.user and h.ref in into
            else h
            for h in host.records
        ],
    )


def _adopt(host: HostState, roster: Roster) -> SyncPlan:
    """Return the first plan: everything that matching links is adopted."""
    schools = match_orgs(roster, [h.record for h in host.unmanaged(Kind.org)])  # type: ignore[misc]
    org_links = {link.incoming: link.existing for link in schools.linked}
    people = match_people(roster, host_people(host), org_links=org_links)
    user_links = {link.incoming: link.existing for link in people.linked}
    rooms = classrooms_of(roster, org_links=org_links, user_links=user_links)
    ours = Roster.from_records(
        [h.record for h in host.unmanaged(Kind.class_)],
        source=SOURCE,
        pulled_at=roster.pulled_at,
    )
    own = classrooms_of(ours, org_links={"1": "1"}, user_links={})
    classes = match_classes(rooms, own)
    rekeys = plan_rekey(people)
    assert (len(rekeys.steps), rekeys.open, rekeys.left) == (41, (), ())
    return plan_sync(host, roster, [schools, people, classes], on=START)


def _active(host: HostState, kind: Kind) -> dict[str, HostRecord]:
    return {i: held for i, held in host.managed(kind).items() if held.is_active}


def _reasons(plan: SyncPlan, kind: Kind) -> set[str]:
    return {keep.reason for keep in plan.kept if keep.kind is kind}


def _refs(host: HostState, ids: Iterable[str]) -> list[str]:
    return [host.managed(Kind.user)[i].ref for i in ids]


def test_a_host_lives_through_a_year_and_loses_nobody() -> None:
    """Hand-typed data are adopted, a year is synced nightly, and everyone is still one person."""
    host = _merge_duplicates(_hand_typed())
    duplicate = host.get(Kind.user, "90")
    assert duplicate is not None
    assert duplicate.merged_into == "0"

    first = _adopt(host, _roster_on(0))
    host = apply_sync(host, first)
    assert len(first.of(Action.adopt)) == 41 + 40 + 1 + 1 + 1 + 1
    assert [held.ref for held in _active(host, Kind.user).values()].count("17") == 1
    by_hand = {i: held.ref for i, held in _active(host, Kind.user).items()}

    plans: dict[int, SyncPlan] = {}
    for day in range(1, 365):
        plan = plan_sync(
            host,
            _roster_on(day),
            policy=_policy_on(day),
            overrides=HIDDEN,
            on=START + timedelta(days=day),
        )
        assert bool(plan.held) <= bool(plan.holds)
        plans[day] = plan
        host = apply_sync(host, plan)

    # Twins who enrol are two people.
    assert [c.sourced_id for c in plans[20].of(Action.create) if c.kind is Kind.user] == [
        "p61",
        "p62",
    ]
    assert len(set(_refs(host, ["p61", "p62"]))) == 2

    # A sharing accident archives nobody and says why.
    for day in range(60, 64):
        assert plans[day].of(Action.archive) == ()
        assert {"fall_to_zero", "removed_percent"} <= {h.reason for h in plans[day].holds}
    assert plans[64].is_empty

    # The hidden class stays as it was, even when the year is over.
    assert _reasons(plans[41], Kind.class_) == {"hidden"}
    assert _active(host, Kind.class_).keys() == {"art-0", "bio-1", "art-1"}

    # A family that moves waits, goes, and comes back as the same people.
    assert _reasons(plans[100], Kind.user) == {"waiting"}
    gone = [c.sourced_id for c in plans[103].of(Action.archive) if c.kind is Kind.user]
    assert gone == ["g7", "p07"]
    assert [c.sourced_id for c in plans[250].of(Action.restore) if c.kind is Kind.user] == ["p07"]
    rekeyed = [c.sourced_id for c in plans[250].of(Action.rekey) if c.kind is Kind.user]
    assert rekeyed == ["g5-new", "g7-new"]

    # The new year: leavers go under the rollover limits, nobody else does.
    leavers = {
        c.sourced_id
        for day in range(ROLLOVER, 365)
        for c in plans[day].of(Action.archive)
        if c.kind is Kind.user
    }
    assert leavers == {f"p{n:02}" for n in range(30, 40)}
    assert {d: plans[d].holds for d in range(64, 365) if plans[d].holds} == {}

    # Everyone in the last roster is one active record, and hand-made refs are what they were.
    last = _roster_on(364)
    assert _active(host, Kind.user).keys() == {user.sourced_id for user in last.users}
    assert {i: host.managed(Kind.user)[i].ref for i in by_hand if i.startswith("p")} == {
        i: ref for i, ref in by_hand.items() if i.startswith("p")
    }
    people = match_people(last, host_people(host), links=host_links(host, Kind.user))
    assert (people.new, people.ambiguous, people.conflicts) == ((), (), ())
