"""The npm program oidc-provider, dressed as each of the OpenID providers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.peers.processes import PEERS, free_port, running
from tests.sso.certificates import write_certificates

CLIENT, SECRET = "app-1", "a-secret-for-tests-only"
LANDING = "https://app.example.org/callback"


@contextmanager
def oidc_provider(  # noqa: PLR0913 - one keyword per particular of a provider
    folder: Path,
    *,
    prefix: str = "",
    routes: Mapping[str, str] | None = None,
    method: str = "client_secret_post",
    pkce: bool = False,
    tls: bool = False,
    scopes: Sequence[str] = ("openid",),
    accounts: Mapping[str, Any],
    profiles: Mapping[str, Any] | None = None,
    landing: str = LANDING,
) -> Iterator[str]:
    """
    Yield the base address of a running provider.

    Args:
        folder: Where certificates and the log go.
        prefix: Path of the issuer.
        routes: Paths of its endpoints, below the prefix.
        method: How the app proves itself at the token endpoint.
        pkce: Whether a challenge is demanded.
        tls: Whether it speaks https, with ``ca.pem`` in the folder.
        scopes: The scopes it knows.
        accounts: Claims by login name.
        profiles: Answers of the provider's own API by path and login name.
        landing: Where the app takes its people back.
    """
    port = free_port()
    if tls:
        write_certificates(folder)
    base = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    client = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": [landing],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "token_endpoint_auth_method": method,
    }
    config = {
        "base": base,
        "prefix": prefix,
        "port": port,
        "tls": {"key": str(folder / "server.key"), "cert": str(folder / "server.pem")}
        if tls
        else None,
        "routes": dict(routes or {}),
        "pkce": pkce,
        "scopes": list(scopes),
        "clients": [client],
        "accounts": dict(accounts),
        "profiles": dict(profiles or {}),
    }
    program = Path(__file__).with_name("oidc_provider.mjs")
    command: list[str | Path] = ["node", program, PEERS / "oidc-provider", json.dumps(config)]
    with running(command, port, folder / "oidc-provider.log"):
        yield base
