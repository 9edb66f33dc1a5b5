"""What goes out, and what each kind of answer becomes."""

import gzip
import threading
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from tests._http.loopback import JumpingClock, Reply, Seen, Server

from edlink._http import HttpSettings, OAuth1, StaticBearer, Transport
from edlink.errors import (
    ConfigError,
    PayloadError,
    TransportError,
)


def transport(server: Server, clock: JumpingClock, **settings: float) -> Transport:
    """A transport to the test server that needs no real time."""
    return Transport(
        server.url,
        provider="invented",
        settings=HttpSettings(**settings),  # type: ignore[arg-type]
        clock=clock,
    )


def test_the_path_goes_out_byte_for_byte(server: Server, clock: JumpingClock) -> None:
    """An identifier that arrives percent-encoded is neither decoded nor encoded again."""
    path = "/%2FgVa0ed75Gs%43/%2f/a%20b/it's(1)*~!$&+,;=:@"
    with transport(server, clock) as http:
        http.get(path, endpoint="GET /{id}")
    assert [path] == [seen.target for seen in server.seen]


def test_the_base_urls_own_path_stays_as_it_is(server: Server, clock: JumpingClock) -> None:
    """The base URL's path is kept byte for byte, but for slashes at its end."""
    with Transport(f"{server.url}/a%2fb//", provider="invented", clock=clock) as http:
        http.get("/users", endpoint="GET /users")
    assert [seen.target for seen in server.seen] == ["/a%2fb/users"]


def test_parameters_are_encoded_as_oauth_signs_them(server: Server, clock: JumpingClock) -> None:
    """A space becomes %20 and only letters, digits and -._~ stay bare, in the order given."""
    with transport(server, clock) as http:
        http.get("/users", endpoint="GET /users", params=[("b", "a+b c/é'"), ("a", "-._~")])
    assert [seen.target for seen in server.seen] == ["/users?b=a%2Bb%20c%2F%C3%A9%27&a=-._~"]


def test_parameters_join_a_query_that_the_path_has(server: Server, clock: JumpingClock) -> None:
    """A path with a query of its own gets the parameters behind an ampersand."""
    with transport(server, clock) as http:
        http.get("/users?limit=5", endpoint="GET /users", params=[("offset", "10")])
    assert [seen.target for seen in server.seen] == ["/users?limit=5&offset=10"]


@pytest.mark.parametrize(
    "path", ["users", "//a b", "/a#b", "/%zz", "/a/../b", "/a/%2E%2e/b", "/./a", "/é", "@evil/", ""]
)
def test_paths_that_could_lead_elsewhere_are_refused(
    server: Server, clock: JumpingClock, path: str
) -> None:
    """A path that is not percent-encoded, or climbs, is refused before anything is sent."""
    with transport(server, clock) as http, pytest.raises(ConfigError) as caught:
        http.get(path, endpoint="GET /users")
    assert (caught.value.code, server.seen) == ("EDL-CONF-015", [])


def test_half_a_surrogate_pair_is_refused(server: Server, clock: JumpingClock) -> None:
    """A parameter that is no Unicode text is a wrong argument, and its value is not kept."""
    with transport(server, clock) as http, pytest.raises(ConfigError) as caught:
        http.get("/users", endpoint="GET /users", params=[("filter", "canary\ud800")])
    assert (caught.value.code, caught.value.__context__) == ("EDL-CONF-015", None)


@pytest.mark.parametrize("headers", [{"X-A": "a\nb"}, {"X A": "b"}, {"X-A": "é"}])
def test_headers_that_cannot_be_sent_are_refused(
    server: Server, clock: JumpingClock, headers: dict[str, str]
) -> None:
    """A header with a line break or anything outside ASCII never reaches the wire."""
    with transport(server, clock) as http, pytest.raises(ConfigError) as caught:
        http.get("/users", endpoint="GET /users", headers=headers)
    assert (caught.value.code, server.seen) == ("EDL-CONF-019", [])


