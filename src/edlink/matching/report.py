"""
What matching decided: records by id, the rule that decided, and what is left to a person.

A report holds ids and names of fields, never a value, so it may be stored, shown and logged.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

import attrs

from edlink.errors import ConfigError
from edlink.matching.linked import Link, Links
from edlink.plain import from_versioned, to_plain

VERSION = 1

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class StoredLink:
    """A pair that the host has decided on before; it outranks every rule."""

    incoming: str
    existing: str


@attrs.frozen(kw_only=True)
class OpenGroup:
    """
    Records that belong together somehow, which only a person can settle.

    Attributes:
        reason: ``shared_key``: several fit one key, or an address is not one person's.
            ``likely``: the address agrees, the given names nearly (a nickname, one of two names):
            one person, or a sibling.  ``id_reused``: one id, two persons.  ``cannot_link``: the
            key agrees, another id forbids it.  ``claimed``: the key's holder is linked with
            another record.  ``linked_twice``: the host's own links name a record twice.
        kind: What all of them are.
        incoming: Sourced ids, sorted.
        existing: Host refs, sorted.
        rules: Names of the rules that brought them together, sorted.
        fields: The key fields that agreed, sorted.
        holders: For ``claimed``, the ids on the other side that hold the key, sorted; they are
            linked elsewhere.
    """

    reason: str
    kind: str
    incoming: tuple[str, ...]
    existing: tuple[str, ...]
    rules: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class NearMiss:
    """
    The nearest candidate of a record that was not linked.

    ``differs`` are the fields that differ, the one to mend first in front; ``weight`` is in bits.
    """

    incoming: str
    existing: str
    kind: str
    weight: float
    differs: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Cause:
    """
    Why many records were not linked, and what would link most of them.

    Attributes:
        code: ``EDL-MATCH-0xx``.
        title: One line with the numbers, such as "84 of 91 differ only in the mail domain".
        field: The field concerned.
        count: Records it explains.
        of: Records that were not linked.
        fix: Name of the setting that mends it, as the host would pass it, or an empty string.
        incoming: Sourced ids it explains, sorted.
    """

    code: str
    title: str
    field: str
    count: int
    of: int
    fix: str = ""
    incoming: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SharedValue:
    """Values of a field that several people of one side share, so that they decided nothing."""

    field: str
    kind: str
    values: int
    largest: int


@attrs.frozen(kw_only=True)
class SameHuman:
    """Two linked or unlinked records of different kinds that may be one person; never a link."""

    incoming: str
    existing: str
    field: str


@attrs.frozen(kw_only=True, repr=False)
class MatchReport:
    """
    Every record of both sides in exactly one place.

    Incoming records are in ``linked``, ``new``, ``ambiguous`` or ``conflicts``; existing ones in
    ``linked``, ``unmatched_existing``, ``ambiguous`` or ``conflicts``.  All are sorted by id.
    ``nearest``, ``causes``, ``shared`` and ``same_human`` explain and suggest; they decide nothing.
    """

    linked: Links = attrs.field(default=Links(), converter=Links)
    new: tuple[str, ...] = ()
    unmatched_existing: tuple[str, ...] = ()
    ambiguous: tuple[OpenGroup, ...] = ()
    conflicts: tuple[OpenGroup, ...] = ()
    nearest: tuple[NearMiss, ...] = ()
    causes: tuple[Cause, ...] = ()
    shared: tuple[SharedValue, ...] = ()
    same_human: tuple[SameHuman, ...] = ()

    def existing_of(self, incoming: str) -> str | None:
        """Return the host ref that an incoming record is linked with, or None."""
        place = self._by_incoming.get(incoming)
        return None if place is None else self.linked.existing[place]

    def link_of(self, incoming: str) -> Link | None:
        """Return the link of an incoming record, or None."""
        place = self._by_incoming.get(incoming)
        return None if place is None else self.linked[place]

    def incoming_of(self, existing: str) -> str | None:
        """Return the sourced id that a host record is linked with, or None."""
        place = self._by_existing.get(existing)
        return None if place is None else self.linked.incoming[place]

    def is_new(self, incoming: str) -> bool:
        """Return whether no rule found a record for an incoming one."""
        return incoming in self._new

    def is_unmatched(self, existing: str) -> bool:
        """Return whether no incoming record fits a host record."""
        return existing in self._unmatched

    def links_with(self, ref: str) -> tuple[Link, ...]:
        """Return the links that name an id, on either side; in a report of matching one or none."""
        places = self._several.get(ref)
        if places is None:
            sides = (self._by_incoming.get(ref), self._by_existing.get(ref))
            places = sorted({place for place in sides if place is not None})
        return tuple(self.linked[place] for place in places)

    def groups_with(self, ref: str) -> tuple[OpenGroup, ...]:
        """Return the open groups that an id is in, on either side."""
        return tuple(self._groups_by_ref.get(ref, ()))

    def nearest_with(self, ref: str) -> tuple[NearMiss, ...]:
        """Return the nearest candidates of an id, on either side."""
        return tuple(self._nearest_by_ref.get(ref, ()))

    def stored_links(self) -> tuple[StoredLink, ...]:
        """Return the links as a host keeps them for the next run."""
        pairs = zip(self.linked.incoming, self.linked.existing, strict=True)
        return tuple(StoredLink(incoming=i, existing=j) for i, j in pairs)

    def counts(self) -> dict[str, int]:
        """Return the number of records in each place, and of links by rule."""
        groups = {"ambiguous": self.ambiguous, "conflict": self.conflicts}
        found = {
            "linked": len(self.linked),
            "new": len(self.new),
            "unmatched_existing": len(self.unmatched_existing),
        }
        for name, held in groups.items():
            found[f"{name}_incoming"] = sum(len(group.incoming) for group in held)
            found[f"{name}_existing"] = sum(len(group.existing) for group in held)
        rules = Counter(basis.rule for basis in self.linked.bases)
        return found | {f"linked_by_{rule}": rules[rule] for rule in sorted(rules)}

    def groups(self) -> Iterator[OpenGroup]:
        """Yield what is left to a person: conflicts, then ambiguities."""
        yield from self.conflicts
        yield from self.ambiguous

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-safe values."""
        return {"version": VERSION, **to_plain(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "MatchReport":
        """
        Return the report that ``to_dict`` wrote.

        Raises:
            ConfigError: EDL-CONF-080 for another version or shape.
        """
        found = from_versioned(cls, data, VERSION)
        if found is not None:
            return found
        message = "this is not a match report of this version"
        raise ConfigError("EDL-CONF-080", message, fix="Match again with this version of edlink.")

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}={n}" for name, n in self.counts().items() if n)
        return f"MatchReport({counts or 'empty'})"

    @cached_property
    def _by_incoming(self) -> dict[str, int]:
        return {ref: place for place, ref in enumerate(self.linked.incoming)}

    @cached_property
    def _by_existing(self) -> dict[str, int]:
        return {ref: place for place, ref in enumerate(self.linked.existing)}

    @cached_property
    def _several(self) -> dict[str, list[int]]:
        """Where the links are that share an id on one side; matching itself makes none."""
        sides = (self.linked.incoming, self.linked.existing)
        if len(self._by_incoming) == len(self._by_existing) == len(self.linked):
            return {}
        shared = {ref for side in sides for ref, count in Counter(side).items() if count > 1}
        places = range(len(self.linked))
        return _by_ref(places, lambda place: {side[place] for side in sides} & shared)

    @cached_property
    def _groups_by_ref(self) -> dict[str, list[OpenGroup]]:
        return _by_ref(self.groups(), lambda group: {*group.incoming, *group.existing})

    @cached_property
    def _nearest_by_ref(self) -> dict[str, list[NearMiss]]:
        return _by_ref(self.nearest, lambda near: {near.incoming, near.existing})

    @cached_property
    def _new(self) -> frozenset[str]:
        return frozenset(self.new)

    @cached_property
    def _unmatched(self) -> frozenset[str]:
        return frozenset(self.unmatched_existing)


def _by_ref(things: Iterable[T], refs_of: Callable[[T], Iterable[str]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for thing in things:
        for ref in refs_of(thing):
            found.setdefault(ref, []).append(thing)
    return found
