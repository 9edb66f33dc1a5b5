"""Bearer tokens from a token endpoint: fetched, kept, renewed, and refused in safe words."""

import json
import threading
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from tests._http.loopback import JumpingClock, Reply, Seen, Server

from edlink._http import ClientCredentials, Transport
from edlink.errors import (
    AuthError,
    ConfigError,
    PayloadError,
    ProviderError,
    RateLimitedError,
    TransportError,
    UnavailableError,
)


def token(value: str = "t-1", **fields: object) -> Reply:
    """An answer with a token."""
    return Reply(body=json.dumps({"access_token": value, **fields}).encode())


def numbered(**fields: object) -> Callable[[Seen], Reply]:
    """Answers with a new token for each POST, and 200 for each GET."""
    count = 0

    def answer(seen: Seen) -> Reply:
        nonlocal count
        if seen.method == "GET":
            return Reply()
        count += 1
        return token(f"t-{count}", **fields)

    return answer


def credentials(server: Server, clock: JumpingClock, **changes: Any) -> ClientCredentials:  # noqa: ANN401 - any argument
    """Credentials whose token endpoint is the test server."""
    arguments: dict[str, Any] = {
        "token_url": f"{server.url}/token",
        "client_id": "id",
        "client_secret": "secret/+&=",
        "clock": clock,
        **changes,
    }
    return ClientCredentials(**arguments)


def sign(auth: ClientCredentials) -> str:
    """The Authorization that a request gets."""
    request = requests.Request("GET", "https://roster.example.org/users").prepare()
    return auth(request).headers["Authorization"]


def test_the_token_is_sent_as_a_bearer(server: Server, clock: JumpingClock) -> None:
    """A request carries the token that the endpoint gave."""
    server.will(token("t-1"))
    assert sign(credentials(server, clock)) == "Bearer t-1"


def test_basic_style_sends_id_and_secret_in_the_header(server: Server, clock: JumpingClock) -> None:
    """In basic style id and secret are in the header alone."""
    server.will(token())
    sign(credentials(server, clock, scopes=["a/roster.readonly", "b"]))
    (seen,) = server.seen
    basic = b64decode(seen.headers["Authorization"].removeprefix("Basic ")).decode()
    assert (basic, seen.body, seen.headers["Content-Type"]) == (
        "id:secret/+&=",
        b"grant_type=client_credentials&scope=a%2Froster.readonly%20b",
        "application/x-www-form-urlencoded",
    )


def test_body_style_sends_id_and_secret_in_the_form(server: Server, clock: JumpingClock) -> None:
    """In body style id and secret are in the form alone, beside further fields."""
    server.will(token())
    sign(credentials(server, clock, style="body", scopes="a  b", params=[("audience", "x")]))
    (seen,) = server.seen
    assert ("Authorization" in seen.headers, seen.body) == (
        False,
        (
            b"grant_type=client_credentials&scope=a%20b&audience=x"
            b"&client_id=id&client_secret=secret%2F%2B%26%3D"
        ),
    )


def test_the_token_address_keeps_its_query(server: Server, clock: JumpingClock) -> None:
    """A token address with a query and percent-encoding goes out byte for byte."""
    server.will(token())
    sign(credentials(server, clock, token_url=f"{server.url}/a%2fb/token?appName=x%43"))
    assert [(seen.method, seen.target) for seen in server.seen] == [
        ("POST", "/a%2fb/token?appName=x%43")
    ]


@pytest.mark.parametrize(
    ("fields", "lifetime"),
    [
        ({}, 3600),
        ({"expires_in": 7200}, 7200),
        ({"expires_in": "7200"}, 7200),
        ({"expires_in": " 7200.0 "}, 7200),
        ({"expires_in": 4}, 4),
        ({"expires_in": 0}, 3600),
        ({"expires_in": -5}, 3600),
        ({"expires_in": "soon"}, 3600),
        ({"expires_in": None}, 3600),
        ({"expires_in": True}, 3600),
        ({"expires_in": [1]}, 3600),
        ({"expires_in": float("inf")}, 3600),
        ({"expires_in": float("nan")}, 3600),
        ({"expires_in": 10**400}, 3600),
        ({"expires_in": 10**9}, 86_400),
    ],
)
def test_a_token_is_renewed_before_it_ends(
    server: Server, clock: JumpingClock, fields: dict[str, object], lifetime: float
) -> None:
    """A token serves until a minute, or a quarter of its life, before its end."""
    server.will(numbered(**fields))
    auth = credentials(server, clock)
    first = sign(auth)
    margin = min(60, lifetime / 4)
    clock.now += lifetime - margin - 0.25
    kept = sign(auth)
    clock.now += 0.25
    assert (first, kept, sign(auth)) == ("Bearer t-1", "Bearer t-1", "Bearer t-2")


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER", "", None])
def test_bearer_is_understood_in_any_case(
    server: Server, clock: JumpingClock, kind: str | None
) -> None:
    """A token type that says bearer, or nothing, is a bearer token."""
    server.will(token(token_type=kind))
    assert sign(credentials(server, clock)) == "Bearer t-1"


