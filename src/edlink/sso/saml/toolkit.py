"""
The only place that knows python3-saml: signatures, decryption and the authentication request.

It never reads what was posted, only what our own parser made of it, and uses no signature that
``structure`` has not passed, also inside an encrypted assertion.  Its word is never the last one:
``profile`` reads the same tree again.
"""

import base64
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import attrs
from lxml import etree
from onelogin.saml2.authn_request import (  # type: ignore[import-untyped]
    OneLogin_Saml2_Authn_Request as AuthnRequest,
)
from onelogin.saml2.errors import (  # type: ignore[import-untyped]
    OneLogin_Saml2_ValidationError as ValidationError,
)
from onelogin.saml2.response import (  # type: ignore[import-untyped]
    OneLogin_Saml2_Response as Response,
)
from onelogin.saml2.settings import (  # type: ignore[import-untyped]
    OneLogin_Saml2_Settings as Settings,
)

from edlink.errors import InvalidLoginError
from edlink.sso.refusals import ended
from edlink.sso.saml.envelope import parse_response
from edlink.sso.saml.structure import check_structure

_SIGNATURE_FAULTS = (
    ValidationError.INVALID_SIGNATURE,
    ValidationError.NO_SIGNATURE_FOUND,
    ValidationError.NO_SIGNED_ASSERTION,
)


@attrs.frozen(kw_only=True)
class Parties:
    """Both ends of a connection: us, and the identity provider with its signing certificates."""

    entity_id: str
    acs_url: str
    issuer: str
    sso_url: str
    certificates: tuple[str, ...] = attrs.field(repr=False)
    private_key: str = attrs.field(default="", repr=False)
    assertion_signed: bool = True


#: The code of a response without a good signature by a known certificate; they may be renewed.
SIGNATURE_FAULT = "EDL-LOGIN-046"


def authn_request(parties: Parties) -> tuple[str, str]:
    """Return a deflated, base64 authentication request and its id."""
    request = AuthnRequest(settings(parties), set_nameid_policy=False)
    return request.get_request(), request.get_id()


def verified(posted: etree._Element, parties: Parties) -> etree._Element:
    """
    Return the response's tree, decrypted, once python3-saml finds it signed and well-formed.

    Args:
        posted: A response whose structure was checked.
        parties: Who must have signed it, for whom.

    Raises:
        InvalidLoginError: EDL-LOGIN-041 to 043, what was encrypted has another shape or algorithm;
            EDL-LOGIN-045, undecryptable; EDL-LOGIN-046, no good signature by a known certificate;
            EDL-LOGIN-047, anything else.
        LoginCancelledError: EDL-LOGIN-008, the response has an assertion, and a status that
            is not success.
    """
    response = _decrypted(posted, parties)
    # Read anew: names that decryption put into the tree escape lxml's search by tag.  Checked
    # before any signature is used: anybody can encrypt to our public certificate.
    root = parse_response(etree.tostring(response.get_xml_document()))
    check_structure(root)
    fault = None
    try:
        response.is_valid(_request_data(parties.acs_url), raise_exceptions=True)
    except ValidationError as error:
        fault = error.code
    except Exception:  # noqa: BLE001 - lxml, xmlsec and python3-saml each raise their own
        fault = "other"
    if fault is not None:
        raise _error(fault)
    return root


def _decrypted(posted: etree._Element, parties: Parties) -> Any:  # noqa: ANN401 - as settings
    """Return python3-saml's response, made of the tree that was checked and of nothing else."""
    field, response = base64.b64encode(etree.tostring(posted)).decode("ascii"), None
    # lxml, xmlsec and python3-saml each raise their own; which one is nobody's business.
    with suppress(Exception):
        response = Response(settings(parties), field)
    if response is None:
        message = "the assertion cannot be decrypted"
        fix = "Give the identity provider this login's current metadata."
        raise InvalidLoginError("EDL-LOGIN-045", message, reason="refused", fix=fix)
    return response


def _error(fault: object) -> Exception:
    if fault == ValidationError.STATUS_CODE_IS_NOT_SUCCESS:
        return ended()
    if fault in _SIGNATURE_FAULTS:
        message = "the response bears no good signature by a known certificate"
        fix = "Read the identity provider's metadata again: certificates are renewed every year."
        return InvalidLoginError("EDL-LOGIN-046", message, reason="refused", fix=fix)
    message = "the response breaks a rule of SAML"
    return InvalidLoginError("EDL-LOGIN-047", message, reason="refused")


def _request_data(acs_url: str) -> dict[str, str]:
    """Return where the form arrived, by configuration: the Host header is the sender's choice."""
    parts = urlsplit(acs_url)
    return {
        "https": "on" if parts.scheme == "https" else "off",
        "http_host": parts.netloc,
        "script_name": parts.path,
    }


def settings(parties: Parties) -> Any:  # noqa: ANN401 - python3-saml has no types
    """Return what python3-saml is told; by itself it would be lenient."""
    return Settings(
        {
            "strict": True,
            "debug": False,
            "sp": {
                "entityId": parties.entity_id,
                "assertionConsumerService": {"url": parties.acs_url},
                "privateKey": parties.private_key,
            },
            "idp": {
                "entityId": parties.issuer,
                "singleSignOnService": {"url": parties.sso_url},
                "x509certMulti": {"signing": list(parties.certificates)},
            },
            "security": {
                "wantAssertionsSigned": parties.assertion_signed,
                "rejectDeprecatedAlgorithm": True,
                "requestedAuthnContext": False,
                "wantNameId": False,
                "wantAttributeStatement": False,
            },
        }
    )
