"""What a scope takes out of a roster, and what it leaves."""

from collections.abc import Iterable

import attrs
import pytest
from tests.rosters import district, ids, without

from edlink.coverage import Scope, Tombstone
from edlink.model import RECORD_TYPES, Class, Org, Record, Relationship, User
from edlink.roster import Roster
from edlink.scoping import apply_scope, leave_out
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


def records(roster: Roster) -> list[Record]:
    """Return all records of a roster."""
    return [record for kind in Kind for record in roster.records(kind)]


def keys(found: Iterable[Record]) -> set[tuple[str, str]]:
    """Return the types and ids of records."""
    return {(type(record).__name__, record.sourced_id) for record in found}


@pytest.mark.parametrize("scope", ONLY_NORTH)
def test_changes_lose_what_a_pull_would(scope: Scope) -> None:
    """When everything changes, what stays is what a pull under the same scope has."""
    changed, _ = leave_out(scope, records(district()))
    assert keys(changed) == keys(records(scoped(scope)))


@pytest.mark.parametrize("scope", ONLY_NORTH)
def test_tombstones_lose_what_a_pull_would(scope: Scope) -> None:
    """What is gone from a school that was left out is not told either."""
    kinds = {type_: kind for kind, type_ in RECORD_TYPES.items()}
    gone = [
        Tombstone(kind=kinds[type(record)], sourced_id=record.sourced_id, record=record)
        for record in records(district())
        if not isinstance(record, Org)
    ]
    _, told = leave_out(attrs.evolve(scope, exclude_orgs={"south"}, include_orgs=()), [], gone)
    assert keys(t.record for t in told) == keys(
        record for record in records(scoped(scope)) if not isinstance(record, Org)
    )


def test_a_tombstone_without_a_record_is_told_by_its_kind() -> None:
    """Of what is known by id alone nobody knows where it lay."""
    gone = [Tombstone(kind=kind, sourced_id="x") for kind in (Kind.user, Kind.demographics)]
    _, told = leave_out(Scope(exclude_kinds={Kind.demographics}), [], gone)
    assert told == (gone[0],)


def test_people_known_to_be_left_out_take_their_links_along() -> None:
    """Who is said to be absent goes, and with the last child the parent."""
    everything = district()
    children = {link.student_id for link in everything.relationships}
    changed, _ = leave_out(Scope(exclude_orgs={"x"}), records(everything), absent=children)
    enrolled = {e.user_id for e in everything.enrollments}
    assert not [r for r in changed if isinstance(r, Relationship) and r.student_id not in enrolled]
