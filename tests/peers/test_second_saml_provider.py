from importlib import import_module
from pathlib import Path

import pytest
from tests.classlink.test_saml_login import login
from tests.sso.saml_idp import encode

from edlink.errors import LoginError
from edlink.sso import Identity

pytestmark = [
    pytest.mark.peer("xmlsec1"),
    pytest.mark.filterwarnings("ignore"),  # pysaml2 and what it imports warn of their own age
]


@pytest.mark.parametrize("both", [False, True])
def test_pysaml2_signs_in(tmp_path: Path, *, both: bool) -> None:
    """A response of pysaml2, with the assertion or both signed, signs in once."""
    provider = import_module("tests.peers.pysaml2_idp")  # warns at import, so not before
    subject = login()
    server = provider.second_provider(tmp_path, subject.service_metadata())
    start = subject.begin()
    text = provider.answer(server, start.url, sign_assertion=True, sign_response=both)
    found = subject.complete({"SAMLResponse": encode(text.encode())}, start.pending)
    assert isinstance(found, Identity)
    assert (found.subject, found.sourced_id) == ("alice", "SIS-1001")


@pytest.mark.parametrize(
    ("signing", "code"),
    [
        ({"sign_assertion": False, "sign_response": False}, "EDL-LOGIN-046"),
        ({"sign_assertion": False, "sign_response": True}, "EDL-LOGIN-046"),
    ],
)
def test_pysaml2_without_a_signed_assertion_is_refused(
    tmp_path: Path, signing: dict[str, bool], code: str
) -> None:
    """A response of pysaml2 whose assertion is not signed is refused."""
    provider = import_module("tests.peers.pysaml2_idp")  # warns at import, so not before
    subject = login()
    server = provider.second_provider(tmp_path, subject.service_metadata())
    start = subject.begin()
    text = provider.answer(server, start.url, **signing)
    with pytest.raises(LoginError) as caught:
        subject.complete({"SAMLResponse": encode(text.encode())}, start.pending)
    assert caught.value.code == code
