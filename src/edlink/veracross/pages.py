"""
One list from its first row to its last, or an error.

Veracross pages by number, has no count and promises no order: only an empty page is surely the end,
since a short one may stand in the middle, and a row that moves while pages are read comes twice, or
not at all.  So rows are told apart by their ids, and a list in which a row came twice is read once
more.
Source: api-docs.veracross.com, pagination.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, Generic, TypeVar, cast

import attrs

from edlink._http.exchange import Response
from edlink._http.paging import SeenIds
from edlink._http.payload import Envelope, Page, PageDecoder
from edlink._http.transport import Transport
from edlink.coverage import Issue
from edlink.errors import AuthError, IncompletePullError
from edlink.veracross.endpoints import Endpoint
from edlink.veracross.lists import ValueLists, read_lists
from edlink.veracross.token import PROVIDER
from edlink.veracross.wire import lacking, schema_of

T = TypeVar("T")
Params = Sequence[tuple[str, str]]

#: The largest page there is.
MAX_PAGE = 1000


@attrs.define(kw_only=True)
class Listing(Generic[T]):
    """
    A list that was read.

    ``incomplete`` are rows that do not say all that they connect, which are no rows; ``repeated``
    counts rows that came again; ``received`` counts all that came.
    """

    endpoint: Endpoint[T]
    rows: dict[str, T] = attrs.field(factory=dict, repr=False)
    incomplete: list[T] = attrs.field(factory=list, repr=False)
    lists: ValueLists = ValueLists()
    issues: list[Issue] = attrs.field(factory=list)
    received: int = 0
    repeated: int = 0


@attrs.frozen(kw_only=True)
class Walker:
    """
    Reads lists page by page.

    Attributes:
        transport: Where requests go.
        page_size: Rows asked for, from 1 to 1000.
        max_rows: A list with more rows is refused as endless.
    """

    transport: Transport
    page_size: int = MAX_PAGE
    max_rows: int = 10_000_000

    def read(
        self,
        endpoint: Endpoint[T],
        params: Params = (),
        *,
        on_page: Callable[[int], None],
    ) -> Listing[T]:
        """
        Return a whole list, read once more if rows moved between its pages.

        Args:
            endpoint: Which list.
            params: Its filters.
            on_page: Called with the number of rows so far after each page.

        Raises:
            IncompletePullError: EDL-PULL-002 the server sends a page again, EDL-PULL-003 no end in
                sight, EDL-VERACROSS-001 access ended in the middle.
            ProviderError: As transport and payload say.
        """
        first = self._read_once(endpoint, params, on_page)
        if not first.repeated:
            return first
        again = self._read_once(endpoint, params, on_page)
        again.rows = {**first.rows, **again.rows} if again.repeated else again.rows
        return again

    def pages(
        self, endpoint: Endpoint[T], params: Params = (), *, with_lists: bool = False
    ) -> Iterator[tuple[Page[T], ValueLists]]:
        """Yield a list's pages, the first with its value lists where they are wanted."""
        decoder = _decoder(endpoint)
        seen = SeenIds()
        number, received, before = 1, 0, 0
        while True:
            response = self._get(endpoint, params, number, with_lists=with_lists and number == 1)
            page = decoder.decode(response, first=received)
            if number > 1 and not page.received:
                # Nothing but an empty page says that there is no more: one could be an accident.
                response = self._get(endpoint, params, number, with_lists=False)
                page = decoder.decode(response, first=received)
            repeated = seen.repeats([row.id for row in page.rows])  # type: ignore[attr-defined] # every row class has one
            # Nothing new and no shorter than the page before: no row that moved makes such a page.
            if number > 1 and len(repeated) == page.received >= max(before, 1):
                raise _incomplete(endpoint, "EDL-PULL-002", "the server sends a page again")
            received += page.received
            if received > self.max_rows:
                message = f"more than {self.max_rows} rows and no end in sight"
                raise _incomplete(endpoint, "EDL-PULL-003", message)
            if number == 1:
                yield page, read_lists(response.body) if with_lists else ValueLists()
            elif page.received:
                yield page, ValueLists()
            if not page.received:
                return
            before = page.received
            number += 1

    def _read_once(
        self, endpoint: Endpoint[T], params: Params, on_page: Callable[[int], None]
    ) -> Listing[T]:
        found = Listing(endpoint=endpoint)
        for page, lists in self.pages(endpoint, params, with_lists=True):
            found.lists = lists or found.lists
            found.received += page.received
            found.issues += page.issues
            for row in page.rows:
                key: str = row.id  # type: ignore[attr-defined] # every row class has one
                missing = lacking(row)
                if missing:
                    found.incomplete.append(row)
                    found.issues.append(_incomplete_row(endpoint, key, missing))
                    continue
                found.repeated += key in found.rows
                found.rows[key] = row
            on_page(found.received)
        return found

    def _get(
        self, endpoint: Endpoint[Any], params: Params, number: int, *, with_lists: bool
    ) -> Response:
        headers = {"X-Page-Number": str(number), "X-Page-Size": str(self.page_size)}
        if with_lists:
            headers["X-API-Value-Lists"] = "include"
        try:
            return self.transport.get(
                endpoint.path, endpoint=endpoint.label, params=params, headers=headers
            )
        except AuthError as error:
            if number == 1:
                raise
            code = error.code
        message = f"access ended in the middle of a list ({code})"
        raise _incomplete(endpoint, "EDL-VERACROSS-001", message)


def _decoder(endpoint: Endpoint[T]) -> PageDecoder[T]:
    return PageDecoder(
        schema_of(cast("Hashable", endpoint.row)),
        kind=endpoint.kind,
        provider=PROVIDER,
        envelope=Envelope(keys=("data",), error_keys=frozenset({"error", "error_id"})),
        id_key="id",
    )


def _incomplete_row(endpoint: Endpoint[Any], key: str, missing: tuple[str, ...]) -> Issue:
    reason = "unreadable_record"
    return Issue(kind=endpoint.kind, reason=reason, sourced_id=key, fields=missing)


def _incomplete(endpoint: Endpoint[Any], code: str, message: str) -> IncompletePullError:
    return IncompletePullError(
        code, message, provider=PROVIDER, endpoint=endpoint.label, retryable=True
    )
