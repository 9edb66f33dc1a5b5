"""What one refused, hidden or vanished list of a school or class does to a pull, and to a sync."""

from collections.abc import Callable

import pytest
from tests.entra.conftest import MakeClient
from tests.entra.graph import TENANT, Answer, Asked, Graph
from tests.entra.losing import planned, refuse

from edlink.coverage import Scope
from edlink.errors import IncompletePullError, UnavailableError
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind, Role


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
