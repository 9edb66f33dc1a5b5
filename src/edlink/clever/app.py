"""
An app at Clever: the districts that have authorized it, and their tokens.

Source: ``GET https://clever.com/oauth/tokens?owner_type=district`` with the app's id and secret.
"""

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import attrs
import requests
from requests.adapters import BaseAdapter
from requests.auth import AuthBase, HTTPBasicAuth

from edlink._http.auth import check_secret
from edlink._http.exchange import Response
from edlink._http.limits import Clock
from edlink._http.transport import HttpSettings, Transport
from edlink.clever.client import CleverClient, describe_fault
from edlink.clever.guardians import GuardianRule
from edlink.clever.pages import PROVIDER
from edlink.clever.values import read_moment
from edlink.errors import NotFoundError, PayloadError
from edlink.readers import UnreadableError

TOKENS_HOST = "https://clever.com"
_LABEL = "GET /oauth/tokens"


@attrs.frozen(kw_only=True)
class AuthorizedDistrict:
    """
    A district that has authorized the app.

    Attributes:
        district_id: Its id.
        created: When its newest token was made, or None.
        scopes: What that token opens, such as ``read:students``.
    """

    district_id: str
    created: datetime | None
    scopes: frozenset[str]


@attrs.frozen(kw_only=True)
class _Grant:
    """A district's newest token."""

    district: AuthorizedDistrict
    token: str = attrs.field(repr=False)


class CleverApp:
    """
    Lists an app's districts and makes their clients.

    Args:
        client_id: The app's Client ID, as Clever's dashboard shows it.
        client_secret: Its Client Secret.
        base_url: Where tokens are listed.
        settings: Patience, speed and size, for the clients as well.
        adapter: Replaces how bytes move, for tests.
        clock: Replaces the machine's clock, for tests.
    """

    def __init__(  # noqa: PLR0913 - one keyword per part that can be replaced
        self,
        client_id: str,
        client_secret: str,
        *,
        base_url: str = TOKENS_HOST,
        settings: HttpSettings | None = None,
        adapter: BaseAdapter | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._settings, self._adapter, self._clock = settings, adapter, clock
        self._transport = Transport(
            base_url,
            provider=PROVIDER,
            auth=HTTPBasicAuth(
                check_secret(client_id, name="client_id"),
                check_secret(client_secret, name="client_secret"),
            ),
            settings=settings,
            adapter=adapter,
            clock=clock,
            describe=describe_fault,
        )

    def __repr__(self) -> str:
        return "<CleverApp>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the token list; clients made before go on."""
        self._transport.close()

    def districts(self) -> tuple[AuthorizedDistrict, ...]:
        """Return the districts that have authorized the app, by id."""
        return tuple(grant.district for _, grant in sorted(self._grants().items()))

    def client(
        self,
        district_id: str,
        *,
        version: str = "3.1",
        base_url: str | None = None,
        guardians: GuardianRule | None = None,
    ) -> CleverClient:
        """
        Return a client of one district, which knows its scopes and renews its token.

        Raises:
            NotFoundError: EDL-CLEVER-005 the district has not authorized the app.
        """
        grant = self.grant(district_id)
        return CleverClient(
            auth=DistrictToken(self, grant),
            district_id=district_id,
            scopes=grant.district.scopes,
            version=version,
            base_url=base_url,
            guardians=guardians,
            settings=self._settings,
            adapter=self._adapter,
            clock=self._clock,
        )

    def grant(self, district_id: str) -> "_Grant":
        """Return a district's newest token; raises as ``client`` does."""
        found = self._grants((("district", district_id),)).get(district_id)
        if found is None:
            message = "the district has not authorized this app"
            fix = "In Clever the district opens the app's page and accepts the request to connect."
            raise NotFoundError(
                "EDL-CLEVER-005", message, provider=PROVIDER, endpoint=_LABEL, fix=fix
            )
        return found

    def _grants(self, params: tuple[tuple[str, str], ...] = ()) -> dict[str, _Grant]:
        """Return the newest token of each district."""
        response = self._transport.get(
            "/oauth/tokens", endpoint=_LABEL, params=(("owner_type", "district"), *params)
        )
        newest: dict[str, _Grant] = {}
        for grant in sorted(_read_grants(response), key=_made):
            newest[grant.district.district_id] = grant
        return newest


def _read_grants(response: Response) -> list[_Grant]:
    """Return what each token opens; tokens of anything but a district are passed over."""
    try:
        rows = json.loads(response.body)["data"]
        return [_to_grant(row) for row in rows if row["owner"]["type"] == "district"]
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    message = "the answer is no list of tokens"
    raise PayloadError(
        "EDL-CLEVER-006", message, provider=PROVIDER, endpoint=_LABEL, status=response.status
    )


def _to_grant(row: Mapping[str, Any]) -> _Grant:
    district = AuthorizedDistrict(
        district_id=str(row["owner"]["id"]),
        created=_moment(row.get("created")),
        scopes=frozenset(map(str, row.get("scopes") or ())),
    )
    return _Grant(district=district, token=str(row["access_token"]))


def _moment(text: str | None) -> datetime | None:
    try:
        return read_moment(text)
    except UnreadableError:
        return None


def _made(grant: _Grant) -> datetime:
    return grant.district.created or datetime.min.replace(tzinfo=UTC)


class DistrictToken(AuthBase):
    """
    A district's token that is looked up again, once per request, when Clever refuses it.

    Tokens live long but rotate when a district authorizes the app anew, or Clever resets them.
    """

    def __init__(self, app: CleverApp, grant: _Grant) -> None:
        self._app = app
        self._district_id = grant.district.district_id
        self._token = check_secret(grant.token, name="token")
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "<DistrictToken>"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with the token."""
        request.headers["Authorization"] = self._header()
        return request

    def refresh(self, rejected: requests.PreparedRequest) -> bool:
        """Return whether there is another token than the one that was refused."""
        with self._lock:
            if rejected.headers.get("Authorization") == self._header():
                self._token = check_secret(self._app.grant(self._district_id).token, name="token")
            return rejected.headers.get("Authorization") != self._header()

    def _header(self) -> str:
        return f"Bearer {self._token}"