NO_TOKENS = {
    "another type": token(token_type="mac"),
    "a type that is no text": token(token_type=7),
    "no token": Reply(body=b'{"token": "x"}'),
    "an empty token": token(""),
    "a line break": token("a\r\nX-Evil: b"),
    "not ASCII": token("é"),
    "no text": Reply(body=b'{"access_token": 7}'),
    "a list": Reply(body=b"[]"),
    "a login page": Reply(body=b"<html>"),
    "not UTF-8": Reply(body=b"\xff\xfe\xff"),
    "nothing": Reply(body=b""),
    "endless nesting": Reply(body=b"[" * 200_000),
    "a redirect": Reply(status=302, headers=[("Location", "/elsewhere")]),
    "no such page": Reply(status=404),
}


@pytest.mark.parametrize("reply", NO_TOKENS.values(), ids=NO_TOKENS.keys())
def test_what_is_no_token_is_refused(server: Server, clock: JumpingClock, reply: Reply) -> None:
    """An answer without a usable bearer token is an error after one request."""
    server.will(reply)
    with pytest.raises(AuthError) as caught:
        sign(credentials(server, clock, provider="invented"))
    assert (caught.value.code, caught.value.provider, caught.value.endpoint, len(server.seen)) == (
        "EDL-AUTH-002",
        "invented",
        "POST token",
        1,
    )


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_credentials_are_an_error_with_the_endpoints_word(
    server: Server, clock: JumpingClock, status: int
) -> None:
    """A refusal names the standard's error word, and nothing else of the answer."""
    body = b'{"error": "invalid_client", "error_description": "canary"}'
    server.will(Reply(status=status, body=body))
    with pytest.raises(AuthError) as caught:
        sign(credentials(server, clock))
    error = caught.value
    assert (error.code, error.status, error.provider_code, error.retryable) == (
        "EDL-AUTH-001",
        status,
        "invalid_client",
        False,
    )
    assert "canary" not in str(error)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_passing_trouble_at_the_endpoint_is_outlived(
    server: Server, clock: JumpingClock, status: int
) -> None:
    """A busy or failing token endpoint is asked again, three times at most."""
    server.will(Reply(status=status), Reply(status=status), token())
    assert (sign(credentials(server, clock)), len(server.seen)) == ("Bearer t-1", 3)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, RateLimitedError), (503, UnavailableError), (501, UnavailableError)],
)
def test_lasting_trouble_at_the_endpoint_is_an_error(
    server: Server, clock: JumpingClock, status: int, kind: type[ProviderError]
) -> None:
    """A token endpoint that keeps failing is told from one that refuses."""
    server.will(Reply(status=status))
    with pytest.raises(kind) as caught:
        sign(credentials(server, clock))
    assert (caught.value.status, len(server.seen) <= 3) == (status, True)


def test_the_endpoints_retry_after_is_obeyed(server: Server, clock: JumpingClock) -> None:
    """The pause before the next token request is what the endpoint asks for."""
    server.will(Reply(status=429, headers=[("Retry-After", "20")]), token())
    sign(credentials(server, clock))
    assert 20 <= sum(clock.slept) <= 21


def test_a_long_retry_after_of_the_endpoint_is_an_error(
    server: Server, clock: JumpingClock
) -> None:
    """A pause beyond a minute and a half is not waited for."""
    server.will(Reply(status=429, headers=[("Retry-After", "900")]))
    with pytest.raises(RateLimitedError):
        sign(credentials(server, clock))
    assert (clock.slept, len(server.seen)) == ([], 1)


def test_a_token_that_may_have_been_made_is_not_asked_for_again(
    server: Server, clock: JumpingClock
) -> None:
    """A connection that breaks after the POST was sent is an error at once."""
    server.will(Reply(raw=b""))
    with pytest.raises(TransportError) as caught:
        sign(credentials(server, clock))
    assert (caught.value.code, len(server.seen)) == ("EDL-HTTP-013", 1)


def test_an_endpoint_that_nobody_listens_at_is_tried_again(
    server: Server, clock: JumpingClock
) -> None:
    """A refused connection made no token, so it is tried three times."""
    with pytest.raises(TransportError) as caught:
        sign(credentials(server, clock, token_url="http://127.0.0.1:1/token"))
    assert (caught.value.code, len(clock.slept)) == ("EDL-HTTP-010", 2)


