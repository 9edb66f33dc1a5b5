import attrs
import pytest
from tests.entra.conftest import MakeClient
from tests.entra.graph import Answer, Asked, Graph, Row, directory

from edlink.coverage import Scope, Source
from edlink.entra import Directory
from edlink.errors import (
    ConfigError,
    FullPullRequired,
    PermissionDeniedError,
    UnavailableError,
)
from edlink.model import Class, Demographics, Enrollment
from edlink.state import SyncState
from edlink.vocabulary import CoverageState, Kind, Role


@attrs.define
class Deltas:
    """What Graph says changed, by resource; every answer leads to mark 2."""

    graph: Graph
    changed: dict[str, list[Row]] = attrs.field(factory=dict)
    refusal: Answer | None = None
    has_link: bool = True

    def __call__(self, asked: Asked, answer: Answer) -> Answer:
        """Answer what asks for changes."""
        if not asked.path.endswith("/delta"):
            return answer
        if asked.params.get("$deltatoken") == "latest":
            return self._answer(asked, [], 1)
        return self.refusal or self._answer(asked, self.changed.get(asked.path[11:-6], []), 2)

    def _answer(self, asked: Asked, rows: list[Row], mark: int) -> Answer:
        body: Row = {"value": rows}
        if self.has_link:
            link = f"{self.graph.base_url}{asked.path}?$deltatoken={mark}"
            body["@odata.deltaLink"] = link
        return Answer.json(body)


@pytest.fixture
def deltas(graph: Graph) -> Deltas:
    """Return the changes of the tenant."""
    graph.fault = deltas = Deltas(graph)
    return deltas


def _state(make_client: MakeClient) -> SyncState:
    return SyncState.after(make_client(track_changes=True).pull_roster())


def test_changed_objects_are_read_again_whole(deltas: Deltas, make_client: MakeClient) -> None:
    """A delta says only that a person changed, so all of them is asked for."""
    state = _state(make_client)
    deltas.changed["users"] = [{"id": "u1"}]
    changes = make_client().pull_changes(state)
    kinds = sorted(type(record).__name__ for record in changes.changed)
    assert kinds == ["Demographics", "Relationship", "User", "User"]


def test_memberships_of_what_changed_come_with_it(deltas: Deltas, make_client: MakeClient) -> None:
    """A class that changed brings who is in it, a person the classes, and none comes twice."""
    state = _state(make_client)
    deltas.graph.rows["/education/users/t1/classes"] = [{"id": "c1"}, {"id": "c2"}]
    deltas.graph.rows["/education/users/t1/taughtClasses"] = [{"id": "c1"}]
    deltas.changed |= {"classes": [{"id": "c1"}], "users": [{"id": "t1"}]}
    changed = make_client().pull_changes(state).changed
    found = [(e.sourced_id, e.role) for e in changed if isinstance(e, Enrollment)]
    assert sorted(found) == [
        ("c1|t1", Role.teacher),
        ("c1|u1", Role.student),
        ("c1|u2", Role.student),
        ("c2|t1", Role.student),
    ]


def test_changes_leave_out_what_the_pull_did(deltas: Deltas, make_client: MakeClient) -> None:
    """Birth dates that were not asked for, and classes of a school left out, do not come in."""
    rows = deltas.graph.rows
    rows["/education/schools"].append({"id": "s2"})
    rows["/education/schools/s1/classes"] = [{"id": "c1"}]
    rows["/education/schools/s2/classes"] = [{"id": "c2"}]
    rows["/education/classes/c2/schools"] = [{"id": "s2"}]
    rows["/education/users/u1/schools"] = [{"id": "s1"}]
    rows["/education/users/u1/classes"] = [{"id": "c1"}, {"id": "c2"}]
    scope = Scope(exclude_kinds={Kind.demographics}, exclude_orgs={"s2"})
    state = SyncState.after(make_client(track_changes=True).pull_roster(scope))
    deltas.changed["users"] = [{"id": "u1"}]
    changed = make_client().pull_changes(state).changed
    assert [r.class_id for r in changed if isinstance(r, Enrollment)] == ["c1"]
    assert not [r for r in changed if isinstance(r, Demographics)]


def test_memberships_that_are_withheld_are_left_out(
    deltas: Deltas, make_client: MakeClient
) -> None:
    """A changed class whose teachers are refused comes without enrollments, since none is known."""
    state = _state(make_client)
    deltas.changed |= {"classes": [{"id": "c1"}]}
    deltas.graph.fault = lambda asked, answer: (
        Answer.fault("Refused", 403)
        if asked.path == "/education/classes/c1/teachers"
        else deltas(asked, answer)
    )
    changed = make_client().pull_changes(state).changed
    assert [record.sourced_id for record in changed if isinstance(record, Class)] == ["c1"]
    assert not [record for record in changed if isinstance(record, Enrollment)]


def test_schools_that_are_withheld_are_an_error(deltas: Deltas, make_client: MakeClient) -> None:
    """A changed person whose schools are refused is not told to be at none."""
    state = _state(make_client)
    deltas.changed["users"] = [{"id": "u1"}]
    deltas.graph.fault = lambda asked, answer: (
        Answer.fault("Refused", 403) if asked.path.endswith("u1/schools") else deltas(asked, answer)
    )
    with pytest.raises(PermissionDeniedError):
        make_client().pull_changes(state)


