"""A certificate authority and a certificate for ``localhost``, made anew for each run."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.sso.issuer import rsa_key

_SIGNS_CERTIFICATES = x509.KeyUsage(
    key_cert_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def write_certificates(folder: Path) -> ssl.SSLContext:
    """Write ``ca.pem``, ``server.pem`` and ``server.key``; return a server's context."""
    now = datetime.now(UTC)

    def builder(name: str, issuer: str, key: str) -> x509.CertificateBuilder:
        subject, signer = (
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer)
        )
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(signer)
            .public_key(rsa_key(key).public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=7))
        )

    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    holder = x509.SubjectKeyIdentifier.from_public_key(rsa_key("ca").public_key())
    # What RFC 5280 asks of an authority, and clients of Python 3.13 check.
    authority = (
        builder("edlink tests", "edlink tests", "ca")
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_SIGNS_CERTIFICATES, critical=True)
        .add_extension(holder, critical=False)
    )
    signer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(holder)
    server = (
        builder("localhost", "edlink tests", "server")
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(signer, critical=False)
    )
    for name, built in (("ca", authority), ("server", server)):
        signed = built.sign(rsa_key("ca"), hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    key = rsa_key("server").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.key").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context
