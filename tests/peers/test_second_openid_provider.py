import time
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from tests.peers.glewlwyd import Glewlwyd, glewlwyd
from tests.peers.openid import CLIENT, LANDING, SECRET
from tests.peers.processes import require_peer

from edlink.errors import InvalidLoginError
from edlink.sso import MemoryReplayStore
from edlink.sso.code_flow import Admitted, CodeFlow
from edlink.sso.id_token import TokenRules, verify_id_token
from edlink.sso.keys import KeySet


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
