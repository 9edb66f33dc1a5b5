"""A permission that was there at one pull and is gone at the next."""

import attrs
import pytest
from tests.contract.doors import Door
from tests.entra.losing import plan_after

from edlink import CoverageState, Kind, Roster
from edlink.errors import EdlinkError
from edlink.matching import Action

EDUCATION = Door(provider="entra", version="v1.0", auth="oauth2")
DIRECTORY = Door(provider="entra-directory", version="v1.0", auth="oauth2")

each_loss = pytest.mark.parametrize(
    ("door", "fault", "lost"),
    [
        (EDUCATION, "entra_members_forbidden", {Kind.enrollment}),
        (EDUCATION, "entra_limited_fields", {Kind.relationship, Kind.demographics}),
        (DIRECTORY, "entra_members_forbidden", {Kind.enrollment, Kind.user}),
    ],
    ids=["members", "fields", "directory-members"],
)


def _pulls(door: Door, *faults: str) -> tuple[Roster, Roster]:
    """Return two pulls; by the second a permission may be lost."""
    with door.open(people=60) as (district, client):
        first = client.pull_roster()
        for fault in faults:
            district.faults.add(fault)
        return first, client.pull_roster()


@each_loss
def test_what_a_lost_permission_hides_is_withheld(door: Door, fault: str, lost: set[Kind]) -> None:
    """Coverage says what cannot be seen any more; all else is as complete as before."""
    before, after = _pulls(door, fault)
    for kind in lost:
        assert before.coverage.state(kind) is CoverageState.complete
        assert after.coverage.state(kind) is CoverageState.withheld
        assert len(after.records(kind)) < len(before.records(kind))
    assert after.coverage.state(Kind.class_) is CoverageState.complete


@each_loss
def test_what_is_withheld_is_kept_and_not_archived(door: Door, fault: str, lost: set[Kind]) -> None:
    """However hasty the policy, nobody is archived for what a permission hides."""
    first, second = _pulls(door, fault)
    plan = plan_after(first, second)
    assert plan.of(Action.archive) == ()
    assert plan.held == ()
    kept = {k.kind for k in plan.kept if k.reason == "not_covered"}
    assert kept >= lost
    missing = sum(len(first.records(kind)) - len(second.records(kind)) for kind in Kind)
    assert sum(k.reason == "not_covered" for k in plan.kept) == missing


@pytest.mark.parametrize("door", [EDUCATION, DIRECTORY], ids=str)
def test_a_list_that_stays_whole_is_no_reason_to_keep(door: Door) -> None:
    """With all permissions what is missing goes, so it is the lost one that kept it above."""
    first, second = _pulls(door)
    gone = second.enrollments[0]
    thinned = [row for row in second.enrollments if row is not gone]
    plan = plan_after(first, attrs.evolve(second, enrollments=tuple(thinned)))
    assert [change.sourced_id for change in plan.of(Action.archive)] == [gone.sourced_id]


@pytest.mark.parametrize("door", [EDUCATION, DIRECTORY], ids=str)
def test_an_app_without_any_permission_gets_no_roster(door: Door) -> None:
    """Where every list is refused there is an error, and nothing to plan with."""
    with door.open(people=60) as (district, client):
        client.pull_roster()
        district.faults.add("unauthorized")
        with pytest.raises(EdlinkError):
            client.pull_roster()
