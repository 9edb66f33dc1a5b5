"""What a host has: its records in the model's words, and what it remembers of the last sync."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any

import attrs

from edlink.coverage import Source
from edlink.errors import ConfigError
from edlink.model import KIND_OF, Record
from edlink.plain import from_versioned, to_plain
from edlink.vocabulary import Kind

VERSION = 1


@attrs.frozen(kw_only=True)
class HostRecord:
    """
    One record of the host.

    A managed record holds what its source sent: its sourced id, and foreign keys in sourced ids.
    A record of the host's own has its ref as sourced id, and foreign keys in refs.  The sourced id
    of demographics is such a key: it names their person.

    Attributes:
        ref: The host's own id, unique within a kind.
        record: The fields, as the host shows them.
        source: Who manages it; None for a record of the host's own.
        archived_on: Since when it is archived, or None.
        archive_reason: Why, as a fixed word.
        missing_since: The first day on which the source no longer had it.
        merged_into: The ref of the record that took its place.
    """

    ref: str
    record: Record = attrs.field(repr=False)
    source: Source | None = None
    archived_on: date | None = None
    archive_reason: str | None = None
    missing_since: date | None = None
    merged_into: str | None = None

    @property
    def kind(self) -> Kind:
        """What it is."""
        return KIND_OF[type(self.record)]

    @property
    def sourced_id(self) -> str:
        """The id its source knows it by, or its ref."""
        return self.record.sourced_id

    @property
    def is_active(self) -> bool:
        """Whether it is not archived."""
        return self.archived_on is None


@attrs.frozen(kw_only=True)
class Absence:
    """How long a record has been missing: since which day, in how many complete pulls."""

    kind: Kind
    sourced_id: str
    since: date
    runs: int = 1


@attrs.frozen(kw_only=True)
class Hold:
    """
    A limit that a plan exceeds, with the numbers.

    Attributes:
        code: ``EDL-SYNC-01x``.
        reason: ``removed_percent``, ``removed_cap``, ``changed_percent``, ``fall_to_zero`` or
            ``class_loss``.
        kind: What would go.
        org_id: The school, or None for all.
        count: How many would go or change.
        of: How many active managed records there are.
        limit: The limit, in percent or (``removed_cap``) records.
        removed: How many would go.
    """

    code: str
    reason: str
    kind: Kind
    org_id: str | None = None
    count: int = 0
    of: int = 0
    limit: int = 0
    removed: int = 0


@attrs.frozen(kw_only=True)
class TypedFields:
    """Fields of an adopted record that people typed and its source has never sent."""

    kind: Kind
    ref: str
    names: tuple[str, ...]


@attrs.frozen(kw_only=True)
class SyncMemory:
    """
    One small JSON value per source that the host keeps between two plans.

    Attributes:
        source: Whose memory it is.
        revision: How many plans were applied; a plan is only for the revision it was made from.
        last_applied: When the pull behind the last plan was made, in UTC.
        absences: Managed records that the last pulls did not have, sorted.
        holds: Limits that the last plan exceeded; they hold until approved, or until fewer are
            missing, so that changes made meanwhile do not let a held removal slip through.
        typed: What people typed into records that were adopted later, which an empty value of the
            source does not clear, sorted.
    """

    source: Source
    revision: int = 0
    last_applied: datetime | None = None
    absences: tuple[Absence, ...] = ()
    holds: tuple[Hold, ...] = ()
    typed: tuple[TypedFields, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the memory as JSON-safe values."""
        return {"version": VERSION, **to_plain(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SyncMemory":
        """
        Return the memory that ``to_dict`` wrote.

        Raises:
            ConfigError: EDL-CONF-096 for another version or shape.
        """
        found = from_versioned(cls, data, VERSION)
        if found is not None:
            return found
        raise ConfigError("EDL-CONF-096", "this is not a sync memory of this version")


def _records(values: Iterable[HostRecord]) -> tuple[HostRecord, ...]:
    return tuple(values)


@attrs.frozen(kw_only=True, repr=False)
class HostState:
    """
    The host's records, archived ones included, and its memory of one source.

    Raises:
        ConfigError: EDL-SYNC-001 when two records of a kind have one ref, or two managed ones of
            one source have one sourced id.
    """

    memory: SyncMemory
    records: tuple[HostRecord, ...] = attrs.field(default=(), converter=_records)

    def __attrs_post_init__(self) -> None:
        refs = sum(len(found) for found in self._by_ref.values())
        ids = sum(len(found) for found in self._managed.values())
        managed = sum(record.source is not None for record in self.records)
        if refs != len(self.records) or ids != managed:
            message = "two host records have one ref, or one sourced id at one source"
            raise ConfigError("EDL-SYNC-001", message, fix="Merge them, then plan again.")

    def get(self, kind: Kind, ref: str) -> HostRecord | None:
        """Return the record of a kind with a ref, or None."""
        return self._by_ref.get(kind, {}).get(ref)

    def managed(self, kind: Kind, source: Source | None = None) -> Mapping[str, HostRecord]:
        """Return the records of a kind that a source (the memory's) manages, by sourced id."""
        return self._managed.get((source or self.memory.source, kind), {})

    def unmanaged(self, kind: Kind) -> tuple[HostRecord, ...]:
        """Return the host's own records of a kind, by ref."""
        found = [r for r in self._by_ref.get(kind, {}).values() if r.source is None]
        return tuple(sorted(found, key=lambda record: record.ref))

    def counts(self) -> dict[str, int]:
        """Return the number of managed, own and archived records."""
        managed = sum(record.source is not None for record in self.records)
        archived = sum(not record.is_active for record in self.records)
        return {"managed": managed, "own": len(self.records) - managed, "archived": archived}

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}={n}" for name, n in self.counts().items() if n)
        return f"HostState({self.memory.source}, {counts or 'empty'})"

    @cached_property
    def _by_ref(self) -> dict[Kind, dict[str, HostRecord]]:
        found: dict[Kind, dict[str, HostRecord]] = {}
        for record in self.records:
            found.setdefault(record.kind, {})[record.ref] = record
        return found

    @cached_property
    def _managed(self) -> dict[tuple[Source, Kind], dict[str, HostRecord]]:
        found: dict[tuple[Source, Kind], dict[str, HostRecord]] = {}
        for record in self.records:
            if record.source is not None:
                found.setdefault((record.source, record.kind), {})[record.sourced_id] = record
        return found
