"""The many shapes of a OneRoster error body, down to one short word."""

import json
from collections.abc import Iterator
from typing import Any

from edlink._http.exchange import Response

#: Top-level names that error bodies have and pages do not.
ERROR_KEYS = frozenset(
    {
        "imsx_codeMajor",
        "imsx_CodeMinor",
        "imsx_codeMinor",
        "imsx_description",
        "statusInfoSet",
        "errors",
        "error",
        "codeMajor",
        "codeMinor",
    }
)

#: Where a code stands, the most telling first.
_CODES = ("imsx_codeMinorFieldValue", "imsx_codeMinor", "codeMinor", "error", "imsx_codeMajor")


def describe(response: Response) -> str | None:
    """Return the provider's own short word for a fault, or None; never a description."""
    found = dict(_words(json.loads(response.body), 0))
    return next((found[code].replace(" ", "_") for code in _CODES if code in found), None)


def _words(value: Any, depth: int) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON value
    """Yield each name with a text as its value, a few levels deep."""
    if depth > len(_CODES):
        return
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            for name, inner in item.items():
                if isinstance(inner, str):
                    yield name, inner
                else:
                    yield from _words(inner, depth + 1)
