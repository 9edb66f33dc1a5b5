"""
Sign-in through ClassLink with SAML 2.0; one connection per district.

The district's administrator copies an IDP Metadata URL out of the SAML Console, chooses what is
sent under which attribute names, and takes our metadata in return.  Nothing is known of a person
but what those names say, so the names are settings here too.
"""

import enum
import time
from collections.abc import Callable, Collection, Mapping
from typing import Literal

import attrs

from edlink.classlink.values import read_role
from edlink.errors import ConfigError
from edlink.report import Finding
from edlink.sso.code_flow import allow_list
from edlink.sso.doctor import clock_finding, redirect_finding
from edlink.sso.identity import Identity, Unverified
from edlink.sso.pending import LoginStart, PendingLogin, RestartLogin
from edlink.sso.refusals import foreign_tenant, nobody
from edlink.sso.saml import Assertion, FixedMetadata, RemoteMetadata, SamlFlow, service_metadata
from edlink.sso.saml.doctor import metadata_findings
from edlink.sso.saml.flow import Metadata
from edlink.sso.saml.metadata import require_metadata
from edlink.sso.saml.names import EMAIL_ADDRESS, TRANSIENT
from edlink.sso.saml.service import require_key_pair
from edlink.sso.sender import Sender
from edlink.sso.stores import ReplayStore


class NameId(enum.Enum):
    """
    Taken in place of an attribute's name: the assertion's NameID names the person.

    What ClassLink puts there is a choice of each connection: a login id, an e-mail address or an
    id of the roster.  Say that it is ``lasting`` where the district has said so.
    """

    lasting = "lasting"


@attrs.frozen(kw_only=True)
class ClassLinkAttributes:
    """
    The attribute names that the district's administrator chose; None for what is not sent.

    Attributes:
        subject: What names a person for good: the attribute that holds ClassLink's ID or
            OR:userSourcedId, never an e-mail address; ``NameId.lasting`` takes the NameID, unless
            its format is transient or an e-mail address.
        sourced_id: What ClassLink calls OR:userSourcedId: the join with the OneRoster data.
        tenant_id: Tenant ID; where it is named, it must equal the login's tenant.
        role: Role.
        login_id: Login id.
        email: Email or OR:userEmail.
        given_name: Given Name.
        family_name: Family Name.
    """

    subject: str | NameId
    sourced_id: str | None = None
    tenant_id: str | None = None
    role: str | None = None
    login_id: str | None = None
    email: str | None = None
    given_name: str | None = None
    family_name: str | None = None

    def __attrs_post_init__(self) -> None:
        if not self.subject or self.subject == self.email:
            message = "subject must be an attribute that names a person for good"
            fix = "Name the attribute of ClassLink's ID or OR:userSourcedId, or NameId.lasting."
            raise ConfigError("EDL-CONF-076", message, fix=fix)


class ClassLinkSamlLogin:
    """
    Sign-in through one district's ClassLink SAML connection.

    Args:
        tenant: The district, as the host names it (ClassLink's TenantId does well).
        entity_id: Our entity id, as in the metadata the district was given.
        acs_url: Where ClassLink posts responses.
        replay_store: Where used responses are remembered.
        attributes: The names the district's administrator chose.
        idp_metadata: The district's metadata as XML text.  Beside the address it is a kept copy: it
            says which entity id and which host are right, and serves until the address answers.
        idp_metadata_url: The district's IDP Metadata URL.
        idp_entity_id: The district's entity id, which no document then changes; where it is empty
            the copy decides, or else the first document that this process reads.
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
        ConfigError: EDL-CONF-050, 051, 053, 054, 055 or 075 for settings that cannot be right.
    """

    def __init__(  # noqa: PLR0913 - one keyword per setting
        self,
        *,
        tenant: str,
        entity_id: str,
        acs_url: str,
        replay_store: ReplayStore,
        attributes: ClassLinkAttributes,
        idp_metadata: str = "",
        idp_metadata_url: str = "",
        idp_entity_id: str = "",
        unsolicited: Literal["refuse", "restart", "accept"] = "refuse",
        private_key: str = "",
        certificate: str = "",
        assertion_signed: bool = True,
        skew: int = 60,
        return_origins: Collection[str] = (),
        sender: Sender | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not idp_metadata and not idp_metadata_url:
            message = "give the identity provider's metadata, by address or as text"
            raise ConfigError("EDL-CONF-055", message)
        allow_list([tenant], name="tenant")
        require_key_pair(private_key, certificate)
        self._attributes = attributes
        self._certificate = certificate
        self._sender = sender or Sender()
        self._metadata_url = idp_metadata_url
        self._flow = SamlFlow(
            provider="classlink",
            tenant=tenant,
            entity_id=entity_id,
            acs_url=acs_url,
            metadata=_metadata(idp_metadata, idp_metadata_url, idp_entity_id or None, self._sender),
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
        now = self._flow.clock()
        found = (address, *metadata_findings(self._flow.metadata, now))
        if not self._metadata_url:
            return found
        return (*found, clock_finding(self._sender, self._metadata_url, now))

    def _identity(self, assertion: Assertion) -> Identity:
        names = self._attributes
        if names.tenant_id and assertion.value(names.tenant_id) != self._flow.tenant:
            raise foreign_tenant()
        role = assertion.value(names.role)
        return Identity(
            provider="classlink",
            tenant=self._flow.tenant,
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
        if isinstance(named, str):
            found = assertion.value(named)
        elif assertion.name_id_format in (TRANSIENT, EMAIL_ADDRESS):
            found = None
        else:
            found = assertion.name_id
        if found is None or not found.strip():
            raise nobody()
        return found


def _metadata(xml: str, url: str, entity_id: str | None, sender: Sender) -> Metadata:
    """Return where the metadata come from; beside an address the text is a kept copy."""
    if not url:
        return FixedMetadata(xml, entity_id=entity_id)
    kept = require_metadata(xml, entity_id=entity_id) if xml else None
    return RemoteMetadata(url, entity_id=entity_id, kept=kept, sender=sender)
