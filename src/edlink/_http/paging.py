"""
Reading a collection whole, page by page, from servers whose paging cannot be trusted.

Sources: OneRoster 1.1 and 1.2 (``limit``, ``offset``, ``X-Total-Count``), RFC 8288 (``Link``).  A
page may be shorter than asked for (a silent clamp), so the next offset is what was received, and
only an empty page ends a collection, or a total that agrees and was larger than the first page.
"""

import operator
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future
from contextlib import suppress
from itertools import islice
from typing import Generic, TypeVar

import attrs

from edlink._http.exchange import Response
from edlink._http.payload import Page
from edlink.errors import IncompletePullError, NotFoundError, PayloadError, UnavailableError

T = TypeVar("T")

#: A proxy's or server's way to say that a page is too heavy.
_TOO_HEAVY = frozenset({502, 503, 504})


@attrs.frozen(kw_only=True)
class PageSettings:
    """
    How a collection is paged.

    Attributes:
        page_size: Rows asked for; halved down to ``smallest_page`` when the server cannot.
        look_ahead: Pages fetched beside the one being read; 0 for one request at a time.
        max_rows: A collection with more rows is refused as endless.
        count_header: A header that repeats the number of rows in the page, or None.
    """

    page_size: int = 1000
    smallest_page: int = 50
    look_ahead: int = 3
    max_rows: int = 50_000_000
    count_header: str | None = None


@attrs.frozen(kw_only=True)
class PageFacts:
    """What an answer's headers say of its collection; None where they say nothing."""

    total: int | None = None
    has_next: bool | None = None
    count: int | None = None
    total_is_garbage: bool = False


_TARGET = re.compile(r"<[^<>]*>")
_REL = re.compile(r"""[;\s]rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))""", re.IGNORECASE)
_PAGING_RELS = frozenset({"first", "prev", "previous", "next", "last"})


def read_facts(response: Response, *, count_header: str | None = None) -> PageFacts:
    """Return what ``X-Total-Count``, ``Link`` and a count header say; no address is kept."""
    total, garbage = _natural(response.headers.get("X-Total-Count"))
    count, _ = _natural(response.headers.get(count_header) if count_header else None)
    has_next = _has_next(response.headers.get("Link", ""))
    return PageFacts(total=total, has_next=has_next, count=count, total_is_garbage=garbage)


def _has_next(link: str) -> bool | None:
    """Return whether a ``Link`` header names a next page; None where it is not about pages."""
    found = _REL.findall(_TARGET.sub("", link))
    rels = {word.lower() for quoted, bare in found for word in (quoted or bare).split()}
    return "next" in rels if rels & _PAGING_RELS else None


_LONGEST_COUNT = 18


def _natural(text: str | None) -> tuple[int | None, bool]:
    """Return a natural number and whether the text was there but is none."""
    digits = (text or "").strip()
    if not digits:
        return None, False
    if digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_COUNT:
        return int(digits), False
    return None, True


class SeenIds:
    """
    Which ids have come before, in eight bytes each as long as they ascend.

    Ids in ascending order cannot repeat.  Once the order breaks, ids are told apart by their
    64-bit hashes; a caller who holds the records can check what is said to repeat.
    """

    def __init__(self) -> None:
        self._hashes = array("q")
        self._known: set[int] | None = None
        self._last = ""

    def repeats(self, ids: Sequence[str]) -> list[int]:
        """Return the positions of ids that have come before, in this page or an earlier one."""
        if self._known is None:
            ascends = all(map(operator.lt, ids, islice(ids, 1, None)))
            if ascends and (not ids or self._last < ids[0]):
                self._hashes.extend(map(hash, ids))
                self._last = ids[-1] if ids else self._last
                return []
            self._known = set(self._hashes)
            self._hashes = array("q")
        repeated = []
        for position, key in enumerate(map(hash, ids)):
            if key in self._known:
                repeated.append(position)
            self._known.add(key)
        return repeated


@attrs.frozen(kw_only=True)
class Batch(Generic[T]):
    """A page of a collection: its records, and the positions of those that came before."""

    page: Page[T]
    repeated: list[int]
    total: int | None
    total_is_garbage: bool


