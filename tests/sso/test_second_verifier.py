"""The second verifier objects where it must; that it agrees is looked at behind every login."""

from typing import Any

import attrs
import pytest
from tests.sso.saml_idp import Idp, certificate, encode, metadata, pem, text_of
from tests.sso.saml_login import accepted, saml_flow
from tests.sso.second_verifier import DisagreementError, require_agreement

from edlink.sso.saml import Assertion, FixedMetadata, SamlFlow

KINDS = [
    Idp(),
    Idp(signed=("saml:Assertion", "samlp:Response")),
    Idp(encrypt_to=certificate("sp")),
]


@attrs.frozen
class Accepted:
    """A response that was accepted, and what by."""

    flow: SamlFlow
    field: str
    found: Assertion


@pytest.fixture(params=KINDS, ids=["assertion", "both", "encrypted"])
def login(request: pytest.FixtureRequest) -> Accepted:
    flow = saml_flow(private_key=pem("sp"))
    pending = flow.begin().pending
    field = request.param.respond(pending.request_id)
    return Accepted(flow, field, accepted(flow, field, pending))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name_id": "person-2"},
        {"issuer": "https://other.example.org"},
        {"assertion_id": "_another"},
        {"attributes": {"sourcedId": ("SIS-1001",)}},
        {"attributes": {"sourcedId": ("SIS-1001",), "role": ("Teacher",)}},
    ],
)
def test_it_objects_to_another_reading(login: Accepted, wrong: dict[str, Any]) -> None:
    """Whatever edlink would read otherwise than it was signed is objected to."""
    require_agreement(login.flow, login.field, login.found)
    with pytest.raises(DisagreementError):
        require_agreement(login.flow, login.field, attrs.evolve(login.found, **wrong))


def test_it_objects_to_another_key(login: Accepted) -> None:
    """A signature by a certificate that the connection does not know is objected to."""
    other = attrs.evolve(login.flow, metadata=FixedMetadata(metadata("next")))
    with pytest.raises(DisagreementError):
        require_agreement(other, login.field, login.found)


def test_it_objects_to_what_was_changed_later() -> None:
    """A value that was changed after signing is objected to, even where edlink had believed it."""
    flow = saml_flow()
    root = Idp().tree("")
    text_of(".//saml:NameID", "person-2")(root)
    pending = flow.begin().pending
    found = accepted(flow, Idp().respond(pending.request_id), pending)
    believed = attrs.evolve(found, name_id="person-2", assertion_id=root[-1].get("ID", ""))
    with pytest.raises(DisagreementError):
        require_agreement(flow, encode(root), believed)


def test_it_objects_to_an_unsigned_assertion() -> None:
    """Where the assertion must be signed itself, a signature around it is not enough."""
    loose = saml_flow(assertion_signed=False)
    pending = loose.begin().pending
    field = Idp(signed=("samlp:Response",)).respond(pending.request_id)
    found = accepted(loose, field, pending)
    with pytest.raises(DisagreementError):
        require_agreement(attrs.evolve(loose, assertion_signed=True), field, found)


def test_it_looks_at_every_accepted_response() -> None:
    """It stands behind the flow itself, whichever login or recipe a test goes through."""
    assert hasattr(SamlFlow.complete, "__wrapped__")
