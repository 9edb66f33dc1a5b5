"""The vendor's OpenAPI of the Data API v3, as far as rosters need it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_PATH = (
    Path(__file__).parents[3]
    / "shared"
    / "data"
    / "veracross"
    / "data_api_v3_roster_subset.openapi.json"
)


@cache
def operations() -> dict[str, Any]:
    """Return each path's GET; the test is skipped where the specification is not there."""
    if not _PATH.exists():
        pytest.skip(f"needs {_PATH}")
    paths = json.loads(_PATH.read_bytes())["paths"]
    return {path: methods["get"] for path, methods in paths.items()}


def query_names(path: str) -> set[str]:
    """Return the query parameters of a path."""
    parameters = operations()[path]["parameters"]
    return {p["name"] for p in parameters if p.get("in") == "query"}


def answer_schema(path: str) -> Any:  # noqa: ANN401 - a JSON schema
    """
    Return the schema of a path's answer, with null allowed everywhere and nothing required.

    The vendor calls nothing nullable, and its own samples hold nulls.
    """
    content = operations()[path]["responses"]["200"]["content"]
    return _lenient(content["application/json"]["schema"])


def _lenient(schema: Any) -> Any:  # noqa: ANN401 - a JSON schema
    if isinstance(schema, list):
        return [_lenient(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {k: _lenient(v) for k, v in schema.items() if k not in ("required", "description")}
    if isinstance(kept.get("type"), str):
        kept["type"] = [kept["type"], "null"]
    return kept
