from collections.abc import Iterator

import pytest
from tests._http.loopback import JumpingClock, Server


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()
