import time
from typing import Any

import pytest
from lxml import etree
from tests.sso.issuer import Issuer, running_issuer
from tests.sso.saml_idp import (
    ACS,
    ENTITY,
    IDP,
    NS,
    SSO,
    Change,
    Idp,
    certificate,
    metadata,
    moment,
    one,
    pem,
    set_to,
    text_of,
    without,
)

from edlink.classlink.saml_login import ClassLinkAttributes, ClassLinkSamlLogin, NameId
from edlink.errors import ConfigError, LoginError
from edlink.sso import Identity, MemoryReplayStore, RestartLogin
from edlink.vocabulary import Role

NAMES = ClassLinkAttributes(subject=NameId.lasting, sourced_id="sourcedId", role="role")
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


def login(**settings: Any) -> ClassLinkSamlLogin:  # noqa: ANN401 - any setting
    return ClassLinkSamlLogin(
        **{
            "tenant": "77",
            "entity_id": ENTITY,
            "acs_url": ACS,
            "replay_store": MemoryReplayStore(),
            "idp_metadata": metadata(),
            "attributes": NAMES,
            **settings,
        }
    )


def sign_in(*changes: Change, idp: Idp | None = None, **settings: Any) -> Identity:  # noqa: ANN401
    subject = login(**settings)
    pending = subject.begin().pending
    field = (idp or Idp()).respond(pending.request_id, *changes)
    found = subject.complete({"SAMLResponse": field}, pending)
    assert isinstance(found, Identity)
    return found


def attribute(name: str, value: str) -> Change:
    def change(root: etree._Element) -> None:
        statement = one(root, ".//saml:AttributeStatement")
        added = etree.SubElement(statement, f"{{{NS['saml']}}}Attribute", Name=name)
        etree.SubElement(added, f"{{{NS['saml']}}}AttributeValue").text = value

    return change


def test_the_join_is_the_attribute_that_was_chosen() -> None:
    """The sourced id comes from the named attribute; the subject from a NameID said to last."""
    identity = sign_in()
    assert identity.key == ("classlink", "77", "person-1")
    assert (identity.sourced_id, identity.roles) == ("SIS-1001", (Role.student,))
    assert identity.auth_time is not None


def test_a_login_of_one_district_is_not_completed_for_another() -> None:
    """Where two districts share an identity provider, a login stays with whose it was begun."""
    pending = login().begin().pending
    form = {"SAMLResponse": Idp().respond(pending.request_id)}
    with pytest.raises(LoginError) as caught:
        login(tenant="78").complete(form, pending)
    assert caught.value.code == "EDL-LOGIN-004"


def test_without_names_nothing_is_assumed() -> None:
    """Where no attribute is named there is no sourced id, role or address."""
    identity = sign_in(attributes=ClassLinkAttributes(subject=NameId.lasting))
    assert (identity.sourced_id, identity.roles, identity.unverified.email) == (None, (), None)


def test_a_subject_can_be_an_attribute() -> None:
    """Where a subject attribute is named the NameID is not used."""
    names = ClassLinkAttributes(subject="ID", email="mail")
    identity = sign_in(attribute("ID", "501"), attribute("mail", "x@example.org"), attributes=names)
    assert (identity.subject, identity.unverified.email) == ("501", "x@example.org")


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (set_to(".//saml:NameID", "Format", TRANSIENT), NAMES),
        (set_to(".//saml:NameID", "Format", EMAIL), NAMES),
        (text_of(".//saml:NameID", " "), NAMES),
        (attribute("ID", " "), ClassLinkAttributes(subject="ID")),
        (without(".//saml:NameID"), NAMES),
        (set_to(".//saml:NameID", "Format", None), ClassLinkAttributes(subject="ID")),
    ],
)
def test_without_a_lasting_subject_nobody_signs_in(
    change: Change, names: ClassLinkAttributes
) -> None:
    """A NameID that is transient, an e-mail address, blank or missing, or such a subject, fails."""
    with pytest.raises(LoginError) as caught:
        sign_in(change, attributes=names)
    assert caught.value.code == "EDL-LOGIN-030"


@pytest.mark.parametrize(("sent", "code"), [("77", None), ("78", "EDL-LOGIN-032")])
def test_a_named_tenant_must_be_the_logins(sent: str, code: str | None) -> None:
    """Where the tenant attribute is named, another tenant's person is refused."""
    names = ClassLinkAttributes(subject=NameId.lasting, tenant_id="Tenant ID")
    if code is None:
        assert sign_in(attribute("Tenant ID", sent), attributes=names).tenant == "77"
    else:
        with pytest.raises(LoginError) as caught:
            sign_in(attribute("Tenant ID", sent), attributes=names)
        assert caught.value.code == code


def test_encrypted_assertions_sign_in() -> None:
    """With a key of ours, an encrypted assertion signs in like a plain one."""
    idp = Idp(encrypt_to=certificate("sp"))
    assert sign_in(idp=idp, private_key=pem("sp")).subject == "person-1"


