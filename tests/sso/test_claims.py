from datetime import UTC, datetime

import pytest

from edlink.sso.claims import moment, text, texts


@pytest.mark.parametrize(
    ("value", "expected"), [("a", "a"), ("", None), (" ", None), (1, None), (None, None)]
)
def test_a_text_is_a_text_or_nothing(value: object, expected: str | None) -> None:
    """Only a text that is not blank reads as one."""
    assert text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(["a", 1, "", "b"], ("a", "b")), ("a", ("a",)), (None, ()), ({"a": 1}, ())],
)
def test_a_list_gives_its_texts(value: object, expected: tuple[str, ...]) -> None:
    """A list gives its texts, one text gives itself, anything else nothing."""
    assert texts(value) == expected


@pytest.mark.parametrize("value", ["1", None, -1, 0, 2**40, 1.5, True])
def test_an_odd_moment_is_none(value: object) -> None:
    """A moment that is not a plausible whole number is None."""
    assert moment(value) is None


def test_a_moment_is_in_utc() -> None:
    """Seconds since the epoch read as a moment in UTC."""
    assert moment(86400) == datetime(1970, 1, 2, tzinfo=UTC)
