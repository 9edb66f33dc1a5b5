"""How terms decide what is current: the settings of a host."""

from contextlib import suppress
from enum import StrEnum
from typing import TypeVar

import attrs

from edlink.errors import ConfigError

T = TypeVar("T", bound=StrEnum)


class Undated(StrEnum):
    """What becomes of a class that no date says anything of; ``report`` keeps and flags it."""

    keep = "keep"
    drop = "drop"
    report = "report"


class Between(StrEnum):
    """
    What is current on a day between two terms.

    ``empty``: nothing.  ``last``: the terms before.  ``next``: the terms after, when they begin
    within ``next_within_days``, else those before.
    """

    empty = "empty"
    last = "last"
    next = "next"


def _undated(value: str) -> Undated:
    return _one_of(Undated, value)


def _between(value: str) -> Between:
    return _one_of(Between, value)


def _one_of(words: type[T], value: str) -> T:
    """Return the word that a setting is; whatever it was given, it raises ConfigError alone."""
    with suppress(ValueError):
        return words(value)
    raise ConfigError("EDL-CONF-092", f"a term policy takes one of {', '.join(words)} here")


@attrs.frozen(kw_only=True)
class TermPolicy:
    """
    How terms decide.

    Raises:
        ConfigError: EDL-CONF-092 for a value that a setting cannot have.

    Attributes:
        undated: For classes without a term or any date.
        between: For days on which a school has no active term.
        next_within_days: How far off the next term may be under ``Between.next``.
        grace_days: Days by which every end is put off.
        infer_ends: Whether neighbouring sessions may correct an end date that is not stated.
        respect_enrollment_dates: Whether an enrollment outside its own dates is dropped.
    """

    undated: Undated = attrs.field(default=Undated.report, converter=_undated)
    between: Between = attrs.field(default=Between.next, converter=_between)
    next_within_days: int = 45
    grace_days: int = 0
    infer_ends: bool = True
    respect_enrollment_dates: bool = True

    def __attrs_post_init__(self) -> None:
        numbers = (self.next_within_days, self.grace_days)
        if any(type(days) is not int or days < 0 for days in numbers):
            raise ConfigError("EDL-CONF-092", "a term policy counts days from 0, in whole numbers")
        switches = (self.infer_ends, self.respect_enrollment_dates)
        if not all(isinstance(switch, bool) for switch in switches):
            raise ConfigError("EDL-CONF-092", "a switch of a term policy is True or False")
