from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.peers.browser import Browser
from tests.peers.processes import require_peer
from tests.peers.pysaml2_idp import Provider, pysaml2
from tests.peers.saml_service import saml_login
from tests.sso.saml_idp import ACS, ENTITY

from edlink.classlink.saml_login import ClassLinkSamlLogin
from edlink.errors import LoginError
from edlink.sso import Identity, RestartLogin

pytestmark = pytest.mark.peer("xmlsec1")


def login(provider: Provider, **settings: Any) -> ClassLinkSamlLogin:  # noqa: ANN401 - any setting
    return saml_login(provider.metadata_url, entity_id=ENTITY, acs_url=ACS, **settings)


def arriving(url: str) -> dict[str, str]:
    with Browser() as browser:
        return browser.sign_in(url, ACS)


def check_person(found: Identity | RestartLogin) -> None:
    assert isinstance(found, Identity)
    assert (found.subject, found.sourced_id) == ("alice", "SIS-1001")


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    require_peer("xmlsec1")
    with pysaml2(tmp_path_factory.mktemp("pysaml2")) as running:
        yield running


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("both", [False, True])
def test_pysaml2_signs_in(provider: Provider, *, both: bool, encrypted: bool) -> None:
    """A person signs in at pysaml2 from the app, once: one or two signatures, encrypted or not."""
    provider.answer(sign_response=both, encrypted=encrypted)
    subject = login(provider)
    start = subject.begin(return_to="/today")
    form = arriving(start.url)
    assert form["RelayState"] == start.pending.state
    check_person(subject.complete(form, start.pending))
    with pytest.raises(LoginError) as caught:
        subject.complete(form, start.pending)
    assert caught.value.code == "EDL-LOGIN-005"


@pytest.mark.parametrize("encrypted", [False, True])
def test_pysaml2_starts_a_login(provider: Provider, *, encrypted: bool) -> None:
    """A login that starts at pysaml2 is refused, restarted, or accepted once, as the host says."""
    provider.answer(encrypted=encrypted)
    form = arriving(provider.tile_url)
    with pytest.raises(LoginError) as caught:
        login(provider).complete(form, None)
    assert caught.value.code == "EDL-LOGIN-044"
    restarting = login(provider, unsolicited="restart")
    again = restarting.complete(form, None)
    assert isinstance(again, RestartLogin)
    check_person(restarting.complete(arriving(again.url), again.pending))
    accepting = login(provider, unsolicited="accept")
    check_person(accepting.complete(form, None))
    with pytest.raises(LoginError) as caught:
        accepting.complete(form, None)
    assert caught.value.code == "EDL-LOGIN-005"


@pytest.mark.parametrize("sign_response", [False, True])
def test_pysaml2_without_a_signed_assertion_is_refused(
    provider: Provider, *, sign_response: bool
) -> None:
    """A response of pysaml2 whose assertion is not signed is refused."""
    provider.answer(sign_assertion=False, sign_response=sign_response)
    subject = login(provider)
    start = subject.begin()
    with pytest.raises(LoginError) as caught:
        subject.complete(arriving(start.url), start.pending)
    assert caught.value.code == "EDL-LOGIN-046"


def test_pysaml2_signs_the_response_alone(provider: Provider) -> None:
    """Where a connection takes a signed response around an assertion, pysaml2's signs in."""
    provider.answer(sign_assertion=False, sign_response=True)
    subject = login(provider, assertion_signed=False)
    start = subject.begin()
    check_person(subject.complete(arriving(start.url), start.pending))


def test_triple_des_is_refused(tmp_path: Path) -> None:
    """What pysaml2 encrypts by its own choice of cipher is refused by the name of the cipher."""
    with pysaml2(tmp_path, aes=False) as provider:
        provider.answer(encrypted=True)
        subject = login(provider)
        start = subject.begin()
        with pytest.raises(LoginError) as caught:
            subject.complete(arriving(start.url), start.pending)
    assert caught.value.code == "EDL-LOGIN-043"
