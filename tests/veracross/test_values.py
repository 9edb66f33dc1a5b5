from datetime import UTC, datetime

import pytest

from edlink.readers import UnreadableError
from edlink.veracross import values
from edlink.vocabulary import RelationshipKind, Role, Sex


@pytest.mark.parametrize(
    ("sent", "read"), [(None, None), ("", None), (" 7 ", "7"), (7, "7"), ("07", "07")]
)
def test_ids_are_text_however_sent(sent: object, read: str | None) -> None:
    """An id is the same text whether it was sent as a number or as text."""
    assert values.read_id(sent) == read


@pytest.mark.parametrize("sent", [True, 1.5, {}, []])
def test_what_is_no_id_is_unreadable(sent: object) -> None:
    """A boolean, a fraction or a structure is no id."""
    with pytest.raises(UnreadableError):
        values.read_id(sent)


def test_a_record_needs_an_id() -> None:
    """A record without an id is no record."""
    with pytest.raises(UnreadableError):
        values.read_own_id(None)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (None, None),
        ("2026-08-10T12:00:00Z", datetime(2026, 8, 10, 12, tzinfo=UTC)),
        ("2026-08-10T12:00:00", datetime(2026, 8, 10, 12, tzinfo=UTC)),
        ("2026-08-10T12:00:00-05:00", datetime(2026, 8, 10, 17, tzinfo=UTC)),
    ],
)
def test_moments_are_utc(sent: object, read: datetime | None) -> None:
    """A system moment is UTC, with or without saying so."""
    assert values.read_moment(sent) == read


def test_garbage_is_no_moment() -> None:
    """Text that is no moment is unreadable."""
    with pytest.raises(UnreadableError):
        values.read_moment("yesterday")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Grade 4", "04"),
        ("4th Grade", "04"),
        ("12", "12"),
        ("Kindergarten", "KG"),
        ("Pre-Kindergarten", "PK"),
        ("Primer", "Primer"),
        ("Grade 14", "Grade 14"),
    ],
)
def test_grades_become_codes_where_certain(text: str, code: str) -> None:
    """A grade's description becomes its code, and stays as it is where that is not certain."""
    assert values.read_grade(text) == code


@pytest.mark.parametrize(
    ("text", "sex"),
    [(None, None), ("Female", Sex.female), ("M", Sex.male), ("Nonbinary", Sex.other)],
)
def test_genders_become_sexes(text: str | None, sex: Sex | None) -> None:
    """A gender's description becomes the vocabulary's word, another word is other."""
    assert values.read_sex(text) is sex


@pytest.mark.parametrize(
    ("text", "year"),
    [("2026-2027", 2027), ("26-27", 2027), ("2026/27", 2027), ("2026", None), (None, None)],
)
def test_school_years_end_in_their_second_number(text: str | None, year: int | None) -> None:
    """A school year is named after the year it ends in; one number alone does not say which."""
    assert values.read_school_year(text) == year


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Mother", RelationshipKind.parent),
        ("Step Mother", RelationshipKind.stepparent),
        ("Grand-Father", RelationshipKind.grandparent),
        ("Legal Guardian", RelationshipKind.guardian),
        ("Parent/Guardian", RelationshipKind.guardian),
        ("Adoptive  father ", RelationshipKind.parent),
        ("Maternal Grandmother", RelationshipKind.grandparent),
        ("Emergency Contact", RelationshipKind.emergency),
    ],
)
def test_relationship_words_become_kinds(text: str, kind: RelationshipKind) -> None:
    """A known word says what an adult is, alone or behind a word that leaves it what it is."""
    assert values.read_relationship_kind(text) is kind


@pytest.mark.parametrize(
    "text",
    [
        *("Mother's Boyfriend", "Father\u2019s Girlfriend", "Mother-in-law", "Brother in Law"),
        *("Not a parent", "Parent of friend", "Former Guardian", "Guardian ad litem"),
        *("Friend/Parent", "Host Family", "Child", "Legal", "", None),
    ],
)
def test_a_phrase_that_only_holds_such_a_word_is_unknown(text: str | None) -> None:
    """Nobody becomes a parent because the word for somebody else names one."""
    assert values.read_relationship_kind(text) is RelationshipKind.unknown


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Co-Teacher", Role.teacher),
        ("Assistant Teacher", Role.staff),
        ("Registrar", Role.other),
        (None, Role.other),
    ],
)
def test_permission_words_become_roles(text: str | None, role: Role) -> None:
    """Only a word for teaching makes a teacher of a permission."""
    assert values.read_class_role(text) is role


@pytest.mark.parametrize(
    ("roles", "is_faculty"), [("Staff; Faculty", True), ("Faculty Spouse", False), (None, False)]
)
def test_faculty_is_a_word_of_its_own(roles: str | None, *, is_faculty: bool) -> None:
    """A person is faculty when one of their roles is just that word."""
    assert values.is_faculty(roles) is is_faculty
