from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.matching.sync_cases import (
    ALL,
    AT_ONCE,
    DAY,
    EVERYTHING,
    ORGS,
    OWN,
    PEOPLE,
    a_host,
    a_roster,
    a_student,
    all_but,
    all_with,
    an_adult,
    reasons_of,
    steps_of,
)

from edlink.coverage import (
    Coverage,
    CoverageEntry,
    Issue,
    Scope,
    Tombstone,
)
from edlink.errors import UnsafePlanError
from edlink.matching.apply import apply_sync
from edlink.matching.host import HostState
from edlink.matching.plan import Action, SyncPlan
from edlink.matching.policy import SyncPolicy
from edlink.matching.sync import plan_sync
from edlink.model import (
    Course,
    Demographics,
    Enrollment,
    Record,
    Relationship,
    RoleAssignment,
)
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind, Role, Status


def _later(host: HostState, *rosters: Roster, policy: SyncPolicy | None = None) -> SyncPlan:
    """Return the last plan of several nights, each applied to what the last one left."""
    for night, roster in enumerate(rosters):
        plan = plan_sync(host, roster, policy=policy, on=DAY + timedelta(days=night))
        host = apply_sync(host, plan)
    return plan


def test_a_missing_record_waits_before_it_is_archived() -> None:
    """One night's absence archives nobody; after the second and three days it does."""
    gone = all_but("u00", "e00")
    nights = [a_roster(gone, days=n) for n in range(1, 5)]

    assert reasons_of(_later(a_host(), nights[0])) == {"u00": "waiting", "e00": "waiting"}
    assert steps_of(_later(a_host(), *nights)) == [("archive", "e00"), ("archive", "u00")]


def test_the_same_pull_is_counted_once() -> None:
    """Planning twice from one pull does not make an absence older."""
    host = a_host()
    roster = a_roster(all_but("u00", "e00"))
    after = apply_sync(host, plan_sync(host, roster, on=DAY))

    again = plan_sync(after, roster, on=DAY)

    assert {a.runs for a in again.memory.absences} == {1}


def test_who_is_seen_again_starts_afresh() -> None:
    """An absence that ended is forgotten."""
    gone = all_but("u00", "e00")

    plan = _later(a_host(), a_roster(gone), a_roster(days=2))

    assert plan.memory.absences == ()


def test_what_the_source_itself_deletes_goes_at_once() -> None:
    """A record that is marked deleted, or is a tombstone, does not wait."""
    marked = attrs.evolve(PEOPLE[0], status=Status.deleted)
    graves = (Tombstone(kind=Kind.enrollment, sourced_id="e00"),)

    plan = plan_sync(
        a_host(), a_roster(all_but("e00", records=all_with(marked)), tombstones=graves), on=DAY
    )

    assert steps_of(plan) == [("archive", "e00"), ("archive", "u00")]
    assert {c.reason for c in plan.changes} == {"deleted_at_source"}


@pytest.mark.parametrize("state", [s for s in CoverageState if s is not CoverageState.complete])
def test_nobody_goes_where_a_school_was_not_pulled_whole(state: CoverageState) -> None:
    """A failed, withheld or excluded school protects everyone in it."""
    gap = CoverageEntry(kind=Kind.user, org_id="s1", state=state)
    coverage = Coverage([*EVERYTHING.entries, gap])

    plan = plan_sync(
        a_host(), a_roster(all_but("u00", "e00"), coverage=coverage), policy=AT_ONCE, on=DAY
    )

    assert reasons_of(plan) == {"u00": "not_covered"}
    assert steps_of(plan) == [("archive", "e00")]


def test_a_person_at_two_schools_needs_both() -> None:
    """Whoever also belongs to a school that failed stays."""
    both = attrs.evolve(PEOPLE[0], primary_org_id="s2")
    gap = CoverageEntry(kind=Kind.user, org_id="s2", state=CoverageState.withheld)
    coverage = Coverage([*EVERYTHING.entries, gap])
    roster = a_roster(all_but("u00", "u01", "e00", "e01"), coverage=coverage)

    plan = plan_sync(a_host(all_with(both)), roster, policy=AT_ONCE, on=DAY)

    assert ("archive", "u01") in steps_of(plan)
    assert reasons_of(plan)["u00"] == "not_covered"


