"""A data set as one roster, or as what changed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import attrs

from edlink.coverage import (
    EXCLUDED,
    Coverage,
    CoverageEntry,
    Issue,
    Scope,
    Source,
    Tombstone,
)
from edlink.errors import ProviderError
from edlink.oneroster.convert import to_relationships
from edlink.oneroster.csv.convert import TREES, with_children
from edlink.oneroster.csv.dataset import DataSet
from edlink.oneroster.csv.faults import refused, short
from edlink.oneroster.csv.layout import FILES
from edlink.oneroster.csv.manifest import Mode
from edlink.oneroster.csv.notices import notices
from edlink.oneroster.csv.walk import Notes
from edlink.oneroster.masking import find_masking
from edlink.references import check_references
from edlink.roster import COLLECTIONS, Progress, Roster
from edlink.scoping import apply_scope
from edlink.state import ChangeSet, SyncState
from edlink.vocabulary import CoverageState, Kind, Status

_EVERY = 1_000

#: Every district has these.
NEVER_EMPTY = (Kind.org, Kind.user)


@attrs.define
class Found:
    """What a pull has gathered so far."""

    records: dict[Kind, list[Any]] = attrs.field(factory=lambda: {kind: [] for kind in FILES})
    tombstones: list[Tombstone] = attrs.field(factory=list)
    issues: list[Issue] = attrs.field(factory=list)
    received: dict[Kind, int] = attrs.field(factory=dict)
    entries: dict[Kind, CoverageEntry] = attrs.field(factory=dict)
    notes: Notes = attrs.field(
        default=attrs.Factory(
            lambda self: Notes(on_issue=self.issues.append, seen={}), takes_self=True
        )
    )

    def put(self, kind: Kind, state: CoverageState, reason: str | None = None) -> None:
        """Set what can be said of a kind."""
        received = self.received.get(kind)
        self.entries[kind] = CoverageEntry(kind=kind, state=state, reason=reason, received=received)

    def put_whole(self, kind: Kind) -> None:
        """
        Set what can be said of a kind whose bulk file was read.

        A file without a record is how an export without permission looks, and a row without an id
        might have been any record: neither shows that a record is gone.
        """
        if not self.records[kind]:
            self.put(kind, CoverageState.withheld, "empty")
        elif any(i.kind is kind and i.set_aside and i.sourced_id is None for i in self.issues):
            self.put(kind, CoverageState.failed, "unidentified_rows")
        else:
            self.put(kind, CoverageState.complete)


def to_roster(  # noqa: PLR0913 - the facts of one pull
    data: DataSet,
    *,
    source: Source,
    scope: Scope,
    pulled_at: datetime,
    allow_partial: bool,
    progress: Progress | None,
) -> Roster:
    """
    Return the roster of a data set whose files are bulk.

    Raises:
        PayloadError: EDL-CSV-020 a file holds only changes, and what ``DataSet.records`` raises;
            with ``allow_partial`` the kind's coverage is ``failed`` instead.
        IncompletePullError: EDL-PULL-007 there is not one org or user; not with
            ``allow_partial``.
    """
    found = Found()
    for kind in FILES:
        if not scope.wants_kind(kind):
            found.put(kind, *EXCLUDED)
            continue
        try:
            _take_bulk(data, kind, found, progress)
        except ProviderError as error:
            if not allow_partial:
                raise
            found.records[kind].clear()
            found.received.pop(kind, None)
            found.put(kind, CoverageState.failed, error.code)
    data.package.require_unchanged()
    if not allow_partial:
        _refuse_emptiness(found, scope)
    for kind in TREES:
        found.records[kind] = with_children(found.records[kind])
    users = found.records[Kind.user]
    relationships, entry = _relationships(users, found, scope)
    collections: dict[str, Any] = {COLLECTIONS[k]: tuple(each) for k, each in found.records.items()}
    roster = Roster(
        source=source,
        pulled_at=pulled_at,
        scope=scope,
        coverage=Coverage((*found.entries.values(), entry)),
        **collections,
        relationships=relationships,
        issues=tuple(found.issues),
        tombstones=tuple(found.tombstones),
        warnings=(
            *notices(data, found.notes, found.entries.values()),
            *find_masking(users, is_marked=False),
        ),
    )
    return apply_scope(check_references(roster))


def to_changes(data: DataSet, state: SyncState) -> ChangeSet:
    """
    Return what a data set says has changed, file by file.

    A bulk file's records are all given and its coverage is complete; of a delta file, coverage
    stays ``withheld``, because what it leaves out has not changed.

    Raises:
        ProviderError: What ``DataSet.records`` raises.
    """
    found = Found()
    cursors = dict(state.cursors)
    for kind, name in FILES.items():
        mode = data.mode(name)
        if mode is Mode.absent:
            found.put(kind, CoverageState.withheld, "EDL-CSV-024")
            continue
        latest = _take(data, kind, found, None)
        if latest is not None:
            cursors[COLLECTIONS[kind]] = max(latest, cursors.get(COLLECTIONS[kind], latest))
        if mode is Mode.bulk:
            if kind in TREES:
                found.records[kind] = with_children(found.records[kind])
            found.put_whole(kind)
        else:
            found.put(kind, CoverageState.withheld, "delta")
    data.package.require_unchanged()
    entries = tuple(found.entries.values())
    return ChangeSet(
        source=state.source,
        state=attrs.evolve(state, cursors=cursors),
        changed=tuple(record for records in found.records.values() for record in records),
        tombstones=tuple(found.tombstones),
        coverage=Coverage(entries),
        issues=tuple(found.issues),
        warnings=notices(data, found.notes, entries),
        shows_removals=True,
    )


def _refuse_emptiness(found: Found, scope: Scope) -> None:
    """A package without one org or user is a lost permission that looks like an export."""
    for kind in NEVER_EMPTY:
        if scope.wants_kind(kind) and not found.records[kind]:
            message = f"there is not one record among the {COLLECTIONS[kind]}"
            file = f"{FILES[kind]}.csv"
            raise short("EDL-PULL-007", message, file, fix=f"Ask the district to export {file}.")


def _take_bulk(data: DataSet, kind: Kind, found: Found, progress: Progress | None) -> None:
    mode = data.mode(FILES[kind])
    if mode is Mode.absent:
        found.put(kind, CoverageState.withheld, "EDL-CSV-024")
        return
    if mode is Mode.delta:
        message = "the file holds only changes (delta), a roster needs all records (bulk)"
        fix = "Read it with pull_changes, or ask for a bulk export."
        raise refused("EDL-CSV-020", message, f"{FILES[kind]}.csv", fix=fix)
    _take(data, kind, found, progress)
    found.put_whole(kind)


def _take(data: DataSet, kind: Kind, found: Found, progress: Progress | None) -> str | None:
    """Gather a file's records; return the latest change among them as ISO 8601 text, or None."""
    latest: datetime | None = None
    for record in _told(data.records(kind, found.notes), COLLECTIONS[kind], progress):
        found.received[kind] = found.received.get(kind, 0) + 1
        changed = record.date_last_modified
        if changed is not None and (latest is None or changed > latest):
            latest = changed
        if record.status is Status.deleted:
            tombstone = Tombstone(kind=kind, sourced_id=record.sourced_id, record=record)
            found.tombstones.append(tombstone)
        else:
            found.records[kind].append(record)
    return None if latest is None else latest.isoformat(timespec="microseconds")


def _told(records: Iterator[Any], name: str, progress: Progress | None) -> Iterator[Any]:
    """Yield the records and tell the caller's bar, every thousand and at the end."""
    if progress is None:
        yield from records
        return
    count = 0
    for count, record in enumerate(records, start=1):
        if not count % _EVERY:
            progress(name, count, None)
        yield record
    progress(name, count, count)


def _relationships(
    users: list[Any], found: Found, scope: Scope
) -> tuple[tuple[Any, ...], CoverageEntry]:
    """
    Return the links that users list, and what can be said of those that are not there.

    Where no user lists an agent, the district does not share links: that is not their absence.
    """
    kind, about_users = Kind.relationship, found.entries[Kind.user]
    if not scope.wants_kind(kind):
        return (), CoverageEntry.of(kind, EXCLUDED)
    if about_users.state is not CoverageState.complete:
        return (), CoverageEntry(kind=kind, state=about_users.state, reason="users")
    if not any(user.agent_ids for user in users):
        return (), CoverageEntry(kind=kind, state=CoverageState.withheld, reason="no_links")
    relationships, issues = to_relationships(users)
    found.issues.extend(issues)
    return relationships, CoverageEntry(kind=kind, received=len(relationships))
