"""Readers of single values as Graph alone sends them, to one value of the model; pure."""

from collections.abc import Mapping

from edlink.readers import own_id, read_text
from edlink.vocabulary import RelationshipKind, Role, Sex

#: A record's own id; without one it is no record.
read_own_id = own_id(read_text)

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
_MOST_DIGITS = 3


def read_grade(text: str) -> str:
    """Return the CEDS code of a grade where that is certain, else the text."""
    word = text.strip().lower()
    is_number = word.isascii() and word.isdecimal() and len(word) <= _MOST_DIGITS
    if is_number and 1 <= int(word) <= _LAST_GRADE:
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
