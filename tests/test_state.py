"""What a host keeps between two syncs."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from tests import strategies
from tests.rosters import PULLED_AT, SOURCE, district, without

from edlink.coverage import (
    Coverage,
    CoverageEntry,
    Issue,
    RosterWarning,
    Source,
    Tombstone,
)
from edlink.errors import ConfigError
from edlink.model import Org, Record, User
from edlink.references import check_references
from edlink.roster import Roster
from edlink.state import ChangeSet, SyncState, apply_changes
from edlink.vocabulary import CoverageState, Kind

EARLY = datetime(2026, 8, 1, 10, tzinfo=UTC)
LATE = datetime(2026, 9, 1, 10, 0, 0, 500_000, tzinfo=UTC)


def state_after(*orgs: Org, tombstones: tuple[Tombstone, ...] = ()) -> SyncState:
    """Return the state after a pull of some orgs."""
    return SyncState.after(
        Roster(source=SOURCE, pulled_at=PULLED_AT, orgs=orgs, tombstones=tombstones)
    )


def test_the_cursor_is_the_latest_change_that_the_provider_wrote() -> None:
    """Each collection's cursor is its own latest date, and no date of this machine."""
    state = state_after(
        Org(sourced_id="a", date_last_modified=LATE),
        Org(sourced_id="b", date_last_modified=EARLY),
        Org(sourced_id="c"),
    )
    assert state.cursors == {"orgs": LATE.isoformat()}


def test_a_record_that_is_gone_moves_the_cursor_too() -> None:
    """The removal was a change; one reported by its id alone has no date."""
    gone = Org(sourced_id="a", date_last_modified=LATE)
    state = state_after(
        Org(sourced_id="b", date_last_modified=EARLY),
        tombstones=(
            Tombstone(kind=Kind.org, sourced_id="a", record=gone),
            Tombstone(kind=Kind.org, sourced_id="z"),
        ),
    )
    assert state.cursors == {"orgs": LATE.isoformat()}


def test_a_change_dated_in_the_future_does_not_move_the_cursor_past_the_pull() -> None:
    """One wrong date must not hide all later changes."""
    wrong = Org(sourced_id="a", date_last_modified=PULLED_AT + timedelta(days=3650))
    assert state_after(wrong).cursors == {"orgs": PULLED_AT.isoformat()}


def test_a_pull_that_was_whole_is_complete() -> None:
    """A state stands on a complete pull where every entry says so."""
    assert SyncState.after(district()).complete


@pytest.mark.parametrize(
    "coverage",
    [
        Coverage(),
        Coverage([CoverageEntry(kind=Kind.user, state=CoverageState.failed)]),
        Coverage(
            [
                CoverageEntry(kind=Kind.user),
                CoverageEntry(kind=Kind.user, org_id="a", state=CoverageState.excluded),
            ]
        ),
    ],
)
def test_a_pull_that_was_not_whole_is_not_complete(coverage: Coverage) -> None:
    """A state says so where anything was withheld, failed or excluded, or nothing is known."""
    assert not SyncState.after(without(district(), coverage=coverage)).complete


def test_the_state_holds_counts_and_revision() -> None:
    """The rows of the pull and the provider's own mark are kept."""
    state = SyncState.after(without(district(), revision="r1"))
    assert (state.revision, state.counts["users"]) == ("r1", 6)


def test_a_reset_forgets_all_but_the_source() -> None:
    """After a reset the next pull is a complete one."""
    assert SyncState.after(district()).reset() == SyncState(source=SOURCE)


@given(roster=strategies.rosters())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=30, deadline=None)
def test_a_state_comes_back_from_json(roster: Roster) -> None:
    """What a host stores as JSON is the equal state when it is read."""
    state = SyncState.after(roster)
    assert SyncState.from_dict(json.loads(json.dumps(state.to_dict()))) == state


GOOD = SyncState(source=Source("p", "t"), cursors={"orgs": "x"}).to_dict()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {**GOOD, "version": 2},
        {name: value for name, value in GOOD.items() if name != "tenant"},
        {**GOOD, "cursors": ["x"]},
        {**GOOD, "counts": {"orgs": "many"}},
        {**GOOD, "counts": None},
        None,
    ],
)
def test_what_is_no_state_is_refused(data: dict[str, object]) -> None:
    """Another version or shape is an error that asks for a full pull."""
    with pytest.raises(ConfigError) as caught:
        SyncState.from_dict(data)
    assert caught.value.code == "EDL-CONF-004"
    assert caught.value.__context__ is None


def test_a_change_set_does_not_print_its_records() -> None:
    """The repr of a change set names no person."""
    person = User(sourced_id="u1", given_name="Xanthippe")
    changes = ChangeSet(
        source=SOURCE,
        state=SyncState(source=SOURCE),
        changed=(person,),
        tombstones=(Tombstone(kind=Kind.user, sourced_id="u2", record=person),),
    )
    assert "Xanthippe" not in repr(changes)


