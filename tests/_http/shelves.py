"""Small servers in one function, to read collections from."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from edlink._http.exchange import Response
from edlink._http.paging import OffsetPages, PageSettings, PageSource
from edlink._http.payload import Page
from edlink.errors import IncompletePullError, PayloadError

Fetch = Callable[[int, int], Response]


def answer(rows: list[str], **headers: object) -> Response:
    """Return a page whose body is its ids, one a line."""
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return Response(
        status=200,
        headers=CaseInsensitiveDict(named),
        body="\n".join(rows).encode(),
        endpoint="GET /things",
    )


def decode(response: Response, _first: int) -> Page[str]:
    """Return the ids of a page; a page of "broken" is none."""
    rows = response.body.decode().split("\n") if response.body else []
    if rows == ["broken"]:
        raise PayloadError("EDL-PAGE-001", "broken", provider="p", endpoint="GET /things")
    return Page(rows=rows, received=len(rows))


class Shelf:
    """A server in one function: rows, a largest page, and headers."""

    def __init__(self, number: int, *, clamp: int = 10_000, **headers: object) -> None:
        self.rows = [f"{i:05}" for i in range(number)]
        self.clamp = clamp
        self.headers: Mapping[str, object] = headers
        self.asked: list[tuple[int, int]] = []

    def __call__(self, offset: int, limit: int) -> Response:
        """Return the page that is asked for."""
        self.asked.append((offset, limit))
        return answer(self.rows[offset : offset + min(limit, self.clamp)], **self.headers)


def walk(
    fetch: Fetch,
    *,
    executor: ThreadPoolExecutor | None = None,
    **settings: Any,  # noqa: ANN401 - those of PageSettings
) -> OffsetPages[str]:
    """Return a walk through what a function serves, ten rows a page."""
    source = PageSource(
        fetch=fetch, decode=decode, id_of=str, provider="invented", endpoint="GET /things"
    )
    return OffsetPages(source, PageSettings(**{"page_size": 10, **settings}), executor)


def read(fetch: Fetch, **settings: Any) -> list[str]:  # noqa: ANN401 - as above
    """Return all rows that come, repeats and all."""
    return [row for batch in walk(fetch, **settings) for row in batch.page.rows]


def refuse(fetch: Fetch, **settings: Any) -> str:  # noqa: ANN401 - as above
    """Return the code with which a walk ends."""
    with pytest.raises(IncompletePullError) as caught:
        read(fetch, **settings)
    assert caught.value.retryable
    return caught.value.code


def asked_of(shelf: Shelf) -> list[tuple[int, int]]:
    assert read(shelf) == shelf.rows
    return shelf.asked
