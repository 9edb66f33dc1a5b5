"""
Tolerant readers: one value as servers and files really send it, to one value of the model.

Nothing sent (None, "", blanks) becomes None, or an empty tuple for lists.  Something sent that
cannot be read raises ``UnreadableError``, so that the caller can name the field in an Issue; its
message never holds the value.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar

from edlink.readers import UnreadableError, credible_birth_date, own_id
from edlink.vocabulary import (
    ClassType,
    IdentifierType,
    OrgType,
    RelationshipKind,
    Role,
    SessionType,
    Sex,
    Status,
)

E = TypeVar("E", bound=StrEnum)


def read_id(value: object) -> str | None:
    """Return a sourced id byte-exact; a number becomes its decimal text; a ref its sourcedId."""
    if isinstance(value, str):
        return value if value.strip() else None
    if value is None or value in ([], {}):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Mapping) and "sourcedId" in value:
        return read_id(value["sourcedId"])
    if isinstance(value, list) and len(value) == 1:
        return read_id(value[0])
    raise UnreadableError("not an id or a reference")


#: A record's own sourced id; without one it is no record.
read_own_id = own_id(read_id)


def read_text(value: object) -> str | None:
    """Return text without surrounding blanks; a number becomes its decimal text."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return read_id(value)
    raise UnreadableError("not text")


_TRUE = frozenset({"true", "1", "yes", "y", "t"})
_FALSE = frozenset({"false", "0", "no", "n", "f"})


def read_bool(value: object) -> bool | None:
    """Return True or False for any of their spellings (``"false"`` is False); None if not sent."""
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, str | int) else "?"
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    if not word:
        return None
    raise UnreadableError("neither true nor false")


