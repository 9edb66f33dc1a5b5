"""
The Microsoft door: a sign-in service that gives tokens, and Graph v1.0 for one tenant.

As ``entra`` the tenant has the education resources that School Data Sync fills, as
``entra-directory`` it is a plain directory, where they answer as in a tenant that never had them.
"""

import json
import re
import secrets
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode

from edlink.coverage import Source
from edlink.roster import Roster
from edlink.sandbox.credentials import bearer
from edlink.sandbox.doors import Settings, require
from edlink.sandbox.exchange import Exchange, Reply, Request, json_reply
from edlink.sandbox.graph.directory import CLASS_PREFIX, DirectoryViews
from edlink.sandbox.graph.rows import Json, Rows
from edlink.sandbox.graph.views import OFFICE, Views
from edlink.sandbox.truth import Reading
from edlink.vocabulary import Kind

VERSION = "/v1.0"
PLAIN = "entra-directory"
PAGE, LARGEST_BATCH = 100, 20

KINDS: Mapping[str, Kind] = {
    "schools": Kind.org,
    "classes": Kind.class_,
    "users": Kind.user,
    "groups": Kind.class_,
    "members": Kind.enrollment,
    "teachers": Kind.enrollment,
    "taughtClasses": Kind.enrollment,
    "transitiveMembers": Kind.enrollment,
}
_EDUCATION = re.compile(r"/education/(schools|classes|users)(?:/([^/]+)(?:/(\w+))?)?")
_PLAIN = re.compile(r"/(users|groups)(?:/([^/]+)(?:/(transitiveMembers))?)?")


def open_door(settings: Settings) -> "GraphDoor":
    """Return a Microsoft door."""
    options = ("roles", "page_size")
    require(settings, versions=("v1.0",), auths=("oauth2",), options=options)
    return GraphDoor(settings)


