"""A small OneRoster server over a real socket, with one switch for each way of going wrong."""

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
from tests._http.loopback import Reply, Seen

from edlink.oneroster import HttpSettings, OneRosterClient

#: As fast as it goes: no pause, no limit, no second try.
QUICK = HttpSettings(rate=0, attempts=1, backoff=0)

Row = Mapping[str, Any]
Hook = Callable[["Ask"], Reply | None]
Serve = Callable[..., OneRosterClient]


@attrs.frozen(kw_only=True)
class Ask:
    """One request for a page: which collection, from where, how many, the how-manieth request."""

    path: str
    offset: int
    limit: int
    query: Mapping[str, str]
    number: int


def page(key: str, rows: Sequence[object], **headers: str) -> Reply:
    """Return an answer with some rows under a key; ``_`` in a header's name stands for a dash."""
    return Reply(
        body=json.dumps({key: list(rows)}).encode(),
        headers=[(name.replace("_", "-"), value) for name, value in headers.items()],
    )


def rows_of(key: str, number: int) -> list[dict[str, Any]]:
    """Return so many rows of a collection, the least that a row needs."""
    return [{"sourcedId": f"{key}-{i:04}", "status": "active"} for i in range(number)]


class District:
    """
    What the small server serves, and how.

    Attributes:
        rows: Rows by the last word of the path.
        clamp: Rows a page at most, whatever is asked for.
        total: The X-Total-Count of an answer, or None for no such header.
        link: The Link header of an answer, or None for no such header.
        hooks: Asked first; the first that returns a reply decides.
        extra: Headers of every page.
    """

    def __init__(self, **rows: list[Any]) -> None:
        self.rows: dict[str, list[Any]] = dict(rows)
        self.clamp = 10_000
        self.total: Callable[[Ask, int], object] | None = lambda _, number: number
        self.link: Callable[[Ask], str | None] = lambda _: None
        self.hooks: list[Hook] = []
        self.extra: dict[str, str] = {}
        self.asked: list[Ask] = []
        self._lock = threading.Lock()

    def answer(self, seen: Seen) -> Reply:
        """Return the answer to one request."""
        parts = urlsplit(seen.target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = re.sub(r"^/ims/oneroster/(?:rostering/)?v1p[12]", "", parts.path)
        with self._lock:
            ask = Ask(
                path=path,
                offset=int(query.get("offset", 0)),
                limit=int(query.get("limit", 100)),
                query=query,
                number=len(self.asked),
            )
            self.asked.append(ask)
        for hook in self.hooks:
            reply = hook(ask)
            if reply is not None:
                return reply
        return self.page(ask)

    def page(self, ask: Ask) -> Reply:
        """Return the page that is asked for."""
        key = ask.path.rsplit("/", 1)[-1]
        if key not in self.rows:
            return Reply(status=404)
        rows = self.rows[key]
        headers = dict(self.extra)
        if self.total is not None:
            headers["X-Total-Count"] = str(self.total(ask, len(rows)))
        link = self.link(ask)
        if link is not None:
            headers["Link"] = link
        end = ask.offset + min(ask.limit, self.clamp)
        return page(key, rows[ask.offset : end], **headers)


def small() -> District:
    """Return a district with a few records of each kind that refer to each other."""

    def person(i: int, role: str, **more: object) -> dict[str, Any]:
        known = {"sourcedId": f"u{i}", "givenName": f"Given{i}", "familyName": f"Family{i}"}
        return {**known, "status": "active", "role": role, "orgs": ["s1"], **more}

    return District(
        academicSessions=[{"sourcedId": "t1", "type": "term", "title": "Fall"}],
        orgs=[{"sourcedId": "s1", "type": "school", "name": "North"}],
        courses=[{"sourcedId": "k1", "org": {"sourcedId": "s1"}}],
        classes=[
            {"sourcedId": "c1", "course": "k1", "school": {"sourcedId": "s1"}, "terms": ["t1"]}
        ],
        users=[
            person(1, "student", agents=[{"sourcedId": "u3"}]),
            person(2, "teacher"),
            person(3, "parent", agents=[{"sourcedId": "u1"}]),
        ],
        enrollments=[
            {"sourcedId": "e1", "user": "u1", "class": "c1", "school": "s1", "role": "student"},
            {"sourcedId": "e2", "user": "u2", "class": "c1", "school": "s1", "role": "teacher"},
        ],
        demographics=[{"sourcedId": "u1", "birthDate": "2012-05-06"}],
    )
