"""
An identity provider in process: it builds SAML responses and signs them with a real key.

A test changes the tree before signing (what a wrong provider would sign) or after (what an
attacker can do).  Real identity providers are in tests/peers.
"""

import base64
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import attrs
import xmlsec as _xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from tests.sso.issuer import rsa_key

xmlsec: Any = _xmlsec  # its stubs lack most of it

ACS = "https://app.example.org/saml"
ENTITY = "https://app.example.org/entity"
IDP = "https://idp.example.org/entity"
SSO = "https://idp.example.org/sso"

NS = {
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
}

Change = Callable[[etree._Element], None]

TEMPLATE = """\
<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{response_id}" Version="2.0"
 IssueInstant="{now}" Destination="{acs}" InResponseTo="{request}"><saml:Issuer>{idp}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
<saml:Assertion ID="{assertion_id}" Version="2.0" IssueInstant="{now}"><saml:Issuer>{idp}\
</saml:Issuer><saml:Subject><saml:NameID Format=\
"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">person-1</saml:NameID>\
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">\
<saml:SubjectConfirmationData NotOnOrAfter="{end}" Recipient="{acs}" InResponseTo="{request}"/>\
</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{begin}" \
NotOnOrAfter="{end}"><saml:AudienceRestriction><saml:Audience>{entity}</saml:Audience>\
</saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{now}" \
SessionIndex="s-1"><saml:AuthnContext><saml:AuthnContextClassRef>\
urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext>\
</saml:AuthnStatement><saml:AttributeStatement>\
<saml:Attribute Name="sourcedId"><saml:AttributeValue>SIS-1001</saml:AttributeValue>\
</saml:Attribute><saml:Attribute Name="role"><saml:AttributeValue>Student</saml:AttributeValue>\
</saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>"""


@cache
def pem(name: str) -> str:
    """Return the private key of that name as PEM."""
    key = rsa_key(name)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@cache
