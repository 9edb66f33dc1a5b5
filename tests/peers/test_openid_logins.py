from pathlib import Path

import pytest
from tests.peers.browser import Browser
from tests.peers.openid import CLIENT, LANDING, SECRET, oidc_provider

from edlink.classlink.login import ClassLinkLogin
from edlink.clever.login import CleverLogin
from edlink.entra.login import EntraLogin
from edlink.errors import InvalidLoginError, LoginError
from edlink.sso import Identity, MemoryReplayStore, RestartLogin
from edlink.sso.sender import Sender
from edlink.veracross.login import VeracrossLogin
from edlink.vocabulary import Role

pytestmark = pytest.mark.peer("oidc-provider")

TENANT = "11111111-2222-3333-4444-555555555555"
PERSON = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

Login = CleverLogin | ClassLinkLogin | VeracrossLogin | EntraLogin


def round_trip(login: Login, name: str, ca_file: str | None = None) -> Identity:
    """Sign in as a person would, starting at the app."""
    start = login.begin(return_to="/today")
    with Browser(ca_file) as browser:
        params = browser.sign_in(start.url, LANDING, login=name, password="any")
    found = login.complete(params, start.pending)
    assert isinstance(found, Identity)
    return found


@pytest.mark.parametrize("protocol", ["oidc", "oauth2"])
def test_clever_against_oidc_provider(tmp_path: Path, protocol: str) -> None:
    """A person signs in to Clever's routes, with HTTP Basic, from the app and from the portal."""
    claims = {
        "district": "d-1",
        "multi_role_user_id": "u-1",
        "user_id": "old-1",
        "user_type": "teacher",
    }
    user = {"id": "u-1", "district": "d-1", "roles": {"teacher": {"legacy_id": "old-1"}}}
    with oidc_provider(
        tmp_path,
        routes={
            "authorization": "/oauth/authorize",
            "token": "/oauth/tokens",
            "jwks": "/oauth/certs",
        },
        method="client_secret_basic",
        accounts={"alice": claims},
        profiles={
            "/v3.1/me": {"alice": {"data": {"id": "u-1", "district": "d-1"}}},
            "/v3.1/users/u-1": {"alice": {"data": user}},
        },
    ) as base:
        login = CleverLogin(
            client_id=CLIENT,
            client_secret=SECRET,
            redirect_uri=LANDING,
            districts={"d-1"},
            replay_store=MemoryReplayStore(),
            protocol=protocol,  # type: ignore[arg-type] # one of its two words
            issuer=base,
            api_url=f"{base}/v3.1",
        )
        identity = round_trip(login, "alice")
        again = login.complete({"code": "from-the-portal"}, None)
        assert isinstance(again, RestartLogin)
        with Browser() as browser:
            params = browser.sign_in(again.url, LANDING, login="alice", password="any")
        portal = login.complete(params, again.pending)
        assert all(f.is_ok or f.code == "EDL-CHECK-904" for f in login.check_login())
    assert isinstance(portal, Identity)
    assert portal.key == identity.key == ("clever", "d-1", "u-1")
    assert (identity.legacy_id, identity.roles) == ("old-1", (Role.teacher,))


def test_classlink_against_oidc_provider(tmp_path: Path) -> None:
    """A person signs in to LaunchPad's routes and profile; another user's profile is refused."""
    info = {"UserId": 501, "TenantId": 77, "SourcedId": "SIS-1001", "Role": "Student"}
    with oidc_provider(
        tmp_path,
        routes={
            "authorization": "/oauth2/v2/auth",
            "token": "/oauth2/v2/token",
            "jwks": "/oauth2/v2/jwks",
        },
        scopes=("openid", "profile", "oneroster"),
        accounts={"501": {}, "502": {}},
        profiles={"/v2/my/info": {"501": info, "502": info}},
    ) as base:
        login = ClassLinkLogin(
            client_id=CLIENT,
            client_secret=SECRET,
            redirect_uri=LANDING,
            tenants={"77"},
            replay_store=MemoryReplayStore(),
            issuer=base,
            info_url=f"{base}/v2/my/info",
        )
        identity = round_trip(login, "501")
        with pytest.raises(InvalidLoginError) as caught:
            round_trip(login, "502")
    assert identity.key == ("classlink", "77", "501")
    assert identity.sourced_id == "SIS-1001"
    assert caught.value.code == "EDL-LOGIN-031"


