"""A client for one district's OneRoster server, version 1.1 or 1.2, over REST."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import quote, urlsplit

from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from edlink._http.exchange import Response
from edlink._http.limits import Clock, SystemClock
from edlink._http.paging import OffsetPages, PageSettings, PageSource
from edlink._http.payload import Envelope, PageDecoder
from edlink._http.transport import HttpSettings, Transport
from edlink.coverage import Issue, Scope, Source
from edlink.errors import ConfigError, NotFoundError, PayloadError
from edlink.oneroster import changes, doctor, probe, pull
from edlink.oneroster.endpoints import ENVELOPES, EVERYTHING, Endpoints, Query, projection
from edlink.oneroster.problems import ERROR_KEYS, describe
from edlink.oneroster.servers import GENERIC, Server
from edlink.oneroster.wire import schema_of
from edlink.report import Finding
from edlink.roster import Progress, Roster
from edlink.state import ChangeSet, SyncState
from edlink.vocabulary import Kind

_log = logging.getLogger("edlink.oneroster")

OnIssue = Callable[[Issue], None]

#: Paths of the versions below a server's address.
ROOTS = {"1.2": "/ims/oneroster/rostering/v1p2", "1.1": "/ims/oneroster/v1p1"}


class OneRosterClient(Endpoints):
    """
    One district's OneRoster server.

    May be used from several threads; use it in a ``with`` block, or ``close`` it.

    Args:
        url: The server's address, with or without ``/ims/oneroster/...``; https, or http on
            loopback.
        auth: ``OAuth1``, ``ClientCredentials`` or ``StaticBearer``.
        version: ``1.1``, ``1.2``, or ``auto`` to look which one answers at the first request.
        tenant: The host's name for the district; the address's host name where none is given.
        server: How this product differs from the standard; see ``servers``.
        settings: Patience, speed and size of requests.
        page_size: Rows a page; the server's habit where none is given.
        max_rows: A collection with more rows is refused as endless.
        keep_metadata: Keep ``metadata`` and unknown fields on each record (they can hold special
            categories of data, such as free lunch or health).
        on_issue: Called by the lazy lists with each record that was set aside; they log its
            place and its fields' names where none is given.
        adapter: Replaces the requests adapter that moves the bytes.
        clock: Replaces the machine's clock.

    Raises:
        ConfigError: EDL-CONF-102 for a version or page size that does not exist, and what the
            transport says of the address.
    """

    def __init__(  # noqa: PLR0913 - one keyword per thing a host may set
        self,
        url: str,
        *,
        auth: AuthBase,
        version: str = "auto",
        tenant: str | None = None,
        server: Server = GENERIC,
        settings: HttpSettings | None = None,
        page_size: int | None = None,
        max_rows: int = 50_000_000,
        keep_metadata: bool = False,
        on_issue: OnIssue | None = None,
        adapter: BaseAdapter | None = None,
        clock: Clock | None = None,
    ) -> None:
        address, stated = _split(url, version)
        self.server = server
        self._clock = clock or SystemClock()
        self._settings = settings or HttpSettings()
        self._transport = Transport(
            address,
            provider=server.name,
            auth=auth,
            settings=self._settings,
            adapter=adapter,
            clock=clock,
            describe=describe,
        )
        host = urlsplit(address).hostname or ""
        self._source = Source(server.name, tenant or host)
        self._version = stated
        self._version_lock = threading.Lock()
        self._page_size = page_size if page_size is not None else server.page_size
        if self._page_size < 1:
            raise ConfigError("EDL-CONF-102", "page_size must be at least 1")
        self._max_rows = max_rows
        self._keep_metadata = keep_metadata
        self._on_issue = on_issue or _log_issue
        workers = max(1, self._settings.concurrency)
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="edlink")

    # What every source can do

    @property
    def source(self) -> Source:
        """Provider and tenant."""
        return self._source

    def pull_roster(
        self,
        scope: Scope | None = None,
        *,
        allow_partial: bool = False,
        progress: Progress | None = None,
    ) -> Roster:
        """
        Return one complete roster.

        Args:
            scope: What is wanted; everything where none is given.
            allow_partial: Return what could be read, with a coverage that says what failed.
            progress: Called with the collection's name, rows so far, and rows expected or None.

        Raises:
            IncompletePullError: EDL-PULL-001 to 005 (see ``OffsetPages``), EDL-PULL-006 what the
                app may see kept changing, EDL-PULL-007 there is not one org or user, EDL-PULL-008
                more than one record in a hundred cannot be read, EDL-PULL-010 rows change
                places while they are read.
            ProviderError: As errors.py says.
        """
        return pull.pull_roster(
            self, scope or Scope(), allow_partial=allow_partial, progress=progress
        )

    def pull_changes(self, state: SyncState) -> ChangeSet:
        """
        Return what changed since a state, by dateLastModified.

        OneRoster never shows what is gone: pull the whole roster every night or two as well.

        Args:
            state: ``SyncState.after(roster)`` of a complete pull, or an earlier change set's.

        Raises:
            ConfigError: EDL-CONF-103 for another source's state.
            FullPullRequired: EDL-PULL-011 the state has no cursors, or one that is no time.
            IncompletePullError, ProviderError: As ``pull_roster``.
        """
        return changes.pull_changes(self, state)

    def check_access(self) -> tuple[Finding, ...]:
        """
        Return what a first sync would meet: access, counts, gaps and their fixes.

        It reads the collections as a pull does, since shares and gaps need all records, and
        raises nothing for what a provider does: that becomes a finding.
        """
        return doctor.check_access(self)

    def close(self) -> None:
        """Close the connections; a walk under way ends with an error."""
        self._transport.close()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<OneRosterClient {self.server.name} {self._version or 'auto'}>"

    # The pieces that pull, changes and doctor are made of

    @property
    def version(self) -> str:
        """The version spoken, ``1.1`` or ``1.2``; asks the server at the first use of ``auto``."""
        with self._version_lock:
            if self._version is None:
                self._version = probe.find_version(self._transport, self.server, ROOTS)
            return self._version

    def now(self) -> datetime:
        """Return the time by this client's clock, in UTC."""
        return datetime.fromtimestamp(self._clock.time(), UTC)

    def get(self, path: str, endpoint: str, params: list[tuple[str, str]]) -> Response:
        """Return the answer to one GET below the version's root."""
        return self._transport.get(
            ROOTS[self.version] + path, endpoint=f"GET {endpoint}", params=params
        )

    def walk(
        self,
        kind: Kind,
        path: str,
        ids: tuple[str, ...] = (),
        query: Query = EVERYTHING,
        *,
        on_answer: Callable[[Response], None] | None = None,
    ) -> OffsetPages[Any]:
        """Return a walk through a list; nothing is asked for until it is iterated or started."""
        address = path.format(*(_segment(i) for i in ids))
        endpoint = path.replace("{}", "{id}")
        params = query.params(sorts=self.server.sorts)

        def fetch(offset: int, limit: int) -> Response:
            window = [("limit", str(limit)), ("offset", str(offset))]
            response = self.get(address, endpoint, [*window, *params])
            if on_answer is not None:
                on_answer(response)
            return response

        decoder = self._decoder(kind, path)
        source = PageSource(
            fetch=fetch,
            decode=lambda response, first: decoder.decode(response, first=first),
            id_of=lambda record: record.sourced_id,
            provider=self.server.name,
            endpoint=f"GET {endpoint}",
        )
        settings = PageSettings(
            page_size=self._page_size,
            look_ahead=_pages_ahead(self._settings.concurrency),
            max_rows=self._max_rows,
            count_header=self.server.count_header,
        )
        return OffsetPages(source, settings, self._executor)

    def _list(self, kind: Kind, path: str, ids: tuple[str, ...], query: Query) -> Iterator[Any]:
        for batch in self.walk(kind, path, ids, query):
            for issue in batch.page.issues:
                self._on_issue(issue)
            repeated = frozenset(batch.repeated)
            if repeated:
                yield from (r for i, r in enumerate(batch.page.rows) if i not in repeated)
            else:
                yield from batch.page.rows

    def _one(self, kind: Kind, path: str, sourced_id: str, fields: Sequence[str]) -> Any:  # noqa: ANN401 - any record
        endpoint = path.replace("{}", "{id}")
        wanted = projection(Query(fields=fields).fields)
        response = self.get(path.format(_segment(sourced_id)), endpoint, wanted)
        plural, single = ENVELOPES[kind]
        last = path.split("/")[1]
        page = self._decoder(kind, path).decode_one(
            response, (single, plural, last.removesuffix("s"), last)
        )
        for issue in page.issues:
            self._on_issue(issue)
        if not page.rows:
            raise PayloadError(
                "EDL-PAGE-004",
                "the record cannot be read",
                provider=self.server.name,
                endpoint=f"GET {endpoint}",
                status=response.status,
            )
        record = page.rows[0]
        if record.sourced_id != sourced_id:
            raise NotFoundError(
                "EDL-PAGE-005",
                "the server answered with another record",
                provider=self.server.name,
                endpoint=f"GET {endpoint}",
                status=response.status,
            )
        return record

    def _decoder(self, kind: Kind, path: str) -> PageDecoder[Any]:
        plural, _ = ENVELOPES[kind]
        keys = tuple(dict.fromkeys((plural, path.rsplit("/", 1)[-1].replace("{}", "") or plural)))
        return PageDecoder(
            schema_of(kind, self.version, keep_metadata=self._keep_metadata),
            kind=kind,
            provider=self.server.name,
            envelope=Envelope(
                keys=keys,
                bare_list=self.server.bare_list,
                may_be_absent=True,  # a collection without a record, as some servers write it
                error_keys=ERROR_KEYS,
            ),
            id_key="sourcedId",
        )


