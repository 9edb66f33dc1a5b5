"""
What an answer, or its absence, means to the caller: pure, from status and headers to an error.

Sources: RFC 9110 section 15 (status codes), OneRoster 1.1 and 1.2 (which use few of them).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

import attrs

from edlink._http.exchange import Failure, Response
from edlink.errors import (
    AuthError,
    NotFoundError,
    PayloadError,
    PermissionDeniedError,
    ProviderError,
    RateLimitedError,
    TransportError,
    UnavailableError,
)

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524, 529})
"""Statuses after which the same GET may succeed; 501 and 505 say that it never will."""

#: RFC 9110 section 5.6.7: the one form in which a server may send a date.
_DATE = re.compile(r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")

_SAFE_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_REQUEST_IDS = (
    "X-Request-Id",
    "Request-Id",
    "X-Correlation-Id",
    "X-Amzn-RequestId",
    "X-Amz-Cf-Id",
    "CF-Ray",
)


@attrs.frozen(kw_only=True)
class _Meaning:
    kind: type[ProviderError]
    code: str
    message: str
    fix: str = ""


_REDIRECT = _Meaning(
    kind=AuthError,
    code="EDL-HTTP-001",
    message="The provider sent us to another address, most likely a login page",
    fix="Check the base URL (scheme, host, path, trailing part) and the credentials.",
)
_UNAUTHORIZED = _Meaning(
    kind=AuthError,
    code="EDL-HTTP-002",
    message="The provider refused the credentials",
    fix="Compare key, secret or token with the provider's console, and this machine's clock.",
)
_FORBIDDEN = _Meaning(
    kind=PermissionDeniedError,
    code="EDL-HTTP-003",
    message="The credentials are good, but this data is not shared with them",
    fix="Ask the district to share it with the app.",
)
_NOT_FOUND = _Meaning(
    kind=NotFoundError,
    code="EDL-HTTP-004",
    message="The record or the whole endpoint does not exist here",
    fix="Check the base URL, and whether the provider offers this endpoint.",
)
_REFUSED = _Meaning(
    kind=ProviderError,
    code="EDL-HTTP-005",
    message="The provider refused the request",
    fix="See provider_code, where the provider gives one, for the reason.",
)
_RATE_LIMITED = _Meaning(
    kind=RateLimitedError,
    code="EDL-HTTP-006",
    message="The provider asks for a longer pause than the time budget allows",
    fix="Try again later, or lower HttpSettings.rate.",
)
_UNAVAILABLE = _Meaning(
    kind=UnavailableError,
    code="EDL-HTTP-007",
    message="The provider keeps failing on its side",
    fix="Try again later; give the provider the request id if it lasts.",
)

_BY_STATUS = {
    401: _UNAUTHORIZED,
    403: _FORBIDDEN,
    404: _NOT_FOUND,
    405: _NOT_FOUND,
    408: _UNAVAILABLE,
    410: _NOT_FOUND,
    425: _UNAVAILABLE,
    429: _RATE_LIMITED,
}

_BY_FAILURE = {
    Failure.UNREACHABLE: _Meaning(
        kind=TransportError,
        code="EDL-HTTP-010",
        message="No connection to the provider",
        fix="Check the host name, the network and the proxy settings.",
    ),
    Failure.UNTRUSTED: _Meaning(
        kind=TransportError,
        code="EDL-HTTP-011",
        message="The provider's TLS certificate or handshake was not accepted",
        fix="Check the host name, and REQUESTS_CA_BUNDLE where a network inspects TLS.",
    ),
    Failure.TIMED_OUT: _Meaning(
        kind=TransportError,
        code="EDL-HTTP-012",
        message="The provider did not answer in time",
        fix="Try again later, ask for smaller pages, or raise HttpSettings.read_timeout.",
    ),
    Failure.BROKEN: _Meaning(
        kind=TransportError,
        code="EDL-HTTP-013",
        message="The connection broke before the whole answer had arrived",
        fix="Try again later, or ask for smaller pages.",
    ),
    Failure.TOO_LARGE: _Meaning(
        kind=PayloadError,
        code="EDL-HTTP-014",
        message="The answer is larger than allowed",
        fix="Ask for smaller pages, or raise HttpSettings.max_body.",
    ),
    Failure.HELD: _Meaning(
        kind=RateLimitedError,
        code="EDL-HTTP-016",
        message="Nothing was sent: the rate limit, or a pause the provider asked for, "
        "leaves no turn within the time budget",
        fix="Try again later, or raise HttpSettings.deadline.",
    ),
    Failure.LATE: _Meaning(
        kind=TransportError,
        code="EDL-HTTP-015",
        message="The time budget of the call ran out",
        fix="Try again later, or raise HttpSettings.deadline.",
    ),
}

_TRANSIENT_FAILURES = frozenset({Failure.UNREACHABLE, Failure.TIMED_OUT, Failure.BROKEN})


def is_success(outcome: Response | Failure) -> bool:
    """True when a whole answer with a 2xx status arrived."""
    return isinstance(outcome, Response) and 200 <= outcome.status < 300  # noqa: PLR2004 - the class of success


def is_transient(outcome: Response | Failure) -> bool:
    """True when the same GET, sent again, may succeed."""
    if isinstance(outcome, Failure):
        return outcome in _TRANSIENT_FAILURES
    return outcome.status in TRANSIENT


def request_id(headers: Mapping[str, str]) -> str | None:
    """The provider's own id for the request where it is a short plain word, or None."""
    for name in _REQUEST_IDS:
        word = safe_word(headers.get(name))
        if word:
            return word
    return None


def answered_at(headers: Mapping[str, str]) -> datetime | None:
    """The time by the server's clock, in UTC, where the Date header is one, or None."""
    date = headers.get("Date") or ""
    try:
        return parsedate_to_datetime(date) if _DATE.fullmatch(date) else None
    except ValueError:
        return None


def safe_word(value: object) -> str | None:
    """The value when it is a short word that may be printed, or None."""
    return value if isinstance(value, str) and _SAFE_WORD.fullmatch(value) else None


def to_error(
    outcome: Response | Failure, *, provider: str, endpoint: str, provider_code: str | None = None
) -> ProviderError:
    """
    The error that tells the caller about an outcome that is not a success.

    Args:
        outcome: What :func:`edlink._http.exchange.exchange` returned.
        provider: Short name for the message.
        endpoint: Template of the address asked.
        provider_code: The provider's own word for the fault; kept when it is safe to print.
    """
    meaning = _meaning(outcome)
    answer = outcome if isinstance(outcome, Response) else None
    return meaning.kind(
        meaning.code,
        meaning.message,
        provider=provider,
        endpoint=endpoint,
        status=answer.status if answer else None,
        request_id=request_id(answer.headers) if answer else None,
        provider_code=safe_word(provider_code),
        answered_at=answered_at(answer.headers) if answer else None,
        fix=meaning.fix,
        retryable=is_transient(outcome) or outcome is Failure.LATE or outcome is Failure.HELD,
    )


def _meaning(outcome: Response | Failure) -> _Meaning:
    """The row of the tables above that an outcome belongs to."""
    if isinstance(outcome, Failure):
        return _BY_FAILURE[outcome]
    if outcome.status in _BY_STATUS:
        return _BY_STATUS[outcome.status]
    return {3: _REDIRECT, 5: _UNAVAILABLE}.get(outcome.status // 100, _REFUSED)
