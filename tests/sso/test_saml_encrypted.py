"""Encrypted assertions: anybody can make one, so what comes out is trusted no more."""

import base64
from typing import Any

import pytest
from lxml import etree
from tests.sso.saml_idp import NS, Idp, certificate, encode, one, pem, xmlsec
from tests.sso.saml_login import accepted, refused_after, saml_flow
from tests.sso.saml_wrapping import bare, forge

DS = f"{{{NS['ds']}}}"
SAML = f"{{{NS['saml']}}}"

STYLESHEET = """\
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/"><xsl:message>the stylesheet ran</xsl:message></xsl:template>
</xsl:stylesheet>"""


def test_a_hidden_stylesheet_never_runs(capfd: pytest.CaptureFixture[str]) -> None:
    """A signature inside an encrypted assertion is looked at before its transforms are run."""

    def style(root: etree._Element) -> None:
        transforms = one(root, ".//ds:Transforms")
        xslt = "http://www.w3.org/TR/1999/REC-xslt-19991116"
        transform = etree.Element(f"{DS}Transform", Algorithm=xslt)
        transform.append(etree.fromstring(STYLESHEET))
        transforms[:] = [transform]

    assert refused_after(style, Idp(key="attacker"), sealed=True) == "EDL-LOGIN-043"
    assert "stylesheet" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("kind", ["EncryptedKey", "X509Data"])
def test_a_stylesheet_on_the_way_to_the_key_never_runs(
    kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A key that is to be found by way of a transform is refused before the way is gone."""

    def style(root: etree._Element) -> None:
        info = root.findall(".//ds:KeyInfo", NS)[0]
        info[0].set("Id", "_key")
        space = NS["xenc" if kind == "EncryptedKey" else "ds"]
        way = etree.Element(f"{DS}RetrievalMethod", URI="#_key", Type=f"{space}{kind}")
        xslt = "http://www.w3.org/TR/1999/REC-xslt-19991116"
        transforms = etree.SubElement(way, f"{DS}Transforms")
        etree.SubElement(transforms, f"{DS}Transform", Algorithm=xslt).append(
            etree.fromstring(STYLESHEET)
        )
        info.insert(0, way)

    assert refused_after(style, Idp(encrypt_to=certificate("sp"))) == "EDL-LOGIN-042"
    assert "stylesheet" not in "".join(capfd.readouterr())


def test_a_key_may_lie_beside_the_data() -> None:
    """A key that the encrypted data refer to by its id, as some providers send it, is found."""
    flow = saml_flow(private_key=pem("sp"))
    pending = flow.begin().pending
    root = Idp(encrypt_to=certificate("sp")).tree(pending.request_id)
    holder = one(root, "saml:EncryptedAssertion")
    info = one(holder, "xenc:EncryptedData/ds:KeyInfo")
    key = info[0]
    key.set("Id", "_key")
    kind = f"{NS['xenc']}EncryptedKey"
    info[:] = [etree.Element(f"{DS}RetrievalMethod", URI="#_key", Type=kind)]
    holder.append(key)
    assert accepted(flow, encode(root), pending).name_id == "person-1"


def test_a_weak_key_transport_is_refused() -> None:
    """RSA 1.5 is refused before our key is used."""
    idp = Idp(encrypt_to=certificate("sp"), transport=xmlsec.Transform.RSA_PKCS1)
    assert refused_after(lambda _: None, idp) == "EDL-LOGIN-043"


def test_a_plain_beside_an_encrypted_assertion_is_refused() -> None:
    """An encrypted assertion does not smuggle in a plain one."""

    def second(root: etree._Element) -> None:
        root.append(one(Idp().tree("x"), "saml:Assertion"))

    idp = Idp(encrypt_to=certificate("sp"))
    assert refused_after(second, idp) == "EDL-LOGIN-042"


def test_an_assertion_inside_an_encrypted_one_is_refused() -> None:
    """What comes out of decryption is looked at as strictly as what went in."""

    def nested(root: etree._Element) -> None:
        advice = etree.Element(f"{SAML}Advice")
        advice.append(forge(bare(one(Idp().tree("x"), "saml:Assertion"))))
        one(root, ".//saml:Conditions").addnext(advice)

    assert refused_after(nested, sealed=True) == "EDL-LOGIN-042"


def test_an_unknown_digest_of_the_padding_is_refused() -> None:
    """The key transport's own digest is looked at too."""

    def change(root: etree._Element) -> None:
        method = root.findall(".//xenc:EncryptionMethod", NS)[-1]
        etree.SubElement(method, f"{DS}DigestMethod", Algorithm="urn:md5")

    idp = Idp(encrypt_to=certificate("sp"))
    assert refused_after(change, idp) == "EDL-LOGIN-043"


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
    code = refused_after(flip, idp)
    assert code in ("EDL-LOGIN-042", "EDL-LOGIN-045", "EDL-LOGIN-046", "EDL-LOGIN-047")
