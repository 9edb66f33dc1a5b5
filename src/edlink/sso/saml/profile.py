"""
What a verified response must say: SAML 2.0 profiles, 4.1.4 (web browser single sign-on).

These are the checks that python3-saml makes loosely or not at all; see docs/guides/login.md.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import attrs
from lxml import etree

from edlink.errors import InvalidLoginError
from edlink.sso.saml.names import BEARER, SAML
from edlink.sso.saml.structure import is_signed

#: Conditions that hold here: each assertion is used once, and passed on to nobody.
_CONDITIONS = frozenset(
    f"{SAML}{name}" for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")
)

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@attrs.frozen(kw_only=True)
class Expected:
    """
    What this login expects of a response.

    Attributes:
        entity_id: Our own entity id, which every audience restriction must name.
        acs_url: The address the form was posted to, from configuration.
        issuer: The identity provider's entity id.
        request_id: Id of the request it must answer, or None for one that nobody asked for.
        now: Seconds since the epoch.
        skew: Longest difference between two clocks that is overlooked, in seconds; python3-saml,
            which looks first, overlooks none in the subject's confirmation.
    """

    entity_id: str
    acs_url: str
    issuer: str
    request_id: str | None
    now: float
    skew: int


@attrs.frozen(kw_only=True)
class Assertion:
    """
    What an accepted assertion says.

    ``usable_until`` is when nobody accepts it any more, in seconds since the epoch.
    """

    assertion_id: str
    issuer: str
    name_id: str | None = attrs.field(repr=False)
    name_id_format: str | None
    attributes: Mapping[str, tuple[str, ...]] = attrs.field(repr=False)
    auth_time: datetime | None
    usable_until: int

    def value(self, name: str | None) -> str | None:
        """Return the only value of an attribute; None when it is absent, blank or several."""
        values = self.attributes.get(name or "", ())
        return values[0] if len(values) == 1 and values[0].strip() else None


def read_assertion(root: etree._Element, expected: Expected) -> Assertion:
    """
    Return what a response says, whose shape and signature hold, once it fits this login.

    Raises:
        InvalidLoginError: EDL-LOGIN-048 to 055 or 058, by what does not fit.
    """
    assertion = _only(root, "Assertion")
    _check_destination(root, expected)
    _check_issuers(root, assertion, expected)
    conditions = _only(assertion, "Conditions")
    _check_understood(conditions)
    _check_window(conditions, expected)
    _check_audiences(conditions, expected)
    subject = _only(assertion, "Subject")
    data = _bearer_data(subject, expected)
    _check_answers(root, data, expected)
    name_id = subject.find(f"{SAML}NameID")
    instant = _only(assertion, "AuthnStatement").get("AuthnInstant", "")
    return Assertion(
        assertion_id=assertion.get("ID", ""),
        issuer=expected.issuer,
        name_id=None if name_id is None else _text(name_id) or None,
        name_id_format=None if name_id is None else name_id.get("Format"),
        attributes=_attributes(assertion),
        auth_time=None if (at := _seconds(instant)) is None else datetime.fromtimestamp(at, UTC),
        usable_until=_usable_until(conditions, data, expected),
    )


def _check_destination(root: etree._Element, expected: Expected) -> None:
    destination = root.get("Destination")
    if destination != expected.acs_url and (destination is not None or is_signed(root)):
        message = "the response was made for another address (Destination)"
        raise _refused("EDL-LOGIN-048", message)


def _check_issuers(root: etree._Element, assertion: etree._Element, expected: Expected) -> None:
    of_root, of_assertion = (
        [_text(issuer) for issuer in element.findall(f"{SAML}Issuer")]
        for element in (root, assertion)
    )
    if of_root not in ([], [expected.issuer]) or of_assertion != [expected.issuer]:
        raise _refused("EDL-LOGIN-049", "the response comes from another identity provider")


def _check_understood(conditions: etree._Element) -> None:
    """Check that no condition is one that is not understood (SAML core, 2.5.1.1)."""
    if not {condition.tag for condition in conditions.iterchildren("*")} <= _CONDITIONS:
        raise _refused("EDL-LOGIN-058", "the assertion sets a condition that is not understood")


def _check_window(conditions: etree._Element, expected: Expected) -> None:
    begins = _seconds(conditions.get("NotBefore", ""))
    ends = _seconds(conditions.get("NotOnOrAfter", ""))
    if begins is None or ends is None:
        raise _refused("EDL-LOGIN-050", "the assertion does not say when it is valid")
    _check_moments(begins, ends, expected)


def _check_moments(begins: float, ends: float, expected: Expected) -> None:
    if not begins - expected.skew <= expected.now < ends + expected.skew:
        fix = "If logins fail for everyone, compare the clocks of host and identity provider."
        message = "the assertion is expired, or not yet valid"
        raise InvalidLoginError("EDL-LOGIN-051", message, reason="try_again", fix=fix)


def _check_audiences(conditions: etree._Element, expected: Expected) -> None:
    restrictions = conditions.findall(f"{SAML}AudienceRestriction")
    named = [
        expected.entity_id in [_text(audience) for audience in each.findall(f"{SAML}Audience")]
        for each in restrictions
    ]
    if not named or not all(named):
        raise _refused("EDL-LOGIN-052", "the assertion was made for another service (Audience)")


def _bearer_data(subject: etree._Element, expected: Expected) -> etree._Element:
    """Return the data of the only bearer confirmation, which must be for our address and time."""
    found = [c for c in subject.findall(f"{SAML}SubjectConfirmation") if c.get("Method") == BEARER]
    data = found[0].find(f"{SAML}SubjectConfirmationData") if len(found) == 1 else None
    if data is None or data.get("Recipient") != expected.acs_url:
        raise _refused("EDL-LOGIN-053", "the assertion was made for another address (Recipient)")
    begins = _seconds(data.get("NotBefore", "")) if "NotBefore" in data.attrib else 0.0
    ends = _seconds(data.get("NotOnOrAfter", ""))
    if begins is None or ends is None:
        raise _refused("EDL-LOGIN-050", "the assertion does not say when it is valid")
    _check_moments(begins, ends, expected)
    return data


def _check_answers(root: etree._Element, data: etree._Element, expected: Expected) -> None:
    """Check which request is answered: the signed statement decides, the wrapper must agree."""
    signed, wrapper = data.get("InResponseTo"), root.get("InResponseTo")
    if signed != expected.request_id or wrapper not in (signed, None):
        message = "the response does not answer this browser's login (InResponseTo)"
        raise InvalidLoginError("EDL-LOGIN-054", message, reason="try_again")


def _usable_until(conditions: etree._Element, data: etree._Element, expected: Expected) -> int:
    ends = [_seconds(element.get("NotOnOrAfter", "")) for element in (conditions, data)]
    return int(max(end for end in ends if end is not None)) + expected.skew + 1


def _attributes(assertion: etree._Element) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for attribute in assertion.iterfind(f"{SAML}AttributeStatement/{SAML}Attribute"):
        name = attribute.get("Name", "")
        if name in found:
            raise _refused("EDL-LOGIN-055", "the assertion names an attribute twice")
        found[name] = tuple(_text(v) for v in attribute.findall(f"{SAML}AttributeValue"))
    return found


def _only(parent: etree._Element, name: str) -> etree._Element:
    found = parent.findall(f"{SAML}{name}")
    if len(found) != 1:
        raise _refused("EDL-LOGIN-055", f"the response must hold exactly one {name}")
    return found[0]


def _text(element: etree._Element) -> str:
    """Return an element's whole text: a comment or processing instruction cuts nothing off."""
    return str(element.xpath("string()"))


def _seconds(moment: str) -> float | None:
    if not _MOMENT.fullmatch(moment):
        return None
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return None


def _refused(code: str, message: str) -> InvalidLoginError:
    return InvalidLoginError(code, message, reason="refused")