def test_an_answer_comes_back_whole(server: Server, clock: JumpingClock) -> None:
    """Status, headers in any case and decoded bytes are what the provider sent."""
    body = gzip.compress(b"x" * 1_000_000)
    server.will(Reply(body=body, headers=[("Content-Encoding", "gzip"), ("X-Count", "1")]))
    with transport(server, clock) as http:
        answer = http.get("/users", endpoint="GET /users")
    assert (
        answer.status,
        answer.body,
        answer.headers["x-COUNT"],
        answer.endpoint,
    ) == (200, b"x" * 1_000_000, "1", "GET /users")


def test_connections_are_used_again(server: Server, clock: JumpingClock) -> None:
    """Requests of one thread share a connection, after answers of every kind."""
    server.will(
        Reply(body=b"a" * 300_000),
        Reply(status=204, body=b""),
        Reply(status=500),
        Reply(raw=None, body=gzip.compress(b"b"), headers=[("Content-Encoding", "gzip")]),
    )
    with transport(server, clock) as http:
        for _ in range(3):
            http.get("/users", endpoint="GET /users")
    assert len({seen.port for seen in server.seen}) == 1


def test_our_own_headers_are_sent(server: Server, clock: JumpingClock) -> None:
    """Accept, the user agent and the caller's headers go out, and no cookie."""
    server.will(Reply(headers=[("Set-Cookie", "a=b")]))
    with transport(server, clock) as http:
        http.get("/users", endpoint="GET /users")
        http.get("/users", endpoint="GET /users", headers={"Accept": "text/csv"})
    assert [
        (s.headers["Accept"], s.headers["User-Agent"], s.headers.get("Cookie")) for s in server.seen
    ] == [("application/json", "edlink", None), ("text/csv", "edlink", None)]


def test_an_answer_beyond_the_limit_is_refused(server: Server, clock: JumpingClock) -> None:
    """One byte more than allowed is an error, and is not asked for again."""
    server.will(Reply(body=b"x" * 1001))
    with transport(server, clock, max_body=1000) as http, pytest.raises(PayloadError) as caught:
        http.get("/users", endpoint="GET /users")
    assert (caught.value.code, len(server.seen)) == ("EDL-HTTP-014", 1)


def test_an_answer_at_the_limit_is_accepted(server: Server, clock: JumpingClock) -> None:
    """Exactly as many bytes as allowed are an answer."""
    server.will(Reply(body=b"x" * 1000))
    with transport(server, clock, max_body=1000) as http:
        assert len(http.get("/users", endpoint="GET /users").body) == 1000


def test_a_compressed_bomb_is_refused(server: Server, clock: JumpingClock) -> None:
    """The limit counts decoded bytes, so a small answer that unfolds without end is refused."""
    bomb = gzip.compress(b"\0" * 50_000_000)
    server.will(Reply(body=bomb, headers=[("Content-Encoding", "gzip")]))
    with (
        transport(server, clock, max_body=1_000_000) as http,
        pytest.raises(PayloadError) as caught,
    ):
        http.get("/users", endpoint="GET /users")
    assert (caught.value.code, len(bomb) < 100_000) == ("EDL-HTTP-014", True)


