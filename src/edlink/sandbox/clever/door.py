"""The Clever door: Data API 2.0 to 3.1 for one district, the list of tokens, and events."""

import base64
import re
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlencode

import attrs

from edlink.coverage import Source
from edlink.model import Record
from edlink.roster import Roster
from edlink.sandbox.clever.feed import Feed
from edlink.sandbox.clever.related import Related
from edlink.sandbox.clever.rows import FLAT, Row, Rows
from edlink.sandbox.clever.views import Views
from edlink.sandbox.credentials import bearer
from edlink.sandbox.doors import Settings, require
from edlink.sandbox.exchange import Exchange, Reply, json_reply
from edlink.sandbox.truth import Reading
from edlink.vocabulary import Kind

TOKENS = "/oauth/tokens"
FIRST_SYNC = "2026-10-31T03:00:00.000Z"
DEFAULT_LIMIT, MAX_LIMIT = 100, 10_000
RATE = 1200

SCOPES = (
    "read:district_admins",
    "read:districts",
    "read:resources",
    "read:school_admins",
    "read:schools",
    "read:sections",
    "read:student_contacts",
    "read:students",
    "read:teachers",
    "read:user_id",
)

KINDS: Mapping[str, Kind] = {
    "districts": Kind.org,
    "schools": Kind.org,
    "terms": Kind.academic_session,
    "courses": Kind.course,
    "sections": Kind.class_,
    "users": Kind.user,
    **dict.fromkeys(FLAT.values(), Kind.user),
}

_PATH = re.compile(r"/(\w+)(?:/([^/]+)(?:/(\w+))?)?")
_SINGLE = frozenset({"district", "course", "school", "term", "teacher"})


def open_door(settings: Settings) -> "CleverDoor":
    """Return a Clever door."""
    require(settings, versions=("2.0", "2.1", "3.0", "3.1"), auths=("bearer",))
    return CleverDoor(settings)


