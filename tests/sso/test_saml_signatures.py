import base64
import hashlib
import hmac
from typing import Any

import pytest
from lxml import etree
from tests.sso.saml_idp import (
    NS,
    Change,
    Idp,
    certificate,
    one,
    set_to,
    text_of,
    without,
    xmlsec,
)
from tests.sso.saml_login import refused_after
from tests.sso.saml_wrapping import ATTACKS, bare, forge

DS = f"{{{NS['ds']}}}"
SAML = f"{{{NS['saml']}}}"


#: In the open, or in an assertion that was encrypted to us after the change.
SEALED = pytest.mark.parametrize("sealed", [False, True], ids=["open", "sealed"])


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("assertion_signed", [True, False])
def test_signature_wrapping_is_refused(name: str, *, assertion_signed: bool) -> None:
    """None of the eight wrapping attacks is accepted, whatever must be signed."""
    attack, signed = ATTACKS[name]
    code = refused_after(attack, Idp(signed=signed), assertion_signed=assertion_signed)
    assert code in ("EDL-LOGIN-042", "EDL-LOGIN-047")


@pytest.mark.parametrize("place", ["samlp:Extensions", "ds:Object", "saml:Advice"])
@pytest.mark.parametrize("same_id", [True, False])
def test_a_signed_error_response_cannot_vouch(place: str, *, same_id: bool) -> None:
    """A signed error response hidden in a forged one does not vouch for its assertion."""

    def wrap(root: etree._Element) -> None:
        error = Idp(signed=("samlp:Response",)).tree(
            "",
            without("saml:Assertion"),
            set_to(".//samlp:StatusCode", "Value", "urn:oasis:names:tc:SAML:2.0:status:Responder"),
        )
        forged = forge(one(root, "saml:Assertion"))
        root.replace(one(root, "saml:Assertion"), forged)
        if same_id:
            root.set("ID", error.get("ID", ""))
        prefix, _, local = place.partition(":")
        holder = etree.Element(f"{{{NS[prefix]}}}{local}")
        holder.append(error)
        (forged if prefix == "saml" else root).insert(1, holder)

    code = refused_after(wrap, Idp(signed=()), assertion_signed=False)
    assert code == "EDL-LOGIN-042"


def strip(root: etree._Element) -> None:
    assertion = one(root, "saml:Assertion")
    root.replace(assertion, bare(assertion))


@pytest.mark.parametrize(
    ("change", "signed", "code"),
    [
        (strip, ("saml:Assertion",), "EDL-LOGIN-046"),
        (lambda _: None, (), "EDL-LOGIN-046"),
        (lambda _: None, ("samlp:Response",), "EDL-LOGIN-046"),
        (text_of(".//saml:NameID", "EVIL"), ("saml:Assertion",), "EDL-LOGIN-046"),
        (text_of(".//saml:NameID", "EVIL"), ("saml:Assertion", "samlp:Response"), "EDL-LOGIN-046"),
        (text_of("saml:Issuer", "EVIL"), ("saml:Assertion", "samlp:Response"), "EDL-LOGIN-047"),
        (text_of(".//ds:SignatureValue", "AAAA"), ("saml:Assertion",), "EDL-LOGIN-046"),
        (text_of(".//ds:DigestValue", "AAAA"), ("saml:Assertion",), "EDL-LOGIN-046"),
    ],
)
def test_unsigned_or_changed_assertions_are_refused(
    change: Change, signed: tuple[str, ...], code: str
) -> None:
    """An assertion without a signature of its own, or changed since, is refused."""
    assert refused_after(change, Idp(signed=signed)) == code


def test_a_response_needs_a_signature_even_where_the_assertion_does_not() -> None:
    """Where a signed response is enough, one without any signature is still refused."""
    assert refused_after(lambda _: None, Idp(signed=()), assertion_signed=False) == "EDL-LOGIN-046"


def test_a_key_that_is_not_in_the_metadata_is_refused() -> None:
    """A signature by another key is refused, though the response brings its certificate."""
    assert refused_after(lambda _: None, Idp(key="attacker")) == "EDL-LOGIN-046"


@pytest.mark.parametrize("secret", ["pem", "der"])
def test_the_public_certificate_is_no_shared_secret(secret: str) -> None:
    """An HMAC keyed with the provider's certificate is refused before it is computed."""

    def rekey(root: etree._Element) -> None:
        info = one(root, ".//ds:SignedInfo")
        algorithm = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
        one(info, "ds:SignatureMethod").set("Algorithm", algorithm)
        key = certificate("idp").encode()
        if secret == "der":
            key = base64.b64decode("".join(certificate("idp").splitlines()[1:-1]))
        mac = hmac.digest(key, etree.tostring(info, method="c14n", exclusive=True), hashlib.sha256)
        one(root, ".//ds:SignatureValue").text = base64.b64encode(mac).decode()

    assert refused_after(rekey) == "EDL-LOGIN-043"


@pytest.mark.parametrize(
    "settings",
    [
        {"signature": xmlsec.Transform.RSA_SHA1},
        {"digest": xmlsec.Transform.SHA1},
        {"signature": xmlsec.Transform.RSA_SHA224, "digest": xmlsec.Transform.SHA224},
    ],
)
@SEALED
def test_weak_algorithms_are_refused(settings: dict[str, Any], *, sealed: bool) -> None:
    """Signatures weaker than SHA-256 are refused before they are used, also when encrypted."""
    code = refused_after(lambda _: None, Idp(**settings), sealed=sealed)
    assert code == "EDL-LOGIN-043"