@attrs.frozen(kw_only=True)
class PageSource(Generic[T]):
    """
    Where pages come from.

    ``fetch(offset, limit)`` may be called from several threads; ``decode(response, first)`` and
    ``id_of(record)`` are called from the reader's only.  Errors name ``provider`` and ``endpoint``.
    """

    fetch: Callable[[int, int], Response]
    decode: Callable[[Response, int], Page[T]]
    id_of: Callable[[T], str]
    provider: str
    endpoint: str

    def incomplete(self, code: str, message: str) -> IncompletePullError:
        """Return the error that says this collection is not whole."""
        return IncompletePullError(
            code, message, provider=self.provider, endpoint=self.endpoint, retryable=True
        )


class _Window(Generic[T]):
    """Fetches the page asked for and, beside it, those that will be asked for next."""

    def __init__(self, source: PageSource[T], executor: Executor | None, look_ahead: int) -> None:
        self._source = source
        self._executor = executor
        self._look_ahead = look_ahead if executor else 0
        self._pending: dict[int, Future[Response]] = {}

    def take(self, offset: int, limit: int) -> Response:
        future = self._pending.pop(offset, None)
        if future is None:
            return self._source.fetch(offset, limit)
        try:
            return future.result()
        except CancelledError:
            return self._source.fetch(offset, limit)  # says that the client was closed

    def begin(self, offset: int, limit: int) -> None:
        if self._executor is not None:
            with suppress(RuntimeError):  # no more threads: the client was closed, as above
                self._pending[offset] = self._executor.submit(self._source.fetch, offset, limit)

    def prepare(self, offset: int, stride: int, end: int | None, limit: int) -> None:
        """Start on the pages from an offset on; drop what was started for other offsets."""
        reach = offset + stride * self._look_ahead
        wanted = range(offset, reach if end is None else min(end, reach), stride)
        for other in [o for o in self._pending if o not in wanted]:
            self._pending.pop(other).cancel()
        for ahead in wanted:
            if ahead not in self._pending:
                self.begin(ahead, limit)

    def clear(self) -> None:
        for future in self._pending.values():
            future.cancel()
        self._pending.clear()


