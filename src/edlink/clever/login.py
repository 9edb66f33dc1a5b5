"""
Log in with Clever: OAuth 2.0, or OpenID Connect where Clever has switched it on for the app.

A click in Clever's portal arrives as a code that nobody asked for; ``complete`` answers it with a
restart (dev.clever.com, "Protecting Clever-initiated logins").  A person needs no e-mail address.
"""

import re
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from edlink.errors import ConfigError
from edlink.report import Finding
from edlink.sso.claims import moment, text
from edlink.sso.code_flow import CodeFlow, allow_list
from edlink.sso.code_login import CodeLogin
from edlink.sso.identity import Identity, Unverified
from edlink.sso.pending import LoginStart, PendingLogin, RestartLogin
from edlink.sso.refusals import contradiction, foreign_tenant, nobody
from edlink.sso.sender import Sender
from edlink.sso.stores import ReplayStore
from edlink.vocabulary import Role

ISSUER = "https://clever.com"
API_URL = "https://api.clever.com/v3.1"

_ID = re.compile(r"[A-Za-z0-9-]{1,64}")

_ROLES: Mapping[str, Role] = {
    "student": Role.student,
    "teacher": Role.teacher,
    "staff": Role.staff,
    "district_admin": Role.administrator,
    "school_admin": Role.administrator,
    "contact": Role.contact,
}


class CleverLogin:
    """
    Sign-in through Clever for the districts on a list.

    The identity's subject is the person's Clever id (``multi_role_user_id``), which is also the
    sourced id in the district's roster.

    Args:
        client_id: The app's client id.
        client_secret: The app's client secret.
        redirect_uri: The first redirect address of the app's settings; portal clicks arrive there.
        districts: Clever ids of the districts whose people may sign in.
        replay_store: Where used answers are remembered.
        protocol: ``oauth2``, or ``oidc`` where Clever has switched it on.
        return_origins: Other origins that ``return_to`` may name.
        pkce: Whether to send a PKCE challenge.
        issuer: Clever's own address, or a sandbox's.
        api_url: Clever's API with its version, or a sandbox's.
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
        districts: Collection[str],
        replay_store: ReplayStore,
        protocol: Literal["oauth2", "oidc"] = "oauth2",
        return_origins: Collection[str] = (),
        pkce: bool = True,
        issuer: str = ISSUER,
        api_url: str = API_URL,
        sender: Sender | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._districts = allow_list(districts, name="districts")
        self._api_url = api_url
        flow = CodeFlow(
            provider="clever",
            client_id=client_id,
            client_secret=client_secret,
            redirect_uri=redirect_uri,
            authorize_url=f"{issuer}/oauth/authorize",
            token_url=f"{issuer}/oauth/tokens",
            scopes=("openid",) if protocol == "oidc" else (),
            credentials="basic",
            replay_store=replay_store,
            issuer=issuer,
            pkce=pkce,
            return_origins=return_origins,
            sender=sender or Sender(),
            clock=clock,
        )
        self._login = CodeLogin(flow, issuer)

    def begin(
        self,
        *,
        return_to: str | None = None,
        district: str | None = None,
        ask_who: bool = False,
    ) -> LoginStart:
        """
        Return where to send the browser and what to keep.

        Args:
            return_to: Local path, or an allowed origin's address, to go to afterwards.
            district: A district on the list, which saves the person Clever's picker.
            ask_who: Have Clever ask "is this you?", for devices that children share.

        Raises:
            ConfigError: EDL-CONF-052 for a district that is not on the list.
        """
        if district is not None and district not in self._districts:
            raise ConfigError("EDL-CONF-052", "this tenant is not on the login's list")
        extra = {} if district is None else {"district_id": district}
        return self._login.flow.begin(
            return_to, extra | ({"confirmed": "false"} if ask_who else {})
        )

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
            return self._from_api(arrival.access_token)
        return self._from_claims(arrival.claims)

    def check_login(self) -> tuple[Finding, ...]:
        """Return what would keep people from signing in, asked with few requests."""
        where = "Clever Dashboard, your application, Settings, Redirect URLs (first place)"
        return self._login.check(where=where)

    def _from_claims(self, claims: Mapping[str, Any]) -> Identity:
        person = _v3_id(claims)
        kind = str(claims.get("user_type") or "").replace(" ", "_").lower()
        legacy = claims.get("user_id")
        return Identity(
            provider="clever",
            tenant=self._district(claims.get("district")),
            subject=_id(person),
            sourced_id=_id(person),
            legacy_id=legacy if isinstance(legacy, str) else None,
            roles=(_ROLES.get(kind, Role.other),) if kind else (),
            roles_raw=(str(claims["user_type"]),) if kind else (),
            auth_time=moment(claims.get("auth_time")),
            unverified=Unverified(
                email=text(claims.get("email")),
                given_name=text(claims.get("given_name")),
                family_name=text(claims.get("family_name")),
            ),
        )

    def _from_api(self, token: str) -> Identity:
        me = self._ask("/me", token)
        person, district = _id(me.get("id")), self._district(me.get("district"))
        user = self._ask(f"/users/{person}", token)
        if user.get("id") != person or user.get("district") != district:
            raise contradiction()
        roles = user.get("roles")
        words = tuple(roles) if isinstance(roles, dict) else ()
        name = user.get("name")
        names = name if isinstance(name, dict) else {}
        return Identity(
            provider="clever",
            tenant=district,
            subject=person,
            sourced_id=person,
            legacy_id=_legacy_id(roles),
            roles=tuple(dict.fromkeys(_ROLES.get(word, Role.other) for word in words)),
            roles_raw=words,
            unverified=Unverified(
                email=text(user.get("email")),
                given_name=text(names.get("first")),
                family_name=text(names.get("last")),
            ),
        )

    def _ask(self, path: str, token: str) -> dict[str, Any]:
        data = self._login.person(self._api_url + path, token).get("data")
        if isinstance(data, dict):
            return data
        raise nobody()

    def _district(self, value: object) -> str:
        if isinstance(value, str) and value in self._districts:
            return value
        raise foreign_tenant()


def _v3_id(claims: Mapping[str, Any]) -> object:
    """
    Return the person's id in API v3; ``user_id`` is the one before, and a student's is the same.

    Raises:
        InvalidLoginError: EDL-LOGIN-030 where ``sub`` can be either.
    """
    person, subject = claims.get("multi_role_user_id"), claims["sub"]
    if not person and subject == claims.get("user_id") and claims.get("user_type") != "student":
        raise nobody()
    return person or subject


def _id(value: object) -> str:
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    raise nobody()


def _legacy_id(roles: object) -> str | None:
    """Return the id before API v3, where every role that has one has the same."""
    entries = roles.values() if isinstance(roles, dict) else ()
    found = {e["legacy_id"] for e in entries if isinstance(e, dict) and text(e.get("legacy_id"))}
    return found.pop() if len(found) == 1 else None
