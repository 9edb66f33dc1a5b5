"""
Access tokens for Graph, by msal's client credentials; the only part of the roster that knows msal.

msal sends through our own transport: with time-outs, without redirects, and to the authority's own
host alone.  One app object is kept for the client's life, since msal's cache of tokens is in it.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import attrs
import requests
from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from edlink._http.adapter import ExactAdapter
from edlink._http.address import is_loopback
from edlink._http.answers import safe_word, to_error
from edlink._http.exchange import (
    Failure,
    Limits,
    Response,
    exchange,
    new_session,
    read_environment,
)
from edlink._http.limits import Clock
from edlink.entra.aadsts import explain, number_in
from edlink.entra.pages import PROVIDER
from edlink.errors import AuthError, ConfigError, ProviderError

try:
    import msal  # type: ignore[import-untyped]
except ImportError:
    _missing = "Microsoft Entra ID needs the entra extra: pip install 'edlink[entra]'"
    raise ImportError(_missing) from None

#: A secret; or what msal takes for a certificate; or ``{"client_assertion": text or callable}``.
Credential = str | Mapping[str, Any]

_LABEL = "POST token"
_SCOPE = ["https://graph.microsoft.com/.default"]
_CONNECT, _READ, _DEADLINE, _MAX_BODY = 10.0, 30.0, 60.0, 2**21


@attrs.frozen(kw_only=True)
class _Answer:
    """An answer in the shape that msal reads."""

    status_code: int
    text: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(repr=False)

    def raise_for_status(self) -> None:
        """Raise nothing: msal reads errors from the body."""


class _Http:
    """The HTTP client that msal is given."""

    def __init__(self, authority: str, *, adapter: BaseAdapter | None, clock: Clock) -> None:
        self._authority = authority
        self._clock = clock
        self._session = new_session(adapter or ExactAdapter())

    def get(self, url: str, **options: Any) -> _Answer:  # noqa: ANN401 - requests' options
        """Return the answer to a GET."""
        return self._send("GET", url, options)

    def post(self, url: str, **options: Any) -> _Answer:  # noqa: ANN401 - requests' options
        """Return the answer to a POST."""
        return self._send("POST", url, options)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _send(self, method: str, url: str, options: Mapping[str, Any]) -> _Answer:
        target = self._checked(url)
        if options.get("params"):
            target = f"{target}?{urlencode(options['params'])}"
        request = requests.PreparedRequest()
        headers = {"Accept-Encoding": "gzip, deflate", **(options.get("headers") or {})}
        request.prepare(method=method, url=target, headers=headers, data=options.get("data"))
        outcome = exchange(
            self._session,
            request,
            limits=Limits(
                connect=_CONNECT,
                read=_READ,
                until=self._clock.monotonic() + _DEADLINE,
                max_body=_MAX_BODY,
            ),
            clock=self._clock,
            endpoint=_LABEL,
            environment=read_environment(self._session, target, direct=is_loopback(target)),
        )
        if isinstance(outcome, Failure):
            raise to_error(outcome, provider=PROVIDER, endpoint=_LABEL)
        return self._shaped(outcome)

    def _shaped(self, answer: Response) -> _Answer:
        """Return an answer for msal, which takes https addresses alone, on loopback too."""
        mine = urlsplit(self._authority)
        text = answer.body.decode("utf-8", "replace")
        if mine.scheme == "http":
            text = text.replace(f"http://{mine.netloc}", f"https://{mine.netloc}")
        return _Answer(status_code=answer.status, text=text, headers=answer.headers)

    def _checked(self, url: str) -> str:
        """Return the address if it is the authority's, as the authority spells its scheme."""
        mine, given = urlsplit(self._authority), urlsplit(url)
        if given.netloc != mine.netloc:
            message = "the sign-in service named another host; nothing was sent to it"
            raise AuthError("EDL-ENTRA-002", message, provider=PROVIDER, endpoint=_LABEL)
        return given._replace(scheme=mine.scheme).geturl()


