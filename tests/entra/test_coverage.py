"""What one refused, hidden or vanished list of a school or class does to a pull, and to a sync."""

from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest
from tests.entra.conftest import MakeClient
from tests.entra.graph import TENANT, Answer, Asked, Fault, Graph, directory

from edlink.coverage import Scope
from edlink.entra import Directory
from edlink.errors import IncompletePullError, PermissionDeniedError, UnavailableError
from edlink.matching import Action, Change, HostState, SyncMemory, SyncPolicy, apply_sync, plan_sync
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind, Role

AT_ONCE = SyncPolicy(min_absences=1, grace_days=0)
PLAIN = Directory(
    student_groups={"g1"}, departments={"Faculty": Role.teacher}, class_prefix="class_"
)


def refuse(*paths: str, status: int = 403) -> Fault:
    """Return what refuses some paths, and whatever lies below those that end in a slash."""

    def fault(asked: Asked, answer: Answer) -> Answer:
        found = any(
            asked.path == path or (path.endswith("/") and asked.path.startswith(path))
            for path in paths
        )
        return Answer.fault("Refused", status) if found else answer

    return fault


def planned(before: Roster, after: Roster) -> tuple[Change, ...]:
    """Return what a host that had applied one pull would do, or hold, after another."""
    host = HostState(memory=SyncMemory(source=before.source), records=[])
    host = apply_sync(host, plan_sync(host, before, on=before.pulled_at.date()))
    later = attrs.evolve(after, pulled_at=before.pulled_at + timedelta(days=1))
    plan = plan_sync(host, later, policy=AT_ONCE, on=later.pulled_at.date())
    return plan.changes + plan.held


@pytest.fixture
def pull(make_client: MakeClient) -> Callable[..., Roster]:
    """Return what pulls the tenant."""
    return lambda *args, **options: make_client().pull_roster(*args, **options)


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize(
    "path",
    [
        "/education/schools",
        "/education/schools/s1/users",
        "/education/schools/s1/classes",
        "/education/classes/c1/members",
        "/education/classes/c1/teachers",
    ],
)
def test_a_refused_list_changes_nobody(
    graph: Graph, pull: Callable[..., Roster], path: str, status: int
) -> None:
    """Whatever one list would have said stays as the host has it, and no role or school changes."""
    before = pull()
    graph.fault = refuse(path, status=status)
    after = pull()
    assert planned(before, after) == ()
    assert after.warnings


def test_a_list_of_one_class_costs_only_that_class(
    graph: Graph, pull: Callable[..., Roster]
) -> None:
    """Without its teachers a class has no enrollments, and every other class is as it was."""
    before = pull()
    graph.fault = refuse("/education/classes/c1/teachers")
    after = pull()
    of_c2 = {e for e in before.enrollments if e.class_id == "c2"}
    assert set(after.enrollments) == of_c2
    assert after.coverage.untold_classes == {"c1"}
    assert after.coverage.is_complete(Kind.enrollment)


def test_who_left_another_class_goes(graph: Graph, pull: Callable[..., Roster]) -> None:
    """A class that is not told keeps nobody in the classes that are."""
    before = pull()
    graph.fault = refuse("/education/classes/c1/members")
    graph.rows["/education/classes/c2/members"] = [{"id": "u2"}]
    assert {change.sourced_id for change in planned(before, pull())} == {"c2|u2", "c2|u1"}


def test_a_list_of_one_school_costs_only_that_school(
    graph: Graph, pull: Callable[..., Roster]
) -> None:
    """People of a school that refuses are withheld there; fields that stand on it are told."""
    graph.rows["/education/schools"].append({"id": "s2"})
    graph.fault = refuse("/education/schools/s2/users")
    roster = pull()
    assert not roster.coverage.is_complete(Kind.user, "s2")
    assert roster.coverage.is_complete(Kind.user, "s1")
    (warning,) = (w for w in roster.warnings if w.code == "EDL-WARN-803")
    assert (warning.kind, "roles" in warning.distrusts) == (Kind.user, True)


