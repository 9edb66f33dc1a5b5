"""The OneRoster door: versions 1.1 and 1.2, with OAuth 2, OAuth 1 or a static bearer."""

from collections.abc import Iterable

from edlink.coverage import Source
from edlink.roster import Roster
from edlink.sandbox.credentials import OAuth1, OAuth2, bearer
from edlink.sandbox.doors import Settings, require
from edlink.sandbox.exchange import Exchange, Reply, Request
from edlink.sandbox.oneroster import failures
from edlink.sandbox.oneroster.endpoints import CORE, DEMOGRAPHICS, FULL, Endpoint
from edlink.sandbox.oneroster.service import RosterService
from edlink.sandbox.truth import Reading, build_truth

PATHS = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}
SCOPE_ROOTS = {
    "1.1": "https://purl.imsglobal.org/spec/or/v1p1/scope/",
    "1.2": "https://purl.imsglobal.org/spec/or/v1p2/scope/",
}
DISCOVERY_FILES = (
    "onerosterv1p2rostersservice_openapi3_v1p0.json",
    "imsorv1p2_rostering_openapi3_v1p0.json",
)
TOKEN_PATH = "/oauth2/token"  # noqa: S105 - an address


def open_door(settings: Settings) -> "OneRosterDoor":
    """Return a OneRoster door."""
    auths = ("oauth2", "oauth1", "bearer") if settings.version == "1.1" else ("oauth2", "bearer")
    require(settings, versions=("1.1", "1.2"), auths=auths)
    return OneRosterDoor(settings)


class OneRosterDoor:
    """A OneRoster 1.1 or 1.2 server."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.version = settings.version
        self.path = PATHS[settings.version]
        self.base_url = settings.host + self.path
        self.token_url = settings.host + TOKEN_PATH if settings.auth == "oauth2" else None
        root = SCOPE_ROOTS[settings.version]
        self.scopes = tuple(root + name for name in (CORE, FULL, DEMOGRAPHICS))
        self.details = {"scopes": " ".join(self.scopes)} if self.token_url else {}
        self.service = RosterService(settings, self.base_url)
        self._oauth2 = OAuth2(settings.keys, self.scopes, settings.token_lifetime)
        self._oauth1 = OAuth1(settings.keys)

    def expire_tokens(self) -> None:
        """Let every token issued so far expire now."""
        self._oauth2.forget()

    def truth(self, readings: Iterable[Reading] = ()) -> Roster:
        """Return what this door says of the district, as a roster."""
        district = self.settings.district
        source = Source("oneroster", f"sandbox-{district.seed}")
        return build_truth(district, source=source, views=self.service.views, readings=readings)

    def locate(self, exchange: Exchange) -> None:
        """Tell the exchange what its request is about."""
        path = exchange.request.path
        if path == TOKEN_PATH and self.token_url:
            exchange.endpoint = "/token"
        elif self._is_discovery(path):
            exchange.endpoint = "/discovery"
        elif path.startswith(self.path + "/"):
            self.service.locate(exchange, path.removeprefix(self.path))
        else:
            exchange.endpoint = "(elsewhere)"

    def handle(self, exchange: Exchange) -> Reply:
        """Return the answer to a request that was located."""
        request = exchange.request
        if exchange.endpoint == "/token":
            if request.method != "POST":
                return failures.failure(self.version, 405, "unsupported")
            return self._oauth2.issue(request)
        if exchange.endpoint == "/discovery":
            return failures.discovery(self.base_url, self.token_url or "", self.scopes)
        if exchange.endpoint == "(elsewhere)":
            return failures.failure(self.version, 404, "unknownobject")
        return self.service.answer(exchange, request.path.removeprefix(self.path), self._refusal)

    def _is_discovery(self, path: str) -> bool:
        names = DISCOVERY_FILES if self.version == "1.2" else ()
        return path in {f"{self.path}/discovery/{name}" for name in names}

    def _refusal(self, request: Request, endpoint: Endpoint) -> Reply | None:
        auth = self.settings.auth
        if auth == "oauth1":
            known = self._oauth1.accepts(request)
            return None if known else failures.failure(self.version, 401, "unauthorisedrequest")
        if auth == "bearer":
            known = bearer(request) == self.settings.keys.api_key
            return None if known else failures.failure(self.version, 401, "unauthorisedrequest")
        granted = self._oauth2.granted(request)
        if granted is None:
            return failures.failure(self.version, 401, "unauthorisedrequest")
        root = SCOPE_ROOTS[self.version]
        wanted = {root + endpoint.scope}
        if self.version == "1.2" and endpoint.scope == CORE:
            wanted.add(root + FULL)
        return None if granted & wanted else failures.failure(self.version, 403, "forbidden")
