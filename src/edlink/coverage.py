"""What was asked of a source, and what can be said of what did not come."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import attrs

from edlink.errors import ConfigError
from edlink.vocabulary import CoverageState, Kind, Role, Severity


@attrs.frozen
class Source:
    """
    Where records come from: a provider and the tenant (district) at it.

    Two sources with different tenants share no ids, whatever the ids look like.
    """

    provider: str
    tenant: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.tenant}"


def _ids(values: Iterable[str]) -> frozenset[str]:
    if isinstance(values, str):
        raise ConfigError("EDL-CONF-002", "a scope takes a set of org ids, not one string")
    return frozenset(values)


def _kinds(values: Iterable[Kind]) -> frozenset[Kind]:
    return frozenset(Kind(value) for value in values)


@attrs.frozen(kw_only=True)
class Scope:
    """
    What a pull is asked for.  What it leaves out is ``excluded``, never removed.

    Attributes:
        include_orgs: Sourced ids of the schools wanted; empty means all.
        exclude_orgs: Sourced ids of schools left out.
        exclude_kinds: Kinds not to ask for, such as ``Kind.demographics``.
    """

    include_orgs: frozenset[str] = attrs.field(default=frozenset(), converter=_ids)
    exclude_orgs: frozenset[str] = attrs.field(default=frozenset(), converter=_ids)
    exclude_kinds: frozenset[Kind] = attrs.field(default=frozenset(), converter=_kinds)

    def __attrs_post_init__(self) -> None:
        if self.include_orgs & self.exclude_orgs:
            raise ConfigError("EDL-CONF-003", "a scope includes and excludes the same org")

    def wants_org(self, org_id: str) -> bool:
        """Return whether an org is inside the scope."""
        if org_id in self.exclude_orgs:
            return False
        return not self.include_orgs or org_id in self.include_orgs

    def wants_kind(self, kind: Kind) -> bool:
        """Return whether a kind is inside the scope."""
        return kind not in self.exclude_kinds

    @property
    def narrows_orgs(self) -> bool:
        """Whether the scope leaves any org out."""
        return bool(self.include_orgs or self.exclude_orgs)


#: What is known of a list or a kind, and a stable code for why that is not all of it.
State = tuple[CoverageState, str | None]

COMPLETE: State = (CoverageState.complete, None)
EXCLUDED: State = (CoverageState.excluded, "scope")

_GRAVITY = (CoverageState.complete, CoverageState.withheld, CoverageState.failed)


def worst(states: Iterable[State]) -> State:
    """
    Return the gravest of what is known of some lists, of several such the first.

    What stands on no list at all is complete; what was not asked for is no state of a list.
    """
    return max(states, key=lambda state: _GRAVITY.index(state[0]), default=COMPLETE)


@attrs.frozen(kw_only=True)
class CoverageEntry:
    """
    What is known of one kind, in one org or (``org_id`` None) in all not named otherwise.

    ``role`` is given where people in one role are known otherwise than the rest of them,
    ``class_id`` where the members of one class are, ``user_id`` where the links, enrollments or
    demographics of one person are.
    ``reason`` is a stable code for anything but ``complete``.  ``received`` counts rows,
    ``reported`` is the provider's own total where it gave one.
    """

    kind: Kind
    org_id: str | None = None
    state: CoverageState = CoverageState.complete
    reason: str | None = None
    received: int | None = None
    reported: int | None = None
    role: Role | None = None
    class_id: str | None = None
    user_id: str | None = None

    @classmethod
    def of(cls, kind: Kind, state: State, **more: Any) -> "CoverageEntry":  # noqa: ANN401 - its fields
        """Return that so much is known of a kind; further fields say where, and of how many."""
        return cls(kind=kind, state=state[0], reason=state[1], **more)

    @property
    def is_of_place(self) -> bool:
        """Whether this is said of an org or of all of them, not of one class or person."""
        return self.class_id is None and self.user_id is None


def _entries(values: Iterable[CoverageEntry]) -> tuple[CoverageEntry, ...]:
    return tuple(values)


@attrs.frozen
class Coverage:
    """What a pull can say of each kind in each org; a kind it does not mention is withheld."""

    entries: tuple[CoverageEntry, ...] = attrs.field(default=(), converter=_entries)

    def entry(
        self, kind: Kind, org_id: str | None = None, role: Role | None = None
    ) -> CoverageEntry | None:
        """
        Return the most exact entry for a kind, or None where the kind is not mentioned.

        What is said of an org goes before what is said of people in a role anywhere.
        """
        places = ((org_id, role), (org_id, None), (None, role), (None, None))
        found = (self._by_place.get((kind, *place)) for place in places)
        return next((entry for entry in found if entry is not None), None)

    @cached_property
    def _by_place(self) -> Mapping[tuple[Kind, str | None, Role | None], CoverageEntry]:
        """Of several entries for one place the first counts."""
        found = (entry for entry in reversed(self.entries) if entry.is_of_place)
        return {(e.kind, e.org_id, e.role): e for e in found}

    @cached_property
    def untold_classes(self) -> frozenset[str]:
        """The classes whose members are not all known, whatever is known of their schools."""
        found = (e for e in self.entries if e.state is not CoverageState.complete)
        return frozenset(entry.class_id for entry in found if entry.class_id is not None)

    @cached_property
    def untold_people(self) -> frozenset[tuple[Kind, str]]:
        """The people whose links, enrollments or demographics (the kind) are not all known."""
        found = (e for e in self.entries if e.state is not CoverageState.complete)
        return frozenset((e.kind, e.user_id) for e in found if e.user_id is not None)

    def state(
        self, kind: Kind, org_id: str | None = None, role: Role | None = None
    ) -> CoverageState:
        """Return what is known of a kind in an org (None: everywhere not named otherwise)."""
        entry = self.entry(kind, org_id, role)
        return CoverageState.withheld if entry is None else entry.state

    def is_complete(self, kind: Kind, org_id: str | None = None, role: Role | None = None) -> bool:
        """Return whether absence of a record of this kind in this org means it is gone."""
        return self.state(kind, org_id, role) is CoverageState.complete

    def summary(self) -> Mapping[str, Any]:
        """Return the state of each kind as text, and how many orgs, classes and so on differ."""
        found: dict[str, str] = {}
        for kind in Kind:
            states = [e for e in self.entries if e.kind is kind]
            if states:
                general = self.state(kind)
                other = [e for e in states if e.state is not general]
                orgs = len({e.org_id for e in other} - {None})
                roles = [f"{e.role} {e.state}" for e in other if e.role and e.org_id is None]
                classes = len({e.class_id for e in other} - {None})
                people = len({e.user_id for e in other} - {None})
                counts = ((orgs, "orgs"), (classes, "classes"), (people, "people"))
                places = (f"{number} {word} differ" for number, word in counts if number)
                found[str(kind)] = ", ".join([str(general), *places, *roles])
        return found


@attrs.frozen(kw_only=True)
class Issue:
    """
    A record, or part of one, that was set aside: which and why, never its values.

    ``reason`` is a stable word.  ``fields`` are names as the provider writes them.  ``position`` is
    the row's place in its collection, from 0.  ``set_aside`` is False where the record was kept
    and only the named fields could not be read.
    """

    kind: Kind
    reason: str
    sourced_id: str | None = None
    fields: tuple[str, ...] = ()
    position: int | None = None
    set_aside: bool = True


@attrs.frozen(kw_only=True)
class RosterWarning:
    """
    Something about a whole pull that a host must know before it acts on it.

    ``ids`` are a few sourced ids as examples.  ``distrusts`` names the model fields that must not
    be used for matching, such as ``given_name`` when names are masked.
    """

    code: str
    message: str
    kind: Kind | None = None
    count: int = 0
    ids: tuple[str, ...] = ()
    distrusts: frozenset[str] = frozenset()
    severity: Severity = Severity.warning


@attrs.frozen(kw_only=True)
class Tombstone:
    """A record that the provider itself marked deleted, or reported as deleted by id alone."""

    kind: Kind
    sourced_id: str
    record: Any = attrs.field(default=None, repr=False)