class CleverDoor:
    """
    One district at Clever.

    Attributes:
        feed: The events of what was changed while it runs.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = f"/v{settings.version}"
        self._lock = threading.Lock()
        self._revision = settings.district.revision
        self._views = Views(settings.district, settings.version)
        self._rows = Rows(self._views, settings.version)
        self.feed = Feed(FIRST_SYNC)
        self.base_url = settings.host + self._path
        self.token_url = None
        self.details = {"district_id": self._views.district_id, "tokens_url": settings.host}

    def follow(self) -> None:
        """Take in what was changed in the district since, and tell it in events."""
        settings = self._settings
        with self._lock:
            if self._revision == settings.district.revision:
                return
            self._revision = settings.district.revision
            self._views = Views(settings.district, settings.version)
            before, self._rows = self._rows, Rows(self._views, settings.version)
            for collection, rows in before.made.items():
                self.feed.tell(collection, rows, self._rows.of(collection) or [])

    def expire_tokens(self) -> None:
        """Do nothing: a district's token lives until it is reset."""

    def truth(self, readings: Iterable[Reading] = ()) -> Roster:
        """Return what this door says of the district, as a roster."""
        self.follow()
        views = self._views
        known: Mapping[Kind, tuple[Record, ...]] = {
            Kind.org: views.orgs,
            Kind.academic_session: views.academic_sessions,
            Kind.course: views.courses,
            Kind.class_: views.classes,
            Kind.user: views.users,
            Kind.enrollment: views.enrollments,
            Kind.relationship: views.relationships,
            Kind.demographics: views.demographics,
        }
        district, records = self._settings.district, []
        for kind, found in known.items():
            for record in found:
                arriving: Any = record
                for reading in readings:
                    arriving = None if arriving is None else reading(kind, arriving, district)
                if arriving is not None:
                    records.append(arriving)
        return Roster.from_records(
            records,
            source=Source("clever", views.district_id),
            pulled_at=datetime(district.population.school_year - 1, 11, 1, tzinfo=UTC),
        )

    def locate(self, exchange: Exchange) -> None:
        """Tell the exchange what its request is about."""
        path = exchange.request.path
        if path == TOKENS:
            exchange.endpoint = TOKENS
            return
        found = self._split(path)
        if found is None:
            exchange.endpoint = "(unknown)"
            return
        collection, record_id, what = found
        exchange.endpoint = "/" + "/".join(
            part for part in (collection, record_id and "{id}", what) if part
        )
        exchange.kind = KINDS.get(collection)
        exchange.is_list = record_id is None or (what is not None and what not in _SINGLE)
        exchange.envelope = "data"

    def handle(self, exchange: Exchange) -> Reply:
        """Return the answer to a request that was located."""
        if exchange.endpoint == TOKENS:
            return self._tokens(exchange)
        found = self._split(exchange.request.path)
        if found is None or exchange.request.method != "GET":
            return _MISSING
        if bearer(exchange.request) != self._settings.keys.api_key:
            return _message("invalid or missing token", 401)
        self.follow()
        reply = self._answer(exchange, *found)
        return attrs.evolve(reply, headers=reply.headers | self._quota())

    @staticmethod
    def _quota() -> dict[str, str]:
        return {
            "X-RateLimit-Bucket": "bearer",
            "X-RateLimit-Limit": str(RATE),
            "X-RateLimit-Remaining": str(RATE - 1),
            "X-RateLimit-Reset": str(int(time.time()) + 60),
        }

    def _split(self, path: str) -> tuple[str, str | None, str | None] | None:
        """Return collection, id and what of a path below the version."""
        match = _PATH.fullmatch(path.removeprefix(self._path))
        if match is None or not path.startswith(self._path + "/"):
            return None
        collection, record_id, what = match.groups()
        return collection, record_id and unquote(record_id), what

    def _answer(
        self, exchange: Exchange, collection: str, record_id: str | None, what: str | None
    ) -> Reply:
        rows = self._of(collection)
        if rows is None or record_id is None:
            return _MISSING if rows is None else self._list(exchange, collection, rows)
        row = next((row for row in rows if row["id"] == record_id), None)
        if row is None or what is None:
            return _MISSING if row is None else self._single(exchange, row)
        primary = dict(exchange.request.params).get("primary") == "true"
        related = Related(self._rows, self._settings.version)
        found = related.find(collection, row, what, primary=primary)
        if found is None or (what in _SINGLE and not found):
            return _MISSING
        if what in _SINGLE:
            return self._single(exchange, found[0])
        return self._list(exchange, collection, found)

    def _of(self, collection: str) -> list[Row] | None:
        """Return the rows of a collection, or None where there is none such."""
        if collection == "events":
            return self.feed.events
        rows = self._rows.of(collection)
        if collection == "districts":
            return [row | {"last_sync": self.feed.last_sync} for row in rows or ()]
        return rows

    def _single(self, exchange: Exchange, row: Row) -> Reply:
        exchange.rows, exchange.total = [row], 1
        self._settings.faults.spoil(exchange)
        links = [{"rel": "self", "uri": exchange.request.target}]
        return json_reply({"data": exchange.rows[0], "links": links})

    def _list(self, exchange: Exchange, collection: str, rows: list[Row]) -> Reply:
        params = dict(exchange.request.params)
        if role := params.get("role"):
            if role not in FLAT:
                return _message("role is not one of Clever's", 400)
            rows = [row for row in rows if row["roles"].get(role) is not None]
        if collection == "events" and "record_type" in params:
            wanted = {value for name, value in exchange.request.params if name == "record_type"}
            rows = [row for row in rows if row["type"].partition(".")[0] in wanted]
        links = [{"rel": "self", "uri": exchange.request.target}]
        if params.get("count") == "true" and self._settings.version != "2.0":
            return json_reply({"count": len(rows), "links": links})
        limit = params.get("limit", str(DEFAULT_LIMIT))
        if not limit.isdecimal() or int(limit) < 1:
            return _message("limit is no number", 400)
        if int(limit) > MAX_LIMIT:
            return _message("limit is larger than 10000", 413)
        return self._page(exchange, rows, int(limit), links)

    def _page(
        self, exchange: Exchange, rows: list[Row], limit: int, links: list[dict[str, str]]
    ) -> Reply:
        exchange.limit, exchange.total = limit, len(rows)
        exchange.offset = _offset(rows, dict(exchange.request.params), limit)
        self._settings.faults.turn(exchange)
        end = exchange.offset + exchange.limit
        exchange.rows = rows[exchange.offset : end]
        ids = [row["id"] for row in exchange.rows]
        for rel, name, place, is_there in (
            ("prev", "ending_before", 0, exchange.offset > 0),
            ("next", "starting_after", -1, end < len(rows)),
        ):
            if is_there and ids:
                query = urlencode({"limit": limit, name: ids[place]})
                links.append({"rel": rel, "uri": f"{exchange.request.path}?{query}"})
        self._settings.faults.spoil(exchange)
        uri = exchange.request.path
        data = [  # a fault may have taken rows away
            {"data": row, "uri": f"{uri}/{i}"} for row, i in zip(exchange.rows, ids, strict=False)
        ]
        return json_reply({"data": data, "links": links})

    def _tokens(self, exchange: Exchange) -> Reply:
        keys, params = self._settings.keys, dict(exchange.request.params)
        wanted = base64.b64encode(f"{keys.client_id}:{keys.client_secret}".encode()).decode()
        if exchange.request.headers.get("authorization") != f"Basic {wanted}":
            return json_reply({"error": "invalid_client"}, 401)
        row = {
            "id": "tok1",
            "created": "2026-08-01T09:00:00.000Z",
            "owner": {"type": "district", "id": self._views.district_id},
            "access_token": keys.api_key,
            "scopes": list(SCOPES),
        }
        is_wanted = params.get("district") in (None, self._views.district_id)
        links = [{"rel": "self", "uri": exchange.request.target}]
        return json_reply({"data": [row] if is_wanted else [], "links": links})


def _offset(rows: list[Row], params: Mapping[str, str], limit: int) -> int:
    """Return the place of a page's first row."""
    if before := params.get("ending_before"):
        end = len(rows) if before == "last" else bisect_left(rows, before, key=_id)
        return max(0, end - limit)
    after = params.get("starting_after")
    return 0 if after is None else bisect_right(rows, after, key=_id)


def _id(row: Row) -> str:
    return str(row["id"])


def _message(text: str, status: int) -> Reply:
    return json_reply({"message": text}, status)


_MISSING = _message("not found", 404)
