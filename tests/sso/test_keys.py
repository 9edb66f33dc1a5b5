from typing import Any

import pytest
from tests.sso.conftest import Clock
from tests.sso.issuer import Issuer, public_jwk, rsa_key

from edlink.errors import InvalidLoginError, LoginError
from edlink.sso.keys import MAX_AGE, PAUSE, KeySet


def test_keys_are_read_once_a_day(issuer: Issuer, keys: KeySet, clock: Clock) -> None:
    """Keys are read once and again after a day."""
    keys.find("k1")
    clock.now += MAX_AGE - 1
    keys.find("k1")
    assert len(issuer.asked("/jwks")) == 1
    clock.now += 1
    keys.find("k1")
    assert len(issuer.asked("/jwks")) == 2


def test_a_rolled_key_is_found_at_once(issuer: Issuer, keys: KeySet, clock: Clock) -> None:
    """A key id nobody knows makes one fresh look, which finds a rolled key."""
    keys.find("k1")
    issuer.answers["/jwks"] = {"keys": [public_jwk(rsa_key("second"), kid="k2")]}
    clock.now += PAUSE
    assert keys.find("k2").key_id == "k2"


def test_forged_key_ids_cause_one_look_a_minute(issuer: Issuer, keys: KeySet, clock: Clock) -> None:
    """However many unknown key ids arrive, the provider is asked once a minute."""
    keys.find("k1")
    for _ in range(5):
        with pytest.raises(InvalidLoginError):
            keys.find("nobody")
    assert len(issuer.asked("/jwks")) == 1
    clock.now += PAUSE
    for _ in range(5):
        with pytest.raises(InvalidLoginError):
            keys.find("nobody")
    assert len(issuer.asked("/jwks")) == 2


def test_the_last_good_keys_serve_while_the_provider_is_down(
    issuer: Issuer, keys: KeySet, clock: Clock
) -> None:
    """While the provider is down, known keys serve until they are a day old, then none do."""
    keys.find("k1")
    issuer.answers.clear()
    clock.now += PAUSE
    with pytest.raises(InvalidLoginError):
        keys.find("nobody")
    assert keys.find("k1").key_id == "k1"
    clock.now += MAX_AGE
    with pytest.raises(LoginError) as caught:
        keys.find("k1")
    assert caught.value.code == "EDL-LOGIN-020"


def test_a_provider_that_is_down_is_not_asked_at_every_login(issuer: Issuer, keys: KeySet) -> None:
    """After a failed look the next login does not ask again at once."""
    issuer.answers.clear()
    for code in ("EDL-LOGIN-020", "EDL-LOGIN-021"):
        with pytest.raises(LoginError) as caught:
            keys.find("k1")
        assert caught.value.code == code
    assert len(issuer.seen) == 1


@pytest.mark.parametrize(
    "entries",
    [
        [],
        "keys",
        [None],
        [public_jwk(rsa_key("issuer"), kid="k1", use="enc")],
        [public_jwk(rsa_key("issuer"), kid="k1", key_ops=["sign"])],
        [public_jwk(rsa_key("issuer"), kid="k1", key_ops=None)],
        [public_jwk(rsa_key("issuer"), kid="k1", key_ops=7)],
        [public_jwk(rsa_key("issuer"), kid="k1", key_ops="verify")],
        [public_jwk(rsa_key("issuer"), kid="k1", alg="RS512")],
        [public_jwk(rsa_key("issuer"), kid=7)],
        [public_jwk(rsa_key("short"), kid="k1")],
        [{"kty": "RSA", "kid": "k1", "n": "!!", "e": "AQAB"}],
        [{"kty": "RSA", "kid": "k1"}],
        [{"kty": "oct", "kid": "k1", "k": "AAAA"}],
        [public_jwk(rsa_key("issuer"), kid="k1"), public_jwk(rsa_key("attacker"), kid="k1")],
        [public_jwk(rsa_key("issuer"), kid=f"k{n}") for n in range(101)],
    ],
)
def test_unusable_keys_are_no_keys(issuer: Issuer, keys: KeySet, entries: Any) -> None:  # noqa: ANN401
    """Keys for other uses, weak, broken, doubled or too many are not used."""
    issuer.answers["/jwks"] = {"keys": entries}
    with pytest.raises(LoginError) as caught:
        keys.find("k1")
    assert caught.value.code == "EDL-LOGIN-021"


def test_ten_megabytes_of_keys_are_refused(issuer: Issuer, keys: KeySet) -> None:
    """A key document beyond the size limit is not read to its end."""
    issuer.answers["/jwks"] = (200, {}, b" " * 10_000_000)
    with pytest.raises(LoginError) as caught:
        keys.find("k1")
    assert caught.value.code == "EDL-LOGIN-010"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"issuer": "https://other.example.org"}, "EDL-LOGIN-020"),
        ({"jwks_uri": "https://other.example.org/jwks"}, "EDL-LOGIN-021"),
        ({"jwks_uri": None}, "EDL-LOGIN-021"),
    ],
)
def test_a_discovery_document_cannot_lead_elsewhere(
    issuer: Issuer, keys: KeySet, fields: dict[str, Any], code: str
) -> None:
    """A discovery document of another issuer, or with keys on another host, is refused."""
    issuer.answers["/.well-known/openid-configuration"] = issuer.discovery(**fields)
    with pytest.raises(LoginError) as caught:
        keys.find("k1")
    assert caught.value.code == code


def test_the_issuer_is_spelled_as_the_provider_spells_it(issuer: Issuer, clock: Clock) -> None:
    """Where several spellings are allowed, tokens must use the discovery document's."""
    spellings = (f"{issuer.url}/route", issuer.url)
    url = f"{issuer.url}/.well-known/openid-configuration"
    keys = KeySet(issuers=spellings, discovery_url=url, clock=clock)
    assert keys.issuer == issuer.url
