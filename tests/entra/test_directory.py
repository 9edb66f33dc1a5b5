"""A plain directory, of which a host's rules make a roster."""

import pytest
from tests.entra.conftest import PLAIN, MakeClient
from tests.entra.graph import Answer, Asked, Graph, directory

from edlink.entra import Directory
from edlink.errors import ConfigError, IncompletePullError
from edlink.vocabulary import CoverageState, Kind, Role


@pytest.fixture
def plain(graph: Graph) -> Graph:
    """Return the tenant with a plain directory and no education resources."""
    graph.rows = directory()
    return graph


def test_a_directory_is_who_the_rules_name(plain: Graph, make_client: MakeClient) -> None:
    """Members of groups and people of departments are the roster, and nobody else."""
    assert plain.rows
    roster = make_client(directory=PLAIN).pull_roster()
    roles = {user.sourced_id: user.roles[0].role for user in roster.users}
    assert roles == {"u1": Role.student, "t1": Role.teacher}


def test_groups_are_classes(plain: Graph, make_client: MakeClient) -> None:
    """Groups that a rule names are classes; devices and strangers are not in them."""
    assert plain.rows
    roster = make_client(directory=PLAIN).pull_roster()
    assert [c.sourced_id for c in roster.classes] == ["c1"]
    assert {(e.user_id, e.role) for e in roster.enrollments} == {
        ("u1", Role.student),
        ("t1", Role.teacher),
    }


def test_what_a_directory_cannot_say_is_withheld(plain: Graph, make_client: MakeClient) -> None:
    """There are no birth dates, contacts or terms in a directory."""
    assert plain.rows
    coverage = make_client(directory=PLAIN).pull_roster().coverage
    for kind in (Kind.demographics, Kind.relationship, Kind.academic_session, Kind.course):
        assert coverage.state(kind) is CoverageState.withheld
    assert coverage.is_complete(Kind.user)


def test_a_hidden_group_is_not_an_empty_one(plain: Graph, make_client: MakeClient) -> None:
    """A group of a rule without members may be hidden, so its people are not gone."""
    plain.rows["/groups/g1/transitiveMembers"] = []
    coverage = make_client(directory=PLAIN).pull_roster().coverage
    assert coverage.state(Kind.user, role=Role.student) is CoverageState.withheld
    assert coverage.is_complete(Kind.user, role=Role.teacher)


def test_fewer_rows_than_counted_are_an_error(plain: Graph, make_client: MakeClient) -> None:
    """Graph counts users when asked to, and a list that is shorter is not whole."""

    def more(asked: Asked, answer: Answer) -> Answer:
        if asked.path != "/users":
            return answer
        return Answer.json({"value": plain.rows["/users"], "@odata.count": 9})

    plain.fault = more
    with pytest.raises(IncompletePullError, match="EDL-PULL-001"):
        make_client(directory=PLAIN).pull_roster()


def test_a_person_may_have_several_roles(plain: Graph, make_client: MakeClient) -> None:
    """Who is in several groups has each role once, teaching first."""
    plain.rows["/groups/g1/transitiveMembers"].append({"id": "t1"})
    user = make_client(directory=PLAIN).pull_roster().user("t1")
    assert user is not None
    assert [role.role for role in user.roles] == [Role.teacher, Role.student]


def test_staff_come_after_teachers_and_students() -> None:
    """Other roles are not the primary one where a person teaches or learns."""
    rules = Directory(staff_groups={"g"}, departments={"Kitchen": Role.staff})
    assert rules.groups == {"g": Role.staff}


@pytest.mark.parametrize("rules", [{}, {"student_groups": "g1"}])
def test_rules_must_name_somebody(rules: dict[str, str]) -> None:
    """A directory without a rule, or with one text for a set, is refused."""
    with pytest.raises(ConfigError, match="EDL-CONF-074"):
        Directory(**rules)  # type: ignore[arg-type] # wrong on purpose
