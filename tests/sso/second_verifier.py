"""
A second opinion on every SAML response that edlink accepts: signxml's, over the same certificates.

Nothing of edlink's or python3-saml's reading is used.  The response is decoded and decrypted here,
signxml says what was signed, and the person is read out of that alone.
"""

import base64
from collections.abc import Mapping
from typing import Any

import attrs
import signxml
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from signxml.verifier import SignatureConfiguration, XMLVerifier
from tests.sso.saml_idp import NS, one

from edlink.sso.saml import Assertion, SamlFlow

_SAML = f"{{{NS['saml']}}}"
#: OAEP's own hashes, by the ends of their names; SHA-1 does no harm there, and is its default.
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - see above
    "sha256": hashes.SHA256(),
    "sha512": hashes.SHA512(),
}


class DisagreementError(AssertionError):
    """signxml does not accept what edlink accepted, or sees another person."""


@attrs.frozen
class _Claim:
    """What the login's outcome rests on."""

    assertion_id: str
    issuer: str
    name_id: str | None
    attributes: dict[str, tuple[str, ...]]


def require_agreement(flow: SamlFlow, field: str, found: Assertion) -> None:
    """
    Return nothing once signxml finds the same person in what it finds signed.

    Args:
        flow: The connection, for its certificates and its key.
        field: The form field that edlink accepted.
        found: What edlink read out of it.

    Raises:
        DisagreementError: signxml accepts no signature, or the signed element says anything else.
    """
    root = etree.fromstring(base64.b64decode(field))
    declared = root.nsmap
    response = _signed(flow, root, "./") if root.find("ds:Signature", NS) is not None else None
    root = root if response is None else response
    _decrypt(root, flow.private_key, declared)
    place = f"./{_SAML}Assertion/"
    if one(root, "saml:Assertion").find("ds:Signature", NS) is not None:
        assertion = _signed(flow, root, place)
    elif response is not None and not flow.assertion_signed:
        assertion = one(root, "saml:Assertion")
    else:
        raise DisagreementError
    claim = _Claim(
        found.assertion_id,
        found.issuer,
        found.name_id,
        {name: tuple(values) for name, values in found.attributes.items()},
    )
    if _read(assertion) != claim:
        raise DisagreementError


def _signed(flow: SamlFlow, root: etree._Element, place: str) -> etree._Element:
    """Return the element that a known certificate signed, by the signature at a place."""
    wanted = SignatureConfiguration(location=place, expect_references=1)
    for text in flow.parties().certificates:
        pem = f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"
        try:
            result = XMLVerifier().verify(
                etree.tostring(root), x509_cert=pem, id_attribute="ID", expect_config=wanted
            )
        except signxml.exceptions.SignXMLException:
            continue
        tree: Any = None if isinstance(result, list) else result.signed_xml
        if tree is not None and tree.tag == (root.tag if place == "./" else f"{_SAML}Assertion"):
            return etree.fromstring(etree.tostring(tree))
    raise DisagreementError


def _read(assertion: etree._Element) -> _Claim:
    def text(element: etree._Element) -> str:
        return "".join(str(part) for part in element.itertext(with_tail=False))

    name_id = assertion.find("saml:Subject/saml:NameID", NS)
    return _Claim(
        assertion.get("ID", ""),
        text(one(assertion, "saml:Issuer")),
        None if name_id is None else text(name_id) or None,
        {
            attribute.get("Name", ""): tuple(
                text(value) for value in attribute.findall("saml:AttributeValue", NS)
            )
            for attribute in assertion.findall("saml:AttributeStatement/saml:Attribute", NS)
        },
    )


def _decrypt(root: etree._Element, private_key: str, declared: Mapping[str | None, str]) -> None:
    """Put the assertion in the place of the encrypted one, where there is one."""
    holder = root.find("saml:EncryptedAssertion", NS)
    if holder is None:
        return
    wrapped = one(holder, ".//xenc:EncryptedKey")
    key = load_pem_private_key(private_key.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    digest = wrapped.find("xenc:EncryptionMethod/ds:DigestMethod", NS)
    name = "sha1" if digest is None else digest.get("Algorithm", "").rpartition("#")[2]
    oaep = padding.OAEP(padding.MGF1(_HASHES["sha1"]), _HASHES[name], None)
    session = key.decrypt(_value(wrapped), oaep)
    data = one(holder, "xenc:EncryptedData")
    method = one(data, "xenc:EncryptionMethod").get("Algorithm", "")
    plain = _decipher(method, session, _value(data))
    names = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in declared.items() if prefix)
    around = etree.fromstring(f"<around{names}>".encode() + plain + b"</around>")
    root.replace(holder, around[0])


def _value(element: etree._Element) -> bytes:
    return base64.b64decode(one(element, "xenc:CipherData/xenc:CipherValue").text or "")


def _decipher(method: str, key: bytes, data: bytes) -> bytes:
    if method.endswith("-gcm"):
        return AESGCM(key).decrypt(data[:12], data[12:], None)
    decryptor = Cipher(algorithms.AES(key), modes.CBC(data[:16])).decryptor()
    plain = decryptor.update(data[16:]) + decryptor.finalize()
    return plain[: -plain[-1]]
