"""An address that stays the same while what stands behind it comes and goes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: Headers of one connection, which say nothing of the next.
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "server", "date"})


class Relay(ThreadingHTTPServer):
    """
    Passes requests on, each over a connection of its own.

    A connection that is kept could lead to what is no longer there.

    Attributes:
        target: The loopback port to which the next requests go.
    """

    daemon_threads = False
    request_queue_size = 128
    target = 0

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Relay

    def do_GET(self) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        upstream = HTTPConnection("127.0.0.1", self.server.target, timeout=30)
        try:
            upstream.request("GET", self.path, headers=headers | {"Connection": "close"})
            answer = upstream.getresponse()
            body = answer.read()
        finally:
            upstream.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def relay() -> Iterator[Relay]:
    """Yield a relay; it passes nothing on until it has a target."""
    with Relay(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
