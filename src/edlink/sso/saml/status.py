"""
What a provider says when a login failed: a status, and no assertion (SAML 2.0 core, 3.2.2).

Few providers sign it, so it is believed by nobody else than the browser that posts it: it ends a
login, and never completes one.
"""

from lxml import etree

from edlink.errors import InvalidLoginError, LoginError
from edlink.sso.refusals import ended
from edlink.sso.saml.names import SAML, SAMLP, SUCCESS


def is_failure(root: etree._Element) -> bool:
    """Return whether a response holds another status than success, and no assertion at all."""
    held = next(root.iter(f"{SAML}Assertion", f"{SAML}EncryptedAssertion"), None)
    codes = root.findall(f"{SAMLP}Status/{SAMLP}StatusCode")
    return held is None and len(codes) == 1 and codes[0].get("Value", SUCCESS) != SUCCESS


def why_ended(root: etree._Element, request_id: str | None) -> LoginError:
    """
    Return what a failure means to this browser.

    Args:
        root: A response that ``is_failure``.
        request_id: Id of the request that this browser was sent off with, or None.  A provider that
            could not read the request cannot repeat it, so a failure may name none.

    Returns:
        EDL-LOGIN-008, or EDL-LOGIN-054 for the failure of another login.
    """
    answered = root.get("InResponseTo")
    if request_id is not None and answered not in (request_id, None):
        message = "the response does not answer this browser's login (InResponseTo)"
        return InvalidLoginError("EDL-LOGIN-054", message, reason="try_again")
    return ended()