def test_people_in_a_role_that_is_withheld_stay_and_the_others_go() -> None:
    """Who is known in spite of the rest goes; whoever also has a role that is not known stays."""
    both = [RoleAssignment(role=role, org_id="s1") for role in (Role.student, Role.staff)]
    teacher = a_student("t", roles=(attrs.evolve(both[0], role=Role.teacher),))
    records = [*all_with(attrs.evolve(PEOPLE[0], roles=tuple(both))), teacher]
    coverage = Coverage(
        [
            *(entry for entry in EVERYTHING.entries if entry.kind is not Kind.user),
            CoverageEntry(kind=Kind.user, state=CoverageState.withheld),
            CoverageEntry(kind=Kind.user, role=Role.student),
        ]
    )
    roster = a_roster(all_but("u00", "u01", "e00", "e01"), coverage=coverage)

    plan = plan_sync(a_host(records), roster, policy=AT_ONCE, on=DAY)

    assert [i for _, i in steps_of(plan) if not i.startswith("e")] == ["u01"]
    assert (reasons_of(plan)["u00"], reasons_of(plan)["t"]) == ("not_covered", "not_covered")


def test_nobody_leaves_a_class_whose_members_were_not_told() -> None:
    """A class that is not told keeps whom the host has in it; the others lose who left."""
    gap = CoverageEntry(kind=Kind.enrollment, class_id="c1", state=CoverageState.withheld)
    told = [e for e in ALL if isinstance(e, Enrollment) and e.class_id != "c1"]
    gone = {e.sourced_id for e in ALL if isinstance(e, Enrollment)} - {e.sourced_id for e in told}
    coverage = Coverage([*EVERYTHING.entries, gap])

    plan = plan_sync(a_host(), a_roster(all_but(*gone, "u00"), coverage=coverage), on=DAY)

    assert {i for i, why in reasons_of(plan).items() if why == "not_covered"} == gone


@pytest.mark.parametrize(("kind", "lost"), [(Kind.relationship, "r"), (Kind.enrollment, "e00")])
@pytest.mark.parametrize("untold", ["u00", "p", "u01"])
def test_nothing_goes_that_connects_a_person_of_whom_not_all_was_told(
    kind: Kind, lost: str, untold: str
) -> None:
    """What connects others goes all the same."""
    kin = Relationship(sourced_id="r", student_id="u00", contact_id="p")
    gap = CoverageEntry(kind=kind, user_id=untold, state=CoverageState.failed)
    coverage = Coverage([*EVERYTHING.entries, gap])
    came = [*(all_but(lost)), an_adult("p"), *([kin] if lost != "r" else [])]

    plan = plan_sync(
        a_host([*ALL, an_adult("p"), kin]),
        a_roster(came, coverage=coverage),
        policy=AT_ONCE,
        on=DAY,
    )

    ends = {"r": {"u00", "p"}, "e00": {"u00"}}[lost]
    assert (reasons_of(plan).get(lost) == "not_covered") is (untold in ends)


def test_a_contact_belongs_to_the_schools_of_the_children() -> None:
    """A parent without a role at a school stays while the child's school is not covered."""
    kin = Relationship(sourced_id="r", student_id="u00", contact_id="p")
    gap = CoverageEntry(kind=Kind.user, org_id="s1", state=CoverageState.withheld)
    coverage = Coverage([*EVERYTHING.entries, gap])

    plan = plan_sync(
        a_host([*ALL, an_adult("p"), kin]), a_roster(coverage=coverage), policy=AT_ONCE, on=DAY
    )

    assert reasons_of(plan) == {"p": "not_covered"}


def test_a_record_without_a_school_needs_all_of_them() -> None:
    """What could have appeared anywhere goes only when everywhere was pulled whole."""
    host = a_host([*ALL, Course(sourced_id="k")])
    gap = CoverageEntry(kind=Kind.course, org_id="s2", state=CoverageState.failed)
    part = Coverage([*EVERYTHING.entries, gap])
    relaxed = SyncPolicy(min_absences=1, grace_days=0)

    blocked = plan_sync(host, a_roster(coverage=part), policy=relaxed, on=DAY)
    whole = plan_sync(host, a_roster(), policy=relaxed, on=DAY)

    assert reasons_of(blocked) == {"k": "not_covered"}
    assert [(h.reason, h.kind) for h in whole.holds] == [("fall_to_zero", Kind.course)]