class GraphToken(AuthBase):
    """
    Signs requests to Graph.

    Args:
        client_id: The app registration's id.
        credential: Its secret, certificate or assertion.
        authority: Where tokens come from, with the tenant.
        clock: For deadlines.
        adapter: Replaces the way bytes move.

    Raises:
        ConfigError: EDL-CONF-073 for a credential that msal cannot use.
    """

    def __init__(
        self,
        *,
        client_id: str,
        credential: Credential,
        authority: str,
        clock: Clock,
        adapter: BaseAdapter | None = None,
    ) -> None:
        self._client_id = client_id
        self._credential = credential
        self._authority = authority
        self._http = _Http(authority, adapter=adapter, clock=clock)
        self._lock = threading.Lock()
        self._app: Any = None

    def __repr__(self) -> str:
        return "<GraphToken>"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with a token that is good for now."""
        request.headers["Authorization"] = f"Bearer {self.live()}"
        return request

    def live(self) -> str:
        """
        Return a token; msal keeps it until it ends.

        Raises:
            AuthError: EDL-ENTRA-003 Entra refuses the app, EDL-ENTRA-002 it named another host.
            ConfigError: EDL-CONF-073 the credential is none that msal can use.
            ProviderError: No answer, or one that is not of a sign-in service.
        """
        with self._lock:
            return self._acquire()

    def refresh(self, rejected: requests.PreparedRequest) -> bool:
        """Return True once another token than the rejected request's is ready."""
        with self._lock:
            header = f"Bearer {self._acquire()}"
            if header == rejected.headers.get("Authorization"):
                self._app.remove_tokens_for_client()
                header = f"Bearer {self._acquire()}"
        return header != rejected.headers.get("Authorization")

    def close(self) -> None:
        """Close the connections to the authority."""
        self._http.close()

    def _acquire(self) -> str:
        app = self._guarded(self._make) if self._app is None else self._app
        self._app = app
        answer = self._guarded(lambda: app.acquire_token_for_client(_SCOPE))
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if isinstance(token, str):
            return token
        raise _refusal(answer if isinstance(answer, dict) else {})

    def _make(self) -> Any:  # noqa: ANN401 - msal has no types
        # Discovery of other clouds is off: the authority was checked against Microsoft's hosts.
        secure = urlsplit(self._authority)._replace(scheme="https").geturl()
        return msal.ConfidentialClientApplication(
            self._client_id,
            client_credential=self._credential,
            authority=secure,
            http_client=self._http,
            instance_discovery=False,
        )

    def _guarded(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - what msal returns
        """Return what msal returns; its own errors can quote answers and credentials."""
        is_config = call == self._make
        try:
            return call()
        except ProviderError:
            raise
        except Exception:  # noqa: BLE001, S110 - msal raises ValueError, KeyError and its own
            pass
        if is_config and not isinstance(self._credential, str):
            fix = "Give msal's form of a certificate or an assertion, and an https authority."
            message = "msal cannot use this credential, or the authority does not answer"
            raise ConfigError("EDL-CONF-073", message, fix=fix)
        raise AuthError(
            "EDL-ENTRA-004",
            "the sign-in service's answer is none that msal understands",
            provider=PROVIDER,
            endpoint=_LABEL,
            fix="Check the tenant id and the authority; try again later.",
            retryable=True,
        )


def _refusal(answer: Mapping[str, Any]) -> AuthError:
    """Return the error for an answer without a token; its description names people and is left."""
    description = answer.get("error_description")
    number = number_in(description)
    word = f"AADSTS{number}" if number else safe_word(answer.get("error"))
    return AuthError(
        "EDL-ENTRA-003",
        "Entra refuses the app",
        provider=PROVIDER,
        endpoint=_LABEL,
        provider_code=word,
        fix=explain(description)
        or "Compare tenant id, client id and secret with the app registration.",
    )