#: A day with both hyphens or none, and perhaps a time of day with or without a zone after it.
_DATE = re.compile(
    r"(\d{4})(-?)(\d{2})\2(\d{2})"
    r"(?:[Tt ]\d{2}(?::?\d{2}(?::?\d{2}(?:[.,]\d+)?)?)?\s?(?:[Zz]|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)


def read_date(value: object) -> date | None:
    """
    Return the calendar day that is written, never moved by a time zone.

    ``YYYY-MM-DD``, ``YYYYMMDD`` and the same with a time after it are dates; ``0000-00-00`` is not
    sent.  Orders that depend on a country, such as 8/10/2026, are unreadable.
    """
    text = read_text(value)
    if text is None or text.startswith("0000-00-00"):
        return None
    match = _DATE.fullmatch(text)
    if match:
        year, month, day = (int(match[group]) for group in (1, 3, 4))
        try:
            return date(year, month, day)
        except ValueError:
            pass
    raise UnreadableError("not a date")


def read_birth_date(value: object) -> date | None:
    """Return a full, real birth date, else None; ``birth_date_raw`` then keeps what was sent."""
    try:
        return credible_birth_date(read_date(value))
    except UnreadableError:
        return None


def read_birth_date_raw(value: object) -> str | None:
    """Return what was sent where it is not a full, real date, else None."""
    return read_text(value) if read_birth_date(value) is None else None


_FRACTION = re.compile(r"([.,]\d{6})\d+")
_iso = datetime.fromisoformat


def read_datetime(value: object) -> datetime | None:
    """Return an instant; no zone means UTC, a bare date midnight UTC; 7 digits are cut to 6."""
    try:
        moment = _iso(value)  # type: ignore[arg-type]
        return moment if moment.tzinfo is UTC else _in_utc(moment)
    except (TypeError, ValueError, OverflowError):
        return _read_odd_datetime(value)


def _read_odd_datetime(value: object) -> datetime | None:
    text = read_text(value)
    if text is None or text.startswith("0000-00-00"):
        return None
    try:
        return _in_utc(_iso(_FRACTION.sub(r"\1", text)))
    except (ValueError, OverflowError):
        pass
    raise UnreadableError("not a date and time")


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_items(value: object) -> list[object]:
    """Return a list for a list, a single object, a comma-joined string or nothing."""
    if value is None or value == {}:
        return []
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    return value if isinstance(value, list) else [value]


def read_ids(value: object) -> tuple[str, ...]:
    """Return the ids of a list of references or strings, repeats dropped, order kept."""
    ids = (read_id(item) for item in read_items(value))
    return tuple(dict.fromkeys(i for i in ids if i is not None))


def read_texts(value: object) -> tuple[str, ...]:
    """Return a list of texts without the empty ones."""
    texts = (read_text(item) for item in read_items(value))
    return tuple(text for text in texts if text is not None)


_YEAR = re.compile(r"(?:(?:\d{2}|\d{4})\s*[-/]\s*)?(\d{4}|\d{2})")


def read_school_year(value: object) -> int | None:
    """Return the year a school year ends in: 2027 for "2027", 2027, "2026-2027" and "26-27"."""
    text = read_text(value)
    if text is None:
        return None
    match = _YEAR.fullmatch(text)
    if match is None or len(text) == len("27"):
        raise UnreadableError("not a school year")
    year = int(match[1])
    return year if len(match[1]) == len("2027") else 2000 + year


#: CEDS Entry Grade Level, as OneRoster 1.1 uses it.
GRADES = ("IT", "PR", "PK", "TK", "KG", *(f"{n:02}" for n in range(1, 14)), "PS", "UG", "Other")
_GRADES = {
    **{grade.lower(): grade for grade in GRADES},
    **{str(n): f"{n:02}" for n in range(1, 10)},
    "k": "KG",
}


def read_grade(text: str) -> str:
    """Return the CEDS code of a grade where that is certain, else the text itself."""
    return _GRADES.get(text.lower(), text)


def read_grades(value: object) -> tuple[str, ...]:
    """Return grades as CEDS codes where certain; ``read_texts`` keeps them as sent."""
    return tuple(read_grade(text) for text in read_texts(value))


#: Spellings a vocabulary remembers; a hostile server must not fill the memory with words.
_MOST_SPELLINGS = 256


class Words(dict[str, E]):
    """A vocabulary as a table, from words as providers write them, blind to case and blanks."""

    def __init__(self, enum: type[E], other: E, **spellings: E) -> None:
        known = {member.lower(): member for member in enum if member.value != "other"}
        super().__init__({**known, **spellings})
        self._other = other

    def __missing__(self, word: str) -> E:
        found = self.get(word.strip().lower(), self._other)
        if len(self) < _MOST_SPELLINGS:
            self[word] = found
        return found

    def __call__(self, value: object) -> E:
        """Return the member for any value; what is not text is not in the vocabulary."""
        return self[value] if isinstance(value, str) else self._other


class _Statuses(Words[Status]):
    """The vocabulary in which an unknown word must not pass in silence: it might mean deleted."""

    def __missing__(self, word: str) -> Status:
        known = word.strip().lower()
        if known and known not in self:
            raise UnreadableError("not a status")
        return self.get(known, self._other)


#: Deleted for ``tobedeleted`` and ``inactive`` (OneRoster 1.0), active where nothing was sent.
read_status = _Statuses(Status, Status.active, tobedeleted=Status.deleted, inactive=Status.deleted)
read_org_type = Words(OrgType, OrgType.other)
read_session_type = Words(
    SessionType,
    SessionType.other,
    gradingperiod=SessionType.grading_period,
    schoolyear=SessionType.school_year,
)
read_class_type = Words(ClassType, ClassType.other)
read_role = Words(
    Role,
    Role.other,
    aide=Role.staff,
    counselor=Role.staff,
    proctor=Role.staff,
    principal=Role.administrator,
    districtadministrator=Role.administrator,
    siteadministrator=Role.administrator,
    systemadministrator=Role.administrator,
    sysadmin=Role.administrator,
    parent=Role.guardian,
)
read_relationship_kind = Words(RelationshipKind, RelationshipKind.unknown)
read_identifier_type = Words(
    IdentifierType,
    IdentifierType.other,
    fed=IdentifierType.federal_id,
    federal=IdentifierType.federal_id,
    federalid=IdentifierType.federal_id,
    state=IdentifierType.state_id,
    stateid=IdentifierType.state_id,
    sis=IdentifierType.sis_id,
    sisid=IdentifierType.sis_id,
    nces=IdentifierType.nces_id,
    ncesid=IdentifierType.nces_id,
    studentnumber=IdentifierType.student_number,
    employeeid=IdentifierType.employee_id,
)
_read_sex = Words(Sex, Sex.other, m=Sex.male, f=Sex.female)


def read_sex(value: object) -> Sex | None:
    """Return the sex sent; a word outside the vocabulary is ``other``, nothing sent is None."""
    return None if read_text(value) is None else _read_sex(value)
