"""What a match report says of one record, in words; a person's values only on request."""

from collections.abc import Iterable, Iterator

import attrs

from edlink.matching.linked import Link
from edlink.matching.people import Person
from edlink.matching.report import MatchReport, OpenGroup


def explain(
    report: MatchReport, ref: str, *, people: Iterable[Person] = (), reveal: bool = False
) -> str:
    """
    Return why a record was linked, left open or not linked, as lines of text.

    Args:
        report: What matching found.
        ref: A sourced id or a host ref.
        people: The records of both sides; needed to reveal values.
        reveal: Whether to add the values of the records concerned, which are personal data.
    """
    lines = list(_lines(report, ref)) or [f"{ref} is not in this report."]
    if reveal:
        concerned = _concerned(report, ref)
        lines += [_values(person) for person in people if person.ref in concerned]
    return "\n".join(lines)


def _lines(report: MatchReport, ref: str) -> Iterator[str]:
    for link in report.links_with(ref):
        yield from _link(link)
    for group in report.groups_with(ref):
        yield from _group(group)
    if report.is_new(ref):
        yield f"{ref} is new: no rule found a record for it."
    if report.is_unmatched(ref):
        yield f"{ref} is unmatched: no incoming record fits it."
    for near in report.nearest_with(ref):
        fields = ", ".join(near.differs) or "nothing"
        yield f"Nearest: {near.incoming} and {near.existing} differ in {fields}."


def _link(link: Link) -> Iterator[str]:
    yield f"{link.incoming} is linked with {link.existing} by {link.rule}."
    if link.rekeys:
        yield f"It takes the place of {link.rekeys}."
    if link.drift:
        yield f"They differ now in {', '.join(link.drift)}."
    for part in link.evidence:
        yield f"{part.field}: {part.agreement}"


def _group(group: OpenGroup) -> Iterator[str]:
    yield f"Left to a person: {group.reason} in {', '.join(group.fields) or 'stored links'}."
    yield f"Incoming: {', '.join(group.incoming) or 'none'}."
    yield f"Existing: {', '.join(group.existing) or 'none'}."
    if group.holders:
        yield f"The key is held by {', '.join(group.holders)}."


def _concerned(report: MatchReport, ref: str) -> set[str]:
    return {ref}.union(
        *((link.incoming, link.existing) for link in report.links_with(ref)),
        *((near.incoming, near.existing) for near in report.nearest_with(ref)),
        *((*group.incoming, *group.existing, *group.holders) for group in report.groups_with(ref)),
    )


def _values(person: Person) -> str:
    values = attrs.asdict(person, recurse=False)
    shown = ", ".join(f"{name}={value}" for name, value in values.items() if value)
    return f"  {shown}"
