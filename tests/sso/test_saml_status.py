"""A login that fails at the provider comes back as a status without an assertion."""

import pytest
from lxml import etree
from tests.sso.saml_idp import NS, Change, Idp, one, set_to, without
from tests.sso.saml_login import accepted, refused, refused_after, saml_flow

STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
CODE = "samlp:Status/samlp:StatusCode"


def failed(request_id: str, *changes: Change, status: str = "Responder") -> str:
    """Return what a provider posts for a login that failed, unsigned as most do."""
    return Idp(signed=()).respond(
        request_id,
        without("saml:Assertion"),
        set_to(CODE, "Value", STATUS + status),
        *changes,
    )


def because_of_the_person(root: etree._Element) -> None:
    inner = etree.SubElement(one(root, CODE), f"{{{NS['samlp']}}}StatusCode")
    inner.set("Value", STATUS + "AuthnFailed")


def second_status(root: etree._Element) -> None:
    one(root, "samlp:Status").append(etree.fromstring(etree.tostring(one(root, CODE))))


def of_another_shape(root: etree._Element) -> None:
    set_to(CODE, "Value", STATUS + "Responder")(root)
    root.append(etree.ProcessingInstruction("note"))


@pytest.mark.parametrize("status", ["Responder", "Requester", "VersionMismatch"])
@pytest.mark.parametrize("change", [set_to(".", "Version", "2.0"), because_of_the_person])
@pytest.mark.parametrize("unsolicited", ["refuse", "restart", "accept"])
def test_a_failed_login_is_understood(status: str, change: Change, unsolicited: str) -> None:
    """A status that is not success, without an assertion, says that the provider ended it."""
    flow = saml_flow(unsolicited=unsolicited)
    pending = flow.begin().pending
    field = failed(pending.request_id, change, status=status)
    assert refused(flow, field, pending) == "EDL-LOGIN-008"


@pytest.mark.parametrize("unsolicited", ["refuse", "restart", "accept"])
def test_a_failure_that_nobody_asked_for_begins_nothing(unsolicited: str) -> None:
    """A tile's failed login is said to have failed, and is not begun again."""
    assert refused(saml_flow(unsolicited=unsolicited), failed(""), None) == "EDL-LOGIN-008"


def test_a_failure_may_name_no_request() -> None:
    """A provider that could not read the request says that the login failed all the same."""
    flow = saml_flow()
    assert refused(flow, failed(""), flow.begin().pending) == "EDL-LOGIN-008"


def test_a_failure_of_another_login_is_not_this_ones() -> None:
    """A failure that answers another request is told from one that answers this login's."""
    flow = saml_flow()
    assert refused(flow, failed("_someone-elses"), flow.begin().pending) == "EDL-LOGIN-054"


def test_a_failure_is_for_the_connection_that_was_begun() -> None:
    """A failure is not taken for a login that another provider began."""
    flow, other = saml_flow(), saml_flow(provider="entra")
    pending = other.begin().pending
    assert refused(flow, failed(pending.request_id), pending) == "EDL-LOGIN-004"


def test_a_failure_uses_nothing_up() -> None:
    """An unsigned failure, which anybody can make, leaves the true response good."""
    flow = saml_flow()
    pending = flow.begin().pending
    assert refused(flow, failed(pending.request_id), pending) == "EDL-LOGIN-008"
    assert accepted(flow, Idp().respond(pending.request_id), pending).name_id == "person-1"


def test_a_failure_beside_an_assertion_is_looked_at_like_any_response() -> None:
    """Only a response without an assertion ends a login by its status alone."""
    assert refused_after(of_another_shape) == "EDL-LOGIN-042"


@pytest.mark.parametrize(
    "change",
    [
        set_to(CODE, "Value", STATUS + "Success"),
        set_to(CODE, "Value", None),
        without(CODE),
        without("samlp:Status"),
        second_status,
    ],
)
def test_no_assertion_and_no_failure_is_no_response(change: Change) -> None:
    """Without an assertion, and without one status that says why, the shape is wrong."""
    flow = saml_flow()
    pending = flow.begin().pending
    assert refused(flow, failed(pending.request_id, change), pending) == "EDL-LOGIN-042"
