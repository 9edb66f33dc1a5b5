"""Nothing that a response names is fetched, by whichever element it is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from lxml import etree
from tests.sso.saml_fetching import watched
from tests.sso.saml_idp import NS, Idp, certificate, one
from tests.sso.saml_login import refused_after

DS = f"{{{NS['ds']}}}"
DS11 = "{http://www.w3.org/2009/xmldsig11#}"
SAML = f"{{{NS['saml']}}}"
XENC = f"{{{NS['xenc']}}}"

Scheme = Literal["http", "file", "path"]
Attack = Callable[[etree._Element, str], None]


def second_reference(root: etree._Element, url: str) -> None:
    info = one(root, ".//ds:SignedInfo")
    info.append(etree.fromstring(etree.tostring(one(info, "ds:Reference"))))
    info[-1].set("URI", url)


def only_reference(root: etree._Element, url: str) -> None:
    one(root, ".//ds:Reference").set("URI", url)


def retrieval(root: etree._Element, url: str) -> None:
    info = root.findall(".//ds:KeyInfo", NS)[0]
    info[:] = [etree.Element(f"{DS}RetrievalMethod", URI=url, Type=f"{XENC[1:-1]}EncryptedKey")]


def key_reference(root: etree._Element, url: str) -> None:
    info = root.findall(".//ds:KeyInfo", NS)[0]
    info[:] = [etree.Element(f"{DS11}KeyInfoReference", URI=url)]


def manifest(root: etree._Element, url: str) -> None:
    reference = etree.Element(f"{DS}Reference", URI=url)
    holder = etree.Element(f"{DS}Manifest")
    holder.append(reference)
    one(root, ".//saml:Conditions").addnext(_advice(holder))


def included(root: etree._Element, url: str) -> None:
    holder = etree.Element("{http://www.w3.org/2001/XInclude}include", href=url)
    one(root, ".//saml:Conditions").addnext(_advice(holder))


def _advice(content: etree._Element) -> etree._Element:
    advice = etree.Element(f"{SAML}Advice")
    advice.append(content)
    return advice


def cipher_reference(root: etree._Element, url: str) -> None:
    data = root.findall(".//xenc:CipherData", NS)[-1]
    data[:] = [etree.Element(f"{XENC}CipherReference", URI=url)]


@pytest.mark.parametrize("scheme", ["http", "file", "path"])
@pytest.mark.parametrize("sealed", [False, True], ids=["open", "sealed"])
@pytest.mark.parametrize(
    "attack",
    [second_reference, only_reference, retrieval, key_reference, manifest, included],
)
def test_nothing_in_a_response_is_fetched(
    attack: Attack, scheme: Scheme, tmp_path: Path, *, sealed: bool
) -> None:
    """A response that names an address is refused, and nobody calls at that address."""
    with watched(scheme, tmp_path) as (url, called):
        code = refused_after(lambda root: attack(root, url), sealed=sealed)
        assert not called()
    assert code == "EDL-LOGIN-042"


@pytest.mark.parametrize("scheme", ["http", "file", "path"])
@pytest.mark.parametrize("attack", [cipher_reference, retrieval, key_reference])
def test_nothing_is_fetched_to_decrypt(attack: Attack, scheme: Scheme, tmp_path: Path) -> None:
    """An encrypted assertion whose key or text lies elsewhere is refused, and nobody calls."""
    with watched(scheme, tmp_path) as (url, called):
        code = refused_after(lambda root: attack(root, url), Idp(encrypt_to=certificate("sp")))
        assert not called()
    assert code == "EDL-LOGIN-042"


@pytest.mark.parametrize("scheme", ["http", "file", "path"])
@pytest.mark.parametrize("path", [".", "saml:Assertion", ".//saml:AttributeValue"])
def test_no_schema_is_fetched(path: str, scheme: Scheme, tmp_path: Path) -> None:
    """A response that says where its schema lies is held to SAML's own, and nobody calls."""
    with watched(scheme, tmp_path) as (url, called):

        def point(root: etree._Element) -> None:
            element = root if path == "." else root.findall(path, NS)[0]
            for name, value in (("schemaL", f"urn:x {url}"), ("noNamespaceSchemaL", url)):
                element.set(f"{{http://www.w3.org/2001/XMLSchema-instance}}{name}ocation", value)
            etree.SubElement(one(root, "samlp:Status"), "{urn:x}unknown")

        assert refused_after(point) == "EDL-LOGIN-047"
        assert not called()


@pytest.mark.parametrize(
    "name",
    [
        "{http://www.w3.org/2000/09/xmldsig#}SPKIData",
        "{http://www.w3.org/2000/09/xmldsig#}PGPData",
        "{http://www.w3.org/2000/09/xmldsig#}MgmtData",
        "{http://www.w3.org/2001/04/xmlenc#}AgreementMethod",
        "{http://www.w3.org/2009/xmlenc11#}DerivedKey",
        "{http://www.w3.org/2009/xmldsig11#}DEREncodedKeyValue",
        "{urn:other}Key",
    ],
)
@pytest.mark.parametrize("idp", [Idp(), Idp(encrypt_to=certificate("sp"))], ids=["open", "sealed"])
def test_other_ways_to_a_key_are_refused(name: str, idp: Idp) -> None:
    """A key is named or enclosed; a key to be derived, agreed on or decoded is refused."""

    def add(root: etree._Element) -> None:
        etree.SubElement(root.findall(".//ds:KeyInfo", NS)[-1], name)

    assert refused_after(add, idp) == "EDL-LOGIN-042"


def test_a_signatures_key_is_not_looked_up() -> None:
    """A signature that refers to its key, even inside the response, is refused."""
    code = refused_after(lambda root: retrieval(root, "#_key"))
    assert code == "EDL-LOGIN-042"


def test_nothing_is_signed_beside_the_assertion() -> None:
    """An object that a signature encloses is refused, whatever it holds."""

    def enclose(root: etree._Element) -> None:
        etree.SubElement(one(root, ".//ds:Signature"), f"{DS}Object").text = "x"

    assert refused_after(enclose) == "EDL-LOGIN-042"
