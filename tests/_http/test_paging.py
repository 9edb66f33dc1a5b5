"""Reading a collection whole: the rules of paging, one by one."""

from collections.abc import Mapping

import pytest
from tests._http.shelves import Fetch, Shelf, answer, asked_of, read, refuse, walk

from edlink._http.exchange import Response
from edlink._http.paging import (
    Batch,
    OffsetPages,
    PageFacts,
    PageSettings,
    PageSource,
    SeenIds,
    read_facts,
)
from edlink._http.payload import Page
from edlink.errors import IncompletePullError, NotFoundError, PayloadError, UnavailableError


@pytest.mark.parametrize("number", [0, 1, 9, 10, 11, 20, 25, 100])
@pytest.mark.parametrize("headers", [{}, {"X_Total_Count": True}])
def test_every_row_comes_once_whatever_the_number(number: int, headers: Mapping[str, bool]) -> None:
    """A collection of any size is read whole, with a total and without one."""
    shelf = Shelf(number, **dict.fromkeys(headers, number))
    assert read(shelf) == shelf.rows


def test_a_silently_cut_page_loses_nothing() -> None:
    """The next offset is what came, not what was asked for."""
    shelf = Shelf(23, clamp=5)
    assert read(shelf) == shelf.rows
    assert [offset for offset, _ in shelf.asked] == [0, 5, 10, 15, 20, 23, 23]


def test_a_short_page_alone_ends_nothing() -> None:
    """Without a total and without Link, only an empty page is the end, and it is asked twice."""
    assert [offset for offset, _ in asked_of(Shelf(3))] == [0, 3, 3]


def test_a_short_page_that_reaches_the_total_is_the_end() -> None:
    """With a total that agrees, no further page is asked for."""
    assert asked_of(Shelf(13, X_Total_Count=13)) == [(0, 10), (10, 10)]


def test_a_first_page_that_is_said_to_be_everything_proves_nothing() -> None:
    """A server that counts its cut page for the whole is found out, however small the page."""

    def fetch(offset: int, limit: int) -> Response:
        rows = shelf.rows[offset : offset + min(limit, 5)]
        return answer(rows, X_Total_Count=len(rows))

    shelf = Shelf(12)
    assert refuse(fetch) == "EDL-PULL-004"
    assert asked_of(Shelf(3, X_Total_Count=3)) == [(0, 10), (3, 10)]


def test_a_full_page_that_reaches_the_total_proves_nothing() -> None:
    """A total that is too small is found out where the last page is full."""
    shelf = Shelf(25, X_Total_Count=20)
    assert refuse(shelf) == "EDL-PULL-001"


@pytest.mark.parametrize("total", [60, 120])
def test_a_cut_page_that_reaches_the_total_proves_nothing(total: int) -> None:
    """A server that cuts its pages and counts the page for the whole is found out."""
    shelf = Shelf(150, clamp=60, X_Total_Count=total)
    assert refuse(shelf, page_size=100) == "EDL-PULL-001"


def test_a_total_that_is_too_large_is_refused() -> None:
    """Fewer rows than the server counts is an error, never a short collection."""
    assert refuse(Shelf(15, X_Total_Count=16)) == "EDL-PULL-001"


