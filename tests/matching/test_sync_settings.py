from datetime import date

import attrs
import pytest
from tests.matching.sync_cases import (
    ALL,
    AT_ONCE,
    CLASS,
    DAY,
    ORGS,
    PEOPLE,
    a_host,
    a_roster,
    all_with,
    an_adult,
    an_enrollment,
    reasons_of,
    steps_of,
)

from edlink.matching.plan import Action, SyncPlan
from edlink.matching.policy import ClassMode, SyncPolicy
from edlink.matching.sync import plan_sync
from edlink.matching.terms import TermChoice
from edlink.model import (
    AcademicSession,
    Class,
    Record,
    Relationship,
)
from edlink.vocabulary import Kind, RelationshipKind


@pytest.mark.parametrize("mode", [ClassMode.hide, ClassMode.freeze])
def test_a_class_may_be_left_out_by_its_mode(mode: ClassMode) -> None:
    """A hidden or frozen class and its roster stay as they are, in the roster or gone from it."""
    policy = attrs.evolve(AT_ONCE, class_modes={"c1": mode})
    renamed = attrs.evolve(CLASS, title="Biology")

    here = plan_sync(a_host(), a_roster(all_with(renamed)), policy=policy, on=DAY)
    gone = plan_sync(a_host(), a_roster([*ORGS, *PEOPLE]), policy=policy, on=DAY)

    assert (here.is_empty, gone.is_empty) == (True, True)
    assert reasons_of(here)["c1"] == reasons_of(gone)["c1"] == f"class_{mode}"
    assert reasons_of(here)["e00"] == reasons_of(gone)["e00"] == "class_left_alone"


def test_switching_classroom_data_off_drops_class_links_under_the_limits() -> None:
    """Classes stay, enrollments go, and so many that a person must look first."""
    policy = SyncPolicy(class_data=False)

    plan = plan_sync(a_host(), a_roster(), policy=policy, on=DAY)

    assert {c.kind for c in plan.held} == {Kind.enrollment}
    assert {c.reason for c in plan.held} == {"class_data_off"}
    assert reasons_of(plan) == {"c1": "class_data_off"}


def test_switching_parent_data_off_leaves_parents_as_they_are() -> None:
    """Contacts and relationships are not brought in and not archived."""
    kin = Relationship(sourced_id="r", student_id="u00", contact_id="p")
    policy = attrs.evolve(AT_ONCE, parent_data=False)

    new = plan_sync(a_host(), a_roster([*ALL, an_adult("p"), kin]), policy=policy, on=DAY)
    old = plan_sync(
        a_host([*ALL, an_adult("p"), kin]),
        a_roster([*ALL, an_adult("p"), kin]),
        policy=policy,
        on=DAY,
    )

    assert (new.is_empty, old.is_empty) == (True, True)
    assert reasons_of(old) == {"p": "parent_data_off", "r": "parent_data_off"}


def test_only_accepted_contact_types_come_in() -> None:
    """A contact is wanted when one of the relationships is accepted."""
    records = [
        *ALL,
        an_adult("p"),
        an_adult("q"),
        Relationship(
            sourced_id="r1", student_id="u00", contact_id="p", kind=RelationshipKind.parent
        ),
        Relationship(
            sourced_id="r2", student_id="u00", contact_id="q", kind=RelationshipKind.doctor
        ),
    ]
    policy = SyncPolicy(contact_kinds={RelationshipKind.parent})

    plan = plan_sync(a_host(), a_roster(records), policy=policy, on=DAY)

    assert steps_of(plan) == [("create", "p"), ("create", "r1")]


def test_enrollments_end_by_their_dates_when_asked() -> None:
    """An enrollment that is over goes without waiting; without the switch it stays."""
    over = an_enrollment("e00", "u00", "c1", end_date=DAY)
    policy = SyncPolicy(respect_enrollment_dates=True)

    plan = plan_sync(a_host(all_with(over)), a_roster(all_with(over)), policy=policy, on=DAY)

    assert [(c.action, c.sourced_id, c.reason) for c in plan.changes] == [
        (Action.archive, "e00", "enrollment_not_current")
    ]
    assert plan_sync(a_host(all_with(over)), a_roster(all_with(over)), on=DAY).is_empty