def test_a_tile_signs_in_only_where_it_may() -> None:
    """A login that starts on a tile is refused, restarted or accepted as the connection says."""
    field = {"SAMLResponse": Idp().respond("")}
    with pytest.raises(LoginError):
        login().complete(field, None)
    assert isinstance(login(unsolicited="restart").complete(field, None), RestartLogin)
    assert isinstance(login(unsolicited="accept").complete(field, None), Identity)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"idp_metadata": ""}, "EDL-CONF-055"),
        ({"idp_metadata": "<x/>", "idp_metadata_url": "https://idp.example.org/"}, "EDL-CONF-053"),
        ({"idp_entity_id": "https://other.example.org"}, "EDL-CONF-053"),
        ({"tenant": ""}, "EDL-CONF-051"),
        ({"entity_id": ""}, "EDL-CONF-054"),
        ({"unsolicited": "off"}, "EDL-CONF-054"),
        ({"unsolicited": "Accept"}, "EDL-CONF-054"),
        ({"certificate": certificate("sp")}, "EDL-CONF-075"),
        ({"certificate": certificate("idp"), "private_key": pem("sp")}, "EDL-CONF-075"),
        ({"certificate": "junk", "private_key": pem("sp")}, "EDL-CONF-075"),
        ({"private_key": "junk"}, "EDL-CONF-075"),
        ({"private_key": pem("short")}, "EDL-CONF-075"),
        ({"private_key": certificate("sp")}, "EDL-CONF-075"),
    ],
)
def test_settings_that_cannot_be_right_are_refused(settings: dict[str, str], code: str) -> None:
    """What would fail at the first login is said when the login is made, and quotes no key."""
    with pytest.raises(ConfigError) as caught:
        login(**settings)
    assert caught.value.code == code
    assert caught.value.__context__ is None


@pytest.mark.parametrize("names", [{"subject": ""}, {"subject": "mail", "email": "mail"}])
def test_an_address_is_no_subject(names: dict[str, str]) -> None:
    """The subject must be named, and is never the attribute of the e-mail address."""
    with pytest.raises(ConfigError) as caught:
        ClassLinkAttributes(**names)
    assert caught.value.code == "EDL-CONF-076"


def test_a_restart_keeps_to_the_district() -> None:
    """With a pinned entity id, or a kept copy, a swapped document is refused by every process."""
    with running_issuer() as server:
        url = served(server)
        evil = "https://evil.example.org"
        swapped = metadata("attacker", entity_id=evil, sso=f"{evil}/sso").encode()
        server.answers["/metadata"] = (200, {}, swapped)
        kept = login(idp_metadata_url=url)
        assert kept.begin().url.startswith(SSO + "?")
        pinned = login(idp_metadata="", idp_metadata_url=url, idp_entity_id=IDP)
        with pytest.raises(LoginError) as caught:
            pinned.begin()
    assert caught.value.code == "EDL-LOGIN-056"


def test_our_metadata_can_be_handed_over() -> None:
    """Our metadata name our entity, address and certificate."""
    text = login(certificate=certificate("sp"), private_key=pem("sp")).service_metadata()
    assert all(part in text for part in (ENTITY, ACS, "X509Certificate"))


@pytest.mark.parametrize(("days", "expected"), [(0, "ok"), (380, "warning"), (500, "error")])
def test_the_doctor_counts_the_days(days: int, expected: str) -> None:
    """The doctor says how long the longest-lived certificate is still good."""
    later = time.time() + days * 86400
    address, found = login(clock=lambda: later).check_login()
    assert (address.code, found.code) == ("EDL-CHECK-901", "EDL-CHECK-907")
    assert found.severity == expected
    assert bool(found.fix) is (expected != "ok")


def test_metadata_by_address_are_fetched() -> None:
    """Metadata by address are read at the first login; the doctor says when they are gone."""
    with running_issuer() as server:
        url = served(server)
        settings: dict[str, Any] = {"idp_metadata": "", "idp_metadata_url": url}
        assert sign_in(**settings).subject == "person-1"
        server.answers.clear()
        codes = [f.code for f in login(**settings).check_login()]
    assert codes == ["EDL-CHECK-901", "EDL-CHECK-906", "EDL-CHECK-904"]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((404, {}, b""), "unreachable"),
        ((503, {}, b""), "unreachable"),
        ((302, {"Location": "/elsewhere"}, b""), "unreachable"),
        ((200, {}, b"<html>"), "unusable"),
        ((200, {}, metadata(entity_id="https://other.example.org").encode()), "another_entity"),
        ((200, {}, metadata("next").encode()), None),
    ],
)
def test_the_doctor_looks_at_the_metadata_anew(answer: Any, problem: str | None) -> None:  # noqa: ANN401
    """Metadata that were good at the last login are looked at now; the last good ones serve on."""
    with running_issuer() as server:
        subject = login(idp_metadata="", idp_metadata_url=served(server))
        subject.begin()
        server.answers["/metadata"] = answer
        found = {f.code: f for f in subject.check_login()}
        assert subject.begin().url.startswith("https://idp.example.org/sso")
    wrong = found.get("EDL-CHECK-911")
    assert (wrong and wrong.evidence["problem"]) == problem
    assert found["EDL-CHECK-907"].is_ok


@pytest.mark.parametrize(("days", "warned"), [(3, True), (200, False)])
def test_the_doctor_sees_metadata_run_out(days: int, *, warned: bool) -> None:
    """A document that says when it runs out is warned of a month before."""
    text = metadata(extra=f'validUntil="{moment(days * 86400 + 60)}"')
    codes = {f.code: f.evidence for f in login(idp_metadata=text).check_login()}
    assert codes.get("EDL-CHECK-912") == ({"days": days} if warned else None)


def test_metadata_that_are_renewed_need_no_warning() -> None:
    """A document published for three days at a time is warned of only once its address fails."""
    text = metadata(extra=f'validUntil="{moment(3 * 86400 + 60)}"')
    with running_issuer() as server:
        subject = login(idp_metadata="", idp_metadata_url=served(server))
        server.answers["/metadata"] = (200, {}, text.encode())
        assert "EDL-CHECK-912" not in {f.code for f in subject.check_login()}
        server.answers.clear()
        assert {"EDL-CHECK-911", "EDL-CHECK-912"} <= {f.code for f in subject.check_login()}


def served(server: Issuer) -> str:
    server.answers["/metadata"] = (200, {}, metadata().encode())
    return f"{server.url}/metadata"
