"""
Where a state stands at Clever: its place in the events feed, and what the app could see; pure.

A host keeps it as ``SyncState.revision``, one line of JSON.
"""

import json
from datetime import timedelta
from typing import Any

import attrs

from edlink.clever.values import read_moment
from edlink.readers import UnreadableError

#: Clever keeps events for 30 days; a day less leaves room for the pull itself.
_KEPT = timedelta(days=29)


def _names(values: Any) -> frozenset[str]:  # noqa: ANN401 - any JSON value
    return frozenset(map(str, values))


@attrs.frozen(kw_only=True)
class Mark:
    """
    A place in the feed.

    Attributes:
        event: The newest event taken in, or "" where there was none yet.
        synced: The district's ``last_sync`` then, or None.
        shared: Names of the chains that the app has seen by then, by the full pull or an event.
    """

    event: str
    synced: str | None
    shared: frozenset[str] = attrs.field(converter=_names)

    def to_text(self) -> str:
        """Return the mark as a state keeps it."""
        return json.dumps(
            {"event": self.event, "synced": self.synced, "shared": sorted(self.shared)}
        )

    @classmethod
    def from_text(cls, text: str | None) -> "Mark | None":
        """Return the mark that ``to_text`` wrote, or None for anything else."""
        try:
            known = json.loads(text or "")
            return cls(event=str(known["event"]), synced=known["synced"], shared=known["shared"])
        except (ValueError, KeyError, TypeError):
            return None

    def is_kept_until(self, synced: str | None) -> bool:
        """
        Return whether a feed that was empty cannot have lost events since.

        Args:
            synced: The district's ``last_sync`` now; without two times nothing is sure.
        """
        try:
            start, end = read_moment(self.synced), read_moment(synced)
        except UnreadableError:
            return False
        return start is not None and end is not None and end - start <= _KEPT