def test_a_school_that_closed_is_held_and_its_people_stay() -> None:
    """A whole school gone is for a person to see; who was there is not covered any more."""
    people = [a_student("z", "s2"), an_adult("p")]
    kin = Relationship(sourced_id="r", student_id="elsewhere", contact_id="p")
    host = a_host([*ALL, *people, kin])

    plan = plan_sync(host, a_roster([*all_but("s2"), people[1], kin]), policy=AT_ONCE, on=DAY)

    assert [(h.reason, h.kind, h.org_id) for h in plan.holds] == [("fall_to_zero", Kind.org, "s2")]
    assert [c.sourced_id for c in plan.held] == ["s2"]
    assert reasons_of(plan)["z"] == "unknown_org"


def test_an_enrollment_of_nobody_connects_nothing() -> None:
    """A record whose end is blank is not taken for one under another id."""
    blank = Enrollment(sourced_id="e99", class_id="c1", role=Role.student)

    plan = plan_sync(a_host(), a_roster([*all_but("e00"), blank]), on=DAY)

    assert reasons_of(plan) == {"e00": "waiting", "e99": "no_user"}
    assert plan.counts()["kept_waiting"] == {"enrollment": 1}


def test_an_unknown_school_is_not_covered() -> None:
    """Records at a school that the roster does not list stay."""
    host = a_host([*ALL, a_student("z", "s9")])

    assert reasons_of(plan_sync(host, a_roster(), policy=AT_ONCE, on=DAY)) == {"z": "unknown_org"}


def test_a_record_that_could_not_be_read_is_not_gone() -> None:
    """An issue that names a record protects it."""
    issue = Issue(kind=Kind.user, reason="bad_shape", sourced_id="u00")

    plan = plan_sync(
        a_host(), a_roster(all_but("u00", "e00"), issues=(issue,)), policy=AT_ONCE, on=DAY
    )

    assert reasons_of(plan)["u00"] == "set_aside"


def test_excluding_a_school_is_not_a_mass_deletion() -> None:
    """By policy or by scope, what the host has of an excluded school stays."""
    for facts in (
        {"policy": attrs.evolve(AT_ONCE, exclude_orgs={"s1"}), "records": ALL, "scope": Scope()},
        {"policy": AT_ONCE, "records": ORGS, "scope": Scope(exclude_orgs={"s1"})},
    ):
        roster = a_roster(facts["records"], scope=facts["scope"])  # type: ignore[arg-type]
        plan = plan_sync(a_host(), roster, policy=facts["policy"], on=DAY)  # type: ignore[arg-type]

        assert plan.is_empty
        assert set(reasons_of(plan).values()) == {"excluded_org"}


def test_including_schools_keeps_the_district_above_them() -> None:
    """The district of an included school comes in, another school's people do not."""
    policy = SyncPolicy(include_orgs={"s2"})
    course = Course(sourced_id="k", org_id="d")

    plan = plan_sync(a_host(()), a_roster([*ALL, course]), policy=policy, on=DAY)

    assert steps_of(plan) == [("create", "d"), ("create", "s2"), ("create", "k")]


def test_a_parent_of_a_child_at_an_included_school_comes_in() -> None:
    """A contact without a school is wanted where one of the children is."""
    kin: list[Record] = [
        Relationship(sourced_id="r1", student_id="a", contact_id="p"),
        Relationship(sourced_id="r2", student_id="missing", contact_id="p"),
    ]
    records: list[Record] = [*ORGS, a_student("a", "s2"), an_adult("p"), *kin]

    wanted = plan_sync(
        a_host(()), a_roster(records), policy=SyncPolicy(include_orgs={"s2"}), on=DAY
    )
    unwanted = plan_sync(
        a_host(()), a_roster(records), policy=SyncPolicy(include_orgs={"s1"}), on=DAY
    )

    assert ("create", "p") in steps_of(wanted)
    assert ("create", "p") not in steps_of(unwanted)


def test_the_hosts_own_records_are_never_archived() -> None:
    """A record that no source manages is no candidate."""
    plan = plan_sync(a_host(ALL, OWN), a_roster(), policy=AT_ONCE, on=DAY)

    assert plan.is_empty


