"""An identity provider's metadata, read strictly."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from edlink.errors import ConfigError
from edlink.sso.addresses import is_safe_url
from edlink.sso.saml.envelope import parse_xml
from edlink.sso.saml.names import DSIG, METADATA, MIN_RSA_BITS, REDIRECT

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?")

#: An XML Schema duration, largest unit first.
_DURATION = re.compile(
    r"P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})D)?"
    r"(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?",
    re.ASCII,
)
_DAY = 24 * 3600
#: Seconds in each unit of a duration; years and months at their usual length.
_UNITS = (365 * _DAY, 30 * _DAY, _DAY, 3600, 60, 1)


@attrs.frozen(kw_only=True)
class IdpMetadata:
    """
    What an identity provider publishes of itself.

    Attributes:
        entity_id: Its name, which responses repeat as Issuer.
        sso_url: Where the browser is sent (HTTP-Redirect).
        certificates: Signing certificates in base64 without armor; any may have signed.
        certificate_ends: When each certificate expires, in UTC, in the same order.
        valid_until: When this document stops being valid, in UTC, or None.
        cache_duration: Seconds for which it asks to be kept, or None.
    """

    entity_id: str
    sso_url: str
    certificates: tuple[str, ...] = attrs.field(repr=False)
    certificate_ends: tuple[datetime, ...]
    valid_until: datetime | None = None
    cache_duration: float | None = None

    def is_valid(self, now: float) -> bool:
        """Return whether the document has not run out, by seconds since the epoch."""
        return self.valid_until is None or now < self.valid_until.timestamp()


def parse_metadata(data: bytes, *, entity_id: str | None = None) -> IdpMetadata | None:
    """
    Return the identity provider in a metadata document; None when it holds no usable one.

    Args:
        data: The document; at most the sender's size limit.
        entity_id: Which provider, where the document has several; None for the only one.
    """
    root = parse_xml(data)
    if root is None:
        return None
    found = [
        entity
        for entity in root.iter(f"{METADATA}EntityDescriptor")
        if entity.find(f"{METADATA}IDPSSODescriptor") is not None
        and entity_id in (None, entity.get("entityID"))
    ]
    return _read_entity(found[0]) if len(found) == 1 else None


def _read_entity(entity: etree._Element) -> IdpMetadata | None:
    descriptors = entity.findall(f"{METADATA}IDPSSODescriptor")
    if len(descriptors) != 1:
        return None
    services = descriptors[0].iterfind(f"{METADATA}SingleSignOnService")
    urls = [s.get("Location", "") for s in services if s.get("Binding") == REDIRECT]
    pairs = [*_signing_certificates(descriptors[0])]
    name = entity.get("entityID", "")
    if not name or not pairs or not urls or not is_safe_url(urls[0]):
        return None
    around = (*descriptors, entity, *entity.iterancestors())
    moments = [_moment(e.get("validUntil")) for e in around if e.get("validUntil")]
    if None in moments:
        return None
    durations = map(_seconds, (e.get("cacheDuration", "") for e in around))
    return IdpMetadata(
        entity_id=name,
        sso_url=urls[0],
        certificates=tuple(text for text, _ in pairs),
        certificate_ends=tuple(end for _, end in pairs),
        valid_until=min((m for m in moments if m is not None), default=None),
        cache_duration=min((d for d in durations if d is not None), default=None),
    )


def _signing_certificates(descriptor: etree._Element) -> Iterable[tuple[str, datetime]]:
    seen = set()
    for key in descriptor.findall(f"{METADATA}KeyDescriptor"):
        if key.get("use", "signing") == "signing":
            for element in key.iter(f"{DSIG}X509Certificate"):
                text = "".join((element.text or "").split())
                certificate = _read_certificate(text)
                if certificate is not None and text not in seen:
                    seen.add(text)
                    yield text, certificate.not_valid_after_utc


def _read_certificate(text: str) -> x509.Certificate | None:
    armored = f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"
    try:
        certificate = x509.load_pem_x509_certificate(armored.encode())
        key = certificate.public_key()
    except (ValueError, TypeError):
        return None
    strong = isinstance(key, ec.EllipticCurvePublicKey) or (
        isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS
    )
    return certificate if strong else None


def _moment(text: str | None) -> datetime | None:
    if text is None or not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        return None


def _seconds(duration: str) -> float | None:
    """Return an XML Schema duration in seconds; None for anything else."""
    found = _DURATION.fullmatch(duration)
    if found is None or not any(found.groups()):
        return None
    return sum(float(n) * unit for n, unit in zip(found.groups("0"), _UNITS, strict=True))


def require_metadata(xml: str | bytes, *, entity_id: str | None = None) -> IdpMetadata:
    """
    Return the identity provider in a document that the host gives.

    Raises:
        ConfigError: EDL-CONF-053 when it is not usable.
    """
    found = parse_metadata(xml.encode() if isinstance(xml, str) else xml, entity_id=entity_id)
    if found is None:
        message = "this is not the metadata of one identity provider with a signing certificate"
        fix = "Copy the district's IDP metadata again, whole."
        raise ConfigError("EDL-CONF-053", message, fix=fix)
    return found
