"""
Names as keys that can be compared: strict, folded and split, with the original left alone.

``strict`` forgives what no reader sees (case, width, composed or decomposed letters, invisible
characters).  ``folded`` also forgives accents, apostrophes and hyphens in Latin script; other
scripts are kept as they are and never transliterated.  ``tokens`` are its words.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal

import attrs

_LETTERS = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\u0131": "i",
        "ß": "ss",
        "ħ": "h",
    }
)

#: The forms of Unicode that are asked for (UAX #15).
Form = Literal["NFC", "NFD", "NFKC", "NFKD"]

#: Apostrophes, primes, okina and the like, which are left out; dashes, which part words.
_APOSTROPHES = "'\u2019\u2018\u02bb\u02bc\u02bd\u02b9\u2032\u00b4`\uff07\u055a\u05f3."
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212_/,"
_SIGNS = str.maketrans(dict.fromkeys(_APOSTROPHES, "") | dict.fromkeys(_DASHES, " "))

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "junior", "senior"})
_PARTICLES = frozenset(
    {
        "al",
        "bin",
        "da",
        "das",
        "de",
        "del",
        "della",
        "den",
        "der",
        "di",
        "do",
        "dos",
        "du",
        "el",
        "ibn",
        "la",
        "las",
        "le",
        "los",
        "ter",
        "van",
        "von",
        "y",
        "zu",
    }
)

#: Words that stand where a name should be.
_PLACEHOLDERS = frozenset(
    {
        "",
        "anonymous",
        "baby boy",
        "baby girl",
        "boy",
        "child",
        "female",
        "girl",
        "husband",
        "infant",
        "male",
        "person",
        "wife",
        "woman",
        "fnu",
        "lnu",
        "n a",
        "na",
        "name",
        "no name",
        "none",
        "null",
        "parent",
        "redacted",
        "student",
        "tba",
        "tbd",
        "teacher",
        "test",
        "unknown",
        "unnamed",
        "xxx",
    }
)

#: GG4L Privacy Shield's masks: a letter, a dash, random letters around an apostrophe.
_MASK = re.compile(r"[a-z]-[a-z]+'[a-z]{4,}")

_PLAIN = re.compile(r"[a-z]{2,}( [a-z]{2,})*")

#: More marks than this on one letter are no writing, and are left out: composing takes time in the
#: square of their number.  UAX #15 section 13 holds 30 for enough.
_MARKS = 120

#: A text up to here cannot have as many: no character stands for more than three.
_SHORT = _MARKS // 3


@attrs.frozen(kw_only=True)
class NameKey:
    """
    One name in the forms that are compared.

    Attributes:
        strict: Caseless, composed, without invisible characters.
        folded: Without accents, apostrophes and hyphens; a suffix such as Jr is taken off.
        tokens: The words of ``folded``.
        core: The tokens without particles such as ``de la``; all of them if nothing else is left.
        suffix: A generational suffix that was part of the text, or None.
        absent: Why this is no name (``empty``, ``placeholder``, ``mask``, ``one_letter``), or None.
    """

    strict: str = attrs.field(default="", repr=False)
    folded: str = attrs.field(default="", repr=False)
    tokens: tuple[str, ...] = attrs.field(default=(), repr=False)
    core: frozenset[str] = attrs.field(default=frozenset(), repr=False)
    suffix: str | None = attrs.field(default=None, repr=False)
    absent: str | None = None


def normalize_name(text: str | None) -> NameKey:
    """
    Return the forms in which a name is compared.

    >>> normalize_name("  Núñez-O\u2019Brien  Jr. ").tokens
    ('nunez', 'obrien')
    >>> normalize_name("n/a").absent
    'placeholder'
    """
    strict = strict_form(text or "")
    words = fold(strict).split()
    suffix = None
    while len(words) > 1 and words[-1] in _SUFFIXES:
        suffix = words.pop()
    tokens = tuple(words)
    absent = _absence(strict, tokens)
    if absent is not None:
        return NameKey(absent=absent)
    return NameKey(
        strict=strict,
        folded=" ".join(tokens),
        tokens=tokens,
        core=frozenset(tokens) - _PARTICLES or frozenset(tokens),
        suffix=suffix,
    )


def is_name(text: str) -> bool:
    """Return whether a text is a name at all; one plain word is looked at, not normalized."""
    if text.isascii() and text.isalpha() and len(text) > 1:
        return text.lower() not in _PLACEHOLDERS
    return normalize_name(text).absent is None


def strict_form(text: str) -> str:
    """Return a text caseless (NFKC), without format characters, white space squeezed."""
    if text.isascii():
        return " ".join(text.lower().split())
    before = None
    while text != before:
        before = text
        text = normal_form("NFKC", text.casefold())
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return " ".join(text.split())


def normal_form(form: Form, text: str) -> str:
    """Return a text in a form of Unicode, in time that grows with its length whatever it holds."""
    if len(text) > _SHORT and not text.isascii():
        text = "".join(_writing(text, "NFKD" if form.startswith("NFK") else "NFD"))
    return unicodedata.normalize(form, text)


def _writing(text: str, apart: Form) -> Iterator[str]:
    """Yield a text decomposed, without the marks of letters that have more than any writing."""
    chars = "".join(unicodedata.normalize(apart, char) for char in text)
    for is_mark, run in groupby(chars, key=_is_mark):
        found = "".join(run)
        if not is_mark or len(found) <= _MARKS:
            yield found


def _is_mark(char: str) -> bool:
    return unicodedata.combining(char) > 0


def fold(strict: str) -> str:
    """Return a strict form without accents on Latin letters, apostrophes, dashes and stops."""
    text, before = strict, None
    while text != before and not _PLAIN.fullmatch(text):
        before = text
        text = " ".join(text.translate(_SIGNS).split())
        if not text.isascii():
            text = _without_marks(text).translate(_LETTERS)
    return text


def name_keys(names: Iterable[str | None]) -> tuple[NameKey, ...]:
    """Return the keys of the names that are names, each once, in order."""
    keys = (normalize_name(name) for name in names)
    return tuple(dict.fromkeys(key for key in keys if key.absent is None))


def _without_marks(text: str) -> str:
    kept: list[str] = []
    on_latin = False
    for char in normal_form("NFD", text):
        if _is_mark(char) or unicodedata.category(char) == "Mn":
            if not on_latin:
                kept.append(char)
        else:
            on_latin = _is_latin(char)
            kept.append(char)
    return normal_form("NFC", "".join(kept))


def _is_latin(char: str) -> bool:
    return char < "\u0250" or "\u1e00" <= char < "\u1f00"


def _absence(strict: str, tokens: tuple[str, ...]) -> str | None:
    if not tokens:
        return "placeholder" if strict else "empty"
    if _MASK.fullmatch(strict):
        return "mask"
    if " ".join(tokens) in _PLACEHOLDERS:
        return "placeholder"
    if len(tokens) == 1 and len(tokens[0]) == 1 and _is_latin(tokens[0]):
        return "one_letter"
    return None
