import time

import pytest
from lxml import etree
from tests.sso.saml_idp import (
    ACS,
    ENTITY,
    IDP,
    NS,
    Change,
    Idp,
    metadata,
    one,
    set_at,
    set_to,
    text_of,
    without,
)
from tests.sso.saml_login import accepted, refused, saml_flow

from edlink.errors import InvalidLoginError, LoginError
from edlink.sso.saml import Assertion, FixedMetadata
from edlink.sso.saml.profile import Expected, read_assertion

DATA = ".//saml:SubjectConfirmationData"
CONDITIONS = ".//saml:Conditions"
BOTH = ("saml:Assertion", "samlp:Response")


def second_audience(root: etree._Element) -> None:
    restriction = etree.SubElement(one(root, CONDITIONS), f"{{{NS['saml']}}}AudienceRestriction")
    etree.SubElement(restriction, f"{{{NS['saml']}}}Audience").text = "https://other.example.org"


def second_of(path: str) -> Change:
    def change(root: etree._Element) -> None:
        element = one(root, path)
        copy = etree.fromstring(etree.tostring(element))
        element.addnext(copy)

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (set_to(".", "Destination", "https://evil.example.org/saml"), "EDL-LOGIN-047"),
        (set_to(".", "Destination", ACS + "/more"), "EDL-LOGIN-048"),
        (set_to(".", "Destination", ACS + "?x=1"), "EDL-LOGIN-048"),
        (set_to(".", "Destination", ""), "EDL-LOGIN-047"),
        (text_of("saml:Issuer", "https://other.example.org"), "EDL-LOGIN-047"),
        (text_of("saml:Assertion/saml:Issuer", "https://other.example.org"), "EDL-LOGIN-047"),
        (text_of("saml:Assertion/saml:Issuer", ""), "EDL-LOGIN-049"),
        (text_of("saml:Issuer", IDP + " "), "EDL-LOGIN-047"),
        (without("saml:Assertion/saml:Issuer"), "EDL-LOGIN-047"),
        (without(CONDITIONS), "EDL-LOGIN-047"),
        (set_to(CONDITIONS, "NotBefore", None), "EDL-LOGIN-050"),
        (set_to(CONDITIONS, "NotOnOrAfter", None), "EDL-LOGIN-050"),
        (set_to(DATA, "NotOnOrAfter", None), "EDL-LOGIN-050"),
        (set_to(CONDITIONS, "NotBefore", "2026-02-30T00:00:00Z"), "EDL-LOGIN-047"),
        (set_to(CONDITIONS, "NotBefore", "2026-02-28T24:00:00Z"), "EDL-LOGIN-047"),
        (set_at(CONDITIONS, "NotOnOrAfter", -200), "EDL-LOGIN-051"),
        (set_at(CONDITIONS, "NotOnOrAfter", -4000), "EDL-LOGIN-047"),
        (set_at(CONDITIONS, "NotBefore", 200), "EDL-LOGIN-051"),
        (set_at(DATA, "NotOnOrAfter", -4000), "EDL-LOGIN-047"),
        (set_at(DATA, "NotBefore", 4000), "EDL-LOGIN-047"),
        (without(".//saml:AudienceRestriction"), "EDL-LOGIN-052"),
        (text_of(".//saml:Audience", "https://other.example.org"), "EDL-LOGIN-047"),
        (text_of(".//saml:Audience", ENTITY + "2"), "EDL-LOGIN-047"),
        (second_audience, "EDL-LOGIN-052"),
        (set_to(DATA, "Recipient", None), "EDL-LOGIN-053"),
        (set_to(DATA, "Recipient", ACS + "/more"), "EDL-LOGIN-053"),
        (set_to(DATA, "Recipient", "https://evil.example.org/?" + ACS), "EDL-LOGIN-053"),
        (set_to(DATA, "Recipient", ACS.replace("https", "http")), "EDL-LOGIN-047"),
        (set_to(DATA, "Recipient", ACS.replace(".org", ".org:8443")), "EDL-LOGIN-047"),
        (set_to(DATA, "Recipient", "https://evil.example.org/saml"), "EDL-LOGIN-047"),
        (without(DATA), "EDL-LOGIN-047"),
        (second_of(".//saml:SubjectConfirmation"), "EDL-LOGIN-053"),
        (
            set_to(
                ".//saml:SubjectConfirmation",
                "Method",
                "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key",
            ),
            "EDL-LOGIN-047",
        ),
        (second_of("saml:Assertion/saml:AttributeStatement/saml:Attribute[1]"), "EDL-LOGIN-055"),
        (without(".//saml:AuthnStatement"), "EDL-LOGIN-047"),
        (second_of(".//saml:AuthnStatement"), "EDL-LOGIN-047"),
        (without(".//saml:Subject"), "EDL-LOGIN-047"),
        (set_to(".", "Version", "1.1"), "EDL-LOGIN-047"),
        (set_to(".", "InResponseTo", "_someone-elses"), "EDL-LOGIN-047"),
        (set_to(DATA, "InResponseTo", None), "EDL-LOGIN-054"),
        (set_to(DATA, "InResponseTo", "_someone-elses"), "EDL-LOGIN-047"),
        (
            set_to(".//samlp:StatusCode", "Value", "urn:oasis:names:tc:SAML:2.0:status:Responder"),
            "EDL-LOGIN-008",
        ),
    ],
)
def test_a_signed_response_for_another_login_is_refused(change: Change, code: str) -> None:
    """A properly signed response that is not for this service, login or time is refused."""
    flow = saml_flow()
    pending = flow.begin().pending
    assert refused(flow, Idp().respond(pending.request_id, change), pending) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [("OneTimeUse", None), ("ProxyRestriction", None), ("Condition", "EDL-LOGIN-058")],
)
def test_a_condition_that_is_not_understood_is_refused(name: str, code: str | None) -> None:
    """Conditions that hold here are taken; an extension of the provider's is refused."""

    def add(root: etree._Element) -> None:
        added = etree.SubElement(one(root, CONDITIONS), f"{{{NS['saml']}}}{name}")
        if name == "Condition":
            kind = "{http://www.w3.org/2001/XMLSchema-instance}type"
            added.set(kind, "saml:OneTimeUseType")

    flow = saml_flow()
    pending = flow.begin().pending
    field = Idp().respond(pending.request_id, add)
    if code is None:
        assert accepted(flow, field, pending).issuer == IDP
    else:
        assert refused(flow, field, pending) == code


