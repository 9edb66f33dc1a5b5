import base64
import hashlib
import hmac
import socket
import time
from typing import Any

import pytest
from lxml import etree
from tests.sso.saml_idp import (
    NS,
    Change,
    Idp,
    certificate,
    encode,
    one,
    pem,
    set_to,
    text_of,
    without,
    xmlsec,
)
from tests.sso.saml_login import accepted, refused, saml_flow
from tests.sso.saml_wrapping import ATTACKS, bare, forge

DS = f"{{{NS['ds']}}}"
SAML = f"{{{NS['saml']}}}"
SAMLP = f"{{{NS['samlp']}}}"
XENC = f"{{{NS['xenc']}}}"


def refused_after(change: Change, idp: Idp | None = None, **settings: Any) -> str:  # noqa: ANN401
    flow = saml_flow(**settings)
    pending = flow.begin().pending
    return refused(flow, (idp or Idp()).respond(pending.request_id, after=change), pending)


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
        {"encrypt_to": certificate("sp"), "transport": xmlsec.Transform.RSA_PKCS1},
    ],
)
def test_weak_algorithms_are_refused(settings: dict[str, Any]) -> None:
    """SHA-1 signatures and RSA 1.5 encryption are refused before they are used."""
    code = refused_after(lambda _: None, Idp(**settings), private_key=pem("sp"))
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
def test_unknown_algorithms_are_refused(path: str, algorithm: str | None) -> None:
    """An algorithm that is not on the list is refused before it is used."""
    assert refused_after(set_to(path, "Algorithm", algorithm)) == "EDL-LOGIN-043"


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2000/09/xmldsig#base64",
    ],
)
def test_other_transforms_are_refused(algorithm: str) -> None:
    """A transform that could select other content is refused."""

    def change(root: etree._Element) -> None:
        root.findall(".//ds:Transform", NS)[-1].set("Algorithm", algorithm)

    assert refused_after(change) == "EDL-LOGIN-043"


def test_more_transforms_than_needed_are_refused() -> None:
    """A third transform is refused, whichever it is."""

    def change(root: etree._Element) -> None:
        transforms = one(root, ".//ds:Transforms")
        for algorithm in ("http://www.w3.org/2001/10/xml-exc-c14n#",) * 2:
            etree.SubElement(transforms, f"{DS}Transform", Algorithm=algorithm)

    assert refused_after(change) == "EDL-LOGIN-042"


def listening() -> socket.socket:
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.05)
    return server


def second_reference(root: etree._Element, url: str) -> None:
    reference = etree.SubElement(one(root, ".//ds:SignedInfo"), f"{DS}Reference", URI=url)
    etree.SubElement(
        reference, f"{DS}DigestMethod", Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"
    )
    etree.SubElement(reference, f"{DS}DigestValue").text = "AAAA"


def only_reference(root: etree._Element, url: str) -> None:
    one(root, ".//ds:Reference").set("URI", url)


def retrieval_in_signature(root: etree._Element, url: str) -> None:
    etree.SubElement(one(root, ".//ds:KeyInfo"), f"{DS}RetrievalMethod", URI=url)


def manifest(root: etree._Element, url: str) -> None:
    holder = etree.SubElement(one(root, ".//ds:Signature"), f"{DS}Object")
    etree.SubElement(etree.SubElement(holder, f"{DS}Manifest"), f"{DS}Reference", URI=url)


def cipher_reference(root: etree._Element, url: str) -> None:
    assertion = one(root, "saml:Assertion")
    holder = etree.Element(f"{SAML}EncryptedAssertion")
    data = etree.SubElement(holder, f"{XENC}EncryptedData")
    info = etree.SubElement(data, f"{DS}KeyInfo")
    etree.SubElement(info, f"{DS}KeyName").text = "k"
    etree.SubElement(etree.SubElement(data, f"{XENC}CipherData"), f"{XENC}CipherReference", URI=url)
    root.replace(assertion, holder)


def retrieval_in_encryption(root: etree._Element, url: str) -> None:
    cipher_reference(root, url)
    info = one(root, ".//ds:KeyInfo")
    etree.SubElement(info, f"{DS}RetrievalMethod", URI=url, Type=f"{XENC[1:-1]}EncryptedKey")
    reference = one(root, ".//xenc:CipherReference")
    parent = reference.getparent()
    assert parent is not None
    parent.remove(reference)


