"""Over any server that a small model can be: all rows, each once, or an error."""

from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests._http.shelves import answer, walk

from edlink._http.exchange import Response
from edlink.errors import EdlinkError, UnavailableError


@attrs.frozen
class Server:
    """
    A server by its habits.

    Attributes:
        rows: How many rows it has.
        clamp: Rows a page at most.
        total: What it adds to its count; None where it does not count.
        counts_page: Whether its count is the page's and not the collection's.
        links: Whether it names its next page.
        heaviest: Pages larger than this fail with a gateway's error.
        broken: How many answers from the first are no page.
        moves: Whether its count grows with each page.
    """

    rows: int
    clamp: int
    total: int | None
    links: bool
    heaviest: int
    broken: frozenset[int]
    moves: bool


SERVERS = st.builds(
    Server,
    rows=st.integers(0, 60),
    clamp=st.integers(2, 20),
    total=st.none() | st.just(0) | st.integers(-3, 3),
    links=st.booleans(),
    heaviest=st.sampled_from([3, 8, 1000]),
    broken=st.frozensets(st.integers(0, 12), max_size=3),
    moves=st.booleans(),
)


def fetch_from(server: Server) -> tuple[list[str], "Fetcher"]:
    """Return a server's rows, and the function that asks it for a page."""
    rows = [f"{i:05}" for i in range(server.rows)]
    return rows, Fetcher(server, rows)


class Fetcher:
    """Answers as a server does."""

    def __init__(self, server: Server, rows: list[str]) -> None:
        self._server, self._rows, self._count = server, rows, 0

    def __call__(self, offset: int, limit: int) -> Response:
        """Return a page, or raise as the transport would."""
        server = self._server
        number, self._count = self._count, self._count + 1
        if limit > server.heaviest:
            raise UnavailableError("EDL-HTTP-007", "no", provider="p", endpoint="e", status=502)
        if number in server.broken:
            return answer(["broken"])
        end = offset + min(limit, server.clamp)
        headers: dict[str, object] = {}
        if server.total is not None:
            moved = number if server.moves else 0
            headers["X_Total_Count"] = max(0, server.rows + server.total + moved)
        if server.links:
            headers["Link"] = f'<x>; rel="{"next" if end < server.rows else "first"}"'
        return answer(self._rows[offset:end], **headers)


@pytest.mark.parametrize("threads", [0, 3])
@given(server=SERVERS)
@settings(deadline=None)
def test_all_rows_come_in_order_or_an_error(threads: int, server: Server) -> None:
    """Whatever a server does, its rows arrive whole and in order, or an EdlinkError is raised."""
    rows, fetch = fetch_from(server)
    pool = ThreadPoolExecutor(threads) if threads else None
    try:
        pages = walk(fetch, executor=pool, smallest_page=2, look_ahead=threads)
        assert [row for batch in pages for row in batch.page.rows] == rows
    except EdlinkError:
        pass
    finally:
        if pool is not None:
            pool.shutdown()


@given(server=SERVERS)
@settings(deadline=None)
def test_an_honest_server_is_read_without_an_error(server: Server) -> None:
    """Clamps, missing counts and heavy pages alone are never an error."""
    honest = attrs.evolve(
        server, total=server.total and 0, moves=False, broken=frozenset(sorted(server.broken)[:1])
    )
    rows, fetch = fetch_from(honest)
    assert [row for batch in walk(fetch, smallest_page=2) for row in batch.page.rows] == rows
