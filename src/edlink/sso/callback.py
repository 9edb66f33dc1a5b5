"""
The gate every returning browser passes: state, expiry, issuer and single use.

An answer without our state is a request to log in, not a login (a portal's tile, or a stranger's
link): its code is never exchanged, the login is begun again once.  A provider's login cannot leave
any of this out, because the gate is what hands out the code.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress

import attrs

from edlink.errors import (
    InvalidLoginError,
    LoginCancelledError,
    LoginError,
    ReplayedError,
    StateMismatchError,
)
from edlink.sso.pending import PendingLogin
from edlink.sso.refusals import ended
from edlink.sso.stores import ReplayStore

#: A restarted login's state begins so: when it returns to a browser without its pending login,
#: cookies are blocked and a further restart would go round for ever.
_AGAIN = "again."

#: Seconds in which one browser gets one restart.
_RESTART_PAUSE = 60

#: Seconds a used code is remembered; the longest-lived code is Veracross's, ten minutes.
_CODE_MEMORY = 900

#: Largest parameter of a callback, in characters.
_MAX_PARAM = 8192


def new_state(*, restarted: bool) -> str:
    """Return a fresh random state of 256 bits."""
    return (_AGAIN if restarted else "") + secrets.token_urlsafe(32)


def use_once(store: ReplayStore, *parts: str, expires_at: int) -> None:
    """
    Mark something as used.

    Args:
        store: Where it is remembered, as a hash.
        parts: What names it: provider, kind, value.
        expires_at: Seconds since the epoch until which it must be remembered.

    Raises:
        ReplayedError: EDL-LOGIN-005 when it was used before.
        LoginError: EDL-LOGIN-006 when the store cannot say; the login is refused.
    """
    key = hashlib.sha256(_bytes("\0".join(parts))).hexdigest()
    fresh: object = None
    with suppress(Exception):  # any store, any failure: refused below, and nothing of it quoted
        fresh = store.add_once(key, expires_at)
    if fresh is False:
        raise ReplayedError("EDL-LOGIN-005", "this answer was used before", reason="try_again")
    if fresh is not True:
        message = "the replay store gave no answer, so the login was refused"
        fix = "Check the host's replay store."
        raise LoginError("EDL-LOGIN-006", message, reason="unavailable", fix=fix, retryable=True)


def name_login(*parts: str) -> str:
    """Return what tells one configured login from another: a hash of all that makes it one."""
    return hashlib.sha256(_bytes("\0".join(parts))).hexdigest()[:32]


@attrs.frozen(kw_only=True)
class CallbackGate:
    """
    What a callback of one configured login must satisfy.

    Attributes:
        provider: Short name of the provider.
        login: Which login with that provider, as ``name_login`` gives it.
        redirect_uri: The registered address the browser returns to.
        issuer: What the callback's ``iss`` must be where it is sent (RFC 9207), or None.
        replay_store: Where used answers are remembered.
        clock: Returns seconds since the epoch.
    """

    provider: str
    login: str
    redirect_uri: str
    issuer: str | None
    replay_store: ReplayStore = attrs.field(repr=False)
    clock: Callable[[], float]

    def admit(self, params: Mapping[str, str], pending: PendingLogin | None) -> str | None:
        """
        Return the code to exchange, or None when the login is to be begun again.

        Raises:
            LoginCancelledError: EDL-LOGIN-007 or 008, the provider ended the login.
            LoginError: EDL-LOGIN-037, the provider cannot sign anybody in now.
            StateMismatchError: EDL-LOGIN-001 to 004, the answer belongs to another login.
            InvalidLoginError: EDL-LOGIN-009 no code, EDL-LOGIN-013 another issuer.
            ReplayedError: EDL-LOGIN-005.
            LoginError: EDL-LOGIN-006, the replay store cannot say.
        """
        check_ended(params)
        code, state = params.get("code", ""), params.get("state", "")
        if not _is_code(code) or len(state) > _MAX_PARAM:
            message = "the callback holds no code"
            raise InvalidLoginError("EDL-LOGIN-009", message, reason="refused")
        if pending is None or not state:
            self._check_restart(state, pending)
            return None
        self._check_pending(state, pending)
        if self.issuer is not None and params.get("iss", self.issuer) != self.issuer:
            message = "the callback comes from another issuer than the one asked"
            raise InvalidLoginError("EDL-LOGIN-013", message, reason="refused")
        self._use("state", state, pending.expires_at + _RESTART_PAUSE)
        self._use("code", code, int(self.clock()) + _CODE_MEMORY)
        return code

    def _use(self, kind: str, value: str, expires_at: int) -> None:
        use_once(self.replay_store, self.provider, kind, value, expires_at=expires_at)

    def _check_restart(self, state: str, pending: PendingLogin | None) -> None:
        just_restarted = (
            pending is not None
            and pending.restarted
            and self.clock() < pending.created_at + _RESTART_PAUSE
        )
        require_first_restart(_AGAIN if just_restarted else state)

    def _check_pending(self, state: str, pending: PendingLogin) -> None:
        check_begun_by(pending, self.provider, self.login, self.redirect_uri)
        if not hmac.compare_digest(_bytes(state), _bytes(pending.state)):
            message = "the callback's state is not this browser's"
            raise StateMismatchError("EDL-LOGIN-001", message, reason="try_again")
        check_not_expired(pending, self.clock())


def require_first_restart(state: str) -> None:
    """
    Check that an answer which belongs to no login here is not the answer to a restart.

    Raises:
        StateMismatchError: EDL-LOGIN-002 when it is.
    """
    if state.startswith(_AGAIN):
        message = "the login was restarted once and its answer still belongs to no login here"
        fix = "Check that the host's cookie reaches the callback; open the app once more."
        raise StateMismatchError("EDL-LOGIN-002", message, reason="try_again", fix=fix)


def check_begun_by(pending: PendingLogin, provider: str, login: str, redirect_uri: str) -> None:
    """
    Check that a pending login was begun by the login that completes it.

    Args:
        pending: What the host kept.
        provider: Short name of the provider.
        login: Which login with that provider, as ``name_login`` gives it.
        redirect_uri: The address the browser returns to.

    Raises:
        StateMismatchError: EDL-LOGIN-004 when it was another one.
    """
    if (pending.provider, pending.login, pending.redirect_uri) != (provider, login, redirect_uri):
        message = "the pending login was begun for another provider, tenant or address"
        raise StateMismatchError("EDL-LOGIN-004", message, reason="try_again")


def check_not_expired(pending: PendingLogin, now: float) -> None:
    """
    Check that a pending login is still good.

    Raises:
        StateMismatchError: EDL-LOGIN-014 when it is not.
    """
    if now >= pending.expires_at:
        message = "the login took too long"
        raise StateMismatchError("EDL-LOGIN-014", message, reason="try_again", retryable=True)


def _is_code(code: str) -> bool:
    """Return whether a code is what RFC 6749 calls one: visible ASCII, of a sensible length."""
    return 0 < len(code) <= _MAX_PARAM and code.isascii() and code.isprintable()


def _bytes(text: str) -> bytes:
    """Return text as bytes, whatever a framework made of bytes that are no UTF-8."""
    return text.encode("utf-8", "surrogatepass")


def check_ended(params: Mapping[str, str], *, fix: str = "") -> None:
    """
    Raise what a provider's error means, told apart by OAuth's own word alone (RFC 6749, 4.1.2.1).

    The word itself and its description are not repeated: they are free text.

    Args:
        params: The callback's parameters.
        fix: What is known of the error from elsewhere, for staff.

    Raises:
        LoginCancelledError: EDL-LOGIN-007 declined, EDL-LOGIN-008 any other error.
        LoginError: EDL-LOGIN-037, the provider cannot sign anybody in now.
    """
    error = params.get("error")
    if not error:
        return
    if error == "access_denied":
        message = "the person, or the provider, declined the login"
        raise LoginCancelledError("EDL-LOGIN-007", message, reason="cancelled", fix=fix)
    if error in ("server_error", "temporarily_unavailable"):
        message = "the provider cannot sign anybody in at the moment"
        raise LoginError("EDL-LOGIN-037", message, reason="unavailable", fix=fix, retryable=True)
    raise ended(fix)