def external_include(root: etree._Element, url: str) -> None:
    extensions = etree.Element(f"{SAMLP}Extensions")
    etree.SubElement(extensions, "{http://www.w3.org/2001/XInclude}include", href=url)
    root.insert(1, extensions)


@pytest.mark.parametrize(
    "attack",
    [
        second_reference,
        only_reference,
        retrieval_in_signature,
        manifest,
        cipher_reference,
        retrieval_in_encryption,
        external_include,
    ],
)
def test_nothing_in_a_response_is_fetched(attack: Any) -> None:  # noqa: ANN401 - two arguments
    """A response that names an address is refused, and nobody calls at that address."""
    with listening() as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        code = refused_after(lambda root: attack(root, url), private_key=pem("sp"))
        with pytest.raises(TimeoutError):
            server.accept()
    assert code in ("EDL-LOGIN-042", "EDL-LOGIN-047")


def wrapped_text(text: bytes) -> str:
    return encode(
        b'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">'
        + text
        + b"</samlp:Response>"
    )


BOMB = (
    b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
    + b"".join(
        b"<!ENTITY a%d '%s'>" % (n, (b"&a%d;" % (n - 1) if n else b"&a;") * 10) for n in range(9)
    )
    + b"]><x>&a8;</x>"
)


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("", "EDL-LOGIN-040"),
        ("!!!!", "EDL-LOGIN-040"),
        ("PHg+", "EDL-LOGIN-041"),
        ("PHg-", "EDL-LOGIN-040"),
        ("PHg+PC94Pg==junk", "EDL-LOGIN-040"),
        ("PHg+é", "EDL-LOGIN-040"),
        ("A" * (512 * 1024 + 4), "EDL-LOGIN-040"),
        (encode(b""), "EDL-LOGIN-040"),
        (encode(b" "), "EDL-LOGIN-041"),
        (encode(b"plain text"), "EDL-LOGIN-041"),
        (encode(b"<x/>"), "EDL-LOGIN-041"),
        (encode(BOMB), "EDL-LOGIN-041"),
        (encode(b'<!DOCTYPE x SYSTEM "file:///etc/hosts"><x/>'), "EDL-LOGIN-041"),
        (
            encode(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hosts">]><x>&e;</x>'),
            "EDL-LOGIN-041",
        ),
        (encode("<?xml version='1.0' encoding='utf-16'?><x/>".encode("utf-16")), "EDL-LOGIN-041"),
        (encode(b"<?xml version='1.0' encoding='utf-7'?><x/>"), "EDL-LOGIN-041"),
        (encode(b"<?xml version='1.0' encoding='latin-1'?><x>\xe9</x>"), "EDL-LOGIN-041"),
        (wrapped_text(b"<a>" * 30_000), "EDL-LOGIN-041"),
        (wrapped_text(b"<a>" * 30_000 + b"</a>" * 30_000), "EDL-LOGIN-041"),
        (wrapped_text(b"<a/>" * 90_000), "EDL-LOGIN-042"),
        (wrapped_text(b""), "EDL-LOGIN-042"),
    ],
)
def test_what_is_no_response_is_refused_quickly(field: str, code: str) -> None:
    """Bombs, other documents, other encodings and junk give one kind of error, at once."""
    flow = saml_flow()
    pending = flow.begin().pending
    begun = time.monotonic()
    assert refused(flow, field, pending) == code
    assert time.monotonic() - begun < 3


def test_junk_inside_good_base64_is_refused() -> None:
    """A lenient decoder would skip junk characters; this one refuses them, but not line breaks."""
    flow = saml_flow()
    pending = flow.begin().pending
    field = Idp().respond(pending.request_id)
    assert refused(flow, field[:80] + "*" + field[80:], pending) == "EDL-LOGIN-040"
    lines = "\r\n".join(field[i : i + 76] for i in range(0, len(field), 76))
    assert flow.complete({"SAMLResponse": lines}, pending) is not None


def test_two_assertions_are_refused() -> None:
    """A second assertion is refused, even when both are signed."""

    def second(root: etree._Element) -> None:
        root.append(one(Idp().tree("x"), "saml:Assertion"))

    assert refused_after(second) == "EDL-LOGIN-042"


