"""https, directly and through a proxy, against a real TLS server with a certificate of its own."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests._http.loopback import JumpingClock, Server

from edlink._http import HttpSettings, StaticBearer, Transport
from edlink.errors import ConfigError, TransportError

TARGET = "/%2FgVa0ed75Gs%43/%2f?filter=a%20b"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate for loopback and one invented host."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "roster.example.org")])
    hosts = [x509.DNSName("roster.example.org"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Server(context)
    yield server
    server.close()


class Proxy:
    """A proxy that leads every CONNECT to one port, and keeps the bytes it could read."""

    def __init__(self, port: int) -> None:
        self.asked: list[bytes] = []
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            self.asked.append(client.recv(65_536))
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=self._pump, args=(server, client))
            back.start()
            self._pump(client, server)
            back.join()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):  # either side may hang up first
            while data := source.recv(65_536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Nothing; the one connection has ended."""
        self._thread.join()
        self._listener.close()


def test_https_sends_the_target_byte_for_byte(
    tls_server: Server,
    clock: JumpingClock,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Over TLS, trusted through REQUESTS_CA_BUNDLE, the exact target arrives."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with Transport(tls_server.url, provider="invented", clock=clock) as http:
        http.get(TARGET, endpoint="GET /{id}")
    assert [seen.target for seen in tls_server.seen] == [TARGET]


def test_an_unknown_certificate_is_refused(tls_server: Server, clock: JumpingClock) -> None:
    """A certificate that nobody vouches for ends the call at once."""
    with (
        Transport(tls_server.url, provider="invented", clock=clock) as http,
        pytest.raises(TransportError) as caught,
    ):
        http.get("/users", endpoint="GET /users")
    assert (caught.value.code, clock.slept) == ("EDL-HTTP-011", [])


def test_a_trust_store_that_is_absent_is_named(
    tls_server: Server, clock: JumpingClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A REQUESTS_CA_BUNDLE that leads nowhere is told from a broken connection."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "absent.pem"))
    with (
        Transport(tls_server.url, provider="invented", clock=clock) as http,
        pytest.raises(TransportError) as caught,
    ):
        http.get("/users", endpoint="GET /users")
    assert (caught.value.code, clock.slept) == ("EDL-HTTP-011", [])


def test_the_environments_proxy_is_used(
    tls_server: Server,
    clock: JumpingClock,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Requests go through HTTPS_PROXY, which learns the host and no credential or path."""
    proxy = Proxy(int(tls_server.url.rpartition(":")[2]))
    monkeypatch.setenv("https_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with Transport(
        "https://roster.example.org", provider="invented", auth=StaticBearer("t"), clock=clock
    ) as http:
        http.get(TARGET, endpoint="GET /{id}")
    proxy.close()
    (asked,) = proxy.asked
    assert asked.startswith(b"CONNECT roster.example.org:443 ")
    assert b"Authorization" not in asked
    assert [seen.target for seen in tls_server.seen] == [TARGET]


def test_an_absent_proxy_is_no_connection(
    clock: JumpingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that does not answer means that nothing was sent."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    settings = HttpSettings(attempts=2)
    with (
        Transport(
            "https://roster.example.org", provider="invented", clock=clock, settings=settings
        ) as http,
        pytest.raises(TransportError) as caught,
    ):
        http.get("/users", endpoint="GET /users")
    assert (caught.value.code, len(clock.slept)) == ("EDL-HTTP-010", 1)


def test_a_socks_proxy_is_refused(clock: JumpingClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SOCKS proxy, through which exact targets cannot go, is a wrong setting."""
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    with (
        Transport("https://roster.example.org", provider="invented", clock=clock) as http,
        pytest.raises(ConfigError) as caught,
    ):
        http.get("/users", endpoint="GET /users")
    assert (caught.value.code, caught.value.__context__) == ("EDL-CONF-018", None)
