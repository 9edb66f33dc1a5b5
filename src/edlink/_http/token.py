"""
An access token from an OAuth 2 token endpoint.

Source: RFC 6749 sections 4.4 and 5 (request, answer, errors).
"""

import json
import math
import re
from collections.abc import Mapping

import attrs
import requests
from requests.adapters import BaseAdapter

from edlink._http.address import is_loopback
from edlink._http.answers import TRANSIENT, is_success, request_id, safe_word, to_error
from edlink._http.exchange import (
    Failure,
    Limits,
    Response,
    exchange,
    new_session,
    read_environment,
)
from edlink._http.limits import Backoff, Clock, retry_after
from edlink._http.log import log_outcome
from edlink.errors import AuthError, ProviderError

_ENDPOINT = "POST token"
_ATTEMPTS = 3
_DEADLINE = 90.0  # seconds for all attempts
_CONNECT, _READ = 10.0, 30.0  # seconds
_MAX_BODY = 2**20  # bytes; a token answer is a few hundred
_BACKOFF = Backoff(first=1.0, cap=10.0)

_DEFAULT_LIFETIME = 3600.0  # seconds, when the answer does not say
_MAX_LIFETIME = 86_400.0  # seconds; a longer promise is not relied upon
_BEARER = re.compile(r"[!-~]+")  # more than RFC 6750 has, for the servers that send more
_REFUSALS = frozenset({400, 401, 403})
_REFUSED = (
    "EDL-AUTH-001",
    "The token endpoint refused the client credentials",
    "Compare client id, secret, scopes and style with the provider's console.",
)
_NO_TOKEN = (
    "EDL-AUTH-002",
    "The token endpoint did not answer with a bearer token",
    "Check token_url; a login page or another kind of token is at that address.",
)


@attrs.frozen(kw_only=True)
class Token:
    """
    A bearer token as the endpoint sent it.

    Attributes:
        value: What goes behind ``Bearer``.
        lifetime: Seconds from its arrival for which it is good.
    """

    value: str = attrs.field(repr=False)
    lifetime: float


@attrs.frozen(kw_only=True)
class TokenRequest:
    """
    The POST that asks for a token.

    Attributes:
        url: The token endpoint, sent byte for byte.
        headers: Such as Basic authorization.
        form: Encoded body.
    """

    url: str
    headers: Mapping[str, str] = attrs.field(repr=False)
    form: str = attrs.field(repr=False)


def fetch_token(
    wanted: TokenRequest, *, adapter: BaseAdapter, clock: Clock, provider: str
) -> Token:
    """
    A new token.

    The POST is sent again only when the endpoint surely made no token: no
    connection, 429 or 5xx. A connection that breaks later is an error at once.

    Args:
        wanted: What to ask.
        adapter: How bytes move.
        clock: For pauses and the deadline.
        provider: Short name for errors and logs.

    Raises:
        AuthError: The endpoint refuses the credentials or sends no bearer token.
        RateLimitedError: It asks for a longer pause than a minute and a half.
        UnavailableError: It keeps failing.
        TransportError: No whole answer arrived.
    """
    outcome = _ask(wanted, adapter=adapter, clock=clock, provider=provider)
    token = read_token(outcome) if isinstance(outcome, Response) and is_success(outcome) else None
    if token is None:
        raise _refusal(outcome, provider)
    return token


def read_token(answer: Response) -> Token | None:
    """
    The token in a successful answer, or None when there is no bearer token in it.

    A missing ``token_type`` means bearer, in any case of letters. A lifetime that is
    missing, not positive or no number is taken for an hour: should the token end
    earlier, the 401 that follows brings a new one.
    """
    document = _document(answer)
    value = document.get("access_token")
    kind = document.get("token_type")
    if not (isinstance(value, str) and _BEARER.fullmatch(value)):
        return None
    if not (kind is None or (isinstance(kind, str) and kind.strip().lower() in {"", "bearer"})):
        return None
    return Token(value=value, lifetime=_lifetime(document.get("expires_in")))


def _ask(
    wanted: TokenRequest, *, adapter: BaseAdapter, clock: Clock, provider: str
) -> Response | Failure:
    """What came of the POST after at most three attempts."""
    session = new_session(adapter)
    environment = read_environment(session, wanted.url, direct=is_loopback(wanted.url))
    until = clock.monotonic() + _DEADLINE
    limits = Limits(connect=_CONNECT, read=_READ, until=until, max_body=_MAX_BODY)
    attempt = 1
    while True:
        started = clock.monotonic()
        outcome = exchange(
            session,
            _prepare(wanted),
            limits=limits,
            clock=clock,
            endpoint=_ENDPOINT,
            environment=environment,
        )
        seconds = clock.monotonic() - started
        log_outcome(
            outcome, provider=provider, endpoint=_ENDPOINT, seconds=seconds, attempt=attempt
        )
        if attempt >= _ATTEMPTS or not _made_no_token(outcome):
            return outcome
        hint = retry_after(outcome.headers, clock.time()) if isinstance(outcome, Response) else None
        pause = _BACKOFF.pause(attempt) if hint is None else _BACKOFF.after(hint)
        if clock.monotonic() + pause > until:
            return outcome
        clock.sleep(pause)
        attempt += 1


def _prepare(wanted: TokenRequest) -> requests.PreparedRequest:
    """The POST, its URL byte for byte."""
    request = requests.PreparedRequest()
    request.prepare(method="POST", url=wanted.url, headers=wanted.headers, data=wanted.form)
    request.url = wanted.url
    return request


def _made_no_token(outcome: Response | Failure) -> bool:
    """True when the POST may be sent again without making a second token."""
    if isinstance(outcome, Failure):
        return outcome is Failure.UNREACHABLE
    return outcome.status in TRANSIENT


def _refusal(outcome: Response | Failure, provider: str) -> ProviderError:
    """The error for an outcome in which there is no token."""
    if isinstance(outcome, Failure) or outcome.status in TRANSIENT or outcome.status >= 500:  # noqa: PLR2004 - HTTP
        return to_error(outcome, provider=provider, endpoint=_ENDPOINT)
    code, message, fix = _REFUSED if outcome.status in _REFUSALS else _NO_TOKEN
    return AuthError(
        code,
        message,
        provider=provider,
        endpoint=_ENDPOINT,
        status=outcome.status,
        request_id=request_id(outcome.headers),
        provider_code=safe_word(_document(outcome).get("error")),
        fix=fix,
    )


def _document(answer: Response) -> dict[str, object]:
    """The JSON object in an answer, or an empty one."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _lifetime(value: object) -> float:
    """Seconds from ``expires_in``, a number or a string, within sensible bounds."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        seconds = 0.0
    if isinstance(value, bool) or not (math.isfinite(seconds) and seconds > 0):
        return _DEFAULT_LIFETIME
    return min(seconds, _MAX_LIFETIME)
