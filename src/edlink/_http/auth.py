"""
How a request proves who asks: a fixed token, an OAuth 1.0a signature, OAuth 2 credentials.

Each is a requests ``AuthBase``: called with a prepared request, it adds the
``Authorization`` header. Secrets appear in no repr, error or log.

Sources: RFC 5849 (OAuth 1.0a), RFC 6749 section 4.4 (client credentials), RFC 6750 (bearer tokens).
"""

from typing import Literal
from urllib.parse import urlsplit

import requests
from oauthlib import oauth1
from oauthlib.common import Request
from oauthlib.oauth1.rfc5849 import signature
from requests.auth import AuthBase

from edlink.errors import ConfigError

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
                "The OAuth 1.0a signature method is unknown",
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
