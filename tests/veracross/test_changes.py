from datetime import UTC, datetime

import pytest
from tests.veracross.conftest import MakeClient
from tests.veracross.school import School

from edlink.coverage import Scope, Source
from edlink.errors import ConfigError, FullPullRequired
from edlink.model import Demographics, User
from edlink.state import ChangeSet, SyncState
from edlink.vocabulary import CoverageState, Kind, Role

EARLY, LATE = "2026-09-01T12:00:00Z", "2026-10-05T12:00:00Z"


@pytest.fixture
def dated(school: School) -> School:
    """Return the school with everything changed early and nothing since."""
    school.rows["/academics/classes"] = [{"id": 5}]
    school.rows["/academics/enrollments"] = [{"id": 1, "internal_class_id": 5, "person_id": 1}]
    for rows in school.rows.values():
        for row in rows:
            row["last_modified_date"] = EARLY
    return school


def _ids(changes: ChangeSet) -> list[str]:
    return [r.sourced_id for r in changes.changed if r.date_last_modified is not None]


def test_only_what_changed_comes(dated: School, make_client: MakeClient) -> None:
    """Records that changed since the state's day come, the others do not."""
    client = make_client()
    state = SyncState.after(client.pull_roster())
    state = SyncState(source=state.source, cursors=dict.fromkeys(state.cursors, "2026-10-01"))
    dated.rows["/students"][1]["last_modified_date"] = LATE
    changes = client.pull_changes(state)
    assert _ids(changes) == ["2", "2"]  # the user and their demographics


def test_who_becomes_a_teacher_is_among_the_changes(dated: School, make_client: MakeClient) -> None:
    """A class that changed makes a teacher of somebody whose own row did not."""
    dated.rows["/staff_faculty"] = [{"id": 90, "last_modified_date": EARLY}]
    client = make_client()
    state = SyncState.after(client.pull_roster())
    state = SyncState(source=state.source, cursors=dict.fromkeys(state.cursors, "2026-10-01"))
    dated.rows["/academics/classes"][0] |= {"primary_teacher_id": 90, "last_modified_date": LATE}
    (user,) = [r for r in client.pull_changes(state).changed if isinstance(r, User)]
    assert (user.sourced_id, user.roles[0].role) == ("90", Role.teacher)


def test_the_filter_reads_a_day_again(dated: School, make_client: MakeClient) -> None:
    """Enrollments are asked for from the day before the cursor, since the filter knows days."""
    client = make_client()
    state = SyncState.after(client.pull_roster())
    dated.asked.clear()
    client.pull_changes(state)
    asked = [a for a in dated.asked if a.path == "/academics/enrollments"]
    assert asked
    assert all(a.params == {"on_or_after_last_modified_date": "2026-08-31"} for a in asked)


def test_the_state_moves_with_the_data(dated: School, make_client: MakeClient) -> None:
    """A cursor is the newest date of the provider's own data, never our clock's."""
    client = make_client()
    state = SyncState.after(client.pull_roster())
    dated.rows["/parents"][0]["last_modified_date"] = LATE
    after = client.pull_changes(state).state
    assert datetime.fromisoformat(after.cursors["users"]) == datetime(2026, 10, 5, 12, tzinfo=UTC)
    assert after.cursors["classes"] == state.cursors["classes"]


def test_changes_never_show_removals(dated: School, make_client: MakeClient) -> None:
    """What is absent from changes is not gone."""
    client = make_client()
    state = SyncState.after(client.pull_roster())
    dated.rows["/students"].clear()
    changes = client.pull_changes(state)
    assert not changes.shows_removals
    assert {e.state for e in changes.coverage.entries} == {CoverageState.withheld}


def test_what_cannot_be_read_stays_so_in_changes(dated: School, make_client: MakeClient) -> None:
    """A list that is refused is withheld for that reason, not for being changes."""
    client = make_client()
    state = SyncState.after(client.pull_roster())
    dated.hidden = frozenset({"relationships:list"})
    entry = client.pull_changes(state).coverage.entry(Kind.relationship)
    assert entry is not None
    assert entry.reason == "EDL-HTTP-002"


def test_what_the_pull_left_out_stays_out(dated: School, make_client: MakeClient) -> None:
    """Changes are asked for in the scope of the pull that they follow."""
    client = make_client()
    scope = Scope(exclude_kinds={Kind.demographics})
    state = SyncState.after(client.pull_roster(scope))
    dated.rows["/students"][1]["last_modified_date"] = LATE
    changes = client.pull_changes(state)
    assert "2" in _ids(changes)
    assert not [r for r in changes.changed if isinstance(r, Demographics)]
    assert changes.coverage.state(Kind.demographics) is CoverageState.excluded


def test_a_list_without_a_cursor_comes_whole(dated: School, make_client: MakeClient) -> None:
    """A list that was never read before has no cursor, so all of it is new."""
    client = make_client()
    state = SyncState(source=client.source, cursors={"users": "2026-11-01"})
    changes = client.pull_changes(state)
    assert [r.sourced_id for r in changes.changed if r.date_last_modified][-3:] == ["1", "2", "3"]
    assert dated.pages("/academics/enrollments") == [1, 2, 2]


def test_another_schools_state_is_refused(make_client: MakeClient) -> None:
    """One school's cursors never ask another."""
    state = SyncState(source=Source("veracross", "another"), cursors={"users": EARLY})
    with pytest.raises(ConfigError, match="EDL-CONF-103"):
        make_client().pull_changes(state)


@pytest.mark.parametrize("cursors", [{}, {"users": "last week"}, {"users": "0001-01-01"}])
def test_a_state_that_cannot_be_followed_asks_for_a_full_pull(
    make_client: MakeClient, cursors: dict[str, str]
) -> None:
    """Without cursors, or with one that is no time, only a full pull knows all."""
    state = SyncState(source=Source("veracross", "lakeside"), cursors=cursors)
    with pytest.raises(FullPullRequired, match="EDL-PULL-011"):
        make_client().pull_changes(state)
