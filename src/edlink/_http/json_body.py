"""The JSON value in a body, also where some of its text is broken, and what it says of itself."""

import json
import math
import re
from contextlib import suppress
from typing import Any

from pydantic_core import from_json

#: Levels of a body that are looked into; no record has a field so deep.
_LEVELS = 100

_HALF_PAIR = re.compile("[\ud800-\udfff]")


def read_json(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """
    Return the value of a body, without text that is no Unicode and what lies deeper than any field.

    A number that no reader takes stands instead.
    Systems that cut names after so many UTF-16 units cut emoji in two; RFC 8259 section 8.2 allows
    what is left in JSON, and says that what becomes of it cannot be foretold.

    Raises:
        ValueError: The body is not whole JSON.
    """
    with suppress(ValueError):
        return from_json(body)
    with suppress(RecursionError):
        return _readable(json.loads(body.decode()), _LEVELS)
    message = "JSON that is nested too deep"
    raise ValueError(message)


def _readable(value: Any, levels: int) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict | list) and not levels:
        return math.nan
    if isinstance(value, dict):
        return {name: _readable(item, levels - 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_readable(item, levels - 1) for item in value]
    return math.nan if isinstance(value, str) and _HALF_PAIR.search(value) else value


def says_success(value: object) -> bool:
    """Return whether a status, however deep, has the word ``success`` of IMS status bodies."""
    if isinstance(value, dict):
        return any(map(says_success, value.values()))
    if isinstance(value, list):
        return any(map(says_success, value))
    return isinstance(value, str) and value.strip().lower() == "success"
