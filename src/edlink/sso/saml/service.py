"""Our own metadata and key: what a district's identity provider is given, and what it rests on."""

from contextlib import suppress

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from edlink.errors import ConfigError
from edlink.sso.saml.names import DSIG, METADATA, MIN_RSA_BITS, POST, PROTOCOL


def require_key_pair(private_key: str, certificate: str = "") -> None:
    """
    Check the key that encrypted assertions are read with, and the certificate that is handed out.

    Args:
        private_key: PEM, or an empty string for none.
        certificate: PEM of the same key, or an empty string.

    Raises:
        ConfigError: EDL-CONF-075 when the key is no RSA key of 2048 bits or more without a
            password, or the certificate is another key's or stands alone.
    """
    if not private_key and not certificate:
        return
    key, named = None, None
    # What is caught may quote what was given.
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        found = load_pem_private_key(private_key.encode(), password=None)
        key = found.public_key() if isinstance(found, rsa.RSAPrivateKey) else None
        if certificate:
            named = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    if key is None or key.key_size < MIN_RSA_BITS or (certificate and named != key):
        message = "private_key and certificate must be one RSA pair of 2048 bits or more, in PEM"
        fix = "Give both, of the same key, without a password; or neither, for plain assertions."
        raise ConfigError("EDL-CONF-075", message, fix=fix)


def service_metadata(entity_id: str, acs_url: str, *, certificate: str = "") -> str:
    """
    Return a service's SAML metadata as XML text.

    Args:
        entity_id: Our own entity id.
        acs_url: Where responses are to be posted.
        certificate: PEM certificate to encrypt assertions to, or an empty string.
    """
    names = {"md": METADATA[1:-1], "ds": DSIG[1:-1]}
    root = etree.Element(f"{METADATA}EntityDescriptor", nsmap=names, entityID=entity_id)
    service = etree.SubElement(
        root,
        f"{METADATA}SPSSODescriptor",
        AuthnRequestsSigned="false",
        WantAssertionsSigned="true",
        protocolSupportEnumeration=PROTOCOL,
    )
    if certificate:
        key = etree.SubElement(service, f"{METADATA}KeyDescriptor", use="encryption")
        data = etree.SubElement(etree.SubElement(key, f"{DSIG}KeyInfo"), f"{DSIG}X509Data")
        lines = [line for line in certificate.splitlines() if line and not line.startswith("-----")]
        etree.SubElement(data, f"{DSIG}X509Certificate").text = "".join(lines)
    etree.SubElement(
        service,
        f"{METADATA}AssertionConsumerService",
        Binding=POST,
        Location=acs_url,
        index="0",
        isDefault="true",
    )
    text: str = etree.tostring(root, encoding="unicode", pretty_print=True)
    return text
