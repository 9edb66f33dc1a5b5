"""
The rules of the ladder, from the surest to the least sure: whose keys each compares, and for whom.

What stops a rule although its key agrees is in ``vetoes``, and how they are applied in ``climb``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

import attrs

from edlink.matching.people import Person, PersonKind
from edlink.matching.reading import Reader
from edlink.matching.vetoes import (
    Check,
    check_further_id,
    check_guardian,
    check_name_date,
    check_nothing,
    check_sign_in,
    check_sis_id,
)

#: ``(side, places) -> (key, place) for each key of each``
Keys = Callable[["Side", Iterable[int]], Iterator[tuple[str, int]]]


@attrs.frozen(kw_only=True)
class Rule:
    """
    One rung: the field whose keys it compares, for whom, and what may stop it.

    ``is_id``: several holders of one key lock each other.  ``is_address``: a key that several
    people of one side have, of whatever kind, links nobody.  ``has_several``: a person may have
    more than one key.
    """

    name: str
    field: str
    kinds: frozenset[PersonKind]
    keys: Keys
    check: Check
    is_id: bool = False
    is_address: bool = False
    has_several: bool = True


@attrs.define(kw_only=True)
class Side:
    """One side's people; for guardians, the children's places as the other side counts them."""

    people: Sequence[Person]
    reader: Reader
    children: Mapping[str, int] = attrs.field(factory=dict)


def _one_id(field: str) -> Keys:
    def keys(side: Side, places: Iterable[int]) -> Iterator[tuple[str, int]]:
        people, read, get = side.people, side.reader.id_reader(field), attrgetter(field)
        for place in places:
            text = get(people[place])
            if text and (value := read(text)):
                yield value, place

    return keys


def _several(read: Callable[[Reader, Person], Sequence[str]]) -> Keys:
    def keys(side: Side, places: Iterable[int]) -> Iterator[tuple[str, int]]:
        people, reader = side.people, side.reader
        for place in places:
            for value in read(reader, people[place]):
                yield value, place

    return keys


def _emails(side: Side, places: Iterable[int]) -> Iterator[tuple[str, int]]:
    people, read = side.people, side.reader.email
    for place in places:
        for text in people[place].emails:
            if (value := read(text)) is not None:
                yield value, place


def _child_contacts(side: Side, places: Iterable[int]) -> Iterator[tuple[str, int]]:
    for place in places:
        person = side.people[place]
        children = [side.children[ref] for ref in person.child_refs if ref in side.children]
        for value in (*side.reader.emails(person), *side.reader.phones(person)) if children else ():
            for child in children:
                yield f"{child}|{value}", place


_SCHOOL = frozenset({PersonKind.student, PersonKind.staff})

#: From the surest rule to the least sure; stored links stand above all.
LADDER: tuple[Rule, ...] = (
    Rule(
        name="provider_id",
        field="provider_ids",
        kinds=frozenset(PersonKind),
        keys=_several(Reader.provider_ids),
        check=check_nothing,
        is_id=True,
    ),
    Rule(
        name="sis_id",
        field="sis_id",
        kinds=frozenset(PersonKind),
        keys=_one_id("sis_id"),
        has_several=False,
        check=check_sis_id,
        is_id=True,
    ),
    Rule(
        name="state_id",
        field="state_id",
        kinds=_SCHOOL,
        keys=_one_id("state_id"),
        has_several=False,
        check=check_further_id,
        is_id=True,
    ),
    Rule(
        name="number",
        field="number",
        kinds=_SCHOOL,
        keys=_one_id("number"),
        has_several=False,
        check=check_further_id,
        is_id=True,
    ),
    Rule(
        name="email",
        field="emails",
        kinds=_SCHOOL,
        keys=_emails,
        check=check_sign_in,
        is_address=True,
    ),
    Rule(
        name="username",
        field="username",
        kinds=_SCHOOL,
        keys=_several(Reader.usernames),
        check=check_sign_in,
        is_address=True,
    ),
    Rule(
        name="name_birth_date",
        field="birth_date",
        kinds=frozenset({PersonKind.student}),
        keys=_several(Reader.name_dates),
        check=check_name_date,
    ),
    Rule(
        name="child_contact",
        field="child_refs",
        kinds=frozenset({PersonKind.guardian}),
        keys=_child_contacts,
        check=check_guardian,
    ),
)

#: Stands for the host's own decision, above the first rung.
STORED = Rule(
    name="stored_link",
    field="",
    kinds=frozenset(PersonKind),
    keys=_several(lambda _reader, _person: ()),
    check=check_nothing,
)
