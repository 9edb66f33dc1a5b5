from collections.abc import Iterator
from typing import Any

import pytest
from tests._http.loopback import Server
from tests.oneroster.small_server import QUICK, District, Serve

from edlink.oneroster import OneRosterClient, StaticBearer


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that puts a district behind a socket and a client in front of it."""
    opened: list[Server | OneRosterClient] = []

    def begin(district: District, **options: Any) -> OneRosterClient:  # noqa: ANN401 - the client's own
        server = Server()
        server.will(district.answer)
        settings = {"version": "1.1", "settings": QUICK, "page_size": 10, **options}
        client = OneRosterClient(server.url, auth=StaticBearer("invented"), **settings)
        opened.extend((client, server))
        return client

    yield begin
    for one in opened:
        one.close()
