"""What one refused, hidden or vanished group does to a pull of a plain directory, and to a sync."""

from collections.abc import Callable

import pytest
from tests.entra.conftest import PLAIN, MakeClient
from tests.entra.graph import TENANT, Graph, directory
from tests.entra.losing import planned, refuse

from edlink.coverage import CoverageEntry, Scope, State
from edlink.entra import Directory
from edlink.entra import endpoints as at
from edlink.entra.coverage import EMPTY, Ledger
from edlink.errors import PermissionDeniedError
from edlink.matching import Action
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind, Role


@pytest.fixture
def read(graph: Graph, make_client: MakeClient) -> Callable[[], Roster]:
    """Return what pulls the tenant as a plain directory."""
    graph.rows = directory()
    return lambda: make_client(directory=PLAIN).pull_roster()


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("group", ["g1", "c1"])
def test_a_refused_group_changes_nobody(
    graph: Graph, read: Callable[[], Roster], group: str, status: int
) -> None:
    """Members that are withheld neither go nor get another role."""
    before = read()
    graph.fault = refuse(f"/groups/{group}/transitiveMembers", status=status)
    after = read()
    assert planned(before, after) == ()
    assert after.warnings


TWO_GROUPS = Directory(
    student_groups={"g1"},
    teacher_groups={"g2"},
    departments={"Kitchen": Role.staff},
    class_prefix="class_",
)


@pytest.fixture
def grouped(graph: Graph, make_client: MakeClient) -> Callable[[], Roster]:
    """Return what pulls a directory with a group of students and one of teachers."""
    graph.rows = directory()
    user = "#microsoft.graph.user"
    graph.rows["/users"].append({"id": "u2", "displayName": "Bea Invented"})
    for name in ("u2", "x1"):
        graph.rows["/groups/g1/transitiveMembers"].append({"@odata.type": user, "id": name})
    graph.rows["/groups/g2/transitiveMembers"] = [{"@odata.type": user, "id": "t1"}]
    return lambda: make_client(directory=TWO_GROUPS).pull_roster()


def _told_roles(roster: Roster, kind: Kind) -> set[Role]:
    roles = (Role.student, Role.teacher, Role.staff)
    return {role for role in roles if roster.coverage.is_complete(kind, TENANT, role)}


def test_an_empty_group_of_a_rule_keeps_its_role_alone(
    graph: Graph, grouped: Callable[[], Roster]
) -> None:
    """Teachers of a group that is suddenly empty stay; a student goes, and another loses a role."""
    before = grouped()
    graph.rows["/groups/g2/transitiveMembers"] = []
    graph.rows["/users"] = [row for row in graph.rows["/users"] if row["id"] != "u2"]
    del graph.rows["/groups/g1/transitiveMembers"][2:]
    after = grouped()
    assert _told_roles(after, Kind.user) == _told_roles(after, Kind.enrollment)
    assert _told_roles(after, Kind.user) == {Role.student, Role.staff}
    changes = planned(before, after)
    assert {(c.action, c.sourced_id) for c in changes if c.kind is Kind.user} == {
        (Action.archive, "u2"),
        (Action.update, "x1"),
    }
    assert not [warning for warning in after.warnings if warning.distrusts]


def test_an_empty_group_of_a_rule_is_named(graph: Graph, grouped: Callable[[], Roster]) -> None:
    """The warning says which groups are empty, and what to do."""
    graph.rows["/groups/g2/transitiveMembers"] = []
    (warning,) = (w for w in grouped().warnings if w.code == "EDL-WARN-805")
    assert (warning.count, warning.ids) == (1, ("g2",))
    assert "take" in warning.message


@pytest.mark.parametrize("status", [403, 404])
def test_a_refused_group_of_a_rule_keeps_its_role_alone(
    graph: Graph, grouped: Callable[[], Roster], status: int
) -> None:
    """One group that is refused leaves those in other roles as known as ever."""
    before = grouped()
    graph.fault = refuse("/groups/g2/transitiveMembers", status=status)
    graph.rows["/users"] = [row for row in graph.rows["/users"] if row["id"] != "u2"]
    changes = planned(before, grouped())
    assert {(c.action, c.sourced_id) for c in changes if c.kind is Kind.user} == {
        (Action.archive, "u2")
    }


def test_empty_groups_of_several_roles_leave_all_roles_as_they_are(
    graph: Graph, grouped: Callable[[], Roster]
) -> None:
    """Who is staff by a department may still teach or learn by a group that is not seen."""
    before = grouped()
    graph.rows["/groups/g1/transitiveMembers"] = []
    graph.rows["/groups/g2/transitiveMembers"] = []
    assert planned(before, grouped()) == ()


@pytest.mark.parametrize("refused", [("/groups/",), ("/groups/g1/", "/groups/g2/")])
def test_refused_groups_of_all_rules_change_nobody(
    graph: Graph, grouped: Callable[[], Roster], refused: tuple[str, ...]
) -> None:
    """Who is known by a department alone keeps what the groups said."""
    before = grouped()
    graph.fault = refuse(*refused)
    assert planned(before, grouped()) == ()


def test_a_teacher_whose_group_is_empty_keeps_the_role(
    graph: Graph, grouped: Callable[[], Roster]
) -> None:
    """Who teaches by a group and is staff by a department teaches here still."""
    user = "#microsoft.graph.user"
    graph.rows["/groups/g2/transitiveMembers"] = [{"@odata.type": user, "id": "x1"}]
    del graph.rows["/groups/g1/transitiveMembers"][3:]
    before = grouped()
    graph.rows["/groups/g2/transitiveMembers"] = []
    assert planned(before, grouped()) == ()


def test_a_class_group_that_went_meanwhile_is_gone(
    graph: Graph, read: Callable[[], Roster]
) -> None:
    """A group that is a class and is not there any more is no class."""
    graph.fault = refuse("/groups/c1", "/groups/c1/", status=404)
    roster = read()
    assert roster.classes == ()
    assert roster.coverage.untold_classes == set()


def test_a_rule_for_a_group_that_went_withholds(graph: Graph, read: Callable[[], Roster]) -> None:
    """A group of a rule that is not there may be mistyped: its people are not gone."""
    before = read()
    graph.fault = refuse("/groups/g1", "/groups/g1/", status=404)
    assert planned(before, read()) == ()


def test_a_class_group_without_a_member_may_be_hidden(
    graph: Graph, read: Callable[[], Roster]
) -> None:
    """Nobody leaves a class whose group suddenly has no member."""
    before = read()
    graph.rows["/groups/c1/transitiveMembers"] = []
    after = read()
    assert after.coverage.untold_classes == {"c1"}
    assert planned(before, after) == ()


def test_nothing_but_refused_groups_is_an_error(graph: Graph, make_client: MakeClient) -> None:
    """A directory that may not be read is refused."""
    graph.rows, graph.fault = directory(), refuse("/users", "/groups", "/groups/")
    with pytest.raises(PermissionDeniedError):
        make_client(directory=PLAIN).pull_roster()


def test_a_role_is_told_apart_only_where_less_is_known_of_it() -> None:
    """Where the members of groups failed to come, an empty group does not stand out as better."""
    failed: State = (CoverageState.failed, "EDL-HTTP-012")
    ledger = Ledger(
        tenant=TENANT,
        is_plain=True,
        lists={at.GROUP_MEMBERS.name: failed},
        groups={"g1": (Role.student, EMPTY)},
    )
    people = [entry for entry in ledger.entries([], Scope()) if entry.kind is Kind.user]
    assert people == [CoverageEntry.of(Kind.user, failed)]
