"""A small tenant at Microsoft over real HTTP: a sign-in service, and lists of Graph by path."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import attrs

Row = dict[str, Any]

TENANT, CLIENT, SECRET = "6f0a1c52-0d3e-4b8a-9c11-2f5e7d9a0b43", "invented-app", "invented-secret"


@attrs.define
class Answer:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = attrs.field(factory=dict)

    @classmethod
    def json(cls, value: object, status: int = 200, **headers: str) -> "Answer":
        """Return an answer of JSON."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(status, json.dumps(value).encode(), named)

    @classmethod
    def fault(cls, code: str, status: int, **headers: str) -> "Answer":
        """Return an error of Graph."""
        return cls.json({"error": {"code": code, "message": "Refused"}}, status, **headers)


@attrs.define
class Asked:
    """One GET of Graph: its path below the version, parameters and headers."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]


#: Looks at a request and what would be answered; returns what is answered.
Fault = Callable[[Asked, Answer], Answer]


@attrs.define
class Graph:
    """
    A tenant's lists by path; a list that is not there is empty, and so are nested ones.

    ``page_size`` rows make a page.  ``batches`` counts the POSTs to ``$batch``; with
    ``batch_status`` they are refused.
    """

    rows: dict[str, list[Row]] = attrs.field(factory=dict)
    page_size: int = 100
    fault: Fault | None = None
    batch_status: int = 200
    batch_answer: Answer | None = None
    token_answer: Answer | None = None
    discovery: Answer | None = None
    live: set[str] = attrs.field(factory=set)
    issued: list[str] = attrs.field(factory=list)
    forms: list[dict[str, str]] = attrs.field(factory=list)
    asked: list[Asked] = attrs.field(factory=list)
    batches: int = 0
    url: str = ""

    @property
    def base_url(self) -> str:
        """Graph's address."""
        return f"{self.url}/v1.0"

    @property
    def authority(self) -> str:
        """The sign-in service's address."""
        return f"{self.url}/{TENANT}"

    def paths(self) -> list[str]:
        """Return the paths that were asked for."""
        return [asked.path for asked in self.asked]

    def get(self, target: str, headers: dict[str, str]) -> Answer:
        """Return the answer to a GET."""
        parts = urlsplit(target)
        if not parts.path.startswith("/v1.0/"):
            base = f"{self.authority}/oauth2/v2.0"
            document = {f"{name}_endpoint": f"{base}/{name}" for name in ("authorization", "token")}
            return self.discovery or Answer.json({**document, "issuer": f"{base}/v2.0"})
        params = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        asked = Asked(unquote(parts.path.removeprefix("/v1.0")), params, headers)
        self.asked.append(asked)
        answer = self._page(asked)
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.live:
            answer = Answer.fault("InvalidAuthenticationToken", 401)
        return answer if self.fault is None else self.fault(asked, answer)

    def post(self, target: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Return the answer to a POST: a token, or a batch."""
        if not target.endswith("/$batch"):
            return self._token(body)
        self.batches += 1
        if self.batch_status != 200:
            return Answer.fault("Unavailable", self.batch_status)
        if self.batch_answer is not None:
            return self.batch_answer
        answers = []
        for inner in json.loads(body)["requests"]:
            given = {name.lower(): value for name, value in inner["headers"].items()}
            answer = self.get("/v1.0" + inner["url"], {**headers, **given})
            answers.append(
                {
                    "id": inner["id"],
                    "status": answer.status,
                    "body": json.loads(answer.body or b"null"),
                }
            )
        return Answer.json({"responses": answers[::-1]})

    def _token(self, body: bytes) -> Answer:
        self.forms.append({name: v[-1] for name, v in parse_qs(body.decode()).items()})
        if self.token_answer is not None:
            return self.token_answer
        token = f"token-{len(self.issued)}"
        self.issued.append(token)
        self.live.add(token)
        return Answer.json({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def _page(self, asked: Asked) -> Answer:
        collection, _, one = asked.path.rpartition("/")
        if asked.path not in self.rows and collection in self.rows:
            found = next((row for row in self.rows[collection] if row["id"] == one), None)
            return Answer.fault("NotFound", 404) if found is None else Answer.json(found)
        rows = self.rows.get(asked.path, [])
        start = int(asked.params.get("$skiptoken", "0"))
        end = start + self.page_size
        body: Row = {"value": rows[start:end]}
        if asked.params.get("$count") == "true":
            body["@odata.count"] = len(rows)
        if end < len(rows):
            body["@odata.nextLink"] = f"{self.base_url}{asked.path}?$skiptoken={end}"
        return Answer.json(body)


@contextmanager
def serve(graph: Graph) -> Iterator[Graph]:
    """Serve on a loopback port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            self._send(graph.get(self.path, self._lowered()))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._send(graph.post(self.path, body, self._lowered()))

        def _lowered(self) -> dict[str, str]:
            return {name.lower(): value for name, value in self.headers.items()}

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
    graph.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield graph
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def school() -> dict[str, list[Row]]:
    """Return a school with two classes, a teacher and two students, one with a contact."""
    contact = {
        "displayName": "Parent Invented",
        "emailAddress": "parent@example.org",
        "mobilePhone": None,
        "relationship": "parent",
        "accessConsent": True,
    }
    student = {"externalId": "s-1", "birthDate": "2014-03-09", "gender": "female", "grade": "5"}
    users: list[Row] = [
        {
            "id": "u1",
            "primaryRole": "student",
            "student": student,
            "relatedContacts": [contact],
            "givenName": "Ada",
        },
        {"id": "u2", "primaryRole": "student", "student": None, "relatedContacts": []},
        {"id": "t1", "primaryRole": "teacher", "teacher": {"externalId": "t-1"}},
    ]
    term = {"displayName": "Autumn", "startDate": "2026-08-10", "endDate": "2026-12-18"}
    classes: list[Row] = [
        {"id": "c1", "displayName": "Art", "course": {"externalId": "k1"}, "term": term},
        {"id": "c2", "displayName": "Music", "course": None, "term": None, "grade": "5"},
    ]
    return {
        "/education/schools": [{"id": "s1", "displayName": "North"}],
        "/education/classes": classes,
        "/education/users": users,
        "/education/schools/s1/users": [{"id": i} for i in ("u1", "u2", "t1")],
        "/education/schools/s1/classes": [{"id": "c1"}, {"id": "c2"}],
        "/education/classes/c1/members": [{"id": i} for i in ("u1", "u2", "t1")],
        "/education/classes/c1/teachers": [{"id": "t1"}],
        "/education/classes/c2/members": [{"id": "u1"}],
    }


def directory() -> dict[str, list[Row]]:
    """Return a plain directory with groups of students and teachers and one class."""
    user = "#microsoft.graph.user"
    return {
        "/users": [
            {"id": "u1", "displayName": "Ada Invented", "employeeId": "9"},
            {"id": "t1", "department": "Faculty", "jobTitle": "Teacher"},
            {"id": "x1", "department": "Kitchen"},
        ],
        "/groups": [
            {"id": "g1", "displayName": "Students"},
            {"id": "c1", "displayName": "Art", "mailNickname": "class_art"},
        ],
        "/groups/g1/transitiveMembers": [
            {"@odata.type": user, "id": "u1"},
            {"@odata.type": "#microsoft.graph.device", "id": "d1"},
        ],
        "/groups/c1/transitiveMembers": [
            {"@odata.type": user, "id": "u1"},
            {"@odata.type": user, "id": "t1"},
            {"@odata.type": user, "id": "x1"},
        ],
    }
