from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.veracross.school import CLIENT, ROUTE, SECRET, School, StillClock, people, serve

from edlink._http.transport import HttpSettings
from edlink.veracross import MemoryTokenStore, VeracrossClient

FAST = HttpSettings(rate=0, attempts=2, backoff=0, concurrency=2)

MakeClient = Callable[..., VeracrossClient]


@pytest.fixture
def school() -> Iterator[School]:
    """Return a running school with three students and a parent."""
    rows = {"/students": people(3), "/parents": people(1, first=50)}
    with serve(School(rows)) as running:
        yield running


@pytest.fixture
def clock() -> StillClock:
    """Return a clock that stands still."""
    return StillClock()


@pytest.fixture
def make_client(school: School, clock: StillClock) -> Iterator[MakeClient]:
    """Return what makes clients of the school; each is closed at the end."""
    with ExitStack() as opened:

        def make(**options: Any) -> VeracrossClient:  # noqa: ANN401 - any option of the client
            settings: dict[str, Any] = {
                "client_id": CLIENT,
                "client_secret": SECRET,
                "base_url": school.base_url,
                "accounts_url": school.accounts_url,
                "token_store": MemoryTokenStore(),
                "settings": FAST,
                "clock": clock,
                **options,
            }
            return opened.enter_context(VeracrossClient(ROUTE, **settings))

        yield make
