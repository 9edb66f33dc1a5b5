"""One request and its whole answer, or the word for what went wrong; no retry, no judgment."""

import contextlib
import enum
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import requests
import urllib3
from requests.exceptions import ConnectTimeout, ProxyError, SSLError, Timeout
from urllib3.exceptions import NewConnectionError

from edlink._http.limits import Clock

_CHUNK = 2**18  # bytes taken from the socket at once: large enough to cost nothing per byte
_ERROR_BODY = 2**16  # bytes of an error answer that are worth reading


@attrs.frozen(kw_only=True, eq=False)
class Response:
    """
    A whole answer.

    Attributes:
        status: HTTP status.
        headers: Header values by name, whatever the name's case.
        body: The decoded bytes; of an error answer the first 64 KiB.
        endpoint: Template of the address asked, such as ``GET /users/{id}``.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    endpoint: str


class Failure(enum.Enum):
    """Why no whole answer arrived."""

    UNREACHABLE = "no connection"  # so nothing was sent
    UNTRUSTED = "TLS refused"
    TIMED_OUT = "no answer in time"
    BROKEN = "connection broke or bytes are missing"
    TOO_LARGE = "larger than allowed"
    HELD = "no turn in time"
    LATE = "whole answer not in time"


@attrs.frozen(kw_only=True)
class Limits:
    """
    What one exchange may cost.

    Attributes:
        connect: Seconds to connect.
        read: Seconds between two packets.
        until: Monotonic second at which it must be over.
        max_body: Decoded bytes of the answer.
    """

    connect: float
    read: float
    until: float
    max_body: int


def new_session(adapter: requests.adapters.BaseAdapter) -> requests.Session:
    """
    A session for one thread that sends everything through ``adapter``.

    Requests are prepared by our own hand and not by the session, so it can add no
    cookie, and no ``.netrc`` entry can take the place of our credentials.
    """
    session = requests.Session()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def exchange(  # noqa: PLR0913 - one keyword per thing that an exchange depends on
    session: requests.Session,
    request: requests.PreparedRequest,
    *,
    limits: Limits,
    clock: Clock,
    endpoint: str,
    environment: Mapping[str, Any],
) -> Response | Failure:
    """
    The answer to a prepared request, redirects not followed, or what went wrong.

    Nothing is raised, because what requests raises holds the URL and the headers.

    Args:
        session: The calling thread's own.
        request: Sent as it is.
        limits: Time and size.
        clock: Says when ``limits.until`` has come.
        endpoint: Template for the response.
        environment: Proxies and trust store, from :func:`read_environment`.
    """
    left = max(limits.until - clock.monotonic(), 0.001)  # zero would mean "do not wait" to a socket
    try:
        answer = session.send(
            request,
            allow_redirects=False,
            timeout=(min(limits.connect, left), min(limits.read, left)),
            **environment,
        )
        with answer:
            read = _whole if 200 <= answer.status_code < 300 else _refusal  # noqa: PLR2004 - success
            return read(answer, limits=limits, clock=clock, endpoint=endpoint)
    except (OSError, urllib3.exceptions.HTTPError) as error:
        return _failure(error)


def read_environment(session: requests.Session, url: str, *, direct: bool) -> dict[str, Any]:
    """
    Proxies and trust store that the process's environment names for a URL.

    ``HTTPS_PROXY``, ``NO_PROXY`` and ``REQUESTS_CA_BUNDLE`` are honored, as a
    school's network needs them.

    Args:
        session: Says what to do when the environment says nothing.
        url: Where requests will go.
        direct: Never use a proxy: loopback traffic may be plain http, and a proxy would read it.
    """
    settings = session.merge_environment_settings(url, {}, True, None, None)  # noqa: FBT003 - requests' own signature
    return {**settings, "proxies": {} if direct else settings["proxies"]}


def _whole(
    answer: requests.Response, *, limits: Limits, clock: Clock, endpoint: str
) -> Response | Failure:
    """A success with all of its body, or why that is not to be had."""
    chunks: list[bytes] = []
    size = 0
    for chunk in _chunks(answer):
        chunks.append(chunk)
        size += len(chunk)
        if size > limits.max_body:
            return Failure.TOO_LARGE
        if clock.monotonic() > limits.until:
            return Failure.LATE
    if not size and not _has_end(answer):
        return Failure.BROKEN
    return Response(
        status=answer.status_code,
        headers=answer.headers,
        body=b"".join(chunks),
        endpoint=endpoint,
    )


def _refusal(answer: requests.Response, *, limits: Limits, clock: Clock, endpoint: str) -> Response:
    """An answer that is no success, with as much of its body as helps and can be had."""
    body = bytearray()
    # The status has arrived and says enough; a body that breaks off changes nothing.
    with contextlib.suppress(OSError, urllib3.exceptions.HTTPError):
        for chunk in _chunks(answer):
            body += chunk
            if len(body) >= _ERROR_BODY or clock.monotonic() > limits.until:
                break
    return Response(
        status=answer.status_code,
        headers=answer.headers,
        body=bytes(body[:_ERROR_BODY]),
        endpoint=endpoint,
    )


def _has_end(answer: requests.Response) -> bool:
    """
    True when an empty body is known to be whole.

    An answer without a length ends with its connection; when it is empty, the connection
    may as well have ended within the headers.
    """
    headers = answer.headers
    chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
    return chunked or "Content-Length" in headers or answer.status_code == 204  # noqa: PLR2004 - No Content


def _chunks(answer: requests.Response) -> Iterator[bytes]:
    """
    The decoded body piece by piece, as the network delivers it.

    Reading what is there, and not a fixed amount, lets a server that drips bytes be
    timed; decoding at most a piece at a time keeps a compressed bomb small.
    """
    while chunk := answer.raw.read1(_CHUNK, decode_content=True):
        yield chunk


def _failure(error: OSError | urllib3.exceptions.HTTPError) -> Failure:
    """The word for what requests or urllib3 raised."""
    if isinstance(error, ConnectTimeout | ProxyError) or _found_nobody(error):
        return Failure.UNREACHABLE
    # A bare OSError is what requests raises when the trust store it is told of does not exist.
    if isinstance(error, SSLError) or type(error) is OSError:
        return Failure.UNTRUSTED
    if isinstance(error, Timeout | urllib3.exceptions.TimeoutError):
        return Failure.TIMED_OUT
    return Failure.BROKEN


def _found_nobody(error: BaseException) -> bool:
    """True when what requests wrapped says that no connection was made."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)
