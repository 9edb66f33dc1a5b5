"""The client of one school at Veracross."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, TypeVar

from requests.adapters import BaseAdapter

from edlink._http.exchange import Response
from edlink._http.limits import Clock, SystemClock, reset_header
from edlink._http.transport import HttpSettings, Transport
from edlink.coverage import Scope, Source
from edlink.errors import ConfigError
from edlink.report import Finding
from edlink.roster import Progress, Roster
from edlink.state import ChangeSet, SyncState
from edlink.veracross.access import check_access
from edlink.veracross.changes import pull_changes
from edlink.veracross.endpoints import SCOPES, Endpoint
from edlink.veracross.pages import MAX_PAGE, Walker
from edlink.veracross.pull import Puller
from edlink.veracross.token import PROVIDER, SHARED, Grant, SharedToken, TokenStore

T = TypeVar("T")

API, ACCOUNTS = "https://api.veracross.com", "https://accounts.veracross.com"

_ROUTE = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)?")
_SCOPE = re.compile(r"[a-z0-9_.]+:(?:list|read)")


class VeracrossClient:
    """
    One school at Veracross, by its Data API v3.

    May be used from several threads; use it in a ``with`` block, or ``close`` it.

    Args:
        school_route: The school's word in its Veracross addresses.
        client_id: The application's, from the school.
        client_secret: The application's, from the school.
        scopes: What the school opened for the application.  A list is read when its ``:list`` scope
            is among them: ``academics.permissions:list`` adds co-teachers,
            ``academics.class_schedules:list`` the grading periods of classes, ``households:list``
            addresses and ``contact_info:list`` telephones.
        school_year: Read the classes, enrollments and periods of this year only, as Veracross
            numbers it; None reads every year there is.
        token_store: What shares the live token with other processes; the clients of this process
            share theirs where none is given.
        base_url: Another address of the Data API, with the route and version.
        accounts_url: Another address of the Authorization API, with the route and ``/oauth``.
        settings: Patience, speed and size of requests.
        page_size: Rows a page, 1,000 at most.
        adapter: Replaces the requests adapter that moves the bytes.
        clock: Replaces the machine's clock.

    Raises:
        ConfigError: EDL-CONF-065 for a route, EDL-CONF-066 for a page size and EDL-CONF-068 for
            scopes that cannot be.
    """

    def __init__(  # noqa: PLR0913 - one keyword per thing a host may set
        self,
        school_route: str,
        *,
        client_id: str,
        client_secret: str,
        scopes: Iterable[str] = SCOPES,
        school_year: int | None = None,
        token_store: TokenStore | None = None,
        base_url: str | None = None,
        accounts_url: str | None = None,
        settings: HttpSettings | None = None,
        page_size: int = MAX_PAGE,
        adapter: BaseAdapter | None = None,
        clock: Clock | None = None,
    ) -> None:
        if not _ROUTE.fullmatch(school_route):
            fix = "Give the word behind veracross.com/ in the school's addresses, not an address."
            raise ConfigError("EDL-CONF-065", "the school route is no such word", fix=fix)
        if not 1 <= page_size <= MAX_PAGE:
            raise ConfigError("EDL-CONF-066", f"page_size must be from 1 to {MAX_PAGE}")
        wanted = _scopes(scopes)
        settings = settings or HttpSettings()
        self._clock = clock or SystemClock()
        self._auth = SharedToken(
            Grant(
                address=accounts_url or f"{ACCOUNTS}/{school_route}/oauth",
                client_id=client_id,
                client_secret=client_secret,
                scopes=wanted,
            ),
            store=token_store or SHARED,
            clock=self._clock,
            adapter=adapter,
        )
        self._transport = Transport(
            base_url or f"{API}/{school_route}/v3",
            provider=PROVIDER,
            auth=self._auth,
            settings=settings,
            adapter=adapter,
            clock=clock,  # its own, unless replaced: closing ends the pauses on its own alone
            describe=describe_fault,
            pause_hint=reset_header("X-Rate-Limit-Reset"),
        )
        self._puller = Puller(
            walker=Walker(transport=self._transport, page_size=page_size),
            source=Source(PROVIDER, school_route),
            route=school_route,
            scopes=frozenset(wanted),
            school_year=school_year,
            concurrency=settings.concurrency,
        )

    def __repr__(self) -> str:
        return f"<VeracrossClient {self._puller.route}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the token lives on in its store."""
        self._transport.close()

    @property
    def source(self) -> Source:
        """Veracross and the school's route."""
        return self._puller.source

    def pull_roster(
        self,
        scope: Scope | None = None,
        *,
        allow_partial: bool = False,
        progress: Progress | None = None,
    ) -> Roster:
        """
        Return the whole school, or raise.

        A list whose scope the school has not opened is ``withheld`` in the coverage, as is one that
        is empty.

        Args:
            scope: What is wanted; everything where none is given.
            allow_partial: Return what could be read, with a coverage that says what failed.
            progress: Called with the list's name, rows so far, and None.

        Raises:
            IncompletePullError: EDL-PULL-002 a page came again, EDL-PULL-003 no end in sight,
                EDL-PULL-007 there is not one user, EDL-PULL-008 more than one row in a hundred
                cannot be read, EDL-VERACROSS-001 access ended in the middle of a list.
            AuthError: No list can be read.
            ProviderError: As errors.py says.
        """
        return self._puller.pull(
            scope or Scope(),
            pulled_at=self._now(),
            allow_partial=allow_partial,
            progress=progress,
        )

    def pull_changes(self, state: SyncState) -> ChangeSet:
        """
        Return what changed since a state, by ``last_modified_date``.

        Veracross never shows what is gone: pull the whole roster every night or two as well.

        Args:
            state: ``SyncState.after(roster)`` of a pull, or an earlier change set's.

        Raises:
            ConfigError: EDL-CONF-103 for another source's state.
            FullPullRequired: EDL-PULL-011 the state has no cursors, or one that is no time.
            IncompletePullError, ProviderError: As ``pull_roster``.
        """
        return pull_changes(self._puller, state, now=self._now())

    def check_access(self) -> tuple[Finding, ...]:
        """Return what a first sync would meet, asked with one small page for each list."""
        return check_access(self._puller, self._auth)

    def rows(self, endpoint: Endpoint[T], **filters: str | int | bool) -> Iterator[T]:
        """
        Yield the rows of one list as Veracross sends them, page by page.

        Args:
            endpoint: One of ``edlink.veracross.endpoints``.
            filters: Query parameters that the list takes.

        Raises:
            ConfigError: EDL-CONF-067 for a parameter that it does not take.
            IncompletePullError, ProviderError: As ``pull_roster``.
        """
        for page, _ in self._puller.walker.pages(endpoint, endpoint.params(filters)):
            yield from page.rows

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.time(), UTC)


def _scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return scopes in their order, once each."""
    wanted = tuple(dict.fromkeys(scopes))
    if isinstance(scopes, str) or not wanted or not all(map(_SCOPE.fullmatch, wanted)):
        fix = "Give a list such as edlink.veracross.SCOPES; sso is for signing in."
        raise ConfigError("EDL-CONF-068", "these are no scopes of the Data API", fix=fix)
    return wanted


def describe_fault(response: Response) -> str | None:
    """
    Return ``missing_scope`` where Veracross says so, else its id for the fault, or None.

    The words may change any day, so nothing is decided by them.
    """
    body = json.loads(response.body)
    if "missing a required scope" in str(body.get("error")):
        return "missing_scope"
    word = body.get("error_id")
    return word if isinstance(word, str) else None
