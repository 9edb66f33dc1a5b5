"""Veracross' Authorization API: tokens by client credentials, ten live ones at most."""

import secrets
import threading
import time
from collections.abc import Collection
from urllib.parse import parse_qs

import attrs

from edlink.sandbox.credentials import Keys, bearer
from edlink.sandbox.exchange import Reply, Request, json_reply

MOST_LIVE = 10
FORM = "application/x-www-form-urlencoded"


@attrs.define
class _Live:
    scopes: frozenset[str]
    expires: float
    window_ends: float = 0.0
    asked: int = 0


class Tokens:
    """
    The tokens of one application.

    Args:
        keys: The application's.
        scopes: What the school opened for it.
        lifetime: Seconds a token is good for.
        limit: Requests of a token in a window.
        window: Seconds of a window, from its first request.
    """

    def __init__(
        self, keys: Keys, scopes: Collection[str], lifetime: float, *, limit: int, window: float
    ) -> None:
        self._keys = keys
        self._scopes = frozenset(scopes)
        self._lifetime = lifetime
        self._limit, self._window = limit, window
        self._live: dict[str, _Live] = {}
        self._lock = threading.Lock()

    @property
    def live(self) -> int:
        """How many tokens are live."""
        now = time.time()
        with self._lock:
            return sum(now < token.expires for token in self._live.values())

    def issue(self, request: Request) -> Reply:
        """Return the reply to a token request; the eleventh live token ends the first."""
        form = _form(request)
        if form is None:
            return json_reply({"error": "unsupported_media_type"}, 415)
        if not self._knows(form):
            return json_reply({"error": "invalid_client", "error_description": "Unknown"}, 401)
        wanted = frozenset(form.get("scope", "").split())
        if form.get("grant_type") != "client_credentials" or not wanted <= self._scopes:
            return json_reply({"error": "invalid_scope", "error_description": "Not opened"}, 400)
        value = secrets.token_urlsafe(24)
        with self._lock:
            self._live[value] = _Live(wanted, time.time() + self._lifetime)
            while len(self._live) > MOST_LIVE:
                del self._live[next(iter(self._live))]
        return json_reply(
            {
                "access_token": value,
                "token_type": "Bearer",
                "expires_in": int(self._lifetime),
                "scope": " ".join(sorted(wanted)),
                "created_at": int(time.time()),
            }
        )

    def revoke(self, request: Request) -> Reply:
        """Return 200 whether or not there was such a token."""
        form = _form(request) or {}
        if not self._knows(form):
            return json_reply({"error": "invalid_client"}, 401)
        with self._lock:
            self._live.pop(form.get("token", ""), None)
        return json_reply({})

    def refusal(self, request: Request, scope: str) -> Reply | None:
        """Return why a request may not read what a scope opens, or None where it may."""
        with self._lock:
            live = self._live.get(bearer(request) or "")
            if live is None or time.time() >= live.expires:
                return fault("The access token is unknown, expired or revoked", 401)
            if scope not in live.scopes:
                text = f"The provided access token is missing a required scope: {scope}"
                return fault(text, 401)
        return None

    def limit(self, request: Request) -> tuple[dict[str, str], bool]:
        """Return the rate limit's headers, and whether this request is one too many."""
        now = time.time()
        with self._lock:
            live = self._live[bearer(request) or ""]
            if now >= live.window_ends:
                live.window_ends, live.asked = now + self._window, 0
            live.asked += 1
            left = self._limit - live.asked
            reset = int(live.window_ends) + 1
        headers = {
            "X-Rate-Limit-Limit": str(self._limit),
            "X-Rate-Limit-Remaining": str(max(0, left)),
            "X-Rate-Limit-Reset": str(reset),
        }
        return headers, left < 0

    def forget(self) -> None:
        """Let every token issued so far expire now."""
        with self._lock:
            self._live.clear()

    def _knows(self, form: dict[str, str]) -> bool:
        given = (form.get("client_id"), form.get("client_secret"))
        return given == (self._keys.client_id, self._keys.client_secret)


def fault(text: str, status: int) -> Reply:
    """Return an error of the Data API."""
    return json_reply({"error": text, "error_id": secrets.token_hex(8)}, status)


def _form(request: Request) -> dict[str, str] | None:
    """Return the form of a POST, or None where it is none; Basic credentials are overlooked."""
    if not request.headers.get("content-type", "").startswith(FORM):
        return None
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
