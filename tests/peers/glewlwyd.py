"""glewlwyd, a second OpenID provider, from an empty database."""

import gzip
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import requests
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.peers.openid import CLIENT, LANDING, SECRET
from tests.peers.processes import ROOT, free_port, running, unpacked_environment
from tests.sso.certificates import write_certificates
from tests.sso.issuer import rsa_key
from tests.sso.saml_idp import pem

_SAMPLE = ROOT / "usr/share/doc/glewlwyd/glewlwyd.conf.sample.gz"
_SCHEMA = ROOT / "usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"
_MODULES = ROOT / "usr/lib/glewlwyd"
_PASSWORD = "a-password-for-tests"


@attrs.frozen(kw_only=True)
class Glewlwyd:
    """
    A running provider.

    Attributes:
        base: Its address.
        api: First part of its API's path.
        plugin: Name of its OpenID provider, and second part of that one's path.
        ca_file: The authority to trust where it speaks https, else None.
    """

    base: str
    api: str
    plugin: str
    ca_file: str | None

    @property
    def issuer(self) -> str:
        """The issuer's name, below which its endpoints are."""
        return f"{self.base}/{self.api}/{self.plugin}"

    def sign_in(self, url: str, person: str = "alice") -> dict[str, str]:
        """Return what arrives at the app after a person has signed in and agreed."""
        with self._session(person, _PASSWORD) as session:
            self._send(session, "PUT", f"auth/grant/{CLIENT}", {"scope": "openid profile"})
            # Its login page, which is a script, goes on at the same address with this mark.
            answer = session.get(f"{url}&g_continue", allow_redirects=False, timeout=10)
        target = answer.headers["Location"]
        assert target.startswith(LANDING), target
        return dict(parse_qsl(urlsplit(target).query))

    def set_up(self, people: Mapping[str, Mapping[str, str]], claims: Mapping[str, str]) -> None:
        """Add the OpenID plugin, our app and its people with their claims."""
        with self._session("admin", "password") as admin:
            scope = {"name": "profile", "display_name": "profile", "scheme": {}}
            self._send(admin, "POST", "scope/", {**scope, "password_required": False})
            self._send(admin, "POST", "mod/plugin/", self._provider(claims))
            self._send(admin, "POST", "client/", _APP)
            for name, properties in people.items():
                person = {
                    "username": name,
                    "password": _PASSWORD,
                    "scope": ["openid", "profile"],
                    "enabled": True,
                }
                self._send(admin, "POST", "user/", {**person, **properties})

    def _provider(self, claims: Mapping[str, str]) -> dict[str, Any]:
        public = rsa_key("idp").public_key()
        parameters = {
            "iss": self.issuer,
            "jwt-type": "rsa",
            "jwt-key-size": "256",
            "key": pem("idp"),
            "cert": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            "access-token-duration": 3600,
            "refresh-token-duration": 3600,
            "code-duration": 600,
            "auth-type-code-enabled": True,
            "allow-non-oidc": True,
            "jwks-show": True,
            "subject-type": "public",
            "pkce-allowed": True,
            "claims": [
                {"name": name, "user-property": name, "type": kind, "mandatory": True}
                for name, kind in claims.items()
            ],
        }
        names = {"module": "oidc", "name": self.plugin, "display_name": self.plugin}
        return {**names, "parameters": parameters}

    def _session(self, name: str, password: str) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.verify = self.ca_file or True
        body = {"username": name, "password": password}
        answer = session.post(f"{self.base}/{self.api}/auth/", json=body, timeout=10)
        # Its cookie is for the domain "localhost", which this client would not send back.
        session.headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
        return session

    def _send(self, session: requests.Session, method: str, path: str, body: Any) -> None:  # noqa: ANN401 - JSON
        url = f"{self.base}/{self.api}/{path}"
        answer = session.request(method, url, json=body, timeout=10)
        assert answer.status_code == 200, answer.text


_APP: Mapping[str, Any] = {
    "client_id": CLIENT,
    "client_name": CLIENT,
    "client_secret": SECRET,
    "confidential": True,
    "redirect_uri": [LANDING],
    "authorization_type": ["code"],
    "scope": ["openid", "profile"],
    "token_endpoint_auth_method": ["client_secret_post", "client_secret_basic"],
    "enabled": True,
}


@contextmanager
def glewlwyd(
    folder: Path,
    *,
    path: tuple[str, str] = ("api", "oidc"),
    tls: bool = False,
    people: Mapping[str, Mapping[str, str]] | None = None,
    claims: Mapping[str, str] | None = None,
) -> Iterator[Glewlwyd]:
    """
    Yield a running provider that knows our app.

    Args:
        folder: Where its database, certificates and log go.
        path: The two parts of the path of its endpoints.
        tls: Whether it speaks https, with ``ca.pem`` in the folder.
        people: What it knows of each person by login name; alice by default.
        claims: Which of that goes into every id token, by name, with its type.
    """
    port, (api, plugin) = free_port(), path
    if tls:
        write_certificates(folder)
    base = f"{'https' if tls else 'http'}://localhost:{port}"
    _prepare(folder / "db", claims or {})
    text = gzip.decompress(_SAMPLE.read_bytes()).decode()
    for name, value in {
        "port": str(port),
        "external_url": f'"{base}"',
        "api_prefix": f'"{api}"',
        "static_files_path": f'"{folder}/"',
        "cookie_secure": "0",
        "path": f'"{folder}/db"',
        "use_secure_connection": str(tls).lower(),
        "secure_connection_key_file": f'"{folder}/server.key"',
        "secure_connection_pem_file": f'"{folder}/server.pem"',
        "secure_connection_ca_file": f'"{folder}/ca.pem"',
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
        ca_file = str(folder / "ca.pem") if tls else None
        provider = Glewlwyd(base=base, api=api, plugin=plugin, ca_file=ca_file)
        provider.set_up(people or {"alice": {}}, claims or {})
        yield provider


def _prepare(path: Path, properties: Mapping[str, str]) -> None:
    """Make the database, whose people may have further properties."""
    with sqlite3.connect(path) as db:
        db.executescript(_SCHEMA.read_text())
        ((text,),) = db.execute("SELECT gumi_parameters FROM g_user_module_instance")
        found = json.loads(text)
        one = {"multiple": False, "read": True, "write": True}
        found["data-format"] |= dict.fromkeys(properties, one)
        db.execute("UPDATE g_user_module_instance SET gumi_parameters = ?", (json.dumps(found),))
    db.close()
