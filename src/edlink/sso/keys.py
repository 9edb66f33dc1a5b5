"""
An OpenID provider's signing keys: found by discovery, on the configured host, kept for a day.

When the provider cannot be reached the last good keys serve until they are a day old; a key id
nobody knows causes at most one look per minute, however many forged tokens arrive.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import attrs

from edlink.errors import InvalidLoginError, LoginError
from edlink.sso.addresses import origin
from edlink.sso.sender import Sender
from edlink.sso.turns import turn

try:
    import jwt
except ImportError:
    _missing = "signing in with OpenID Connect needs the sso extra: pip install 'edlink[sso]'"
    raise ImportError(_missing) from None

#: Seconds for which keys are trusted without a fresh look.
MAX_AGE = 24 * 3600

#: Seconds between two looks.
PAUSE = 60

_MIN_RSA_BITS = 2048
_MAX_KEYS = 100


@attrs.frozen(kw_only=True)
class SigningKeys:
    """Usable public keys by key id; a key without an id has the id None."""

    keys: Mapping[str | None, jwt.PyJWK] = attrs.field(repr=False)

    def find(self, kid: str | None) -> jwt.PyJWK | None:
        """Return the key of that id; without an id, the only key there is."""
        if kid is not None:
            return self.keys.get(kid)
        return next(iter(self.keys.values())) if len(self.keys) == 1 else None


class KeySet:
    """
    The current signing keys of one issuer.

    Args:
        issuers: Spellings of the issuer that the discovery document may use; the first is the
            configured one, on whose host the keys must be.
        discovery_url: Address of the discovery document.
        algorithms: Signature algorithms the keys are for.
        sender: Fetches the documents.
        clock: Returns seconds since the epoch.
    """

    def __init__(
        self,
        *,
        issuers: tuple[str, ...],
        discovery_url: str,
        algorithms: tuple[str, ...] = ("RS256",),
        sender: Sender | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuers = issuers
        self._discovery_url = discovery_url
        self._algorithms = algorithms
        self._sender = sender or Sender()
        self._clock = clock
        self._lock = threading.Lock()
        self._document: Mapping[str, Any] | None = None
        self._keys: SigningKeys | None = None
        self._fetched_at = self._tried_at = -float("inf")

    def find(self, kid: str | None) -> jwt.PyJWK:
        """
        Return the key a token names.

        Raises:
            InvalidLoginError: EDL-LOGIN-022, no such key, or several and the token names none.
            LoginError: EDL-LOGIN-021, the keys cannot be read, or not in time, and the last ones
                are too old.
        """
        held = self._held()
        found = None if held is None else held.find(kid)
        if found is None:
            with self._turn():
                keys = self._current()
                found = keys.find(kid)
                if found is None and kid is not None and self._may_look():
                    found = self._look(keep=keys).find(kid)
        if found is None:
            message = "the id token is signed by a key that the provider does not publish"
            raise InvalidLoginError("EDL-LOGIN-022", message, reason="refused")
        return found

    def discovery(self) -> Mapping[str, Any]:
        """
        Return the provider's discovery document, read anew.

        Raises:
            LoginError: EDL-LOGIN-010 to 012 or 019 when it cannot be read, EDL-LOGIN-020 when it is
                another issuer's.
        """
        answer = self._sender.get(self._discovery_url, what="discovery document")
        found = answer.json_object() if answer.status == 200 else None  # noqa: PLR2004 - HTTP
        if found is None or found.get("issuer") not in self._issuers:
            message = "the discovery document is missing or names another issuer"
            raise LoginError("EDL-LOGIN-020", message, reason="not_set_up")
        return found

    @property
    def issuer(self) -> str:
        """The issuer as the provider spells it, which tokens must repeat exactly."""
        if len(self._issuers) == 1:
            return self._issuers[0]
        if self._held() is None:
            with self._turn():
                self._current()
        return str((self._document or {}).get("issuer", self._issuers[0]))

    def refresh(self) -> SigningKeys:
        """Return the keys read anew; raises as ``discovery`` does, and EDL-LOGIN-021."""
        document = self.discovery()
        url = document.get("jwks_uri")
        if not isinstance(url, str) or origin(url) != origin(self._issuers[0]):
            raise _no_keys("the discovery document puts the signing keys on another host")
        answer = self._sender.get(url, what="signing keys")
        keys = _usable_keys(answer.json_object(), self._algorithms)
        if answer.status != 200 or not keys:  # noqa: PLR2004 - HTTP
            raise _no_keys("the provider publishes no usable signing key")
        self._document, self._keys = document, SigningKeys(keys=keys)
        self._fetched_at = self._clock()
        return self._keys

    def _may_look(self) -> bool:
        return self._clock() >= self._tried_at + PAUSE

    def _held(self) -> SigningKeys | None:
        """Return the keys while they are trusted; nobody who knows his key waits for a look."""
        fresh = self._clock() < self._fetched_at + MAX_AGE
        return self._keys if fresh else None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the look of another login, but no longer than for an answer of one's own."""
        with turn(self._lock, self._sender.deadline) as came:
            if not came:
                raise _no_keys("another login is still waiting for the signing keys")
            yield

    def _current(self) -> SigningKeys:
        keys = self._held()
        if keys is not None:
            return keys
        if not self._may_look():
            raise _no_keys("the signing keys could not be read a moment ago")
        return self._look(keep=None)

    def _look(self, *, keep: SigningKeys | None) -> SigningKeys:
        """Return the keys read anew, or the ones to keep when that fails."""
        self._tried_at = self._clock()
        if keep is None:
            return self.refresh()
        try:
            return self.refresh()
        except LoginError:
            return keep


