"""A host's people and kept links as matching takes them, in the host's own refs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import attrs

from edlink.matching.host import HostState
from edlink.matching.owning import as_own
from edlink.matching.people import Person, people_of
from edlink.matching.report import StoredLink
from edlink.roster import Roster
from edlink.vocabulary import Kind

#: A roster needs a moment; people have none.
_NO_MOMENT = datetime.min.replace(tzinfo=UTC)


def host_people(host: HostState) -> tuple[Person, ...]:
    """
    Return the host's active people, its own and the source's, with refs in place of sourced ids.

    What is linked to whom, and birth dates, come from the host's own relationships and
    demographics as well as the source's.  People of another source are among them, without its ids:
    one id may be two people's at two sources.
    """
    ids = {held.ref: (i,) for i, held in host.managed(Kind.user).items()}
    people = people_of(
        Roster(
            source=host.memory.source,
            pulled_at=_NO_MOMENT,
            users=tuple(_active(host, Kind.user)),
            relationships=tuple(_active(host, Kind.relationship)),
            demographics=tuple(_active(host, Kind.demographics)),
        )
    )
    return tuple(attrs.evolve(person, provider_ids=ids.get(person.ref, ())) for person in people)


def host_links(host: HostState, kind: Kind) -> tuple[StoredLink, ...]:
    """Return the pairs of a kind that the host has: each managed record and its ref."""
    managed = host.managed(kind)
    return tuple(
        StoredLink(incoming=i, existing=held.ref)
        for i, held in sorted(managed.items())
        if held.is_active
    )


def _active(host: HostState, kind: Kind) -> Iterator[Any]:
    """Yield the active records of a kind, named by refs."""
    active = (held for held in host.records if held.kind is kind and held.is_active)
    return (as_own(host, held) for held in active)
