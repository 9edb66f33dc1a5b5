"""
An OpenID issuer on a loopback socket, shaped by each test.

It signs with a real key and answers over real HTTP.  What a compliant provider never sends (forged
tokens, foreign keys, redirects) is set by the test; compliant behavior is tested against real
identity providers in tests/peers.
"""

import base64
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import attrs
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

#: The moment at which these tests take place, in seconds since the epoch.
NOW = 1_800_000_000


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """Return a key that is the same for the same name within one run; ``short`` is a weak one."""
    return rsa.generate_private_key(65537, key_size=1024 if name == "short" else 2048)


def public_jwk(key: rsa.RSAPrivateKey, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JWK members
    """Return the public half as a JWK."""
    found = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    found.pop("key_ops", None)
    return {**found, **fields}


def sign(
    claims: Mapping[str, Any],
    key: rsa.RSAPrivateKey | None = None,
    **header: Any,  # noqa: ANN401 - JOSE header members
) -> str:
    """Return an RS256 token signed by the issuer's key, or by another."""
    fields = {n: v for n, v in {"kid": "k1", **header}.items() if v is not None}
    return jwt.encode(dict(claims), key or rsa_key("issuer"), algorithm="RS256", headers=fields)


def compact(header: Mapping[str, Any], claims: Mapping[str, Any], signature: bytes = b"") -> str:
    """Return a token put together by hand."""
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@attrs.frozen
class Seen:
    """One request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str]


class Issuer:
    """Answers by path; a value is JSON, (status, headers, body), or makes one of a request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: list[Seen] = []
        self.answers: dict[str, Any] = {
            "/": {},
            "/.well-known/openid-configuration": self.discovery(),
            "/jwks": {"keys": [public_jwk(rsa_key("issuer"), kid="k1", use="sig", alg="RS256")]},
        }

    def discovery(self, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - metadata members
        """Return the discovery document."""
        return {"issuer": self.url, "jwks_uri": f"{self.url}/jwks", **fields}

    def claims(self, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - claims
        """Return good claims at ``NOW`` with some replaced; None leaves one out."""
        found = {
            "iss": self.url,
            "aud": "app-1",
            "sub": "sub-1",
            "iat": NOW - 5,
            "exp": NOW + 3600,
            **fields,
        }
        return {name: value for name, value in found.items() if value is not None}

    def asked(self, path: str) -> list[Seen]:
        """Return the requests that arrived at a path."""
        return [seen for seen in self.seen if seen.path == path]


@contextmanager
def running_issuer(tls: ssl.SSLContext | None = None) -> Iterator[Issuer]:
    """Yield an issuer that answers until the block ends, over https where a context is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            form = dict(parse_qsl(self.rfile.read(length).decode()))
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            issuer.seen.append(Seen(self.command, path, dict(parse_qsl(query)), headers, form))
            answer = issuer.answers.get(path, (404, {}, b""))
            if callable(answer):
                answer = answer(issuer.seen[-1])
            if not isinstance(answer, tuple):
                answer = (200, {"Content-Type": "application/json"}, json.dumps(answer).encode())
            status, sent, body = answer
            self.send_response_only(status)
            for name, value in {"Content-Length": str(len(body)), **sent}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # a client with a size limit hangs up
                self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the base class's name

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    issuer = Issuer(f"http://127.0.0.1:{server.server_address[1]}")
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        issuer.url = f"https://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