def test_a_total_that_moves_is_refused() -> None:
    """Rows that were added or removed meanwhile may have been passed over."""
    shelf = Shelf(20)

    def fetch(offset: int, limit: int) -> Response:
        return answer(shelf.rows[offset : offset + limit], X_Total_Count=22 - offset // 10)

    assert refuse(fetch) == "EDL-PULL-004"


@pytest.mark.parametrize("total", ["many", "-1", "1e3", "9" * 5000, "٣"])
def test_a_total_that_is_no_number_is_passed_over_and_told(total: str) -> None:
    """A count that cannot be read is none, and the batch says that it was there."""
    shelf = Shelf(12, X_Total_Count=total)
    batches = list(walk(shelf))
    assert sum(batch.page.received for batch in batches) == 12
    assert all(batch.total_is_garbage and batch.total is None for batch in batches)


def test_a_total_of_none_with_rows_is_passed_over_and_told() -> None:
    """A count of zero beside rows says nothing, and the batch tells of it."""
    batches = list(walk(Shelf(12, X_Total_Count=0)))
    assert [batch.page.received for batch in batches] == [10, 2, 0]
    assert all(batch.total_is_garbage for batch in batches)


def test_an_empty_total_header_is_none() -> None:
    """A header without a value is as good as no header."""
    assert read_facts(answer([], X_Total_Count=" ")) == PageFacts()


def test_a_total_on_some_pages_only_still_counts() -> None:
    """A server that counts on its first page alone is held to that count."""

    def fetch(offset: int, limit: int) -> Response:
        return answer(
            Shelf(15).rows[offset : offset + limit], **({} if offset else {"X_Total_Count": 18})
        )

    assert refuse(fetch) == "EDL-PULL-001"


@pytest.mark.parametrize(
    ("link", "has_next"),
    [
        ('<https://example.org/x?offset=10>; rel="next"', True),
        ("<x>; rel=next", True),
        ('<x>; title="a, b"; rel="next"', True),
        ('<a>; rel="prev", <b>; REL="NEXT"', True),
        ('<x>; rel="last next"', True),
        ('<a>; rel="first", <b>; rel="prev"', False),
        ('<x>;rel="last"', False),
        ('</style.css>; rel="preload"', None),
        ('<https://example.org/rel="next">; rel="self"', None),
        ("", None),
        ("<" * 60_000, None),
    ],
)
def test_a_link_header_says_whether_there_is_a_next_page(link: str, has_next: bool | None) -> None:
    """Only a Link header that is about pages says that there is no next one."""
    assert read_facts(answer([], Link=link)).has_next is has_next


def test_a_link_header_without_next_proves_no_end() -> None:
    """A server that cuts its pages and links the first alone is read to its empty page."""
    shelf = Shelf(12, clamp=5, Link='<x>; rel="first"')
    assert [offset for offset, _ in asked_of(shelf)] == [0, 5, 10, 12, 12]


def test_a_link_header_without_next_ends_a_full_page_at_the_total() -> None:
    """Where the count was larger than the first page, Link and count together are the end."""
    shelf = Shelf(20, Link='<x>; rel="first"', X_Total_Count=20)
    assert asked_of(shelf) == [(0, 10), (10, 10)]


def test_a_link_header_about_something_else_is_no_end() -> None:
    """A proxy's own Link header does not end a collection early."""
    shelf = Shelf(25, Link='</style.css>; rel="preload"')
    assert read(shelf) == shelf.rows


def test_a_link_header_without_next_does_not_overrule_the_total() -> None:
    """Where the count says that there are more rows, they are asked for."""
    shelf = Shelf(25, clamp=10, Link='<x>; rel="last"', X_Total_Count=25)
    assert read(shelf) == shelf.rows


def test_a_next_page_that_does_not_come_is_refused() -> None:
    """No rows where the server itself names a next page is a short collection."""
    assert refuse(Shelf(5, Link='<x>; rel="next"')) == "EDL-PULL-001"


def test_a_page_that_comes_again_is_refused() -> None:
    """A server that ignores the offset would never end."""
    assert refuse(lambda _offset, _limit: answer(["a", "b"])) == "EDL-PULL-002"


def test_a_page_without_a_readable_row_that_comes_again_is_refused() -> None:
    """A server that ignores the offset is found out by its bytes where there are no ids."""
    page = answer(["unreadable"])
    source = PageSource(
        fetch=lambda _offset, _limit: page,
        decode=lambda _response, _first: Page[str](rows=[], received=2),
        id_of=str,
        provider="invented",
        endpoint="GET /things",
    )
    with pytest.raises(IncompletePullError) as caught:
        list(OffsetPages(source, PageSettings(page_size=10)))
    assert caught.value.code == "EDL-PULL-002"


def test_more_rows_than_allowed_are_refused() -> None:
    """A collection without an end is refused at the number of rows that the host set."""
    assert refuse(Shelf(100), max_rows=30) == "EDL-PULL-003"


def test_rows_that_come_twice_are_told_by_their_position() -> None:
    """A row that an earlier page held is marked, and kept for the reader to judge."""
    pages = {0: ["a", "c", "b"], 3: ["c", "d"], 5: []}
    batches = list(walk(lambda offset, _limit: answer(pages[offset])))
    assert [batch.repeated for batch in batches] == [[], [0], []]


def test_a_page_other_than_its_own_count_is_asked_for_again_and_then_refused() -> None:
    """A page whose count header disagrees with its rows is not whole."""
    asked: list[int] = []

    def fetch(offset: int, _limit: int) -> Response:
        asked.append(offset)
        return answer(["a"], x_count=2)

    assert refuse(fetch, count_header="x-count") == "EDL-PULL-005"
    assert asked == [0, 0]


def test_a_page_that_agrees_with_its_own_count_is_whole() -> None:
    """A count header that agrees changes nothing."""

    def fetch(offset: int, limit: int) -> Response:
        rows = shelf.rows[offset : offset + limit]
        return answer(rows, x_count=len(rows))

    shelf = Shelf(12)
    assert read(fetch, count_header="x-count") == shelf.rows


def test_a_broken_page_is_asked_for_once_more() -> None:
    """A page that cannot be decoded may have been cut on its way."""
    shelf = Shelf(15)
    broken = iter([False, True])

    def fetch(offset: int, limit: int) -> Response:
        return answer(["broken"]) if next(broken, False) else shelf(offset, limit)

    assert read(fetch) == shelf.rows


def test_a_page_that_stays_broken_is_refused() -> None:
    """A page that cannot be decoded twice is the decoder's error."""
    with pytest.raises(PayloadError):
        read(lambda _offset, _limit: answer(["broken"]))


def test_an_empty_page_before_the_total_is_asked_for_once_more() -> None:
    """A spurious empty page does not end a collection whose total is known."""
    shelf = Shelf(25, X_Total_Count=25)
    empty = iter([False, True])

    def fetch(offset: int, limit: int) -> Response:
        if next(empty, False):
            return answer([], X_Total_Count=25)
        return shelf(offset, limit)

    assert read(fetch) == shelf.rows


def _heavy(shelf: Shelf, largest: int, status: int = 502) -> Fetch:
    def fetch(offset: int, limit: int) -> Response:
        if limit > largest:
            raise UnavailableError(
                "EDL-HTTP-007", "no", provider="p", endpoint="GET /things", status=status
            )
        return shelf(offset, limit)

    return fetch


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_page_that_is_too_heavy_is_asked_for_in_halves(status: int) -> None:
    """A gateway's error is answered with half the page at the same offset."""
    shelf = Shelf(500)
    assert read(_heavy(shelf, 110, status), page_size=400) == shelf.rows
    assert {limit for _, limit in shelf.asked} == {100}


def test_a_server_that_cannot_give_the_smallest_page_is_down() -> None:
    """Halving ends at the smallest page, and the error is the server's own."""
    with pytest.raises(UnavailableError):
        read(_heavy(Shelf(500), 10), page_size=400, smallest_page=50)


def test_an_error_of_the_server_itself_is_no_matter_of_size() -> None:
    """A status that is no gateway's is not answered with smaller pages."""
    with pytest.raises(UnavailableError):
        read(_heavy(Shelf(500), 110, 500), page_size=400)


def test_an_empty_page_by_accident_ends_nothing() -> None:
    """Without a total, an empty page in the middle is asked for once more, and heals."""
    shelf = Shelf(25)
    accidents = [20]

    def fetch(offset: int, limit: int) -> Response:
        if offset in accidents:
            accidents.remove(offset)
            return answer([])
        return shelf(offset, limit)

    assert read(fetch) == shelf.rows
    assert not accidents


def test_ids_in_ascending_order_are_never_repeats() -> None:
    """Ascending ids are taken as they come, page after page."""
    seen = SeenIds()
    assert [seen.repeats(ids) for ids in (["a", "b"], [], ["c"])] == [[], [], []]


def test_ids_are_told_apart_once_their_order_breaks() -> None:
    """After a step back every id is compared with all before, in its page and earlier ones."""
    seen = SeenIds()
    assert [seen.repeats(ids) for ids in (["a", "b"], ["c", "b"], ["z", "z", "a"])] == [
        [],
        [1],
        [1, 2],
    ]


def test_a_batch_tells_the_total() -> None:
    """Each batch holds the number of rows that the server counts."""
    batch: Batch[str] = next(iter(walk(Shelf(25, X_Total_Count=25))))
    assert batch.total == 25


def test_a_server_that_finds_nothing_past_its_end_is_whole() -> None:
    """404 for the page behind the last row is an end, where the count agrees."""
    shelf = Shelf(7, X_Total_Count=7)

    def fetch(offset: int, limit: int) -> Response:
        if offset >= 7:
            raise NotFoundError("EDL-HTTP-004", "none", provider="p", endpoint="GET /things")
        return shelf(offset, limit)

    assert read(fetch) == shelf.rows


def test_a_server_that_finds_nothing_before_its_end_is_not_whole() -> None:
    """404 in the middle of a collection is an error."""
    shelf = Shelf(25, X_Total_Count=25)

    def fetch(offset: int, limit: int) -> Response:
        if offset >= 20:
            raise NotFoundError("EDL-HTTP-004", "none", provider="p", endpoint="GET /things")
        return shelf(offset, limit)

    with pytest.raises(NotFoundError):
        read(fetch)


def test_a_server_that_knows_no_offset_is_whole_where_its_count_agrees() -> None:
    """The same page again, of all the rows that are counted, ends the collection once."""
    rows = [f"{i:05}" for i in range(7)]
    assert read(lambda _offset, _limit: answer(rows, X_Total_Count=7)) == rows
