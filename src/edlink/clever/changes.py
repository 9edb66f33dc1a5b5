"""
Reading Clever's events feed from one state to the next.

Source: dev.clever.com/docs/events-api: events are kept for 30 days, oldest first, and only where
the app has them switched on.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from urllib.parse import quote

import attrs

from edlink.clever.convert import convert_row
from edlink.clever.districts import state_warnings
from edlink.clever.endpoints import Endpoint, find_endpoint
from edlink.clever.events import ChangeLog
from edlink.clever.mark import Mark
from edlink.clever.pages import PROVIDER
from edlink.clever.pull import Puller, endpoint_of
from edlink.clever.versions import Chain
from edlink.clever.walk import Walker
from edlink.clever.wire import District
from edlink.coverage import Coverage, CoverageEntry, RosterWarning, Scope
from edlink.errors import FullPullRequired, NotFoundError, PermissionDeniedError
from edlink.model import RECORD_TYPES, Org, Record, Relationship, User
from edlink.scoping import leave_out, lies_in
from edlink.state import ChangeSet, SyncState
from edlink.vocabulary import CoverageState, Kind, OrgType, Role

EVENTS = Endpoint(path="/events", template="/events", collection="events")

#: Students who are looked up one by one; a full pull asks for less than more of them would.
_MANY = 100


def newest_event(walker: Walker) -> str | None:
    """Return the id of the newest event, "" where there is none, None where events are withheld."""
    try:
        return walker.newest(EVENTS).last_id or ""
    except (PermissionDeniedError, NotFoundError):
        return None


def pull_changes(puller: Puller, state: SyncState, district: District) -> ChangeSet:
    """Return what the events behind a state add up to, and the state behind them."""
    mark = Mark.from_text(state.revision)
    if mark is None:
        raise _full_pull_required("this state knows no place in the events feed")
    walker = puller.walker
    _require_kept(walker, mark, district)
    _require_scopes(puller, mark)
    log = ChangeLog(version=puller.version, settings=puller.settings)
    for page in walker.pages(EVENTS, after=mark.event or None):
        log.issues += page.issues
        for event in page.rows:
            log.add(event)
    tombstones = log.tombstones()
    _require_shared(puller, mark, {tombstone.kind for tombstone in tombstones})
    changed, gone = leave_out(
        state.scope,
        tuple(log.changed.values()),
        tombstones,
        absent=_students_left_out(puller, state.scope, log),
    )
    mark = Mark(
        event=log.last_id or mark.event,
        synced=district.get("last_sync"),
        shared=mark.shared.union(_brought(puller, changed)),
    )
    return ChangeSet(
        source=state.source,
        state=attrs.evolve(state, revision=mark.to_text() if log.is_whole else None),
        changed=changed,
        tombstones=gone,
        coverage=_coverage(log),
        issues=tuple(log.issues),
        warnings=(*state_warnings(district), *_warnings(log, mark)),
        shows_removals=True,
    )


def _require_kept(walker: Walker, mark: Mark, district: District) -> None:
    """Raise where events between the state and the feed's oldest may be gone."""
    if mark.event:
        path = f"{EVENTS.path}/{quote(mark.event, safe='')}"
        kept = walker.has(Endpoint(path=path, template="/events/{id}", collection="events"))
    else:
        kept = mark.is_kept_until(district.get("last_sync"))
    if not kept:
        raise _full_pull_required("the events behind this state are no longer kept")


def _require_scopes(puller: Puller, mark: Mark) -> None:
    """Raise where the token lost a scope: what it opened is withheld, and no event says so."""
    if any(not puller.opens(chain) for chain in _shared(puller, mark)):
        raise _full_pull_required("the token no longer opens all that this state stands on")


def _require_shared(puller: Puller, mark: Mark, gone: AbstractSet[Kind]) -> None:
    """
    Raise where all of a collection seems to be deleted.

    Clever tells what is no longer shared as deleted, one event for each, so that unshared contacts
    look like contacts who left.
    """
    for chain in _shared(puller, mark):
        if gone.isdisjoint(chain.kinds) or puller.believes_empty(chain):
            continue
        try:
            is_there = puller.walker.first(endpoint_of(chain), rows=1).received > 0
        except (PermissionDeniedError, NotFoundError):
            is_there = False
        if not is_there:
            raise _full_pull_required("a whole collection is gone, or no longer shared")


def _shared(puller: Puller, mark: Mark) -> Iterator[Chain]:
    return (chain for chain in puller.version.chains if chain.name in mark.shared)


def _brought(puller: Puller, changed: Iterable[Record]) -> Iterator[str]:
    """
    Yield the names of the open chains that changed records belong to: what came is shared.

    The state stands on it from now on, whether the full pull saw it or not.
    """
    roles = {a.role_raw for record in changed if isinstance(record, User) for a in record.roles}
    types = {type(r) for r in changed if not (isinstance(r, Org) and r.type is OrgType.district)}
    for chain in puller.version.chains:
        is_there = chain.role in roles if chain.role else RECORD_TYPES[chain.kinds[0]] in types
        if is_there and puller.opens(chain):
            yield chain.name


def _students_left_out(puller: Puller, scope: Scope, log: ChangeLog) -> frozenset[str]:
    """
    Return the students of changed contacts who lie in a school that the scope leaves out.

    A contact is at the district: only his students say where he belongs, and an event on a contact
    does not bring them.  One who cannot be seen any more, or not be read, is left out as well.

    Raises:
        FullPullRequired: EDL-CLEVER-003 there are too many of them to be looked up one by one.
    """
    if not scope.narrows_orgs:
        return frozenset()
    links = [record for record in log.changed.values() if isinstance(record, Relationship)]
    unknown = {link.student_id for link in links} - {
        record.sourced_id for record in log.changed.values() if isinstance(record, User)
    }
    if len(unknown) > _MANY:
        raise _full_pull_required("more contacts changed than can be placed one by one")
    return frozenset(one for one in unknown if not _is_inside(puller, scope, one))


def _is_inside(puller: Puller, scope: Scope, student_id: str) -> bool:
    at = find_endpoint(puller.version, "user", record_id=student_id, role=Role.student)
    try:
        rows = puller.walker.single(at).rows
    except (PermissionDeniedError, NotFoundError):
        return False
    users = [convert_row(at.collection, row, puller.settings).records[0] for row in rows]
    return bool(users) and not any(lies_in(u, scope.exclude_orgs, frozenset()) for u in users)


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


def _warnings(log: ChangeLog, mark: Mark) -> Iterator[RosterWarning]:
    if not log.is_whole:
        message = "an event could not be read; only a full pull knows all"
        yield RosterWarning(code="EDL-WARN-603", message=message, count=len(log.issues))
    if not mark.event:
        message = "Clever has no events at all; they may be switched off for the app"
        yield RosterWarning(code="EDL-WARN-604", message=message)
