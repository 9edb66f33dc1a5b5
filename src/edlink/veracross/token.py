"""
Bearer tokens that all threads and processes of a host share.

Veracross lets ten tokens of an application live at once and silently revokes the oldest when an
eleventh is made, so all clients of an application that ask for the same scopes share one token,
whatever their number.  Another list of scopes is another token: it opens something else.  A
``TokenStore`` is what they share.  Source: api-docs.veracross.com, access tokens.
"""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import Protocol

import attrs
import requests
from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from edlink._http.adapter import ExactAdapter
from edlink._http.address import check_url, encode_query, is_loopback
from edlink._http.auth import check_secret
from edlink._http.exchange import Limits, exchange, new_session, read_environment
from edlink._http.limits import Clock
from edlink._http.token import TokenRequest, fetch_token
from edlink.errors import AuthError

PROVIDER = "veracross"

#: Seconds before its end at which a token is no longer begun with.
_MARGIN = 60.0

_FORM = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Content-Type": "application/x-www-form-urlencoded",
}


@attrs.frozen(kw_only=True)
class StoredToken:
    """A live token and the Unix second at which it ends."""

    value: str = attrs.field(repr=False)
    expires_at: float


class TokenStore(Protocol):
    """
    Where the tokens of clients are kept, for all threads and processes that share it.

    ``key`` is text that is safe as the name of a file and tells one client and list of scopes from
    the next.  What is stored is a secret.
    """

    def lock(self, key: str) -> AbstractContextManager[object]:
        """
        Return a lock that one thread of one process holds at a time; loads and saves need it.

        It need not be one that its holder can take again: nobody does.
        """

    def load(self, key: str) -> StoredToken | None:
        """Return what was saved, or None."""

    def save(self, key: str, token: StoredToken | None) -> None:
        """Keep a token in place of the one before; None forgets it."""


class MemoryTokenStore:
    """Keeps tokens for the clients of one process."""

    def __init__(self) -> None:
        self._tokens: dict[str, StoredToken | None] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def __repr__(self) -> str:
        return "<MemoryTokenStore>"

    def lock(self, key: str) -> AbstractContextManager[object]:
        """Return the key's own lock."""
        with self._guard:
            return self._locks.setdefault(key, threading.Lock())

    def load(self, key: str) -> StoredToken | None:
        """Return what was saved, or None."""
        return self._tokens.get(key)

    def save(self, key: str, token: StoredToken | None) -> None:
        """Keep a token in place of the one before."""
        self._tokens[key] = token


#: What the clients of a process share when they are given no other store.
SHARED = MemoryTokenStore()


def _address(url: str) -> str:
    return check_url(url, name="accounts_url").rstrip("/")


@attrs.frozen(kw_only=True)
class Grant:
    """
    What a token is asked for with.

    Attributes:
        address: The Authorization API below the school's route, without ``/token``.
        client_id: The application's.
        client_secret: The application's.
        scopes: What to ask for; the school must have opened each of them.
    """

    address: str = attrs.field(converter=_address)
    client_id: str
    client_secret: str = attrs.field(repr=False)
    scopes: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_secret(self.client_id, name="client_id")
        check_secret(self.client_secret, name="client_secret")

    @property
    def key(self) -> str:
        """The store's key: a digest, so that it is safe as a name."""
        words = "\n".join((self.address, self.client_id, *sorted(self.scopes)))
        return sha256(words.encode()).hexdigest()[:32]

    def request(self) -> TokenRequest:
        """Return the POST; Veracross takes the credentials in the form and not as Basic."""
        fields = [("grant_type", "client_credentials"), *self._client()]
        scope = [("scope", " ".join(self.scopes))] if self.scopes else []
        form = encode_query([*fields, *scope])
        return TokenRequest(url=f"{self.address}/token", headers=_FORM, form=form)

    def revocation(self, token: str) -> requests.PreparedRequest:
        """Return the POST that ends a token (RFC 7009)."""
        form = encode_query([*self._client(), ("token", token)])
        request = requests.PreparedRequest()
        url = f"{self.address}/revoke"
        request.prepare(method="POST", url=url, headers=_FORM, data=form)
        return request

    def _client(self) -> Sequence[tuple[str, str]]:
        return [("client_id", self.client_id), ("client_secret", self.client_secret)]


class SharedToken(AuthBase):
    """
    Signs requests with the one live token of an application and a list of scopes.

    A token that Veracross refuses is ended before the next is asked for: refusals for a missing
    scope look the same as those of a dead token, and must not heap up live ones.

    Args:
        grant: What a token is asked for with.
        store: What is shared with other clients, threads and processes.
        clock: Says when a token ends; processes that share a store share a clock.
        adapter: Replaces the way bytes move.
    """

    def __init__(
        self, grant: Grant, *, store: TokenStore, clock: Clock, adapter: BaseAdapter | None = None
    ) -> None:
        self.grant = grant
        self._store = store
        self._clock = clock
        self._adapter = adapter

    def __repr__(self) -> str:
        return "<SharedToken>"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with a token that is good for now; raises as ``fetch_token`` does."""
        request.headers["Authorization"] = f"Bearer {self.live().value}"
        return request

    def live(self) -> StoredToken:
        """Return the token that is good for now, a new one where there is none."""
        with self._store.lock(self.grant.key):
            token = self._store.load(self.grant.key)
            if token is None or self._clock.time() >= token.expires_at - _MARGIN:
                token = self._renew()
            return token

    def opens(self, scope: str) -> bool:
        """
        Return whether Veracross gives a token for one scope alone; that token is ended at once.

        Raises:
            ProviderError: It does not answer.
        """
        grant = attrs.evolve(self.grant, scopes=(scope,))
        alone = SharedToken(
            grant, store=MemoryTokenStore(), clock=self._clock, adapter=self._adapter
        )
        try:
            alone.live()
        except AuthError:
            return False
        alone.end()
        return True

    def refresh(self, rejected: requests.PreparedRequest) -> bool:
        """Return True once another token than the rejected request's is ready."""
        refused = rejected.headers.get("Authorization", "").removeprefix("Bearer ")
        with self._store.lock(self.grant.key):
            token = self._store.load(self.grant.key)
            if token is None or token.value == refused:
                self._forget(token)
                token = self._renew()
        return token.value != refused

    def end(self) -> None:
        """End the live token, if there is one; the next request asks for another."""
        with self._store.lock(self.grant.key):
            self._forget(self._store.load(self.grant.key))

    def _forget(self, token: StoredToken | None) -> None:
        """End a token that the store holds; the caller holds the store's lock."""
        if token is not None:
            self._store.save(self.grant.key, None)
            self._revoke(token)

    def _renew(self) -> StoredToken:
        adapter = self._adapter or ExactAdapter()
        fetched = fetch_token(
            self.grant.request(), adapter=adapter, clock=self._clock, provider=PROVIDER
        )
        token = StoredToken(value=fetched.value, expires_at=self._clock.time() + fetched.lifetime)
        self._store.save(self.grant.key, token)
        return token

    def _revoke(self, token: StoredToken) -> None:
        """Ask Veracross to end a token; whatever it says, nothing is lost but one of ten places."""
        request = self.grant.revocation(token.value)
        session = new_session(self._adapter or ExactAdapter())
        address = self.grant.address
        exchange(
            session,
            request,
            limits=Limits(
                connect=10.0, read=10.0, until=self._clock.monotonic() + 20.0, max_body=2**16
            ),
            clock=self._clock,
            endpoint="POST revoke",
            environment=read_environment(session, address, direct=is_loopback(address)),
        )
        session.close()