def test_netrc_does_not_replace_our_credentials(
    server: Server, clock: JumpingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry for the host in .netrc changes nothing, with credentials of ours or without."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for auth in (StaticBearer("token"), None):
        with Transport(server.url, provider="invented", auth=auth, clock=clock) as http:
            http.get("/users", endpoint="GET /users")
    assert [seen.headers.get("Authorization") for seen in server.seen] == ["Bearer token", None]


def test_loopback_is_reached_without_a_proxy(
    server: Server, clock: JumpingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain http to this machine never goes through the environment's proxy."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with transport(server, clock, attempts=1) as http:
        assert http.get("/users", endpoint="GET /users").status == 200


def test_an_injected_adapter_moves_the_bytes(server: Server, clock: JumpingClock) -> None:
    """A requests adapter given by the host carries every request."""
    carried: list[str | None] = []

    class Counting(HTTPAdapter):
        def send(
            self,
            request: requests.PreparedRequest,
            *args: object,
            **kwargs: object,
        ) -> requests.Response:
            carried.append(request.method)
            return super().send(request, *args, **kwargs)  # type: ignore[arg-type]

    with Transport(server.url, provider="invented", adapter=Counting(), clock=clock) as http:
        http.get("/users", endpoint="GET /users")
    assert (carried, len(server.seen)) == (["GET"], 1)


def test_a_closed_transport_sends_nothing(server: Server, clock: JumpingClock) -> None:
    """After close() each call is refused before anything is sent."""
    http = transport(server, clock)
    http.close()
    with pytest.raises(ConfigError) as caught:
        http.get("/users", endpoint="GET /users")
    assert (caught.value.code, server.seen) == ("EDL-CONF-016", [])


def test_oauth1_signs_what_is_sent(server: Server, clock: JumpingClock) -> None:
    """The signature on the wire is the one for the target on the wire."""
    auth = OAuth1("key", "secret")
    with Transport(server.url, provider="invented", auth=auth, clock=clock) as http:
        http.get("/a%2fb", endpoint="GET /{id}", params=[("filter", "a='b c'")])
    (seen,) = server.seen
    fields = dict(
        part.strip().split("=", 1)
        for part in seen.headers["Authorization"].removeprefix("OAuth ").split(",")
    )
    expected = auth.authorization(
        server.url + seen.target,
        nonce=fields["oauth_nonce"].strip('"'),
        timestamp=fields["oauth_timestamp"].strip('"'),
    )
    assert expected == seen.headers["Authorization"]


def test_no_more_requests_run_at_once_than_allowed(server: Server) -> None:
    """However many threads ask, only as many requests as allowed are under way."""
    lock = threading.Lock()
    under_way = 0
    most = 0
    together = threading.Barrier(2, timeout=10)

    def answer(_: Seen) -> Reply:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        together.wait()  # nobody leaves before two are inside
        with lock:
            under_way -= 1
        return Reply()

    server.will(answer)
    with Transport(
        server.url, provider="invented", settings=HttpSettings(concurrency=2, rate=0)
    ) as http:
        threads = [
            threading.Thread(target=lambda: http.get("/users", endpoint="GET /users"))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (most, len(server.seen)) == (2, 8)


def test_each_thread_has_its_own_connection(server: Server, clock: JumpingClock) -> None:
    """Threads share no connection, and close() ends those of all."""
    with transport(server, clock) as http:

        def twice() -> None:
            http.get("/users", endpoint="GET /users")
            http.get("/users", endpoint="GET /users")

        threads = [threading.Thread(target=twice) for _ in range(3)]
        for thread in threads:
            thread.start()
            thread.join()
        twice()
    assert (len(server.seen), len({seen.port for seen in server.seen})) == (8, 4)


def test_a_refused_connection_is_a_transport_error(clock: JumpingClock) -> None:
    """A port where nobody listens is no connection, said so after the last attempt."""
    with (
        Transport("http://127.0.0.1:1", provider="invented", clock=clock) as http,
        pytest.raises(TransportError) as caught,
    ):
        http.get("/users", endpoint="GET /users")
    assert (
        caught.value.code,
        caught.value.retryable,
        len(clock.slept),
    ) == ("EDL-HTTP-010", True, 4)


def test_a_server_that_speaks_no_tls_is_not_trusted(server: Server, clock: JumpingClock) -> None:
    """A failed TLS handshake is an error at once, without another attempt."""
    address = server.url.replace("http://", "https://")
    with (
        Transport(address, provider="invented", clock=clock) as http,
        pytest.raises(TransportError) as caught,
    ):
        http.get("/users", endpoint="GET /users")
    assert (caught.value.code, clock.slept) == ("EDL-HTTP-011", [])


def test_the_repr_names_the_provider_alone(server: Server, clock: JumpingClock) -> None:
    """A transport in a log says whose it is, and neither address nor credentials."""
    assert repr(transport(server, clock)) == "<Transport invented>"
