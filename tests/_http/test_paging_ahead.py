"""Fetching pages ahead: in threads, in order, and dropped when the walk is."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests._http.shelves import Shelf, read, walk

from edlink._http.exchange import Response
from edlink._http.paging import (
    PageSettings,
)


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.mark.parametrize("headers", [{}, {"X_Total_Count": 95}])
@pytest.mark.parametrize("clamp", [3, 7, 10_000])
def test_fetching_ahead_changes_nothing(
    headers: Mapping[str, int], clamp: int, executor: ThreadPoolExecutor
) -> None:
    """With several threads the same rows come in the same order."""
    shelf = Shelf(95, clamp=clamp, **headers)
    assert read(shelf, executor=executor) == shelf.rows


def test_fetching_ahead_stops_at_the_total(executor: ThreadPoolExecutor) -> None:
    """No page beyond a known total is asked for in advance."""
    shelf = Shelf(45, X_Total_Count=45)
    read(shelf, executor=executor)
    assert sorted(offset for offset, _ in shelf.asked) == [0, 10, 20, 30, 40]


def test_a_walk_fetches_several_pages_at_once(executor: ThreadPoolExecutor) -> None:
    """While one page is read, those after it are under way."""
    shelf, together = Shelf(80, X_Total_Count=80), threading.Barrier(3, timeout=5)

    def fetch(offset: int, limit: int) -> Response:
        if offset in (10, 20, 30):
            together.wait()
        return shelf(offset, limit)

    assert read(fetch, executor=executor) == shelf.rows


def test_a_smaller_page_drops_what_was_fetched_ahead(executor: ThreadPoolExecutor) -> None:
    """Pages that were begun at offsets that turn out wrong are not read."""
    shelf = Shelf(300, X_Total_Count=300)

    def fetch(offset: int, limit: int) -> Response:
        return shelf(offset, limit if offset < 60 else min(limit, 7))

    assert read(fetch, executor=executor, page_size=20) == shelf.rows


def test_a_walk_that_is_left_begins_nothing_more(executor: ThreadPoolExecutor) -> None:
    """A reader who stops early leaves no page waiting to be fetched."""
    shelf = Shelf(1000, X_Total_Count=1000)
    pages = walk(shelf, executor=executor)
    batches = iter(pages)
    next(batches)
    batches.close()  # type: ignore[attr-defined] # a generator
    executor.shutdown(wait=True)
    assert len(shelf.asked) <= 1 + PageSettings().look_ahead


def test_a_first_page_may_be_begun_before_it_is_read(executor: ThreadPoolExecutor) -> None:
    """A walk that was started has its first page under way, and reads it once."""
    shelf = Shelf(5, X_Total_Count=5)
    pages = walk(shelf, executor=executor)
    pages.start()
    assert [batch.page.received for batch in pages] == [5, 0]
    assert shelf.asked == [(0, 10), (5, 10)]


def test_a_walk_without_threads_begins_nothing_in_advance() -> None:
    """Where there is no executor, a start fetches nothing."""
    shelf = Shelf(5, X_Total_Count=5)
    walk(shelf).start()
    assert shelf.asked == []


def test_a_walk_that_was_started_can_be_stopped(executor: ThreadPoolExecutor) -> None:
    """What was begun and never read is dropped."""
    blocker, shelf = threading.Event(), Shelf(5)
    waiting = [executor.submit(blocker.wait, 5) for _ in range(4)]
    pages = walk(shelf, executor=executor)
    pages.start()
    pages.stop()
    blocker.set()
    executor.shutdown(wait=True)
    assert all(one.result() for one in waiting)
    assert shelf.asked == []


def test_a_closed_executor_leaves_the_word_to_the_fetch() -> None:
    """Where no thread can be had any more, the page is fetched by the reader's own."""
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    shelf = Shelf(25)
    assert read(shelf, executor=pool) == shelf.rows


def test_a_page_whose_turn_was_cancelled_is_fetched_by_the_reader() -> None:
    """An executor that is closed in mid walk makes no foreign exception."""
    shelf, blocker = Shelf(5, X_Total_Count=5), threading.Event()
    pool = ThreadPoolExecutor(1)
    pool.submit(blocker.wait, 5)
    pages = walk(shelf, executor=pool)
    pages.start()
    pool.shutdown(wait=False, cancel_futures=True)
    assert [batch.page.received for batch in pages] == [5, 0]
    blocker.set()
