"""
ClassLink's OneRoster proxy: which districts share with an app, and a roster client for each.

Source: developer.classlink.com (Roster Server proxy) and live answers of 2026.  Rostering there is
OneRoster 1.1 whatever an app's label says.
"""

import json
import re
import threading
from collections.abc import Iterator
from typing import Any, Self
from urllib.parse import unquote

import attrs
import requests
from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from edlink._http.auth import OAuth1, StaticBearer
from edlink._http.exchange import Response
from edlink._http.paging import OffsetPages, PageSettings, PageSource
from edlink._http.payload import Envelope, PageDecoder
from edlink._http.transport import HttpSettings, Transport
from edlink.classlink.wire import Application, application_schema
from edlink.errors import AuthError, ConfigError, NotFoundError, PayloadError, ProviderError
from edlink.oneroster.client import OneRosterClient
from edlink.oneroster.servers import CLASSLINK
from edlink.report import Finding
from edlink.vocabulary import Kind, Severity

PROXY = "https://oneroster-proxy.apis.classlink.com"

_PROVIDER = "classlink"

#: One path segment, already percent-encoded: it is put into addresses byte for byte.
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+")


@attrs.frozen(kw_only=True)
class District:
    """
    A district that shares with the partner's app.

    Attributes:
        tenant_id: ClassLink's id of the district, the tenant of its rosters and sign-ins; empty
            where ClassLink names none: such a district cannot be read.
        name: The district's name.
        application_id: The ``oneroster_application_id``, verbatim.
        is_enabled: Whether the district has switched the app on and is active itself.
        is_ready: Whether it can be read: enabled, with a tenant id and a bearer.
    """

    tenant_id: str
    name: str | None
    application_id: str
    is_enabled: bool
    is_ready: bool
    _partner: "ClassLinkPartner" = attrs.field(repr=False, eq=False)
    _bearer: str | None = attrs.field(repr=False, eq=False)

    def roster_client(self, **options: Any) -> OneRosterClient:  # noqa: ANN401 - OneRosterClient's
        """
        Return a client for the district's roster through the proxy; close it after use.

        Args:
            options: What ``OneRosterClient`` takes, but address, auth, tenant and server.

        Raises:
            ConfigError: EDL-CONF-111 the district is switched off or has not finished its set-up.
        """
        return self._partner.open(self, **options)

    def direct_client(self, **options: Any) -> OneRosterClient:  # noqa: ANN401 - OneRosterClient's
        """
        Return a client that asks the district's own server, signed with OAuth 1.0a.

        Raises:
            ConfigError: EDL-CONF-111 ClassLink names no tenant id for the district.
            PayloadError: EDL-CLASSLINK-001 the proxy does not say where that server is.
            ProviderError: As the transport says.
        """
        return self._partner.open_direct(self, **options)


