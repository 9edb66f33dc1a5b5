"""
SAML 2.0 web browser sign-on for a service (SAML 2.0 profiles, 4.1): redirect out, POST back.

A response is decoded, its shape checked, decrypted, its shape checked again, verified by
python3-saml, compared with this login, and only then used up in the replay store.  One that only
says that the login failed ends there and then.
"""

import time
from collections.abc import Callable, Mapping
from typing import Literal, NoReturn, Protocol

import attrs
from lxml import etree
from oauthlib.common import add_params_to_uri

from edlink.errors import ConfigError, InvalidLoginError
from edlink.sso.addresses import require_safe_url, safe_return_to
from edlink.sso.callback import (
    check_begun_by,
    check_not_expired,
    name_login,
    new_state,
    require_first_restart,
    use_once,
)
from edlink.sso.pending import LoginStart, PendingLogin, RestartLogin
from edlink.sso.saml import toolkit
from edlink.sso.saml.envelope import decode_field, parse_response
from edlink.sso.saml.metadata import IdpMetadata
from edlink.sso.saml.profile import Assertion, Expected, read_assertion
from edlink.sso.saml.service import require_key_pair
from edlink.sso.saml.status import is_failure, why_ended
from edlink.sso.saml.structure import check_structure
from edlink.sso.stores import ReplayStore

MAX_SKEW = 180


class Metadata(Protocol):
    """Where the identity provider's metadata come from."""

    def current(self, now: float) -> IdpMetadata:
        """Return metadata that is valid now, or raise."""
        ...

    def refreshed(self, used: IdpMetadata, now: float) -> IdpMetadata | None:
        """Return other metadata than those that were used, or None."""
        ...

    def problem(self, now: float) -> str | None:
        """Return what is wrong, in a word, with the metadata where they are published; or None."""
        ...


