"""
Sign-in through ClassLink with SAML 2.0; one connection per district.

The district's administrator copies an IDP Metadata URL out of the SAML Console, chooses what is
sent under which attribute names, and takes our metadata in return.  Nothing is known of a person
but what those names say, so the names are settings here too.
"""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Literal

import attrs

from edlink.classlink.login import read_role
from edlink.errors import ConfigError
from edlink.report import Finding
from edlink.sso.doctor import clock_finding, redirect_finding
from edlink.sso.identity import Identity, Unverified
from edlink.sso.pending import LoginStart, PendingLogin, RestartLogin
from edlink.sso.refusals import foreign_tenant, nobody
from edlink.sso.saml import Assertion, FixedMetadata, RemoteMetadata, SamlFlow, service_metadata
from edlink.sso.saml.doctor import metadata_findings
from edlink.sso.saml.names import TRANSIENT
from edlink.sso.sender import Sender
from edlink.sso.stores import ReplayStore


@attrs.frozen(kw_only=True)
class ClassLinkAttributes:
    """
    The attribute names that the district's administrator chose; None for what is not sent.

    Attributes:
        subject: What ClassLink calls ID or Login id; None takes the NameID, if it is not transient.
        sourced_id: What ClassLink calls OR:userSourcedId: the join with the OneRoster data.
        tenant_id: Tenant ID; where it is named, it must equal the login's tenant.
        role: Role.
        login_id: Login id.
        email: Email or OR:userEmail.
        given_name: Given Name.
        family_name: Family Name.
    """

    subject: str | None = None
    sourced_id: str | None = None
    tenant_id: str | None = None
    role: str | None = None
    login_id: str | None = None
    email: str | None = None
    given_name: str | None = None
    family_name: str | None = None


class ClassLinkSamlLogin:
    """
    Sign-in through one district's ClassLink SAML connection.

    Args:
        tenant: The district, as the host names it (ClassLink's TenantId does well).
        entity_id: Our entity id, as in the metadata the district was given.
        acs_url: Where ClassLink posts responses.
        replay_store: Where used responses are remembered.
        idp_metadata: The district's metadata as XML text; this or the address.
        idp_metadata_url: The district's IDP Metadata URL.
        attributes: The names the district's administrator chose.
        unsolicited: What becomes of logins that start on a LaunchPad tile: ``refuse``, ``restart``
            or ``accept``.
        private_key: PEM key for encrypted assertions, or an empty string.
        certificate: PEM certificate of that key, for our metadata.
        assertion_signed: Whether the assertion itself must be signed.
        skew: Longest difference between two clocks that is overlooked, up to 180 seconds.
        return_origins: Other origins that ``return_to`` may name.
        sender: Fetches the metadata.
        clock: Returns seconds since the epoch.

    Raises:
        ConfigError: EDL-CONF-050, 053, 054 or 055 for settings that cannot be right.
    """

    def __init__(  # noqa: PLR0913 - one keyword per setting
        self,
        *,
        tenant: str,
        entity_id: str,
        acs_url: str,
        replay_store: ReplayStore,
        idp_metadata: str = "",
        idp_metadata_url: str = "",
        attributes: ClassLinkAttributes | None = None,
        unsolicited: Literal["refuse", "restart", "accept"] = "refuse",
        private_key: str = "",
        certificate: str = "",
        assertion_signed: bool = True,
        skew: int = 60,
        return_origins: Collection[str] = (),
        sender: Sender | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if bool(idp_metadata) == bool(idp_metadata_url):
            message = "give the identity provider's metadata as text or by address, one of them"
            raise ConfigError("EDL-CONF-055", message)
        self._tenant = tenant
        self._attributes = attributes or ClassLinkAttributes()
        self._certificate = certificate
        self._clock = clock
        self._sender = sender or Sender()
        self._metadata_url = idp_metadata_url
        self._flow = SamlFlow(
            provider="classlink",
            entity_id=entity_id,
            acs_url=acs_url,
            metadata=RemoteMetadata(idp_metadata_url, sender=self._sender)
            if idp_metadata_url
            else FixedMetadata(idp_metadata),
            replay_store=replay_store,
            private_key=private_key,
            unsolicited=unsolicited,
            assertion_signed=assertion_signed,
            skew=skew,
            return_origins=frozenset(return_origins),
            clock=clock,
        )

    def begin(self, *, return_to: str | None = None) -> LoginStart:
        """
        Return where to send the browser and what to keep.

        The response is a cross-site POST, to which a ``SameSite=Lax`` cookie is not sent: keep the
        pending login in a ``PendingStore``, by a ``SameSite=None; Secure`` cookie.

        Args:
            return_to: Local path, or an allowed origin's address, to go to afterwards.

        Raises:
            LoginError: EDL-LOGIN-056 or 057, the district's metadata cannot be had.
        """
        return self._flow.begin(return_to)

    def complete(
        self, form: Mapping[str, str], pending: PendingLogin | None
    ) -> Identity | RestartLogin:
        """
        Return who signed in, or a restart where the connection is set so.

        Args:
            form: The posted form.
            pending: What ``begin`` gave, taken from where the host kept it; None when nothing is.

        Raises:
            LoginError: The login is refused; ``reason`` is for the person, ``code`` for staff.
        """
        found = self._flow.complete(form, pending)
        return found if isinstance(found, RestartLogin) else self._identity(found)

    def service_metadata(self) -> str:
        """Return our metadata, to be pasted into the district's SAML Console."""
        flow = self._flow
        return service_metadata(flow.entity_id, flow.acs_url, certificate=self._certificate)

    def check_login(self) -> tuple[Finding, ...]:
        """
        Return what would keep people from signing in: metadata, certificates, addresses, clock.

        The metadata are looked at anew.  A clock is compared with that of the metadata's host.
        """
        where = "ClassLink Management Console, Single Sign-On, SAML Console, Metadata Overrides"
        address = redirect_finding(self._flow.acs_url, where=where)
        now = self._clock()
        found = (address, *metadata_findings(self._flow.metadata, now))
        if not self._metadata_url:
            return found
        return (*found, clock_finding(self._sender, self._metadata_url, now))

    def _identity(self, assertion: Assertion) -> Identity:
        names = self._attributes
        if names.tenant_id and assertion.value(names.tenant_id) != self._tenant:
            raise foreign_tenant()
        role = assertion.value(names.role)
        return Identity(
            provider="classlink",
            tenant=self._tenant,
            subject=self._subject(assertion),
            sourced_id=assertion.value(names.sourced_id),
            roles=read_role(role),
            roles_raw=(role,) if role else (),
            auth_time=assertion.auth_time,
            unverified=Unverified(
                username=assertion.value(names.login_id),
                email=assertion.value(names.email),
                given_name=assertion.value(names.given_name),
                family_name=assertion.value(names.family_name),
            ),
        )

    def _subject(self, assertion: Assertion) -> str:
        named = self._attributes.subject
        stable = assertion.name_id_format != TRANSIENT
        found = assertion.value(named) if named else assertion.name_id if stable else None
        if found is None:
            raise nobody()
        return found