class ClassLinkPartner:
    """
    An app's maker at ClassLink's proxy; use it in a ``with`` block, or ``close`` it.

    Args:
        api_key: The partner's API key.
        host: The proxy's address.
        path_template: Path of a district below the host; ``{id}`` is its application id.
        settings: Patience, speed and size of requests.
        adapter: Replaces the requests adapter that moves the bytes.

    Raises:
        ConfigError: EDL-CONF-110 for a path template without ``{id}`` or with other braces, and
            what the transport says of the host and the key.
    """

    def __init__(
        self,
        api_key: str,
        *,
        host: str = PROXY,
        path_template: str = "/{id}",
        settings: HttpSettings | None = None,
        adapter: BaseAdapter | None = None,
    ) -> None:
        around = path_template.split("{id}")
        if len(around) != 2 or not path_template.startswith("/") or set("".join(around)) & {*"{}"}:  # noqa: PLR2004 - before and after the id
            raise ConfigError("EDL-CONF-110", "a path template is a path with {id} in it")
        self._host = host.rstrip("/")
        self._template = path_template
        self._settings = settings
        self._adapter = adapter
        self._transport = Transport(
            self._host,
            provider=_PROVIDER,
            auth=StaticBearer(api_key),
            settings=settings,
            adapter=adapter,
        )
        self._decoder: PageDecoder[Application] = PageDecoder(
            application_schema(),
            kind=Kind.org,
            provider=_PROVIDER,
            envelope=Envelope(keys=("applications",), error_keys=frozenset({"error", "errors"})),
            id_key="id",
        )

    def districts(self) -> tuple[District, ...]:
        """
        Return every district that has the app, ready or not, in ClassLink's order.

        Raises:
            ProviderError: As the transport and ``OffsetPages`` say.
        """
        return tuple(district for district in self._districts() if district is not None)

    def district(self, tenant_id: str) -> District:
        """
        Return the one district with a tenant id.

        Raises:
            NotFoundError: EDL-CLASSLINK-002 no such district shares with the app.
        """
        for district in self.districts():
            if tenant_id and district.tenant_id == tenant_id:
                return district
        raise NotFoundError(
            "EDL-CLASSLINK-002",
            "this district does not share with the app",
            provider=_PROVIDER,
            endpoint="GET /applications",
            fix="Ask the district to add the app in Roster Server > Apps.",
        )

    def check_access(self) -> tuple[Finding, ...]:
        """
        Return whether the key is accepted, and how many districts are ready.

        What ClassLink does wrong becomes a finding; nothing is raised for it.
        """
        try:
            rows = tuple(self._districts())
        except AuthError as error:
            return (_key_refused(error),)
        except ProviderError as error:
            return (_unreachable(error),)
        districts = tuple(district for district in rows if district is not None)
        return _count_districts(districts, unusable=len(rows) - len(districts))

    def open(self, district: District, **options: Any) -> OneRosterClient:  # noqa: ANN401 - see roster_client
        """Return a client for a district through the proxy."""
        bearer = district._bearer  # noqa: SLF001 - District is this module's
        if bearer is None or not district.is_ready:
            raise _not_ready()
        return OneRosterClient(
            self._host + self._template.replace("{id}", district.application_id),
            auth=_DistrictBearer(self, district, bearer),
            tenant=district.tenant_id,
            **self._options(options),
        )

    def open_direct(self, district: District, **options: Any) -> OneRosterClient:  # noqa: ANN401 - see direct_client
        """Return a client for a district's own server."""
        if not district.tenant_id:
            raise _not_ready()
        endpoint = "GET /applications/{id}/server"
        response = self._transport.get(
            f"/applications/{district.application_id}/server", endpoint=endpoint
        )
        server = _read_server(response)
        return OneRosterClient(
            server["endpoint_url"],
            auth=OAuth1(server["client_id"], server["client_secret"]),
            tenant=district.tenant_id,
            **self._options(options),
        )

    def close(self) -> None:
        """Close the connections to the proxy; districts' clients are closed by themselves."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return "<ClassLinkPartner>"

    def _options(self, options: dict[str, Any]) -> dict[str, Any]:
        ours = {"settings": self._settings, "adapter": self._adapter, "server": CLASSLINK}
        return {**ours, "version": "1.1", **options}

    def _districts(self) -> Iterator[District | None]:
        """Yield each district once, and None for each row that is none: unreadable or unsafe."""
        source = PageSource(
            fetch=self._fetch,
            decode=lambda response, first: self._decoder.decode(response, first=first),
            id_of=_key,
            provider=_PROVIDER,
            endpoint="GET /applications",
        )
        for batch in OffsetPages(source, PageSettings(look_ahead=0)):
            yield from (None for issue in batch.page.issues if issue.set_aside)
            for position, row in enumerate(batch.page.rows):
                if position not in batch.repeated:
                    yield self._to_district(row) if _is_addressable(row) else None

    def _fetch(self, offset: int, limit: int) -> Response:
        params = [("limit", str(limit)), ("offset", str(offset))]
        return self._transport.get("/applications", endpoint="GET /applications", params=params)

    def _to_district(self, row: Application) -> District:
        is_enabled = row.enabled == "true" and row.tenant_status == "Active"
        return District(
            tenant_id=row.tenant_id or "",
            name=row.tenant_name,
            application_id=row.oneroster_application_id or "",
            is_enabled=is_enabled,
            is_ready=is_enabled and None not in (row.bearer, row.tenant_id),
            partner=self,
            bearer=row.bearer,
        )


class _DistrictBearer(AuthBase):
    """
    A district's bearer, fetched again when the proxy refuses it.

    Asked after a 401: only another bearer than the one refused is worth a second try; the same
    one means that the district has taken the app's access away.
    """

    def __init__(self, partner: ClassLinkPartner, district: District, bearer: str) -> None:
        self._partner = partner
        self._district = district
        self._bearer = bearer
        self._lock = threading.Lock()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with the bearer known now."""
        return StaticBearer(self._bearer)(request)

    def refresh(self, rejected: requests.PreparedRequest) -> bool:
        """Return whether there is another bearer than the refused one."""
        refused = (rejected.headers.get("Authorization") or "").removeprefix("Bearer ")
        with self._lock:
            if self._bearer == refused:
                self._bearer = self._fetch() or self._bearer
            return self._bearer != refused

    def _fetch(self) -> str | None:
        for district in self._partner.districts():
            if district.application_id == self._district.application_id and district.is_ready:
                return district._bearer  # noqa: SLF001 - District is this module's
        return None