def test_an_endless_token_answer_is_refused(server: Server, clock: JumpingClock) -> None:
    """More than a mebibyte is no token answer."""
    server.will(Reply(body=b" " * 1_100_000))
    with pytest.raises(PayloadError) as caught:
        sign(credentials(server, clock))
    assert caught.value.code == "EDL-HTTP-014"


def test_after_a_failure_the_next_request_asks_again(server: Server, clock: JumpingClock) -> None:
    """A refused renewal is not remembered."""
    server.will(Reply(status=401), token("t-2"))
    auth = credentials(server, clock)
    with pytest.raises(AuthError):
        sign(auth)
    assert sign(auth) == "Bearer t-2"


def test_threads_share_one_token_request(server: Server, clock: JumpingClock) -> None:
    """However many threads need a token at once, the endpoint is asked once."""
    server.will(numbered())
    auth = credentials(server, clock)
    start = threading.Barrier(8, timeout=10)
    got: list[str] = []

    def run() -> None:
        start.wait()
        got.append(sign(auth))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (got, len(server.seen)) == (["Bearer t-1"] * 8, 1)


def test_a_refused_token_is_replaced_once(server: Server, clock: JumpingClock) -> None:
    """Of two requests refused with the same token, only the first fetches a new one."""
    server.will(numbered())
    auth = credentials(server, clock)
    rejected = auth(requests.Request("GET", "https://roster.example.org/users").prepare())
    also_rejected = auth(requests.Request("GET", "https://roster.example.org/orgs").prepare())
    assert (auth.refresh(rejected), auth.refresh(also_rejected), len(server.seen)) == (
        True,
        True,
        2,
    )


def test_the_same_token_again_is_nothing_new(server: Server, clock: JumpingClock) -> None:
    """When the endpoint hands out the refused token once more, there is nothing to try."""
    server.will(token("t-1"))
    auth = credentials(server, clock)
    rejected = auth(requests.Request("GET", "https://roster.example.org/users").prepare())
    assert auth.refresh(rejected) is False


def test_a_401_renews_the_token_and_asks_again(server: Server, clock: JumpingClock) -> None:
    """A transport outlives a token that the provider withdrew early."""
    count = 0

    def answer(seen: Seen) -> Reply:
        nonlocal count
        if seen.method == "POST":
            count += 1
            return token(f"t-{count}")
        return Reply(status=401 if seen.headers["Authorization"] == "Bearer t-1" else 200)

    server.will(answer)
    auth = credentials(server, clock)
    with Transport(server.url, provider="invented", auth=auth, clock=clock) as http:
        assert http.get("/users", endpoint="GET /users").status == 200
    assert [seen.method for seen in server.seen] == ["POST", "GET", "POST", "GET"]


def test_an_injected_adapter_fetches_the_token(server: Server, clock: JumpingClock) -> None:
    """The host's adapter carries the token request, and stays usable for the next one."""
    server.will(numbered(expires_in=100))
    adapter = HTTPAdapter()
    auth = credentials(server, clock, adapter=adapter)
    first = sign(auth)
    clock.now += 100
    second = sign(auth)
    adapter.close()
    assert (first, second, len({seen.port for seen in server.seen})) == (
        "Bearer t-1",
        "Bearer t-2",
        1,
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token_url": "http://tokens.example.org/token"}, "EDL-CONF-011"),
        ({"token_url": "https://a:b@tokens.example.org/token"}, "EDL-CONF-012"),
        ({"token_url": "token"}, "EDL-CONF-010"),
        ({"client_id": "a\n"}, "EDL-CONF-014"),
        ({"client_secret": ""}, "EDL-CONF-014"),
        ({"style": "query"}, "EDL-CONF-017"),
        ({"client_id": "a:b"}, "EDL-CONF-017"),
    ],
)
def test_arguments_that_cannot_work_are_refused(
    server: Server, clock: JumpingClock, changes: dict[str, Any], code: str
) -> None:
    """A wrong argument is found before any network."""
    with pytest.raises(ConfigError) as caught:
        credentials(server, clock, **changes)
    assert (caught.value.code, server.seen) == (code, [])


def test_a_client_id_with_a_colon_goes_in_the_form(server: Server, clock: JumpingClock) -> None:
    """Basic cannot hold a colon in the id; the form can."""
    server.will(token())
    sign(credentials(server, clock, client_id="a:b", style="body"))
    assert b"client_id=a%3Ab" in server.seen[0].body


def test_the_repr_holds_no_credential(server: Server, clock: JumpingClock) -> None:
    """Client credentials in a log say what they are, and nothing else."""
    assert repr(credentials(server, clock)) == "<ClientCredentials>"
