"""Which failures are tried again, how often, after how long, and with what."""

import socket
import threading
import time
from collections.abc import Callable
from email.utils import formatdate

import pytest
import requests
from requests.auth import AuthBase
from tests._http.loopback import JumpingClock, Reply, Seen, Server

from edlink._http import HttpSettings, OAuth1, Transport, reset_header
from edlink.errors import (
    AuthError,
    ConfigError,
    ProviderError,
    RateLimitedError,
    TransportError,
    UnavailableError,
)

BROKEN = {
    "nothing": b"",
    "no HTTP": b"what?\r\n\r\n",
    "half a header": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half the headers": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
    "a header that is none": b"HTTP/1.1 200 OK\r\nWhat?\r\nContent-Length: 2\r\n\r\n[]",
    "too few bytes": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]",
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n[]",
    "no last chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n",
    "no gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
    b"Content-Length: 2\r\nConnection: close\r\n\r\n[]",
}


def get(
    server: Server, clock: JumpingClock, *, auth: AuthBase | None = None, **settings: float
) -> int:
    """The status of one GET through a transport of its own."""
    with Transport(
        server.url,
        provider="invented",
        auth=auth,
        clock=clock,
        settings=HttpSettings(**settings),  # type: ignore[arg-type]
    ) as http:
        return http.get("/users", endpoint="GET /users").status


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_asked_for_again(
    server: Server, clock: JumpingClock, raw: bytes
) -> None:
    """An answer that breaks off never counts, and the next whole one does."""
    server.will(Reply(raw=raw), Reply())
    assert (get(server, clock), len(server.seen)) == (200, 2)


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN.keys())
def test_an_answer_that_stays_broken_is_an_error(
    server: Server, clock: JumpingClock, raw: bytes
) -> None:
    """After the last attempt a broken answer is a transport error, never a short body."""
    server.will(Reply(raw=raw))
    with pytest.raises(TransportError) as caught:
        get(server, clock, attempts=3)
    assert (caught.value.code, len(server.seen)) == ("EDL-HTTP-013", 3)


def test_a_broken_error_answer_keeps_its_status(server: Server, clock: JumpingClock) -> None:
    """When an error's body breaks off, its status still decides."""
    server.will(Reply(raw=b"HTTP/1.1 403 Forbidden\r\nContent-Length: 99\r\n\r\n{"))
    with pytest.raises(AuthError) as caught:
        get(server, clock)
    assert (caught.value.status, len(server.seen)) == (403, 1)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_passing_trouble_is_outlived(server: Server, clock: JumpingClock, status: int) -> None:
    """A status that speaks of passing trouble is followed by another attempt."""
    server.will(Reply(status=status), Reply(status=status), Reply())
    assert (get(server, clock), len(server.seen)) == (200, 3)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 410, 413, 422, 501, 505])
def test_lasting_trouble_is_not_repeated(server: Server, clock: JumpingClock, status: int) -> None:
    """A status that will not change is asked for once."""
    server.will(Reply(status=status))
    with pytest.raises(ProviderError):
        get(server, clock)
    assert len(server.seen) == 1


