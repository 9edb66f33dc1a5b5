"""
An app at Clever: the districts that have authorized it, and their tokens.

Source: ``GET https://clever.com/oauth/tokens?owner_type=district`` with the app's id and secret.
"""

import json
import logging
import threading
from collections.abc import Iterator
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
from edlink.clever.pages import PROVIDER, read_next
from edlink.clever.reader import OnIssue
from edlink.clever.values import read_moment
from edlink.clever.walk import MAX_LIMIT
from edlink.errors import IncompletePullError, NotFoundError, PayloadError
from edlink.readers import UnreadableError

TOKENS_HOST = "https://clever.com"
_LABEL = "GET /oauth/tokens"

_log = logging.getLogger("edlink.clever")


@attrs.frozen(kw_only=True)
class AuthorizedDistrict:
    """
    A district that has authorized the app.

    Attributes:
        district_id: Its id.
        created: When its newest token was made, or None.
        scopes: What that token opens, such as ``read:students``; None where Clever does not say.
    """

    district_id: str
    created: datetime | None
    scopes: frozenset[str] | None


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
        self._is_closed = False
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
        """Close the connections to the token list; clients made before go on with known scopes."""
        self._is_closed = True
        self._transport.close()

    @property
    def is_closed(self) -> bool:
        """Whether tokens can no longer be looked up."""
        return self._is_closed

    def districts(self) -> tuple[AuthorizedDistrict, ...]:
        """Return the districts that have authorized the app, by id."""
        return tuple(grant.district for _, grant in sorted(self._grants().items()))

    def client(  # noqa: PLR0913 - one keyword per thing a host may set
        self,
        district_id: str,
        *,
        version: str = "3.1",
        base_url: str | None = None,
        guardians: GuardianRule | None = None,
        page_size: int = MAX_LIMIT,
        verify_counts: bool = True,
        expects_contacts: bool = True,
        keep_metadata: bool = False,
        on_issue: OnIssue | None = None,
    ) -> CleverClient:
        """
        Return a client of one district, which renews its token and looks up its scopes.

        What the token opens is read anew at each pull, since a district changes what it shares.
        The further arguments are ``CleverClient``'s own.

        Raises:
            NotFoundError: EDL-CLEVER-005 the district has not authorized the app.
            ConfigError: As ``CleverClient`` says.
        """
        token = DistrictToken(self, self.grant(district_id))
        return CleverClient(
            auth=token,
            district_id=district_id,
            scopes=token.read_scopes,
            version=version,
            base_url=base_url,
            guardians=guardians,
            page_size=page_size,
            verify_counts=verify_counts,
            expects_contacts=expects_contacts,
            keep_metadata=keep_metadata,
            on_issue=on_issue,
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
        """Return the newest token of each district; rows that cannot be read are passed over."""
        rows = list(self._rows((("owner_type", "district"), *params)))
        grants = [grant for row in rows if (grant := _to_grant(row)) is not None]
        unreadable = len(rows) - len(grants)
        if unreadable:
            if not grants:
                raise _no_list()
            _log.warning("%s of %s tokens cannot be read; passed over", unreadable, len(rows))
        newest: dict[str, _Grant] = {}
        for grant in sorted(grants, key=_made):
            newest[grant.district.district_id] = grant
        return newest

    def _rows(self, params: tuple[tuple[str, str], ...]) -> Iterator[Any]:
        """Yield the rows of districts, page by page; of a next link only the place is taken."""
        after: str | None = None
        seen: set[str | None] = {None}
        while True:
            place = () if after is None else (("starting_after", after),)
            response = self._transport.get(
                "/oauth/tokens", endpoint=_LABEL, params=(*params, *place)
            )
            rows, links = _read_list(response)
            yield from filter(_is_of_district, rows)
            after, has_next = read_next(links)
            if not (has_next and rows):
                return
            if after in seen:
                message = "the list of tokens does not lead on"
                raise IncompletePullError(
                    "EDL-PULL-002", message, provider=PROVIDER, endpoint=_LABEL, retryable=True
                )
            seen.add(after)


def _read_list(response: Response) -> tuple[list[Any], Any]:
    """Return the rows of an answer, and its links."""
    try:
        answer = json.loads(response.body)
    except ValueError:
        answer = None
    rows = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise _no_list(response.status)
    return rows, answer.get("links")


def _no_list(status: int | None = None) -> PayloadError:
    message = "the answer is no list of tokens"
    return PayloadError(
        "EDL-CLEVER-006", message, provider=PROVIDER, endpoint=_LABEL, status=status
    )


def _is_of_district(row: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Return whether a token may be a district's; only one that is said to be a person's is not."""
    owner = row.get("owner") if isinstance(row, dict) else None
    return not isinstance(owner, dict) or owner.get("type") == "district"


def _to_grant(row: Any) -> _Grant | None:  # noqa: ANN401 - any JSON value
    """Return what a token opens, or None where the row does not say whose it is, or has none."""
    try:
        district_id, token, scopes = row["owner"]["id"], row["access_token"], row.get("scopes")
    except (KeyError, TypeError):
        return None
    if not (isinstance(district_id, str) and isinstance(token, str) and district_id and token):
        return None
    district = AuthorizedDistrict(
        district_id=district_id,
        created=_moment(row.get("created")),
        scopes=frozenset(map(str, scopes)) if isinstance(scopes, list) else None,
    )
    return _Grant(district=district, token=token)


def _moment(text: Any) -> datetime | None:  # noqa: ANN401 - any JSON value
    try:
        return read_moment(text if isinstance(text, str) else None)
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
        self._lock = threading.Lock()
        self._keep(grant)

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
                self._keep(self._app.grant(self._district_id))
            return rejected.headers.get("Authorization") != self._header()

    def read_scopes(self) -> frozenset[str] | None:
        """Return what the newest token opens, and use that token; the last known, once closed."""
        with self._lock:
            if not self._app.is_closed:
                self._keep(self._app.grant(self._district_id))
            return self._scopes

    def _keep(self, grant: _Grant) -> None:
        self._token = check_secret(grant.token, name="token")
        self._scopes = grant.district.scopes

    def _header(self) -> str:
        return f"Bearer {self._token}"
