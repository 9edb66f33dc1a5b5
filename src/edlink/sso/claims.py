"""Values of claims and profiles, read without trust: the wrong type is None, never an error."""

import json
from datetime import UTC, datetime
from typing import Any

#: Seconds since the epoch that are still a plausible moment (year 2242).
_LATEST = 2**33


def json_object(data: bytes) -> dict[str, Any] | None:
    """Return a JSON object, or None for bytes that are anything else."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def text(value: object) -> str | None:
    """Return a text that is not blank, as it came, else None."""
    return value if isinstance(value, str) and value.strip() else None


def texts(value: object) -> tuple[str, ...]:
    """Return the texts of a list, or one text alone; anything else is left out."""
    entries = value if isinstance(value, list) else [value]
    return tuple(entry for entry in entries if isinstance(entry, str) and entry.strip())


def moment(value: object) -> datetime | None:
    """Return seconds since the epoch as a moment in UTC, else None; 0 is said for not knowing."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _LATEST:
        return datetime.fromtimestamp(value, UTC)
    return None
