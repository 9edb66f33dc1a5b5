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

#: Every code of the standard and of OAuth 2, in the spellings seen; nothing else is repeated,
#: because what a server writes there can be a person's name.
_KNOWN = frozenset(
    {
        "deletefailure",
        "failure",
        "forbidden",
        "full_success",
        "fullsuccess",
        "insufficient_scope",
        "internal_server_error",
        "invalid_blank_selection_field",
        "invalid_client",
        "invalid_data",
        "invalid_filter_field",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "invalid_selection_field",
        "invalid_signature",
        "invalid_sort_field",
        "invalid_token",
        "invaliddata",
        "linkfailure",
        "not_found",
        "processing",
        "server_busy",
        "success",
        "targetreadfailure",
        "unauthorised_request",
        "unauthorisedrequest",
        "unauthorized",
        "unauthorized_client",
        "unauthorizedrequest",
        "unknown_object",
        "unknownobject",
        "unsupported",
        "unsupportedoperation",
    }
)


def describe(response: Response) -> str | None:
    """Return the provider's own short word for a fault, or None; never a description."""
    found = dict(_words(json.loads(response.body), 0))
    words = (found[code].strip().lower().replace(" ", "_") for code in _CODES if code in found)
    return next((word for word in words if word in _KNOWN), None)


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
