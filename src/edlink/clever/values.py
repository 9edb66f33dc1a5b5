"""
Readers of single values as Clever sends them, to one value of the model.

Clever says "nothing" by a missing key, an empty string, an empty list or null; all of them become
None or an empty tuple.  Text that cannot be read raises ``UnreadableError``, whose message never
holds it.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from edlink.readers import UnreadableError
from edlink.vocabulary import RelationshipKind, Sex

_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?", re.DOTALL)
_MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def read_date(text: str | None) -> date | None:
    """
    Return the calendar day that is written, never moved by a time zone.

    Clever writes M/D/YYYY in birth dates and YYYY-MM-DD elsewhere, at times with a time behind it;
    both orders are American, so day before month is never tried.

    >>> read_date("2/11/2007") == read_date("2007-02-11T00:00:00.000Z") == date(2007, 2, 11)
    True
    """
    if not text or not text.strip():
        return None
    text = text.strip()
    if match := _MONTH_FIRST.fullmatch(text):
        month, day, year = match.groups()
    elif match := _YEAR_FIRST.fullmatch(text):
        year, month, day = match.groups()
    else:
        raise UnreadableError("not a date")
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        pass
    raise UnreadableError("not a date")


def read_last_day(text: str | None) -> date | None:
    """Return the day after a last day that counts, which is how the model writes an end."""
    day = read_date(text)
    return None if day is None or day == date.max else day + timedelta(days=1)


def read_moment(text: str | None) -> datetime | None:
    """Return an instant; text without a zone is UTC, as all of Clever's times are."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None:
        raise UnreadableError("not a date and time")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


#: Clever's grade words as CEDS entry grade levels.
_GRADES = {
    "InfantToddler": "IT",
    "Preschool": "PR",
    "PreKindergarten": "PK",
    "TransitionalKindergarten": "TK",
    "Kindergarten": "KG",
    **{str(n): f"{n:02}" for n in range(1, 14)},
    "PostGraduate": "PS",
    "Ungraded": "UG",
    "Other": "Other",
}


def read_grade(text: str | None) -> str | None:
    """Return the CEDS code of a grade, or the text itself where it is none of Clever's words."""
    return _GRADES.get(text, text) if text else None


def read_grades(text: str | None) -> tuple[str, ...]:
    """Return the one grade Clever gives, as a tuple."""
    grade = read_grade(text)
    return () if grade is None else (grade,)


def read_ids(ids: Iterable[str | None] | None) -> tuple[str, ...]:
    """Return ids byte-exact, empty ones and repeats dropped, order kept."""
    return tuple(dict.fromkeys(i for i in ids or () if i))


_SEXES = {"M": Sex.male, "F": Sex.female, "X": Sex.other}


def read_sex(text: str | None) -> Sex | None:
    """Return the sex sent; a word outside Clever's vocabulary is ``other``, nothing is None."""
    return _SEXES.get(text, Sex.other) if text else None


_YES_NO = {"Y": True, "N": False}


def read_yes_no(text: str | None) -> bool | None:
    """Return True for Y, False for N, None for anything else."""
    return _YES_NO.get(text) if text else None


#: The Demographics field that each of Clever's races says yes to.
_RACES = {
    "Caucasian": "white",
    "Asian": "asian",
    "Black or African American": "black_or_african_american",
    "American Indian": "american_indian_or_alaska_native",
    "Hawaiian or Other Pacific Islander": "native_hawaiian_or_other_pacific_islander",
    "Two or More Races": "demographic_race_two_or_more_races",
}


def read_race(text: str | None) -> str | None:
    """
    Return the name of the Demographics field that a race says yes to, or None.

    The others stay unknown: Clever sends one race, which does not say no to another.
    """
    return _RACES.get(text) if text else None


_RELATIONSHIPS = {
    "Parent": RelationshipKind.parent,
    "Grandparent": RelationshipKind.grandparent,
    "Self": RelationshipKind.self_,
    "Aunt/Uncle": RelationshipKind.aunt_uncle,
    "Sibling": RelationshipKind.sibling,
}


def read_relationship(text: str | None) -> RelationshipKind:
    """Return what the adult is to the student; ``unknown`` for "Other", a new word or nothing."""
    return _RELATIONSHIPS.get(text, RelationshipKind.unknown) if text else RelationshipKind.unknown
