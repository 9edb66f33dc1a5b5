"""How two names of one field agree, as a level; edit distance is no level of agreement."""

from collections.abc import Sequence
from enum import StrEnum

from edlink.matching.nicknames import are_nicknames
from edlink.matching.normalize import NameKey


class NameLevel(StrEnum):
    """
    How far two names agree, best first.

    ``same_tokens``: the same words in another order.  ``subset``: one has all words of the other
    ("garcia" in "garcia lopez").  ``nickname``: a direct pair of the table.  ``absent``: one side
    has no name, which neither agrees nor differs.
    """

    equal = "equal"
    folded = "folded"
    same_tokens = "same_tokens"
    nickname = "nickname"
    subset = "subset"
    differs = "differs"
    absent = "absent"


#: Levels at which two given names may belong to one person.
COMPATIBLE = frozenset(
    {
        NameLevel.equal,
        NameLevel.folded,
        NameLevel.same_tokens,
        NameLevel.nickname,
        NameLevel.subset,
    }
)

_ORDER = {level: place for place, level in enumerate(NameLevel)}


def compare_names(a: NameKey, b: NameKey) -> NameLevel:
    """
    Return how far two names agree.

    >>> from edlink.matching.normalize import normalize_name
    >>> str(compare_names(normalize_name("García López"), normalize_name("lopez-garcia")))
    'same_tokens'
    """
    if a.absent is not None or b.absent is not None:
        return NameLevel.absent
    if a.folded == b.folded:
        return NameLevel.equal if a.strict == b.strict else NameLevel.folded
    if are_nicknames(a.folded, b.folded):
        return NameLevel.nickname
    return NameLevel.differs if len(a.tokens) == len(b.tokens) == 1 else _compare_words(a, b)


def _compare_words(a: NameKey, b: NameKey) -> NameLevel:
    if set(a.tokens) == set(b.tokens):
        return NameLevel.same_tokens
    contained = a.core <= b.core or b.core <= a.core
    return NameLevel.subset if contained else NameLevel.differs


def best_level(left: Sequence[NameKey], right: Sequence[NameKey]) -> NameLevel:
    """Return the best level of any name of one record with any name of the other."""
    if not left or not right:
        return NameLevel.absent
    return min((compare_names(a, b) for a in left for b in right), key=_ORDER.__getitem__)
