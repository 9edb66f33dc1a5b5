import time
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest
import requests
from tests.peers.glewlwyd import Glewlwyd, glewlwyd
from tests.peers.journeys import Arrive, Login, from_the_app, from_the_provider
from tests.peers.openid import CLIENT, LANDING, SECRET
from tests.peers.openid_cases import PERSON, TENANT
from tests.peers.processes import require_peer
from tests.sso.issuer import running_issuer

from edlink.classlink.login import ClassLinkLogin
from edlink.entra.login import EntraLogin
from edlink.errors import InvalidLoginError
from edlink.sso import Identity, MemoryReplayStore
from edlink.sso.code_flow import Admitted, CodeFlow
from edlink.sso.id_token import TokenRules, verify_id_token
from edlink.sso.keys import KeySet
from edlink.sso.sender import Sender
from edlink.vocabulary import Severity

Journey = Callable[[Login, Arrive], Identity]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Glewlwyd]:
    require_peer("glewlwyd")
    with glewlwyd(tmp_path_factory.mktemp("glewlwyd")) as running:
        yield running


def flow_at(provider: Glewlwyd) -> CodeFlow:
    return CodeFlow(
        provider="clever",
        client_id=CLIENT,
        client_secret=SECRET,
        redirect_uri=LANDING,
        authorize_url=f"{provider.issuer}/auth",
        token_url=f"{provider.issuer}/token",
        scopes=("openid",),
        credentials="body",
        replay_store=MemoryReplayStore(),
        issuer=provider.issuer,
    )


def claims_at(provider: Glewlwyd, token: str | None, nonce: str) -> dict[str, Any]:
    discovery = f"{provider.issuer}/.well-known/openid-configuration"
    keys = KeySet(issuers=(provider.issuer,), discovery_url=discovery)
    rules = TokenRules(keys=keys, client_id=CLIENT)
    return verify_id_token(token, rules, nonce=nonce, now=time.time())


def test_the_shared_flow_signs_in_at_glewlwyd(provider: Glewlwyd) -> None:
    """A code with PKCE and a nonce gives an id token that holds, from keys found by discovery."""
    flow = flow_at(provider)
    start = flow.begin()
    admitted = flow.admit(provider.sign_in(start.url), start.pending)
    assert isinstance(admitted, Admitted)
    tokens = flow.redeem(admitted)
    claims = claims_at(provider, tokens.id_token, start.pending.nonce)
    assert (claims["aud"], claims["iss"]) == (CLIENT, provider.issuer)
    with pytest.raises(InvalidLoginError) as caught:
        claims_at(provider, tokens.id_token, "another")
    assert caught.value.code == "EDL-LOGIN-028"


@pytest.mark.parametrize("verifier", ["", "w" * 64])
def test_glewlwyd_refuses_a_wrong_verifier(provider: Glewlwyd, verifier: str) -> None:
    """Without the verifier that this browser's login kept, the provider refuses the code."""
    flow = flow_at(provider)
    start = flow.begin()
    admitted = flow.admit(provider.sign_in(start.url), start.pending)
    assert isinstance(admitted, Admitted)
    stolen = attrs.evolve(admitted, pending=attrs.evolve(admitted.pending, code_verifier=verifier))
    with pytest.raises(InvalidLoginError) as caught:
        flow.redeem(stolen)
    assert caught.value.code == "EDL-LOGIN-015"


def test_glewlwyd_refuses_a_used_code(provider: Glewlwyd) -> None:
    """A code that was exchanged is refused by the provider too."""
    flow = flow_at(provider)
    start = flow.begin()
    admitted = flow.admit(provider.sign_in(start.url), start.pending)
    assert isinstance(admitted, Admitted)
    flow.redeem(admitted)
    with pytest.raises(InvalidLoginError) as caught:
        flow.redeem(admitted)
    assert caught.value.code == "EDL-LOGIN-015"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Glewlwyd]:
    """Return a provider under a directory's address, whose tokens say what Microsoft's do."""
    require_peer("glewlwyd")
    people = {
        "member": {"tid": TENANT, "oid": PERSON, "ver": "2.0", "acct": "0"},
        "guest": {"tid": TENANT, "oid": PERSON, "ver": "2.0", "acct": "1"},
        "other": {"tid": PERSON, "oid": PERSON, "ver": "2.0", "acct": "0"},
    }
    claims = {"tid": "string", "oid": "string", "ver": "string", "acct": "number"}
    folder = tmp_path_factory.mktemp("directory")
    with glewlwyd(folder, path=(TENANT, "v2.0"), tls=True, people=people, claims=claims) as one:
        yield one


@pytest.fixture
def entra(directory: Glewlwyd) -> EntraLogin:
    return EntraLogin(
        tenant_id=TENANT,
        client_id=CLIENT,
        client_credential=SECRET,
        redirect_uri=LANDING,
        replay_store=MemoryReplayStore(),
        authority=directory.base,
        allow_test_authority=True,
        sender=Sender(ca_file=directory.ca_file),
    )


@pytest.mark.parametrize("journey", [from_the_app, from_the_provider])
def test_entra_signs_in_at_glewlwyd(
    directory: Glewlwyd, entra: EntraLogin, journey: Journey
) -> None:
    """Unmodified msal signs a member in, from the app and from outside, and edlink believes it."""
    found = journey(entra, lambda url: directory.sign_in(url, "member"))
    assert (found.key, found.is_guest) == (("entra", TENANT, PERSON), False)
    assert found.auth_time is None  # glewlwyd says 0
    assert [f.code for f in entra.check_login() if f.severity is Severity.error] == []


@pytest.mark.parametrize(("person", "code"), [("guest", "036"), ("other", "032")])
def test_entra_refuses_others_at_glewlwyd(
    directory: Glewlwyd, entra: EntraLogin, person: str, code: str
) -> None:
    """A guest, and a person of another directory, are refused."""
    start = entra.begin()
    with pytest.raises(InvalidLoginError) as caught:
        entra.complete(directory.sign_in(start.url, person), start.pending)
    assert caught.value.code == f"EDL-LOGIN-{code}"


@pytest.fixture(scope="module")
def launchpad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Glewlwyd]:
    """Return a provider under LaunchPad's addresses; its subjects are no numbers: OAuth 2 alone."""
    require_peer("glewlwyd")
    folder = tmp_path_factory.mktemp("launchpad")
    with glewlwyd(folder, path=("oauth2", "v2")) as one:
        yield one


@pytest.mark.parametrize("journey", [from_the_app, from_the_provider])
def test_classlink_signs_in_at_glewlwyd(launchpad: Glewlwyd, journey: Journey) -> None:
    """A person signs in by OAuth 2, and the profile is asked for with the provider's own token."""
    with running_issuer() as profiles:
        profiles.answers["/v2/my/info"] = {"UserId": 501, "TenantId": 77, "Role": "Student"}
        subject = ClassLinkLogin(
            client_id=CLIENT,
            client_secret=SECRET,
            redirect_uri=LANDING,
            tenants={"77"},
            replay_store=MemoryReplayStore(),
            protocol="oauth2",
            issuer=launchpad.base,
            info_url=f"{profiles.url}/v2/my/info",
        )
        found = journey(subject, launchpad.sign_in)
        asked = profiles.asked("/v2/my/info")
    assert found.key == ("classlink", "77", "501")
    token = {"Authorization": asked[-1].headers["authorization"]}
    assert requests.get(f"{launchpad.issuer}/userinfo", headers=token, timeout=10).ok
