"""A directory that signs people in, and edlink's login there."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.sso.certificates import write_certificates
from tests.sso.issuer import NOW, Issuer, running_issuer, sign

from edlink.entra.login import EntraLogin
from edlink.sso import Identity, MemoryReplayStore
from edlink.sso.sender import Sender

TENANT = "11111111-2222-3333-4444-555555555555"
PERSON = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


@contextmanager
def signing_in(folder: Path) -> Iterator[Issuer]:
    """Yield a running directory; its certificates are in the folder."""
    with running_issuer(write_certificates(folder)) as running:
        base = f"{running.url}/{TENANT}"
        running.answers[f"/{TENANT}/v2.0/.well-known/openid-configuration"] = {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
            "jwks_uri": f"{running.url}/jwks",
        }
        running.answers[f"/{TENANT}/oauth2/v2.0/authorize"] = (200, {}, b"<html>")
        running.answers["/"] = (200, {"Date": "Fri, 15 Jan 2027 08:00:00 GMT"}, b"")
        yield running


def login(entra: Issuer, folder: Path, **settings: Any) -> EntraLogin:  # noqa: ANN401 - any setting
    """Return a login at the directory."""
    return EntraLogin(
        **{
            "tenant_id": TENANT,
            "client_id": "app-1",
            "client_credential": "SENTINEL-secret",
            "redirect_uri": "https://app.example.org/entra",
            "replay_store": MemoryReplayStore(lambda: NOW),
            "authority": entra.url,
            "graph_url": f"{entra.url}/graph",
            "allow_test_authority": True,
            "sender": Sender(ca_file=str(folder / "ca.pem")),
            "clock": lambda: NOW,
            **settings,
        }
    )


def claims_of(entra: Issuer, kept: str, **claims: Any) -> dict[str, Any]:  # noqa: ANN401 - any claim
    """Return what a token of the person says, to the login that kept a nonce."""
    fields = {
        "iss": f"{entra.url}/{TENANT}/v2.0",
        "nonce": hashlib.sha256(kept.encode()).hexdigest(),
        "tid": TENANT,
        "oid": PERSON,
        "ver": "2.0",
        "acct": 0,
        **claims,
    }
    return entra.claims(**fields)


def answer(entra: Issuer, token: object) -> None:
    """Have the token endpoint give an id token, as Entra would."""
    found = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600, "id_token": token}
    entra.answers[f"/{TENANT}/oauth2/v2.0/token"] = found


def sign_in(
    entra: Issuer,
    folder: Path,
    claims: dict[str, Any] | None = None,
    **settings: Any,  # noqa: ANN401 - any setting
) -> Identity:
    """Return who signed in with a token of some claims."""
    subject = login(entra, folder, **settings)
    start = subject.begin()
    answer(entra, sign(claims_of(entra, start.pending.nonce, **(claims or {}))))
    found = subject.complete({"code": "c", "state": start.pending.state}, start.pending)
    assert isinstance(found, Identity)
    return found