@pytest.mark.parametrize(
    ("path", "algorithm"),
    [
        (".//ds:SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
        (".//ds:SignatureMethod", "none"),
        (".//ds:SignatureMethod", None),
        (".//ds:DigestMethod", "http://www.w3.org/2001/04/xmldsig-more#md5"),
        (".//ds:CanonicalizationMethod", "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        (".//ds:CanonicalizationMethod", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"),
    ],
)
@SEALED
def test_unknown_algorithms_are_refused(path: str, algorithm: str | None, *, sealed: bool) -> None:
    """An algorithm that is not on the list is refused before it is used, also when encrypted."""
    code = refused_after(set_to(path, "Algorithm", algorithm), sealed=sealed)
    assert code == "EDL-LOGIN-043"


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2000/09/xmldsig#base64",
    ],
)
@SEALED
def test_other_transforms_are_refused(algorithm: str, *, sealed: bool) -> None:
    """A transform that could select other content is refused, also when encrypted."""

    def change(root: etree._Element) -> None:
        root.findall(".//ds:Transform", NS)[-1].set("Algorithm", algorithm)

    assert refused_after(change, sealed=sealed) == "EDL-LOGIN-043"


def test_more_transforms_than_needed_are_refused() -> None:
    """A third transform is refused, whichever it is."""

    def change(root: etree._Element) -> None:
        transforms = one(root, ".//ds:Transforms")
        for algorithm in ("http://www.w3.org/2001/10/xml-exc-c14n#",) * 2:
            etree.SubElement(transforms, f"{DS}Transform", Algorithm=algorithm)

    assert refused_after(change) == "EDL-LOGIN-042"


@pytest.mark.parametrize(("number", "code"), [(48, "EDL-LOGIN-046"), (49, "EDL-LOGIN-042")])
@SEALED
def test_a_long_list_of_prefixes_is_refused(number: int, code: str, *, sealed: bool) -> None:
    """Prefixes that every element would be searched for are limited, before any search."""

    def lengthen(root: etree._Element) -> None:
        exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
        transform = root.findall(".//ds:Transform", NS)[-1]
        prefixes = " ".join(f"n{n}" for n in range(number))
        etree.SubElement(transform, f"{{{exclusive}}}InclusiveNamespaces", PrefixList=prefixes)

    assert refused_after(lengthen, sealed=sealed) == code


def test_two_assertions_are_refused() -> None:
    """A second assertion is refused, even when both are signed."""

    def second(root: etree._Element) -> None:
        root.append(one(Idp().tree("x"), "saml:Assertion"))

    assert refused_after(second) == "EDL-LOGIN-042"


def test_the_same_id_twice_is_refused() -> None:
    """Two elements of one id are refused, however the id attribute is spelled."""

    def double(root: etree._Element) -> None:
        one(root, ".//samlp:Status").set("Id", one(root, "saml:Assertion").get("ID", ""))

    assert refused_after(double) == "EDL-LOGIN-042"


@pytest.mark.parametrize("uri", ["", "#", "#other", None])
@SEALED
def test_a_reference_to_something_else_is_refused(uri: str | None, *, sealed: bool) -> None:
    """A signature must refer to its own parent by id; the empty reference is not enough."""
    code = refused_after(set_to(".//ds:Reference", "URI", uri), sealed=sealed)
    assert code == "EDL-LOGIN-042"


@pytest.mark.parametrize("path", [".//ds:SignedInfo", ".//ds:Transforms", ".//ds:DigestMethod"])
def test_an_incomplete_signature_is_refused(path: str) -> None:
    """A signature without one of its parts is refused."""
    assert refused_after(without(path)) == "EDL-LOGIN-042"


def test_relative_namespaces_are_refused() -> None:
    """A relative namespace, over which canonicalization is void, is refused."""

    def relative(root: etree._Element) -> None:
        text = etree.tostring(root).replace(
            b"<saml:Assertion ", b'<saml:Assertion xmlns:q="../q" q:EVIL="1" '
        )
        root[:] = list(etree.fromstring(text))

    assert refused_after(relative) in ("EDL-LOGIN-046", "EDL-LOGIN-047")


def test_an_id_in_another_namespace_pollutes_nothing() -> None:
    """The assertion's id repeated as an attribute of another namespace is refused."""

    def pollute(root: etree._Element) -> None:
        one(root, ".//samlp:Status").set(
            "{http://www.w3.org/XML/1998/namespace}id", one(root, "saml:Assertion").get("ID", "")
        )

    assert refused_after(pollute) == "EDL-LOGIN-042"


def test_an_assertion_of_another_namespace_is_none() -> None:
    """An element that only looks like an assertion is not read as one."""

    def disguise(root: etree._Element) -> None:
        root.append(
            etree.fromstring('<Assertion xmlns="urn:other"><NameID>EVIL</NameID></Assertion>')
        )

    assert refused_after(disguise) == "EDL-LOGIN-047"
