"""The events that Clever makes of what has changed in a district."""

from collections.abc import Iterator, Sequence

from edlink.sandbox.clever.rows import Row


class Feed:
    """
    Tells each difference between two states of a collection as an event.

    Attributes:
        events: The feed, oldest first.
        last_sync: The time of the last change; Clever's clock here is a count.
    """

    def __init__(self, last_sync: str) -> None:
        self.events: list[Row] = []
        self.last_sync = last_sync
        self._count = 0

    def tell(self, collection: str, before: Sequence[Row], after: Sequence[Row]) -> None:
        """Add what happened to the rows of a collection."""
        old, new = ({row["id"]: row for row in rows} for rows in (before, after))
        what = collection.replace("_", "")
        for row in before:
            if row["id"] not in new:
                self._add(f"{what}.deleted", row)
        for row in after:
            if row["id"] not in old:
                self._add(f"{what}.created", row)
            elif row != old[row["id"]]:
                changed = dict(_changed(old[row["id"]], row))
                self._add(f"{what}.updated", row, previous_attributes=changed)

    def age_out(self, events: int) -> None:
        """Keep the oldest events no longer."""
        del self.events[:events]

    def _add(self, type_: str, row: Row, **beside: Row) -> None:
        self._count += 1
        minutes, seconds = divmod(self._count, 60)
        self.last_sync = f"2026-11-01T{3 + minutes // 60:02}:{minutes % 60:02}:{seconds:02}.000Z"
        self.events.append(
            {
                "id": f"ev{self._count:08}",
                "type": type_,
                "created": self.last_sync,
                "data": {"object": row, **beside},
            }
        )


def _changed(old: Row, new: Row) -> Iterator[tuple[str, object]]:
    """Yield the keys that changed, with their whole old values."""
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) != new.get(key):
            yield key, old.get(key)
