"""
How a request proves who asks: a fixed token, an OAuth 1.0a signature, OAuth 2 credentials.

Each is a requests ``AuthBase``: called with a prepared request, it adds the
``Authorization`` header. Secrets appear in no repr, error or log.

Sources: RFC 5849 (OAuth 1.0a), RFC 6749 section 4.4 (client credentials), RFC 6750 (bearer tokens).
"""

import threading
from base64 import b64encode
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

import requests
from oauthlib import oauth1
from oauthlib.common import Request
from oauthlib.oauth1.rfc5849 import signature
from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from edlink._http.adapter import ExactAdapter
from edlink._http.address import check_url, encode_query
from edlink._http.limits import Clock, SystemClock
from edlink._http.token import TokenRequest, fetch_token
from edlink.errors import ConfigError

TokenStyle = Literal["basic", "body"]
OAuth1Method = Literal["HMAC-SHA256", "HMAC-SHA1"]


def check_secret(value: str, *, name: str) -> str:
    """
    The same text, when it can be a key, a secret or a token.

    Raises:
        ConfigError: It is empty, or holds a space at its ends, a control character or
            anything outside ASCII, as a copy from a web page or a file easily does.
    """
    if not (value and value == value.strip() and value.isascii() and value.isprintable()):
        raise ConfigError(
            "EDL-CONF-014",
            f"{name} is empty or holds a character that no credential has",
            fix="Copy it again, without line breaks, spaces at its ends or quotation marks.",
        )
    return value


class StaticBearer(AuthBase):
    """
    Sends one fixed token, as ClassLink's proxy and Clever's district tokens need it.

    Args:
        token: Sent as ``Authorization: Bearer <token>``.

    Raises:
        ConfigError: The token cannot be sent in a header.
    """

    def __init__(self, token: str) -> None:
        self._header = f"Bearer {check_secret(token, name='token')}"

    def __repr__(self) -> str:
        return "<StaticBearer>"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the token."""
        request.headers["Authorization"] = self._header
        return request


class OAuth1(AuthBase):
    """
    Signs each request with a consumer key and secret; there is no token and no handshake.

    The URL is signed as it is sent, query included. Every call uses a new nonce and
    timestamp, so a request must be signed anew for each attempt.

    Args:
        key: Consumer key.
        secret: Consumer secret.
        method: HMAC-SHA256, or HMAC-SHA1 for older servers.
        send_version: Adds ``oauth_version="1.0"``, which RFC 5849 makes optional and
            ClassLink's own samples leave out.

    Raises:
        ConfigError: Key or secret hold what no credential has, or the method is unknown.
    """

    def __init__(
        self,
        key: str,
        secret: str,
        method: OAuth1Method = "HMAC-SHA256",
        *,
        send_version: bool = False,
    ) -> None:
        if method not in ("HMAC-SHA256", "HMAC-SHA1"):
            raise ConfigError(
                "EDL-CONF-017",
                "This way of signing, or of sending the client id and secret, does not exist",
                fix="Use HMAC-SHA256 or HMAC-SHA1.",
            )
        self._key = check_secret(key, name="key")
        self._secret = check_secret(secret, name="secret")
        self._method = method
        self._send_version = send_version

    def __repr__(self) -> str:
        return f"<OAuth1 {self._method}>"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with a signature over its URL; it must be a GET."""
        request.headers["Authorization"] = self.authorization(request.url or "")
        return request

    def authorization(
        self,
        url: str,
        *,
        nonce: str | None = None,
        timestamp: str | None = None,
    ) -> str:
        """
        The value of the ``Authorization`` header for a GET.

        Args:
            url: Exactly as it will be sent.
            nonce: Used in place of a new random one.
            timestamp: Unix seconds, in place of the time now.
        """
        client = _SilentClient(
            self._key,
            client_secret=self._secret,
            signature_method=self._method,
            nonce=nonce,
            timestamp=timestamp,
        )
        client.send_version = self._send_version
        _, headers, _ = client.sign(url)
        return str(headers["Authorization"])


