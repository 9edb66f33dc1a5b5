"""
Reading Clever's events feed from one state to the next.

Source: dev.clever.com/docs/events-api: events are kept for 30 days, oldest first, and only where
the app has them switched on.
"""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import attrs

from edlink.clever.endpoints import Endpoint
from edlink.clever.events import ChangeLog
from edlink.clever.pages import PROVIDER
from edlink.clever.reading import ConvertSettings
from edlink.clever.values import read_moment
from edlink.clever.versions import Version
from edlink.clever.walk import Walker
from edlink.clever.wire import District
from edlink.coverage import Coverage, CoverageEntry, RosterWarning
from edlink.errors import FullPullRequired, NotFoundError, PermissionDeniedError
from edlink.readers import UnreadableError
from edlink.state import ChangeSet, SyncState
from edlink.vocabulary import CoverageState, Kind

EVENTS = Endpoint(path="/events", template="/events", collection="events")

#: Clever keeps events for 30 days; a day less leaves room for the pull itself.
_KEPT = timedelta(days=29)


def newest_event(walker: Walker) -> str | None:
    """Return the id of the newest event, "" where there is none, None where events are withheld."""
    try:
        return walker.newest(EVENTS).last_id or ""
    except (PermissionDeniedError, NotFoundError):
        return None


def pull_changes(
    walker: Walker,
    version: Version,
    settings: ConvertSettings,
    state: SyncState,
    district: District,
) -> ChangeSet:
    """
    Return what the events behind a state add up to, and the state behind them.

    The state's ``revision`` is the id of the newest event taken in, "" where there was none yet.
    """
    cursor = state.revision
    if cursor is None:
        raise _full_pull_required("this state knows no place in the events feed")
    _require_kept(walker, cursor, state, district)
    log = ChangeLog(version=version, settings=settings)
    for page in walker.pages(EVENTS, after=cursor or None):
        log.issues += page.issues
        for event in page.rows:
            log.add(event)
    last = log.last_id or cursor
    return ChangeSet(
        source=state.source,
        state=attrs.evolve(state, revision=last if log.is_whole else None),
        changed=tuple(log.changed.values()),
        tombstones=log.tombstones(),
        coverage=_coverage(log),
        issues=tuple(log.issues),
        warnings=tuple(_warnings(log, last)),
        shows_removals=True,
    )


def _require_kept(walker: Walker, cursor: str, state: SyncState, district: District) -> None:
    """Raise where events between the state and the feed's oldest may be gone."""
    if cursor:
        path = f"{EVENTS.path}/{quote(cursor, safe='')}"
        kept = walker.has(Endpoint(path=path, template="/events/{id}", collection="events"))
    else:
        newest = max(state.cursors.values(), default=None)
        kept = not _is_longer_than_kept(newest, district.get("last_sync"))
    if not kept:
        raise _full_pull_required("the events behind this state are no longer kept")


def _is_longer_than_kept(since: str | None, until: str | None) -> bool:
    """Return whether more time lies between two of Clever's times than events are kept."""
    try:
        start, end = read_moment(since), read_moment(until)
    except UnreadableError:
        return True
    return start is not None and end is not None and end - start > _KEPT


def _full_pull_required(message: str) -> FullPullRequired:
    return FullPullRequired(
        "EDL-CLEVER-003",
        message,
        provider=PROVIDER,
        endpoint=EVENTS.label,
        fix="Call pull_roster and keep SyncState.after(roster).",
    )


def _coverage(log: ChangeLog) -> Coverage:
    """Return what a run of events can say: never that what it does not name is gone."""
    state = CoverageState.withheld if log.is_whole else CoverageState.failed
    reason = "changes_only" if log.is_whole else "rows_set_aside"
    return Coverage(CoverageEntry(kind=kind, state=state, reason=reason) for kind in Kind)


def _warnings(log: ChangeLog, last: str) -> Iterator[RosterWarning]:
    if not log.is_whole:
        message = "an event could not be read; only a full pull knows all"
        yield RosterWarning(code="EDL-WARN-603", message=message, count=len(log.issues))
    if not last:
        message = "Clever has no events at all; they may be switched off for the app"
        yield RosterWarning(code="EDL-WARN-604", message=message)
