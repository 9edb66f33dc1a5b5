"""What changed since a state, and what a delta cannot know."""

from typing import Any

import attrs
import pytest
from tests._http.loopback import Reply
from tests.oneroster.small_server import District, Serve, small

from edlink.coverage import Scope, Source
from edlink.errors import AuthError, ConfigError, FullPullRequired, IncompletePullError
from edlink.model import User
from edlink.oneroster import OneRosterClient
from edlink.state import ChangeSet, SyncState
from edlink.vocabulary import CoverageState, Kind

EARLY, LATE = "2026-08-01T10:00:00.000Z", "2026-09-01T10:00:00.000Z"


def dated() -> District:
    """Return a district whose records all carry a date."""
    district = small()
    for collection in district.rows.values():
        for row in collection:
            row["dateLastModified"] = EARLY
    return district


def state_of(client: OneRosterClient) -> SyncState:
    """Return the state after a whole pull."""
    return SyncState.after(client.pull_roster())


def pull(district: District, serve: Serve, **cursors: str) -> ChangeSet:
    """Return the changes since a whole pull, with some cursors set anew."""
    client = serve(district)
    state = state_of(client)
    return client.pull_changes(attrs.evolve(state, cursors={**state.cursors, **cursors}))


def users(changes: ChangeSet) -> list[str]:
    """Return the ids of the users among the changes."""
    return [record.sourced_id for record in changes.changed if isinstance(record, User)]


def entry(changes: ChangeSet, kind: Kind) -> tuple[CoverageState, str | None]:
    """Return what the coverage says of a kind."""
    found = changes.coverage.entry(kind)
    assert found is not None
    return found.state, found.reason


def test_each_collection_is_asked_from_its_cursor(serve: Serve) -> None:
    """The filter holds the cursor less five minutes, in UTC with milliseconds."""
    district = dated()
    client = serve(district)
    state = state_of(client)
    district.asked.clear()
    client.pull_changes(state)
    filters = {ask.path: ask.query["filter"] for ask in district.asked}
    assert set(filters.values()) == {"dateLastModified>'2026-08-01T09:55:00.000Z'"}
    assert len(filters) == 7


def test_a_changed_record_comes_and_moves_the_cursor(serve: Serve) -> None:
    """New dates move the cursor of their collection alone."""
    district = dated()
    client = serve(district)
    state = state_of(client)
    district.rows["users"][0]["dateLastModified"] = LATE
    district.rows["users"] = district.rows["users"][:1]
    changes = client.pull_changes(state)
    assert "u1" in [record.sourced_id for record in changes.changed]
    moved = {n for n, cursor in changes.state.cursors.items() if cursor != state.cursors[n]}
    assert moved == {"users"}


def test_a_deleted_record_is_a_tombstone(serve: Serve) -> None:
    """What the server marks deleted is told apart from what changed."""
    district = dated()
    client = serve(district)
    state = state_of(client)
    district.rows["users"][0].update(status="tobedeleted", dateLastModified=LATE)
    changes = client.pull_changes(state)
    assert [(t.kind, t.sourced_id) for t in changes.tombstones] == [(Kind.user, "u1")]
    assert "u1" not in users(changes)


def test_a_delta_never_says_that_anything_is_gone(serve: Serve) -> None:
    """No kind is complete, so absence means nothing; links need a full pull."""
    changes = pull(dated(), serve)
    assert not changes.shows_removals
    assert not any(changes.coverage.is_complete(kind) for kind in Kind)
    assert entry(changes, Kind.user) == (CoverageState.withheld, "changes_only")
    assert entry(changes, Kind.relationship) == (CoverageState.withheld, "needs_full_pull")


def test_a_filter_that_is_ignored_is_found_out(serve: Serve) -> None:
    """Rows older than was asked for are dropped, and a warning says how many."""
    changes = pull(dated(), serve, users="2026-09-01T10:00:00+00:00")
    assert "u1" not in users(changes)
    (warning,) = changes.warnings
    assert (warning.code, warning.kind, warning.count) == ("EDL-WARN-104", Kind.user, 3)


def test_a_record_without_a_date_is_taken(serve: Serve) -> None:
    """Nothing says that it did not change."""
    district = dated()
    client = serve(district)
    state = state_of(client)
    del district.rows["orgs"][0]["dateLastModified"]
    assert "s1" in [record.sourced_id for record in client.pull_changes(state).changed]


def test_a_row_that_cannot_be_read_is_an_issue(serve: Serve) -> None:
    """A delta tells what it set aside, as a pull does."""
    district = dated()
    client = serve(district)
    state = state_of(client)
    district.rows["users"].append(5)
    assert [issue.reason for issue in client.pull_changes(state).issues] == ["not_an_object"]


def test_demographics_that_are_withheld_are_told(serve: Serve) -> None:
    """Without the permission the other changes come."""
    district = dated()
    client = serve(district)
    state = state_of(client)
    district.hooks = [lambda ask: Reply(status=403) if ask.path == "/demographics" else None]
    changes = client.pull_changes(state)
    assert entry(changes, Kind.demographics) == (CoverageState.withheld, "EDL-HTTP-003")
    assert changes.state.cursors["demographics"] == state.cursors["demographics"]


