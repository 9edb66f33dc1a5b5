"""What python3-saml is told: it stays strict of itself, though our own checks come first."""

from typing import Any

import pytest
from onelogin.saml2.errors import (  # type: ignore[import-untyped]
    OneLogin_Saml2_ValidationError as ValidationError,
)
from onelogin.saml2.response import (  # type: ignore[import-untyped]
    OneLogin_Saml2_Response as Response,
)
from tests.sso.saml_idp import Idp, set_to, xmlsec
from tests.sso.saml_login import saml_flow

from edlink.sso.saml.toolkit import settings

REQUEST = {"https": "on", "http_host": "app.example.org", "script_name": "/saml"}


def believed(field: str, **configured: Any) -> bool:  # noqa: ANN401 - any setting
    """Return whether python3-saml alone, set up as we do, believes a response."""
    response = Response(settings(saml_flow(**configured).parties()), field)
    response.is_valid(REQUEST, raise_exceptions=True)
    return True


def test_python3_saml_alone_believes_a_good_response() -> None:
    """A good response passes, so what follows is refused for its own sake."""
    assert believed(Idp().respond("x"))
    assert believed(Idp(signed=("samlp:Response",)).respond("x"), assertion_signed=False)


@pytest.mark.parametrize(
    "idp",
    [
        Idp(signature=xmlsec.Transform.RSA_SHA1),
        Idp(digest=xmlsec.Transform.SHA1),
        Idp(signed=("samlp:Response",)),
        Idp(signed=()),
        Idp(key="attacker"),
    ],
)
def test_python3_saml_alone_refuses_weak_signatures(idp: Idp) -> None:
    """SHA-1, a missing or a foreign signature are refused also without our own checks."""
    with pytest.raises(ValidationError):
        believed(idp.respond("x"))


def test_python3_saml_alone_is_strict() -> None:
    """A response that breaks SAML's schema is refused also without our own checks."""
    with pytest.raises(ValidationError):
        believed(Idp().respond("x", set_to(".", "IssueInstant", None)))
