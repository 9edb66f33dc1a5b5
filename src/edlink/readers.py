"""
Tolerant readers of single values that more than one provider sends alike; pure.

Nothing sent becomes None; something sent that cannot be read raises ``UnreadableError``, so that
the caller can name the field in an Issue; its message never holds the value.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta


class UnreadableError(ValueError):
    """A value was sent that has no meaning here; never holds the value."""


def read_text(value: object) -> str | None:
    """Return text without surrounding blanks; an empty one is none."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    raise UnreadableError("not text")


def own_id(read: Callable[[object], str | None]) -> Callable[[object], str]:
    """Return a provider's reader of ids for a record's own, or any it cannot be without."""

    def read_own_id(value: object) -> str:
        own = read(value)
        if own is None:
            raise UnreadableError("a record without an id")
        return own

    return read_own_id


def read_bool(value: object) -> bool | None:
    """Return a JSON boolean, or None where none was sent."""
    if value is None or isinstance(value, bool):
        return value
    raise UnreadableError("not a truth value")


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_day(value: object) -> date | None:
    """
    Return the calendar day of a date, or of a moment as it is written.

    Schools write their own local days, and a birthday is no moment: no zone may move it.
    """
    text = read_text(value)
    if text is None:
        return None
    day, _, clock = text.partition("T")
    if _DAY.fullmatch(day) and (not clock or clock[0].isdigit()):
        try:
            return date.fromisoformat(day)
        except ValueError:
            pass
    raise UnreadableError("not a day")


def read_day_after(value: object) -> date | None:
    """Return the first day after a last day: the model's ends are not included."""
    day = read_day(value)
    if day == date.max:
        raise UnreadableError("no day comes after")
    return None if day is None else day + timedelta(days=1)


#: Outside of these years a date stands for one that is not shown: software writes 0001, 1601,
#: 1604, 1753, 1900, 1904, 2107 or 9999 there, and nobody on a school's roster was born then.
_BIRTH_YEARS = range(1905, 2100)


def credible_birth_date(day: date | None) -> date | None:
    """
    Return a day if somebody on a school's roster can have been born on it, else None.

    >>> credible_birth_date(date(2014, 3, 9)), credible_birth_date(date(1604, 3, 9))
    (datetime.date(2014, 3, 9), None)
    """
    return day if day is not None and day.year in _BIRTH_YEARS else None


def read_birth_date(value: object) -> date | None:
    """Return a full and credible birth date, else None."""
    try:
        return credible_birth_date(read_day(value))
    except UnreadableError:
        return None


def read_birth_date_raw(value: object) -> str | None:
    """Return what was sent as text where it is no full and credible birth date, else None."""
    return read_text(value) if read_birth_date(value) is None else None


#: Levels of lists and objects in a further field that a record keeps in ``metadata``.
_LEVELS = 32


def is_too_deep(value: object, levels: int = _LEVELS) -> bool:
    """
    Return whether a JSON value is nested deeper than 32 levels, so that no record keeps it.

    Whatever is kept is compared and written as JSON later, each level in a call of its own.
    """
    if not isinstance(value, Mapping | list):
        return False
    items = value.values() if isinstance(value, Mapping) else value
    return not levels or any(is_too_deep(item, levels - 1) for item in items)
