"""
One list of Graph from its first row to its last, or an error.

Graph pages by address: ``@odata.nextLink`` is followed whole and unread until an answer has none.
The bearer goes to the configured host alone, so a link to any other is refused and never followed.
A page may be empty and still have a next one.  Source: Microsoft Graph, paging.
"""

from codecs import BOM_UTF8
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar, cast
from urllib.parse import urlsplit

import attrs
from pydantic_core import SchemaValidator, ValidationError
from pydantic_core import core_schema as cs

from edlink._http.exchange import Response
from edlink._http.payload import Envelope, Page, PageDecoder
from edlink._http.transport import Transport
from edlink.coverage import Issue
from edlink.entra.endpoints import Endpoint
from edlink.entra.wire import schema_of
from edlink.errors import AuthError, IncompletePullError, NotFoundError

T = TypeVar("T")
Params = Sequence[tuple[str, str]]

PROVIDER = "entra"

#: Sent with every page: Graph does not remember it from one to the next.
HEADERS = {"ConsistencyLevel": "eventual"}


@attrs.frozen(kw_only=True)
class Links:
    """What an answer says beside its rows; None where it does not."""

    next: str | None = attrs.field(default=None, repr=False)
    delta: str | None = attrs.field(default=None, repr=False)
    count: int | None = None


def read_links(body: bytes) -> Links | None:
    """Return an answer's links and count, or None where one is no text or no number."""
    try:
        read = _ANSWER.validate_json(body.removeprefix(BOM_UTF8))
    except ValidationError:
        return None
    return Links(
        next=read.get("@odata.nextLink"),
        delta=read.get("@odata.deltaLink"),
        count=read.get("@odata.count"),
    )


_ANSWER = SchemaValidator(
    cs.typed_dict_schema(
        {
            name: cs.typed_dict_field(cs.nullable_schema(schema), required=False)
            for name, schema in (
                ("@odata.nextLink", cs.str_schema()),
                ("@odata.deltaLink", cs.str_schema()),
                ("@odata.count", cs.int_schema()),
            )
        }
    )
)


@attrs.define(kw_only=True)
class Listing(Generic[T]):
    """
    A list that was read.

    ``delta_link`` is where its changes continue; ``differing`` are the ids that came more than
    once and not alike; ``repeated`` counts the rows that had come before.
    """

    endpoint: Endpoint[T]
    rows: dict[str, T] = attrs.field(factory=dict, repr=False)
    issues: list[Issue] = attrs.field(factory=list)
    received: int = 0
    count: int | None = None
    delta_link: str | None = attrs.field(default=None, repr=False)
    differing: set[str] = attrs.field(factory=set)
    repeated: int = 0

    def add(self, rows: Sequence[Any]) -> None:
        """Take in the rows of a page; of rows with one id the last counts."""
        before = len(self.rows)
        for row in rows:
            if self.rows.setdefault(row.id, row) != row:
                self.differing.add(row.id)
                self.rows[row.id] = row
        self.repeated += len(rows) - (len(self.rows) - before)

    @property
    def may_lack(self) -> bool:
        """Whether a row came twice and no count says that none is missing for it."""
        return bool(self.repeated) and self.count is None and not self.endpoint.may_repeat

    @property
    def known(self) -> int:
        """How many objects came, each once, and those that could not be read."""
        return len(self.rows) + sum(issue.set_aside for issue in self.issues)


