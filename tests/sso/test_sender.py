import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from tests.sso.issuer import Issuer

from edlink.errors import LoginError
from edlink.sso.sender import Sender


def test_a_form_is_posted_once(issuer: Issuer) -> None:
    """A form arrives as it was given and the answer comes back whole."""
    issuer.answers["/token"] = {"a": 1}
    answer = Sender().post_form(f"{issuer.url}/token", [("code", "c d")], what="token exchange")
    (seen,) = issuer.asked("/token")
    assert (answer.json_object(), seen.method, seen.form) == ({"a": 1}, "POST", {"code": "c d"})


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"\xff", b"[" * 100_000])
def test_what_is_not_a_json_object_is_none(issuer: Issuer, body: bytes) -> None:
    """A body that is not a JSON object reads as None."""
    issuer.answers["/x"] = (200, {}, body)
    assert Sender().get(f"{issuer.url}/x", what="person").json_object() is None


@pytest.mark.parametrize(
    ("answer", "code", "reason"),
    [
        ((302, {"Location": "http://127.0.0.1:1/SENTINEL"}, b""), "EDL-LOGIN-019", "not_set_up"),
        ((503, {}, b"SENTINEL"), "EDL-LOGIN-011", "unavailable"),
        ((429, {}, b"SENTINEL"), "EDL-LOGIN-011", "unavailable"),
        ((200, {}, b"x" * 2001), "EDL-LOGIN-010", "unavailable"),
        ((200, {"Content-Encoding": "gzip"}, b"SENTINEL"), "EDL-LOGIN-010", "unavailable"),
    ],
)
def test_unusable_answers_are_errors(
    issuer: Issuer, answer: tuple[int, dict[str, str], bytes], code: str, reason: str
) -> None:
    """A redirect, a failure, too large or broken a body is an error that quotes nothing."""
    issuer.answers["/x"] = answer
    with pytest.raises(LoginError) as caught:
        Sender(max_body=2000).get(f"{issuer.url}/x", what="person")
    assert (caught.value.code, caught.value.reason) == (code, reason)
    assert "SENTINEL" not in str(caught.value)
    assert caught.value.__context__ is None
    assert len(issuer.seen) == 1


def test_an_unsafe_address_is_never_asked() -> None:
    """No request goes to an address that is not https or loopback."""
    with pytest.raises(LoginError) as caught:
        Sender().get("http://app.example.org/", what="person")
    assert caught.value.code == "EDL-LOGIN-012"


def test_a_silent_port_is_unavailable(issuer: Issuer) -> None:
    """A provider that does not answer at all is unavailable, without the address being named."""
    with pytest.raises(LoginError) as caught:
        Sender().get("http://127.0.0.1:1/SENTINEL", what="person")
    assert (caught.value.code, caught.value.retryable) == ("EDL-LOGIN-010", True)
    assert "SENTINEL" not in str(caught.value)
    assert issuer.seen == []


def test_credentials_of_the_machine_are_not_sent(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A .netrc entry for the provider's host does not replace what the login sends."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    Sender().get(f"{issuer.url}/", what="person", headers={"Authorization": "Bearer t"})
    assert issuer.seen[0].headers["authorization"] == "Bearer t"


@pytest.mark.parametrize(
    ("scheme", "opening"),
    [
        ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\nX: "),
        ("http", b"HTTP/1.1 200 "),
        ("https", b"\x16\x03\x03\x40\x00"),
    ],
    ids=["body", "headers", "status", "handshake"],
)
def test_a_dripping_answer_is_cut_off(scheme: str, opening: bytes) -> None:
    """An answer that keeps coming, byte by byte, ends at the deadline all the same."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def drip() -> None:
            with suppress(OSError), server.accept()[0] as peer:
                peer.recv(65536)
                peer.sendall(opening)
                for _ in range(500):
                    peer.sendall(b"x")
                    time.sleep(0.02)

        thread = threading.Thread(target=drip)
        thread.start()
        begun = time.monotonic()
        with pytest.raises(LoginError) as caught:
            Sender(deadline=0.3).get(f"{scheme}://127.0.0.1:{port}/", what="person")
        took = time.monotonic() - begun
        thread.join()
    assert caught.value.code == "EDL-LOGIN-010"
    assert took < 5


def test_a_slow_answer_is_cut_off(issuer: Issuer) -> None:
    """An answer that takes longer than the deadline is unavailable."""
    issuer.answers["/x"] = (200, {"Content-Length": "10"}, b"x")
    begun = time.monotonic()
    with pytest.raises(LoginError) as caught:
        Sender(deadline=0.3).get(f"{issuer.url}/x", what="person")
    assert caught.value.code == "EDL-LOGIN-010"
    assert time.monotonic() - begun < 5
