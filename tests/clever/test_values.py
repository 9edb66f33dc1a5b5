from datetime import UTC, date, datetime

import pytest

from edlink.clever.values import (
    read_date,
    read_grade,
    read_ids,
    read_last_day,
    read_moment,
    read_race,
    read_relationship,
    read_sex,
    read_yes_no,
)
from edlink.readers import UnreadableError
from edlink.vocabulary import RelationshipKind, Sex


@pytest.mark.parametrize(
    "text",
    ["2/11/2007", "02/11/2007", "2007-02-11", "2007-02-11T23:59:59.000Z", " 2007-2-11 "],
)
def test_each_way_clever_writes_a_date_is_the_same_day(text: str) -> None:
    """M/D/YYYY and YYYY-MM-DD, with or without a time, are the day that is written."""
    assert read_date(text) == date(2007, 2, 11)


@pytest.mark.parametrize("text", ["13/1/2007", "2/30/2007", "2/11/07", "2/11", "soon", "2007"])
def test_what_is_no_date_is_unreadable_without_its_value(text: str) -> None:
    """A day before the month, a short year or a word is refused, and never repeated."""
    with pytest.raises(UnreadableError) as caught:
        read_date(text)

    assert text not in str(caught.value)


@pytest.mark.parametrize("text", [None, "", "  "])
def test_nothing_is_no_date(text: str | None) -> None:
    """A missing, empty or blank date is None."""
    assert read_date(text) is None


def test_a_last_day_ends_on_the_day_after() -> None:
    """The model's end is the first day that no longer counts; the last day of all has none."""
    assert read_last_day("12/31/2026") == date(2027, 1, 1)
    assert read_last_day("9999-12-31") is None
    assert read_last_day("") is None


def test_moments_are_in_utc() -> None:
    """A time without a zone is UTC."""
    noon = datetime(2026, 8, 1, 12, tzinfo=UTC)

    assert read_moment("2026-08-01T12:00:00.000Z") == noon
    assert read_moment("2026-08-01T12:00:00") == noon
    assert read_moment(None) is None


def test_what_is_no_moment_is_unreadable() -> None:
    """A word is no moment."""
    with pytest.raises(UnreadableError):
        read_moment("yesterday")


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("InfantToddler", "IT"),
        ("Kindergarten", "KG"),
        ("7", "07"),
        ("13", "13"),
        ("PostGraduate", "PS"),
        ("Ungraded", "UG"),
        ("Other", "Other"),
        ("Grade Nine", "Grade Nine"),
        ("", None),
    ],
)
def test_grades_are_ceds_codes_where_certain(word: str, code: str | None) -> None:
    """Clever's own words have a code; others stay as they are."""
    assert read_grade(word) == code


def test_ids_are_kept_byte_exact_and_once() -> None:
    """Empty and null ids are dropped, repeats too, order and bytes kept."""
    assert read_ids(["b", None, "", "B ", "b"]) == ("b", "B ")
    assert read_ids(None) == ()


def test_a_race_says_yes_to_one_field_at_most() -> None:
    """Unknown, nothing and words that are new say nothing."""
    assert read_race("Caucasian") == "white"
    assert read_race("Two or More Races") == "demographic_race_two_or_more_races"
    assert read_race("Unknown") is None
    assert read_race(None) is None


def test_small_words_are_read() -> None:
    """Sexes and yes or no are read; what was not sent is None."""
    assert [read_sex(word) for word in ("M", "F", "X", "Q", "")] == [
        Sex.male,
        Sex.female,
        Sex.other,
        Sex.other,
        None,
    ]
    assert [read_yes_no(word) for word in ("Y", "N", "maybe", None)] == [True, False, None, None]


def test_relationships_without_a_word_of_their_own_are_unknown() -> None:
    """Other, a new word and nothing do not say what the adult is."""
    assert read_relationship("Aunt/Uncle") is RelationshipKind.aunt_uncle
    assert {read_relationship(word) for word in ("Other", "Neighbor", "", None)} == {
        RelationshipKind.unknown
    }
