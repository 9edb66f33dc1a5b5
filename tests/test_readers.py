from datetime import date

import pytest

from edlink import readers


@pytest.mark.parametrize(("sent", "read"), [(None, None), ("", None), (" a ", "a")])
def test_text_is_stripped(sent: object, read: str | None) -> None:
    """Text loses the blanks around it, and an empty one is none."""
    assert readers.read_text(sent) == read


@pytest.mark.parametrize("sent", [1, True, {}])
def test_other_values_are_no_text(sent: object) -> None:
    """A number or a structure where text belongs is unreadable."""
    with pytest.raises(readers.UnreadableError):
        readers.read_text(sent)


def test_a_records_own_id_is_read_as_any_and_must_be_there() -> None:
    """The provider's reader says what an id is; none is unreadable."""
    read_own_id = readers.own_id(readers.read_text)
    assert read_own_id(" a ") == "a"
    with pytest.raises(readers.UnreadableError):
        read_own_id(" ")


def test_truth_values_are_json_booleans() -> None:
    """Only JSON booleans are truth values; a word is not guessed at."""
    assert [*map(readers.read_bool, (True, False, None))] == [True, False, None]
    with pytest.raises(readers.UnreadableError):
        readers.read_bool("true")


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (None, None),
        ("", None),
        ("2026-08-10", date(2026, 8, 10)),
        ("2026-08-10T00:00:00Z", date(2026, 8, 10)),
        ("2026-08-10T23:30:00-05:00", date(2026, 8, 10)),
    ],
)
def test_days_are_taken_as_written(sent: object, read: date | None) -> None:
    """A day is what is written before the time; no zone moves it."""
    assert readers.read_day(sent) == read


@pytest.mark.parametrize(
    "sent", ["2026-02-30", "10/08/2026", "2026-08-10Tx", "Aug 10 2026", 20260810]
)
def test_other_dates_are_unreadable(sent: object) -> None:
    """A date in another form is not guessed at."""
    with pytest.raises(readers.UnreadableError):
        readers.read_day(sent)


def test_an_end_is_the_day_after_the_last() -> None:
    """Spans in the model end before a day, so a last day becomes the next."""
    assert [*map(readers.read_day_after, ("2026-12-31", None))] == [date(2027, 1, 1), None]


def test_no_day_comes_after_the_last_of_all() -> None:
    """The last day that can be written has none after it."""
    with pytest.raises(readers.UnreadableError):
        readers.read_day_after("9999-12-31")


@pytest.mark.parametrize(
    ("sent", "born"),
    [
        ("2014-03-09", date(2014, 3, 9)),
        ("2010-03-04T00:00:00Z", date(2010, 3, 4)),
        ("1905-01-01", date(1905, 1, 1)),
        *((f"{year}-02-11", None) for year in ("0001", "1604", "1753", "1900", "1904")),
        ("0001-01-01T00:00:00Z", None),
        ("2107-02-11", None),
        ("9999-12-31", None),
        ("2014-02-30", None),
        ("Mar 09 2014", None),
        ("--03-09", None),
    ],
)
def test_only_full_credible_days_are_birth_dates(sent: str, born: date | None) -> None:
    """A day whose year is hidden or a placeholder is no birth date; what was sent is kept."""
    assert readers.read_birth_date(sent) == born
    assert readers.read_birth_date_raw(sent) == (sent if born is None else None)


def test_no_birth_date_leaves_nothing_to_keep() -> None:
    """Where nothing was sent there is neither a date nor a text."""
    assert (readers.read_birth_date(None), readers.read_birth_date_raw(None)) == (None, None)


def _nested(levels: int) -> object:
    value: object = 1
    for level in range(levels):
        value = [value] if level % 2 else {"in": value, "by": "its side"}
    return value


@pytest.mark.parametrize(("levels", "is_deep"), [(0, False), (32, False), (33, True), (400, True)])
def test_what_is_nested_too_deep_is_told(levels: int, is_deep: bool) -> None:
    """More levels of lists and objects than 32 are more than a record keeps."""
    assert readers.is_too_deep(_nested(levels)) is is_deep
