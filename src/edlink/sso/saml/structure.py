"""
The shape of a response's signatures and encryption, checked before any of them is used.

One assertion, signatures only where they belong, each over its own parent by one local reference,
nothing but the allow-listed algorithms, nothing that could make the verifier fetch.
"""

from collections.abc import Iterator

from lxml import etree

from edlink.errors import InvalidLoginError
from edlink.sso.saml.names import (
    CANONICALIZATIONS,
    DIGESTS,
    DSIG,
    ENCRYPTIONS,
    EXCLUSIVE,
    SAML,
    SIGNATURES,
    TRANSFORMS,
    XENC,
)

#: Most prefixes that canonicalization looks for at every element; real lists have a handful.
_MAX_PREFIXES = 48

#: A transform for enveloped signatures and one for canonicalization.
_MAX_TRANSFORMS = 2

#: Elements that bring content or keys from elsewhere, or hide signed content beside the assertion.
_FORBIDDEN = (
    f"{DSIG}Object",
    f"{DSIG}Manifest",
    f"{XENC}CipherReference",
    "{http://www.w3.org/2001/XInclude}include",
)

#: What may say which key was used: by name, by certificate, or enclosed.  Other ways make libxmlsec
#: read addresses and files (KeyInfoReference) or compute for as long as the sender likes.
_KEY_PARTS = frozenset(
    {
        f"{DSIG}KeyName",
        f"{DSIG}KeyValue",
        f"{DSIG}X509Data",
        f"{DSIG}RetrievalMethod",
        f"{XENC}EncryptedKey",
    }
)


def check_structure(root: etree._Element) -> None:
    """
    Check a response's shape, as it came or after decryption.

    Raises:
        InvalidLoginError: EDL-LOGIN-042 for a shape that is never right, EDL-LOGIN-043 for an
            algorithm that is not accepted.
    """
    for tag in _FORBIDDEN:
        _require(next(root.iter(tag), None) is None)
    # A signature covers processing instructions, but python3-saml drops them before it verifies.
    _require(next(root.iter(etree.ProcessingInstruction), None) is None)
    _check_ids(root)
    assertion = _only_assertion(root)
    for signature in root.iter(f"{DSIG}Signature"):
        _require(signature.getparent() in (root, assertion))
        _check_signature(signature)
    for info in root.iter(f"{DSIG}KeyInfo"):
        _require({part.tag for part in info.iterchildren("*")} <= _KEY_PARTS)
    for prefixes in root.iter(f"{EXCLUSIVE}InclusiveNamespaces"):
        _require(len(prefixes.get("PrefixList", "").split()) <= _MAX_PREFIXES)
    for transforms in root.iter(f"{DSIG}Transforms"):
        # Elsewhere, as in a RetrievalMethod, they are run before anybody has signed anything.
        parent = transforms.getparent()
        _require(parent is not None and parent.tag == f"{DSIG}Reference")
    for method in root.iter(f"{DSIG}RetrievalMethod"):
        parents = {ancestor.tag for ancestor in method.iterancestors()}
        _require(method.get("URI", "").startswith("#") and f"{DSIG}Signature" not in parents)
    for method in root.iter(f"{XENC}EncryptionMethod"):
        _accept(method, ENCRYPTIONS)
        for digest in method.iter(f"{DSIG}DigestMethod"):
            # OAEP's own hash is no signature: SHA-1 does no harm there, and is its default.
            _accept(digest, DIGESTS | {"http://www.w3.org/2000/09/xmldsig#sha1"})


def is_signed(element: etree._Element) -> bool:
    """Return whether an element of a checked response bears its own signature."""
    return element.find(f"{DSIG}Signature") is not None


def _only_assertion(root: etree._Element) -> etree._Element:
    found = [*root.iter(f"{SAML}Assertion"), *root.iter(f"{SAML}EncryptedAssertion")]
    _require(len(found) == 1 and found[0].getparent() is root)
    return found[0]


def _check_ids(root: etree._Element) -> None:
    ids = [value for element in root.iter("*") for value in _ids(element)]
    _require(len(ids) == len(set(ids)))


def _ids(element: etree._Element) -> Iterator[str]:
    for name, value in element.attrib.items():
        if etree.QName(name).localname.lower() == "id":
            yield str(value)


def _check_signature(signature: etree._Element) -> None:
    parent = signature.getparent()
    _require(parent is not None and len(parent.findall(f"{DSIG}Signature")) == 1)
    signed_id = "" if parent is None else parent.get("ID", "")
    info = _one(signature, f"{DSIG}SignedInfo")
    reference = _one(info, f"{DSIG}Reference")
    _require(bool(signed_id) and reference.get("URI") == f"#{signed_id}")
    _accept(_one(info, f"{DSIG}CanonicalizationMethod"), CANONICALIZATIONS)
    _accept(_one(info, f"{DSIG}SignatureMethod"), SIGNATURES)
    _accept(_one(reference, f"{DSIG}DigestMethod"), DIGESTS)
    transforms = [*_one(reference, f"{DSIG}Transforms").iterchildren("*")]
    _require(len(transforms) <= _MAX_TRANSFORMS)
    for transform in transforms:
        _accept(transform, TRANSFORMS)


def _one(parent: etree._Element, tag: str) -> etree._Element:
    found = parent.findall(tag)
    _require(len(found) == 1 and sum(1 for _ in parent.iter(tag)) == 1)
    return found[0]


def _require(condition: bool) -> None:
    if not condition:
        message = "the response's signatures or parts are not where they belong"
        raise InvalidLoginError("EDL-LOGIN-042", message, reason="refused")


def _accept(element: etree._Element, allowed: frozenset[str]) -> None:
    if element.get("Algorithm") not in allowed:
        message = "the response uses an algorithm that is not accepted"
        fix = "Have the identity provider sign with RSA or ECDSA and SHA-256, encrypt with OAEP."
        raise InvalidLoginError("EDL-LOGIN-043", message, reason="refused", fix=fix)
