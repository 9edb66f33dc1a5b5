"""What people at the host decided against the source: it survives every sync."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

import attrs

from edlink.errors import ConfigError
from edlink.model import RECORD_TYPES
from edlink.plain import from_plain, is_day, is_version, listed, to_plain
from edlink.vocabulary import Kind

T = TypeVar("T")

VERSION = 1


class OverrideType(StrEnum):
    """
    What a person decided about a record.

    ``hidden``: leave it wholly alone.  ``suppressed``: it was deleted here, do not bring it back.
    ``pinned``: keep its state, neither archive nor restore it.  ``sticky``: leave some fields
    alone.
    """

    hidden = "hidden"
    suppressed = "suppressed"
    pinned = "pinned"
    sticky = "sticky"


def _made(make: Callable[[], T]) -> T:
    """Return what a value becomes; whatever it was given, it raises ConfigError alone."""
    with suppress(TypeError, ValueError):
        return make()
    raise ConfigError("EDL-CONF-095", "an override has an unknown value")


def _type(value: str) -> OverrideType:
    return _made(lambda: OverrideType(value))


def _kind(value: str) -> Kind:
    return _made(lambda: Kind(value))


def _names(values: Iterable[str]) -> frozenset[str]:
    return _made(lambda: frozenset(values))


@attrs.frozen(kw_only=True)
class Override:
    """
    One entry of the ledger.

    Attributes:
        type: What was decided.
        kind: Kind of the record.
        ref: The host's record; stays true when the provider changes its id.
        sourced_id: The provider's record, for one that the host no longer has.
        fields: For ``sticky``, the model fields.
        actor: The host's id of who decided.
        day: When.
        expires: The first day on which it no longer holds, or None.
    """

    type: OverrideType = attrs.field(converter=_type)
    kind: Kind = attrs.field(converter=_kind)
    actor: str
    day: date
    ref: str | None = None
    sourced_id: str | None = None
    fields: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
    expires: date | None = None

    def __attrs_post_init__(self) -> None:
        self._require_values()
        if (self.ref is None) == (self.sourced_id is None):
            raise ConfigError("EDL-CONF-095", "an override names a ref or a sourced id, not both")
        if (self.type is OverrideType.sticky) != bool(self.fields):
            raise ConfigError("EDL-CONF-095", "fields belong to a sticky override, and only there")
        if not self.fields <= attrs.fields_dict(RECORD_TYPES[self.kind]).keys():
            raise ConfigError("EDL-CONF-095", "a sticky override names a field that no record has")

    def _require_values(self) -> None:
        names = [name for name in (self.ref, self.sourced_id) if name is not None]
        if not all(isinstance(text, str) for text in (self.actor, *names)):
            raise ConfigError("EDL-CONF-095", "an override names its record and actor by texts")
        last = self.day if self.expires is None else self.expires
        if not (is_day(self.day) and is_day(last)):
            raise ConfigError("EDL-CONF-095", "the days of an override are dates")
        # One that was taken back on its first day expires on it.
        if last < self.day:
            raise ConfigError("EDL-CONF-095", "an override expires before its first day")

    def holds(self, on: date) -> bool:
        """Return whether it is in force on a day."""
        return self.day <= on and (self.expires is None or on < self.expires)


@attrs.frozen(kw_only=True)
class Effect:
    """All that holds for one record: every override restrains, so several simply add up."""

    types: frozenset[OverrideType] = frozenset()
    fields: frozenset[str] = frozenset()

    @property
    def blocks_all(self) -> str | None:
        """The word for why the record is left wholly alone, or None."""
        if not self.types:
            return None
        for type_ in (OverrideType.suppressed, OverrideType.hidden):
            if type_ in self.types:
                return str(type_)
        return None

    @property
    def is_pinned(self) -> bool:
        """Whether the record is neither archived nor restored."""
        return OverrideType.pinned in self.types

    @property
    def blocks_archiving(self) -> str | None:
        """The word for why the record is neither archived nor restored, or None."""
        return self.blocks_all or (str(OverrideType.pinned) if self.is_pinned else None)


_NOTHING = Effect()


def _entries(values: Iterable[Override]) -> tuple[Override, ...]:
    entries = _made(lambda: tuple(values))
    if all(isinstance(entry, Override) for entry in entries):
        return entries
    raise ConfigError("EDL-CONF-095", "a ledger of overrides holds overrides alone")


@attrs.frozen
class Overrides:
    """The ledger of overrides; a host keeps it and adds to it."""

    entries: tuple[Override, ...] = attrs.field(default=(), converter=_entries)

    def effect(
        self, kind: Kind, *, on: date, ref: str | None = None, ids: Iterable[str] = ()
    ) -> Effect:
        """Return what holds on a day for a record, under its ref or any of its provider ids."""
        if not self.entries:
            return _NOTHING
        found = list(self._by_ref.get((kind, ref), ())) if ref is not None else []
        for sourced_id in ids:
            found += self._by_id.get((kind, sourced_id), ())
        holding = [entry for entry in found if entry.holds(on)]
        return Effect(
            types=frozenset(entry.type for entry in holding),
            fields=frozenset(name for entry in holding for name in entry.fields),
        )

    def overlaps(self, on: date) -> tuple[tuple[Override, ...], ...]:
        """
        Return the records on which several overrides hold, as groups for a person to tidy.

        A ref and a sourced id that are one text are taken for one record's: each of the host's own
        has its ref as sourced id.
        """
        entries = (entry for entry in self.entries if entry.holds(on))
        groups = _grouped((e.kind, e.sourced_id if e.ref is None else e.ref, e) for e in entries)
        return tuple(tuple(groups[key]) for key in sorted(groups) if len(groups[key]) > 1)

    def to_dict(self) -> dict[str, Any]:
        """Return the ledger as JSON-safe values."""
        return {"version": VERSION, **to_plain(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Overrides":
        """
        Return the ledger that ``to_dict`` wrote.

        Raises:
            ConfigError: EDL-CONF-095 for another version or shape.
        """
        try:
            if is_version(data["version"], VERSION):
                return cls([from_plain(Override, item) for item in listed(data.get("entries", []))])
        except ConfigError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
        raise ConfigError("EDL-CONF-095", "this is not an overrides ledger of this version")

    @cached_property
    def _by_ref(self) -> dict[tuple[Kind, str], list[Override]]:
        return _grouped((entry.kind, entry.ref, entry) for entry in self.entries)

    @cached_property
    def _by_id(self) -> dict[tuple[Kind, str], list[Override]]:
        return _grouped((entry.kind, entry.sourced_id, entry) for entry in self.entries)


def _grouped(
    keyed: Iterator[tuple[Kind, str | None, Override]],
) -> dict[tuple[Kind, str], list[Override]]:
    found: dict[tuple[Kind, str], list[Override]] = {}
    for kind, key, entry in keyed:
        if key is not None:
            found.setdefault((kind, key), []).append(entry)
    return found
