"""Which of Clever's contacts count as parents or guardians: a setting, since no field says so."""

from collections.abc import Iterable
from enum import IntEnum

import attrs


class GuardianVerdict(IntEnum):
    """What a rule says of one relationship; the smaller, the closer."""

    accepted = 0
    review = 1
    excluded = 2


def _words(words: Iterable[str]) -> frozenset[str]:
    return frozenset(words)


@attrs.frozen(kw_only=True)
class GuardianRule:
    """
    How to judge a contact's relationship to a student by Clever's two words for it.

    Exclusion is looked at first, then acceptance; whatever neither names is for review, such as
    Family, Other or no word at all, which real districts send for nearly every parent.  A student
    who is his own contact (``Self``) is never a guardian, whatever a rule says.

    Attributes:
        accepted_types: Values of Clever's ``type`` that make a guardian.
        accepted_relationships: Values of ``relationship`` that make one.
        excluded_types: Values of ``type`` that never do.
        excluded_relationships: Values of ``relationship`` that never do.
    """

    accepted_types: frozenset[str] = attrs.field(
        default=frozenset({"Parent/Guardian", "Primary"}), converter=_words
    )
    accepted_relationships: frozenset[str] = attrs.field(
        default=frozenset({"Parent"}), converter=_words
    )
    excluded_types: frozenset[str] = attrs.field(
        default=frozenset({"Emergency", "Secondary"}), converter=_words
    )
    excluded_relationships: frozenset[str] = attrs.field(default=frozenset(), converter=_words)

    def judge(self, *, relationship: str | None, type_: str | None) -> GuardianVerdict:
        """
        Return whether a relationship is a guardian's.

        >>> GuardianRule().judge(relationship="Parent", type_="Emergency").name
        'excluded'
        """
        if (
            relationship == "Self"
            or relationship in self.excluded_relationships
            or type_ in self.excluded_types
        ):
            return GuardianVerdict.excluded
        if relationship in self.accepted_relationships or type_ in self.accepted_types:
            return GuardianVerdict.accepted
        return GuardianVerdict.review
