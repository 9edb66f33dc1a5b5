"""
Identifiers as keys: always text, compared exactly, mended only by a rule that the host accepts.

A rule's name says all of it, such as ``zero_pad:9`` or ``strip_prefix:stu_``, and several are
joined by ``+``; the host stores the name.
"""

import re
import unicodedata
from collections.abc import Callable

import attrs

from edlink.errors import ConfigError
from edlink.matching.normalize import normal_form

#: The rule that mends nothing.
EXACT = "exact"

#: The most digits that a rule fills up to, and letters of a prefix that is proposed; no register
#: has longer ids.
WIDEST = 64

#: Digits that a spreadsheet's number keeps; it writes zeros for what comes after.
_SPREADSHEET_DIGITS = 15

_SCIENTIFIC = re.compile(r"\d[.,]\d+[eE]\+?\d+|\d[eE]\+\d+")
_POINT_ZERO = re.compile(r"(\d+)\.0+")

Transform = Callable[[str], str]


@attrs.frozen(kw_only=True)
class IdKey:
    """
    An identifier as a key, or why there is none.

    ``problem`` is ``empty``, or ``damaged``: written as a number by a spreadsheet, so that digits
    are lost; such an id is unusable and is never mended.
    """

    value: str | None = attrs.field(default=None, repr=False)
    problem: str | None = None


def normalize_id(text: str | None, rule: str = EXACT) -> IdKey:
    """
    Return the key of an identifier; case and leading zeros are kept unless a rule says otherwise.

    Args:
        text: The id as it came.
        rule: Name of an accepted rule.

    Raises:
        ConfigError: EDL-CONF-081 for a rule that does not exist, or a width above 64.

    >>> normalize_id(" 00042 ").value, normalize_id("42.0", "drop_point_zero+zero_pad:5").value
    ('00042', '00042')
    """
    value = clean_id(text)
    if value is None:
        return IdKey(problem="empty" if not (text or "").strip() else "damaged")
    mended = id_transform(rule)(value)
    return IdKey(value=mended) if mended else IdKey(problem="empty")


def clean_id(text: str | None) -> str | None:
    """Return an id trimmed, composed and without format characters; None if empty or damaged."""
    if not text:
        return None
    if text.isalnum() and text.isascii():
        if len(text) <= _SPREADSHEET_DIGITS:
            return text
    else:
        text = normal_form("NFKC", text)
        text = "".join(c for c in text if unicodedata.category(c) != "Cf").strip()
        if not text or _SCIENTIFIC.fullmatch(text):
            return None
    return None if _is_rounded(text) else text


def id_transform(rule: str) -> Transform:
    """
    Return the function that a rule's name stands for.

    Raises:
        ConfigError: EDL-CONF-081 for a rule that does not exist, or a width above 64.
    """
    steps = [_step(part) for part in rule.split("+")]

    def transform(value: str) -> str:
        for step in steps:
            value = step(value)
        return value

    return transform


def _step(part: str) -> Transform:
    name, _, argument = part.partition(":")
    if name == "zero_pad" and _is_width(argument):
        width = int(argument)
        return lambda value: value.zfill(width) if value.isdecimal() else value
    if name == "strip_prefix" and argument:
        return lambda value: value.removeprefix(argument)
    if not argument and name in _STEPS:
        return _STEPS[name]
    message = "no id rule has this name"
    raise ConfigError("EDL-CONF-081", message, fix="Use a rule that learn_id_rule proposed.")


def _is_width(argument: str) -> bool:
    """Return whether a text is a number of digits; one that is far too long is not even read."""
    return argument.isdecimal() and len(argument) <= len(str(WIDEST)) and int(argument) <= WIDEST


def _drop_point_zero(value: str) -> str:
    found = _POINT_ZERO.fullmatch(value)
    return found[1] if found else value


def _strip_zeros(value: str) -> str:
    return value.lstrip("0") or ("0" if value else "")


_STEPS: dict[str, Transform] = {
    EXACT: str,
    "casefold": str.casefold,
    "drop_point_zero": _drop_point_zero,
    "strip_zeros": _strip_zeros,
}


def _is_rounded(text: str) -> bool:
    tail = text[_SPREADSHEET_DIGITS:]
    return bool(tail) and text.isdecimal() and not tail.strip("0")