@attrs.frozen(kw_only=True)
class Walker:
    """
    Reads lists page by page.

    Attributes:
        transport: Where requests go.
        base_url: Graph's address with its version.
        max_pages: A list with more pages is refused as endless.
    """

    transport: Transport
    base_url: str
    max_pages: int = 100_000

    def read(
        self,
        endpoint: Endpoint[T],
        *ids: str,
        on_page: Callable[[int], None] | None = None,
        first: Response | None = None,
    ) -> Listing[T]:
        """
        Return a whole list, read once more if rows moved between its pages.

        Args:
            endpoint: Which list.
            ids: What stands for ``{}`` in its path.
            on_page: Called with the number of rows so far after each page.
            first: Its first page, where that came in a batch.

        Raises:
            IncompletePullError: EDL-ENTRA-001 a link to elsewhere, EDL-PULL-001 fewer rows than
                Graph counts, EDL-PULL-002 a page leads back or rows came twice, EDL-PULL-003 no
                end in sight, EDL-ENTRA-007 access ended in the middle.
            ProviderError: As transport and payload say.
        """
        path = endpoint.at(*ids)
        start = first or self.get(endpoint, path, endpoint.params)
        found = self._follow(endpoint, start, on_page)
        if found.may_lack:
            found = self._follow(endpoint, self.get(endpoint, path, endpoint.params), on_page)
        if found.may_lack:
            message = "rows of earlier pages came again and again; others may be missing"
            raise incomplete(endpoint, "EDL-PULL-002", message)
        return found

    def get(self, endpoint: Endpoint[Any], path: str, params: Params = ()) -> Response:
        """Return the answer to one GET."""
        return self.transport.get(path, endpoint=endpoint.label, params=params, headers=HEADERS)

    def path_of(self, endpoint: Endpoint[Any], link: str) -> str:
        """Return a link without the configured address; raises EDL-ENTRA-001 for any other."""
        base, given = urlsplit(self.base_url), urlsplit(link)
        if _place(base) == _place(given) and given.path.startswith(base.path + "/"):
            query = f"?{given.query}" if given.query else ""
            return given.path.removeprefix(base.path) + query
        message = "a link leads away from the configured Graph address; it was not followed"
        raise incomplete(endpoint, "EDL-ENTRA-001", message)

    def decode(self, endpoint: Endpoint[T], response: Response, first: int = 0) -> Page[T]:
        """Return the rows of a page."""
        return _decoder(endpoint).decode(response, first=first)

    def _follow(
        self, endpoint: Endpoint[T], response: Response, on_page: Callable[[int], None] | None
    ) -> Listing[T]:
        found = Listing(endpoint=endpoint)
        seen: set[str] = set()
        while True:
            page = self.decode(endpoint, response, found.received)
            links = read_links(response.body)
            if links is None:
                raise incomplete(endpoint, "EDL-ENTRA-001", "a link or a count cannot be read")
            found.received += page.received
            found.issues += page.issues
            found.count = links.count if found.count is None else found.count
            found.add(page.rows)
            if on_page is not None:
                on_page(found.received)
            if links.next is None:
                found.delta_link = links.delta
                break
            if links.next in seen:
                raise incomplete(endpoint, "EDL-PULL-002", "a page leads back to one that was read")
            seen.add(links.next)
            if len(seen) >= self.max_pages:
                message = f"more than {self.max_pages} pages and no end in sight"
                raise incomplete(endpoint, "EDL-PULL-003", message)
            response = self._get_next(endpoint, links.next)
        if found.count is not None and found.known < found.count:
            message = f"{found.known} rows came, Graph counts {found.count}"
            raise incomplete(endpoint, "EDL-PULL-001", message)
        return found

    def _get_next(self, endpoint: Endpoint[Any], link: str) -> Response:
        """Return a later page; where it is refused the list is no list that is withheld."""
        try:
            return self.get(endpoint, self.path_of(endpoint, link))
        except (AuthError, NotFoundError) as error:
            refusal = error
        raise IncompletePullError(
            "EDL-ENTRA-007",
            f"access ended in the middle of a list ({refusal.code})",
            provider=PROVIDER,
            endpoint=endpoint.label,
            status=refusal.status,
            request_id=refusal.request_id,
            provider_code=refusal.provider_code,
            retryable=True,
        )


def _place(parts: Any) -> tuple[str, str | None, int | None]:  # noqa: ANN401 - what urlsplit returns
    """Return scheme, host and port of an address, the port as it is by default."""
    try:
        port = parts.port
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port or {"https": 443, "http": 80}.get(parts.scheme)


def _decoder(endpoint: Endpoint[T]) -> PageDecoder[T]:
    return PageDecoder(
        schema_of(cast("Hashable", endpoint.row)),
        kind=endpoint.kind,
        provider=PROVIDER,
        envelope=Envelope(keys=("value",), error_keys=frozenset({"error"})),
        id_key="id",
    )


def incomplete(
    endpoint: Endpoint[Any], code: str, message: str, *, fix: str = ""
) -> IncompletePullError:
    """Return the error that says a list is not whole."""
    return IncompletePullError(
        code, message, provider=PROVIDER, endpoint=endpoint.label, fix=fix, retryable=not fix
    )
