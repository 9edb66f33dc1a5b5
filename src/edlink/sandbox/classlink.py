"""
The ClassLink door: the partner's list of districts, the proxy, and the district's own server.

OneRoster 1.1 as ClassLink's proxy speaks it: its headers, its empty texts, addresses that point
to another host, an application id that is percent-encoded already.
"""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from edlink.coverage import Source
from edlink.roster import Roster
from edlink.sandbox.credentials import OAuth1, bearer
from edlink.sandbox.doors import Settings, require
from edlink.sandbox.exchange import Exchange, Reply, Request, json_reply
from edlink.sandbox.oneroster.endpoints import Endpoint
from edlink.sandbox.oneroster.failures import failure
from edlink.sandbox.oneroster.service import RosterService
from edlink.sandbox.truth import Reading, build_truth
from edlink.vocabulary import Kind

Json: TypeAlias = dict[str, Any]

PATH = "/ims/oneroster/v1p1"
APPLICATIONS = "/applications"
OTHERS = 12
DEFAULT_LIMIT = 5

#: What a record of each kind has even where there is nothing to say.
BLANKS: Mapping[Kind, Json] = {
    Kind.user: {
        "middleName": "",
        "identifier": "",
        "email": "",
        "sms": "",
        "phone": "",
        "agents": [],
        "grades": [],
        "userIds": [],
        "password": "",
    },
    Kind.class_: {"classCode": "", "location": "", "periods": [], "resources": []},
    Kind.course: {"resources": []},
    Kind.enrollment: {"beginDate": "", "endDate": ""},
}


def open_door(settings: Settings) -> "ClassLinkDoor":
    """Return a ClassLink door."""
    require(settings, versions=("1.1",), auths=("bearer", "oauth1"))
    return ClassLinkDoor(settings)


class ClassLinkDoor:
    """ClassLink's partner address, proxy and Roster Server in one."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        token = secrets.token_hex(4)
        # Encoded already, with a slash, an equals sign and a needless %43 that must stay as it is.
        self.application_id = f"%2Fg{token}%43%3D"
        self._bearer = secrets.token_hex(16)
        self._oauth1 = OAuth1(settings.keys)
        self._proxy = f"/{self.application_id}{PATH}"
        direct = settings.auth == "oauth1"
        self.base_url = settings.host + (PATH if direct else self._proxy)
        self.token_url = None
        self.details = {
            "application_id": self.application_id,
            "bearer": self._bearer,
            "tenant_id": str(self._tenant(0)),
        }
        root = f"https://roster.example.org{PATH}"
        self.service = RosterService(settings, root, _with_blanks)

    def expire_tokens(self) -> None:
        """Do nothing: ClassLink's bearers do not expire."""

    def truth(self, readings: Iterable[Reading] = ()) -> Roster:
        """Return what this door says of the district, as a roster."""
        district = self.settings.district
        source = Source("classlink", self.details["tenant_id"])
        return build_truth(district, source=source, views=self.service.views, readings=readings)

    def locate(self, exchange: Exchange) -> None:
        """Tell the exchange what its request is about."""
        path = exchange.request.path
        below = self._below(path)
        if path == APPLICATIONS:
            exchange.endpoint = "/applications"
        elif path == f"{APPLICATIONS}/{self.application_id}/server":
            exchange.endpoint = "/applications/{id}/server"
        elif below is not None:
            self.service.locate(exchange, below)
        else:
            exchange.endpoint = "(elsewhere)"

    def handle(self, exchange: Exchange) -> Reply:
        """Return the answer to a request that was located."""
        request = exchange.request
        below = self._below(request.path)
        if exchange.endpoint.startswith(APPLICATIONS):
            if bearer(request) != self.settings.keys.api_key:
                return json_reply({"status": 0, "message": "Unauthorized"}, 401)
            return self._partner(exchange)
        if below is None:
            return failure("1.1", 404, "unknownobject")
        return self._with_headers(exchange, self.service.answer(exchange, below, self._refusal))

    def _below(self, path: str) -> str | None:
        for prefix in (self._proxy, PATH):
            if path.startswith(prefix + "/"):
                return path.removeprefix(prefix)
        return None

    def _refusal(self, request: Request, _: Endpoint) -> Reply | None:
        if request.path.startswith(self._proxy):
            known = bearer(request) == self._bearer
        else:
            known = self._oauth1.accepts(request)
        return None if known else failure("1.1", 401, "unauthorisedrequest")

    def _partner(self, exchange: Exchange) -> Reply:
        if exchange.endpoint == APPLICATIONS:
            given = dict(exchange.request.params)
            offset, limit = _number(given, "offset", 0), _number(given, "limit", DEFAULT_LIMIT)
            rows = [self._application(place) for place in range(OTHERS + 1)]
            return json_reply({"status": 1, "applications": rows[offset : offset + limit]})
        keys = self.settings.keys
        server = {
            "client_id": keys.client_id,
            "client_secret": keys.client_secret,
            "endpoint_url": self.settings.host,
        }
        return json_reply({"status": 1, "server": server, "message": ""})

    def _application(self, place: int) -> Json:
        """Return a row of the list: ours in the middle, others that cannot be used."""
        ours = place == OTHERS // 2
        number = 0 if ours else place + 1
        disabled, no_bearer, inactive = (not ours and place % 3 == n for n in range(3))
        return {
            "id": 4000 + place,
            "application_id": f"app{place:04d}",
            "tenant_id": self._tenant(number),
            "tenant_name": "Lakeland Invented District" if ours else f"District {place}",
            "tenant_status": "Inactive" if inactive else "Active",
            "bearer": self._bearer if ours else None if no_bearer else secrets.token_hex(16),
            "enabled": "false" if disabled else "true",
            "oneroster_application_id": self.application_id if ours else f"other{place}%3D",
            "name": "Invented App",
            "version": "v1p1",
        }

    def _tenant(self, number: int) -> int:
        return 2300 + self.settings.district.seed % 1000 * 100 + number

    @staticmethod
    def _with_headers(exchange: Exchange, reply: Reply) -> Reply:
        if not reply.is_ok:
            return reply
        reply.headers.pop("Link", None)
        total = reply.headers.pop("X-Total-Count", None)
        reply.headers |= {"x-perm-rev": "100", "x-obfuscated": "", "x-page-generation-time-ms": "3"}
        if total is not None:
            shown = max(0, min(exchange.limit, exchange.total - exchange.offset))
            reply.headers |= {"x-count": str(shown), "x-total-count": total}
        return reply


def _with_blanks(kind: Kind, row: Json) -> Json:
    return {**BLANKS.get(kind, {}), **row}


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, "")
    return int(text[:9]) if text.isascii() and text.isdecimal() else default
