"""Later pages that are refused, no lists at all, or the rows of an earlier page."""

import pytest
from tests.entra.conftest import MakeClient
from tests.entra.graph import Answer, Asked, Graph, Row, directory

from edlink.entra import Directory
from edlink.errors import FullPullRequired, IncompletePullError, PayloadError
from edlink.state import SyncState

USERS, MEMBERS = "/education/users", "/education/classes/c1/members"


def is_later(asked: Asked, path: str) -> bool:
    """Return whether a page of a list after the first is asked for."""
    return asked.path == path and "$skiptoken" in asked.params


@pytest.mark.parametrize("path", [USERS, MEMBERS])
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_later_page_that_is_refused_is_no_missing_permission(
    graph: Graph, make_client: MakeClient, status: int, path: str
) -> None:
    """Only a first page can say that a list is withheld: after it the list would be short."""
    graph.page_size = 1
    graph.fault = lambda asked, answer: (
        Answer.fault("Refused", status) if is_later(asked, path) else answer
    )
    with pytest.raises(IncompletePullError, match="EDL-ENTRA-007") as caught:
        make_client().pull_roster()
    assert (caught.value.status, caught.value.retryable) == (status, True)


def test_a_later_page_of_changes_may_forget_the_mark(graph: Graph, make_client: MakeClient) -> None:
    """A 410 in the middle of a delta asks for a full pull, as one at its start does."""
    users = f"{graph.base_url}{USERS}/delta"

    def fault(asked: Asked, answer: Answer) -> Answer:
        if not asked.path.endswith("/delta"):
            return answer
        if "$skiptoken" in asked.params:
            return Answer.fault("resyncRequired", 410)
        link = f"{graph.base_url}{asked.path}?$deltatoken=1"
        if asked.path == f"{USERS}/delta" and asked.params.get("$deltatoken") == "1":
            return Answer.json({"value": [], "@odata.nextLink": f"{users}?$skiptoken=1"})
        return Answer.json({"value": [], "@odata.deltaLink": link})

    graph.fault = fault
    state = SyncState.after(make_client(track_changes=True).pull_roster())
    with pytest.raises(FullPullRequired, match="EDL-ENTRA-005"):
        make_client().pull_changes(state)


@pytest.mark.parametrize("body", [{}, {"value": None}, {"@odata.context": "x"}])
@pytest.mark.parametrize("path", [USERS, MEMBERS])
def test_a_page_that_names_no_list_is_no_end(
    graph: Graph, make_client: MakeClient, path: str, body: Row
) -> None:
    """A good answer without rows, or with null for them, does not pass for the end of a list."""
    graph.page_size = 1
    graph.fault = lambda asked, answer: Answer.json(body) if is_later(asked, path) else answer
    with pytest.raises(PayloadError, match="EDL-PAGE-003"):
        make_client().pull_roster()


@pytest.mark.parametrize("body", [{}, {"value": None}, None, [], "x"])
def test_an_inner_answer_that_is_no_list_is_asked_for_again(
    graph: Graph, make_client: MakeClient, body: object
) -> None:
    """Within a good batch an answer that names no list costs one request and no row."""
    asked_once: list[str] = []

    def fault(asked: Asked, answer: Answer) -> Answer:
        if asked.path == MEMBERS and not asked_once:
            asked_once.append(asked.path)
            return Answer.json(body)
        return answer

    graph.fault = fault
    assert len(make_client().pull_roster().enrollments) == 4
    assert graph.paths().count(MEMBERS) == 2


def test_rows_that_come_twice_are_read_once_more(graph: Graph, make_client: MakeClient) -> None:
    """A later page that held an earlier one's rows is not believed: the list is read again."""
    graph.page_size = 1
    faults: list[str] = []

    def fault(asked: Asked, answer: Answer) -> Answer:
        if asked.path == USERS and asked.params.get("$skiptoken") == "1" and not faults:
            faults.append(asked.path)
            there = f"{graph.base_url}{USERS}?$skiptoken=2"
            return Answer.json({"value": [{"id": "u1"}], "@odata.nextLink": there})
        return answer

    graph.fault = fault
    assert {"u1", "u2", "t1"} <= {user.sourced_id for user in make_client().pull_roster().users}
    assert faults


def test_a_row_that_comes_twice_on_one_page_is_read_once_more_too(
    graph: Graph, make_client: MakeClient
) -> None:
    """One row in another's place is an error on whichever page it is."""
    graph.fault = lambda asked, answer: (
        Answer.json({"value": [{"id": "u1"}, {"id": "u1"}]}) if asked.path == USERS else answer
    )
    with pytest.raises(IncompletePullError, match="EDL-PULL-002"):
        make_client().pull_roster()


@pytest.mark.parametrize("path", [USERS, MEMBERS])
def test_rows_that_come_twice_again_are_an_error(
    graph: Graph, make_client: MakeClient, path: str
) -> None:
    """Where nothing counts a list, a row in another's place is seen by having come before."""
    graph.page_size = 1

    def fault(asked: Asked, answer: Answer) -> Answer:
        if is_later(asked, path) and asked.params["$skiptoken"] == "2":
            return Answer.json({"value": [{"id": "u1"}]})
        return answer

    graph.fault = fault
    with pytest.raises(IncompletePullError, match="EDL-PULL-002"):
        make_client().pull_roster()


def test_a_count_says_that_no_row_is_missing(graph: Graph, make_client: MakeClient) -> None:
    """Where Graph counts a list, a row may come twice as long as all of them come."""
    graph.rows, graph.page_size = directory(), 2

    def fault(asked: Asked, answer: Answer) -> Answer:
        if is_later(asked, "/users"):
            return Answer.json({"value": [{"id": "u1"}, {"id": "x1"}]})
        return answer

    graph.fault = fault
    rules = Directory(student_groups={"g1"})
    assert make_client(directory=rules).pull_roster().users
    assert graph.paths().count("/users") == 2
