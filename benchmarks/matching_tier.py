"""The automatic tier: who is linked without a person looking."""

from collections.abc import Sequence

from edlink.matching import match_people, suggest_matches
from edlink.matching.people import Person


def automatic(left: Sequence[Person], right: Sequence[Person]) -> list[tuple[str, str]]:
    """Return what is linked by the ladder, then by every gate."""
    report = match_people(left, right)
    new, rest = set(report.new), set(report.unmatched_existing)
    found = suggest_matches(
        [person for person in left if person.ref in new],
        [person for person in right if person.ref in rest],
    )
    pairs = list(zip(report.linked.incoming, report.linked.existing, strict=True))
    return pairs + [(pair.left, pair.right) for pair in found.likely]
