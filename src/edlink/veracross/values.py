"""
Readers of single values as Veracross alone sends them, to one value of the model; pure.

The published schema calls no field nullable, yet the vendor's own samples hold nulls, and an id is
a number in one place and text in another.  Nothing sent becomes None; something sent that cannot be
read raises ``UnreadableError``, whose message never holds the value.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from edlink.readers import UnreadableError, own_id
from edlink.vocabulary import RelationshipKind, Role, Sex


def read_id(value: object) -> str | None:
    """Return an id as text, whether it was sent as a number or as text."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise UnreadableError("not an id")


#: A record's own id, or another that it cannot be without.
read_own_id = own_id(read_id)


def read_end(value: object) -> str:
    """Return the id of what a row connects, empty where the row does not say it."""
    return read_id(value) or ""


def read_text(value: object) -> str | None:
    """Return text without surrounding blanks; a number becomes its decimal text."""
    return read_id(value)


def read_moment(value: object) -> datetime | None:
    """Return a system moment in UTC; one without a zone is UTC, as the vendor says."""
    text = read_text(value)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise UnreadableError("not a moment")


_GRADE_WORDS: Mapping[str, str] = {
    "kindergarten": "KG",
    "k": "KG",
    "kg": "KG",
    "pre-kindergarten": "PK",
    "prekindergarten": "PK",
    "pre-k": "PK",
    "prek": "PK",
    "pk": "PK",
    "transitional kindergarten": "TK",
    "tk": "TK",
    "postgraduate": "PS",
    "post-graduate": "PS",
}
_GRADE_NUMBER = re.compile(r"(?:grade\s*)?0?(\d{1,2})(?:st|nd|rd|th)?(?:\s*grade)?", re.ASCII)
_LAST_GRADE = 12


def read_grade(text: str) -> str:
    """Return the CEDS code of a grade's description where that is certain, else the text."""
    word = text.strip().lower()
    match = _GRADE_NUMBER.fullmatch(word)
    if match and 1 <= int(match[1]) <= _LAST_GRADE:
        return f"{int(match[1]):02}"
    return _GRADE_WORDS.get(word, text)


_SEXES: Mapping[str, Sex] = {
    "female": Sex.female,
    "f": Sex.female,
    "male": Sex.male,
    "m": Sex.male,
    "unspecified": Sex.unspecified,
}


def read_sex(text: str | None) -> Sex | None:
    """Return the sex that a gender's description names; another word is ``other``."""
    return None if text is None else _SEXES.get(text.lower(), Sex.other)


_YEARS = re.compile(r"(?:\d{4}|\d{2})\s*[-/\u2013]\s*(\d{4}|\d{2})", re.ASCII)


def read_school_year(text: str | None) -> int | None:
    """Return the year a school year ends in, from its description such as ``2026-2027``."""
    match = _YEARS.fullmatch(text.strip()) if text else None
    if match is None:
        return None
    year = int(match[1])
    return year if len(match[1]) == len("2027") else 2000 + year


_KINDS: Mapping[str, RelationshipKind] = {
    **dict.fromkeys(["parent", "mother", "father", "mom", "dad"], RelationshipKind.parent),
    **dict.fromkeys(["guardian", "parent/guardian", "custodian"], RelationshipKind.guardian),
    **dict.fromkeys(
        ["stepparent", "stepmother", "stepfather", "stepmom", "stepdad"],
        RelationshipKind.stepparent,
    ),
    **dict.fromkeys(
        ["grandparent", "grandmother", "grandfather", "grandma", "grandpa"],
        RelationshipKind.grandparent,
    ),
    **dict.fromkeys(["aunt", "uncle"], RelationshipKind.aunt_uncle),
    **dict.fromkeys(
        ["brother", "sister", "sibling", "stepbrother", "stepsister"], RelationshipKind.sibling
    ),
    **dict.fromkeys(["relative", "cousin", "family", "family member"], RelationshipKind.relative),
    **dict.fromkeys(["aide", "nanny", "sitter"], RelationshipKind.aide),
    **dict.fromkeys(["doctor", "physician"], RelationshipKind.doctor),
    **dict.fromkeys(["emergency", "emergency contact"], RelationshipKind.emergency),
    "other": RelationshipKind.other,
}
_WORDS = re.compile(r"[a-z]+")
_PREFIXES = re.compile(r"\b(step|grand)[\s-]+")
#: What may stand before such a word and leaves its meaning as it is.
_MODIFIERS = re.compile(r"(?:(?:legal|biological|adoptive|maternal|paternal)\s+)*")


def read_relationship_kind(text: str | None) -> RelationshipKind:
    """
    Return what an adult is to a student, from the school's own word.

    The whole text must be known, so ``Step Mother`` and ``Legal Guardian`` are read, while
    ``Mother's Boyfriend`` and ``Former Guardian`` are ``unknown``, as any word the school made up.
    """
    phrase = _PREFIXES.sub(r"\1", " ".join((text or "").lower().split()))
    return _KINDS.get(_MODIFIERS.sub("", phrase, count=1), RelationshipKind.unknown)


def read_class_role(text: str | None) -> Role:
    """Return what a class permission makes of a person, from the school's own word for its role."""
    words = _WORDS.findall((text or "").lower())
    if not {"assistant", "aide", "assisting"}.isdisjoint(words):
        return Role.staff
    return Role.teacher if {"teacher", "teachers", "instructor"} & {*words} else Role.other


def is_faculty(roles: str | None) -> bool:
    """Return whether a staff member's roles, joined by ``;`` or ``,``, name them faculty."""
    return any(word.strip().lower() == "faculty" for word in re.split(r"[;,]", roles or ""))
