from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.entra.graph import CLIENT, SECRET, TENANT, Graph, school, serve
from tests.entra.logins import signing_in
from tests.sso.issuer import Issuer

from edlink._http.transport import HttpSettings
from edlink.entra import Directory, EntraClient
from edlink.vocabulary import Role

FAST = HttpSettings(rate=0, attempts=2, backoff=0, backoff_cap=0)

#: Who a host takes of the plain directory, and which groups are classes.
PLAIN = Directory(
    student_groups={"g1"}, departments={"Faculty": Role.teacher}, class_prefix="class_"
)

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the certificates of a directory lie."""
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture
def entra(folder: Path) -> Iterator[Issuer]:
    """Return a running directory that signs people in."""
    with signing_in(folder) as running:
        yield running