def signed_payload(token: str, key: jwt.PyJWK, algorithms: tuple[str, ...]) -> bytes | None:
    """Return what a compact token signs, or None when the signature does not hold."""
    with suppress(jwt.PyJWTError, ValueError, TypeError):  # they may quote the token
        payload: bytes = jwt.PyJWS().decode(token, key, algorithms=list(algorithms))
        return payload
    return None


def _no_keys(message: str) -> LoginError:
    return LoginError("EDL-LOGIN-021", message, reason="unavailable", retryable=True)


def _usable_keys(
    document: Mapping[str, Any] | None, algorithms: tuple[str, ...]
) -> dict[str | None, jwt.PyJWK]:
    """Return the keys fit for checking signatures; an id that two keys claim is left out."""
    entries = (document or {}).get("keys")
    if not isinstance(entries, list) or len(entries) > _MAX_KEYS:
        return {}
    found: dict[str | None, jwt.PyJWK] = {}
    poisoned: set[str | None] = set()
    for entry in entries:
        key = _usable_key(entry, algorithms)
        if key is not None:
            if key.key_id in found:
                poisoned.add(key.key_id)
            found[key.key_id] = key
    return {kid: key for kid, key in found.items() if kid not in poisoned}


def _usable_key(entry: object, algorithms: tuple[str, ...]) -> jwt.PyJWK | None:
    if not isinstance(entry, dict) or entry.get("kty") not in ("RSA", "EC"):
        return None
    purposes = entry.get("key_ops", ["verify"])
    may_verify = isinstance(purposes, list) and "verify" in purposes
    if entry.get("use", "sig") != "sig" or not may_verify:
        return None
    if not isinstance(entry.get("kid", ""), str):
        return None
    for algorithm in algorithms:
        if entry.get("alg", algorithm) == algorithm:
            key = _read_key(entry, algorithm)
            if key is not None:
                return key
    return None


def _read_key(entry: Mapping[str, Any], algorithm: str) -> jwt.PyJWK | None:
    try:
        key = jwt.PyJWK(dict(entry), algorithm=algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    bits = getattr(key.key, "key_size", 0)
    if key.key_type == "RSA" and bits < _MIN_RSA_BITS:
        return None
    return key
