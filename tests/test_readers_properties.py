from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from edlink.readers import read_birth_date

YEARLESS = ("%b %d", "--%m-%d", "%m-%d", "%m/%d", "0001-%m-%d", "1900-%m-%d", "1904-%m-%d")


@given(st.dates(), st.sampled_from(YEARLESS))
def test_a_birthday_without_a_credible_year_is_never_a_birth_date(born: date, form: str) -> None:
    """Whatever month and day are shown, without their year they are no birth date."""
    assert read_birth_date(born.strftime(form)) is None


@given(st.text() | st.dates().map(str))
def test_a_birth_date_is_the_date_that_was_written(text: str) -> None:
    """Any text is either the birth date that it spells in full, or none."""
    born = read_birth_date(text)
    assert born is None or text.strip().startswith(born.isoformat())