def test_a_plain_beside_an_encrypted_assertion_is_refused() -> None:
    """An encrypted assertion does not smuggle in a plain one."""

    def second(root: etree._Element) -> None:
        root.append(one(Idp().tree("x"), "saml:Assertion"))

    idp = Idp(encrypt_to=certificate("sp"))
    assert refused_after(second, idp, private_key=pem("sp")) == "EDL-LOGIN-042"


def test_an_assertion_inside_an_encrypted_one_is_refused() -> None:
    """What comes out of decryption is looked at as strictly as what went in."""

    def nested(root: etree._Element) -> None:
        advice = etree.Element(f"{SAML}Advice")
        advice.append(forge(bare(one(Idp().tree("x"), "saml:Assertion"))))
        one(root, ".//saml:Conditions").addnext(advice)

    flow = saml_flow(private_key=pem("sp"))
    pending = flow.begin().pending
    field = Idp(encrypt_to=certificate("sp")).respond(pending.request_id, nested)
    assert refused(flow, field, pending) in ("EDL-LOGIN-042", "EDL-LOGIN-047")


def test_the_same_id_twice_is_refused() -> None:
    """Two elements of one id are refused, however the id attribute is spelled."""

    def double(root: etree._Element) -> None:
        one(root, ".//samlp:Status").set("Id", one(root, "saml:Assertion").get("ID", ""))

    assert refused_after(double) == "EDL-LOGIN-042"


@pytest.mark.parametrize("uri", ["", "#", "#other", None])
def test_a_reference_to_something_else_is_refused(uri: str | None) -> None:
    """A signature must refer to its own parent by id; the empty reference is not enough."""
    assert refused_after(set_to(".//ds:Reference", "URI", uri)) == "EDL-LOGIN-042"


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


def test_character_data_sections_cut_nothing_off() -> None:
    """A CDATA section put into a signed value leaves the whole text."""
    flow = saml_flow()
    pending = flow.begin().pending
    data = etree.tostring(Idp().tree(pending.request_id))
    field = encode(data.replace(b">person-1<", b">per<![CDATA[son]]>-1<"))
    assert accepted(flow, field, pending).name_id == "person-1"


def test_processing_instructions_are_refused() -> None:
    """A processing instruction put into a signed value is a change of what was signed."""

    def split(root: etree._Element) -> None:
        name = one(root, ".//saml:NameID")
        name.text = "per"
        instruction = etree.ProcessingInstruction("evil", "EVIL")
        instruction.tail = "son-1"
        name.append(instruction)

    assert refused_after(split) == "EDL-LOGIN-042"


def test_an_unknown_digest_of_the_padding_is_refused() -> None:
    """The key transport's own digest is looked at too."""

    def change(root: etree._Element) -> None:
        method = root.findall(".//xenc:EncryptionMethod", NS)[-1]
        etree.SubElement(method, f"{DS}DigestMethod", Algorithm="urn:md5")

    idp = Idp(encrypt_to=certificate("sp"))
    assert refused_after(change, idp, private_key=pem("sp")) == "EDL-LOGIN-043"


@pytest.mark.parametrize("key", ["other", ""])
def test_the_wrong_decryption_key_is_refused(key: str) -> None:
    """An assertion encrypted to somebody else, or without a key of ours, is refused."""
    idp = Idp(encrypt_to=certificate("sp"))
    assert refused_after(lambda _: None, idp, private_key=key and pem(key)) == "EDL-LOGIN-045"


@pytest.mark.parametrize("cipher", [xmlsec.Transform.AES256, xmlsec.Transform.AES256_GCM])
@pytest.mark.parametrize("place", [0, 20, 400, -20])
def test_changed_ciphertext_tells_nothing(cipher: Any, place: int) -> None:  # noqa: ANN401
    """A flipped bit anywhere in the ciphertext is refused with the same public word."""

    def flip(root: etree._Element) -> None:
        value = root.findall(".//xenc:CipherValue", NS)[-1]
        data = bytearray(base64.b64decode(value.text or ""))
        data[place] ^= 1
        value.text = base64.b64encode(data).decode()

    idp = Idp(encrypt_to=certificate("sp"), cipher=cipher)
    code = refused_after(flip, idp, private_key=pem("sp"))
    assert code in ("EDL-LOGIN-042", "EDL-LOGIN-045", "EDL-LOGIN-046", "EDL-LOGIN-047")
