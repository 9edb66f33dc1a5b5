"""What a pull cannot tell of people in one role keeps those people, and nobody else."""

import attrs
import pytest
from tests.matching.sync_cases import (
    ALL,
    AT_ONCE,
    DAY,
    EVERYTHING,
    a_host,
    a_roster,
    a_student,
    all_but,
    all_with,
    an_adult,
    an_enrollment,
)

from edlink.coverage import Coverage, CoverageEntry
from edlink.matching.plan import Action
from edlink.matching.policy import SyncPolicy
from edlink.matching.sync import plan_sync
from edlink.model import Demographics, Record, Relationship, RoleAssignment
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind, Role

MOVED: tuple[Record, ...] = (
    *ALL,
    an_adult("p"),
    Relationship(sourced_id="r", student_id="u00", contact_id="p"),
    Demographics(sourced_id="u00"),
)


def _gone(host: list[Record], roster: Roster) -> set[tuple[Kind, str]]:
    """Return what a plan archives, held or not, where a missing record need not wait."""
    plan = plan_sync(a_host(host), roster, policy=AT_ONCE, on=DAY)
    return {(c.kind, c.sourced_id) for c in (*plan.of(Action.archive), *plan.held)}


def test_contacts_that_cannot_be_read_keep_no_student() -> None:
    """Students known whole go with their birth dates while contacts fail, who stay themselves."""
    states = {None: CoverageState.failed, Role.student: CoverageState.complete}
    gaps = [
        *(CoverageEntry(kind=Kind.user, org_id="d", role=r, state=s) for r, s in states.items()),
        CoverageEntry(kind=Kind.user, role=Role.guardian, state=CoverageState.failed),
        CoverageEntry(kind=Kind.relationship, state=CoverageState.failed),
    ]
    roster = a_roster(
        all_but("u00", "e00", "p", "r", records=MOVED),
        coverage=Coverage([*(e for e in EVERYTHING.entries if e.kind != Kind.relationship), *gaps]),
    )

    assert _gone([*MOVED], roster) == {
        (Kind.user, "u00"),
        (Kind.demographics, "u00"),
        (Kind.enrollment, "e00"),
    }


def test_who_has_no_role_may_be_wherever_a_role_cannot_be_read() -> None:
    """While teachers fail, a person without roles stays, as does a person without a school."""
    nobody = a_student("u00", roles=(), primary_org_id="s1")
    gap = CoverageEntry(kind=Kind.user, role=Role.teacher, state=CoverageState.failed)
    roster = a_roster(
        all_but("u00", "u01", "e00", "e01"), coverage=Coverage([*EVERYTHING.entries, gap])
    )

    assert (Kind.user, "u00") not in _gone(all_with(nobody), roster)
    assert (Kind.user, "u01") in _gone(all_with(nobody), roster)


@pytest.mark.parametrize(
    ("role", "goes"), [(Role.teacher, False), (Role.student, True), (None, False)]
)
def test_who_is_at_no_school_goes_where_their_role_is_told_everywhere(
    role: Role | None, goes: bool
) -> None:
    """A student of no school goes while a school does not tell of teachers; a teacher stays."""
    roles = () if role is None else (RoleAssignment(role=role),)
    gap = CoverageEntry(
        kind=Kind.user, org_id="s2", role=Role.teacher, state=CoverageState.withheld
    )
    roster = a_roster(coverage=Coverage([*EVERYTHING.entries, gap]))

    assert ((Kind.user, "z") in _gone([*ALL, a_student("z", roles=roles)], roster)) == goes


def test_teachers_that_are_not_told_keep_no_pupil_in_a_class() -> None:
    """Where only the teachers of classes are withheld, pupils leave theirs and teachers do not."""
    teaches = an_enrollment("e98", "u01", "c1", role=Role.teacher)
    gap = CoverageEntry(kind=Kind.enrollment, role=Role.teacher, state=CoverageState.withheld)
    roster = a_roster(all_but("e00"), coverage=Coverage([*EVERYTHING.entries, gap]))

    assert _gone([*ALL, teaches], roster) == {(Kind.enrollment, "e00")}


@pytest.mark.parametrize("policy", [AT_ONCE, attrs.evolve(AT_ONCE, exclude_orgs={"s2"})])
def test_who_is_at_no_school_stays_where_a_policy_leaves_schools_out(policy: SyncPolicy) -> None:
    """A student of no school goes where all schools are wanted, and otherwise may be at another."""
    plan = plan_sync(a_host([*ALL, a_student("z", roles=())]), a_roster(), policy=policy, on=DAY)

    assert ("z" in {c.sourced_id for c in plan.of(Action.archive)}) == (policy is AT_ONCE)


def test_a_birth_date_stays_where_it_alone_is_not_told() -> None:
    """What is not told of one person keeps that one's birth date, and nobody else's."""
    dates = [Demographics(sourced_id=i) for i in ("u00", "u01", "u02")]
    gap = CoverageEntry(kind=Kind.demographics, user_id="u00", state=CoverageState.failed)
    roster = a_roster([*ALL, dates[2]], coverage=Coverage([*EVERYTHING.entries, gap]))

    assert _gone([*ALL, *dates], roster) == {(Kind.demographics, "u01")}
