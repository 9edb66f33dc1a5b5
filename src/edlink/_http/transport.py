"""
GET requests to one provider: retried, limited, signed afresh, and silent about people.

One loop, above signing, does all the retrying: each attempt is prepared and signed
anew, so no nonce or timestamp is sent twice. Redirects are never followed.

Logging: ``edlink.http`` prints method, endpoint template, status, milliseconds and
attempt. URLs, headers and bodies reach no logger, urllib3's and oauthlib's included:
see :mod:`edlink._http.adapter` and :mod:`edlink._http.auth`.

Environment: proxies and ``REQUESTS_CA_BUNDLE`` are honored, ``.netrc`` is not, and
loopback is always reached directly.
"""

import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, Self, runtime_checkable

import attrs
import requests
from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from edlink._http.adapter import ExactAdapter
from edlink._http.address import check_headers, check_target, check_url, encode_query, is_loopback
from edlink._http.answers import is_success, is_transient, to_error
from edlink._http.exchange import (
    Failure,
    Limits,
    Response,
    exchange,
    new_session,
    read_environment,
)
from edlink._http.limits import (
    Backoff,
    Clock,
    PauseHint,
    RateLimiter,
    SystemClock,
    retry_after,
)
from edlink._http.log import log_outcome
from edlink.errors import ConfigError, ProviderError


def _between(low: float, high: float) -> Any:  # noqa: ANN401 - what attrs calls a validator
    """A validator that lets numbers from low to high pass, both included; NaN never does."""

    def check(_: object, field: "attrs.Attribute[float]", value: float) -> None:
        if not low <= value <= high:
            raise ConfigError(
                "EDL-CONF-013",
                f"HttpSettings.{field.name} is out of range",
                fix=f"Give a number from {low} to {high}.",
            )

    return check


def _printable(_: object, field: "attrs.Attribute[str]", value: str) -> None:
    """A validator for text that becomes a header."""
    if not (value.isascii() and value.isprintable() and value.strip()):
        raise ConfigError(
            "EDL-CONF-013",
            f"HttpSettings.{field.name} is out of range",
            fix="Give printable ASCII text.",
        )


@attrs.frozen(kw_only=True)
class HttpSettings:
    """
    How patient, how fast and how large; the defaults suit a district's nightly pull.

    Attributes:
        connect_timeout: Seconds to connect.
        read_timeout: Seconds between two packets of an answer.
        deadline: Seconds for one call with all its attempts and pauses; a wait for a
            packet that is under way then is not cut short.
        attempts: Requests at most for one call.
        backoff: Seconds of the longest pause after the first failure; doubled for each further one.
        backoff_cap: Seconds of the longest pause of all, unless the provider asks for more.
        rate: Requests a second, all threads together; 0 means no limit.
        concurrency: Requests under way at once.
        max_body: Bytes of one decoded answer.
        user_agent: What we call ourselves.
    """

    connect_timeout: float = attrs.field(default=10.0, validator=_between(0.001, 3600))
    read_timeout: float = attrs.field(default=120.0, validator=_between(0.001, 3600))
    deadline: float = attrs.field(default=600.0, validator=_between(0.001, 86_400))
    attempts: int = attrs.field(default=5, validator=_between(1, 100))
    backoff: float = attrs.field(default=0.5, validator=_between(0, 3600))
    backoff_cap: float = attrs.field(default=30.0, validator=_between(0, 3600))
    rate: float = attrs.field(default=8.0, validator=_between(0, 1_000_000))
    concurrency: int = attrs.field(default=4, validator=_between(1, 1000))
    max_body: int = attrs.field(default=256 * 2**20, validator=_between(1, 2**40))
    user_agent: str = attrs.field(default="edlink", validator=_printable)


@runtime_checkable
class Refreshable(Protocol):
    """An auth whose credentials can be renewed when the provider refuses them."""

    def refresh(self, rejected: requests.PreparedRequest) -> bool:
        """
        True when other credentials than those of the rejected request are ready.

        Args:
            rejected: The request that was answered with 401. When another thread has
                renewed the credentials since it was signed, there is nothing to fetch.
        """


@attrs.frozen(kw_only=True)
class _Call:
    """One call of :meth:`Transport.get`; the fields that can name a person stay out of its repr."""

    url: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(repr=False)
    endpoint: str
    until: float