class GraphDoor:
    """
    One tenant.

    Options: ``roles`` are the application permissions that were consented to, ``page_size`` the
    rows of a page.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_plain = settings.provider == PLAIN
        self._revision = settings.district.revision
        self._views = Views(settings.district)
        self._rows = Rows(self._views)
        self._roles = frozenset(
            settings.options.get(
                "roles", ("EduRoster.Read.All", "User.Read.All", "GroupMember.Read.All")
            )
        )
        self._page_size = settings.options.get("page_size", PAGE)
        self._tokens: dict[str, float] = {}
        self._changed: list[tuple[str, Json]] = []
        self._lock = threading.Lock()
        tenant = self._views.tenant
        self._authority = f"/{tenant}"
        self.base_url = settings.host + VERSION
        self.token_url = f"{settings.host}{self._authority}/oauth2/v2.0/token"
        self.details = {
            "tenant_id": tenant,
            "authority": settings.host + self._authority,
            "office_department": OFFICE,
            "class_prefix": CLASS_PREFIX,
            **{f"{word.lower()}_group": self._rows.group(word) for word in _GROUPS},
        }

    def follow(self) -> None:
        """Take in what was changed in the district since, and tell it in delta."""
        district = self._settings.district
        with self._lock:
            if self._revision == district.revision:
                return
            self._revision = district.revision
            self._views = Views(district)
            before, self._rows = self._rows, Rows(self._views)
            for resource, old in before.made().items():
                new = getattr(self._rows, resource)
                for key in dict.fromkeys((*old, *new)):
                    if key not in new:
                        self._tell(resource, key, removed="deleted")
                    elif new[key] != old.get(key):
                        self._tell(resource, key)

    def expire_tokens(self) -> None:
        """Let every token issued so far expire now."""
        with self._lock:
            self._tokens.clear()

    def change(self, resource: str, object_id: str, *, removed: str | None = None) -> None:
        """Have delta say that an object of ``schools``, ``classes`` or ``users`` changed."""
        with self._lock:
            self._tell(resource, object_id, removed=removed)

    def _tell(self, resource: str, object_id: str, *, removed: str | None = None) -> None:
        row: Json = {"id": object_id}
        if removed is not None:
            row["@removed"] = {"reason": removed}
        self._changed.append((resource, row))

    def adults(self) -> Mapping[str, str]:
        """Return which adult of the district each related contact is, by the contact's id."""
        self.follow()
        found = (contact for contacts in self._views.contacts.values() for contact in contacts)
        return {contact.user.sourced_id: contact.adult_id for contact in found}

    def truth(self, readings: Iterable[Reading] = ()) -> Roster:
        """Return what this door says of the district, as a roster."""
        self.follow()
        district, records = self._settings.district, []
        views = DirectoryViews(self._views) if self._is_plain else self._views
        for kind, found in views.records().items():
            for record in found:
                arriving: Any = record
                for reading in readings:
                    arriving = None if arriving is None else reading(kind, arriving, district)
                if arriving is not None:
                    records.append(arriving)
        return Roster.from_records(
            records,
            source=Source("entra", self._views.tenant),
            pulled_at=datetime(district.population.school_year - 1, 11, 1, tzinfo=UTC),
        )

    def locate(self, exchange: Exchange) -> None:
        """Tell the exchange what its request is about."""
        path = exchange.request.path
        if not path.startswith(VERSION):
            exchange.endpoint = "/token" if path.endswith("/token") else "(authority)"
            return
        found = _split(path.removeprefix(VERSION))
        if found is None:
            exchange.endpoint = path.removeprefix(VERSION)
            return
        collection, object_id, what, is_education = found
        parts = ("education" if is_education else None, collection, object_id and "{id}", what)
        exchange.endpoint = "/" + "/".join(part for part in parts if part)
        exchange.kind = KINDS.get(what or collection)
        exchange.is_list = object_id is None or what is not None
        exchange.envelope = "value"

    def handle(self, exchange: Exchange) -> Reply:
        """Return the answer to a request that was located."""
        request = exchange.request
        if not request.path.startswith(VERSION):
            return self._authorize(request)
        with self._lock:
            is_live = time.monotonic() < self._tokens.get(bearer(request) or "", 0.0)
        if not is_live:
            return _fault("InvalidAuthenticationToken", 401)
        self.follow()
        if request.path == f"{VERSION}/$batch":
            return self._batch(request)
        return self._answer(exchange)

    # The sign-in service

    def _authorize(self, request: Request) -> Reply:
        if request.path == f"{self._authority}/v2.0/.well-known/openid-configuration":
            base = self._settings.host + self._authority
            return json_reply(
                {
                    "issuer": f"{base}/v2.0",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                    "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                }
            )
        if request.path != f"{self._authority}/oauth2/v2.0/token" or request.method != "POST":
            return json_reply({"error": "invalid_request"}, 404)
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        keys = self._settings.keys
        if (form.get("client_id"), form.get("client_secret")) != (
            keys.client_id,
            keys.client_secret,
        ):
            text = "AADSTS7000215: Invalid client secret provided."
            return json_reply({"error": "invalid_client", "error_description": text}, 401)
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens[token] = time.monotonic() + self._settings.token_lifetime
        lifetime = int(self._settings.token_lifetime)
        return json_reply({"token_type": "Bearer", "expires_in": lifetime, "access_token": token})

    # Graph

    def _batch(self, request: Request) -> Reply:
        wanted = json.loads(request.body)["requests"]
        if len(wanted) > LARGEST_BATCH:
            return _fault("MaximumLimitExceeded", 400)
        answers = []
        for inner in reversed(wanted):  # in any order
            headers = {**request.headers, **inner.get("headers", {})}
            asked = Request(method=inner["method"], target=VERSION + inner["url"], headers=headers)
            exchange = Exchange(request=asked, district=self._settings.district)
            self.locate(exchange)
            # Faults act on batched requests too, so that a good outer answer can hide bad ones.
            reply = self._settings.faults.meet(exchange) or self._answer(exchange)
            answers.append(
                {
                    "id": inner["id"],
                    "status": reply.status,
                    "headers": reply.headers,
                    "body": _json(reply.body),
                }
            )
        return json_reply({"responses": answers})

    def _answer(self, exchange: Exchange) -> Reply:
        path = unquote(exchange.request.path.removeprefix(VERSION))
        params = dict(exchange.request.params)
        is_delta = path.endswith("/delta")
        if path.startswith("/education/") and (is_delta or self._is_plain):
            resource = path.split("/")[2]
            return self._absent(exchange) if self._is_plain else self._delta(resource, params)
        found = _split(path)
        if found is None or exchange.request.method != "GET":
            return _fault("ResourceNotFound", 404)
        collection, object_id, what, is_education = found
        if not self._roles & _needed(collection, is_education=is_education):
            return _fault("Authorization_RequestDenied", 403)
        rows = self._find(collection, object_id, what, is_education=is_education)
        if rows is None:
            return _fault("ResourceNotFound", 404)
        selected = [_select(row, params.get("$select")) for row in rows]
        if object_id is not None and what is None:
            exchange.rows, exchange.total = selected, 1
            self._settings.faults.spoil(exchange)
            return json_reply(exchange.rows[0])
        return self._page(exchange, selected, params)

    def _absent(self, exchange: Exchange) -> Reply:
        """Return what a tenant answers that School Data Sync never filled: no list, or a fault."""
        if exchange.endpoint == "/education/schools":
            return self._page(exchange, [], {})
        return _fault("Request_UnsupportedQuery", 400)

    def _find(
        self, collection: str, object_id: str | None, what: str | None, *, is_education: bool
    ) -> list[Json] | None:
        own: Mapping[str, Json] = self._rows.groups
        if collection != "groups":
            own = getattr(self._rows, collection if is_education else "accounts")
        if object_id is None:
            return [*own.values()]
        if object_id not in own:
            return None
        if what is None:
            return [own[object_id]]
        if not is_education:
            users = self._rows.users
            members = [
                {**users[i], "@odata.type": "#microsoft.graph.user"}
                for i in self._rows.group_members[object_id]
            ]
            device = {"@odata.type": "#microsoft.graph.device", "id": self._views.guid("device")}
            return [device, *members]
        classes = self._rows.classes
        lists = {"classes": classes, "taughtClasses": classes, "schools": self._rows.schools}
        ids = self._rows.nested.get((object_id, what), [])
        return [lists.get(what, self._rows.users)[i] for i in ids]

    def _page(self, exchange: Exchange, rows: list[Json], params: Mapping[str, str]) -> Reply:
        place = params.get("$skiptoken", "0")
        exchange.limit, exchange.total = self._page_size, len(rows)
        exchange.offset = int(place) if place.isdecimal() else 0
        self._settings.faults.turn(exchange)
        end = exchange.offset + exchange.limit
        exchange.rows = rows[exchange.offset : end]
        self._settings.faults.spoil(exchange)
        body: Json = {"@odata.context": f"{self.base_url}/$metadata"}
        if params.get("$count") == "true" and exchange.offset == 0:
            if exchange.request.headers.get("consistencylevel") != "eventual" and (
                exchange.request.headers.get("ConsistencyLevel") != "eventual"
            ):
                return _fault("Request_UnsupportedQuery", 400)
            body["@odata.count"] = len(rows)
        if end < len(rows):
            query = urlencode({**params, "$skiptoken": end}, safe="$,")
            path = exchange.request.path
            body["@odata.nextLink"] = f"{self._settings.host}{path}?{query}"
        body["value"] = exchange.rows
        return json_reply(body)

    def _delta(self, resource: str, params: Mapping[str, str]) -> Reply:
        if "EduRoster.Read.All" not in self._roles:
            return _fault("Authorization_RequestDenied", 403)
        mark = params.get("$deltatoken", "0")
        with self._lock:
            changed = list(self._changed)
        start = len(changed) if mark == "latest" else int(mark) if mark.isdecimal() else -1
        if start < 0:
            return _fault("syncStateNotFound", 410)
        rows = [row for name, row in changed[start:] if name == resource]
        link = f"{self.base_url}/education/{resource}/delta?$deltatoken={len(changed)}"
        return json_reply({"value": [*rows, *rows[:1]], "@odata.deltaLink": link})


_GROUPS: Sequence[str] = ("Students", "Teachers", "Staff")


def _needed(collection: str, *, is_education: bool) -> frozenset[str]:
    if is_education:
        return frozenset({"EduRoster.Read.All"})
    return frozenset({"User.Read.All" if collection == "users" else "GroupMember.Read.All"})


def _split(path: str) -> tuple[str, str | None, str | None, bool] | None:
    """Return collection, object id, what of it, and whether it is an education resource."""
    if path.endswith("/delta"):
        return None
    for pattern, is_education in ((_EDUCATION, True), (_PLAIN, False)):
        match = pattern.fullmatch(path)
        if match is not None:
            collection, object_id, what = match.groups()
            return collection, object_id, what, is_education
    return None


def _select(row: Json, names: str | None) -> Json:
    """Return the fields selected; without a choice only the few that Graph sends by default."""
    wanted = set((names or "id,displayName").split(","))
    return {key: value for key, value in row.items() if key in wanted or key == "@odata.type"}


def _json(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Return a body as it stands in a batch; what is no JSON has no place there."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def _fault(code: str, status: int) -> Reply:
    inner = {"request-id": secrets.token_hex(8)}
    return json_reply({"error": {"code": code, "message": "Refused", "innerError": inner}}, status)