def test_a_collection_that_is_withheld_is_an_error(serve: Serve) -> None:
    """Any other refusal ends the delta."""
    district = dated()
    client = serve(district)
    state = state_of(client)
    district.hooks = [lambda ask: Reply(status=403) if ask.path == "/users" else None]
    with pytest.raises(AuthError):
        client.pull_changes(state)


def test_a_collection_without_a_cursor_is_not_asked_for(serve: Serve) -> None:
    """Where the server dates nothing there is no delta to ask for."""
    district = dated()
    for row in district.rows["courses"]:
        del row["dateLastModified"]
    client = serve(district)
    state = state_of(client)
    district.asked.clear()
    changes = client.pull_changes(state)
    assert "/courses" not in [ask.path for ask in district.asked]
    assert entry(changes, Kind.course) == (CoverageState.withheld, "no_cursor")


def test_too_many_bad_rows_are_an_error(serve: Serve) -> None:
    """A delta that cannot be read does not move the cursor past what it lost."""
    district = dated()
    client = serve(district)
    state = state_of(client)
    district.rows["users"] += [{"sourcedId": ""}] * 6
    with pytest.raises(IncompletePullError) as caught:
        client.pull_changes(state)
    assert caught.value.code == "EDL-PULL-008"


def two_schools() -> District:
    """Return a district with another school, a student there, and one who left it."""
    district = dated()
    more = {"dateLastModified": EARLY, "role": "student", "orgs": ["s2"]}
    district.rows["orgs"].append({**district.rows["orgs"][0], "sourcedId": "s2"})
    district.rows["users"].append({**more, "sourcedId": "v1"})
    district.rows["users"].append({**more, "sourcedId": "v2", "status": "tobedeleted"})
    district.rows["courses"].append({"sourcedId": "k2", "org": "s2", "dateLastModified": EARLY})
    district.rows["classes"].append({"sourcedId": "c2", "school": "s2", "dateLastModified": EARLY})
    district.rows["enrollments"].append(
        {"sourcedId": "e3", "user": "v1", "class": "c2", "dateLastModified": EARLY}
    )
    return district


@pytest.mark.parametrize("scope", [Scope(include_orgs={"s1"}), Scope(exclude_orgs={"s2"})])
def test_a_delta_leaves_out_what_the_pull_left_out(scope: Scope, serve: Serve) -> None:
    """Records and tombstones of another school are no change of this scope."""
    client = serve(two_schools())
    roster = client.pull_roster(scope)
    changes = client.pull_changes(SyncState.from_dict(SyncState.after(roster).to_dict()))
    assert {"s2", "v1", "k2", "c2", "e3"}.isdisjoint(r.sourced_id for r in changes.changed)
    assert users(changes) == ["u1", "u2", "u3"]
    assert (roster.tombstones, changes.tombstones) == ((), ())


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "1969-12-31T00:00:00Z"])
def test_a_date_before_all_computers_is_no_cursor_to_stumble_over(
    moment: str, serve: Serve
) -> None:
    """A server that knows no date and writes the first day of all is asked from 1970 on."""
    district = dated()
    district.rows["courses"][0]["dateLastModified"] = moment
    client = serve(district)
    state = state_of(client)
    district.asked.clear()
    client.pull_changes(state)
    asked = {ask.query["filter"] for ask in district.asked if ask.path == "/courses"}
    assert asked == {"dateLastModified>'1969-12-31T23:55:00.000Z'"}


def test_a_date_in_the_future_does_not_hide_later_changes(serve: Serve) -> None:
    """A cursor never runs ahead of the moment of asking."""
    district = dated()
    client = serve(district)
    state = state_of(client)
    district.rows["users"][0]["dateLastModified"] = "2999-01-01T00:00:00Z"
    changes = client.pull_changes(state)
    assert changes.state.cursors["users"] <= client.now().isoformat()


def test_another_sources_state_is_refused(serve: Serve) -> None:
    """One district's cursors never ask another."""
    client = serve(dated())
    state = attrs.evolve(state_of(client), source=Source("oneroster", "other"))
    with pytest.raises(ConfigError) as caught:
        client.pull_changes(state)
    assert caught.value.code == "EDL-CONF-103"


@pytest.mark.parametrize(
    "wrong",
    [
        {"cursors": {}},
        {"cursors": {"users": "Xanthippe"}},
        {"cursors": {"users": ""}},
    ],
)
def test_a_state_that_cannot_be_used_is_refused(wrong: dict[str, Any], serve: Serve) -> None:
    """Without cursors, or with one that is no time, only a full pull knows all."""
    client = serve(dated())
    state = attrs.evolve(state_of(client), **wrong)
    with pytest.raises(FullPullRequired) as caught:
        client.pull_changes(state)
    assert caught.value.code == "EDL-PULL-011"
    assert "Xanthippe" not in str(caught.value)


def test_a_row_on_two_pages_comes_once(serve: Serve) -> None:
    """A record that moved between pages is one change."""
    district = dated()
    client = serve(district, page_size=2)
    state = state_of(client)
    rows = district.rows["users"]
    district.rows["users"] = [*rows[:2], rows[1], *rows[2:]]
    assert users(client.pull_changes(state)) == ["u1", "u2", "u3"]
