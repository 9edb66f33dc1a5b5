import time
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from tests.peers.browser import Browser
from tests.peers.saml_service import saml_login
from tests.peers.simplesamlphp import ENTITY, LANDING, District, simplesamlphp
from tests.sso.saml_idp import NS, encode

from edlink.classlink.saml_login import ClassLinkSamlLogin
from edlink.errors import LoginError
from edlink.sso import Identity, RestartLogin
from edlink.sso.saml.envelope import decode_field
from edlink.vocabulary import Role

pytestmark = pytest.mark.peer("simplesamlphp")

RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"


def login(district: District, **settings: Any) -> ClassLinkSamlLogin:  # noqa: ANN401 - any setting
    return saml_login(district.metadata_url, entity_id=ENTITY, acs_url=LANDING, **settings)


def signed_in(url: str) -> dict[str, str]:
    with Browser() as browser:
        return browser.sign_in(url, LANDING, username="alice", password="secret")


def check_person(found: Identity | RestartLogin) -> None:
    assert isinstance(found, Identity)
    assert found.key == ("classlink", "77", "alice")
    assert (found.sourced_id, found.roles) == ("SIS-1001", (Role.student,))
    assert found.auth_time is not None


@pytest.mark.parametrize(
    "service",
    [
        {},
        {"saml20.sign.response": False},
        {"assertion.encryption": True},
        {"assertion.encryption": True, "saml20.sign.response": False},
    ],
)
def test_a_login_from_the_app(tmp_path: Path, service: dict[str, Any]) -> None:
    """A person signs in from the app: signed response, signed assertion, encrypted or not."""
    with simplesamlphp(tmp_path, service=service) as district:
        subject = login(district)
        start = subject.begin(return_to="/today")
        form = signed_in(start.url)
        assert form["RelayState"] == start.pending.state
        check_person(subject.complete(form, start.pending))
        with pytest.raises(LoginError) as caught:
            subject.complete(form, start.pending)
        assert caught.value.code == "EDL-LOGIN-005"
        assert all(f.is_ok for f in subject.check_login())


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_login_from_the_tile(tmp_path: Path, *, encrypted: bool) -> None:
    """A login that starts at the provider is refused, restarted or accepted, as the host says."""
    with simplesamlphp(tmp_path, service={"assertion.encryption": encrypted}) as district:
        form = signed_in(district.tile_url)
        assert form["RelayState"] == "/tile"
        with pytest.raises(LoginError) as caught:
            login(district).complete(form, None)
        assert caught.value.code == "EDL-LOGIN-044"
        accepting = login(district, unsolicited="accept")
        check_person(accepting.complete(form, None))
        with pytest.raises(LoginError) as caught:
            accepting.complete(form, None)
        assert caught.value.code == "EDL-LOGIN-005"
        restarting = login(district, unsolicited="restart")
        again = restarting.complete(form, None)
        assert isinstance(again, RestartLogin)
        check_person(restarting.complete(signed_in(again.url), again.pending))


@pytest.mark.parametrize(
    ("service", "provider", "code"),
    [
        ({"saml20.sign.assertion": False, "saml20.sign.response": False}, {}, "EDL-LOGIN-046"),
        ({"saml20.sign.assertion": False}, {}, "EDL-LOGIN-046"),
        ({}, {"signature.algorithm": RSA_SHA1}, "EDL-LOGIN-043"),
    ],
)
def test_a_weakly_signed_login_is_refused(
    tmp_path: Path, service: dict[str, Any], provider: dict[str, Any], code: str
) -> None:
    """An unsigned assertion, or a SHA-1 signature, of a real provider is refused."""
    with simplesamlphp(tmp_path, service=service, provider=provider) as district:
        subject = login(district)
        start = subject.begin()
        with pytest.raises(LoginError) as caught:
            subject.complete(signed_in(start.url), start.pending)
    assert caught.value.code == code


def test_a_renewed_certificate_is_followed(tmp_path: Path) -> None:
    """While two certificates are published either is accepted, and so is the new one alone."""
    clock = [time.time()]
    both = {"new_privatekey": "next.key", "new_certificate": "next.pem"}
    with simplesamlphp(tmp_path, provider=both) as district:
        subject = login(district, clock=lambda: clock[0])
        start = subject.begin()
        check_person(subject.complete(signed_in(start.url), start.pending))
        (finding,) = (f for f in subject.check_login() if f.code == "EDL-CHECK-907")
        assert finding.evidence["certificates"] == 2


def test_a_real_response_that_is_changed_is_refused(tmp_path: Path) -> None:
    """A real response with another person put in is refused."""
    with simplesamlphp(tmp_path) as district:
        subject = login(district)
        start = subject.begin()
        form = signed_in(start.url)
        root = etree.fromstring(decode_field(form["SAMLResponse"]))
        for value in root.findall(".//saml:AttributeValue", NS):
            value.text = "SIS-2002"
        with pytest.raises(LoginError) as caught:
            subject.complete({"SAMLResponse": encode(root)}, start.pending)
        assert caught.value.code == "EDL-LOGIN-046"
        check_person(subject.complete(form, start.pending))
