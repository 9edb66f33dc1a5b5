"""
The OAuth 2.0 authorization code flow (RFC 6749, 7636), as far as every provider shares it.

State and single use are always checked; PKCE (S256) is sent unless switched off, and a nonce
whenever ``openid`` is among the scopes.
"""

import base64
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Literal
from urllib.parse import parse_qsl, quote_plus

import attrs
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2 import WebApplicationClient

from edlink.errors import ConfigError
from edlink.sso.addresses import require_safe_url, safe_return_to
from edlink.sso.callback import CallbackGate, name_login, new_state
from edlink.sso.pending import LoginStart, PendingLogin, RestartLogin
from edlink.sso.refusals import bad_code, no_tokens, unknown_app
from edlink.sso.sender import Answer, Sender
from edlink.sso.stores import ReplayStore


def _frozen(values: Iterable[str]) -> frozenset[str]:
    return frozenset(values)


@attrs.frozen(kw_only=True)
class TokenAnswer:
    """What the token endpoint gave; used at once and thrown away."""

    access_token: str = attrs.field(repr=False)
    id_token: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class Admitted:
    """A code that passed the gate, with the login it belongs to."""

    code: str = attrs.field(repr=False)
    pending: PendingLogin


@attrs.frozen(kw_only=True)
class CodeFlow:
    """
    One provider's code flow.

    Attributes:
        provider: Short name of the provider.
        client_id: The app's id at the provider.
        client_secret: The app's secret.
        redirect_uri: The registered address, character for character.
        authorize_url: Where the browser is sent.
        token_url: Where the code is exchanged.
        scopes: What is asked for, in order.
        credentials: How the app proves itself: HTTP Basic or in the form's body.
        replay_store: Where used answers are remembered.
        issuer: What the callback's ``iss`` must be where it is sent, or None.
        pkce: Whether to send a PKCE challenge; a provider without PKCE ignores it.
        return_origins: Other origins that ``return_to`` may name.
        sender: Sends the exchange.
        clock: Returns seconds since the epoch.
    """

    provider: str
    client_id: str = attrs.field(validator=attrs.validators.min_len(1))
    client_secret: str = attrs.field(repr=False)
    redirect_uri: str
    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    credentials: Literal["basic", "body"]
    replay_store: ReplayStore = attrs.field(repr=False)
    issuer: str | None = None
    pkce: bool = True
    return_origins: frozenset[str] = attrs.field(default=frozenset(), converter=_frozen)
    sender: Sender = attrs.field(factory=Sender)
    clock: Callable[[], float] = time.time

    def __attrs_post_init__(self) -> None:
        for name in ("redirect_uri", "authorize_url", "token_url"):
            require_safe_url(getattr(self, name), name=name)

    @property
    def gate(self) -> CallbackGate:
        """What every callback of this login must satisfy."""
        return CallbackGate(
            provider=self.provider,
            login=self._login,
            redirect_uri=self.redirect_uri,
            issuer=self.issuer,
            replay_store=self.replay_store,
            clock=self.clock,
        )

    @property
    def _login(self) -> str:
        return name_login(self.provider, self.authorize_url, self.client_id)

    def begin(
        self, return_to: str | None = None, extra: Mapping[str, str] | None = None
    ) -> LoginStart:
        """
        Return where to send the browser and what to keep.

        Args:
            return_to: Where the person wants to be afterwards; a local path or an allowed origin.
            extra: Further parameters of the provider's authorize address.
        """
        target = safe_return_to(return_to, allowed_origins=self.return_origins)
        return self._start(target, extra or {}, restarted=False)

    def admit(
        self, params: Mapping[str, str], pending: PendingLogin | None
    ) -> Admitted | RestartLogin:
        """Return the code to exchange, or a restart; raises as ``CallbackGate.admit`` does."""
        code = self.gate.admit(params, pending)
        if code is not None and pending is not None:
            return Admitted(code=code, pending=pending)
        target = "/" if pending is None else pending.return_to
        extra = {} if pending is None else pending.extra
        start = self._start(target, extra, restarted=True)
        return RestartLogin(url=start.url, pending=start.pending)

    def redeem(self, admitted: Admitted) -> TokenAnswer:
        """
        Return the tokens for a code; the exchange is made once and never repeated.

        Raises:
            LoginError: EDL-LOGIN-010 to 012 or 019, no usable answer; EDL-LOGIN-016, the app
                itself is refused.
            InvalidLoginError: EDL-LOGIN-015 the code is refused, EDL-LOGIN-017 the answer is not a
                token answer.
        """
        client = WebApplicationClient(self.client_id)
        in_body = self.credentials == "body"
        body = client.prepare_request_body(
            code=admitted.code,
            redirect_uri=self.redirect_uri,
            include_client_id=in_body,
            code_verifier=admitted.pending.code_verifier or None,
            **({"client_secret": self.client_secret} if in_body else {}),
        )
        headers = {} if in_body else {"Authorization": self._basic()}
        answer = self.sender.post_form(
            self.token_url, parse_qsl(body), what="token exchange", headers=headers
        )
        return _read_tokens(answer)

    def _start(self, return_to: str, extra: Mapping[str, str], *, restarted: bool) -> LoginStart:
        state = new_state(restarted=restarted)
        nonce = secrets.token_urlsafe(32) if "openid" in self.scopes else ""
        verifier = secrets.token_urlsafe(48) if self.pkce else ""
        client = WebApplicationClient(self.client_id)
        url = request_url(
            self.authorize_url,
            client_id=self.client_id,
            redirect_uri=self.redirect_uri,
            scopes=self.scopes,
            state=state,
            nonce=nonce,
            challenge=client.create_code_challenge(verifier, "S256") if verifier else "",
            extra=extra,
        )
        kept = PendingLogin.begun(
            now=self.clock(),
            provider=self.provider,
            login=self._login,
            redirect_uri=self.redirect_uri,
            state=state,
            nonce=nonce,
            code_verifier=verifier,
            return_to=return_to,
            restarted=restarted,
            extra=dict(extra),
        )
        return LoginStart(url=url, pending=kept)

    def _basic(self) -> str:
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
        return "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")


