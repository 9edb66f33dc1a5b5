from datetime import UTC, date, datetime

import pytest

from edlink.coverage import Coverage, CoverageEntry, RosterWarning, Source
from edlink.errors import IncompletePullError
from edlink.matching.host import HostRecord, HostState, SyncMemory
from edlink.matching.plan import SyncPlan
from edlink.matching.policy import SyncPolicy
from edlink.matching.report import MatchReport, OpenGroup
from edlink.matching.summary import summarize_sync
from edlink.matching.sync import plan_sync
from edlink.model import Class, Org, Record, Relationship, RoleAssignment, User
from edlink.report import Outcome, SyncReport
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind, Role

SOURCE = Source("classlink", "d1")
DAY = date(2025, 10, 1)
COMPLETE = Coverage(CoverageEntry(kind=kind) for kind in Kind)


def _user(sourced_id: str, role: Role, given_name: str = "Xanthippe") -> User:
    roles = (RoleAssignment(role=role, org_id="s1"),)
    return User(sourced_id=sourced_id, roles=roles, given_name=given_name)


OLD: tuple[Record, ...] = (
    Org(sourced_id="s1"),
    Class(sourced_id="c1", org_id="s1"),
    _user("a", Role.student),
    _user("t", Role.teacher),
)
NEW: tuple[Record, ...] = (
    _user("b", Role.student),
    _user("p", Role.guardian),
    Relationship(sourced_id="r", student_id="b", contact_id="p"),
)


def _roster(*records: Record, **facts: object) -> Roster:
    given = {"coverage": COMPLETE} | facts
    at = datetime(2025, 10, 1, tzinfo=UTC)
    return Roster.from_records(records, source=SOURCE, pulled_at=at, **given)


def _host() -> HostState:
    records = [HostRecord(ref=f"h-{r.sourced_id}", record=r, source=SOURCE) for r in OLD]
    return HostState(memory=SyncMemory(source=SOURCE), records=records)


def _summary(roster: Roster, plan: SyncPlan | None = None) -> SyncReport:
    return summarize_sync(_host(), roster, plan or plan_sync(_host(), roster, on=DAY))


def test_a_good_night_is_a_success_with_all_its_numbers() -> None:
    """The counts say who was matched, what came in and what was done."""
    report = _summary(_roster(*OLD, *NEW))

    assert (report.outcome, report.code) == (Outcome.success, None)
    assert report.counts == {
        "matched_students": 1,
        "matched_teachers": 1,
        "unmatched_users": 0,
        "imported_classes": 1,
        "contacts": 1,
        "links": 1,
        "created": 3,
        "changed": 0,
        "unchanged": 4,
        "archived": 0,
        "held": 0,
    }


def test_a_hold_makes_a_sync_partial() -> None:
    """When removals wait for a person, the report says so."""
    roster = _roster(OLD[0])
    plan = plan_sync(_host(), roster, policy=SyncPolicy(min_absences=1, grace_days=0), on=DAY)

    report = _summary(roster, plan)

    assert (report.outcome, report.code) == (Outcome.partial, "EDL-SYNC-020")
    assert report.counts["held"] == 3


def test_a_pull_that_failed_in_part_makes_a_sync_partial() -> None:
    """A failed school is not passed over."""
    gap = CoverageEntry(kind=Kind.user, org_id="s1", state=CoverageState.failed)
    report = _summary(_roster(*OLD, coverage=Coverage([*COMPLETE.entries, gap])))

    assert report.code == "EDL-SYNC-021"


@pytest.mark.parametrize(
    "reason",
    ["shared_key", "likely", "id_reused", "cannot_link", "claimed", "linked_twice"],
)
def test_an_open_question_makes_a_sync_partial(reason: str) -> None:
    """Someone whom matching leaves to a person is counted as unmatched, whatever the reason."""
    group = OpenGroup(reason=reason, kind="student", incoming=("b",), existing=())
    roster = _roster(*OLD, NEW[0])
    plan = plan_sync(_host(), roster, MatchReport(ambiguous=(group,)), on=DAY)

    report = _summary(roster, plan)

    assert (report.code, report.counts["unmatched_users"]) == ("EDL-SYNC-022", 1)


def test_a_setting_that_could_not_be_followed_makes_a_sync_partial() -> None:
    """A misspelt school is no success, and the report has the code of what is wrong."""
    roster = _roster(*OLD)
    plan = plan_sync(_host(), roster, policy=SyncPolicy(include_orgs={"S1"}), on=DAY)

    report = _summary(roster, plan)

    assert (report.outcome, report.code) == (Outcome.partial, "EDL-SYNC-023")
    assert report.warnings == {"EDL-SYNC-030": 1}


def test_an_error_is_a_failed_sync_with_its_code() -> None:
    """A pull that raised ends in a report that can be shown."""
    error = IncompletePullError("EDL-PULL-003", "short", provider="classlink", endpoint="GET /x")

    report = SyncReport.failure(error)

    assert (report.outcome, report.code) == (Outcome.failed, "EDL-PULL-003")
    assert "<caption>Sync failed (EDL-PULL-003)</caption>" in report.to_html()


def test_a_report_is_shown_as_text_and_html_without_a_person() -> None:
    """Both views hold every count and warning, and nobody's name."""
    warning = RosterWarning(code="EDL-DATA-001", message="masked")
    report = _summary(_roster(*OLD, *NEW, warnings=(warning,)))
    shown = report.to_text() + report._repr_html_() + repr(report) + str(report.to_dict())

    assert "  matched students: 1" in report.to_text()
    assert "<tr><td>warning EDL-DATA-001</td><td>1</td></tr>" in report.to_html()
    assert "Xanthippe" not in shown
