"""What was asked, and what can be said of what did not come."""

import pytest

from edlink.coverage import COMPLETE, Coverage, CoverageEntry, Scope, Source, State, worst
from edlink.errors import ConfigError
from edlink.vocabulary import CoverageState, Kind, Role


def test_a_source_prints_as_provider_and_tenant() -> None:
    """The text of a source is short and holds both its parts."""
    assert str(Source("classlink", "d1")) == "classlink:d1"


def test_an_empty_scope_wants_everything() -> None:
    """A scope that names nothing leaves nothing out."""
    scope = Scope()
    assert scope.wants_org("any")
    assert scope.wants_kind(Kind.demographics)
    assert not scope.narrows_orgs


def test_a_scope_with_orgs_wants_these_alone() -> None:
    """Orgs that are included shut out all others."""
    scope = Scope(include_orgs={"a"})
    assert (scope.wants_org("a"), scope.wants_org("b"), scope.narrows_orgs) == (True, False, True)


def test_a_scope_without_some_orgs_wants_the_others() -> None:
    """Orgs that are excluded are the only ones left out."""
    scope = Scope(exclude_orgs=["a"])
    assert (scope.wants_org("a"), scope.wants_org("b"), scope.narrows_orgs) == (False, True, True)


def test_a_scope_without_a_kind_does_not_want_it() -> None:
    """A kind may be left out by its member or by its word."""
    scope = Scope(exclude_kinds=["demographics"])  # type: ignore[list-item] # a word will do
    assert not scope.wants_kind(Kind.demographics)
    assert scope.wants_kind(Kind.user)


def test_a_kind_that_does_not_exist_is_refused() -> None:
    """A misspelled kind is an error, since it would leave out nothing in silence."""
    with pytest.raises(ValueError, match="not a valid Kind"):
        Scope(exclude_kinds=["demographic"])  # type: ignore[list-item] # wrong on purpose


def test_one_text_in_place_of_ids_is_refused() -> None:
    """The letters of one id are not taken for many ids."""
    with pytest.raises(ConfigError) as caught:
        Scope(include_orgs="school-1")
    assert caught.value.code == "EDL-CONF-002"


def test_a_scope_that_contradicts_itself_is_refused() -> None:
    """An org cannot be both wanted and not."""
    with pytest.raises(ConfigError) as caught:
        Scope(include_orgs={"a"}, exclude_orgs={"a"})
    assert caught.value.code == "EDL-CONF-003"


COVERAGE = Coverage(
    [
        CoverageEntry(kind=Kind.user),
        CoverageEntry(kind=Kind.user, org_id="a", state=CoverageState.excluded, reason="scope"),
        CoverageEntry(kind=Kind.class_, org_id="a"),
        CoverageEntry(kind=Kind.course, state=CoverageState.failed, reason="EDL-PULL-001"),
    ]
)


@pytest.mark.parametrize(
    ("kind", "org_id", "state"),
    [
        (Kind.user, None, CoverageState.complete),
        (Kind.user, "a", CoverageState.excluded),
        (Kind.user, "b", CoverageState.complete),
        (Kind.class_, "a", CoverageState.complete),
        (Kind.class_, "b", CoverageState.withheld),
        (Kind.class_, None, CoverageState.withheld),
        (Kind.course, "a", CoverageState.failed),
        (Kind.org, None, CoverageState.withheld),
    ],
)
def test_the_most_exact_entry_counts(kind: Kind, org_id: str | None, state: CoverageState) -> None:
    """An org's own entry goes before the general one, and no entry at all means withheld."""
    assert COVERAGE.state(kind, org_id) is state
    assert COVERAGE.is_complete(kind, org_id) is (state is CoverageState.complete)


def test_an_org_goes_before_the_general_entry_in_any_order() -> None:
    """The order of the entries changes nothing."""
    turned = Coverage(reversed(COVERAGE.entries))
    assert turned.state(Kind.user, "a") is CoverageState.excluded


