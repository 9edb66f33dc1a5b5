"""Birth dates as typed or sent: one exact day, or a word for why it is none."""

import re
from datetime import date
from enum import StrEnum

import attrs

from edlink.errors import ConfigError

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_TYPED = re.compile(r"(\d{1,4})[/.\- ](\d{1,2})[/.\- ](\d{1,4})", re.ASCII)
_PARTIAL = re.compile(r"(19|20)\d\d(-\d{2})?", re.ASCII)
_ORDERS = {"ymd": (0, 1, 2), "mdy": (2, 0, 1), "dmy": (2, 1, 0)}
_YEAR_DIGITS = 4


class BirthDateState(StrEnum):
    """What a text is, as a birth date; only ``exact`` may be compared."""

    exact = "exact"
    partial = "partial"
    placeholder = "placeholder"
    invalid = "invalid"
    absent = "absent"


@attrs.frozen(kw_only=True)
class BirthDate:
    """A birth date that was read; ``value`` is there only where ``state`` is ``exact``."""

    state: BirthDateState
    value: date | None = attrs.field(default=None, repr=False)


def parse_birth_date(
    text: str | None, *, order: str, today: date, ages: tuple[int, int] = (2, 23)
) -> BirthDate:
    """
    Return the day a text means, read in one declared order and no other.

    ISO dates (``2012-02-29``) are read in any order.  Two-digit years, spreadsheet serials and
    dates without separators are invalid: each could mean several days.

    Args:
        text: What was typed or sent.
        order: ``ymd``, ``mdy`` or ``dmy``.
        today: The day on which ages are taken.
        ages: Youngest and oldest age that is believed; outside it is a placeholder.

    Raises:
        ConfigError: EDL-CONF-082 for another order.

    >>> parse_birth_date("03/04/2012", order="dmy", today=date(2024, 9, 1)).value
    datetime.date(2012, 4, 3)
    """
    if order not in _ORDERS:
        message = "the order of a date is ymd, mdy or dmy"
        raise ConfigError("EDL-CONF-082", message)
    cleaned = (text or "").strip()
    if not cleaned:
        return BirthDate(state=BirthDateState.absent)
    if _PARTIAL.fullmatch(cleaned):
        return BirthDate(state=BirthDateState.partial)
    return _read(cleaned, order, today, ages)


def is_plausible(born: date, *, today: date, ages: tuple[int, int] = (2, 23)) -> bool:
    """Return whether someone born that day has an age in the range today."""
    if (born.year, born.month, born.day) == (1900, 1, 1) or born > today:
        return False
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return ages[0] <= age <= ages[1]


def _read(text: str, order: str, today: date, ages: tuple[int, int]) -> BirthDate:
    iso = _ISO.fullmatch(text)
    found = iso or _TYPED.fullmatch(text)
    if found is None:
        return BirthDate(state=BirthDateState.invalid)
    year, month, day = (found.groups()[place] for place in _ORDERS["ymd" if iso else order])
    if len(year) != _YEAR_DIGITS:
        return BirthDate(state=BirthDateState.invalid)
    if not (int(year) and int(month) and int(day)):
        return BirthDate(state=BirthDateState.placeholder)
    try:
        born = date(int(year), int(month), int(day))
    except ValueError:
        return BirthDate(state=BirthDateState.invalid)
    if not is_plausible(born, today=today, ages=ages):
        return BirthDate(state=BirthDateState.placeholder)
    return BirthDate(state=BirthDateState.exact, value=born)