@pytest.mark.parametrize("protocol", ["oidc", "oauth2"])
def test_veracross_against_oidc_provider(tmp_path: Path, protocol: str) -> None:
    """A person signs in below a school's route with the credentials in the body."""
    claims = {"preferred_username": "p1", "email": None, "roles": ["Parent"]}
    with oidc_provider(
        tmp_path,
        prefix="/alder",
        routes={
            "authorization": "/oauth/authorize",
            "token": "/oauth/token",
            "jwks": "/oauth/discovery/keys",
        },
        scopes=("openid", "sso"),
        accounts={"7001": claims},
        profiles={"/alder/oauth/userinfo": {"7001": {"sub": "7001", **claims}}},
    ) as base:
        login = VeracrossLogin(
            route="alder",
            client_id=CLIENT,
            client_secret=SECRET,
            redirect_uri=LANDING,
            registered_redirect_uris={LANDING},
            replay_store=MemoryReplayStore(),
            protocol=protocol,  # type: ignore[arg-type] # one of its two words
            accounts_url=base,
        )
        identity = round_trip(login, "7001")
    assert (identity.key, identity.roles) == (("veracross", "alder", "7001"), (Role.guardian,))


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_entra_against_oidc_provider(tmp_path: Path, mode: str) -> None:
    """A person signs in through unmodified msal, over https, with PKCE demanded."""
    claims = {"tid": TENANT, "oid": PERSON, "ver": "2.0", "acct": 0, "roles": ["Teacher"]}
    with oidc_provider(
        tmp_path,
        prefix=f"/{TENANT}/v2.0",
        pkce=True,
        tls=True,
        scopes=("openid", "profile"),
        accounts={
            "alice": claims,
            "guest": {**claims, "acct": 1},
            "other": {**claims, "tid": PERSON},
        },
    ) as base:
        ca_file = str(tmp_path / "ca.pem")
        login = EntraLogin(
            tenant_id=TENANT,
            client_id=CLIENT,
            client_credential=SECRET,
            redirect_uri=LANDING,
            replay_store=MemoryReplayStore(),
            authority=base,
            allow_test_authority=True,
            response_mode=mode,  # type: ignore[arg-type] # one of its two words
            sender=Sender(ca_file=ca_file),
        )
        identity = round_trip(login, "alice", ca_file)
        refused = {}
        for name in ("guest", "other"):
            with pytest.raises(LoginError) as caught:
                round_trip(login, name, ca_file)
            refused[name] = caught.value.code
        assert "/session/end" in login.logout_url(return_to="https://app.example.org/")
    assert (identity.key, identity.roles) == (("entra", TENANT, PERSON), (Role.teacher,))
    assert refused == {"guest": "EDL-LOGIN-036", "other": "EDL-LOGIN-032"}


def test_a_wrong_issuer_in_the_callback_is_refused(tmp_path: Path) -> None:
    """The provider names itself in the callback; another name is refused before the exchange."""
    with oidc_provider(
        tmp_path,
        routes={"authorization": "/oauth/authorize", "token": "/oauth/tokens"},
        method="client_secret_basic",
        accounts={"alice": {"district": "d-1"}},
    ) as base:
        login = CleverLogin(
            client_id=CLIENT,
            client_secret=SECRET,
            redirect_uri=LANDING,
            districts={"d-1"},
            replay_store=MemoryReplayStore(),
            protocol="oidc",
            issuer=base,
        )
        start = login.begin()
        with Browser() as browser:
            params = browser.sign_in(start.url, LANDING, login="alice", password="any")
        assert params["iss"] == base
        with pytest.raises(InvalidLoginError) as caught:
            login.complete({**params, "iss": "https://evil.example.org"}, start.pending)
    assert caught.value.code == "EDL-LOGIN-013"


def test_the_provider_itself_refuses_a_used_code(tmp_path: Path) -> None:
    """With a store that forgets, a used code reaches the provider, and is refused there."""

    class Forgetful:
        def add_once(self, key: str, expires_at: int) -> bool:
            return bool(key) and expires_at > 0

    with oidc_provider(
        tmp_path,
        routes={"authorization": "/oauth/authorize", "token": "/oauth/tokens"},
        method="client_secret_basic",
        accounts={"alice": {"district": "d-1"}},
    ) as base:
        login = CleverLogin(
            client_id=CLIENT,
            client_secret=SECRET,
            redirect_uri=LANDING,
            districts={"d-1"},
            replay_store=Forgetful(),
            protocol="oidc",
            issuer=base,
        )
        start = login.begin()
        with Browser() as browser:
            params = browser.sign_in(start.url, LANDING, login="alice", password="any")
        assert isinstance(login.complete(params, start.pending), Identity)
        with pytest.raises(InvalidLoginError) as caught:
            login.complete(params, start.pending)
    assert caught.value.code == "EDL-LOGIN-015"
