"""
What matching decided: records by id, the rule that decided, and what is left to a person.

A report holds ids and names of fields, never a value, so it may be stored, shown and logged.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import attrs

from edlink.errors import ConfigError
from edlink.plain import from_versioned, to_plain

VERSION = 1


@attrs.frozen(kw_only=True)
class StoredLink:
    """A pair that the host has decided on before; it outranks every rule."""

    incoming: str
    existing: str


@attrs.frozen(kw_only=True)
class Evidence:
    """
    How one field of a pair compares.

    ``agreement`` is a word such as ``equal``, ``nickname`` or ``differs``; ``weight`` is in bits
    (0 for rules that do not weigh).
    """

    field: str
    agreement: str
    weight: float = 0.0


@attrs.frozen(kw_only=True)
class Link:
    """
    A pair decided on.

    Attributes:
        incoming: Sourced id of the record that came.
        existing: The host's ref.
        kind: What both are: ``student``, ``staff``, ``guardian``, ``org``, ``class``.
        rule: Name of the rule that decided; ``stored_link`` for one the host had.
        field: The key field that agreed, or None for a stored link.
        evidence: How the fields that the rule looked at compare.
        drift: For a stored link, the fields by which the two now differ.
        rekeys: The sourced id that the host has for it and that did not come, or None.
    """

    incoming: str
    existing: str
    kind: str
    rule: str
    field: str | None = None
    evidence: tuple[Evidence, ...] = ()
    drift: tuple[str, ...] = ()
    rekeys: str | None = None


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

    linked: tuple[Link, ...] = ()
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
        link = self._by_incoming.get(incoming)
        return None if link is None else link.existing

    def link_of(self, incoming: str) -> Link | None:
        """Return the link of an incoming record, or None."""
        return self._by_incoming.get(incoming)

    def incoming_of(self, existing: str) -> str | None:
        """Return the sourced id that a host record is linked with, or None."""
        link = self._by_existing.get(existing)
        return None if link is None else link.incoming

    def stored_links(self) -> tuple[StoredLink, ...]:
        """Return the links as a host keeps them for the next run."""
        return tuple(StoredLink(incoming=i.incoming, existing=i.existing) for i in self.linked)

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
        rules: dict[str, int] = {}
        for link in self.linked:
            rules[link.rule] = rules.get(link.rule, 0) + 1
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
    def _by_incoming(self) -> dict[str, Link]:
        return {link.incoming: link for link in self.linked}

    @cached_property
    def _by_existing(self) -> dict[str, Link]:
        return {link.existing: link for link in self.linked}