@attrs.frozen(kw_only=True)
class SamlFlow:
    """
    One connection to one identity provider.

    Attributes:
        provider: Short name of the provider.
        tenant: Whose people sign in by it, as the host says; two districts may share one identity
            provider, and a login begun for the one is not completed for the other.
        entity_id: Our own entity id.
        acs_url: Where responses are posted, without a query.
        metadata: The identity provider.
        replay_store: Where used responses are remembered.
        private_key: Our PEM key (PKCS#8 or PKCS#1) for encrypted assertions, or an empty string.
        unsolicited: What becomes of a response nobody asked for: ``refuse``, ``restart`` (begin a
            login of our own) or ``accept``.
        assertion_signed: Whether the assertion itself must be signed; False also takes a signature
            over the whole response.
        skew: Longest difference between two clocks that is overlooked in the assertion's
            conditions, up to 180 seconds; the subject's confirmation and the provider's session
            end exactly, by the machine's own clock.
        return_origins: Other origins that ``return_to`` may name.
        clock: Returns seconds since the epoch.
    """

    provider: str
    tenant: str
    entity_id: str
    acs_url: str
    metadata: Metadata = attrs.field(repr=False)
    replay_store: ReplayStore = attrs.field(repr=False)
    private_key: str = attrs.field(default="", repr=False)
    unsolicited: Literal["refuse", "restart", "accept"] = "refuse"
    assertion_signed: bool = True
    skew: int = 60
    return_origins: frozenset[str] = frozenset()
    clock: Callable[[], float] = time.time

    def __attrs_post_init__(self) -> None:
        require_safe_url(self.acs_url, name="acs_url")
        words = ("refuse", "restart", "accept")
        known = bool(self.entity_id) and self.unsolicited in words
        if not known or "?" in self.acs_url or not 0 <= self.skew <= MAX_SKEW:
            message = (
                "entity_id must not be empty, acs_url have no query, skew be 0 to 180 seconds,"
                " and unsolicited be refuse, restart or accept"
            )
            raise ConfigError("EDL-CONF-054", message)
        require_key_pair(self.private_key)

    def begin(self, return_to: str | None = None) -> LoginStart:
        """
        Return where to send the browser and what to keep.

        Raises:
            LoginError: EDL-LOGIN-056 or 057, there is no valid metadata.
        """
        target = safe_return_to(return_to, allowed_origins=self.return_origins)
        return self._start(target, restarted=False)

    def complete(
        self, form: Mapping[str, str], pending: PendingLogin | None
    ) -> Assertion | RestartLogin:
        """
        Return what the response proves.

        Args:
            form: The posted form: ``SAMLResponse``; ``RelayState`` is not looked at.
            pending: The login of this browser, or None.

        Raises:
            LoginCancelledError: EDL-LOGIN-008, the provider says that the login failed.
            LoginError: The response is refused.
        """
        posted = parse_response(decode_field(form.get("SAMLResponse", "")))
        if is_failure(posted):
            self._raise_ended(posted, pending)
        check_structure(posted)
        if pending is None and self.unsolicited == "restart":
            require_first_restart(form.get("RelayState", ""))
            start = self._start("/", restarted=True)
            return RestartLogin(url=start.url, pending=start.pending)
        self._check_pending(pending)
        assertion = read_assertion(self._verified(posted), self._expected(pending))
        self._use_up(assertion, pending)
        return assertion

    def _raise_ended(self, posted: etree._Element, pending: PendingLogin | None) -> NoReturn:
        """End a login that failed at the provider; anybody can say so, so it does nothing else."""
        if pending is not None:
            self._check_pending(pending)
        raise why_ended(posted, None if pending is None else pending.request_id)

    def _check_pending(self, pending: PendingLogin | None) -> None:
        if pending is None:
            if self.unsolicited != "accept":
                message = (
                    "nobody asked for this response: logins that start at the provider are off"
                )
                fix = (
                    "Switch them on for this connection, or put the app's own address on the tile."
                )
                raise InvalidLoginError("EDL-LOGIN-044", message, reason="try_again", fix=fix)
            return
        check_begun_by(pending, self.provider, self._login(self.parties()), self.acs_url)
        check_not_expired(pending, self.clock())

    def _verified(self, posted: etree._Element) -> etree._Element:
        """Return the verified tree; certificates that may have been renewed are read again once."""
        used = self.metadata.current(self.clock())
        try:
            return toolkit.verified(posted, self._parties(used))
        except InvalidLoginError as error:
            fault = error.with_traceback(None)
        unknown = fault.code == toolkit.SIGNATURE_FAULT
        newer = self.metadata.refreshed(used, self.clock()) if unknown else None
        if newer is None:
            raise fault
        return toolkit.verified(posted, self._parties(newer))

    def _use_up(self, assertion: Assertion, pending: PendingLogin | None) -> None:
        until = assertion.usable_until
        named = (self.provider, "saml", assertion.issuer, assertion.assertion_id)
        use_once(self.replay_store, *named, expires_at=until)
        if pending is not None:
            request = (self.provider, "saml-request", pending.request_id)
            use_once(self.replay_store, *request, expires_at=max(until, pending.expires_at))

    def _start(self, return_to: str, *, restarted: bool) -> LoginStart:
        parties = self.parties()
        request, request_id = toolkit.authn_request(parties)
        state = new_state(restarted=restarted)
        query = [("SAMLRequest", request), ("RelayState", state)]
        return LoginStart(
            url=add_params_to_uri(parties.sso_url, query),
            pending=PendingLogin.begun(
                now=self.clock(),
                provider=self.provider,
                login=self._login(parties),
                redirect_uri=self.acs_url,
                state=state,
                request_id=request_id,
                return_to=return_to,
                restarted=restarted,
            ),
        )

    def _login(self, parties: toolkit.Parties) -> str:
        return name_login(self.provider, parties.issuer, self.tenant)

    def _expected(self, pending: PendingLogin | None) -> Expected:
        return Expected(
            entity_id=self.entity_id,
            acs_url=self.acs_url,
            issuer=self.parties().issuer,
            request_id=None if pending is None else pending.request_id,
            now=self.clock(),
            skew=self.skew,
        )

    def parties(self) -> toolkit.Parties:
        """Return both ends of the connection as they are now."""
        return self._parties(self.metadata.current(self.clock()))

    def _parties(self, metadata: IdpMetadata) -> toolkit.Parties:
        return toolkit.Parties(
            entity_id=self.entity_id,
            acs_url=self.acs_url,
            issuer=metadata.entity_id,
            sso_url=metadata.sso_url,
            certificates=metadata.certificates,
            private_key=self.private_key,
            assertion_signed=self.assertion_signed,
        )