def test_a_repeated_change_comes_once(deltas: Deltas, make_client: MakeClient) -> None:
    """The same object twice in one round, or a round replayed, gives the same changes."""
    state = _state(make_client)
    deltas.changed["users"] = [{"id": "u2", "@removed": None}, {"id": "u2"}]
    first, again = (make_client().pull_changes(state) for _ in range(2))
    assert [record.sourced_id for record in first.changed] == ["u2"]
    assert (first.changed, first.state) == (again.changed, again.state)


@pytest.mark.parametrize("reason", ["changed", "deleted", None])
def test_removed_objects_are_tombstones(
    deltas: Deltas, make_client: MakeClient, reason: str | None
) -> None:
    """What Graph marks removed, for good or not, is gone."""
    state = _state(make_client)
    deltas.changed["users"] = [{"id": "u2", "@removed": {"reason": reason} if reason else True}]
    (tombstone,) = make_client().pull_changes(state).tombstones
    assert (tombstone.kind, tombstone.sourced_id) == (Kind.user, "u2")


def test_what_is_gone_when_it_is_read_again_is_a_tombstone(
    deltas: Deltas, make_client: MakeClient
) -> None:
    """An object that changed and then went is gone."""
    state = _state(make_client)
    deltas.changed["classes"] = [{"id": "c9"}]
    (tombstone,) = make_client().pull_changes(state).tombstones
    assert tombstone.sourced_id == "c9"


def test_the_mark_moves_only_in_the_new_state(deltas: Deltas, make_client: MakeClient) -> None:
    """The next mark is in the change set's state, and the old state still works."""
    assert deltas.has_link
    state = _state(make_client)
    after = make_client().pull_changes(state).state
    assert state.revision is not None
    assert after.revision is not None
    assert ("deltatoken=1" in state.revision, "deltatoken=2" in after.revision) == (True, True)


def test_nothing_is_complete_in_changes(deltas: Deltas, make_client: MakeClient) -> None:
    """Absence from changes says nothing, and of enrollments and contacts not all is told."""
    assert deltas.has_link
    changes = make_client().pull_changes(_state(make_client))
    entries = changes.coverage.entries
    assert {entry.state for entry in entries} == {CoverageState.withheld}
    told = {entry.kind for entry in entries if entry.reason == "changes_only"}
    assert told == {Kind.org, Kind.class_, Kind.user}
    assert not changes.shows_removals


@pytest.mark.parametrize(
    "refusal",
    [
        Answer.fault("resyncRequired", 410),
        Answer.fault("anything", 410),
        Answer.fault("syncStateNotFound", 400),
    ],
)
def test_a_forgotten_mark_needs_a_full_pull(
    deltas: Deltas, make_client: MakeClient, refusal: Answer
) -> None:
    """When Graph does not know the mark any more, only a full pull knows all."""
    state = _state(make_client)
    deltas.refusal = refusal
    with pytest.raises(FullPullRequired, match="EDL-ENTRA-005"):
        make_client().pull_changes(state)


def test_another_fault_is_no_forgotten_mark(deltas: Deltas, make_client: MakeClient) -> None:
    """A service that fails is not taken for one that forgot."""
    state = _state(make_client)
    deltas.refusal = Answer(503)
    with pytest.raises(UnavailableError):
        make_client().pull_changes(state)


def test_a_round_without_an_end_needs_a_full_pull(deltas: Deltas, make_client: MakeClient) -> None:
    """A delta that does not say where it continues cannot be continued."""
    state = _state(make_client)
    deltas.has_link = False
    with pytest.raises(FullPullRequired, match="EDL-ENTRA-005"):
        make_client().pull_changes(state)


@pytest.mark.parametrize("trouble", ["no link", "refused"])
def test_where_graph_has_no_marks_the_roster_has_none(
    deltas: Deltas, make_client: MakeClient, trouble: str
) -> None:
    """A pull is whole without marks; changes then say that they need a full pull."""
    graph = deltas.graph
    deltas.has_link = False
    if trouble == "refused":
        graph.fault = lambda asked, answer: (
            Answer.fault("Authorization_RequestDenied", 403)
            if asked.path.endswith("/delta")
            else answer
        )
    state = _state(make_client)
    assert state.revision is None
    with pytest.raises(FullPullRequired, match="EDL-ENTRA-005"):
        make_client().pull_changes(state)


def test_marks_are_asked_for_with_a_token(graph: Graph, make_client: MakeClient) -> None:
    """Credentials that are refused are an error and not a roster without marks."""
    graph.token_answer = Answer.json({"error": "invalid_client"}, 401)
    with pytest.raises(Exception, match="EDL-ENTRA-003"):
        make_client(track_changes=True).pull_roster()


def test_a_plain_directory_has_full_pulls_only(graph: Graph, make_client: MakeClient) -> None:
    """A directory's rules stand on groups, whose changes do not tell who is in the roster."""
    graph.rows = directory()
    rules = Directory(student_groups={"g1"})
    with make_client(directory=rules, track_changes=True) as client:
        state = SyncState.after(client.pull_roster())
        with pytest.raises(FullPullRequired, match="EDL-ENTRA-006"):
            client.pull_changes(state)


def test_another_tenants_state_is_refused(make_client: MakeClient) -> None:
    """A state belongs to its own tenant."""
    state = SyncState(source=Source("entra", "another"))
    with pytest.raises(ConfigError, match="EDL-CONF-103"):
        make_client().pull_changes(state)
