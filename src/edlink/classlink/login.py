"""
Sign-in through ClassLink LaunchPad with OAuth 2.0 or OpenID Connect.

A click on a LaunchPad tile arrives as a code that nobody asked for; ``complete`` answers it with a
restart.  The id token names the district only as text, so the tenant comes from ``/v2/my/info``,
whose user must be the token's.  For SAML see ``saml_login``.
"""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from edlink.classlink.values import read_role
from edlink.report import Finding
from edlink.sso.claims import moment, text
from edlink.sso.code_flow import CodeFlow, allow_list
from edlink.sso.code_login import CodeLogin
from edlink.sso.identity import Identity, Unverified
from edlink.sso.pending import LoginStart, PendingLogin, RestartLogin
from edlink.sso.refusals import contradiction, foreign_tenant, nobody
from edlink.sso.sender import Sender
from edlink.sso.stores import ReplayStore

ISSUER = "https://launchpad.classlink.com"
INFO_URL = "https://nodeapi.classlink.com/v2/my/info"


class ClassLinkLogin:
    """
    Sign-in through LaunchPad for the tenants on a list.

    The identity's subject is ClassLink's user id; its sourced id is the person's in the district's
    OneRoster data, where the district has them.

    Args:
        client_id: The app's client id.
        client_secret: The app's client secret.
        redirect_uri: The registered redirect address.
        tenants: ClassLink TenantIds (numbers as text) whose people may sign in.
        replay_store: Where used answers are remembered.
        protocol: ``oidc``, or ``oauth2`` for apps without the ``openid`` scope.
        return_origins: Other origins that ``return_to`` may name.
        pkce: Whether to send a PKCE challenge.
        issuer: LaunchPad's own address, or a sandbox's.
        info_url: Address of ``/v2/my/info``, or a sandbox's.
        sender: Sends the login's requests.
        clock: Returns seconds since the epoch.

    Raises:
        ConfigError: EDL-CONF-050 or 051 for an address or a list that cannot be right.
    """

    def __init__(  # noqa: PLR0913 - one keyword per setting
        self,
        *,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        tenants: Collection[str],
        replay_store: ReplayStore,
        protocol: Literal["oidc", "oauth2"] = "oidc",
        return_origins: Collection[str] = (),
        pkce: bool = True,
        issuer: str = ISSUER,
        info_url: str = INFO_URL,
        sender: Sender | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tenants = allow_list(tenants, name="tenants")
        self._info_url = info_url
        flow = CodeFlow(
            provider="classlink",
            client_id=client_id,
            client_secret=client_secret,
            redirect_uri=redirect_uri,
            authorize_url=f"{issuer}/oauth2/v2/auth",
            token_url=f"{issuer}/oauth2/v2/token",
            scopes=(*(("openid",) if protocol == "oidc" else ()), "profile", "oneroster"),
            credentials="body",
            replay_store=replay_store,
            issuer=issuer,
            pkce=pkce,
            return_origins=return_origins,
            sender=sender or Sender(),
            clock=clock,
        )
        self._login = CodeLogin(flow, issuer)

    def begin(self, *, return_to: str | None = None) -> LoginStart:
        """
        Return where to send the browser and what to keep.

        Args:
            return_to: Local path, or an allowed origin's address, to go to afterwards.
        """
        return self._login.flow.begin(return_to)

    def complete(
        self, params: Mapping[str, str], pending: PendingLogin | None
    ) -> Identity | RestartLogin:
        """
        Return who signed in, or a restart for an answer that this browser had not asked for.

        Args:
            params: The callback's query parameters.
            pending: What ``begin`` gave, taken from where the host kept it; None when nothing is.

        Raises:
            LoginError: The login is refused; ``reason`` is for the person, ``code`` for staff.
        """
        arrival = self._login.complete(params, pending)
        if isinstance(arrival, RestartLogin):
            return arrival
        info = self._login.person(self._info_url, arrival.access_token)
        return self._identity(info, arrival.claims)

    def check_login(self) -> tuple[Finding, ...]:
        """Return what would keep people from signing in, asked with few requests."""
        where = "ClassLink Developer Console, your application, OAuth2, Redirect URI"
        return self._login.check(where=where)

    def _identity(self, info: Mapping[str, Any], claims: Mapping[str, Any] | None) -> Identity:
        user, tenant = _number(info.get("UserId")), _number(info.get("TenantId"))
        if user is None:
            raise nobody()
        if claims is not None and claims["sub"] != user:
            raise contradiction()
        if tenant not in self._tenants:
            raise foreign_tenant()
        role = text(info.get("Role"))
        return Identity(
            provider="classlink",
            tenant=tenant,
            subject=user,
            sourced_id=text(info.get("SourcedId")),
            roles=read_role(role),
            roles_raw=(role,) if role else (),
            auth_time=moment((claims or {}).get("auth_time")),
            unverified=Unverified(
                username=text(info.get("LoginId")),
                email=text(info.get("Email")),
                display_name=text(info.get("DisplayName")),
                given_name=text(info.get("FirstName")),
                family_name=text(info.get("LastName")),
            ),
        )


def _number(value: object) -> str | None:
    """Return a positive whole number as text; ClassLink sends numbers, its copies also text."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return str(value)
    return value if isinstance(value, str) and value.isdecimal() and value.isascii() else None
