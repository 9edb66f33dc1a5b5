"""Each provider's login in front of the program oidc-provider, dressed as that provider."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
from tests.peers.browser import Browser
from tests.peers.journeys import Login
from tests.peers.openid import CLIENT, LANDING, SECRET, oidc_provider

from edlink.classlink.login import ClassLinkLogin
from edlink.clever.login import CleverLogin
from edlink.entra.login import EntraLogin
from edlink.sso import MemoryReplayStore
from edlink.sso.sender import Sender
from edlink.veracross.login import VeracrossLogin
from edlink.vocabulary import Role

TENANT = "11111111-2222-3333-4444-555555555555"
PERSON = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


#: An app's settings at any provider.
App = Mapping[str, Any]


def settings() -> App:
    """Return the app's settings as they are registered."""
    return {
        "client_id": CLIENT,
        "redirect_uri": LANDING,
        "replay_store": MemoryReplayStore(),
    }


class Forgetful:
    """A replay store that remembers nothing."""

    def add_once(self, key: str, expires_at: int) -> bool:
        """Take every answer for a new one."""
        return bool(key) and expires_at > 0


@attrs.frozen(kw_only=True)
class Case:
    """
    One provider's login.

    Attributes:
        peer: How oidc-provider is dressed.
        make: Makes the login for the provider's address and folder, with the app's settings.
        person: The login name of the one who signs in.
        key: The identity's key.
        role: The identity's role.
        others: Further people by login name, with the code that refuses each.
    """

    peer: Mapping[str, Any]
    make: Callable[[str, Path, App], Login]
    person: str
    key: tuple[str, str, str]
    role: Role
    others: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Running:
    """A provider that runs, with a login for it."""

    case: Case
    base: str
    folder: Path
    landing: str
    login: Login

    def login_with(self, **app: Any) -> Login:  # noqa: ANN401 - any setting
        """Return a login with some of the app's settings replaced."""
        return self.case.make(self.base, self.folder, {**settings(), **app})

    def arrive(self, url: str, name: str = "") -> dict[str, str]:
        """Return what a person's browser brings back from the provider."""
        ca_file = str(self.folder / "ca.pem") if self.case.peer.get("tls") else None
        with Browser(ca_file) as browser:
            name = name or self.case.person
            return browser.sign_in(url, self.landing, login=name, password="any")


@contextmanager
def running(name: str, folder: Path, landing: str = LANDING) -> Iterator[Running]:
    """Yield the case of that name, running, for an app that takes people back at an address."""
    case = CASES[name]
    with oidc_provider(folder, **case.peer, landing=landing) as base:
        login = case.make(base, folder, {**settings(), "redirect_uri": landing})
        yield Running(case=case, base=base, folder=folder, landing=landing, login=login)


def _clever(protocol: Any) -> Case:  # noqa: ANN401 - one of its two words
    claims = {
        "district": "d-1",
        "multi_role_user_id": "u-1",
        "user_id": "old-1",
        "user_type": "teacher",
    }
    user = {"id": "u-1", "district": "d-1", "roles": {"teacher": {"legacy_id": "old-1"}}}

    def make(base: str, _: Path, app: App) -> Login:
        return CleverLogin(
            districts={"d-1"},
            protocol=protocol,
            issuer=base,
            api_url=f"{base}/v3.1",
            client_secret=SECRET,
            **app,
        )

    return Case(
        peer={
            "routes": {
                "authorization": "/oauth/authorize",
                "token": "/oauth/tokens",
                "jwks": "/oauth/certs",
            },
            "method": "client_secret_basic",
            "accounts": {"teacher-1": claims},
            "profiles": {
                "/v3.1/me": {"teacher-1": {"data": {"id": "u-1", "district": "d-1"}}},
                "/v3.1/users/u-1": {"teacher-1": {"data": user}},
            },
        },
        make=make,
        person="teacher-1",
        key=("clever", "d-1", "u-1"),
        role=Role.teacher,
    )


def _classlink(protocol: Any) -> Case:  # noqa: ANN401 - one of its two words
    info = {"UserId": 501, "TenantId": 77, "SourcedId": "SIS-1001", "Role": "Student"}
    foreign = {**info, "UserId": 503, "TenantId": 78}

    def make(base: str, _: Path, app: App) -> Login:
        return ClassLinkLogin(
            tenants={"77"},
            protocol=protocol,
            issuer=base,
            info_url=f"{base}/v2/my/info",
            client_secret=SECRET,
            **app,
        )

    refused = {"503": "EDL-LOGIN-032"} | ({"502": "EDL-LOGIN-031"} if protocol == "oidc" else {})
    return Case(
        peer={
            "routes": {
                "authorization": "/oauth2/v2/auth",
                "token": "/oauth2/v2/token",
                "jwks": "/oauth2/v2/jwks",
            },
            "scopes": ("openid", "profile", "oneroster"),
            "accounts": {"501": {}, "502": {}, "503": {}},
            # The second person is given the first one's profile.
            "profiles": {"/v2/my/info": {"501": info, "502": info, "503": foreign}},
        },
        make=make,
        person="501",
        key=("classlink", "77", "501"),
        role=Role.student,
        others=refused,
    )


def _veracross(protocol: Any) -> Case:  # noqa: ANN401 - one of its two words
    claims = {"preferred_username": "p1", "email": None, "roles": ["Parent"]}

    def make(base: str, _: Path, app: App) -> Login:
        return VeracrossLogin(
            route="alder",
            registered_redirect_uris={app["redirect_uri"]},
            protocol=protocol,
            accounts_url=base,
            client_secret=SECRET,
            **app,
        )

    return Case(
        peer={
            "prefix": "/alder",
            "routes": {
                "authorization": "/oauth/authorize",
                "token": "/oauth/token",
                "jwks": "/oauth/discovery/keys",
            },
            "scopes": ("openid", "sso"),
            "accounts": {"7001": claims},
            "profiles": {"/alder/oauth/userinfo": {"7001": {"sub": "7001", **claims}}},
        },
        make=make,
        person="7001",
        key=("veracross", "alder", "7001"),
        role=Role.guardian,
    )


def _entra(mode: Any) -> Case:  # noqa: ANN401 - one of its two words
    claims = {"tid": TENANT, "oid": PERSON, "ver": "2.0", "acct": 0, "roles": ["Teacher"]}

    def make(base: str, folder: Path, app: App) -> Login:
        return EntraLogin(
            tenant_id=TENANT,
            client_credential=SECRET,
            authority=base,
            allow_test_authority=True,
            response_mode=mode,
            sender=Sender(ca_file=str(folder / "ca.pem")),
            **app,
        )

    return Case(
        peer={
            "prefix": f"/{TENANT}/v2.0",
            "pkce": True,
            "tls": True,
            "scopes": ("openid", "profile"),
            "accounts": {
                "member": claims,
                "guest": {**claims, "acct": 1},
                "other": {**claims, "tid": PERSON},
            },
        },
        make=make,
        person="member",
        key=("entra", TENANT, PERSON),
        role=Role.teacher,
        others={"guest": "EDL-LOGIN-036", "other": "EDL-LOGIN-032"},
    )


CASES: Mapping[str, Case] = {
    "clever, OpenID": _clever("oidc"),
    "clever, OAuth 2": _clever("oauth2"),
    "classlink, OpenID": _classlink("oidc"),
    "classlink, OAuth 2": _classlink("oauth2"),
    "veracross, OpenID": _veracross("oidc"),
    "veracross, OAuth 2": _veracross("oauth2"),
    "entra, query": _entra("query"),
    "entra, form_post": _entra("form_post"),
}
