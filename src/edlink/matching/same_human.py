"""Staff who are also parents: one human with two records, which are never linked."""

from collections.abc import Iterable, Sequence

from edlink.matching.name_levels import COMPATIBLE
from edlink.matching.people import Person, PersonKind
from edlink.matching.reading import Reader
from edlink.matching.report import SameHuman

_PAIRS = (
    (PersonKind.staff, PersonKind.guardian),
    (PersonKind.guardian, PersonKind.staff),
)


def find_same_humans(
    incoming: Sequence[Person], existing: Sequence[Person], reader: Reader
) -> tuple[SameHuman, ...]:
    """
    Return the staff of one side and the guardians of the other that may be one person, sorted.

    They share an address that nobody else of their kind has, and both names are compatible.
    """
    found: list[SameHuman] = []
    for left_kind, right_kind in _PAIRS:
        left = _by_address(reader, incoming, left_kind)
        right = _by_address(reader, existing, right_kind) if left else {}
        for key, a in left.items():
            b = right.get(key)
            if a is not None and b is not None and _is_compatible(reader, a, b):
                found.append(SameHuman(incoming=a.ref, existing=b.ref, field="emails"))
    return tuple(sorted(set(found), key=lambda pair: (pair.incoming, pair.existing)))


def _by_address(
    reader: Reader, people: Iterable[Person], kind: PersonKind
) -> dict[str, Person | None]:
    """Return who has each address; None where several have it."""
    index: dict[str, Person | None] = {}
    for person in people:
        if person.kind is kind:
            for key in reader.emails(person):
                index[key] = None if key in index else person
    return index


def _is_compatible(reader: Reader, a: Person, b: Person) -> bool:
    return all(level in COMPATIBLE for level in reader.name_levels(a, b))
