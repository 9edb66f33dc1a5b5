"""The Veracross door: Data API v3 and its tokens, for one school."""

import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from edlink.coverage import Source
from edlink.model import Record, User
from edlink.roster import Roster
from edlink.sandbox.doors import Settings, require
from edlink.sandbox.exchange import Exchange, Reply, json_reply
from edlink.sandbox.truth import Reading
from edlink.sandbox.veracross.rows import Json, Rows
from edlink.sandbox.veracross.tokens import Tokens, fault
from edlink.sandbox.veracross.views import ROUTE, Views
from edlink.vocabulary import Kind, Role

API, OAUTH = f"/{ROUTE}/v3", f"/{ROUTE}/oauth"
DEFAULT_PAGE, MAX_PAGE = 100, 1000
LIMIT, WINDOW = 300, 180.0

KINDS: Mapping[str, Kind] = {
    "/students": Kind.user,
    "/parents": Kind.user,
    "/staff_faculty": Kind.user,
    "/relationships": Kind.relationship,
    "/academics/config/grading_periods": Kind.academic_session,
    "/academics/classes": Kind.class_,
    "/academics/enrollments": Kind.enrollment,
    "/academics/permissions": Kind.enrollment,
    "/academics/class_schedules": Kind.class_,
    "/contact_info": Kind.user,
}

#: The lists whose records can also be read one by one.
SINGLE = frozenset(KINDS) - {"/academics/class_schedules"}

#: Query parameters that the door understands, and the keys that lead to what each compares.
_MODIFIED = ("on_or_after_last_modified_date", "on_or_before_last_modified_date")
TAKES: Mapping[str, tuple[str, ...]] = {
    "/students": ("campus_id", *_MODIFIED),
    "/staff_faculty": ("campus",),
    "/relationships": ("person_id", "related_person_id", "parent_portal_access", *_MODIFIED),
    "/academics/config/grading_periods": ("school_year", *_MODIFIED),
    "/academics/classes": ("id", "school_year", "campus_id", "primary_teacher_id", *_MODIFIED),
    "/academics/enrollments": (
        "internal_class_id",
        "person_id",
        "school_year",
        "currently_enrolled",
        *_MODIFIED,
    ),
    "/academics/permissions": ("class_id", "person_id", "school_year", *_MODIFIED),
    "/academics/class_schedules": ("school_year", "campus_id", "grading_period_id"),
    "/contact_info": _MODIFIED,
}
_PLACES = {
    ("/students", "campus_id"): ("campus", "id"),
    ("/academics/permissions", "class_id"): ("class", "id"),
    ("/academics/permissions", "person_id"): ("person", "id"),
    ("/academics/class_schedules", "grading_period_id"): ("grading_period", "id"),
}


def open_door(settings: Settings) -> "VeracrossDoor":
    """Return a Veracross door."""
    options = ("scopes", "rate_limit", "rate_window")
    require(settings, versions=("v3",), auths=("oauth2",), options=options)
    return VeracrossDoor(settings)


