import importlib.util
import sys

import pytest
import requests
from tests.entra.graph import CLIENT, SECRET, TENANT, Graph

from edlink._http.exchange import Response
from edlink._http.limits import SystemClock
from edlink.entra import token
from edlink.entra.token import GraphToken, _Http


def _auth(graph: Graph) -> GraphToken:
    return GraphToken(
        client_id=CLIENT, credential=SECRET, authority=graph.authority, clock=SystemClock()
    )


def _signed(auth: GraphToken) -> requests.PreparedRequest:
    request = requests.PreparedRequest()
    request.prepare(method="GET", url="https://graph.example.org/")
    return auth(request)


def test_without_msal_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where msal is not installed the error says what to install, and nothing else."""
    monkeypatch.setitem(sys.modules, "msal", None)
    spec = importlib.util.spec_from_file_location("token_without_msal", token.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(ImportError, match=r"edlink\[entra\]"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_nothing_that_holds_the_secret_shows_it(graph: Graph) -> None:
    """The repr of what signs requests holds neither the secret nor a token."""
    auth = _auth(graph)
    auth.live()
    assert repr(auth) == "<GraphToken>"
    auth.close()


def test_a_token_that_came_meanwhile_is_taken(graph: Graph) -> None:
    """A request refused with an old token is signed with the one msal has now."""
    auth = _auth(graph)
    old = _signed(auth)
    assert auth.refresh(old)
    assert auth.refresh(old)
    assert graph.issued == ["token-0", "token-1"]
    auth.close()


def test_a_token_that_is_refused_again_is_said(graph: Graph) -> None:
    """When the sign-in service gives the refused token again there is no other."""
    auth = _auth(graph)
    old = _signed(auth)
    graph.issued.clear()  # so that the next token has the same name
    assert not auth.refresh(old)
    auth.close()


def test_parameters_of_an_address_are_sent(graph: Graph) -> None:
    """What msal asks with in a query reaches the authority."""
    http = _Http(graph.authority, adapter=None, clock=SystemClock())
    answer = http.get(f"{graph.authority}/v2.0", params={"a": "b c"})
    assert answer.status_code == 200
    http.close()


def test_answers_of_a_secure_authority_are_left_alone() -> None:
    """Only on loopback are addresses written as msal wants them."""
    http = _Http(f"https://login.example.org/{TENANT}", adapter=None, clock=SystemClock())
    body = b'"http://login.example.org"'
    answer = http._shaped(Response(status=200, headers={}, body=body, endpoint="GET x"))
    assert answer.text == body.decode()
    http.close()
