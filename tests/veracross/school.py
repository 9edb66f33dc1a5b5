"""A small school at Veracross over real HTTP: any rows, with Veracross' paging and tokens."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs

Row = dict[str, Any]

ROUTE, CLIENT, SECRET = "lakeside", "invented-client", "invented-secret"


@attrs.define
class Answer:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = attrs.field(factory=dict)

    @classmethod
    def json(cls, value: object, status: int = 200) -> "Answer":
        """Return an answer of JSON."""
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


@attrs.define
class Asked:
    """One GET: the list, its parameters, the page and its size, and the token."""

    path: str
    params: dict[str, str]
    page: int
    size: int
    token: str
    wants_lists: bool


#: Looks at a request and what would be answered; returns what is answered.
Fault = Callable[[Asked, Answer], Answer]


@attrs.define
class School:
    """
    A school's lists by path; one that is not there is empty.

    ``page_size`` replaces the size that is asked for.  ``opened`` are its scopes, None for all;
    ``hidden`` those that tokens are given for and that open nothing.  After ``fails_after`` token
    requests the Authorization API breaks down.
    """

    rows: dict[str, list[Row]] = attrs.field(factory=dict)
    lists: dict[str, list[Row]] = attrs.field(factory=dict)
    page_size: int | None = None
    opened: frozenset[str] | None = None
    hidden: frozenset[str] = frozenset()
    lifetime: int = 3600
    fails_after: int | None = None
    fault: Fault | None = None
    asked: list[Asked] = attrs.field(factory=list)
    issued: list[str] = attrs.field(factory=list)
    live: set[str] = attrs.field(factory=set)
    most_live: int = 0
    token_forms: list[dict[str, str]] = attrs.field(factory=list)
    url: str = ""

    @property
    def base_url(self) -> str:
        """The Data API's address."""
        return f"{self.url}/{ROUTE}/v3"

    @property
    def accounts_url(self) -> str:
        """The Authorization API's address."""
        return f"{self.url}/{ROUTE}/oauth"

    def get(self, target: str, headers: dict[str, str]) -> Answer:
        """Return the answer to a GET."""
        parts = urlsplit(target)
        asked = Asked(
            parts.path.removeprefix(f"/{ROUTE}/v3"),
            {name: values[-1] for name, values in parse_qs(parts.query).items()},
            int(headers.get("x-page-number", "1")),
            int(headers.get("x-page-size", "100")),
            headers.get("authorization", "").removeprefix("Bearer "),
            headers.get("x-api-value-lists") == "include",
        )
        self.asked.append(asked)
        answer = self._page(asked)
        scope = asked.path.removeprefix("/").replace("/", ".") + ":list"
        if asked.token not in self.live:
            answer = Answer.json({"error": "The access token is revoked", "error_id": "e1"}, 401)
        elif scope in self.hidden:
            text = f"The provided access token is missing a required scope: {scope}"
            answer = Answer.json({"error": text, "error_id": "e2"}, 401)
        return answer if self.fault is None else self.fault(asked, answer)

    def post(self, target: str, body: bytes) -> Answer:
        """Return the answer to a POST of the Authorization API."""
        form = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return Answer.json({"error": "invalid_client"}, 401)
        if target.endswith("/revoke"):
            self.live.discard(form["token"])
            return Answer.json({})
        if self.fails_after is not None and len(self.token_forms) >= self.fails_after:
            return Answer(503)
        self.token_forms.append(form)
        if self.opened is not None and not set(form["scope"].split()) <= self.opened:
            return Answer.json({"error": "invalid_scope"}, 400)
        token = f"token-{len(self.issued)}"
        self.issued.append(token)
        self.live.add(token)
        self.most_live = max(self.most_live, len(self.live))
        return Answer.json(
            {"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime}
        )

    def pages(self, path: str) -> list[int]:
        """Return the numbers of the pages of a list that were asked for."""
        return [asked.page for asked in self.asked if asked.path == path]

    def _page(self, asked: Asked) -> Answer:
        size = self.page_size or asked.size
        start = (asked.page - 1) * size
        body: Row = {"data": self.rows.get(asked.path, [])[start : start + size]}
        if asked.wants_lists:
            body["value_lists"] = self.lists.get(asked.path, [])
        return Answer.json(body)


@contextmanager
def serve(school: School) -> Iterator[School]:
    """Serve on a loopback port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._send(school.get(self.path, headers))

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self._send(school.post(self.path, self.rfile.read(length)))

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    school.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield school
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class StillClock:
    """A clock that passes only when it is slept on or moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Seconds so far."""
        return self.now

    def time(self) -> float:
        """Unix seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.slept.append(seconds)
        self.now += seconds


def people(count: int, *, first: int = 1) -> list[Row]:
    """Return rows of students."""
    return [
        {"id": number, "first_name": f"Given{number}", "last_name": "Invented"}
        for number in range(first, first + count)
    ]
