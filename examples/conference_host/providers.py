"""What a school's connection to a provider is, and the edlink classes that it opens."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import attrs

from edlink.classlink import ClassLinkPartner
from edlink.classlink.client import PROXY
from edlink.classlink.login import INFO_URL, ClassLinkLogin
from edlink.classlink.login import ISSUER as LAUNCHPAD
from edlink.clever import CleverClient
from edlink.clever.login import API_URL, ISSUER, CleverLogin
from edlink.coverage import Source
from edlink.oneroster import HttpSettings
from edlink.report import Finding
from edlink.roster import RosterSource
from edlink.sso import Identity, LoginStart, PendingLogin, ReplayStore, RestartLogin


@attrs.frozen(kw_only=True)
class Connection:
    """
    One district at one provider.

    Attributes:
        provider: ``clever`` or ``classlink``.
        tenant: The district's id there.
        roster_key: Clever's district token, or the partner's API key at ClassLink.
        client_id: The app's id for sign-in.
        client_secret: The app's secret for sign-in.
        roster_url: Another address of the provider's data, for a sandbox.
        login_url: Another address of the provider's sign-in, for a sandbox.
    """

    provider: str
    tenant: str
    roster_key: str = attrs.field(repr=False)
    client_id: str
    client_secret: str = attrs.field(repr=False)
    roster_url: str | None = None
    login_url: str | None = None

    @property
    def source(self) -> Source:
        """Provider and tenant, as rosters and identities name them."""
        return Source(self.provider, self.tenant)


class Login(Protocol):
    """What every login class of edlink can do."""

    def begin(self, *, return_to: str | None = None) -> LoginStart:
        """Return where to send the browser and what to keep."""
        ...

    def complete(
        self, params: Mapping[str, str], pending: PendingLogin | None
    ) -> Identity | RestartLogin:
        """Return who signed in, or a restart."""
        ...

    def check_login(self) -> tuple[Finding, ...]:
        """Return what would keep people from signing in."""
        ...


def open_client(connection: Connection) -> AbstractContextManager[RosterSource]:
    """Return the connection's roster client, for a ``with`` block."""
    return PROVIDERS[connection.provider].client(connection)


def open_login(connection: Connection, redirect_uri: str, replay_store: ReplayStore) -> Login:
    """Return the connection's login."""
    facts = {
        "client_id": connection.client_id,
        "client_secret": connection.client_secret,
        "redirect_uri": redirect_uri,
        "replay_store": replay_store,
    }
    return PROVIDERS[connection.provider].login(connection, facts)


@contextmanager
def _clever_client(connection: Connection) -> Iterator[RosterSource]:
    with CleverClient(
        connection.roster_key,
        district_id=connection.tenant,
        base_url=connection.roster_url,
        # A sandbox need not be spared.
        settings=HttpSettings(rate=0) if connection.roster_url else None,
    ) as client:
        yield client


def _clever_login(connection: Connection, facts: dict[str, Any]) -> Login:
    url = connection.login_url
    return CleverLogin(
        districts={connection.tenant},
        issuer=url or ISSUER,
        api_url=f"{url}/v3.1" if url else API_URL,
        **facts,
    )


@contextmanager
def _classlink_client(connection: Connection) -> Iterator[RosterSource]:
    with (
        ClassLinkPartner(connection.roster_key, host=connection.roster_url or PROXY) as partner,
        partner.district(connection.tenant).roster_client() as client,
    ):
        yield client


def _classlink_login(connection: Connection, facts: dict[str, Any]) -> Login:
    url = connection.login_url
    return ClassLinkLogin(
        tenants={connection.tenant},
        issuer=url or LAUNCHPAD,
        info_url=f"{url}/v2/my/info" if url else INFO_URL,
        **facts,
    )


@attrs.frozen(kw_only=True)
class Provider:
    """A provider as the connection form offers it."""

    title: str
    tenant_label: str
    key_label: str
    client: Callable[[Connection], AbstractContextManager[RosterSource]]
    login: Callable[[Connection, dict[str, Any]], Login]


PROVIDERS: Mapping[str, Provider] = {
    "clever": Provider(
        title="Clever",
        tenant_label="District id",
        key_label="District token",
        client=_clever_client,
        login=_clever_login,
    ),
    "classlink": Provider(
        title="ClassLink",
        tenant_label="Tenant id",
        key_label="Partner API key",
        client=_classlink_client,
        login=_classlink_login,
    ),
}