def _split(url: str, version: str) -> tuple[str, str | None]:
    """Return the address without a version's root, and the version, None to look for it."""
    if version not in {"auto", *ROOTS}:
        raise ConfigError("EDL-CONF-102", "version must be 1.1, 1.2 or auto")
    address = url.rstrip("/")
    for known, root in ROOTS.items():
        if address.endswith(root):
            if version not in {"auto", known}:
                raise ConfigError("EDL-CONF-102", "the address names another version")
            return address.removesuffix(root), known
    return address, None if version == "auto" else version


def _pages_ahead(concurrency: int) -> int:
    """Return how many pages are under way while one is read: a page a thread, or none."""
    return concurrency if concurrency > 1 else 0


def _segment(sourced_id: str) -> str:
    """Return a sourced id as one segment of a path."""
    if not sourced_id:
        raise ConfigError("EDL-CONF-104", "a sourced id is empty")
    try:
        return quote(sourced_id, safe="")
    except UnicodeEncodeError:
        pass
    # Raised here, outside the except block: the caught error holds the id.
    raise ConfigError("EDL-CONF-104", "a sourced id is no text that can stand in an address")


def _log_issue(issue: Issue) -> None:
    _log.warning(
        "%s set aside: %s, fields %s, row %s",
        issue.kind,
        issue.reason,
        ",".join(issue.fields),
        issue.position,
    )
