"""What differs between two records, and between two rosters, field by field."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from operator import attrgetter
from typing import Any

import attrs

from edlink.model import KIND_OF, RECORD_TYPES, Record
from edlink.plain import from_plain, to_plain
from edlink.roster import COLLECTIONS, Roster
from edlink.vocabulary import Kind


@attrs.frozen(kw_only=True)
class FieldChange:
    """One field before and after, as JSON values; ``repr`` shows its name only."""

    name: str
    before: Any = attrs.field(default=None, repr=False)
    after: Any = attrs.field(default=None, repr=False)

    def inverse(self) -> "FieldChange":
        """Return the change back."""
        return FieldChange(name=self.name, before=self.after, after=self.before)


@cache
def _reader(kind: Kind, ignored: frozenset[str]) -> tuple[tuple[str, ...], Callable[..., Any]]:
    names = tuple(f.name for f in attrs.fields(RECORD_TYPES[kind]) if f.name not in ignored)
    return names, attrgetter(*names)


def changed_fields(
    before: Record, after: Record, *, ignored: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Return the names of the fields in which two records of one kind differ."""
    names, read = _reader(KIND_OF[type(before)], ignored)
    old, new = read(before), read(after)
    if old == new:
        return ()
    return tuple(n for n, was, is_ in zip(names, old, new, strict=True) if was != is_)


def field_changes(before: Record, after: Record, names: Iterable[str]) -> tuple[FieldChange, ...]:
    """Return the named fields of two records as changes."""
    return tuple(
        FieldChange(
            name=name,
            before=to_plain(getattr(before, name)),
            after=to_plain(getattr(after, name)),
        )
        for name in names
    )


def with_fields(record: Record, changes: Iterable[FieldChange]) -> Record:
    """Return a record with the fields as they are after the changes."""
    values = to_plain(record) | {change.name: change.after for change in changes}
    changed: Record = from_plain(type(record), values)
    return changed


@attrs.frozen(kw_only=True)
class RecordUpdate:
    """A record whose fields changed."""

    kind: Kind
    sourced_id: str
    fields: tuple[FieldChange, ...]


@attrs.frozen(kw_only=True, repr=False)
class RosterDiff:
    """
    What turns one roster's records into another's.

    Attributes:
        created: Records that only the second has, by kind and id.
        restored: Those of them that the first lists as deleted.
        updated: Records that both have, with the fields that differ.
        removed: Records that only the first has.
    """

    created: tuple[Record, ...] = ()
    restored: tuple[tuple[Kind, str], ...] = ()
    updated: tuple[RecordUpdate, ...] = ()
    removed: tuple[Record, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the two rosters hold the same records."""
        return not (self.created or self.updated or self.removed)

    def inverse(self) -> "RosterDiff":
        """Return the diff back; what was restored is then only removed."""
        updated = (
            attrs.evolve(update, fields=tuple(change.inverse() for change in update.fields))
            for update in self.updated
        )
        return RosterDiff(created=self.removed, updated=tuple(updated), removed=self.created)

    def __repr__(self) -> str:
        counts = {"created": self.created, "updated": self.updated, "removed": self.removed}
        return f"RosterDiff({', '.join(f'{name}={len(items)}' for name, items in counts.items())})"


def diff_rosters(before: Roster, after: Roster) -> RosterDiff:
    """Return what differs between the records of two rosters, ordered by kind and sourced id."""
    created: list[Record] = []
    removed: list[Record] = []
    restored: list[tuple[Kind, str]] = []
    updated: list[RecordUpdate] = []
    gone = {(tombstone.kind, tombstone.sourced_id) for tombstone in before.tombstones}
    for kind in RECORD_TYPES:
        old, new = _by_id(before, kind), _by_id(after, kind)
        for i in sorted(new.keys() - old.keys()):
            created.append(new[i])
            if (kind, i) in gone:
                restored.append((kind, i))
        removed += [old[i] for i in sorted(old.keys() - new.keys())]
        updated += _updates(kind, old, new)
    return RosterDiff(
        created=tuple(created),
        restored=tuple(restored),
        updated=tuple(updated),
        removed=tuple(removed),
    )


def apply_diff(roster: Roster, diff: RosterDiff) -> Roster:
    """
    Return a roster with a diff's changes, each collection ordered by sourced id.

    Coverage, warnings and all else about the pull stay those of ``roster``.
    """
    found = {kind: dict(_by_id(roster, kind)) for kind in RECORD_TYPES}
    for record in diff.removed:
        del found[KIND_OF[type(record)]][record.sourced_id]
    for record in diff.created:
        found[KIND_OF[type(record)]][record.sourced_id] = record
    for update in diff.updated:
        records = found[update.kind]
        records[update.sourced_id] = with_fields(records[update.sourced_id], update.fields)
    collections: dict[str, Any] = {
        COLLECTIONS[kind]: tuple(records[i] for i in sorted(records))
        for kind, records in found.items()
    }
    return attrs.evolve(roster, **collections)


def _updates(
    kind: Kind, old: Mapping[str, Record], new: Mapping[str, Record]
) -> Iterator[RecordUpdate]:
    changed = (i for i in old.keys() & new.keys() if old[i] != new[i])
    for i in sorted(changed):
        fields = field_changes(old[i], new[i], changed_fields(old[i], new[i]))
        yield RecordUpdate(kind=kind, sourced_id=i, fields=fields)


def _by_id(roster: Roster, kind: Kind) -> dict[str, Record]:
    return {record.sourced_id: record for record in roster.records(kind)}
