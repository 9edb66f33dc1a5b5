"""
Tolerant readers: one value as Graph sends it, to one value of the model; pure.

Nothing sent becomes None; something sent that cannot be read raises ``UnreadableError``, whose
message never holds the value.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from edlink.vocabulary import RelationshipKind, Role, Sex


class UnreadableError(ValueError):
    """A value was sent that has no meaning here; never holds the value."""


def read_text(value: object) -> str | None:
    """Return text without surrounding blanks; an empty one is none."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    raise UnreadableError("not text")


def read_own_id(value: object) -> str:
    """Return a record's own id; without one it is no record."""
    own = read_text(value)
    if own is None:
        raise UnreadableError("a record without an id")
    return own


def read_bool(value: object) -> bool | None:
    """Return a JSON boolean, or None where none was sent."""
    if value is None or isinstance(value, bool):
        return value
    raise UnreadableError("not a truth value")


def read_day(value: object) -> date | None:
    """
    Return the calendar day of a date, or of a moment as it is written.

    The schema says Date and the samples DateTimeOffset; a birthday is no moment, so no zone may
    move it.
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


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_day_after(value: object) -> date | None:
    """Return the first day after a last day: the model's ends are not included."""
    day = read_day(value)
    if day == date.max:
        raise UnreadableError("no day comes after")
    return None if day is None else day + timedelta(days=1)


_GRADES: Mapping[str, str] = {
    "k": "KG",
    "kg": "KG",
    "kindergarten": "KG",
    "pk": "PK",
    "prek": "PK",
    "prekindergarten": "PK",
    "tk": "TK",
    "ug": "UG",
    "ps": "PS",
}
_LAST_GRADE = 12


def read_grade(text: str) -> str:
    """Return the CEDS code of a grade where that is certain, else the text."""
    word = text.strip().lower()
    if word.isascii() and word.isdecimal() and 1 <= int(word[:3]) <= _LAST_GRADE:
        return f"{int(word):02}"
    return _GRADES.get(word, text)


_SEXES = {"female": Sex.female, "male": Sex.male}


def read_sex(text: str | None) -> Sex | None:
    """Return the sex that a gender names; a word outside the schema is ``other``."""
    return None if text is None else _SEXES.get(text.lower(), Sex.other)


_ROLES = {"student": Role.student, "teacher": Role.teacher}


def read_role(text: str | None) -> Role:
    """Return the role a ``primaryRole`` names; ``none`` and words to come are ``other``."""
    return _ROLES.get((text or "").lower(), Role.other)


_KINDS = {
    "parent": (RelationshipKind.parent, Role.guardian),
    "guardian": (RelationshipKind.guardian, Role.guardian),
    "relative": (RelationshipKind.relative, Role.relative),
    "aide": (RelationshipKind.aide, Role.contact),
    "doctor": (RelationshipKind.doctor, Role.contact),
    "child": (RelationshipKind.other, Role.contact),
    "other": (RelationshipKind.other, Role.contact),
}


def read_kind(text: str | None) -> tuple[RelationshipKind, Role]:
    """Return what a contact is to the student, and the role that makes them."""
    return _KINDS.get((text or "").lower(), (RelationshipKind.unknown, Role.contact))
