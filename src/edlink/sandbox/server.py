"""A real HTTP/1.1 server on loopback in front of a door, and the handle that a test holds."""

import socket
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import attrs

from edlink.roster import Roster
from edlink.sandbox.active import ActiveFaults
from edlink.sandbox.credentials import Keys
from edlink.sandbox.district import District
from edlink.sandbox.doors import Settings, open_door
from edlink.sandbox.exchange import Exchange, Reply, Request
from edlink.sandbox.faults import FAULTS

LARGEST_BODY = 1_000_000


@attrs.frozen
class Seen:
    """One request that the sandbox answered: method, path template, status; no query, no id."""

    method: str
    endpoint: str
    status: int


class RequestLog:
    """What was asked so far; safe to read while the server runs."""

    def __init__(self) -> None:
        self._seen: list[Seen] = []

    @property
    def count(self) -> int:
        """How many requests were answered."""
        return len(self._seen)

    def list(self) -> "list[Seen]":
        """Return the requests in the order in which they were answered."""
        return list(self._seen)

    def clear(self) -> None:
        """Forget them."""
        self._seen.clear()

    def add(self, seen: Seen) -> None:
        """Remember one more."""
        self._seen.append(seen)


class Sandbox:
    """
    A running sandbox; ``edlink.sandbox.start`` makes one.

    Attributes:
        url: Scheme, address and port, without a path.
        base_url: What a client takes as its base address.
        token_url: Where OAuth 2 tokens come from, or None.
        district: The invented district behind it.
        faults: The faults that are on; add and remove by name while it runs.
        requests: What was asked so far.
    """

    def __init__(  # noqa: PLR0913 - the arguments of ``start``
        self,
        *,
        district: District,
        provider: str,
        version: str,
        auth: str,
        faults: Iterable[str],
        latency: float,
        token_lifetime: float,
        options: dict[str, Any],
    ) -> None:
        self.district = district
        self.latency = latency
        self.requests = RequestLog()
        self._truth: tuple[int, Roster | None] = (0, None)
        known = {name: f for name, f in FAULTS.items() if f.fits(provider, version, auth)}
        self.faults = ActiveFaults(known, faults)
        self._keys = Keys()
        self._server = _Server(self)
        try:
            host, port = self._server.server_address[:2]
            self.url = f"http://{host}:{port}"  # type: ignore[str-bytes-safe]
            settings = Settings(
                provider=provider,
                version=version,
                auth=auth,
                district=district,
                faults=self.faults,
                keys=self._keys,
                host=self.url,
                token_lifetime=token_lifetime,
                options=options,
            )
            self.door = open_door(settings)
        except BaseException:
            self._server.server_close()
            raise
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="edlink-sandbox", daemon=True
        )
        self._thread.start()

    @property
    def base_url(self) -> str:
        """What a client takes as its base address."""
        return self.door.base_url

    @property
    def token_url(self) -> str | None:
        """Where OAuth 2 tokens come from, or None."""
        return self.door.token_url

    @property
    def details(self) -> Mapping[str, str]:
        """Further words that a client of this provider needs, by name."""
        return self.door.details

    @property
    def client_id(self) -> str:
        """The application's id for OAuth 2; the consumer key for OAuth 1."""
        return self._keys.client_id

    @property
    def client_secret(self) -> str:
        """The application's secret for OAuth 2; the consumer secret for OAuth 1."""
        return self._keys.client_secret

    @property
    def key(self) -> str:
        """The consumer key for OAuth 1."""
        return self._keys.client_id

    @property
    def secret(self) -> str:
        """The consumer secret for OAuth 1."""
        return self._keys.client_secret

    @property
    def api_key(self) -> str:
        """A static bearer token, or a partner's API key."""
        return self._keys.api_key

    @property
    def truth(self) -> Roster:
        """What a client must arrive at, as this provider and version can say it."""
        revision, truth = self._truth
        if truth is None or revision != self.district.revision:
            revision = self.district.revision
            truth = self.door.truth()
            self._truth = revision, truth
        return truth

    @property
    def expected(self) -> Roster:
        """What arrives while the faults that are on are on; the truth where they all heal."""
        readings = [fault.reads for fault in self.faults.faults() if fault.reads]
        return self.door.truth(readings) if readings else self.truth

    def expire_tokens(self) -> None:
        """Let every token issued so far expire now."""
        self.door.expire_tokens()

    def stop(self) -> None:
        """Close all connections and free the port; a second call does nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.close_connections()
            self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def answer(self, request: Request) -> Reply:
        """Return the answer to a request, faults and all; the server calls this."""
        if self.latency:
            time.sleep(self.latency)
        exchange = Exchange(request=request, district=self.district)
        self.door.locate(exchange)
        reply = self.faults.meet(exchange) or self.door.handle(exchange)
        reply = self.faults.send(exchange, reply)
        self.requests.add(Seen(request.method, exchange.endpoint, reply.status))
        return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # stop() closes the connections, so the threads end
    request_queue_size = 128

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        # HTTPServer.server_bind would look up the machine's name, which can take seconds.
        socket_address = self.server_address
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(socket_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as typed in socketserver
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as typed in socketserver
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        with self._open_lock:
            connections = list(self._open)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as typed in socketserver
        """Say nothing of connections that end early: faults and stop() end them on purpose."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "edlink-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self._send(Reply(status=413))
            self.close_connection = True
            return
        request = Request(
            method=self.command,
            target=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
            host=self.headers.get("Host", ""),
        )
        self._send(self.server.sandbox.answer(request))

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = _answer  # noqa: N815 - http.server's names

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        body = reply.body
        if reply.pause:
            half = len(body) // 2
            self.wfile.write(body[:half])
            self.wfile.flush()
            time.sleep(reply.pause)
            body = body[half:]
        if reply.cut_after is not None:
            body = body[: reply.cut_after]
            self.close_connection = True
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - http.server's interface
        """Print nothing."""
