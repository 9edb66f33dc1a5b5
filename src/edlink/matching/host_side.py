"""A host's people and kept links as matching takes them, in the host's own refs."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import cast

import attrs

from edlink.matching.host import HostRecord, HostState
from edlink.matching.people import Person, people_of
from edlink.matching.report import StoredLink
from edlink.model import Demographics, Relationship, User
from edlink.roster import Roster
from edlink.vocabulary import Kind

#: A roster needs a moment; people have none.
_NO_MOMENT = datetime.min.replace(tzinfo=UTC)


def host_people(host: HostState) -> tuple[Person, ...]:
    """
    Return the host's active people, its own and the source's, with refs in place of sourced ids.

    What is linked to whom, and birth dates, come from the host's own relationships and
    demographics as well as the source's.
    """
    refs = {kind: _Refs(host, kind) for kind in (Kind.org, Kind.user)}
    held = {h.ref: h for h in host.records if h.kind is Kind.user and h.is_active}
    users = tuple(_user(h, refs[Kind.org].of(h)) for h in held.values())
    people = people_of(
        Roster(
            source=host.memory.source,
            pulled_at=_NO_MOMENT,
            users=users,
            relationships=tuple(_relationships(host, refs[Kind.user])),
            demographics=tuple(_demographics(host, refs[Kind.user])),
        )
    )
    return tuple(
        attrs.evolve(
            person,
            provider_ids=() if held[person.ref].source is None else (held[person.ref].sourced_id,),
        )
        for person in people
    )


def host_links(host: HostState, kind: Kind) -> tuple[StoredLink, ...]:
    """Return the pairs of a kind that the host has: each managed record and its ref."""
    managed = host.managed(kind)
    return tuple(
        StoredLink(incoming=i, existing=held.ref)
        for i, held in sorted(managed.items())
        if held.is_active
    )


class _Refs:
    """Refs by the ids that records hold: sourced ids in managed records, refs in own ones."""

    def __init__(self, host: HostState, kind: Kind) -> None:
        self._by_id = {i: held.ref for i, held in host.managed(kind).items()}

    def of(self, held: HostRecord) -> Callable[[str], str]:
        """Return what turns the ids in a record into refs."""
        known: Mapping[str, str] = {} if held.source is None else self._by_id
        return lambda i: known.get(i, i)


def _user(held: HostRecord, org_ref: Callable[[str], str]) -> User:
    user = cast("User", held.record)
    primary = user.primary_org_id
    roles = tuple(
        role if role.org_id is None else attrs.evolve(role, org_id=org_ref(role.org_id))
        for role in user.roles
    )
    return attrs.evolve(
        user,
        sourced_id=held.ref,
        roles=roles,
        primary_org_id=None if primary is None else org_ref(primary),
    )


def _relationships(host: HostState, refs: _Refs) -> Iterator[Relationship]:
    for held in host.records:
        if isinstance(held.record, Relationship) and held.is_active:
            ref, link = refs.of(held), held.record
            yield attrs.evolve(
                link, student_id=ref(link.student_id), contact_id=ref(link.contact_id)
            )


def _demographics(host: HostState, refs: _Refs) -> Iterator[Demographics]:
    for held in host.records:
        if isinstance(held.record, Demographics) and held.is_active:
            ref = refs.of(held)
            yield attrs.evolve(held.record, sourced_id=ref(held.record.sourced_id))