class OffsetPages(Generic[T]):
    """
    One walk through a collection by offset; iterate it once.

    Args:
        source: Where pages come from.
        settings: Sizes and guards.
        executor: Fetches ahead; None for one request at a time.

    Raises (while iterating):
        IncompletePullError: EDL-PULL-001 rows are missing at the end, EDL-PULL-002 the server
            repeats a page, EDL-PULL-003 no end in sight, EDL-PULL-004 the total moved during the
            walk, EDL-PULL-005 a page is shorter than its own count.
        ProviderError: As transport and payload say.
    """

    def __init__(
        self, source: PageSource[T], settings: PageSettings, executor: Executor | None = None
    ) -> None:
        self._source = source
        self._settings = settings
        self._window = _Window(source, executor, settings.look_ahead)
        self._limit = settings.page_size
        self._seen = SeenIds()
        self._total: int | None = None
        self._total_moved = False
        self._offset = 0
        self._stride = 0
        self._unread = (0, b"")
        self._is_echo = False

    def start(self) -> None:
        """Begin to fetch the first page, so that several collections can start together."""
        self._window.begin(self._offset, self._limit)

    def stop(self) -> None:
        """Drop what was begun and not read."""
        self._window.clear()

    def __iter__(self) -> Iterator[Batch[T]]:
        try:
            while True:
                try:
                    page, facts = self._next_page()
                except NotFoundError:
                    if not self._is_confirming():
                        raise
                    break
                repeated = self._check_rows(page)
                if repeated is None:
                    break
                self._offset += page.received
                self._note_total(facts)
                yield Batch(
                    page=page,
                    repeated=repeated,
                    total=self._total,
                    total_is_garbage=facts.total_is_garbage or self._is_nonsense(facts),
                )
                if self._is_over(page, facts):
                    break
                self._look_ahead(page)
            self._check_total()
        finally:
            self._window.clear()

    def _next_page(self) -> tuple[Page[T], PageFacts]:
        """Return the page at the offset; what ends unsaid, or looks broken, is asked for again."""
        page, facts, fault = self._attempt()
        if fault is None and self._ends_unsaid(page):
            page, facts, fault = self._attempt()
        if fault is not None:
            self._window.clear()
            page, facts, fault = self._attempt()
        if fault is not None:
            raise fault
        return page, facts

    def _ends_unsaid(self, page: Page[T]) -> bool:
        """Whether an empty page alone says that there is no more: one could be an accident."""
        return page.received == 0 and self._offset > 0 and self._total is None

    def _attempt(self) -> tuple[Page[T], PageFacts, PayloadError | IncompletePullError | None]:
        response = self._fetch()
        facts = read_facts(response, count_header=self._settings.count_header)
        try:
            page = self._source.decode(response, self._offset)
        except PayloadError as error:
            return Page(rows=[], received=0), facts, error
        self._note_unread(page, response.body)
        return page, facts, self._find_fault(page, facts)

    def _note_unread(self, page: Page[T], body: bytes) -> None:
        """Note whether a page without one readable id is, byte for byte, what came before it."""
        self._is_echo = False
        if page.received and not page.rows:
            offset, before = self._unread
            self._is_echo = offset != self._offset and before == body
            self._unread = (self._offset, body)

    def _find_fault(self, page: Page[T], facts: PageFacts) -> IncompletePullError | None:
        if facts.count is not None and facts.count != page.received:
            message = "a page holds other than its own count of rows"
            return self._source.incomplete("EDL-PULL-005", message)
        expected = self._total if facts.total is None else facts.total
        more = facts.has_next or (expected is not None and self._offset < expected)
        if page.received == 0 and more:
            message = "the server has no more rows but says there are more"
            return self._source.incomplete("EDL-PULL-001", message)
        if page.is_bare and self._offset and self._offset != expected:
            # Nothing where a list should be is none of the first page, but no proof of an end.
            message = "an answer after rows names no list at all, and no total says it is the end"
            return self._source.incomplete("EDL-PULL-001", message)
        return None

    def _fetch(self) -> Response:
        while True:
            try:
                return self._window.take(self._offset, self._limit)
            except UnavailableError as error:
                if error.status not in _TOO_HEAVY or self._limit <= self._settings.smallest_page:
                    raise
            self._window.clear()
            self._limit = max(self._limit // 2, self._settings.smallest_page)
            self._stride = 0

    def _is_nonsense(self, facts: PageFacts) -> bool:
        """Return whether a count of none is given where rows have come: it says nothing."""
        return facts.total == 0 and self._offset > 0

    def _note_total(self, facts: PageFacts) -> None:
        total = facts.total
        if total is None or self._is_nonsense(facts):
            return
        self._total_moved |= self._total not in (None, total)
        self._total = total

    def _is_confirming(self) -> bool:
        """Whether all rows of the server's count have come, and only their end is in question."""
        return 0 < self._offset == self._total

    def _check_rows(self, page: Page[T]) -> list[int] | None:
        """Return the positions of rows that came before, or None where they prove the end."""
        repeated = self._seen.repeats([self._source.id_of(row) for row in page.rows])
        if page.rows and len(repeated) == len(page.rows) == self._offset == self._total:
            return None  # a server that knows no offset has given everything it counts, twice
        if self._is_echo or (page.rows and len(repeated) == len(page.rows) and self._offset):
            message = "the server sends the same page again"
            raise self._source.incomplete("EDL-PULL-002", message)
        if self._offset + page.received > self._settings.max_rows:
            message = f"more than {self._settings.max_rows} rows and no end in sight"
            raise self._source.incomplete("EDL-PULL-003", message)
        return repeated

    def _is_over(self, page: Page[T], facts: PageFacts) -> bool:
        if page.received == 0:
            return True
        # A server may cut its pages and count the page for the whole, or leave a next page out of
        # its Link: a first page that says it is everything proves nothing, so ask once more.
        if self._offset != self._total or self._offset == page.received:
            return False
        # Nor does a full page that ends exactly at the total, where full is what was asked for, or
        # what came before, or as many rows as a server would cut a page to.
        full = min(self._limit, self._stride or self._settings.smallest_page)
        return page.received < full or facts.has_next is False

    def _look_ahead(self, page: Page[T]) -> None:
        """Guess the next offsets, once the server has shown its size of page or its total."""
        if self._total is None and page.received != self._stride:
            self._window.clear()
        else:
            self._window.prepare(self._offset, page.received, self._total, self._limit)
        self._stride = page.received

    def _check_total(self) -> None:
        if self._total_moved:
            message = "the total changed while it was read"
            raise self._source.incomplete("EDL-PULL-004", message)
        if self._total is not None and self._offset != self._total:
            message = f"{self._offset} rows came, the server counts {self._total}"
            raise self._source.incomplete("EDL-PULL-001", message)
