import importlib.util
import sys

import pytest
import requests
from tests.entra.conftest import MakeClient
from tests.entra.graph import CLIENT, SECRET, TENANT, Answer, Graph

from edlink._http.exchange import Response
from edlink._http.limits import SystemClock
from edlink.entra import token
from edlink.entra.token import GraphToken, _Http
from edlink.errors import AuthError, ConfigError, ProviderError


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


def test_one_token_serves_many_requests(graph: Graph, make_client: MakeClient) -> None:
    """Msal keeps the token, so a pull asks for one."""
    client = make_client()
    client.pull_roster()
    client.pull_roster()
    assert graph.issued == ["token-0"]
    assert graph.forms[0]["scope"] == "https://graph.microsoft.com/.default"


def test_a_refused_token_is_replaced_once(graph: Graph, make_client: MakeClient) -> None:
    """When Graph refuses the token, one new one is asked for and the pull goes on."""
    client = make_client()
    client.pull_roster()
    graph.live.clear()
    assert client.pull_roster().users
    assert graph.issued == ["token-0", "token-1"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("AADSTS7000215: Invalid client secret for somebody@example.org", "AADSTS7000215"),
        ("no number", "invalid_client"),
    ],
)
def test_a_refused_app_is_told_why(
    graph: Graph, make_client: MakeClient, text: str, word: str
) -> None:
    """Microsoft's number says why there is no token; its text, which names people, is left out."""
    body = {"error": "invalid_client", "error_description": text}
    graph.token_answer = Answer.json(body, 401)
    with pytest.raises(AuthError, match="EDL-ENTRA-003") as caught:
        make_client().pull_roster()
    assert caught.value.provider_code == word
    assert "somebody" not in str(caught.value)


def test_an_authority_that_names_another_host_gets_nothing(
    graph: Graph, make_client: MakeClient
) -> None:
    """A token endpoint elsewhere is not sent the secret."""
    there = f"https://evil.example.org/{TENANT}/token"
    document = {"authorization_endpoint": there, "token_endpoint": there, "issuer": there}
    graph.discovery = Answer.json(document)
    with pytest.raises(AuthError, match="EDL-ENTRA-002"):
        make_client().pull_roster()
    assert graph.forms == []


def test_an_authority_that_is_none_is_an_error(graph: Graph, make_client: MakeClient) -> None:
    """HTML in place of a discovery document is said without quoting it."""
    graph.discovery = Answer(200, b"<html>Sentinel</html>")
    with pytest.raises(AuthError, match="EDL-ENTRA-004") as caught:
        make_client().pull_roster()
    assert "Sentinel" not in f"{caught.value!r}{caught.value.__context__!r}"


def test_a_token_answer_that_is_none_is_an_error(graph: Graph, make_client: MakeClient) -> None:
    """A token endpoint that answers nonsense is said without quoting it."""
    graph.token_answer = Answer(200, b"<html>Sentinel</html>")
    with pytest.raises(AuthError, match="EDL-ENTRA-004"):
        make_client().pull_roster()


def test_a_credential_that_is_none_is_refused(make_client: MakeClient) -> None:
    """A certificate that msal cannot read is a wrong setting."""
    credential = {"private_key_pfx_path": "/nowhere/key.pfx"}
    with pytest.raises(ConfigError, match="EDL-CONF-073"):
        make_client(credential=credential).pull_roster()


def test_an_assertion_takes_the_place_of_a_secret(graph: Graph, make_client: MakeClient) -> None:
    """An assertion is sent as one, and no secret."""
    make_client(credential={"client_assertion": lambda: "header.body.signature"}).pull_roster()
    assert graph.forms[0]["client_assertion"] == "header.body.signature"
    assert "client_secret" not in graph.forms[0]


def test_no_answer_from_the_authority_is_a_transport_error(make_client: MakeClient) -> None:
    """An authority that nobody serves is an error of the network, not of the credentials."""
    with pytest.raises(ProviderError, match="EDL-HTTP-010"):
        make_client(authority=f"http://127.0.0.1:9/{TENANT}").pull_roster()
