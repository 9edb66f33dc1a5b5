"""
Sign-in through Veracross with OAuth 2.0 (scope ``sso``) or OpenID Connect (scope ``openid``).

Veracross sends an account id that is unique only within the school's route, and nothing that joins
it to a person of the Data API: the identity has no sourced id.  A host links account and person
once, by a step it trusts, and finds the person again by that link.
"""

import re
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from edlink.errors import ConfigError
from edlink.report import Finding
from edlink.sso.claims import moment, text, texts
from edlink.sso.code_flow import CodeFlow
from edlink.sso.code_login import CodeLogin
from edlink.sso.identity import Identity, Unverified
from edlink.sso.pending import LoginStart, PendingLogin, RestartLogin
from edlink.sso.refusals import nobody
from edlink.sso.sender import Sender
from edlink.sso.stores import ReplayStore
from edlink.vocabulary import Role, Severity

ACCOUNTS_URL = "https://accounts.veracross.com"

#: A school's short name, or that of its sandbox (``school/testing``).
_ROUTE = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)?")

#: Schools name their own roles; these labels are the ones Veracross ships with.
_ROLES: Mapping[str, Role] = {
    "student": Role.student,
    "parent": Role.guardian,
    "faculty": Role.teacher,
    "staff": Role.staff,
}


class VeracrossLogin:
    """
    Sign-in through one school's Veracross.

    Args:
        route: The school's route, as in its Veracross addresses.
        client_id: The OAuth application's client id.
        client_secret: The OAuth application's secret.
        redirect_uri: Where Veracross sends the browser back to.
        registered_redirect_uris: The addresses registered on the school's OAuth application.
        replay_store: Where used answers are remembered.
        protocol: ``oidc`` or ``oauth2``, as the school enabled ``openid`` or ``sso``.
        return_origins: Other origins that ``return_to`` may name.
        pkce: Whether to send a PKCE challenge.
        accounts_url: Veracross's own address, or a sandbox's.
        sender: Sends the login's requests.
        clock: Returns seconds since the epoch.

    Raises:
        ConfigError: EDL-CONF-050, 056 or 057 for an address, list or route that cannot be right.
    """

    def __init__(  # noqa: PLR0913 - one keyword per setting
        self,
        *,
        route: str,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        registered_redirect_uris: Collection[str],
        replay_store: ReplayStore,
        protocol: Literal["oidc", "oauth2"] = "oidc",
        return_origins: Collection[str] = (),
        pkce: bool = True,
        accounts_url: str = ACCOUNTS_URL,
        sender: Sender | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not _ROUTE.fullmatch(route):
            message = "the school's route is its short name, without address or slashes around it"
            raise ConfigError("EDL-CONF-057", message)
        if redirect_uri not in registered_redirect_uris:
            message = "redirect_uri is not among the registered addresses, character for character"
            fix = "Register it on the school's OAuth application, or use one that is."
            raise ConfigError("EDL-CONF-056", message, fix=fix)
        issuer = f"{accounts_url}/{route}"
        self._route = route
        self._registered = frozenset(registered_redirect_uris)
        self._userinfo_url = f"{issuer}/oauth/userinfo"
        flow = CodeFlow(
            provider="veracross",
            client_id=client_id,
            client_secret=client_secret,
            redirect_uri=redirect_uri,
            authorize_url=f"{issuer}/oauth/authorize",
            token_url=f"{issuer}/oauth/token",
            scopes=("openid",) if protocol == "oidc" else ("sso",),
            credentials="body",
            replay_store=replay_store,
            issuer=issuer,
            pkce=pkce,
            return_origins=return_origins,
            sender=sender or Sender(),
            clock=clock,
        )
        # The documented sample says http; what the live document says is what tokens must say.
        plain = issuer.replace("https://", "http://", 1)
        self._login = CodeLogin(flow, issuer, also_issuers=(plain,))

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
        if arrival.claims is None:
            return self._identity(self._login.person(self._userinfo_url, arrival.access_token))
        return self._identity(arrival.claims)

    def check_login(self) -> tuple[Finding, ...]:
        """Return what would keep people from signing in, asked with few requests."""
        where = "Veracross, Identity & Access Management, OAuth Application, Redirect URIs"
        return self._login.check(*self._twin_findings(), where=where)

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        subject = text(claims.get("sub"))
        if subject is None:
            raise nobody()
        labels = texts(claims.get("roles"))
        return Identity(
            provider="veracross",
            tenant=self._route,
            subject=subject,
            roles=tuple(dict.fromkeys(_ROLES.get(label.lower(), Role.other) for label in labels)),
            roles_raw=labels,
            auth_time=moment(claims.get("auth_time")),
            unverified=Unverified(
                username=text(claims.get("preferred_username")), email=text(claims.get("email"))
            ),
        )

    def _twin_findings(self) -> tuple[Finding, ...]:
        """Return a warning when the same address with, or without, ``www.`` is not registered."""
        parts = urlsplit(self._login.flow.redirect_uri)
        host = parts.netloc
        twin = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
        other = parts._replace(netloc=twin).geturl()
        if parts.scheme == "http" or other in self._registered:
            return ()
        finding = Finding(
            code="EDL-CHECK-909",
            severity=Severity.warning,
            title="The redirect address is registered only with, or only without, www.",
            evidence={"missing": other},
            fix="Register both on the OAuth application, or redirect one host to the other.",
            who="district",
        )
        return (finding,)
