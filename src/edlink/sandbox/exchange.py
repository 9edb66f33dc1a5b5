"""One request and its answer, as doors and faults see them."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import attrs

from edlink.sandbox.district import District
from edlink.vocabulary import Kind


@attrs.define(kw_only=True)
class Request:
    """
    What arrived.

    ``target`` is path and query as sent, still percent-encoded.  ``headers`` have lower-case names.
    A fault may change ``query`` and ``headers``.
    """

    method: str
    target: str = attrs.field(repr=False)
    path: str = attrs.field(init=False)
    query: str = attrs.field(init=False, repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    host: str = ""

    def __attrs_post_init__(self) -> None:
        self.path, _, self.query = self.target.partition("?")

    @property
    def params(self) -> list[tuple[str, str]]:
        """The query's parameters in order."""
        return parse_qsl(self.query, keep_blank_values=True)


@attrs.define(kw_only=True)
class Reply:
    """
    What goes back.

    ``cut_after`` closes the connection after so many bytes of the body; ``pause`` is slept, in
    seconds, in the middle of the body.
    """

    status: int = 200
    headers: dict[str, str] = attrs.field(factory=dict)
    body: bytes = attrs.field(default=b"", repr=False)
    cut_after: int | None = None
    pause: float = 0.0

    @property
    def is_ok(self) -> bool:
        """Whether it is an answer as asked for."""
        return self.status == HTTPStatus.OK


@attrs.define(kw_only=True)
class Exchange:
    """
    A request on its way through a door.

    A door first locates it: ``endpoint`` (template of the path), and for data ``kind``, ``is_list``
    and ``envelope``.  Then it fills in ``limit`` and ``offset`` of the page, ``rows`` (the page's
    records as JSON values) and ``total`` (how many there are in all).
    """

    request: Request
    district: District
    endpoint: str = ""
    kind: Kind | None = None
    is_list: bool = False
    envelope: str = ""
    limit: int = 0
    offset: int = 0
    total: int = 0
    rows: list[Any] = attrs.field(factory=list, repr=False)

    @property
    def is_data(self) -> bool:
        """Whether it asks for records of the district."""
        return self.kind is not None


def json_reply(value: Any, status: int = 200, **headers: str) -> Reply:  # noqa: ANN401 - any JSON
    """Return a reply of JSON; ``X_Total_Count="3"`` becomes the header ``X-Total-Count``."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status=status, headers={"Content-Type": "application/json"} | named, body=body)
