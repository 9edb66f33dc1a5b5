"""
Telling masked people from real ones.

How ClassLink's DataGuard masks is not documented; a header says so (``x-obfuscated``), and masks
of other products look as below.  Masked fields must never be matched on.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable

from edlink.coverage import RosterWarning
from edlink.model import User
from edlink.vocabulary import Kind

#: Fewer people than this prove nothing by their likeness.
_ENOUGH = 20

_HALF = 0.5

_STARRED = re.compile(r"[*xX#.]+|\w\*+")
_HASHED = re.compile(r"[0-9a-fA-F]{16,}|[0-9a-fA-F-]{32,}")

_NAMES = ("given_name", "family_name")

#: What nobody may match on once a provider says that something, unnamed, is masked.
_EVERYTHING = frozenset({*_NAMES, "middle_name", "email", "username", "phone", "sms", "birth_date"})


def find_masking(users: Iterable[User], *, is_marked: bool) -> list[RosterWarning]:
    """
    Return warnings for fields that look masked, or that the provider says are.

    Args:
        users: The people of one pull.
        is_marked: Whether a header said that fields are masked.

    Returns:
        EDL-WARN-110 where the provider says so, EDL-WARN-111 per field that looks so.  Each
        ``distrusts`` the fields that must not be matched on.
    """
    people = list(users)
    found = []
    if is_marked:
        message = "the provider says that fields are masked"
        found.append(_warning("EDL-WARN-110", message, len(people), _EVERYTHING))
    for field in (*_NAMES, "email"):
        texts = [text for user in people if (text := getattr(user, field))]
        count = _count_masked(field, texts)
        if len(texts) >= _ENOUGH and count > len(texts) * _HALF:
            message = f"most values of {field} look masked"
            found.append(_warning("EDL-WARN-111", message, count, frozenset({field})))
    return found


def _count_masked(field: str, texts: Collection[str]) -> int:
    parts = [text.partition("@")[0] for text in texts] if field == "email" else texts
    return max(_count(parts, _looks_masked), _count_commonest(parts), _count_initials(field, parts))


def _count(texts: Iterable[str], test: Callable[[str], bool]) -> int:
    return sum(test(text) for text in texts)


def _looks_masked(text: str) -> bool:
    return bool(_STARRED.fullmatch(text) or _HASHED.fullmatch(text))


def _count_commonest(texts: Iterable[str]) -> int:
    """Return how many share the commonest value: one name for most people is a mask."""
    commonest = Counter(texts).most_common(1)
    return commonest[0][1] if commonest else 0


def _count_initials(field: str, texts: Iterable[str]) -> int:
    """Return how many family names are one letter; short given names exist."""
    return _count(texts, lambda t: len(t.rstrip(".")) == 1) if field == "family_name" else 0


def _warning(code: str, message: str, count: int, fields: frozenset[str]) -> RosterWarning:
    return RosterWarning(code=code, message=message, kind=Kind.user, count=count, distrusts=fields)