def test_an_empty_answer_can_be_whole(server: Server, clock: JumpingClock) -> None:
    """An answer that says it has no content is complete without a length."""
    server.will(Reply(raw=b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert (get(server, clock), len(server.seen)) == (204, 1)


def test_a_call_can_ask_for_fewer_attempts(server: Server, clock: JumpingClock) -> None:
    """The attempts argument replaces the setting for one call."""
    server.will(Reply(status=500))
    with (
        Transport(server.url, provider="invented", clock=clock) as http,
        pytest.raises(UnavailableError),
    ):
        http.get("/users", endpoint="GET /users", attempts=2)
    assert len(server.seen) == 2


def test_pauses_are_jittered_and_capped(server: Server, clock: JumpingClock) -> None:
    """Each pause lies between nothing and its doubled, capped bound."""
    server.will(Reply(status=500))
    with pytest.raises(UnavailableError):
        get(server, clock, attempts=6, backoff=1, backoff_cap=5)
    bounds = [1, 2, 4, 5, 5]
    assert len(clock.slept) == len(bounds)
    assert all(0 <= pause <= bound for pause, bound in zip(clock.slept, bounds, strict=True))


def test_retry_after_in_seconds_is_obeyed(server: Server, clock: JumpingClock) -> None:
    """The pause is at least what the provider asks for, and at most the jitter more."""
    server.will(Reply(status=429, headers=[("Retry-After", "60")]), Reply())
    get(server, clock)
    assert 60 <= sum(clock.slept) <= 60.5


def test_retry_after_as_a_date_is_obeyed(server: Server, clock: JumpingClock) -> None:
    """A date counts from the answer's own date, whatever the clocks say."""

    def busy(_: Seen) -> Reply:
        date = formatdate(90, usegmt=True)
        raw = f"HTTP/1.1 503 Busy\r\nRetry-After: {date}\r\nDate: {formatdate(50, usegmt=True)}"
        raw += "\r\nConnection: close"
        return Reply(raw=f"{raw}\r\nContent-Length: 0\r\n\r\n".encode())

    server.will(busy, Reply())
    get(server, clock)
    assert 40 <= sum(clock.slept) <= 40.5


def test_a_providers_own_header_is_obeyed(server: Server, clock: JumpingClock) -> None:
    """A reset header of the provider's own sets the pause after a 429, by the server's clock."""
    reset = str(int(time.time()) + 30)
    server.will(Reply(status=429, headers=[("X-RateLimit-Reset", reset)]), Reply())
    with Transport(
        server.url,
        provider="invented",
        clock=clock,
        pause_hint=reset_header("X-RateLimit-Reset"),
    ) as http:
        http.get("/users", endpoint="GET /users")
    assert 29 <= sum(clock.slept) <= 30.5


def test_a_quota_header_means_nothing_without_429(server: Server, clock: JumpingClock) -> None:
    """A provider that names its next quota in each answer is not waited for after a 500."""
    reset = str(int(clock.time()) + 30)
    server.will(Reply(status=500, headers=[("X-RateLimit-Reset", reset)]), Reply())
    with Transport(
        server.url, provider="invented", clock=clock, pause_hint=reset_header("X-RateLimit-Reset")
    ) as http:
        http.get("/users", endpoint="GET /users")
    assert sum(clock.slept) <= 0.5


def test_a_pause_beyond_the_deadline_is_not_waited_for(server: Server, clock: JumpingClock) -> None:
    """A Retry-After that the deadline does not leave is an error at once."""
    server.will(Reply(status=429, headers=[("Retry-After", "3600")]))
    with pytest.raises(RateLimitedError) as caught:
        get(server, clock, deadline=600)
    assert (caught.value.code, clock.slept) == ("EDL-HTTP-006", [])


def test_a_pause_holds_back_every_call(server: Server, clock: JumpingClock) -> None:
    """While the provider's pause lasts, another call waits, or fails when it cannot."""
    server.will(Reply(status=429, headers=[("Retry-After", "3600")]), Reply())
    with Transport(server.url, provider="invented", clock=clock) as http:
        with pytest.raises(RateLimitedError):
            http.get("/users", endpoint="GET /users")
        with pytest.raises(RateLimitedError) as caught:
            http.get("/orgs", endpoint="GET /orgs")
        assert (caught.value.code, len(server.seen)) == ("EDL-HTTP-016", 1)
        clock.sleep(3500)
        assert http.get("/orgs", endpoint="GET /orgs").status == 200
    assert clock.slept[-1] == pytest.approx(100)


def test_the_deadline_bounds_all_attempts(server: Server, clock: JumpingClock) -> None:
    """No attempt begins after the deadline, however many are allowed."""
    server.will(Reply(status=500))
    with pytest.raises(UnavailableError):
        get(server, clock, attempts=100, backoff=100, backoff_cap=100, deadline=300)
    assert sum(clock.slept) <= 300


def test_an_answer_that_drips_past_the_deadline_is_dropped(
    server: Server, clock: JumpingClock
) -> None:
    """A body that is still coming when the time is up is an error, not a long wait."""

    def drip(_: Seen) -> Reply:
        clock.sleep(1000)
        return Reply(body=b"x" * 5_000_000)

    server.will(drip)
    with pytest.raises(TransportError) as caught:
        get(server, clock, deadline=600)
    assert (caught.value.code, len(server.seen)) == ("EDL-HTTP-015", 1)


def test_an_error_that_drips_past_the_deadline_keeps_its_status(
    server: Server, clock: JumpingClock
) -> None:
    """An error answer's body is not waited for beyond the deadline."""

    def drip(_: Seen) -> Reply:
        clock.sleep(1000)
        return Reply(status=403, body=b"x" * 5_000_000)

    server.will(drip)
    with pytest.raises(AuthError) as caught:
        get(server, clock, deadline=600)
    assert caught.value.status == 403


def test_silence_is_a_time_out(clock: JumpingClock) -> None:
    """A server that takes the request and says nothing is a time-out, tried again."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings = HttpSettings(read_timeout=0.05, attempts=2)
        with (
            Transport(url, provider="invented", clock=clock, settings=settings) as http,
            pytest.raises(TransportError) as caught,
        ):
            http.get("/users", endpoint="GET /users")
    assert (caught.value.code, len(clock.slept)) == ("EDL-HTTP-012", 1)


def test_silence_in_a_body_is_a_time_out(clock: JumpingClock) -> None:
    """A body that stops coming is a time-out as well."""
    release = threading.Event()

    with socket.create_server(("127.0.0.1", 0)) as stalling:

        def serve() -> None:
            connection, _ = stalling.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]")
                release.wait(5)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{stalling.getsockname()[1]}"
        settings = HttpSettings(read_timeout=0.05, attempts=1)
        with (
            Transport(url, provider="invented", clock=clock, settings=settings) as http,
            pytest.raises(TransportError) as caught,
        ):
            http.get("/users", endpoint="GET /users")
        release.set()
        thread.join()
    assert caught.value.code == "EDL-HTTP-012"


def test_a_call_that_gets_no_slot_in_time_is_late(server: Server, clock: JumpingClock) -> None:
    """When the allowed requests are all under way until the deadline, a further call gives up."""
    inside, release = threading.Event(), threading.Event()

    class Slow(AuthBase):
        def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
            inside.set()
            release.wait(10)
            return request

    with Transport(
        server.url,
        provider="invented",
        auth=Slow(),
        settings=HttpSettings(concurrency=1, deadline=0.05),
        clock=clock,
    ) as http:
        first = threading.Thread(target=lambda: http.get("/users", endpoint="GET /users"))
        first.start()
        inside.wait(10)
        with pytest.raises(TransportError) as caught:
            http.get("/orgs", endpoint="GET /orgs")
        release.set()
        first.join()
    assert (caught.value.code, [seen.target for seen in server.seen]) == (
        "EDL-HTTP-015",
        ["/users"],
    )


def test_each_attempt_is_signed_afresh(server: Server, clock: JumpingClock) -> None:
    """No two attempts of a call carry the same nonce."""
    server.will(Reply(status=500))
    with pytest.raises(UnavailableError):
        get(server, clock, auth=OAuth1("key", "secret"))
    assert len({seen.headers["Authorization"] for seen in server.seen}) == 5


class Rotating(AuthBase):
    """Invented credentials that change when refreshed, as often as told."""

    def __init__(self, *values: str) -> None:
        self.values = list(values)
        self.refused: list[str] = []

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the present value."""
        request.headers["Authorization"] = self.values[0]
        return request

    def refresh(self, rejected: requests.PreparedRequest) -> bool:
        """True while there is another value."""
        self.refused.append(rejected.headers["Authorization"])
        if len(self.values) > 1:
            del self.values[0]
            return True
        return False


def only(value: str) -> Callable[[Seen], Reply]:
    """An answer that accepts one Authorization value."""
    return lambda seen: Reply(status=200 if seen.headers["Authorization"] == value else 401)


def test_refused_credentials_are_refreshed_once(server: Server, clock: JumpingClock) -> None:
    """A 401 makes the auth renew itself, and the request is sent once more."""
    auth = Rotating("old", "new", "newer")
    server.will(only("new"))
    assert (get(server, clock, auth=auth, attempts=1), auth.refused) == (200, ["old"])


def test_credentials_refused_twice_are_an_error(server: Server, clock: JumpingClock) -> None:
    """A second 401 ends the call."""
    auth = Rotating("old", "new", "newer")
    server.will(only("never"))
    with pytest.raises(AuthError) as caught:
        get(server, clock, auth=auth)
    assert (caught.value.code, auth.refused, len(server.seen)) == ("EDL-HTTP-002", ["old"], 2)


def test_credentials_that_cannot_change_are_not_sent_again(
    server: Server, clock: JumpingClock
) -> None:
    """When nothing new is at hand, the refused request is not repeated."""
    server.will(only("never"))
    with pytest.raises(AuthError):
        get(server, clock, auth=Rotating("old"))
    assert len(server.seen) == 1


def test_closing_ends_a_call_between_its_attempts(server: Server, clock: JumpingClock) -> None:
    """A transport closed while a call waits sends nothing more."""
    http = Transport(server.url, provider="invented", clock=clock)

    def close(_: Seen) -> Reply:
        http.close()
        return Reply(status=500)

    server.will(close)
    with pytest.raises(ConfigError) as caught:
        http.get("/users", endpoint="GET /users")
    assert (caught.value.code, len(server.seen)) == ("EDL-CONF-016", 1)


def test_closing_ends_a_pause(server: Server) -> None:
    """A thread that waits to ask again is told at once that the client is closed."""
    asked, told = threading.Event(), threading.Event()

    def answer(_: Seen) -> Reply:
        asked.set()
        return Reply(status=429, headers=[("Retry-After", "500")])

    server.will(answer)
    transport = Transport(server.url, provider="invented")

    def ask() -> None:
        with pytest.raises(ConfigError) as caught:
            transport.get("/", endpoint="GET /")
        assert caught.value.code == "EDL-CONF-016"
        told.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    assert asked.wait(30)
    transport.close()
    assert told.wait(30)
    thread.join()
    assert len(server.seen) == 1
