from datetime import date

import pytest

from edlink.entra import values
from edlink.vocabulary import RelationshipKind, Role, Sex


@pytest.mark.parametrize(("sent", "read"), [(None, None), ("", None), (" a ", "a")])
def test_text_is_stripped(sent: object, read: str | None) -> None:
    """Text loses the blanks around it, and an empty one is none."""
    assert values.read_text(sent) == read


@pytest.mark.parametrize("sent", [1, True, {}])
def test_other_values_are_no_text(sent: object) -> None:
    """A number or a structure where text belongs is unreadable."""
    with pytest.raises(values.UnreadableError):
        values.read_text(sent)


def test_a_record_needs_an_id() -> None:
    """A record without an id is no record."""
    assert values.read_own_id("a") == "a"
    with pytest.raises(values.UnreadableError):
        values.read_own_id("")


def test_truth_values_are_json_booleans() -> None:
    """Only JSON booleans are truth values."""
    assert [*map(values.read_bool, (True, None))] == [True, None]
    with pytest.raises(values.UnreadableError):
        values.read_bool("true")


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (None, None),
        ("", None),
        ("2014-03-09", date(2014, 3, 9)),
        ("2014-03-09T00:00:00Z", date(2014, 3, 9)),
        ("2014-03-09T00:00:00-08:00", date(2014, 3, 9)),
    ],
)
def test_a_birthday_is_a_day_in_any_zone(sent: object, read: date | None) -> None:
    """The schema says Date and samples a moment; the day is taken as written."""
    assert values.read_day(sent) == read


@pytest.mark.parametrize("sent", ["03/09/2014", "2014-02-30", "2014-03-09Tx"])
def test_other_dates_are_unreadable(sent: str) -> None:
    """A date in another form is not guessed at."""
    with pytest.raises(values.UnreadableError):
        values.read_day(sent)


def test_ends_are_the_day_after() -> None:
    """A last day becomes the first day after it."""
    assert [*map(values.read_day_after, ("2026-12-31", None))] == [date(2027, 1, 1), None]
    with pytest.raises(values.UnreadableError):
        values.read_day_after("9999-12-31")


@pytest.mark.parametrize(
    ("text", "code"), [("5", "05"), ("12", "12"), ("K", "KG"), ("13", "13"), ("Reception",) * 2]
)
def test_grades_become_codes_where_certain(text: str, code: str) -> None:
    """A grade becomes its code, and stays as it is where that is not certain."""
    assert values.read_grade(text) == code


def test_words_to_come_are_other() -> None:
    """Enumerations grow; a word that is not known yet is other and not an error."""
    assert values.read_role("faculty") is Role.other
    assert values.read_sex("unknownFutureValue") is Sex.other
    assert values.read_kind("friend") == (RelationshipKind.unknown, Role.contact)


def test_known_words_are_read() -> None:
    """The words of the schema have their meaning."""
    assert values.read_role("teacher") is Role.teacher
    assert [values.read_sex("female"), values.read_sex(None)] == [Sex.female, None]
    assert values.read_kind("guardian") == (RelationshipKind.guardian, Role.guardian)