def test_a_class_that_went_meanwhile_is_gone(graph: Graph, pull: Callable[..., Roster]) -> None:
    """A class whose lists and whose self are not there any more is in no roster."""
    graph.fault = refuse("/education/classes/c1", "/education/classes/c1/", status=404)
    roster = pull()
    assert [class_.sourced_id for class_ in roster.classes] == ["c2"]
    assert {e.class_id for e in roster.enrollments} == {"c2"}
    assert roster.warnings == ()


def test_a_school_that_went_meanwhile_is_gone(graph: Graph, pull: Callable[..., Roster]) -> None:
    """Nothing is at a school that is not there any more, though its classes were read before."""
    graph.rows["/education/schools"].append({"id": "s2"})
    graph.rows["/education/schools/s2/classes"] = [{"id": "c2"}]
    graph.fault = refuse("/education/schools/s2", "/education/schools/s2/users", status=404)
    roster = pull()
    assert {org.sourced_id for org in roster.orgs} == {TENANT, "s1"}
    assert {class_.org_id for class_ in roster.classes} == {"s1"}
    assert roster.warnings == ()


def test_whether_a_class_is_gone_may_itself_be_refused(
    graph: Graph, pull: Callable[..., Roster]
) -> None:
    """A class that may not be looked at is not taken for one that went."""

    def fault(asked: Asked, answer: Answer) -> Answer:
        if asked.path == "/education/classes/c1":
            return Answer.fault("Refused", 403)
        return refuse("/education/classes/c1/members", status=404)(asked, answer)

    graph.fault = fault
    assert pull().coverage.untold_classes == {"c1"}


def test_whether_a_class_is_gone_must_be_known(graph: Graph, pull: Callable[..., Roster]) -> None:
    """A service that fails while a class is looked for fails the pull."""

    def fault(asked: Asked, answer: Answer) -> Answer:
        if asked.path == "/education/classes/c1":
            return Answer(503)
        return refuse("/education/classes/c1/members", status=404)(asked, answer)

    graph.fault = fault
    with pytest.raises(UnavailableError):
        pull()


def test_a_class_without_a_member_may_be_hidden(graph: Graph, pull: Callable[..., Roster]) -> None:
    """Nobody leaves a class that suddenly has no member; the warning names the permission."""
    before = pull()
    graph.rows["/education/classes/c2/members"] = []
    after = pull()
    (warning,) = after.warnings
    assert (warning.code, warning.count, warning.ids) == ("EDL-WARN-802", 1, ("c2",))
    assert "Member.Read.Hidden" in warning.message
    assert planned(before, after) == ()


def test_a_permission_that_is_missing_is_not_asked_about_for_each_class(
    graph: Graph, pull: Callable[..., Roster]
) -> None:
    """After a batch of refusals and nothing else the rest of the lists is not asked for."""
    ids = [f"c{number}" for number in range(50)]
    graph.rows["/education/classes"] = [{"id": i} for i in ids]
    graph.rows["/education/schools/s1/classes"] = [{"id": i} for i in ids]
    graph.fault = lambda asked, answer: (
        Answer.fault("Refused", 403) if asked.path.endswith("/members") else answer
    )
    roster = pull()
    assert sum(path.endswith("/members") for path in graph.paths()) <= 60
    assert roster.coverage.state(Kind.enrollment) is CoverageState.withheld


def test_a_member_that_cannot_be_read_leaves_the_class_unknown(
    graph: Graph, pull: Callable[..., Roster]
) -> None:
    """A teacher's row without an id makes no student of the teacher."""
    before = pull()
    graph.rows["/education/classes/c1/teachers"] = [{}]
    after = pull()
    assert {e.class_id for e in after.enrollments} == {"c2"}
    assert planned(before, after) == ()


def test_a_partial_pull_lacks_only_the_class_that_failed(
    graph: Graph, make_client: MakeClient
) -> None:
    """With allow_partial one class whose members never come is failed, and no other."""
    graph.fault = refuse("/education/classes/c1/members", status=503)
    roster = make_client().pull_roster(allow_partial=True)
    assert roster.coverage.untold_classes == {"c1"}
    with pytest.raises(UnavailableError):
        make_client().pull_roster()


