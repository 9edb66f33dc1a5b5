"""What a host keeps between two syncs of one source, and what came of the second."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import attrs

from edlink.coverage import Coverage, CoverageEntry, Issue, RosterWarning, Scope, Source, Tombstone
from edlink.errors import ConfigError
from edlink.model import KIND_OF, Record
from edlink.references import check_references, forget_references
from edlink.roster import COLLECTIONS, Roster, RosterSource
from edlink.vocabulary import CoverageState, Kind

VERSION = 1


def _texts(values: Mapping[str, str]) -> dict[str, str]:
    return {str(key): str(value) for key, value in values.items()}


def _numbers(values: Mapping[str, int]) -> dict[str, int]:
    return {str(key): int(value) for key, value in values.items()}


@attrs.frozen(kw_only=True)
class SyncState:
    """
    One small JSON value per source that the host keeps.

    Attributes:
        source: Whose state it is; a client refuses another source's.
        cursors: Where the next change pull starts, by collection; from the provider's own data.
        revision: The provider's revision of what the app may see, or None.
        counts: Rows of the last complete pull, by collection.
        complete: Whether the last pull it stands on was complete.
        scope: What that pull was asked for, with each org that it left out among the
            ``exclude_orgs``; a change pull leaves out the same.
    """

    source: Source
    cursors: Mapping[str, str] = attrs.field(factory=dict, converter=_texts)
    revision: str | None = None
    counts: Mapping[str, int] = attrs.field(factory=dict, converter=_numbers)
    complete: bool = False
    scope: Scope = Scope()

    @classmethod
    def after(cls, roster: Roster) -> "SyncState":
        """
        Return the state to keep once a host has applied a whole roster.

        A collection's cursor is the latest ``date_last_modified`` that the provider itself wrote,
        but not later than the pull: one record dated in the future would hide all later changes.
        """
        gone: dict[str, list[Record]] = {}
        for tombstone in roster.tombstones:
            if tombstone.record is not None:
                gone.setdefault(COLLECTIONS[tombstone.kind], []).append(tombstone.record)
        cursors = {}
        for kind, name in COLLECTIONS.items():
            latest = latest_change(
                [*roster.records(kind), *gone.get(name, [])], until=roster.pulled_at
            )
            if latest is not None:
                cursors[name] = latest
        entries = roster.coverage.entries
        complete = all(entry.state is CoverageState.complete for entry in entries)
        return cls(
            source=roster.source,
            cursors=cursors,
            revision=roster.revision,
            counts=roster.counts(),
            complete=complete and bool(entries),
            scope=attrs.evolve(roster.scope, exclude_orgs=_left_out(roster)),
        )

    def reset(self) -> "SyncState":
        """Return the state without its last-sync marks: the next pull is a complete one."""
        return SyncState(source=self.source)

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON-safe values."""
        return {
            "version": VERSION,
            "provider": self.source.provider,
            "tenant": self.source.tenant,
            "cursors": dict(self.cursors),
            "revision": self.revision,
            "counts": dict(self.counts),
            "complete": self.complete,
            "scope": {
                field.name: sorted(map(str, getattr(self.scope, field.name)))
                for field in attrs.fields(Scope)
            },
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SyncState":
        """
        Return the state that ``to_dict`` wrote.

        Raises:
            ConfigError: EDL-CONF-004 for another version or shape.
        """
        try:
            if data["version"] == VERSION:
                return cls(
                    source=Source(str(data["provider"]), str(data["tenant"])),
                    cursors=data["cursors"],
                    revision=data["revision"],
                    counts=data["counts"],
                    complete=bool(data["complete"]),
                    scope=Scope(**data["scope"]),
                )
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
        message = "this is not a sync state of this version"
        raise ConfigError("EDL-CONF-004", message, fix="Start again with a full pull.")


def _left_out(roster: Roster) -> frozenset[str]:
    excluded = (e for e in roster.coverage.entries if e.state is CoverageState.excluded)
    return roster.scope.exclude_orgs | {e.org_id for e in excluded if e.org_id is not None}


def latest_change(records: Iterable[Record], *, until: datetime) -> str | None:
    """Return the latest ``date_last_modified``, or ``until`` if earlier, as ISO 8601 text."""
    moments = [r.date_last_modified for r in records if r.date_last_modified is not None]
    return min(max(moments), until).isoformat() if moments else None


@attrs.frozen(kw_only=True)
class ChangeSet:
    """
    What changed since a state.

    ``changed`` are records as they are now.  ``tombstones`` are records the provider itself says
    are deleted.  ``shows_removals`` is False where the provider never says so: then only a full
    pull can show what is gone.  ``state`` is to be kept only after the host has applied this.
    """

    source: Source
    state: SyncState
    changed: tuple[Record, ...] = attrs.field(default=(), repr=False)
    tombstones: tuple[Tombstone, ...] = ()
    coverage: Coverage = Coverage()
    issues: tuple[Issue, ...] = ()
    warnings: tuple[RosterWarning, ...] = ()
    shows_removals: bool = False


def apply_changes(roster: Roster, changes: ChangeSet, *, pulled_at: datetime) -> Roster:
    """
    Return a roster as it is after what changed since.

    Where the source tells of removals too, the result is as whole as the roster was, but for the
    kinds of which the changes could not be read.  Elsewhere the coverage is empty, so that nobody
    is taken for gone until the next whole pull.  What the roster's warnings distrust stays
    distrusted until then.

    Args:
        roster: What the changes' state began with.
        changes: All that was told since.
        pulled_at: When, in UTC.

    Raises:
        ConfigError: EDL-CONF-103 where the changes are another source's.
    """
    if roster.source != changes.source:
        raise ConfigError("EDL-CONF-103", "these changes belong to another source")
    records: dict[tuple[Kind, str], Record] = {
        (kind, record.sourced_id): record for kind in Kind for record in roster.records(kind)
    }
    for gone in changes.tombstones:
        records.pop((gone.kind, gone.sourced_id), None)
    new = {(KIND_OF[type(record)], record.sourced_id): record for record in changes.changed}
    before = forget_references(roster)
    old_issues = (i for i in before.issues if (i.kind, i.sourced_id) not in new)
    found = Roster.from_records(
        {**records, **new}.values(),
        source=roster.source,
        pulled_at=pulled_at,
        scope=roster.scope,
        coverage=_coverage_after(roster.coverage, changes),
        tombstones=changes.tombstones,
        warnings=(*before.warnings, *changes.warnings),
        issues=(*old_issues, *changes.issues),
    )
    return check_references(found)


def _coverage_after(before: Coverage, changes: ChangeSet) -> Coverage:
    if not changes.shows_removals:
        return Coverage()
    told = changes.coverage.entries
    lacking = {e.kind for e in told if not (_is_complete(e) or e.reason == "changes_only")}
    kept = [entry for entry in before.entries if entry.kind not in lacking]
    return Coverage([*kept, *(entry for entry in told if entry.kind in lacking)])


def _is_complete(entry: CoverageEntry) -> bool:
    return entry.state is CoverageState.complete


@runtime_checkable
class ChangeSource(RosterSource, Protocol):
    """A roster source that can also say what changed since a state; every client here is one."""

    def pull_changes(self, state: SyncState) -> ChangeSet:
        """
        Return what changed since a state, and the state to keep once it is applied.

        Raises:
            ConfigError: EDL-CONF-103 for another source's state.
            FullPullRequired: Where only a whole pull can say.
            EdlinkError: As ``pull_roster``.
        """
