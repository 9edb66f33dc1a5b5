"""
Clever's events as what changed; pure.

An event carries the whole object as it is now, or as it last was where it is gone, and the old
values of the keys that changed.  The object before and the object now are both converted; what
only the older one has, is gone.  So a student who left a section is an Enrollment gone, though no
event ever speaks of enrollments.  Source: dev.clever.com/docs/events-api.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from edlink.clever.convert import convert_row
from edlink.clever.pages import KINDS, Row, read_row
from edlink.clever.reading import ConvertSettings, Reading, unreadable
from edlink.clever.values import read_moment
from edlink.clever.versions import Version
from edlink.clever.wire import Collection
from edlink.coverage import Issue, Tombstone
from edlink.model import KIND_OF, Record
from edlink.vocabulary import Kind

Key = tuple[Kind, str]


@attrs.define(kw_only=True)
class ChangeLog:
    """
    What a run of events adds up to: of each record only the last word.

    Applying the same events again, or a run that overlaps an earlier one, ends the same.

    Attributes:
        version: The version whose feed it is.
        settings: How objects become records.
        changed: Records as they are now.
        gone: Records that are no more, as they last were.
        issues: Objects that could not be read.
        last_id: The newest event taken in.
    """

    version: Version
    settings: ConvertSettings
    changed: dict[Key, Record] = attrs.field(factory=dict, repr=False)
    gone: dict[Key, Record] = attrs.field(factory=dict, repr=False)
    issues: list[Issue] = attrs.field(factory=list)
    last_id: str | None = None
    _seen: set[str] = attrs.field(factory=set, init=False, repr=False)

    def add(self, event: Row) -> None:
        """Take in the next event of the feed; one taken in before, or of no roster data, is not."""
        if event["id"] in self._seen:
            return  # the feed's end is what is new, not what it repeats
        self._seen.add(event["id"])
        self.last_id = event["id"]
        what, _, action = event["type"].partition(".")
        collection = self.version.events.get(what)
        if collection is None or action not in ("created", "updated", "deleted"):
            return
        now: Mapping[str, Any] = event["data"]["object"]
        before = _merge(now, previous_attributes(event))
        old = {} if before is now else self._convert(collection, before)
        new = self._convert(collection, now)
        if action == "deleted":
            old, new = {**old, **new}, {}
        self._replace(old, new)

    def tombstones(self) -> tuple[Tombstone, ...]:
        """Return what is gone, in the order in which it went."""
        return tuple(
            Tombstone(kind=kind, sourced_id=sourced_id, record=record)
            for (kind, sourced_id), record in self.gone.items()
        )

    def _replace(self, old: Mapping[Key, Record], new: Mapping[Key, Record]) -> None:
        for key, record in old.items():
            if key not in new:
                self.changed.pop(key, None)
                self.gone[key] = record
        for key, record in new.items():
            self.gone.pop(key, None)
            self.changed[key] = record

    @property
    def is_whole(self) -> bool:
        """Whether every object could be read; if not, only a full pull knows all."""
        return not any(issue.set_aside for issue in self.issues)

    def _convert(self, collection: Collection, value: Mapping[str, Any]) -> dict[Key, Record]:
        row, issue = read_row(collection, value)
        if issue is not None:
            self.issues.append(attrs.evolve(issue, position=None))
        if row is None:
            return {}
        converted = convert_row(collection, row, self.settings)
        if converted.unreadable:
            kind = KINDS.get(collection, Kind.user)
            self.issues.append(unreadable(kind, row["id"], converted.unreadable))
        return {(KIND_OF[type(r)], r.sourced_id): r for r in converted.records}


@attrs.frozen(kw_only=True)
class CleverEvent:
    """
    One event of Clever's feed, by itself.

    Attributes:
        sourced_id: The event's own id, its place in the feed.
        what: What it is about, in Clever's word, such as ``sections``.
        action: ``created``, ``updated`` or ``deleted``.
        created: When it was made, or None.
        changed: Records as they are now; none where the roster has no such records.
        gone: Records that are no more, as they last were.
    """

    sourced_id: str
    what: str
    action: str
    created: datetime | None = None
    changed: tuple[Record, ...] = attrs.field(default=(), repr=False)
    gone: tuple[Record, ...] = attrs.field(default=(), repr=False)


def read_event(
    event: Row, version: Version, settings: ConvertSettings
) -> tuple[CleverEvent, tuple[Issue, ...]]:
    """Return an event, and what of it could not be read."""
    log = ChangeLog(version=version, settings=settings)
    log.add(event)
    what, _, action = event["type"].partition(".")
    made = Reading(settings).value(read_moment, event.get("created"), "created")
    found = CleverEvent(
        sourced_id=event["id"],
        what=what,
        action=action,
        created=made,
        changed=tuple(log.changed.values()),
        gone=tuple(log.gone.values()),
    )
    return found, tuple(log.issues)


def previous_attributes(event: Row) -> Mapping[str, Any]:
    """Return the old values: beside the object, as Clever sends them, or beside ``data``."""
    return {
        **(event.get("previous_attributes") or {}),
        **(event["data"].get("previous_attributes") or {}),
    }


def _merge(now: Mapping[str, Any], previous: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    Return the object before; old objects are laid over the new ones key by key.

    Clever gives the whole old value of a changed key.  Laid over, it is right for a part as well:
    what it does not name was there before and is there now, so nothing is gone by it.  A key whose
    old value is null was not there.
    """
    if not previous:
        return now
    laid = dict(now)
    for key, value in previous.items():
        known = laid.get(key)
        if value is None:
            laid.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(known, Mapping):
            laid[key] = _merge(known, value)
        else:
            laid[key] = value
    return laid
