"""An identity provider's metadata: read strictly, kept while good, looked at with restraint."""

import re
import threading
from collections.abc import Iterable
from datetime import UTC, datetime

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from edlink.errors import ConfigError, LoginError
from edlink.sso.addresses import is_safe_url, require_safe_url
from edlink.sso.saml.envelope import parse_xml
from edlink.sso.saml.names import DSIG, METADATA, REDIRECT
from edlink.sso.sender import Sender

#: Seconds after which metadata from an address is read again.
REFRESH = 24 * 3600

#: Seconds between two looks, however many bad signatures arrive.
PAUSE = 60

_MIN_RSA_BITS = 2048
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?")


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
    """

    entity_id: str
    sso_url: str
    certificates: tuple[str, ...] = attrs.field(repr=False)
    certificate_ends: tuple[datetime, ...]
    valid_until: datetime | None = None


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
    descriptor = entity.find(f"{METADATA}IDPSSODescriptor")
    services = entity.iterfind(f"{METADATA}IDPSSODescriptor/{METADATA}SingleSignOnService")
    urls = [s.get("Location", "") for s in services if s.get("Binding") == REDIRECT]
    pairs = [] if descriptor is None else [*_signing_certificates(descriptor)]
    name = entity.get("entityID", "")
    if not name or not pairs or not urls or not is_safe_url(urls[0]):
        return None
    limits = [e.get("validUntil") for e in (entity, *entity.iterancestors()) if e.get("validUntil")]
    moments = [_moment(limit) for limit in limits]
    if None in moments:
        return None
    return IdpMetadata(
        entity_id=name,
        sso_url=urls[0],
        certificates=tuple(text for text, _ in pairs),
        certificate_ends=tuple(end for _, end in pairs),
        valid_until=min((m for m in moments if m is not None), default=None),
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
        isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS
    )
    return certificate if strong else None


def _moment(text: str | None) -> datetime | None:
    if text is None or not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        return None


class FixedMetadata:
    """
    Metadata that the host keeps itself, as text.

    Raises:
        ConfigError: EDL-CONF-053 when it is not usable.
    """

    def __init__(self, xml: str | bytes, *, entity_id: str | None = None) -> None:
        data = xml.encode() if isinstance(xml, str) else xml
        found = parse_metadata(data, entity_id=entity_id)
        if found is None:
            message = "this is not the metadata of one identity provider with a signing certificate"
            fix = "Copy the district's IDP metadata again, whole."
            raise ConfigError("EDL-CONF-053", message, fix=fix)
        self._metadata = found

    def current(self, now: float) -> IdpMetadata:
        """Return the metadata; raises as ``require_valid`` does."""
        return require_valid(self._metadata, now)

    def refreshed(self, now: float) -> IdpMetadata | None:
        """Return None: there is no place to look for newer metadata."""

    def problem(self, now: float) -> None:
        """Return None: there is no place to look."""


class RemoteMetadata:
    """
    Metadata from the address that the district gave, read daily; the last good serves meanwhile.

    Args:
        url: The address, https; never redirected.
        entity_id: The provider's name where the document has several; otherwise the first document
            read decides, and another name is refused from then on.
        sender: Fetches the document.

    Raises:
        ConfigError: EDL-CONF-050 when the address is not safe.
    """

    def __init__(self, url: str, *, entity_id: str | None = None, sender: Sender) -> None:
        self._url = require_safe_url(url, name="the metadata address")
        self._entity_id = entity_id
        self._sender = sender
        self._lock = threading.Lock()
        self._metadata: IdpMetadata | None = None
        self._tried_at = -float("inf")

    def current(self, now: float) -> IdpMetadata:
        """
        Return the metadata, read again once a day.

        Raises:
            LoginError: EDL-LOGIN-056 when there is none yet, EDL-LOGIN-057 when it ran out.
        """
        with self._lock:
            if now >= self._tried_at + (REFRESH if self._metadata else PAUSE):
                self._look(now)
            return require_valid(self._metadata, now)

    def refreshed(self, now: float) -> IdpMetadata | None:
        """Return metadata that differs from the last, at most one look a minute; else None."""
        with self._lock:
            before = self._metadata
            if now < self._tried_at + PAUSE:
                return None
            self._look(now)
            return None if self._metadata == before else self._metadata

    def problem(self, now: float) -> str | None:
        """
        Return what is wrong with the document at the address now, looked at anew.

        The word is ``unreachable``, ``unusable`` or ``another_entity``; None for nothing.
        """
        with self._lock:
            return self._look(now)

    def _look(self, now: float) -> str | None:
        self._tried_at = now
        try:
            headers = {"Accept": "application/samlmetadata+xml, application/xml, */*;q=0.1"}
            answer = self._sender.get(self._url, what="metadata", headers=headers)
        except LoginError:
            return "unreachable"
        if answer.status != 200:  # noqa: PLR2004 - HTTP
            return "unreachable"
        found = parse_metadata(answer.body, entity_id=self._entity_id)
        if found is None:
            return "unusable" if parse_metadata(answer.body) is None else "another_entity"
        # A new name is the operator's decision, never the document's.
        self._metadata, self._entity_id = found, found.entity_id
        return None


def require_valid(metadata: IdpMetadata | None, now: float) -> IdpMetadata:
    """
    Return metadata that is there and has not run out.

    Raises:
        LoginError: EDL-LOGIN-056 when there is none, EDL-LOGIN-057 when it ran out.
    """
    if metadata is None:
        message = "the identity provider's metadata cannot be read"
        raise LoginError("EDL-LOGIN-056", message, reason="unavailable", retryable=True)
    if metadata.valid_until is not None and now >= metadata.valid_until.timestamp():
        message = "the identity provider's metadata has run out"
        fix = "Ask the district for its current IDP metadata."
        raise LoginError("EDL-LOGIN-057", message, reason="not_set_up", fix=fix)
    return metadata
