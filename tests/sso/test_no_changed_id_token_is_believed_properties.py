"""Whatever is done to a real id token, it is refused or says what the issuer signed."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sso.issuer import NOW, Issuer, running_issuer, sign

from edlink.errors import LoginError
from edlink.sso.addresses import safe_return_to
from edlink.sso.id_token import TokenRules, verify_id_token
from edlink.sso.keys import KeySet


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Issuer, TokenRules]]:
    with running_issuer() as issuer:
        discovery = f"{issuer.url}/.well-known/openid-configuration"
        keys = KeySet(issuers=(issuer.url,), discovery_url=discovery, clock=lambda: NOW)
        yield issuer, TokenRules(keys=keys, client_id="app-1")


@given(
    edits=st.lists(
        st.tuples(st.integers(0, 2000), st.characters(codec="ascii"), st.booleans()),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=300, deadline=None)
def test_a_changed_token_is_refused_or_says_the_same(
    shared: tuple[Issuer, TokenRules], edits: list[tuple[int, str, bool]]
) -> None:
    """No replaced or inserted character makes a token say anything else."""
    issuer, rules = shared
    claims = issuer.claims(nonce="n-1")
    letters = list(sign(claims))
    for place, letter, insert in edits:
        at = place % len(letters)
        letters[at : at if insert else at + 1] = letter
    with suppress(LoginError):
        assert verify_id_token("".join(letters), rules, nonce="n-1", now=NOW) == claims


@given(token=st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_text_is_a_token(shared: tuple[Issuer, TokenRules], token: str) -> None:
    """Arbitrary text is refused with an error of ours and never with another."""
    with pytest.raises(LoginError):
        verify_id_token(token, shared[1], nonce="n-1", now=NOW)


@given(target=st.text(max_size=60) | st.from_regex(r"[/\\]{1,3}[a-z.@:/\\]{0,20}", fullmatch=True))
def test_a_return_address_stays_on_this_site(target: str) -> None:
    """Whatever is asked for, the answer is a path of this site, in every browser's reading."""
    found = safe_return_to(target)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert not any(c in found for c in "\\\t\r\n")