def _key(row: Application) -> str:
    """Return what makes a row another district than the rest; ``id`` only where that is unsaid."""
    parts = (row.tenant_id, row.oneroster_application_id)
    return json.dumps(parts if all(parts) else (*parts, row.sourced_id))


def _is_addressable(row: Application) -> bool:
    """Whether the row's id can stand in a path as it is."""
    segment = row.oneroster_application_id or ""
    return bool(_SEGMENT.fullmatch(segment)) and unquote(segment) not in {".", ".."}


def _read_server(response: Response) -> dict[str, str]:
    try:
        server = json.loads(response.body)["server"]
        found = {name: server[name] for name in ("endpoint_url", "client_id", "client_secret")}
    except (ValueError, KeyError, TypeError, RecursionError):
        found = {}
    if found and all(isinstance(value, str) and value for value in found.values()):
        return found
    raise PayloadError(
        "EDL-CLASSLINK-001",
        "the proxy does not say where the district's own server is",
        provider=_PROVIDER,
        endpoint=response.endpoint,
        status=response.status,
        fix="Use roster_client(), which goes through the proxy.",
    )


def _not_ready() -> ConfigError:
    return ConfigError(
        "EDL-CONF-111",
        "the district is switched off, or has not finished its set-up",
        fix="Ask the district to finish the set-up in Roster Server > Apps > your app.",
    )


def _unreachable(error: ProviderError) -> Finding:
    return Finding(
        code="EDL-CHECK-203",
        severity=Severity.error,
        title="ClassLink cannot be reached, or does not answer as it should",
        evidence={"error": error.code, "status": error.status or 0},
        fix=error.fix or "Check host and network, then try again.",
        who="developer",
    )


def _key_refused(error: AuthError) -> Finding:
    return Finding(
        code="EDL-CHECK-201",
        severity=Severity.error,
        title="ClassLink refuses the API key",
        evidence={"error": error.code},
        fix="Partner Portal > Settings > API: copy the key again.",
        who="partner",
    )


def _count_districts(districts: tuple[District, ...], *, unusable: int) -> tuple[Finding, ...]:
    ready = sum(district.is_ready for district in districts)
    nameless = sum(not district.tenant_id for district in districts)
    waiting = sum(d.is_enabled and not d.is_ready and bool(d.tenant_id) for d in districts)
    counts = {
        "districts": len(districts),
        "ready": ready,
        "without_bearer": waiting,
        "without_tenant": nameless,
        "unusable": unusable,
    }
    accepted = Finding(
        code="EDL-CHECK-200",
        severity=Severity.ok,
        title="ClassLink accepts the API key",
        evidence=counts,
    )
    if ready == len(districts) and districts and not unusable:
        return (accepted,)
    return (
        accepted,
        Finding(
            code="EDL-CHECK-202",
            severity=Severity.warning,
            title="some districts cannot be read yet"
            if districts or unusable
            else "no district shares yet",
            evidence=counts,
            fix="Roster Server > Apps > your app: enable the app and finish its set-up.",
            who="district",
        ),
    )