def test_an_entry_says_why() -> None:
    """The entry that counts can be had whole."""
    entry = COVERAGE.entry(Kind.course, "a")
    assert entry is not None
    assert entry.reason == "EDL-PULL-001"


BY_ROLE = Coverage(
    [
        CoverageEntry(kind=Kind.user, state=CoverageState.withheld),
        CoverageEntry(kind=Kind.user, role=Role.student),
        CoverageEntry(kind=Kind.user, org_id="a", state=CoverageState.excluded),
        CoverageEntry(kind=Kind.user, org_id="b", state=CoverageState.failed),
        CoverageEntry(kind=Kind.user, org_id="b", role=Role.teacher),
    ]
)


@pytest.mark.parametrize(
    ("org_id", "role", "state"),
    [
        (None, None, CoverageState.withheld),
        (None, Role.student, CoverageState.complete),
        (None, Role.teacher, CoverageState.withheld),
        ("c", Role.student, CoverageState.complete),
        ("a", Role.student, CoverageState.excluded),
        ("b", Role.student, CoverageState.failed),
        ("b", Role.teacher, CoverageState.complete),
        ("b", None, CoverageState.failed),
    ],
)
def test_people_in_a_role_may_be_known_otherwise(
    org_id: str | None, role: Role | None, state: CoverageState
) -> None:
    """What is said of an org goes before what is said of a role, and both before the general."""
    assert BY_ROLE.state(Kind.user, org_id, role) is state
    assert BY_ROLE.is_complete(Kind.user, org_id, role) is (state is CoverageState.complete)


def test_the_summary_names_the_roles_that_differ() -> None:
    """Who is known in spite of the rest is told by role."""
    assert BY_ROLE.summary() == {"user": "withheld, 2 orgs differ, student complete"}


def test_the_summary_counts_the_orgs_that_differ() -> None:
    """The summary is text by kind, with the number of orgs that are an exception."""
    assert COVERAGE.summary() == {
        "course": "failed",
        "class": "withheld, 1 orgs differ",
        "user": "complete, 1 orgs differ",
    }


def test_the_members_of_a_class_may_be_known_otherwise() -> None:
    """A class whose members are not told leaves its school, and all others, as they are."""
    withheld = CoverageState.withheld
    entries = [
        CoverageEntry(kind=Kind.enrollment, class_id="c", state=withheld, reason="empty"),
        CoverageEntry(kind=Kind.enrollment, class_id="d"),
        CoverageEntry(kind=Kind.enrollment),
    ]
    coverage = Coverage(entries)
    assert coverage.untold_classes == {"c"}
    assert coverage.is_complete(Kind.enrollment)
    assert coverage.summary() == {"enrollment": "complete, 1 classes differ"}


def test_the_links_of_a_person_may_be_known_otherwise() -> None:
    """A person whose links are not all told leaves those of others as they are."""
    failed = CoverageState.failed
    entries = [
        CoverageEntry(kind=Kind.relationship, user_id="u", state=failed, reason="rows_set_aside"),
        CoverageEntry(kind=Kind.relationship),
    ]
    coverage = Coverage(entries)
    assert coverage.untold_people == {(Kind.relationship, "u")}
    assert coverage.is_complete(Kind.relationship)
    assert coverage.summary() == {"relationship": "complete, 1 people differ"}


def test_the_gravest_of_several_states_is_the_worst() -> None:
    """A list that broke off is worse than one that is withheld, and that than one that came."""
    withheld: State = (CoverageState.withheld, "empty")
    failed: State = (CoverageState.failed, "EDL-PULL-001")
    assert worst([COMPLETE, failed, withheld]) == failed
    assert worst([COMPLETE, withheld]) == withheld


def test_of_states_that_are_equally_grave_the_first_says_why() -> None:
    """A coverage names the reason of the list that was asked for first."""
    first: State = (CoverageState.failed, "rows_moved")
    assert worst([COMPLETE, first, (CoverageState.failed, "rows_set_aside")]) == first


def test_what_stands_on_no_list_is_complete() -> None:
    """A plain directory's org is known without asking."""
    assert worst([]) == COMPLETE