def test_a_paused_source_archives_nothing() -> None:
    """While the source is paused, absence means nothing."""
    policy = attrs.evolve(AT_ONCE, paused=True)

    plan = plan_sync(a_host(), a_roster(all_but("u00", "e00")), policy=policy, on=DAY)

    assert reasons_of(plan) == {"u00": "paused", "e00": "paused"}


@pytest.mark.parametrize("days", [-3, 4])
def test_an_old_pull_archives_nothing(days: int) -> None:
    """A pull of last week, or of next week, is not trusted with removals."""
    roster = a_roster(all_but("u00", "e00"), days=1 + days)

    plan = plan_sync(a_host(), roster, policy=AT_ONCE, on=DAY)

    assert reasons_of(plan) == {"u00": "stale_snapshot", "e00": "stale_snapshot"}


def test_a_pull_older_than_the_last_one_applied_is_refused() -> None:
    """Going back in time is no plan at all."""
    host = apply_sync(a_host(), plan_sync(a_host(), a_roster(days=2), on=DAY))

    with pytest.raises(UnsafePlanError, match="EDL-SYNC-003"):
        plan_sync(host, a_roster(days=1), on=DAY)


def test_a_gap_keeps_an_absence_as_it_was() -> None:
    """A night without coverage neither counts nor forgets."""
    gone = all_but("u00", "e00")
    gap = CoverageEntry(kind=Kind.user, org_id="s1", state=CoverageState.withheld)
    coverage = Coverage([*EVERYTHING.entries, gap])

    plan = _later(a_host(), a_roster(gone), a_roster(gone, days=2, coverage=coverage))

    assert [(a.sourced_id, a.runs) for a in plan.memory.absences] == [("e00", 2), ("u00", 1)]


def test_a_kind_that_is_not_managed_stays() -> None:
    """Kinds outside the policy are neither brought in nor archived."""
    policy = attrs.evolve(AT_ONCE, kinds=frozenset(Kind) - {Kind.enrollment})

    plan = plan_sync(a_host(), a_roster(all_but("e00")), policy=policy, on=DAY)

    assert plan.is_empty
    assert set(reasons_of(plan).values()) == {"kind_not_managed"}


MOVED: tuple[Record, ...] = (
    *ALL,
    an_adult("p"),
    Relationship(sourced_id="r", student_id="u00", contact_id="p"),
    Demographics(sourced_id="u00"),
)


@pytest.mark.parametrize("kind", [Kind.user, Kind.relationship, Kind.demographics])
def test_a_pupil_who_may_have_moved_to_a_school_that_fails_stays(kind: Kind) -> None:
    """While any school cannot be read, nobody leaves the others, and no contact or birth date."""
    left = all_but("u00", "e00", "p", "r", records=MOVED)
    gap = CoverageEntry(kind=kind, org_id="s2", state=CoverageState.failed)
    coverage = Coverage([*EVERYTHING.entries, gap])

    plan = plan_sync(a_host(MOVED), a_roster(left, coverage=coverage), policy=AT_ONCE, on=DAY)

    assert kind not in {change.kind for change in (*plan.of(Action.archive), *plan.held)}
    assert "e00" in {change.sourced_id for change in plan.of(Action.archive)}


@pytest.mark.parametrize(
    ("gap", "policy", "deleted"),
    [
        ({"state": CoverageState.withheld, "org_id": "s2"}, AT_ONCE, False),
        ({"state": CoverageState.failed, "role": Role.teacher}, AT_ONCE, False),
        (
            {"state": CoverageState.failed, "org_id": "s2"},
            attrs.evolve(AT_ONCE, exclude_orgs={"s2"}),
            False,
        ),
        ({"state": CoverageState.failed, "org_id": "s2"}, AT_ONCE, True),
    ],
)
def test_a_pupil_who_cannot_have_moved_there_goes(
    gap: dict[str, Any],
    policy: SyncPolicy,
    deleted: bool,
) -> None:
    """Withheld or excluded for good, other roles, or deleted by the source: none of it protects."""
    entry = CoverageEntry(kind=Kind.user, **gap)
    tombstones = (Tombstone(kind=Kind.user, sourced_id="u00"),) if deleted else ()
    roster = a_roster(
        all_but("u00", "e00"),
        coverage=Coverage([*EVERYTHING.entries, entry]),
        tombstones=tombstones,
    )

    plan = plan_sync(a_host(), roster, policy=policy, on=DAY)

    assert "u00" in {change.sourced_id for change in plan.of(Action.archive)}
