"""glewlwyd, a second OpenID provider, from an empty database."""

import gzip
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.peers.openid import CLIENT, LANDING, SECRET
from tests.peers.processes import ROOT, free_port, running, unpacked_environment
from tests.sso.issuer import rsa_key
from tests.sso.saml_idp import pem

_SAMPLE = ROOT / "usr/share/doc/glewlwyd/glewlwyd.conf.sample.gz"
_SCHEMA = ROOT / "usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"
_MODULES = ROOT / "usr/lib/glewlwyd"


class Glewlwyd:
    """
    A running provider.

    Args:
        base: Its address.
    """

    def __init__(self, base: str) -> None:
        self.base = base

    @property
    def issuer(self) -> str:
        """The issuer's name."""
        return f"{self.base}/api/oidc"

    def sign_in(self, url: str) -> dict[str, str]:
        """Return what arrives at the app after alice has signed in and agreed."""
        with self._session("alice", "a-password-for-tests") as session:
            self._put(session, f"/api/auth/grant/{CLIENT}", {"scope": "openid"})
            # Its login page, which is a script, goes on at the same address with this mark.
            answer = session.get(f"{url}&g_continue", allow_redirects=False, timeout=10)
        target = answer.headers["Location"]
        assert target.startswith(LANDING), target
        return dict(parse_qsl(urlsplit(target).query))

    def set_up(self) -> None:
        """Add the OpenID plugin, our app and alice."""
        public = rsa_key("idp").public_key()
        plugin = {
            "iss": self.issuer,
            "jwt-type": "rsa",
            "jwt-key-size": "256",
            "key": pem("idp"),
            "cert": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            "access-token-duration": 3600,
            "refresh-token-duration": 3600,
            "code-duration": 600,
            "auth-type-code-enabled": True,
            "jwks-show": True,
            "subject-type": "public",
            "pkce-allowed": True,
        }
        client = {
            "client_id": CLIENT,
            "client_name": CLIENT,
            "client_secret": SECRET,
            "confidential": True,
            "redirect_uri": [LANDING],
            "authorization_type": ["code"],
            "scope": ["openid"],
            "token_endpoint_auth_method": ["client_secret_post", "client_secret_basic"],
            "enabled": True,
        }
        person = {
            "username": "alice",
            "password": "a-password-for-tests",
            "scope": ["openid"],
            "enabled": True,
        }
        module = {"module": "oidc", "name": "oidc", "display_name": "oidc", "parameters": plugin}
        with self._session("admin", "password") as admin:
            for path, body in (("mod/plugin", module), ("client", client), ("user", person)):
                answer = admin.post(f"{self.base}/api/{path}/", json=body, timeout=10)
                assert answer.status_code == 200, answer.text

    def _session(self, name: str, password: str) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        body = {"username": name, "password": password}
        answer = session.post(f"{self.base}/api/auth/", json=body, timeout=10)
        # Its cookie is for the domain "localhost", which this client would not send back.
        session.headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
        return session

    def _put(self, session: requests.Session, path: str, body: dict[str, Any]) -> None:
        answer = session.put(self.base + path, json=body, timeout=10)
        assert answer.status_code == 200, answer.text


@contextmanager
def glewlwyd(folder: Path) -> Iterator[Glewlwyd]:
    """Yield a running provider that knows our app and alice."""
    port = free_port()
    base = f"http://localhost:{port}"
    db = sqlite3.connect(folder / "db")
    db.executescript(_SCHEMA.read_text())
    db.close()
    text = gzip.decompress(_SAMPLE.read_bytes()).decode()
    for name, value in {
        "port": str(port),
        "external_url": f'"{base}"',
        "static_files_path": f'"{folder}/"',
        "cookie_secure": "0",
        "path": f'"{folder}/db"',
        "user_middleware_module_path": f'"{folder}"',
        "user_module_path": f'"{_MODULES}/user"',
        "client_module_path": f'"{_MODULES}/client"',
        "user_auth_scheme_module_path": f'"{_MODULES}/scheme"',
        "plugin_module_path": f'"{_MODULES}/plugin"',
    }.items():
        text = re.sub(rf"(?m)^(\s*){name}\s*=.*$", rf"\g<1>{name}={value}", text)
    (folder / "glewlwyd.conf").write_text(f'bind_address="127.0.0.1"\n{text}')
    command: list[str | Path] = [ROOT / "usr/bin/glewlwyd", "-c", folder / "glewlwyd.conf"]
    with running(command, port, folder / "glewlwyd.log", unpacked_environment()):
        provider = Glewlwyd(base)
        provider.set_up()
        yield provider
