"""How people may sign in: one connector for each kind of sign-in a district offers."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

import attrs
from examples.conference_host.connections import Connector, Facts, Field, test_address

from edlink.classlink.login import INFO_URL, ClassLinkLogin
from edlink.classlink.login import ISSUER as LAUNCHPAD
from edlink.classlink.saml_login import ClassLinkAttributes, ClassLinkSamlLogin
from edlink.clever.login import API_URL, CleverLogin
from edlink.clever.login import ISSUER as CLEVER
from edlink.entra.login import AUTHORITY, EntraLogin
from edlink.report import Finding
from edlink.sso import Identity, LoginStart, PendingLogin, ReplayStore, RestartLogin
from edlink.sso.sender import Sender
from edlink.veracross.login import ACCOUNTS_URL, VeracrossLogin

CALLBACK, METADATA = "/callback", "/saml/metadata"

_METADATA_COPY = "metadata"


class Login(Protocol):
    """What every login class of edlink can do."""

    def begin(self, *, return_to: str | None = None) -> LoginStart:
        """Return where to send the browser and what to keep."""
        ...

    def complete(
        self, params: Mapping[str, str], pending: PendingLogin | None, /
    ) -> Identity | RestartLogin:
        """Return who signed in, or a restart."""
        ...

    def check_login(self) -> tuple[Finding, ...]:
        """Return what would keep people from signing in."""
        ...


@attrs.frozen(kw_only=True)
class Landing:
    """What every login needs of this app: its own address, a memory, and a way to ask."""

    public_url: str
    replay_store: ReplayStore
    sender: Sender

    @property
    def callback(self) -> str:
        """Where people come back."""
        return self.public_url + CALLBACK

    def code_flow(self, facts: Facts) -> dict[str, Any]:
        """Return the settings that all logins by code share, but for Microsoft's secret."""
        return {
            "client_id": facts["client_id"],
            "client_secret": facts["client_secret"],
            "redirect_uri": self.callback,
            "replay_store": self.replay_store,
            "sender": self.sender,
        }


Opener: TypeAlias = Callable[[Facts, Landing], Login]


def _clever(facts: Facts, landing: Landing) -> Login:
    url = facts.get("test_url")
    return CleverLogin(
        districts={facts["tenant"]},
        issuer=url or CLEVER,
        api_url=f"{url}/v3.1" if url else API_URL,
        **landing.code_flow(facts),
    )


def _classlink(facts: Facts, landing: Landing) -> Login:
    url = facts.get("test_url")
    return ClassLinkLogin(
        tenants={facts["tenant"]},
        issuer=url or LAUNCHPAD,
        info_url=f"{url}/v2/my/info" if url else INFO_URL,
        **landing.code_flow(facts),
    )


def _classlink_saml(facts: Facts, landing: Landing) -> Login:
    return ClassLinkSamlLogin(
        tenant=facts["tenant"],
        entity_id=landing.public_url + METADATA,
        acs_url=landing.callback,
        idp_metadata=facts.get(_METADATA_COPY, ""),
        idp_metadata_url=facts["metadata_url"],
        attributes=ClassLinkAttributes(subject=facts["sourced_id"], sourced_id=facts["sourced_id"]),
        # A click on a tile begins a login of our own, as it does with the other logins.
        unsolicited="restart",
        replay_store=landing.replay_store,
        sender=landing.sender,
    )


def keep_metadata(facts: Facts, landing: Landing) -> dict[str, str]:
    """
    Return the facts with a copy of the metadata, where there is an address of them.

    The copy says from then on which provider and which host are right, also after a restart.

    Raises:
        LoginError: The address does not answer.
    """
    if "metadata_url" not in facts:
        return dict(facts)
    answer = landing.sender.get(facts["metadata_url"], what="metadata")
    return {**facts, _METADATA_COPY: answer.body.decode("utf-8", "replace")}


def _veracross(facts: Facts, landing: Landing) -> Login:
    return VeracrossLogin(
        route=facts["tenant"],
        registered_redirect_uris={landing.callback},
        accounts_url=facts.get("test_url", ACCOUNTS_URL),
        **landing.code_flow(facts),
    )


def _entra(facts: Facts, landing: Landing) -> Login:
    return EntraLogin(
        tenant_id=facts["tenant"],
        client_id=facts["client_id"],
        client_credential=facts["client_secret"],
        redirect_uri=landing.callback,
        replay_store=landing.replay_store,
        authority=facts.get("test_url", AUTHORITY),
        allow_test_authority="test_url" in facts,
        sender=landing.sender,
    )


_APP = (
    Field(name="client_id", label="Client id"),
    Field(name="client_secret", label="Client secret", kind="password"),
)
_TEST_URL = test_address("test_url", "Sandbox: address of sign-in")
_TENANT = Field(name="tenant", label="Tenant id", hint="A number.")
_VOUCHES = Field(
    name="vouches",
    label="People have the same ids here as in the roster",
    hint="True where ClassLink sends the ids of the district's OneRoster data.",
    kind="checkbox",
    is_required=False,
)
_REDIRECT = (("Redirect address", CALLBACK),)

LOGINS: Mapping[str, Connector[Opener]] = {
    "clever": Connector(
        title="Clever",
        provider="clever",
        fields=(Field(name="tenant", label="District id"), *_APP, _TEST_URL),
        open=_clever,
        copies=_REDIRECT,
    ),
    "classlink": Connector(
        title="ClassLink LaunchPad",
        provider="classlink",
        fields=(_TENANT, *_APP, _VOUCHES, _TEST_URL),
        open=_classlink,
        copies=_REDIRECT,
    ),
    "classlink-saml": Connector(
        title="ClassLink SAML",
        provider="classlink",
        fields=(
            _TENANT,
            Field(
                name="metadata_url",
                label="IDP metadata address",
                hint="ClassLink Management Console, Single Sign-On, SAML Console.",
                is_address=True,
            ),
            Field(
                name="sourced_id",
                label="Attribute that holds the person's id",
                hint="The name given to OR:userSourcedId in the SAML Console.",
            ),
            _VOUCHES,
        ),
        open=_classlink_saml,
        copies=(("Metadata address", METADATA), ("Where ClassLink posts people", CALLBACK)),
    ),
    "veracross": Connector(
        title="Veracross",
        provider="veracross",
        fields=(Field(name="tenant", label="School route"), *_APP, _TEST_URL),
        open=_veracross,
        copies=_REDIRECT,
        sends_ids=False,
        note="Veracross does not say whose parent has signed in: staff approve each child"
        " that a parent adds.",
    ),
    "entra": Connector(
        title="Microsoft Entra ID",
        provider="entra",
        fields=(Field(name="tenant", label="Directory (tenant) id"), *_APP, _TEST_URL),
        open=_entra,
        copies=_REDIRECT,
        note="Microsoft does not say whose parent has signed in: staff approve each child"
        " that a parent adds.",
    ),
}
