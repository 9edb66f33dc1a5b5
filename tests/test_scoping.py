"""What a scope takes out of a roster, and what it leaves."""

import pytest
from tests.rosters import district, ids, without

from edlink.coverage import Scope
from edlink.model import Class, Org, User
from edlink.roster import Roster
from edlink.scoping import apply_scope
from edlink.vocabulary import CoverageState, Kind, OrgType

ONLY_NORTH = [Scope(include_orgs={"north"}), Scope(exclude_orgs={"south"})]


def scoped(scope: Scope) -> Roster:
    """Return the district under a scope."""
    return apply_scope(district(scope=scope))


def test_an_empty_scope_takes_nothing_out() -> None:
    """Where no org is named, the roster stays as it is."""
    assert scoped(Scope()) == district()


@pytest.mark.parametrize("scope", ONLY_NORTH)
def test_the_other_school_goes_and_the_district_stays(scope: Scope) -> None:
    """Naming one school, or leaving out the other, keeps the district above them."""
    assert ids(scoped(scope).orgs) == ["d", "north"]


@pytest.mark.parametrize("scope", ONLY_NORTH)
def test_classes_and_enrollments_of_the_other_school_go(scope: Scope) -> None:
    """An enrollment goes with its class even where it names no org itself."""
    roster = scoped(scope)
    assert ids(roster.classes) == ["m1"]
    assert ids(roster.enrollments) == ["ana.m1", "tia.m1"]
    assert ids(roster.courses) == ["math"]


@pytest.mark.parametrize("scope", ONLY_NORTH)
def test_people_of_the_other_school_go(scope: Scope) -> None:
    """A student of the other school goes, with their links and demographics."""
    roster = scoped(scope)
    assert roster.user("ben") is None
    assert ids(roster.relationships) == ["ana|mum", "ana|dad"]
    assert ids(roster.demographics) == ["ana"]


def test_a_teacher_of_a_class_that_stays_stays() -> None:
    """Whoever is enrolled in a class of the school is kept, wherever their own role is."""
    roster = scoped(ONLY_NORTH[0])
    assert ids(roster.people_of_class("m1")) == ["ana", "tia"]


def test_a_contact_of_a_student_who_stays_stays() -> None:
    """A parent whose only role is at the other school is kept for their child's sake."""
    assert ids(scoped(ONLY_NORTH[0]).contacts_of_student("ana")) == ["mum", "dad"]


def test_a_person_without_any_org_stays() -> None:
    """Nobody is taken out because nothing is known of them."""
    assert scoped(ONLY_NORTH[0]).user("nobody") == User(sourced_id="nobody")


def test_a_class_without_an_org_stays() -> None:
    """What names no org is not of the org that is left out."""
    roster = apply_scope(district(Class(sourced_id="free"), scope=ONLY_NORTH[1]))
    assert "free" in ids(roster.classes)


def test_coverage_says_excluded_for_the_school_left_out() -> None:
    """The absence of an excluded school's records means nothing, and the coverage says so."""
    coverage = scoped(ONLY_NORTH[0]).coverage
    assert coverage.state(Kind.user, "south") is CoverageState.excluded
    assert coverage.state(Kind.user, "north") is CoverageState.complete
    assert coverage.state(Kind.academic_session, "south") is CoverageState.complete


def test_a_school_that_is_left_out_is_excluded_even_unseen() -> None:
    """A school that the provider does not show any more is still excluded, not removed."""
    coverage = scoped(Scope(exclude_orgs={"closed"})).coverage
    assert coverage.state(Kind.user, "closed") is CoverageState.excluded


def test_only_schools_are_left_out_by_naming_others() -> None:
    """A department of the district is no school that somebody forgot to name."""
    roster = district(
        Org(sourced_id="office", type=OrgType.department), scope=Scope(include_orgs={"north"})
    )
    assert "office" in ids(apply_scope(roster).orgs)


@pytest.mark.parametrize("scope", ONLY_NORTH)
def test_what_lies_beneath_a_school_goes_with_it(scope: Scope) -> None:
    """A department of a school that is left out is left out, and what lies beneath that."""
    beneath = (
        Org(sourced_id="arts", type=OrgType.department, parent_id="south"),
        Org(sourced_id="dance", type=OrgType.other, parent_id="arts"),
        Class(sourced_id="ballet", org_id="dance"),
    )
    roster = apply_scope(district(*beneath, scope=scope))
    assert ids(roster.orgs) == ["d", "north"]
    assert "ballet" not in ids(roster.classes)
    assert roster.coverage.state(Kind.class_, "dance") is CoverageState.excluded


def test_what_is_named_stays_though_its_school_goes() -> None:
    """A department that the scope includes by its own id is kept."""
    arts = Org(sourced_id="arts", type=OrgType.department, parent_id="south")
    roster = apply_scope(district(arts, scope=Scope(include_orgs={"north", "arts"})))
    assert "arts" in ids(roster.orgs)


def test_orgs_in_a_circle_end() -> None:
    """Two orgs that each lie beneath the other go together."""
    circle = (
        Org(sourced_id="a", type=OrgType.other, parent_id="b"),
        Org(sourced_id="b", type=OrgType.other, parent_id="a"),
    )
    roster = apply_scope(district(*circle, scope=Scope(exclude_orgs={"a"})))
    assert ids(roster.orgs) == ["d", "north", "south"]


def test_nothing_else_is_touched() -> None:
    """Sessions and the facts of the pull are the same."""
    roster = scoped(ONLY_NORTH[0])
    whole = district(scope=ONLY_NORTH[0])
    changed = ("orgs", "courses", "classes", "users", "enrollments", "relationships")
    kept = {name: getattr(whole, name) for name in (*changed, "demographics", "coverage")}
    assert without(roster, **kept) == whole