def changed(*records: Record, **facts: Any) -> ChangeSet:  # noqa: ANN401 - the change set's own
    """Return a change set of the district that tells of removals too."""
    given: dict[str, Any] = {
        "shows_removals": True,
        "coverage": Coverage(CoverageEntry(kind=k) for k in Kind),
    }
    given |= {"source": SOURCE, "state": SyncState(source=SOURCE), **facts}
    return ChangeSet(changed=records, **given)


def test_changes_are_laid_over_a_roster() -> None:
    """What changed is as it is now, what came is there, what went is not, all else stays."""
    before = district()
    ana = attrs.evolve(before.users[0], given_name="Renamed")
    gone = Tombstone(kind=Kind.demographics, sourced_id="ana")
    after = apply_changes(
        before, changed(ana, User(sourced_id="new"), tombstones=(gone,)), pulled_at=LATE
    )
    assert after.user(ana.sourced_id) == ana
    assert after.user("new") is not None
    assert after.demographics_of("ana") is None
    assert after.classes == before.classes
    assert (after.pulled_at, after.tombstones) == (LATE, (gone,))


def test_changes_that_tell_of_removals_leave_the_coverage() -> None:
    """A roster stays as whole as it was, but for the kinds that the changes do not cover."""
    whole = district(coverage=Coverage(CoverageEntry(kind=kind) for kind in Kind))
    lacking = CoverageEntry(kind=Kind.relationship, state=CoverageState.withheld, reason="x")
    after = apply_changes(whole, changed(coverage=Coverage([lacking])), pulled_at=LATE)
    assert after.coverage.is_complete(Kind.user)
    assert after.coverage.state(Kind.relationship) is CoverageState.withheld


def test_changes_that_know_no_absences_leave_the_coverage_to_the_roster() -> None:
    """A feed that tells of each removal need not know who is absent: the last pull knew."""
    whole = district(coverage=Coverage(CoverageEntry(kind=kind) for kind in Kind))
    withheld = CoverageState.withheld
    feed = [CoverageEntry(kind=kind, state=withheld, reason="changes_only") for kind in Kind]
    after = apply_changes(whole, changed(coverage=Coverage(feed)), pulled_at=LATE)
    assert after.coverage == whole.coverage


def test_what_was_distrusted_is_distrusted_still() -> None:
    """A field that the last pull could not know is not known because other records changed."""
    doubt = RosterWarning(code="x", message="y", kind=Kind.user, distrusts=frozenset({"phone"}))
    odd = Issue(kind=Kind.user, reason="unreadable_field", sourced_id="ben", fields=("sms",))
    mended = Issue(kind=Kind.user, reason="unreadable_field", sourced_id="ana", fields=("sms",))
    before = attrs.evolve(district(), warnings=(doubt,), issues=(odd, mended))
    after = apply_changes(before, changed(before.users[0]), pulled_at=LATE)
    assert before.users[0].sourced_id == "ana"
    assert (after.warnings, after.issues) == ((doubt,), (odd,))


def test_references_are_checked_anew() -> None:
    """What led nowhere before and leads somewhere now is no Issue any more."""
    coverage = Coverage(CoverageEntry(kind=kind) for kind in Kind)
    lost = check_references(without_mum(district(coverage=coverage)))
    after = apply_changes(lost, changed(User(sourced_id="mum")), pulled_at=LATE)
    assert "mum" in {i for issue in lost.issues for i in (issue.sourced_id or "").split("|")}
    assert after.issues == ()


def test_a_reference_that_leads_nowhere_still_is_warned_of_once() -> None:
    """What the last pull said of its loose ends is not said again beside what is found now."""
    coverage = Coverage(CoverageEntry(kind=kind) for kind in Kind)
    lost = check_references(without_mum(district(coverage=coverage)))
    after = apply_changes(lost, changed(), pulled_at=LATE)
    assert lost.warnings
    assert (after.issues, after.warnings) == (lost.issues, lost.warnings)


def without_mum(roster: Roster) -> Roster:
    """Return a roster in which a linked contact is missing."""
    users = tuple(user for user in roster.users if user.sourced_id != "mum")
    return attrs.evolve(roster, users=users)


def test_changes_that_tell_of_no_removals_prove_nobody_gone() -> None:
    """Until the next whole pull, the absence of a record means nothing."""
    whole = district(coverage=Coverage(CoverageEntry(kind=kind) for kind in Kind))
    after = apply_changes(whole, changed(shows_removals=False), pulled_at=LATE)
    assert not after.coverage.is_complete(Kind.user)


def test_a_reference_into_what_is_gone_is_an_issue() -> None:
    """A link to a person who went leads nowhere, and the roster says so."""
    whole = district(coverage=Coverage(CoverageEntry(kind=kind) for kind in Kind))
    gone = Tombstone(kind=Kind.user, sourced_id="mum")
    after = apply_changes(whole, changed(tombstones=(gone,)), pulled_at=LATE)
    assert "dangling_reference" in {issue.reason for issue in after.issues}


def test_changes_of_another_source_are_refused() -> None:
    """One district's changes never fall on another's roster."""
    with pytest.raises(ConfigError) as caught:
        apply_changes(district(), changed(source=Source("oneroster", "elsewhere")), pulled_at=LATE)
    assert caught.value.code == "EDL-CONF-103"
