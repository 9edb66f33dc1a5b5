"""A small Clever over real HTTP: any rows, with Clever's paging, wrapping and refusals."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import attrs

Row = dict[str, Any]
Rows = dict[str, list[Row]]

TOKEN = "invented-district-token"


@attrs.define
class Answer:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = attrs.field(factory=dict)

    @classmethod
    def json(cls, value: object, status: int = 200) -> "Answer":
        """Return an answer of JSON."""
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return cls(status, json.dumps(value).encode(), headers)


@attrs.define
class Asked:
    """One request: its path below the version, and its parameters."""

    path: str
    params: dict[str, str]

    @property
    def is_count(self) -> bool:
        """Whether only the number of rows is asked for."""
        return self.params.get("count") == "true"


#: Looks at a request and what would be answered; returns what is answered.
Fault = Callable[[Asked, Answer], Answer]


@attrs.define
class Clever:
    """
    Clever's rows by collection; a collection that is not there is a 404.

    ``limit`` caps a page below what is asked for, so that few rows make many pages.
    """

    rows: Rows
    version: str = "3.1"
    limit: int = 10_000
    fault: Fault | None = None
    tokens: list[Row] | None = None
    token: str = TOKEN
    asked: list[Asked] = attrs.field(factory=list)
    url: str = ""

    @property
    def base_url(self) -> str:
        """What a client takes as its address."""
        return f"{self.url}/v{self.version}"

    def answer(self, target: str, authorization: str) -> Answer:
        """Return the answer to a GET."""
        parts = urlsplit(target)
        params = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/oauth/tokens":
            answer = self._list_tokens(params, authorization)
            return answer if self.fault is None else self.fault(Asked(parts.path, params), answer)
        asked = Asked(parts.path.removeprefix(f"/v{self.version}"), params)
        self.asked.append(asked)
        answer = self._answer(asked)
        if authorization != f"Bearer {self.token}":
            answer = Answer.json({"message": "invalid token"}, 401)
        return answer if self.fault is None else self.fault(asked, answer)

    def paths(self) -> list[str]:
        """Return the paths asked for so far."""
        return [asked.path for asked in self.asked]

    def _answer(self, asked: Asked) -> Answer:
        _, collection, *rest = asked.path.split("/")
        rows = self.rows.get(collection)
        if rows is None:
            return Answer.json({"message": "not found"}, 404)
        if rest:
            found = [row for row in rows if row["id"] == rest[0]]
            if not found or rest[1:]:
                return Answer.json({"message": "not found"}, 404)
            return Answer.json({"data": found[0], "links": []})
        if role := asked.params.get("role"):
            rows = [row for row in rows if (row.get("roles") or {}).get(role) is not None]
        if asked.is_count:
            return Answer.json({"count": len(rows), "links": []})
        if int(asked.params.get("limit", "100")) > 10_000:
            return Answer.json({"message": "limit is too large"}, 413)
        return Answer.json(self._page(collection, rows, asked.params))

    def _page(self, collection: str, rows: list[Row], params: Mapping[str, str]) -> Row:
        limit = min(int(params.get("limit", "100")), self.limit)
        if "ending_before" in params:
            end = params["ending_before"]
            found = [row for row in rows if end == "last" or row["id"] < end][-limit:]
            start = len(found)
        else:
            ids = [row["id"] for row in rows]
            after = params.get("starting_after")
            place = 0 if after is None else sum(1 for i in ids if i <= after)
            found, start = rows[place : place + limit], place + limit
        path = f"/v{self.version}/{collection}"
        links = [{"rel": "self", "uri": f"{path}?{urlencode(params)}"}]
        if found:
            before = urlencode({"ending_before": found[0]["id"]})
            links.append({"rel": "prev", "uri": f"{path}?{before}"})
        if found and start < len(rows) and "ending_before" not in params:
            after = urlencode({"starting_after": found[-1]["id"]})
            links.append({"rel": "next", "uri": f"{path}?{after}"})
        data = [{"data": row, "uri": f"{path}/{row['id']}"} for row in found]
        return {"data": data, "links": links}

    def _list_tokens(self, params: Mapping[str, str], authorization: str) -> Answer:
        if self.tokens is None or not authorization.startswith("Basic "):
            return Answer.json({"error": "invalid_client"}, 401)
        wanted = params.get("district")
        rows = [t for t in self.tokens if wanted in (None, t["owner"]["id"])]
        return Answer.json({"data": rows, "links": []})


@contextmanager
def serve(clever: Clever) -> Iterator[Clever]:
    """Serve on a loopback port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            answer = clever.answer(self.path, self.headers.get("Authorization", ""))
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
    clever.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield clever
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class StillClock:
    """A clock that passes only when it is slept on."""

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


def at(path: str, then: Answer | Callable[[Asked, Answer], Answer], role: str = "") -> Fault:
    """Return a fault at one collection, and one role of it."""

    def fault(asked: Asked, answer: Answer) -> Answer:
        if asked.path != path or (role and asked.params.get("role") != role):
            return answer
        return then if isinstance(then, Answer) else then(asked, answer)

    return fault
