"""
Every error edlink raises, in one tree.

::

    EdlinkError                       .code .message .fix .retryable
    ├─ ConfigError (ValueError)       wrong before any network
    ├─ ProviderError                  .provider .endpoint .status .request_id
    │  ├─ TransportError              no usable answer: socket, TLS, time-out
    │  ├─ AuthError                   credentials refused
    │  │  └─ PermissionDeniedError    credentials accepted, this data withheld
    │  ├─ NotFoundError               the address or the record does not exist
    │  ├─ RateLimitedError            told to wait longer than the budget allows
    │  ├─ UnavailableError            the provider keeps failing on its side
    │  ├─ PayloadError                an answer arrived that is not what was asked for
    │  └─ IncompletePullError         a pull would have been short; nothing is returned
    │     └─ FullPullRequired         changes cannot be told from this state; pull the whole roster
    ├─ LoginError                     .reason, a fixed word, safe to show
    │  ├─ StateMismatchError
    │  ├─ ReplayedError
    │  ├─ InvalidLoginError
    │  └─ LoginCancelledError
    └─ UnsafePlanError                .counts, a plan exceeds its limits

Messages are fixed text plus provider, endpoint template, status and ids: they
never hold a person's data or a secret, so they may be logged and shown.
"""

import copyreg
from collections.abc import Mapping
from datetime import datetime
from typing import Any


class EdlinkError(Exception):
    """
    Base of everything edlink raises on purpose.

    Attributes:
        code: Stable identifier such as ``EDL-PULL-003``; listed in docs/errors.
        message: Fixed text for a person, without personal data.
        fix: What to do about it, as one step, or an empty string.
        retryable: True when the same call may succeed later unchanged.
    """

    def __init__(self, code: str, message: str, *, fix: str = "", retryable: bool = False) -> None:
        super().__init__(f"[{code}] {message}" + (f" Fix: {fix}" if fix else ""))
        self.code = code
        self.message = message
        self.fix = fix
        self.retryable = retryable

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to copy the error, or send it to another process, with its attributes."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class ConfigError(EdlinkError, ValueError):
    """A setting is wrong; found before any network was touched."""


class ProviderError(EdlinkError):
    """
    Something a provider did, or failed to do.

    Attributes:
        provider: Short name of the provider, such as ``classlink``.
        endpoint: Template of the address asked, such as ``GET /users/{id}``; never a full URL.
        status: HTTP status, or None when no answer arrived.
        request_id: The provider's own id for the request, or None.
        provider_code: The provider's own short word for the fault, or None.
        answered_at: The time by the provider's clock, in UTC, where its answer says it, or None.
    """

    def __init__(  # noqa: PLR0913 - one keyword per fact that an error handler may want
        self,
        code: str,
        message: str,
        *,
        provider: str,
        endpoint: str,
        status: int | None = None,
        request_id: str | None = None,
        provider_code: str | None = None,
        answered_at: datetime | None = None,
        fix: str = "",
        retryable: bool = False,
    ) -> None:
        where = f"{provider} {endpoint}" + ("" if status is None else f" -> {status}")
        super().__init__(code, f"{message} ({where})", fix=fix, retryable=retryable)
        self.provider = provider
        self.endpoint = endpoint
        self.status = status
        self.request_id = request_id
        self.provider_code = provider_code
        self.answered_at = answered_at


class TransportError(ProviderError):
    """No usable answer arrived: name, socket, TLS or time-out."""


class AuthError(ProviderError):
    """The provider refused the credentials."""


class PermissionDeniedError(AuthError):
    """The credentials are good, but this data is not shared with them."""


class NotFoundError(ProviderError):
    """The record, or the whole endpoint, does not exist at this provider."""


class RateLimitedError(ProviderError):
    """The provider asked for a longer pause than the retry budget allows."""


class UnavailableError(ProviderError):
    """The provider kept failing on its side until the retry budget was spent."""


class PayloadError(ProviderError):
    """An answer arrived that is not what was asked for: HTML, truncated, or another envelope."""


class IncompletePullError(ProviderError):
    """A collection could not be read whole; nothing of it is returned as complete."""


class FullPullRequired(IncompletePullError):  # noqa: N818 - says what to do, whatever went wrong
    """Changes cannot be told from a state; call ``pull_roster``, keep ``SyncState.after`` of it."""


class LoginError(EdlinkError):
    """
    A sign-in was refused.

    Attributes:
        reason: One fixed word for the public page; the code says more, to staff only.
    """

    def __init__(
        self, code: str, message: str, *, reason: str, fix: str = "", retryable: bool = False
    ) -> None:
        super().__init__(code, message, fix=fix, retryable=retryable)
        self.reason = reason


class StateMismatchError(LoginError):
    """The answer does not belong to the login this browser began."""


class ReplayedError(LoginError):
    """This answer was used before."""


class InvalidLoginError(LoginError):
    """The answer's proof does not hold: signature, issuer, audience, time or tenant."""


class LoginCancelledError(LoginError):
    """The person, or the provider's policy, ended the login."""


class UnsafePlanError(EdlinkError):
    """
    A plan would change more than its limits allow.

    Attributes:
        counts: What the plan would do, by name of the limit that it exceeds.
    """

    def __init__(
        self, code: str, message: str, *, counts: Mapping[str, int], fix: str = ""
    ) -> None:
        super().__init__(code, message, fix=fix)
        self.counts = dict(counts)