def test_a_whole_other_host_is_refused() -> None:
    """Where Destination and Recipient agree on another host, configuration still decides."""
    flow = saml_flow()
    pending = flow.begin().pending
    evil = ACS.replace("app.", "evil.")
    changes = (set_to(".", "Destination", evil), set_to(DATA, "Recipient", evil))
    assert refused(flow, Idp().respond(pending.request_id, *changes), pending) == "EDL-LOGIN-047"


def test_a_signed_response_must_name_its_destination() -> None:
    """Where the response itself is signed, a missing Destination is refused."""
    flow = saml_flow()
    pending = flow.begin().pending
    field = Idp(signed=BOTH).respond(pending.request_id, set_to(".", "Destination", None))
    assert refused(flow, field, pending) == "EDL-LOGIN-048"


def test_another_tenants_provider_is_refused() -> None:
    """A response of another district's provider is refused, even with the same signing key."""
    other = saml_flow(metadata=FixedMetadata(metadata(entity_id="https://other.example.org")))
    pending = other.begin().pending
    assert refused(other, Idp().respond(pending.request_id), pending) == "EDL-LOGIN-047"


@pytest.mark.parametrize("instant", ["2026-02-28T24:00:00Z", "2026-02-28T20:00:00+01:00"])
def test_an_odd_moment_of_authentication_is_unknown(instant: str) -> None:
    """A moment of authentication that is not plain UTC is left out."""
    flow = saml_flow()
    pending = flow.begin().pending
    change = set_to(".//saml:AuthnStatement", "AuthnInstant", instant)
    assert accepted(flow, Idp().respond(pending.request_id, change), pending).auth_time is None


@pytest.mark.parametrize("path", [CONDITIONS, ".//saml:Subject", ".//saml:AuthnStatement"])
def test_the_profile_alone_refuses_doubled_parts(path: str) -> None:
    """The profile's checks do not lean on python3-saml: a doubled part is refused by them too."""
    root = Idp().tree("_request")
    second_of(path)(root)
    expected = Expected(
        entity_id=ENTITY,
        acs_url=ACS,
        issuer=IDP,
        request_id="_request",
        now=time.time(),
        skew=60,
    )
    with pytest.raises(InvalidLoginError) as caught:
        read_assertion(root, expected)
    assert caught.value.code == "EDL-LOGIN-055"


def test_an_unsolicited_response_is_refused() -> None:
    """A response nobody asked for is refused where logins at the provider are off."""
    assert refused(saml_flow(), Idp().respond(""), None) == "EDL-LOGIN-044"


def test_an_unsolicited_response_can_be_switched_on() -> None:
    """Where they are on, a response nobody asked for is accepted, once."""
    flow = saml_flow(unsolicited="accept")
    field = Idp().respond("")
    assert accepted(flow, field, None).name_id == "person-1"
    assert refused(flow, field, None) == "EDL-LOGIN-005"


@pytest.mark.parametrize(
    "change",
    [
        set_to(".", "InResponseTo", None),
        set_to(DATA, "InResponseTo", None),
        lambda _: None,
    ],
)
def test_an_answer_cannot_pass_as_unsolicited(change: Change) -> None:
    """A response that answers some request is refused where none is pending."""
    flow = saml_flow(unsolicited="accept")
    request = flow.begin().pending.request_id
    assert refused(flow, Idp().respond(request, change), None) == "EDL-LOGIN-054"


@pytest.mark.parametrize("claimed", [True, False])
def test_an_unsolicited_response_cannot_enter_a_pending_login(*, claimed: bool) -> None:
    """A response nobody asked for is refused during a login, also with a forged wrapper."""
    flow = saml_flow(unsolicited="accept")
    pending = flow.begin().pending
    forged = set_to(".", "InResponseTo", pending.request_id if claimed else None)
    field = Idp().respond("", after=forged if claimed else None)
    assert refused(flow, field, pending) == "EDL-LOGIN-054"


def test_somebody_elses_answer_is_refused() -> None:
    """The answer to another browser's request is refused in this one."""
    flow = saml_flow()
    theirs, mine = flow.begin().pending, flow.begin().pending
    assert refused(flow, Idp().respond(theirs.request_id), mine) == "EDL-LOGIN-054"


def test_a_refusal_uses_nothing_up() -> None:
    """After a refused response the right one is still accepted."""
    flow = saml_flow()
    pending = flow.begin().pending
    refused(flow, Idp(key="attacker").respond(pending.request_id), pending)
    found = flow.complete({"SAMLResponse": Idp().respond(pending.request_id)}, pending)
    assert isinstance(found, Assertion)


def test_every_refusal_has_a_public_word() -> None:
    """The public reason is one of a few fixed words and tells nothing of the cause."""
    flow = saml_flow()
    pending = flow.begin().pending
    with pytest.raises(LoginError) as caught:
        flow.complete({"SAMLResponse": Idp(key="attacker").respond(pending.request_id)}, pending)
    assert caught.value.reason == "refused"
