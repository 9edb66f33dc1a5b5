"""Every OpenID and OAuth login, set up alike, so that one promise is one test for all of them."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
from tests.sso.certificates import write_certificates
from tests.sso.issuer import NOW, Issuer, running_issuer, sign

from edlink.classlink.login import ClassLinkLogin
from edlink.clever.login import CleverLogin
from edlink.entra.login import EntraLogin
from edlink.sso import MemoryReplayStore, PendingLogin
from edlink.sso.sender import Sender
from edlink.veracross.login import VeracrossLogin

LANDING = "https://app.example.org/callback"
SECRET = "SENTINEL-secret"
TENANT = "11111111-2222-3333-4444-555555555555"
PERSON = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

#: What no log line, error or repr may hold.
PRIVATE = {
    "email": "SENTINEL@example.org",
    "name": "SENTINEL name",
    "given_name": "SENTINEL",
    "family_name": "SENTINEL",
    "preferred_username": "SENTINEL",
}

Login = CleverLogin | ClassLinkLogin | VeracrossLogin | EntraLogin


@attrs.frozen(kw_only=True)
class Case:
    """
    One provider's login.

    Attributes:
        make: Makes the login for an issuer with further settings.
        prefix: Path of the issuer.
        token: Path of the token endpoint.
        claims: What the id token says besides the standard claims.
        answers: Answers of the provider's own API by path.
        tls: Whether the provider must speak https.
        hashed: Whether the nonce goes out as its SHA-256.
    """

    make: Callable[..., Login]
    prefix: str = ""
    token: str
    claims: Mapping[str, Any]
    answers: Mapping[str, Any] = attrs.field(factory=dict)
    tls: bool = False
    hashed: bool = False


def _clever(issuer: Issuer, settings: dict[str, Any]) -> Login:
    settings |= {"issuer": issuer.url, "api_url": f"{issuer.url}/v3.1"}
    return CleverLogin(districts={"d-1"}, client_secret=SECRET, protocol="oidc", **settings)


def _classlink(issuer: Issuer, settings: dict[str, Any]) -> Login:
    settings |= {"issuer": issuer.url, "info_url": f"{issuer.url}/v2/my/info"}
    return ClassLinkLogin(tenants={"77"}, client_secret=SECRET, **settings)


def _veracross(issuer: Issuer, settings: dict[str, Any]) -> Login:
    return VeracrossLogin(
        route="alder",
        client_secret=SECRET,
        registered_redirect_uris={LANDING},
        accounts_url=issuer.url,
        **settings,
    )


def _entra(issuer: Issuer, settings: dict[str, Any]) -> Login:
    return EntraLogin(
        tenant_id=TENANT,
        client_credential=SECRET,
        authority=issuer.url,
        allow_test_authority=True,
        **settings,
    )


CASES: dict[str, Case] = {
    "clever": Case(
        make=_clever,
        token="/oauth/tokens",
        claims={"district": "d-1", "multi_role_user_id": "u-1"},
    ),
    "classlink": Case(
        make=_classlink,
        token="/oauth2/v2/token",
        claims={"sub": "501"},
        answers={
            "/v2/my/info": {
                "UserId": 501,
                "TenantId": 77,
                "Email": PRIVATE["email"],
                "DisplayName": PRIVATE["name"],
            }
        },
    ),
    "veracross": Case(make=_veracross, prefix="/alder", token="/alder/oauth/token", claims={}),
    "entra": Case(
        make=_entra,
        prefix=f"/{TENANT}/v2.0",
        token=f"/{TENANT}/oauth2/v2.0/token",
        claims={"tid": TENANT, "oid": PERSON, "ver": "2.0", "acct": 0},
        tls=True,
        hashed=True,
    ),
}


@attrs.define(kw_only=True)
class Scene:
    """A running provider with a login for it; ``now`` is moved by the test."""

    case: Case
    issuer: Issuer
    folder: Path
    now: float = NOW

    def login(self, **settings: Any) -> Login:  # noqa: ANN401 - any setting
        """Return a login, with some settings replaced."""
        ca_file = str(self.folder / "ca.pem") if self.case.tls else None
        common = {
            "client_id": "app-1",
            "redirect_uri": LANDING,
            "replay_store": MemoryReplayStore(lambda: self.now),
            "sender": Sender(ca_file=ca_file),
            "clock": lambda: self.now,
        }
        return self.case.make(self.issuer, {**common, **settings})

    def returned(self, pending: PendingLogin, **fields: str) -> dict[str, str]:
        """Have the provider accept a login; return what the browser brings back."""
        nonce = pending.nonce
        if self.case.hashed:
            nonce = hashlib.sha256(nonce.encode()).hexdigest()
        claims = self.issuer.claims(
            **{
                **PRIVATE,
                **self.case.claims,
                "iss": self.issuer.url + self.case.prefix,
                "nonce": nonce,
                "iat": int(self.now) - 5,
                "exp": int(self.now) + 300,
            }
        )
        tokens = {"access_token": "SENTINEL-token", "token_type": "Bearer", "expires_in": 300}
        self.issuer.answers[self.case.token] = {**tokens, "id_token": sign(claims)}
        return {"code": "SENTINEL-code", "state": pending.state, **fields}

    @property
    def exchanges(self) -> int:
        """How often a code was exchanged."""
        return len(self.issuer.asked(self.case.token))


@contextmanager
def scene(name: str, folder: Path) -> Iterator[Scene]:
    """Yield a running provider of that name with its login."""
    case = CASES[name]
    with running_issuer(write_certificates(folder) if case.tls else None) as issuer:
        base = issuer.url + case.prefix
        issuer.answers[f"{case.prefix}/.well-known/openid-configuration"] = {
            "issuer": base,
            "jwks_uri": f"{issuer.url}/jwks",
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": issuer.url + case.token,
        }
        issuer.answers |= case.answers
        yield Scene(case=case, issuer=issuer, folder=folder)
