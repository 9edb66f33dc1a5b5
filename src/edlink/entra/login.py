"""
Sign-in through one Microsoft Entra ID directory, with msal's authorization code flow.

msal (1.38 on) decodes the id token without checking its signature, issuer, audience, tenant or
times, so nothing msal says of it is used: edlink checks the token against the directory's own keys.
The key of a person is (tenant id, object id), which is also the user's id in Graph.
"""

import hashlib
import re
import threading
import time
from collections.abc import Callable, Collection, Container, Mapping
from contextlib import suppress
from typing import Any, Literal
from urllib.parse import urlencode

import msal  # type: ignore[import-untyped]

from edlink.entra.aadsts import explain
from edlink.entra.member_groups import GRAPH_URL, member_groups
from edlink.entra.msal_http import UNREADABLE, MsalHttp
from edlink.errors import ConfigError, InvalidLoginError, LoginError
from edlink.report import Finding
from edlink.sso.addresses import origin, require_safe_url, safe_return_to
from edlink.sso.callback import CallbackGate, check_ended, name_login, new_state
from edlink.sso.claims import moment, text, texts
from edlink.sso.doctor import clock_finding, discovered_findings, redirect_finding
from edlink.sso.id_token import TokenRules, verify_id_token
from edlink.sso.identity import Identity, Unverified
from edlink.sso.keys import KeySet
from edlink.sso.pending import LoginStart, PendingLogin, RestartLogin
from edlink.sso.refusals import (
    bad_code,
    contradiction,
    ended,
    foreign_tenant,
    no_tokens,
    nobody,
    unknown_app,
)
from edlink.sso.sender import Sender
from edlink.sso.stores import ReplayStore
from edlink.vocabulary import Role, Severity

AUTHORITY = "https://login.microsoftonline.com"

#: Where Microsoft's directories sign people in; anything else is for tests.
_MICROSOFT = frozenset(
    {AUTHORITY, "https://login.microsoftonline.us", "https://login.partner.microsoftonline.cn"}
)

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: App roles are the school's own words; those that are edlink's words too are understood.
_ROLES: Mapping[str, Role] = {str(role): role for role in Role}


class _AppTokens(msal.TokenCache):  # type: ignore[misc] # msal has no types
    """msal's cache for the app's own tokens; a person's are neither kept nor, with it, logged."""

    def add(self, event: Mapping[str, Any], now: float | None = None) -> None:
        """Keep what the app got for itself."""
        if event.get("grant_type") == "client_credentials":
            super().add(event, now=now)


