"""Invented records of a host for the tests of duplicates and merges."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from edlink.matching.dedupe import DuplicateGroup, HostPerson
from edlink.matching.merge import (
    Merge,
    MergeState,
    plan_merge,
)
from edlink.matching.merge_rows import Reference
from edlink.matching.people import Person

DAY = date(2012, 3, 4)
CLASSLINK = "classlink:north"


def kept(ref: str, **fields: Any) -> HostPerson:  # noqa: ANN401 - any field of either
    """Return a host's student with an invented name."""
    own = {name: fields.pop(name) for name in list(fields) if hasattr(HostPerson, name)}
    usual: dict[str, Any] = {"given_name": "Ana", "family_name": "Sample", "birth_date": DAY}
    return HostPerson(person=Person(ref=ref, **(usual | fields)), **own)


def group(*refs: str) -> DuplicateGroup:
    """Return a group that someone has confirmed."""
    return DuplicateGroup(refs=refs, kind="student", rules=("confirmed",))


def only_merge(people: Sequence[HostPerson], *references: Reference) -> Merge:
    """Return the one merge of all people."""
    state = MergeState(people=tuple(people), references=references)
    (merge,) = plan_merge(state, [group(*(p.ref for p in people))]).merges
    return merge


def booking(row: str, person: str, **fields: Any) -> Reference:  # noqa: ANN401 - any field
    """Return a row that points to a person."""
    return Reference(table="bookings", row=row, field="student", person=person, **fields)
