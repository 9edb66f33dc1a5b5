"""
What changed since a state, by ``dateLastModified``.

A delta never shows what is gone, and a server may ignore the filter or misread it (oneroster
reference, filter portability): rows older than the cursor are dropped here and said.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from edlink.coverage import Coverage, CoverageEntry, Issue, RosterWarning, Tombstone
from edlink.errors import AuthError, ConfigError, FullPullRequired, NotFoundError
from edlink.model import Record
from edlink.oneroster.endpoints import ENVELOPES, Query
from edlink.oneroster.pull import refuse_many_issues
from edlink.oneroster.values import read_datetime
from edlink.readers import UnreadableError
from edlink.roster import COLLECTIONS
from edlink.scoping import leave_out
from edlink.state import ChangeSet, SyncState, latest_change
from edlink.vocabulary import CoverageState, Kind, Status

if TYPE_CHECKING:
    from edlink.oneroster.client import OneRosterClient

#: Asked for again at each delta, since a server's clock and its commits are not in step.
OVERLAP = timedelta(minutes=5)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.define
class _Found:
    changed: list[Record] = attrs.field(factory=list, repr=False)
    tombstones: list[Tombstone] = attrs.field(factory=list)
    entries: list[CoverageEntry] = attrs.field(factory=list)
    issues: list[Issue] = attrs.field(factory=list)
    warnings: list[RosterWarning] = attrs.field(factory=list)
    cursors: dict[str, str] = attrs.field(factory=dict)


def pull_changes(client: "OneRosterClient", state: SyncState) -> ChangeSet:
    """Return the records that are new or changed since a state, and the state after them."""
    if state.source != client.source:
        raise ConfigError("EDL-CONF-103", "this state belongs to another source")
    if not state.cursors:
        raise _full_pull_required(client, "this state has no cursors")
    until = client.now()
    found = _Found(cursors=dict(state.cursors))
    for kind in ENVELOPES:
        if COLLECTIONS[kind] in state.cursors:
            _collect(client, kind, found, until)
        else:
            without = CoverageState.withheld
            found.entries.append(CoverageEntry(kind=kind, state=without, reason="no_cursor"))
    changed, tombstones = leave_out(state.scope, found.changed, found.tombstones)
    # Family links need both people's roles, and a delta may hold one of them.
    found.entries.append(
        CoverageEntry(
            kind=Kind.relationship, state=CoverageState.withheld, reason="needs_full_pull"
        )
    )
    return ChangeSet(
        source=client.source,
        state=attrs.evolve(state, cursors=found.cursors),
        changed=changed,
        tombstones=tombstones,
        coverage=Coverage(found.entries),
        issues=tuple(found.issues),
        warnings=tuple(found.warnings),
        shows_removals=False,
    )


def _full_pull_required(client: "OneRosterClient", message: str) -> FullPullRequired:
    return FullPullRequired(
        "EDL-PULL-011",
        message,
        provider=client.server.name,
        endpoint="pull_changes",
        fix="Call pull_roster and keep SyncState.after(roster).",
    )


def _since(client: "OneRosterClient", cursor: str) -> datetime:
    """Return the instant to ask from; servers that know no date write one long before 1970."""
    try:
        moment = read_datetime(cursor)
    except UnreadableError:
        moment = None
    if moment is None:
        raise _full_pull_required(client, "a cursor of this state is no time")
    return max(moment, _EPOCH) - OVERLAP


def _collect(client: "OneRosterClient", kind: Kind, found: _Found, until: datetime) -> None:
    since = _since(client, found.cursors[COLLECTIONS[kind]])
    try:
        records = list(_changed(client, kind, since, found))
    except (AuthError, NotFoundError) as error:
        if kind is not Kind.demographics:
            raise
        state = CoverageState.withheld
        found.entries.append(CoverageEntry(kind=kind, state=state, reason=error.code))
        return
    for record in records:
        if record.status is Status.deleted:
            gone = Tombstone(kind=kind, sourced_id=record.sourced_id, record=record)
            found.tombstones.append(gone)
        else:
            found.changed.append(record)
    # "Complete" would say that what is absent is gone; a delta cannot know that.
    found.entries.append(
        CoverageEntry(
            kind=kind,
            state=CoverageState.withheld,
            reason="changes_only",
            received=len(records),
        )
    )
    latest = latest_change(records, until=until)
    if latest is not None:
        found.cursors[COLLECTIONS[kind]] = max(found.cursors[COLLECTIONS[kind]], latest)


def _changed(
    client: "OneRosterClient", kind: Kind, since: datetime, found: _Found
) -> Iterator[Record]:
    """Yield records changed since an instant, each once, the last of its id."""
    stamp = since.strftime("%Y-%m-%dT%H:%M:%S.") + f"{since.microsecond // 1000:03}Z"
    query = Query(filter=f"dateLastModified>'{stamp}'")
    older = 0
    received = 0
    issues: list[Issue] = []
    records: dict[str, Record] = {}
    for batch in client.walk(kind, f"/{ENVELOPES[kind][0]}", (), query):
        received += batch.page.received
        issues += batch.page.issues
        for record in batch.page.rows:
            if record.date_last_modified is not None and record.date_last_modified < since:
                older += 1
            else:
                records[record.sourced_id] = record
    refuse_many_issues(client, kind, issues, received)
    found.issues += issues
    if older:
        found.warnings.append(
            RosterWarning(
                code="EDL-WARN-104",
                message="the server ignores the filter by dateLastModified",
                kind=kind,
                count=older,
            )
        )
    yield from records.values()