@attrs.frozen(kw_only=True)
class _Lane:
    """What one thread sends through."""

    session: requests.Session
    environment: Mapping[str, Any] = attrs.field(
        repr=False
    )  # a proxy's address can hold a password


class Transport:
    """
    GETs whole answers from one provider's base URL; may be used from several threads.

    Args:
        base_url: https address (http for loopback only) without user information, query
            or fragment, already percent-encoded.
        provider: Short name for errors and logs.
        auth: Signs each attempt. One that has ``refresh`` (see :class:`Refreshable`) is
            asked once when the provider answers 401.
        settings: Patience, speed and size.
        adapter: Replaces the way bytes move, for example in tests; mounted on each
            thread's session, so it must be safe to share. Its responses carry a urllib3
            response as ``raw``, as ``HTTPAdapter.build_response`` makes them. One that is
            no :class:`~edlink._http.adapter.ExactAdapter` lets urllib3 normalize and log targets.
        clock: Replaces the machine's clock.
        describe: The provider's short word for a fault, from its error answer.
        pause_hint: Seconds to wait from headers of the provider's own, such as
            ``reset_header("X-RateLimit-Reset")``, used when there is no Retry-After.

    Raises:
        ConfigError: The base URL is not one that credentials may be sent to.
    """

    def __init__(  # noqa: PLR0913 - one keyword per part that can be replaced
        self,
        base_url: str,
        *,
        provider: str,
        auth: AuthBase | None = None,
        settings: HttpSettings | None = None,
        adapter: BaseAdapter | None = None,
        clock: Clock | None = None,
        describe: Callable[[Response], str | None] | None = None,
        pause_hint: PauseHint | None = None,
    ) -> None:
        self._base_url = check_url(base_url, name="base_url").rstrip("/")
        self._provider = provider
        self._auth = auth
        self._settings = settings or HttpSettings()
        self._adapter = adapter
        own = SystemClock()
        self._clock: Clock = clock or own
        self._wake = own.wake
        self._describe = describe
        self._pause_hint = pause_hint
        self._limiter = RateLimiter(self._settings.rate, self._clock)
        self._backoff = Backoff(first=self._settings.backoff, cap=self._settings.backoff_cap)
        self._slots = threading.BoundedSemaphore(self._settings.concurrency)
        self._local = threading.local()
        self._sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()
        self._sessions_lock = threading.Lock()
        self._closed = False

    def __repr__(self) -> str:
        return f"<Transport {self._provider}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(
        self,
        path: str,
        *,
        endpoint: str,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        attempts: int | None = None,
    ) -> Response:
        """
        The answer to one GET, with a 2xx status and all of its body.

        Args:
            path: Appended to the base URL byte for byte; begins with a slash and is
                already percent-encoded.
            endpoint: Template for messages and logs, such as ``GET /users/{id}``.
            params: Query parameters in the order in which they are sent.
            headers: Sent besides our own.
            attempts: Requests at most for this call, in place of the settings' number.

        Raises:
            ConfigError: The path cannot be sent, or the transport is closed.
            AuthError: Credentials refused, or a redirect, most likely to a login page.
            PermissionDeniedError: This data is withheld from these credentials.
            NotFoundError: No such record or endpoint.
            RateLimitedError: The provider wants a longer pause than the deadline leaves.
            UnavailableError: It keeps failing on its side.
            TransportError: No whole answer arrived.
            PayloadError: The answer is larger than allowed.
            ProviderError: Refused for another reason.
        """
        call = _Call(
            url=self._url(path, params),
            headers={
                "User-Agent": self._settings.user_agent,
                "Accept": "application/json",
                "Accept-Encoding": "gzip, deflate",
                **check_headers(headers or {}),
            },
            endpoint=endpoint,
            until=self._clock.monotonic() + self._settings.deadline,
        )
        outcome = self._persist(call, attempts or self._settings.attempts)
        if isinstance(outcome, Response) and is_success(outcome):
            return outcome
        raise self._error(outcome, endpoint)

    def close(self) -> None:
        """
        Nothing; the connections of all threads are closed, and no further request is sent.

        Who pauses by the machine's clock before a request ends with an error at once, so that a
        thread's long wait keeps no process alive.
        """
        self._closed = True
        self._wake()
        with self._sessions_lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.close()

    def _url(self, path: str, params: Sequence[tuple[str, str]]) -> str:
        """The full address, exactly as it is signed and sent."""
        url = self._base_url + check_target(path)
        query = encode_query(params)
        if not query:
            return url
        return f"{url}{'&' if '?' in path else '?'}{query}"

    def _persist(self, call: _Call, attempts: int) -> Response | Failure:
        """What came of the call after as many attempts as their number and the time allow."""
        attempt = 1
        refreshable = _as_refreshable(self._auth)
        while True:
            request, outcome = self._attempt(call, attempt)
            if refreshable and isinstance(outcome, Response) and outcome.status == 401:  # noqa: PLR2004 - HTTP
                renewed = refreshable.refresh(request)
                refreshable = None  # asked once for a call, whatever it said
                if renewed:
                    continue
            if not is_transient(outcome):
                return outcome
            pause = self._pause(outcome, attempt)
            if attempt >= attempts or self._clock.monotonic() + pause > call.until:
                return outcome
            self._clock.sleep(pause)
            attempt += 1

    def _attempt(
        self, call: _Call, attempt: int
    ) -> tuple[requests.PreparedRequest, Response | Failure]:
        """One signed request and what came of it."""
        lane = self._lane()
        request = requests.PreparedRequest()
        if not self._limiter.acquire(call.until - self._clock.monotonic()):
            return request, Failure.HELD
        if not self._slots.acquire(timeout=max(call.until - self._clock.monotonic(), 0)):
            return request, Failure.LATE
        try:
            self._check_open()  # it may have been closed during the wait
            request = self._sign(call)
            started = self._clock.monotonic()
            outcome = exchange(
                lane.session,
                request,
                limits=Limits(
                    connect=self._settings.connect_timeout,
                    read=self._settings.read_timeout,
                    until=call.until,
                    max_body=self._settings.max_body,
                ),
                clock=self._clock,
                endpoint=call.endpoint,
                environment=lane.environment,
            )
        finally:
            self._slots.release()
        log_outcome(
            outcome,
            provider=self._provider,
            endpoint=call.endpoint,
            seconds=self._clock.monotonic() - started,
            attempt=attempt,
        )
        return request, outcome

    def _sign(self, call: _Call) -> requests.PreparedRequest:
        """A request prepared and signed now, with the call's URL byte for byte."""
        request = requests.PreparedRequest()
        request.prepare(method="GET", url=self._base_url, headers=call.headers)
        request.url = call.url  # after prepare(), which would decode "%43" to "C"
        return self._auth(request) if self._auth else request

    def _pause(self, outcome: Response | Failure, attempt: int) -> float:
        """Seconds until the next attempt; told to slow down, other threads are held back too."""
        if isinstance(outcome, Failure):
            return self._backoff.pause(attempt)
        throttled = outcome.status == 429  # noqa: PLR2004 - HTTP
        hint = retry_after(outcome.headers, self._clock.time())
        if hint is None and throttled and self._pause_hint:
            hint = self._pause_hint(outcome.headers, self._clock.time())
        pause = self._backoff.pause(attempt) if hint is None else self._backoff.after(hint)
        if throttled or hint is not None:
            self._limiter.hold(pause if hint is None else hint)
        return pause

    def _error(self, outcome: Response | Failure, endpoint: str) -> ProviderError:
        """The error for an outcome that is no success, with the provider's word if it has one."""
        word = None
        if self._describe and isinstance(outcome, Response):
            try:
                word = self._describe(outcome)
            except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
                word = None  # an error body can be anything; the status says enough
        return to_error(outcome, provider=self._provider, endpoint=endpoint, provider_code=word)

    def _check_open(self) -> None:
        if self._closed:
            raise ConfigError("EDL-CONF-016", "This client is closed", fix="Make a new one.")

    def _lane(self) -> _Lane:
        """The calling thread's own session, made on first use."""
        self._check_open()
        lane: _Lane | None = getattr(self._local, "lane", None)
        if lane is None:
            session = new_session(self._adapter or ExactAdapter())
            lane = _Lane(
                session=session,
                environment=read_environment(
                    session, self._base_url, direct=is_loopback(self._base_url)
                ),
            )
            self._local.lane = lane
            with self._sessions_lock:
                self._sessions.add(session)
        return lane


def _as_refreshable(auth: object) -> Refreshable | None:
    """The auth itself when its credentials can be renewed, or None."""
    return auth if isinstance(auth, Refreshable) else None
