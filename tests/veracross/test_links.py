import pytest

from edlink.model import Relationship
from edlink.veracross.links import to_relationships
from edlink.veracross.lists import ValueLists
from edlink.veracross.wire import RelationshipRow
from edlink.vocabulary import RelationshipKind

WORDS = ValueLists({("relationship", "1"): "Mother", ("relationship", "2"): "Child"})
STUDENTS = {"s", "t"}


def _row(person: str, other: str, **facts: object) -> RelationshipRow:
    given = {"id": "1", "relationship": "1", **facts}
    return RelationshipRow(person_id=person, related_person_id=other, **given)  # type: ignore[arg-type] # facts of any type


def _link(*rows: RelationshipRow) -> Relationship:
    (link,), _ = to_relationships(rows, WORDS, STUDENTS)
    return link


def test_both_directions_are_one_link() -> None:
    """A pair that the list holds from both sides is one link, student first."""
    link = _link(_row("a", "s", relationship="2"), _row("s", "a"))
    assert (link.sourced_id, link.both_sides_confirmed) == ("s|a", True)


def test_the_word_is_what_the_adult_is() -> None:
    """The kind comes from the row that begins at the student."""
    link = _link(_row("a", "s", relationship="2"), _row("s", "a"))
    assert (link.kind, link.kind_raw) == (RelationshipKind.parent, "Mother")


@pytest.mark.parametrize("flag", [True, False, None])
def test_flags_are_the_adults(flag: bool | None) -> None:
    """Portal access is what the student's row says, and unknown where it says nothing."""
    rows = _row("s", "a", parent_portal_access=flag), _row("a", "s", parent_portal_access=True)
    assert _link(*rows).has_portal_access is flag


def test_a_row_from_the_adult_alone_grants_nothing() -> None:
    """A link that only the adult's side lists has no known flags and no known kind."""
    link = _link(_row("a", "s", relationship="2", parent_portal_access=True, legal_custody=True))
    assert (link.has_portal_access, link.has_legal_custody) == (None, None)
    assert (link.kind, link.both_sides_confirmed) == (RelationshipKind.unknown, False)


def test_rows_that_disagree_leave_a_flag_unknown() -> None:
    """Where two rows of a pair contradict each other, nothing is guessed and an Issue says so."""
    rows = _row("s", "a", pick_up=True, resident=True), _row("s", "a", pick_up=False)
    (link,), (issue,) = to_relationships(rows, WORDS, STUDENTS)
    assert (link.may_pick_up, link.lives_with) == (None, True)
    assert (issue.reason, issue.fields) == ("conflicting_values", ("pick_up",))


def test_the_dead_are_told() -> None:
    """Whether the related person is deceased is kept."""
    assert _link(_row("s", "a", related_person_is_deceased=True)).is_deceased is True


@pytest.mark.parametrize(("one", "other"), [("s", "t"), ("a", "b")])
def test_other_pairs_are_no_links(one: str, other: str) -> None:
    """Siblings and spouses are no link of a student and an adult."""
    row = RelationshipRow(id="1", person_id=one, related_person_id=other)
    assert to_relationships([row], WORDS, STUDENTS) == ((), ())
