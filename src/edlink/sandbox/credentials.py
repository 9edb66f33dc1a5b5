"""Keys and tokens of the sandbox, and whether a request shows the right ones."""

import base64
import secrets
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import attrs
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint

from edlink.sandbox.exchange import Reply, Request, json_reply


@attrs.frozen(kw_only=True)
class Keys:
    """One application's credentials, invented anew for every sandbox."""

    client_id: str = attrs.field(factory=lambda: "client-" + secrets.token_hex(8))
    client_secret: str = attrs.field(factory=lambda: secrets.token_urlsafe(24), repr=False)
    api_key: str = attrs.field(factory=lambda: secrets.token_urlsafe(32), repr=False)


class OAuth2:
    """
    The client credentials grant (RFC 6749 section 4.4): issues tokens and checks them.

    Args:
        keys: Whose tokens.
        scopes: Full scope addresses that may be granted.
        lifetime: Seconds a token is good for.
    """

    def __init__(self, keys: Keys, scopes: Sequence[str], lifetime: float) -> None:
        self._keys = keys
        self._scopes = tuple(scopes)
        self.lifetime = lifetime
        self._tokens: dict[str, tuple[float, frozenset[str]]] = {}
        self._lock = threading.Lock()

    def issue(self, request: Request) -> Reply:
        """Return the reply to a token request."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if self._client(request, form) != (self._keys.client_id, self._keys.client_secret):
            return json_reply({"error": "invalid_client"}, 401, WWW_Authenticate="Basic")
        if form.get("grant_type") != "client_credentials":
            return json_reply({"error": "unsupported_grant_type"}, 400)
        granted = [scope for scope in form.get("scope", "").split() if scope in self._scopes]
        if not granted:
            return json_reply({"error": "invalid_scope"}, 400)
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens[token] = time.monotonic() + self.lifetime, frozenset(granted)
        return json_reply(
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": int(self.lifetime),
                "scope": " ".join(granted),
            },
            Cache_Control="no-store",
        )

    def granted(self, request: Request) -> frozenset[str] | None:
        """Return the scopes of a request's token, or None without a good token."""
        token = bearer(request)
        with self._lock:
            expires, scopes = self._tokens.get(token or "", (0.0, frozenset()))
        return scopes if time.monotonic() < expires else None

    def forget(self) -> None:
        """Let every token issued so far expire now."""
        with self._lock:
            self._tokens.clear()

    @staticmethod
    def _client(request: Request, form: dict[str, str]) -> tuple[str, str]:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            with suppress(ValueError):
                pair = base64.b64decode(value, validate=True).decode()
                return pair.partition(":")[0], pair.partition(":")[2]
            return "", ""
        return form.get("client_id", ""), form.get("client_secret", "")


class OAuth1:
    """One-legged OAuth 1.0a (RFC 5849): signature, timestamp and nonce are really checked."""

    def __init__(self, keys: Keys) -> None:
        self._endpoint = SignatureOnlyEndpoint(_Validator(keys))

    def accepts(self, request: Request) -> bool:
        """Return whether a request is signed, lately, and for the first time."""
        header = request.headers.get("authorization", "")
        if not header.startswith("OAuth "):
            return False
        uri = f"http://{request.host}{request.target}"
        valid, _ = self._endpoint.validate_request(
            uri, request.method, headers={"Authorization": header}
        )
        return bool(valid)


class _Validator(RequestValidator):
    """What oauthlib asks of the sandbox."""

    enforce_ssl = False
    allowed_signature_methods = ("HMAC-SHA1", "HMAC-SHA256")
    dummy_client = "nobody"

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._seen: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def check_client_key(self, client_key: str) -> bool:
        return bool(client_key)

    def check_nonce(self, nonce: str) -> bool:
        return bool(nonce)

    def validate_client_key(self, client_key: str, request: Any) -> bool:  # noqa: ANN401, ARG002 - oauthlib's interface
        return secrets.compare_digest(client_key, self._keys.client_id)

    def get_client_secret(self, client_key: str, request: Any) -> str:  # noqa: ANN401, ARG002 - oauthlib's interface
        return self._keys.client_secret

    def validate_timestamp_and_nonce(  # noqa: PLR0913, PLR0917 - oauthlib's interface
        self,
        client_key: str,  # noqa: ARG002 - oauthlib's interface
        timestamp: str,
        nonce: str,
        request: Any,  # noqa: ANN401, ARG002 - oauthlib's interface
        request_token: str | None = None,  # noqa: ARG002 - oauthlib's interface
        access_token: str | None = None,  # noqa: ARG002 - oauthlib's interface
    ) -> bool:
        with self._lock:
            new = (timestamp, nonce) not in self._seen
            self._seen.add((timestamp, nonce))
        return new


def bearer(request: Request) -> str | None:
    """Return the bearer token of a request, or None."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else None
