"""Encrypted assertions: anybody can make one, so what comes out is trusted no more."""

import base64
from typing import Any

import pytest
from lxml import etree
from tests.sso.saml_idp import NS, Idp, certificate, one, pem, xmlsec
from tests.sso.saml_login import refused_after
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
