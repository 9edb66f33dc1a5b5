"""A login under way: what the host keeps between sending the browser off and its return."""

from collections.abc import Mapping
from typing import Any

import attrs

from edlink.errors import StateMismatchError
from edlink.plain import from_versioned, to_plain

VERSION = 1

#: Seconds between sending the browser off and its return.
LIFETIME = 600


@attrs.frozen(kw_only=True)
class PendingLogin:
    """
    One login that was begun and not yet completed; small, JSON-safe, expiring, single use.

    ``nonce`` and ``code_verifier`` tie the provider's answer to this login.  They are of no use
    without the provider's answer and belong to this one browser, but only to it: keep the value in
    the host's server-side session or a ``PendingStore``.  A cookie will do only if it is signed,
    ``HttpOnly`` and ``Secure``.

    Attributes:
        provider: The provider it was begun with; no other accepts it.
        login: Which of the host's logins with that provider began it, as a hash of the provider's
            address and the app's id, or with SAML of the provider's entity id and the connection's
            tenant; no other accepts it.  A list of tenants is no part of it: the answer is held
            against the list as it is by then, and a district that is added ends no login under way.
        redirect_uri: Where the provider will send the browser back to.
        state: The value the provider repeats: OAuth ``state`` or SAML ``RelayState``.
        nonce: The value the id token repeats, or an empty string.
        code_verifier: The PKCE secret, or an empty string.
        request_id: Id of the SAML request, or an empty string.
        return_to: The local path, or allowed address, to go to afterwards.
        created_at: Seconds since the epoch.
        expires_at: Seconds since the epoch; the login is refused from then on.
        restarted: Whether it replaces an answer that no login of ours had asked for.
        extra: What else the provider was asked, such as to confirm who it is; asked again when the
            login is begun again.
    """

    provider: str
    login: str
    redirect_uri: str
    state: str = attrs.field(repr=False)
    nonce: str = attrs.field(default="", repr=False)
    code_verifier: str = attrs.field(default="", repr=False)
    request_id: str = attrs.field(default="", repr=False)
    return_to: str = attrs.field(default="/", repr=False)
    created_at: int
    expires_at: int
    restarted: bool = False
    extra: Mapping[str, str] = attrs.field(factory=dict)

    @classmethod
    def begun(cls, *, now: float, **fields: Any) -> "PendingLogin":  # noqa: ANN401 - its own fields
        """Return a login that begins now and is good for ten minutes; other fields as named."""
        return cls(created_at=int(now), expires_at=int(now) + LIFETIME, **fields)

    def to_dict(self) -> dict[str, Any]:
        """Return the login as JSON-safe values."""
        return {"version": VERSION, **to_plain(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "PendingLogin":
        """
        Return the login that ``to_dict`` wrote.

        Raises:
            StateMismatchError: EDL-LOGIN-003 for another version or shape.
        """
        found = from_versioned(cls, data, VERSION)
        if found is not None:
            return found
        message = "what was kept is not a pending login of this version"
        raise StateMismatchError("EDL-LOGIN-003", message, reason="try_again")


@attrs.frozen(kw_only=True)
class LoginStart:
    """Where to send the browser, and what to keep until it returns."""

    url: str = attrs.field(repr=False)
    pending: PendingLogin


@attrs.frozen(kw_only=True)
class RestartLogin:
    """
    Nobody is signed in yet: the answer was not asked for by this browser's login.

    A provider's portal sends people so.  The answer was dropped unused.  Keep ``pending`` in place
    of any earlier one and send the browser to ``url``: the provider knows the person, so the second
    round is not seen.
    """

    url: str = attrs.field(repr=False)
    pending: PendingLogin
