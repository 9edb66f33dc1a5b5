"""Ids under which a roster has somebody else than the host: another child behind an old id."""

from collections.abc import Callable
from typing import cast

import attrs

from edlink.matching.host import HostRecord, HostState
from edlink.matching.people import empty_like, people_of
from edlink.matching.reading import Reader
from edlink.matching.rules import MatchRules
from edlink.matching.vetoes import is_replaced
from edlink.model import Demographics, User
from edlink.roster import Roster
from edlink.vocabulary import Kind

_READER = Reader(MatchRules())

#: Turns an incoming user id into the ref that a report links it with, or None.
FindRef = Callable[[str], str | None]


def reused_ids(host: HostState, incoming: Roster, find_ref: FindRef) -> frozenset[str]:
    """
    Return the ids of incoming users who contradict the person that the host has for them.

    Archived records count too: an id may be given away years after its owner left.

    Args:
        host: The host's records.
        incoming: The pull; fields that it distrusts contradict nobody.
        find_ref: What a match report says of users whom the host does not manage under their id.
    """
    managed = host.managed(Kind.user)
    own_dates = _own_dates(host)
    before: list[User] = []
    after: list[User] = []
    dates: list[Demographics] = []
    for user in incoming.users:
        held = managed.get(user.sourced_id) or host.get(Kind.user, find_ref(user.sourced_id) or "")
        if held is None:
            continue
        old = cast("User", held.record)
        # Nobody is contradicted who kept the given name; nearly all do.
        if old.given_name == user.given_name:
            continue
        before.append(attrs.evolve(old, sourced_id=user.sourced_id))
        after.append(user)
        if held.source is None:
            found = own_dates.get(held.ref)
        else:
            found = host.managed(Kind.demographics, held.source).get(held.sourced_id)
        dates += _birth_date(found, user.sourced_id)
    now = (incoming.demographics_of(user.sourced_id) for user in after)
    nobody = empty_like(incoming)
    theirs = attrs.evolve(nobody, users=tuple(after), demographics=tuple(filter(None, now)))
    ours = attrs.evolve(nobody, users=tuple(before), demographics=tuple(dates))
    pairs = zip(people_of(ours), people_of(theirs), strict=True)
    return frozenset(b.ref for a, b in pairs if is_replaced(_READER, b, a))


def _own_dates(host: HostState) -> dict[str, HostRecord]:
    """Return the host's own demographics by their person's ref; active before archived ones."""
    own = sorted(host.unmanaged(Kind.demographics), key=lambda held: held.is_active)
    return {held.sourced_id: held for held in own}


def _birth_date(found: HostRecord | None, sourced_id: str) -> list[Demographics]:
    """Return what the host has of a person's birth date, under another id."""
    if found is None:
        return []
    return [attrs.evolve(cast("Demographics", found.record), sourced_id=sourced_id)]