TERMS = (
    AcademicSession(sourced_id="t1", start_date=date(2025, 8, 1), end_date=date(2025, 9, 1)),
    AcademicSession(sourced_id="t2", start_date=date(2025, 9, 5), end_date=date(2026, 1, 1)),
)


def test_classes_follow_the_sessions_when_asked() -> None:
    """Last term's class goes; this term's comes in."""
    old = Class(sourced_id="old", org_id="s1", session_ids=("t1",))
    new = Class(sourced_id="new", org_id="s1", session_ids=("t2",))
    records = [*ALL, *TERMS, old]
    policy = SyncPolicy(respect_sessions=True)

    plan = plan_sync(a_host(records), a_roster([*records, new]), policy=policy, on=DAY)

    assert steps_of(plan) == [("create", "new"), ("archive", "old")]
    assert plan.of(Action.archive)[0].reason == "out_of_term"


def test_a_choice_that_no_session_fits_archives_nothing() -> None:
    """When the chosen term is not found, classes stay until a person chooses again."""
    old = Class(sourced_id="old", org_id="s1", session_ids=("t1",))
    records = [*ALL, *TERMS, old]
    policy = SyncPolicy(respect_sessions=True, term_choices=(TermChoice(session_id="gone"),))

    plan = plan_sync(a_host(records), a_roster(records), policy=policy, on=DAY)

    assert plan.is_empty
    assert reasons_of(plan) == {"old": "choice_unknown"}
    assert _unmet(plan) == [("EDL-TERM-007", "choice_unknown", ("gone",))]


def _unmet(plan: SyncPlan) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(p.code, p.reason, p.sourced_ids) for p in plan.problems if p.is_unmet]


def test_terms_in_a_cycle_are_said_where_sessions_decide() -> None:
    """Terms that are each other's parents are a problem of the plan, and of no other."""
    loop = [attrs.evolve(t, parent_id=f"t{3 - n}") for n, t in enumerate(TERMS, start=1)]
    roster, host = a_roster([*ALL, *loop]), a_host([*ALL, *loop])

    plan = plan_sync(host, roster, policy=SyncPolicy(respect_sessions=True), on=DAY)

    assert _unmet(plan) == [("EDL-TERM-001", "cycle", ("t1", "t2"))]
    assert "PROBLEM EDL-TERM-001 cycle academic_session: 2" in plan.to_text()
    assert plan_sync(host, roster, on=DAY).problems == ()


def test_what_is_odd_about_terms_and_changes_no_setting_is_a_note() -> None:
    """A session without dates is told, and everything is followed."""
    records = [*ALL, *TERMS, AcademicSession(sourced_id="t3")]

    plan = plan_sync(
        a_host(records), a_roster(records), policy=SyncPolicy(respect_sessions=True), on=DAY
    )

    assert _unmet(plan) == []
    assert "NOTE EDL-TERM-004 no_dates academic_session: 1" in plan.to_text()


def test_an_included_org_that_the_pull_does_not_have_is_said() -> None:
    """A misspelt school syncs nothing, and the plan says which one it is."""
    plan = plan_sync(a_host(), a_roster(), policy=SyncPolicy(include_orgs={"S1", "s2"}), on=DAY)

    assert _unmet(plan) == [("EDL-SYNC-030", "org_unknown", ("S1",))]
    assert SyncPlan.from_dict(plan.to_dict()) == plan
    assert plan.inverse().problems == ()


@pytest.mark.parametrize("record", [CLASS, PEOPLE[0]])
def test_an_included_org_that_the_pull_only_names_is_followed(record: Record) -> None:
    """Where orgs are not told, those of classes and people are known all the same."""
    policy = SyncPolicy(include_orgs={"s1"})

    assert plan_sync(a_host(()), a_roster([record]), policy=policy, on=DAY).problems == ()