class ClientCredentials(AuthBase):
    """
    Fetches bearer tokens with a client id and secret, and renews them; for several threads at once.

    A token is renewed 60 seconds before it ends (a quarter of its life where that is
    less), by one thread while the others wait. A token that the provider refuses is
    replaced once for a call, see :meth:`refresh`.

    Args:
        token_url: https address (http for loopback only) of the token endpoint, on any
            host; it may carry a query, as Infinite Campus' does. Not followed elsewhere.
        client_id: Issued by the provider.
        client_secret: Issued by the provider.
        scopes: What to ask for; a string is split at its spaces.
        style: How id and secret are sent, in an ``Authorization: Basic`` header or in the form.
        params: Further fields of the form, such as an audience.
        provider: Short name for errors and logs.
        adapter: Replaces the way bytes move, for example in tests.
        clock: Replaces the machine's clock.

    Raises:
        ConfigError: An argument is one that cannot work.
    """

    def __init__(  # noqa: PLR0913 - one keyword per thing that providers do differently
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        scopes: Sequence[str] = (),
        style: TokenStyle = "basic",
        *,
        params: Sequence[tuple[str, str]] = (),
        provider: str = "oauth2",
        adapter: BaseAdapter | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._wanted = _token_request(
            check_url(token_url, name="token_url", query=True),
            check_secret(client_id, name="client_id"),
            check_secret(client_secret, name="client_secret"),
            form=_grant(scopes, params),
            style=style,
        )
        self._provider = provider
        self._adapter = adapter
        self._clock: Clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._header: str | None = None
        self._renew_at = 0.0

    def __repr__(self) -> str:
        return "<ClientCredentials>"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """
        The request with a token that is good for now.

        Raises:
            AuthError: The token endpoint refused, and other errors of :func:`fetch_token`.
        """
        with self._lock:
            if self._header is None or self._clock.monotonic() >= self._renew_at:
                self._renew()
            request.headers["Authorization"] = self._header or ""
        return request

    def refresh(self, rejected: requests.PreparedRequest) -> bool:
        """
        True when another token than the rejected request's is ready.

        Args:
            rejected: The request that was answered with 401. When another thread has
                renewed the token since it was signed, no new one is fetched.

        Raises:
            AuthError: The token endpoint refused, and other errors of :func:`fetch_token`.
        """
        refused = rejected.headers.get("Authorization")
        with self._lock:
            if self._header == refused:
                self._renew()
            return self._header != refused

    def _renew(self) -> None:
        """Nothing; a new token is in place. The caller holds the lock."""
        self._header = None
        adapter = self._adapter or ExactAdapter()
        try:
            token = fetch_token(
                self._wanted, adapter=adapter, clock=self._clock, provider=self._provider
            )
        finally:
            if adapter is not self._adapter:
                adapter.close()
        margin = min(60.0, token.lifetime / 4)
        self._header = f"Bearer {token.value}"
        self._renew_at = self._clock.monotonic() + token.lifetime - margin


def _grant(scopes: Sequence[str], params: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """The form's fields of RFC 6749 section 4.4.2, without the client's own."""
    scope = " ".join(scopes.split() if isinstance(scopes, str) else scopes)
    return [
        ("grant_type", "client_credentials"),
        *([("scope", scope)] if scope else []),
        *params,
    ]


def _token_request(
    url: str, client_id: str, secret: str, *, form: Sequence[tuple[str, str]], style: TokenStyle
) -> TokenRequest:
    """
    The POST that sends id and secret in the given style.

    Basic holds them as they are: RFC 6749 section 2.3.1 has them form-encoded first,
    which servers in the field do not undo.
    """
    if style not in ("basic", "body") or (style == "basic" and ":" in client_id):
        raise ConfigError(
            "EDL-CONF-017",
            "This way of signing, or of sending the client id and secret, does not exist",
            fix="Use 'basic' or 'body'; a client id with a colon needs 'body'.",
        )
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    if style == "basic":
        pair = b64encode(f"{client_id}:{secret}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    else:
        form = [*form, ("client_id", client_id), ("client_secret", secret)]
    return TokenRequest(url=url, headers=headers, form=encode_query(form))


class _SilentClient(oauth1.Client):
    """
    oauthlib's client without its DEBUG records, which hold the URL and the signature.

    Attributes:
        send_version: Whether ``oauth_version`` is among the signed parameters.
    """

    send_version = False

    def get_oauth_params(self, request: Request) -> list[tuple[str, str]]:
        """The protocol parameters, ``oauth_version`` only where it is wanted."""
        params: list[tuple[str, str]] = super().get_oauth_params(request)  # type: ignore[no-untyped-call]
        return [pair for pair in params if self.send_version or pair[0] != "oauth_version"]

    def get_oauth_signature(self, request: Request) -> str:
        """The signature by RFC 5849 section 3.4, from oauthlib's own parts."""
        uri = str(request.uri)
        parameters = signature.collect_parameters(uri_query=urlsplit(uri).query)
        text = signature.signature_base_string(
            request.http_method,
            signature.base_string_uri(uri),
            signature.normalize_parameters([*parameters, *request.oauth_params]),  # type: ignore[arg-type] # pairs, says its code
        )
        return self.SIGNATURE_METHODS[self.signature_method](text, self)
