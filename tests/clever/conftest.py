from collections.abc import Iterator

import pytest
from tests.clever.replay import TOKEN, Clever, StillClock, serve
from tests.clever.rows import small

from edlink._http.transport import HttpSettings
from edlink.clever import CleverClient

FAST = HttpSettings(rate=0, attempts=2, backoff=0)


@pytest.fixture
def clever() -> Iterator[Clever]:
    """Return a running Clever with the small district."""
    with serve(Clever({**small(), "events": []})) as running:
        yield running


@pytest.fixture
def clock() -> StillClock:
    """Return a clock that passes only when it is slept on."""
    return StillClock()


@pytest.fixture
def client(clever: Clever, clock: StillClock) -> Iterator[CleverClient]:
    """Return a client of the small district."""
    with CleverClient(
        TOKEN, version=clever.version, base_url=clever.base_url, settings=FAST, clock=clock
    ) as made:
        yield made
