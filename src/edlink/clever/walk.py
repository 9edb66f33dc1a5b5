"""
One chain of pages from its first row to its last, or an error.

Clever pages by range: a page's ``next`` link says after which id the following one starts.  Only
that id is taken from the link and the same endpoint is asked again, so no address of an answer is
ever followed, and ``limit`` and ``role`` cannot get lost on the way.
Source: dev.clever.com/docs/paging-and-limits.
"""

import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

import attrs

from edlink._http.paging import SeenIds
from edlink._http.transport import Transport
from edlink.clever.endpoints import Endpoint
from edlink.clever.pages import PROVIDER, Page, decode_one, decode_page
from edlink.errors import (
    AuthError,
    IncompletePullError,
    NotFoundError,
    ProviderError,
)

#: The largest page Clever gives; more is refused with 413.
MAX_LIMIT = 10_000


@attrs.frozen(kw_only=True)
class Walker:
    """
    Reads collections page by page.

    Attributes:
        transport: Where requests go.
        limit: Rows of a page.
    """

    transport: Transport
    limit: int = MAX_LIMIT

    def pages(self, endpoint: Endpoint, *, after: str | None = None) -> Iterator[Page]:
        """
        Yield the pages of a collection, to its end.

        Args:
            endpoint: What to read.
            after: The id to start behind, or None for the first row.

        Raises:
            IncompletePullError: EDL-CLEVER-001 a page after the first could not be had,
                EDL-CLEVER-002 a next page has no place, EDL-PULL-001 a page without rows
                does not end the list, EDL-PULL-002 a page leads back, or holds nothing new.
            ProviderError: The first page could not be had.
        """
        seen, known = {after}, SeenIds()
        position, was_empty = 0, False
        while True:
            page = self._page(endpoint, after, position)
            if page.received == 0 and position:
                # Only an empty page says here that there is no more: one could be an accident.
                page = self._page(endpoint, after, position)
            repeated = len(known.repeats(page.ids))
            if page.received and repeated == page.received:
                message = "a page holds only rows that came before"
                raise self._incomplete("EDL-PULL-002", message, endpoint)
            after = self._place_after(endpoint, page, seen)
            if was_empty and (page.received or after is not None):
                message = "a page without rows does not end the list"
                raise self._incomplete("EDL-PULL-001", message, endpoint)
            yield attrs.evolve(page, repeated=repeated) if repeated else page
            if after is None:
                return
            position += page.received
            was_empty = page.received == 0
            seen.add(after)

    def _place_after(
        self, endpoint: Endpoint, page: Page, seen: AbstractSet[str | None]
    ) -> str | None:
        """Return where the page behind a page starts, or None where the list ends."""
        after = page.next_cursor
        if page.received == 0:
            # Clever may name a next page that is empty; it names no new place behind that.
            return None if after in seen else after
        if not page.has_next:
            # A full page that names no next one may be the last, or a link may be missing.
            if page.received < self.limit:
                return None
            after = page.last_id
        if after is None:
            message = "there is a next page, but not where it starts"
            raise self._incomplete("EDL-CLEVER-002", message, endpoint)
        if after in seen:
            message = "a page leads back to one that was read"
            raise self._incomplete("EDL-PULL-002", message, endpoint)
        return after

    def count(self, endpoint: Endpoint) -> int | None:
        """Return how many rows Clever says there are, or None where it does not say."""
        params = (*endpoint.params, ("count", "true"))
        try:
            response = self.transport.get(endpoint.path, endpoint=endpoint.label, params=params)
            answer = json.loads(response.body)
        except (AuthError, NotFoundError, ValueError):
            return None
        count = answer.get("count") if isinstance(answer, dict) else None
        return count if isinstance(count, int) else None

    def first(self, endpoint: Endpoint, *, rows: int) -> Page:
        """Return the first rows of a collection."""
        params = (*endpoint.params, ("limit", str(rows)))
        response = self.transport.get(endpoint.path, endpoint=endpoint.label, params=params)
        return decode_page(endpoint.collection, response)

    def newest(self, endpoint: Endpoint) -> Page:
        """Return a page that holds only the newest row, or none at all."""
        params = (*endpoint.params, ("ending_before", "last"), ("limit", "1"))
        response = self.transport.get(endpoint.path, endpoint=endpoint.label, params=params)
        return decode_page(endpoint.collection, response)

    def single(self, endpoint: Endpoint) -> Page:
        """Return the one row of an address that names a record, as a page."""
        response = self.transport.get(endpoint.path, endpoint=endpoint.label)
        return decode_one(endpoint.collection, response)

    def has(self, endpoint: Endpoint) -> bool:
        """Return whether an address that names a record leads to one."""
        try:
            self.transport.get(endpoint.path, endpoint=endpoint.label)
        except NotFoundError:
            return False
        return True

    def _page(self, endpoint: Endpoint, after: str | None, position: int) -> Page:
        cursor = () if after is None else (("starting_after", after),)
        limit = () if endpoint.template == "/districts" else (("limit", str(self.limit)),)
        failure: ProviderError | None = None
        try:
            response = self.transport.get(
                endpoint.path,
                endpoint=endpoint.label,
                params=(*endpoint.params, *limit, *cursor),
            )
            return decode_page(endpoint.collection, response, first=position)
        except ProviderError as error:
            if position == 0:
                raise
            failure = error
        message = f"a collection broke off after {position} rows ({failure.code})"
        raise self._incomplete("EDL-CLEVER-001", message, endpoint, failure) from failure

    def _incomplete(
        self, code: str, message: str, endpoint: Endpoint, cause: ProviderError | None = None
    ) -> IncompletePullError:
        return IncompletePullError(
            code,
            message,
            provider=PROVIDER,
            endpoint=endpoint.label,
            status=None if cause is None else cause.status,
            request_id=None if cause is None else cause.request_id,
            fix="Pull again later; nothing was returned.",
            retryable=True,
        )