class VeracrossDoor:
    """
    One school at Veracross.

    Attributes:
        tokens: The application's live tokens.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._revision = settings.district.revision
        self._views = Views(settings.district)
        self._rows = Rows(self._views)
        everything = [_scope(path, "list") for path in KINDS]
        everything += [_scope(path, "read") for path in KINDS if path in SINGLE]
        scopes = list(settings.options.get("scopes", everything))
        self.tokens = Tokens(
            settings.keys,
            scopes,
            settings.token_lifetime,
            limit=settings.options.get("rate_limit", LIMIT),
            window=settings.options.get("rate_window", WINDOW),
        )
        self.base_url = settings.host + API
        self.token_url = f"{settings.host}{OAUTH}/token"
        self.details = {
            "school_route": ROUTE,
            "accounts_url": settings.host + OAUTH,
            "scopes": " ".join(scopes),
        }

    def follow(self) -> None:
        """Take in what was changed in the district since."""
        settings = self._settings
        with self._lock:
            if self._revision != settings.district.revision:
                self._revision = settings.district.revision
                self._views = Views(settings.district)
                self._rows = Rows(self._views)

    def expire_tokens(self) -> None:
        """Let every token issued so far expire now."""
        self.tokens.forget()

    def truth(self, readings: Iterable[Reading] = ()) -> Roster:
        """Return what this door says of the district, as a roster."""
        self.follow()
        views = self._views
        known: Mapping[Kind, tuple[Record, ...]] = {
            Kind.org: views.orgs,
            Kind.academic_session: views.academic_sessions,
            Kind.course: views.courses,
            Kind.class_: views.classes,
            Kind.user: _as_new_as_taught(views),
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
            source=Source("veracross", ROUTE),
            pulled_at=datetime(district.population.school_year - 1, 11, 1, tzinfo=UTC),
        )

    def locate(self, exchange: Exchange) -> None:
        """Tell the exchange what its request is about."""
        path = exchange.request.path
        if path.startswith(OAUTH):
            exchange.endpoint = path.removeprefix(OAUTH)
            return
        found = self._split(path)
        if found is None:
            exchange.endpoint = "(unknown)"
            return
        listed, record_id = found
        exchange.endpoint = listed if record_id is None else f"{listed}/{{id}}"
        exchange.kind = KINDS[listed]
        exchange.is_list = record_id is None
        exchange.envelope = "data"

    def handle(self, exchange: Exchange) -> Reply:
        """Return the answer to a request that was located."""
        request = exchange.request
        posts = {"/token": self.tokens.issue, "/revoke": self.tokens.revoke}
        if exchange.endpoint in posts:
            known = request.method == "POST"
            return posts[exchange.endpoint](request) if known else fault("Not allowed", 405)
        found = self._split(request.path)
        if found is None:
            return fault("There is nothing at this address", 404)
        if request.method != "GET":
            return fault("Not allowed", 405)
        return self._answer(exchange, *found)

    @staticmethod
    def _split(path: str) -> tuple[str, str | None] | None:
        """Return the list and the id that a path names, or None."""
        below = path.removeprefix(API)
        if below == path:
            return None
        if below in KINDS:
            return below, None
        listed, _, record_id = below.rpartition("/")
        return (listed, record_id) if listed in SINGLE else None

    def _answer(self, exchange: Exchange, path: str, record_id: str | None) -> Reply:
        request = exchange.request
        scope = _scope(path, "list" if record_id is None else "read")
        refusal = self.tokens.refusal(request, scope)
        if refusal is not None:
            return refusal
        headers, is_too_much = self.tokens.limit(request)
        headers["X-API-Revision"] = "1"
        self.follow()
        if is_too_much:
            reply = fault("Rate limit exceeded", 429)
        elif record_id is None:
            reply = self._page(exchange, path)
        else:
            reply = self._single(exchange, path, record_id)
        reply.headers |= headers
        return reply

    def _single(self, exchange: Exchange, path: str, record_id: str) -> Reply:
        row = next((r for r in self._rows.of(path) if str(r["id"]) == record_id), None)
        if row is None:
            return fault("There is no such record", 404)
        exchange.rows, exchange.total = [self._rows.alone(path, row)], 1
        self._settings.faults.spoil(exchange)
        return json_reply({"data": exchange.rows[0]})

    def _page(self, exchange: Exchange, path: str) -> Reply:
        params, headers = exchange.request.params, exchange.request.headers
        if not {name for name, _ in params} <= set(TAKES.get(path, ())):
            return fault("Unknown parameters were provided", 400)
        number = headers.get("x-page-number", "1")
        size = headers.get("x-page-size", str(DEFAULT_PAGE))
        if not (number.isdecimal() and size.isdecimal() and 1 <= int(size) <= MAX_PAGE):
            return fault("The page cannot be shown", 400)
        rows = [row for row in self._rows.of(path) if self._passes(path, row, params)]
        exchange.limit, exchange.total = int(size), len(rows)
        exchange.offset = (max(1, int(number)) - 1) * int(size)
        self._settings.faults.turn(exchange)
        exchange.rows = rows[exchange.offset : exchange.offset + exchange.limit]
        self._settings.faults.spoil(exchange)
        body: Json = {"data": exchange.rows}
        if headers.get("x-api-value-lists") == "include":
            body["value_lists"] = self._rows.value_lists(path)
        return json_reply(body)

    def _passes(self, path: str, row: Json, params: Iterable[tuple[str, str]]) -> bool:
        return all(self._compares(path, row, name, value) for name, value in params)

    def _compares(self, path: str, row: Json, name: str, value: str) -> bool:
        if name.endswith("last_modified_date"):
            day = row["last_modified_date"][:10]
            return bool(day >= value if name.startswith("on_or_after") else day <= value)
        found: Any = row
        if (path, name) == ("/academics/enrollments", "school_year"):
            found = self._rows.year_of(row)
        else:
            for key in _PLACES.get((path, name), (name,)):
                found = (found or {}).get(key)
        return str(found).lower() == value


def _scope(path: str, suffix: str) -> str:
    return f"{path.removeprefix('/').replace('/', '.')}:{suffix}"


def _as_new_as_taught(views: Views) -> tuple[User, ...]:
    """Return the people, each as new as what they teach: that makes teachers of them."""
    taught: dict[str | None, list[datetime | None]] = {}
    for row in views.enrollments:
        if row.role is not Role.student:
            taught.setdefault(row.user_id, []).append(row.date_last_modified)

    def dated(user: User) -> User:
        moments = [user.date_last_modified, *taught.get(user.sourced_id, ())]
        return attrs.evolve(user, date_last_modified=max(filter(None, moments), default=None))

    return tuple(map(dated, views.users))
