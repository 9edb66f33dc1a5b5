from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.entra.graph import CLIENT, SECRET, TENANT, Graph, school, serve

from edlink._http.transport import HttpSettings
from edlink.entra import EntraClient

FAST = HttpSettings(rate=0, attempts=2, backoff=0, backoff_cap=0)

MakeClient = Callable[..., EntraClient]


@pytest.fixture
def graph() -> Iterator[Graph]:
    """Return a running tenant with the small school."""
    with serve(Graph(school())) as running:
        yield running


@pytest.fixture
def make_client(graph: Graph) -> Iterator[MakeClient]:
    """Return what makes clients of the tenant; each is closed at the end."""
    with ExitStack() as opened:

        def make(**options: Any) -> EntraClient:  # noqa: ANN401 - any option of the client
            given: dict[str, Any] = {
                "credential": SECRET,
                "authority": graph.authority,
                "graph_url": graph.base_url,
                "allow_test_hosts": True,
                "settings": FAST,
                **options,
            }
            return opened.enter_context(EntraClient(TENANT, CLIENT, **given))

        yield make