def certificate(name: str, days: int = 400) -> str:
    """Return a self-signed PEM certificate for the key of that name."""
    key = rsa_key(name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example.org")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=2000))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode()


def bare(text: str) -> str:
    """Return a PEM text without its armor."""
    return "".join(line for line in text.splitlines() if not line.startswith("-----"))


def metadata(*keys: str, entity_id: str = IDP, sso: str = SSO, extra: str = "") -> str:
    """Return the provider's metadata with a signing certificate for each key."""
    descriptors = "".join(
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
        f"{bare(certificate(key))}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        f"</md:KeyDescriptor>"
        for key in keys or ("idp",)
    )
    return (
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        f' xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity_id}" {extra}>'
        f"<md:IDPSSODescriptor"
        f' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{descriptors}'
        f"<md:SingleSignOnService"
        f' Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{sso}"/>'
        f"</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


def moment(seconds: float) -> str:
    """Return a moment that many seconds from now as SAML writes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def one(root: etree._Element, path: str) -> etree._Element:
    """Return the only element at a path such as ``.//saml:NameID``."""
    (found,) = root.findall(path, NS)
    return found


def set_to(path: str, name: str, value: str | None) -> Change:
    """Return a change that sets, or with None removes, an attribute at a path."""

    def change(root: etree._Element) -> None:
        element = root if path == "." else one(root, path)
        if value is None:
            del element.attrib[name]
        else:
            element.set(name, value)

    return change


def set_at(path: str, name: str, seconds: int) -> Change:
    """Return a change that sets an attribute to a moment so far from when it is made."""

    def change(root: etree._Element) -> None:
        set_to(path, name, moment(seconds))(root)

    return change


def text_of(path: str, value: str) -> Change:
    """Return a change that sets an element's text."""

    def change(root: etree._Element) -> None:
        one(root, path).text = value

    return change


def without(path: str) -> Change:
    """Return a change that removes an element."""

    def change(root: etree._Element) -> None:
        element = one(root, path)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return change


@attrs.frozen(kw_only=True)
class Idp:
    """
    How responses are made.

    Attributes:
        key: Name of the signing key.
        signed: Which elements are signed, innermost first.
        signature: The xmlsec signature method.
        digest: The xmlsec digest method.
        encrypt_to: PEM certificate to encrypt the assertion to, or an empty string.
        cipher: The xmlsec block cipher.
        transport: The xmlsec key transport.
    """

    key: str = "idp"
    signed: tuple[str, ...] = ("saml:Assertion",)
    signature: Any = xmlsec.Transform.RSA_SHA256
    digest: Any = xmlsec.Transform.SHA256
    encrypt_to: str = ""
    cipher: Any = xmlsec.Transform.AES256
    transport: Any = xmlsec.Transform.RSA_OAEP

    def tree(self, request_id: str, *before: Change) -> etree._Element:
        """Return a response, signed and encrypted as set; changes come before signing."""
        root = etree.fromstring(
            TEMPLATE.format(
                response_id="_r" + secrets.token_hex(16),
                assertion_id="_a" + secrets.token_hex(16),
                request=request_id,
                acs=ACS,
                idp=IDP,
                entity=ENTITY,
                now=moment(0),
                begin=moment(-5),
                end=moment(300),
            ).encode()
        )
        if not request_id:
            for path in (".", ".//saml:SubjectConfirmationData"):
                set_to(path, "InResponseTo", None)(root)
        for change in before:
            change(root)
        for name in self.signed:
            if name == "saml:Assertion":
                self.sign(one(root, "saml:Assertion"))
                if self.encrypt_to:
                    self.encrypt(root)
            else:
                self.sign(root)
        return etree.fromstring(etree.tostring(root))

    def respond(self, request_id: str, *before: Change, after: Change | None = None) -> str:
        """Return a response as the form field's text; ``after`` changes it once signed."""
        root = self.tree(request_id, *before)
        if after is not None:
            after(root)
        return encode(root)

    def sign(self, element: etree._Element) -> None:
        """Sign an element where SAML wants its signature: after the issuer."""
        node = xmlsec.template.create(element, xmlsec.Transform.EXCL_C14N, self.signature, ns="ds")
        element.insert(1, node)
        reference = xmlsec.template.add_reference(
            node, self.digest, uri="#" + element.get("ID", "")
        )
        xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
        xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
        xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(node))
        xmlsec.tree.add_ids(element, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(pem(self.key), xmlsec.KeyFormat.PEM)
        context.key.load_cert_from_memory(certificate(self.key), xmlsec.KeyFormat.PEM)
        context.sign(node)

    def encrypt(self, root: etree._Element) -> None:
        """Replace the assertion by an encrypted one."""
        assertion = one(root, "saml:Assertion")
        manager = xmlsec.KeysManager()
        manager.add_key(xmlsec.Key.from_memory(self.encrypt_to, xmlsec.KeyFormat.CERT_PEM))
        data = xmlsec.template.encrypted_data_create(
            root, self.cipher, type=xmlsec.EncryptionType.ELEMENT, ns="xenc"
        )
        info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
        wrapped = xmlsec.template.add_encrypted_key(info, self.transport)
        xmlsec.template.encrypted_data_ensure_cipher_value(wrapped)
        xmlsec.template.encrypted_data_ensure_cipher_value(data)
        context = xmlsec.EncryptionContext(manager)
        length = 128 if "128" in str(self.cipher) else 256
        context.key = xmlsec.Key.generate(xmlsec.KeyData.AES, length, xmlsec.KeyDataType.SESSION)
        encrypted = context.encrypt_xml(data, assertion)
        holder = etree.SubElement(root, f"{{{NS['saml']}}}EncryptedAssertion")
        holder.append(encrypted)


def encode(root: etree._Element | bytes) -> str:
    """Return a tree, or raw bytes, as the form field's text."""
    data = root if isinstance(root, bytes) else etree.tostring(root)
    return base64.b64encode(data).decode()
