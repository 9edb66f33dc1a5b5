from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree
from tests.sso.saml_idp import (
    ACS,
    ENTITY,
    IDP,
    NS,
    SSO,
    Change,
    Idp,
    certificate,
    pem,
    set_to,
    text_of,
    without,
    xmlsec,
)
from tests.sso.saml_login import accepted, saml_flow

from edlink.errors import ConfigError
from edlink.sso.saml import SamlFlow, service_metadata

BOTH = ("saml:Assertion", "samlp:Response")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"signed": BOTH},
        {"signature": xmlsec.Transform.RSA_SHA512, "digest": xmlsec.Transform.SHA384},
        {"encrypt_to": certificate("sp")},
        {"encrypt_to": certificate("sp"), "signed": BOTH},
        {"encrypt_to": certificate("sp"), "cipher": xmlsec.Transform.AES128},
        {"encrypt_to": certificate("sp"), "cipher": xmlsec.Transform.AES256_GCM},
    ],
)
def test_good_responses_are_accepted(settings: dict[str, Any]) -> None:
    """A response that is signed as it must be is accepted, plain or encrypted."""
    flow = saml_flow(private_key=pem("sp"))
    pending = flow.begin().pending
    found = accepted(flow, Idp(**settings).respond(pending.request_id), pending)
    assert (found.name_id, found.issuer) == ("person-1", IDP)
    assert found.attributes == {"sourcedId": ("SIS-1001",), "role": ("Student",)}
    assert found.auth_time is not None


def test_a_signature_over_the_whole_response_can_be_enough() -> None:
    """Where a connection says so, a signed response around an unsigned assertion is accepted."""
    flow = saml_flow(assertion_signed=False)
    pending = flow.begin().pending
    field = Idp(signed=("samlp:Response",)).respond(pending.request_id)
    assert accepted(flow, field, pending).name_id == "person-1"


def test_a_login_begins_with_a_request_for_our_address() -> None:
    """The request names us, our address and the provider, asks for no password, carries state."""
    flow = saml_flow()
    start = flow.begin("/today")
    parts = urlsplit(start.url)
    query = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert start.url.startswith(SSO + "?")
    assert query["RelayState"] == start.pending.state
    assert start.pending.return_to == "/today"
    assert set(query) == {"SAMLRequest", "RelayState"}


@pytest.mark.parametrize(
    "change",
    [
        without("saml:Issuer"),
        set_to(".", "InResponseTo", None),
        set_to(".", "Destination", None),
        without(".//saml:AttributeStatement"),
        text_of(".//saml:NameID", ""),
    ],
)
def test_optional_parts_may_be_absent(change: Change) -> None:
    """What the profile leaves open on an unsigned wrapper may be absent."""
    flow = saml_flow()
    pending = flow.begin().pending
    assert accepted(flow, Idp().respond(pending.request_id, change), pending).issuer == IDP


def test_an_attribute_has_a_value_only_when_it_has_one() -> None:
    """An attribute that is absent, empty or has several values has no single value."""

    def several(root: etree._Element) -> None:
        first = root.findall(".//saml:Attribute", NS)[0]
        etree.SubElement(first, f"{{{NS['saml']}}}AttributeValue").text = "SIS-1002"
        root.findall(".//saml:AttributeValue", NS)[-1].text = ""

    flow = saml_flow()
    pending = flow.begin().pending
    found = accepted(flow, Idp().respond(pending.request_id, several), pending)
    assert [found.value(n) for n in ("sourcedId", "role", "absent", None)] == [None] * 4


def test_our_metadata_says_where_to_post() -> None:
    """Our metadata names us, the address and the certificate to encrypt to."""
    text = service_metadata(ENTITY, ACS, certificate=certificate("sp"))
    names = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", **NS}
    root = etree.fromstring(text)
    service = root.find(".//md:AssertionConsumerService", names)
    found = root.find(".//md:KeyDescriptor[@use='encryption']//ds:X509Certificate", names)
    assert root.get("entityID") == ENTITY
    assert service is not None
    assert service.get("Location") == ACS
    assert found is not None
    assert found.text == "".join(certificate("sp").splitlines()[1:-1])
    assert "KeyDescriptor" not in service_metadata(ENTITY, ACS)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"acs_url": "http://app.example.org/saml"}, "EDL-CONF-050"),
        ({"acs_url": ACS + "?x=1"}, "EDL-CONF-054"),
        ({"skew": 181}, "EDL-CONF-054"),
        ({"skew": -1}, "EDL-CONF-054"),
        ({"entity_id": ""}, "EDL-CONF-054"),
        ({"unsolicited": "off"}, "EDL-CONF-054"),
        ({"private_key": "junk"}, "EDL-CONF-075"),
    ],
)
def test_an_unsafe_connection_cannot_be_configured(settings: dict[str, Any], code: str) -> None:
    """An address that is not https or has a query, or too wide a skew, is refused at once."""
    with pytest.raises(ConfigError) as caught:
        saml_flow(**settings)
    assert caught.value.code == code


def test_no_repr_shows_a_person_or_a_key() -> None:
    """Neither the connection nor what passes through it shows a person or a key."""
    flow = saml_flow(private_key=pem("sp"))
    pending = flow.begin().pending
    found = accepted(flow, Idp().respond(pending.request_id), pending)
    shown = repr([flow, found, pending, flow.parties()])
    assert isinstance(flow, SamlFlow)
    for secret in ("person-1", "SIS-1001", "PRIVATE KEY", pending.state, pending.request_id):
        assert secret not in shown
