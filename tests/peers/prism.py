"""Prism as a proxy that holds every exchange to a specification."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml
from tests.peers.processes import PEERS, free_port, running

SHARED = Path(__file__).parents[3] / "shared/data"
PRISM = PEERS / "prism/node_modules/.bin/prism"

_RECEIVED = re.compile(r"Request received$", re.MULTILINE)
_WRONG = re.compile(r"(?:Violation|terminated with error): (.*)$", re.MULTILINE)


@attrs.frozen
class Prism:
    """
    A proxy that runs.

    Attributes:
        address: Where a client sends what is meant for the upstream.
    """

    address: str
    _log: Path

    @property
    def exchanges(self) -> int:
        """How many requests came."""
        return len(_RECEIVED.findall(self._log.read_text()))

    @property
    def violations(self) -> list[str]:
        """What the proxy found wrong, in its own words."""
        return _WRONG.findall(self._log.read_text())


@contextmanager
def prism(specification: Any, upstream: str, folder: Path) -> Iterator[Prism]:  # noqa: ANN401 - OpenAPI
    """Yield a proxy that answers every violation with an error."""
    port, log, written = free_port(), folder / "prism.log", folder / "specification.json"
    written.write_text(json.dumps(specification, default=str))
    command: list[str | Path] = [PRISM, "proxy", written, upstream, "--errors", "-h", "127.0.0.1"]
    with running([*command, "-p", str(port)], port, log):
        yield Prism(f"http://127.0.0.1:{port}", log)


def clever_specification(version: str) -> Any:  # noqa: ANN401 - OpenAPI
    """Return Clever's specification of the data of a version, and of its events, as one."""
    data, events = (
        yaml.safe_load(_read(f"clever/specs/v{version}{part}.yml")) for part in ("", "-events")
    )
    for part in ("paths", "definitions", "responses"):
        data[part] = events.get(part, {}) | data.get(part, {})
    return data


def veracross_specification() -> Any:  # noqa: ANN401 - OpenAPI
    """
    Return Veracross' specification, but that a date may be null.

    It calls nothing nullable, yet there is no other way to say that a student has not left.
    """
    specification = json.loads(_read("veracross/data_api_v3_roster_subset.openapi.json"))
    for schema in _schemas(specification):
        if schema.get("format") == "date":
            schema["nullable"] = True
    return specification


def _schemas(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - OpenAPI
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, dict | list):
            yield from _schemas(child)


def _read(name: str) -> str:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs {name}, which this checkout lacks")
    return path.read_text()