@pytest.mark.parametrize("path", ["/education/schools/s2/users", "/education/schools/s1/classes"])
def test_a_scope_of_schools_needs_to_know_who_is_where(
    graph: Graph, pull: Callable[..., Roster], path: str
) -> None:
    """People of a school that is left out do not come in since nobody says where they are."""
    graph.rows["/education/schools"].append({"id": "s2"})
    graph.fault = refuse(path)
    with pytest.raises(IncompletePullError, match="EDL-ENTRA-008"):
        pull(Scope(exclude_orgs={"s2"}), allow_partial=True)


@pytest.mark.parametrize("scope", [Scope(), Scope(exclude_kinds={Kind.enrollment})])
def test_a_class_may_lie_nowhere(graph: Graph, pull: Callable[..., Roster], scope: Scope) -> None:
    """A class that no school lists is known as well as the others."""
    graph.rows["/education/schools/s1/classes"] = [{"id": "c2"}]
    graph.rows["/education/classes/c1/members"] = []
    assert not pull(scope).coverage.is_complete(Kind.enrollment) or scope == Scope()


# Contacts


@pytest.mark.parametrize("contacts", [None, "x", [{"displayName": 3}]])
def test_contacts_that_are_not_told_are_not_gone(
    graph: Graph, pull: Callable[..., Roster], contacts: object
) -> None:
    """Null, or what cannot be read, in place of a student's contacts removes nobody."""
    other = [{"displayName": "Other Invented", "emailAddress": "other@example.org"}]
    graph.rows["/education/users"][1]["relatedContacts"] = other
    before = pull()
    graph.rows["/education/users"][0]["relatedContacts"] = contacts
    after = pull()
    assert len(after.relationships) == 1
    assert "EDL-WARN-804" in {warning.code for warning in after.warnings}
    assert after.coverage.is_complete(Kind.user, "s1")
    assert planned(before, after) == ()


def test_contacts_of_a_student_at_no_school_are_not_gone_either(
    graph: Graph, pull: Callable[..., Roster]
) -> None:
    """Where a student is at no school, contacts that are not told are withheld everywhere."""
    graph.rows["/education/schools/s1/users"] = [{"id": "u1"}, {"id": "t1"}]
    graph.rows["/education/users"][1]["relatedContacts"] = None
    assert not pull().coverage.is_complete(Kind.relationship)


def test_contacts_of_a_school_that_is_left_out_are_excluded(
    graph: Graph, pull: Callable[..., Roster]
) -> None:
    """A scope's word on a school goes before what came of its students' contacts."""
    graph.rows["/education/users"][0]["relatedContacts"] = None
    graph.rows["/education/schools"].append({"id": "s2"})
    graph.rows["/education/schools/s2/users"] = [{"id": "u2"}]
    coverage = pull(Scope(include_orgs={"s2"})).coverage
    assert coverage.state(Kind.relationship, "s1") is CoverageState.excluded


def test_a_teacher_without_contacts_is_nothing_odd(
    graph: Graph, pull: Callable[..., Roster]
) -> None:
    """Only students have contacts, so null at anybody else says nothing."""
    graph.rows["/education/users"][2]["relatedContacts"] = None
    assert pull().warnings == ()


@pytest.mark.parametrize("has_others", [False, True])
def test_a_person_at_no_school_goes_where_contacts_are_not_told(
    graph: Graph, pull: Callable[..., Roster], has_others: bool
) -> None:
    """No contacts, or some that are not told, keep contacts and nobody else."""
    gone = {**graph.rows["/education/users"][1], "id": "u9", "relatedContacts": []}
    told, left = graph.rows["/education/users"][:2]
    graph.rows["/education/users"].append(gone)
    other = [{"displayName": "Other Invented", "emailAddress": "other@example.org"}]
    told["relatedContacts"] = other if has_others else []
    left["relatedContacts"] = None if has_others else []
    before = pull()
    graph.rows["/education/users"].remove(gone)
    after = pull()
    assert not after.coverage.is_complete(Kind.user, TENANT, Role.guardian)
    archived = {c.sourced_id for c in planned(before, after) if c.kind is Kind.user}
    assert archived == {"u9"}


# A plain directory


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