class EntraLogin:
    """
    Sign-in for the people of one directory.

    Args:
        tenant_id: The directory's GUID; never a domain, ``common`` or ``organizations``.
        client_id: The app registration's client id.
        client_credential: Its secret, or a certificate as msal takes it.
        redirect_uri: The Web redirect address of the registration, character for character.
        replay_store: Where used answers are remembered.
        guests: Whether accounts of other directories may sign in.  With ``deny`` the id token must
            say so: add the optional claim ``acct`` to the registration, or give ``members``.
        members: Object ids known to be members; they need no ``acct`` claim.  It is no list of
            guests who may come in: an account that is said to be a guest is refused all the same.
        groups: Whether to find the person's groups.  Where the token does not hold them all, Graph
            is asked, and when it cannot answer the login is refused.
        scopes: Further scopes for the id token, such as ``email``.
        return_origins: Other origins that ``return_to`` may name.
        authority: Microsoft's sign-in host.
        graph_url: Graph's address and version.
        allow_test_authority: Must be True for any host that is not Microsoft's.
        response_mode: How the browser returns.  ``form_post`` keeps the code out of the address,
            but is a cross-site POST, to which a ``SameSite=Lax`` cookie is not sent.
        sender: Sends the login's requests.
        clock: Returns seconds since the epoch.

    Raises:
        ConfigError: EDL-CONF-050, 058 or 059 for an address, tenant or host that cannot be right.
    """

    def __init__(  # noqa: PLR0913 - one keyword per setting
        self,
        *,
        tenant_id: str,
        client_id: str,
        client_credential: str | Mapping[str, Any],
        redirect_uri: str,
        replay_store: ReplayStore,
        guests: Literal["deny", "allow"] = "deny",
        members: Container[str] = frozenset(),
        groups: bool = False,
        scopes: Collection[str] = (),
        return_origins: Collection[str] = (),
        authority: str = AUTHORITY,
        graph_url: str = GRAPH_URL,
        allow_test_authority: bool = False,
        response_mode: Literal["query", "form_post"] = "query",
        sender: Sender | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        require_safe_url(redirect_uri, name="redirect_uri")
        if not _GUID.fullmatch(tenant_id):
            message = "tenant_id must be the directory's GUID in lower case"
            fix = "Copy the Directory (tenant) ID from the app registration's overview."
            raise ConfigError("EDL-CONF-058", message, fix=fix)
        if authority not in _MICROSOFT and not allow_test_authority:
            message = "the authority is not Microsoft's"
            fix = "For a test provider, set allow_test_authority; never in production."
            raise ConfigError("EDL-CONF-059", message, fix=fix)
        self._tenant = tenant_id
        self._client_id = client_id
        self._credential = client_credential
        self._redirect_uri = redirect_uri
        self._scopes = list(scopes)
        self._guests, self._members, self._groups = guests, members, groups
        self._return_origins = frozenset(return_origins)
        self._authority = f"{authority}/{tenant_id}"
        self._graph_url = graph_url
        self._mode = response_mode
        self._sender = sender or Sender()
        self._clock = clock
        issuer = f"{self._authority}/v2.0"
        self._keys = KeySet(
            issuers=(issuer,),
            discovery_url=f"{issuer}/.well-known/openid-configuration",
            sender=self._sender,
            clock=clock,
        )
        self._gate = CallbackGate(
            provider="entra",
            login=name_login("entra", self._authority, client_id),
            redirect_uri=redirect_uri,
            issuer=issuer,
            replay_store=replay_store,
            clock=clock,
        )
        self._lock = threading.Lock()
        self._msal: Any = None

    def begin(self, *, return_to: str | None = None, login_hint: str | None = None) -> LoginStart:
        """
        Return where to send the browser and what to keep; the first call asks Microsoft.

        Args:
            return_to: Local path, or an allowed origin's address, to go to afterwards.
            login_hint: The account to offer, where the host knows it.

        Raises:
            LoginError: EDL-LOGIN-010 to 012, 019 or 033, Microsoft's description cannot be read.
        """
        target = safe_return_to(return_to, allowed_origins=self._return_origins)
        return self._start(target, login_hint=login_hint, restarted=False)

    def complete(
        self, params: Mapping[str, str], pending: PendingLogin | None
    ) -> Identity | RestartLogin:
        """
        Return who signed in, or a restart for an answer that this browser had not asked for.

        Args:
            params: The callback's parameters, from the query or (``form_post``) the form.
            pending: What ``begin`` gave, taken from where the host kept it; None when nothing is.

        Raises:
            LoginError: The login is refused; ``reason`` is for the person, ``code`` for staff.
        """
        check_ended(params, fix=explain(params.get("error_description")))
        code = self._gate.admit(params, pending)
        if code is None or pending is None:
            target = "/" if pending is None else pending.return_to
            again = self._start(target, login_hint=None, restarted=True)
            return RestartLogin(url=again.url, pending=again.pending)
        token = self._redeem(code, pending)
        nonce = hashlib.sha256(pending.nonce.encode()).hexdigest()  # as msal put it on the wire
        rules = TokenRules(keys=self._keys, client_id=self._client_id)
        claims = verify_id_token(token, rules, nonce=nonce, now=self._clock())
        return self._identity(claims)

    def logout_url(self, *, return_to: str, logout_hint: str | None = None) -> str:
        """
        Return where to send the browser to sign out of Microsoft, after the host's own sign-out.

        Args:
            return_to: A redirect address of the registration to come back to.
            logout_hint: The identity's ``logout_hint``, which saves Microsoft asking whom.

        Raises:
            LoginError: The directory's description cannot be read.
        """
        url = self._keys.discovery().get("end_session_endpoint")
        if not isinstance(url, str) or origin(url) != origin(self._authority):
            message = "the directory names no sign-out address of its own"
            raise LoginError("EDL-LOGIN-034", message, reason="unavailable")
        hint = {"logout_hint": logout_hint} if logout_hint else {}
        return f"{url}?{urlencode({'post_logout_redirect_uri': return_to, **hint})}"

    def check_login(self) -> tuple[Finding, ...]:
        """Return what would keep people from signing in, asked with few requests."""
        where = "Entra admin center, App registrations, Authentication, Web, Redirect URIs"
        return (
            redirect_finding(self._redirect_uri, where=where),
            *discovered_findings(
                self._keys,
                self._sender,
                client_id=self._client_id,
                redirect_uri=self._redirect_uri,
                scopes=("openid", "profile", *self._scopes),
            ),
            self._guest_finding(),
            clock_finding(self._sender, self._authority, self._clock()),
        )

    def _start(self, return_to: str, *, login_hint: str | None, restarted: bool) -> LoginStart:
        flow = self._app().initiate_auth_code_flow(
            scopes=self._scopes,
            redirect_uri=self._redirect_uri,
            state=new_state(restarted=restarted),
            login_hint=login_hint,
            response_mode="form_post",  # msal warns of anything else
        )
        pending = PendingLogin.begun(
            now=self._clock(),
            provider="entra",
            login=self._gate.login,
            redirect_uri=self._redirect_uri,
            state=flow["state"],
            nonce=flow["nonce"],
            code_verifier=flow["code_verifier"],
            return_to=return_to,
            restarted=restarted,
        )
        url = flow["auth_uri"].replace("response_mode=form_post", f"response_mode={self._mode}")
        return LoginStart(url=url, pending=pending)

    def _redeem(self, code: str, pending: PendingLogin) -> str | None:
        """Return the id token; nothing else of msal's answer is looked at."""
        flow = {
            "state": pending.state,
            "redirect_uri": pending.redirect_uri,
            "scope": self._scopes,
            "nonce": pending.nonce,
            "code_verifier": pending.code_verifier,
            "claims_challenge": None,
        }
        answer: dict[str, Any] | None = None
        fault: LoginError | None = None
        try:
            returned = {"code": code, "state": pending.state}
            answer = self._app().acquire_token_by_auth_code_flow(flow, returned)
        except LoginError as error:
            fault = error.with_traceback(None)
        except Exception:  # noqa: BLE001, S110 - msal raises ValueError, RuntimeError, KeyError
            pass
        if fault is not None:
            raise fault
        if answer is None or answer.get("error") == UNREADABLE:
            raise no_tokens()
        if answer.get("error"):
            raise _refused(answer)
        found: str | None = answer.get("id_token")
        return found

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        person = claims.get("oid")
        if claims.get("tid") != self._tenant:
            raise foreign_tenant()
        if claims.get("ver") != "2.0":
            raise contradiction()
        if not isinstance(person, str) or not _GUID.fullmatch(person):
            raise nobody()
        is_guest = self._require_welcome(person, claims)
        names = texts(claims.get("roles"))
        return Identity(
            provider="entra",
            tenant=self._tenant,
            subject=person,
            sourced_id=person,
            roles=tuple(dict.fromkeys(_role(name) for name in names)),
            roles_raw=names,
            groups=self._find_groups(person, claims),
            is_guest=is_guest,
            logout_hint=text(claims.get("login_hint")),
            auth_time=moment(claims.get("auth_time")),
            unverified=Unverified(
                username=text(claims.get("preferred_username")),
                email=text(claims.get("email")),
                display_name=text(claims.get("name")),
                given_name=text(claims.get("given_name")),
                family_name=text(claims.get("family_name")),
            ),
        )

    def _require_welcome(self, person: str, claims: Mapping[str, Any]) -> bool | None:
        """Return whether the person is a guest, who must be allowed to be one."""
        account = claims.get("acct")
        is_guest = account == 1 if account in (0, 1) else None
        if is_guest is None and "idp" in claims:
            is_guest = True  # the claim is only sent when the account's home is elsewhere
        is_known = is_guest is None and person in self._members
        if self._guests == "allow" or is_guest is False or is_known:
            return is_guest
        message = "the account is a guest, or the id token does not say that it is none"
        fix = "Add the optional claim acct to the app registration's id token, or allow guests."
        raise InvalidLoginError("EDL-LOGIN-036", message, reason="not_allowed", fix=fix)

    def _find_groups(self, person: str, claims: Mapping[str, Any]) -> frozenset[str] | None:
        """Return the person's groups; None where nobody asked and the token does not say."""
        names = claims.get("_claim_names")
        listed = claims.get("groups")
        too_many = claims.get("hasgroups") or (isinstance(names, dict) and "groups" in names)
        if isinstance(listed, list) and not too_many:
            return frozenset(texts(listed))
        if not self._groups:
            return None
        scope = origin(self._graph_url) + "/.default"
        found: object = None
        with suppress(Exception):  # whatever msal raises, without a token the login is refused
            found = (self._app().acquire_token_for_client([scope]) or {}).get("access_token")
        return member_groups(self._sender, self._graph_url, person, text(found))

    def _guest_finding(self) -> Finding:
        denied = self._guests == "deny"
        return Finding(
            code="EDL-CHECK-910",
            severity=Severity.info if denied else Severity.warning,
            title="Guests are refused: the id token must hold the optional claim acct"
            if denied
            else "Guests of the directory may sign in",
            fix="App registration, Token configuration, Add optional claim, ID, acct."
            if denied
            else "",
            who="district" if denied else "nobody",
        )

    def _app(self) -> Any:  # noqa: ANN401 - msal has no types
        """Return msal's app, made at the first use because making it asks Microsoft."""
        with self._lock:
            if self._msal is None:
                with suppress(ValueError):  # it names the address; what is wrong is said below
                    self._msal = msal.ConfidentialClientApplication(
                        self._client_id,
                        client_credential=self._credential,
                        authority=self._authority,
                        http_client=MsalHttp(self._sender),
                        token_cache=_AppTokens(),
                        exclude_scopes=["offline_access"],
                        instance_discovery=False,
                    )
            if self._msal is None:
                message = "Microsoft has no description of this directory, or the credential is bad"
                fix = "Check the tenant id, which must be the directory's GUID, and the credential."
                raise LoginError("EDL-LOGIN-033", message, reason="not_set_up", fix=fix)
            return self._msal


def _role(name: str) -> Role:
    return _ROLES.get(name.strip().lower(), Role.other)


def _refused(answer: Mapping[str, Any]) -> LoginError:
    """Return the error for a refused exchange, told apart by OAuth's word alone."""
    fix = explain(answer.get("error_description"), answer.get("correlation_id"))
    if answer["error"] in ("invalid_client", "unauthorized_client"):
        return unknown_app(fix)
    return bad_code(fix) if answer["error"] == "invalid_grant" else ended(fix)
