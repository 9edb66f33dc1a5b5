"""A real HTTP server on loopback that answers as a test tells it, and a clock that only jumps."""

import ssl
import threading
from collections import deque
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs


@attrs.frozen(kw_only=True)
class Seen:
    """One request as the server read it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    port: int


@attrs.frozen(kw_only=True)
class Reply:
    """What the server sends back; ``raw`` replaces the whole answer's bytes."""

    status: int = 200
    body: bytes = b"{}"
    headers: Sequence[tuple[str, str]] = ()
    raw: bytes | None = None


Answer = Reply | Callable[[Seen], Reply]


class Server:
    """Answers requests from a queue; the last answer stays for all further requests."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self._answers: deque[Answer] = deque([Reply()])
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # headers and body in one packet, or each answer waits for an ACK

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                seen = Seen(
                    method=self.command,
                    target=self.path,
                    headers=dict(self.headers.items()),
                    body=self.rfile.read(length),
                    port=self.client_address[1],
                )
                reply = outer._answer(seen)
                if reply.raw is not None:
                    self.wfile.write(reply.raw)
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            do_POST = do_GET  # noqa: N815 - the name http.server looks for

            def log_message(self, *_args: object) -> None:
                """Nothing; a test's output is its own."""

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_args: object) -> None:
                """Nothing; a client that hangs up is what some tests are about."""

        self._httpd = Quiet(("127.0.0.1", 0), Handler)
        self._httpd.daemon_threads = True
        if tls:
            self._httpd.socket = tls.wrap_socket(self._httpd.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._httpd.server_address[1]}"
        self._thread = threading.Thread(
            target=self._httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def will(self, *answers: Answer) -> None:
        """Nothing; these are the next answers."""
        with self._lock:
            self._answers = deque(answers)

    def _answer(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
            answer = self._answers.popleft() if len(self._answers) > 1 else self._answers[0]
        return answer if isinstance(answer, Reply) else answer(seen)

    def close(self) -> None:
        """Nothing; the port is free again."""
        self._httpd.shutdown()
        self._httpd.server_close()
        self._thread.join()


class JumpingClock:
    """A clock that stands still until somebody sleeps, and then jumps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        """Seconds since the clock was made, and a thousand."""
        return self.now

    def time(self) -> float:
        """Unix seconds in 2026."""
        return 1_790_000_000.0 + self.now

    def sleep(self, seconds: float) -> None:
        """Nothing; so much later it is."""
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds
