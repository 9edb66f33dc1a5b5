"""
What changed since a state, by ``last_modified_date``.

Veracross filters some lists by that date and offers no filter for parents and staff; it never
shows what is gone.  People, relationships, classes and periods are few: they are read whole and
looked through here, so that a person's roles are known whole.  Only enrollments, by far the
longest list, are filtered there.
"""

from contextlib import suppress
from datetime import UTC, datetime, time, timedelta

import attrs

from edlink.coverage import Coverage, CoverageEntry
from edlink.errors import ConfigError, FullPullRequired
from edlink.model import Record
from edlink.roster import COLLECTIONS
from edlink.state import ChangeSet, SyncState, latest_change
from edlink.veracross.endpoints import ENROLLMENTS, SINCE
from edlink.veracross.pull import Puller
from edlink.veracross.token import PROVIDER
from edlink.vocabulary import CoverageState

#: The filter may know days only, so a whole day before the cursor is read again.
OVERLAP = timedelta(days=1)


def pull_changes(puller: Puller, state: SyncState, *, now: datetime) -> ChangeSet:
    """Return the records that are new or changed since a state, and the state after them."""
    if state.source != puller.source:
        raise ConfigError("EDL-CONF-103", "this state belongs to another source")
    if not state.cursors:
        raise _full_pull_required("this state has no cursors")
    since = {name: _since(cursor) for name, cursor in state.cursors.items()}
    begin = since.get(COLLECTIONS[ENROLLMENTS.kind])
    if begin is not None:
        days = {ENROLLMENTS.name: {SINCE: begin.date().isoformat()}}
        puller = attrs.evolve(puller, filters=days)
    roster = puller.pull(state.scope, pulled_at=now, allow_partial=False, progress=None)
    cursors = dict(state.cursors)
    changed: list[Record] = []
    for kind, name in COLLECTIONS.items():
        found = [r for r in roster.records(kind) if _is_new(r, since.get(name))]
        latest = latest_change(found, until=now)
        if latest is not None:
            cursors[name] = max(cursors.get(name, latest), latest)
        changed += found
    return ChangeSet(
        source=state.source,
        state=attrs.evolve(state, cursors=cursors),
        changed=tuple(changed),
        coverage=Coverage(_said_of_changes(entry) for entry in roster.coverage.entries),
        issues=tuple(i for i in roster.issues if i.reason != "dangling_reference"),
        warnings=tuple(w for w in roster.warnings if w.code not in _NORMAL),
        shows_removals=False,
    )


#: Warnings that say nothing here: a quiet day has no changed enrollments.
_NORMAL = frozenset({"EDL-WARN-001", "EDL-WARN-702"})


def _since(cursor: str) -> datetime:
    """Return the start, in UTC, of the day before a cursor."""
    day = None
    with suppress(ValueError, OverflowError):
        day = (datetime.fromisoformat(cursor).astimezone(UTC) - OVERLAP).date()
    if day is None:
        raise _full_pull_required("a cursor of this state is no time")
    return datetime.combine(day, time(), UTC)


def _full_pull_required(message: str) -> FullPullRequired:
    return FullPullRequired(
        "EDL-PULL-011",
        message,
        provider=PROVIDER,
        endpoint="pull_changes",
        fix="Call pull_roster and keep SyncState.after(roster).",
    )


def _is_new(record: Record, since: datetime | None) -> bool:
    """Return whether a record changed; one that no date is known of may have."""
    moment = record.date_last_modified
    return since is None or moment is None or moment >= since


def _said_of_changes(entry: CoverageEntry) -> CoverageEntry:
    """Return what changes can say of a kind: never that what is absent is gone."""
    if entry.state is not CoverageState.complete and entry.reason != "empty":
        return entry
    return CoverageEntry(
        kind=entry.kind,
        org_id=entry.org_id,
        state=CoverageState.withheld,
        reason="changes_only",
    )