def request_url(  # noqa: PLR0913 - one keyword per part of the request
    authorize_url: str,
    *,
    client_id: str,
    redirect_uri: str,
    scopes: Collection[str],
    state: str,
    nonce: str,
    challenge: str,
    extra: Mapping[str, str] | None = None,
) -> str:
    """
    Return the address that a browser is sent to (RFC 6749, 4.1.1).

    Args:
        authorize_url: The provider's.
        client_id: The app's id at the provider.
        redirect_uri: Where the browser is to come back to.
        scopes: What is asked for; for nothing the parameter is left out.
        state: What the provider repeats.
        nonce: What the id token repeats, or an empty string.
        challenge: The PKCE challenge (S256), or an empty string.
        extra: Further parameters of the provider's address.
    """
    sent = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        **({"scope": " ".join(scopes)} if scopes else {}),
        "state": state,
        **(extra or {}),
        **({"nonce": nonce} if nonce else {}),
        **({"code_challenge": challenge, "code_challenge_method": "S256"} if challenge else {}),
    }
    # oauthlib's prepare_request_uri would refuse a provider on loopback.
    return add_params_to_uri(authorize_url, list(sent.items()))


def allow_list(values: Collection[str], *, name: str) -> frozenset[str]:
    """
    Return the tenants that may sign in.

    Raises:
        ConfigError: EDL-CONF-051 for an empty list, an empty entry, or one string for a list.
    """
    if isinstance(values, str) or not values or not all(values):
        message = f"{name} must list the tenants that may sign in"
        raise ConfigError("EDL-CONF-051", message, fix="Name each one; there is no wildcard.")
    return frozenset(values)


def _read_tokens(answer: Answer) -> TokenAnswer:
    found = answer.json_object() or {}
    if answer.status != 200:  # noqa: PLR2004 - HTTP
        _refuse_exchange(answer.status, found.get("error"))
    token, kind, id_token = (found.get(n) for n in ("access_token", "token_type", "id_token"))
    usable = isinstance(token, str) and token and isinstance(id_token, str | None)
    # Clever leaves token_type out; where it is sent, anything but a bearer token is not usable.
    if usable and str(kind or "bearer").lower() == "bearer":
        return TokenAnswer(access_token=str(token), id_token=id_token)
    raise no_tokens()


def _refuse_exchange(status: int, error: object) -> None:
    if error in ("invalid_client", "unauthorized_client") or (status == 401 and not error):  # noqa: PLR2004 - HTTP
        raise unknown_app("Check client id, secret and the way they are sent.")
    raise bad_code()
