from collections.abc import Iterator
from typing import Any

import pytest
from tests.sso.issuer import NOW, Issuer, running_issuer, sign

from edlink.errors import ConfigError, InvalidLoginError, LoginError
from edlink.sso import Identity, MemoryReplayStore, RestartLogin, Unverified
from edlink.sso.sender import Sender
from edlink.veracross.login import VeracrossLogin
from edlink.vocabulary import Role

URL = "https://app.example.org/veracross"
CLAIMS = {
    "sub": "7001",
    "preferred_username": "SENTINEL-user",
    "email": None,
    "roles": ["Parent", "Coach", "Staff"],
}


@pytest.fixture
def veracross() -> Iterator[Issuer]:
    with running_issuer() as running:
        for route in ("alder", "birch"):
            base = f"{running.url}/{route}"
            running.answers[f"/{route}/.well-known/openid-configuration"] = {
                "issuer": base,
                "jwks_uri": f"{running.url}/jwks",
            }
            running.answers[f"/{route}/oauth/authorize"] = (200, {}, b"<html>")
            running.answers[f"/{route}/oauth/token"] = {"access_token": "t", "token_type": "bearer"}
            running.answers[f"/{route}/oauth/userinfo"] = CLAIMS
        running.answers["/"] = (200, {"Date": "Fri, 15 Jan 2027 08:00:00 GMT"}, b"")
        yield running


def login(veracross: Issuer, **settings: Any) -> VeracrossLogin:  # noqa: ANN401 - any setting
    return VeracrossLogin(
        **{
            "route": "alder",
            "client_id": "app-1",
            "client_secret": "SENTINEL-secret",
            "redirect_uri": URL,
            "registered_redirect_uris": {URL, URL.replace("//", "//www.")},
            "replay_store": MemoryReplayStore(lambda: NOW),
            "accounts_url": veracross.url,
            "clock": lambda: NOW,
            **settings,
        }
    )


def sign_in(veracross: Issuer, **settings: Any) -> Identity:  # noqa: ANN401 - any setting
    subject = login(veracross, **settings)
    start = subject.begin()
    found = subject.complete({"code": "c", "state": start.pending.state}, start.pending)
    assert isinstance(found, Identity)
    return found


def sign_in_oidc(veracross: Issuer, **claims: Any) -> Identity:  # noqa: ANN401 - any claim
    subject = login(veracross)
    start = subject.begin()
    fields = {**CLAIMS, "iss": f"{veracross.url}/alder", "nonce": start.pending.nonce, **claims}
    token = sign(veracross.claims(**fields))
    veracross.answers["/alder/oauth/token"] = {"access_token": "t", "id_token": token}
    found = subject.complete({"code": "c", "state": start.pending.state}, start.pending)
    assert isinstance(found, Identity)
    return found


def test_oauth_gives_the_account_within_its_school(veracross: Issuer) -> None:
    """The identity is the account with its school; roles are labels, and no person is claimed."""
    identity = sign_in(veracross, protocol="oauth2")
    assert identity == Identity(
        provider="veracross",
        tenant="alder",
        subject="7001",
        sourced_id=None,
        roles=(Role.guardian, Role.other, Role.staff),
        roles_raw=("Parent", "Coach", "Staff"),
        unverified=Unverified(username="SENTINEL-user"),
    )
    assert veracross.asked("/alder/oauth/userinfo")[0].headers["authorization"] == "Bearer t"


def test_oidc_gives_the_same_account(veracross: Issuer) -> None:
    """With OpenID Connect the account comes from the id token, without another request."""
    assert sign_in_oidc(veracross).key == ("veracross", "alder", "7001")
    assert veracross.asked("/alder/oauth/userinfo") == []


def test_the_same_account_number_at_two_schools_is_two_people(veracross: Issuer) -> None:
    """Equal account numbers of two schools are different keys."""
    keys = {sign_in(veracross, route=r, protocol="oauth2").key for r in ("alder", "birch")}
    assert len(keys) == 2


def test_credentials_go_in_the_body(veracross: Issuer) -> None:
    """Veracross takes credentials in the form's body only."""
    sign_in(veracross, protocol="oauth2")
    (seen,) = veracross.asked("/alder/oauth/token")
    assert seen.form["client_secret"] == "SENTINEL-secret"
    assert "authorization" not in seen.headers


def test_another_schools_token_is_refused(veracross: Issuer) -> None:
    """A token of another school's issuer is refused, though the keys are the same."""
    with pytest.raises(InvalidLoginError) as caught:
        sign_in_oidc(veracross, iss=f"{veracross.url}/birch")
    assert caught.value.code == "EDL-LOGIN-026"


@pytest.mark.parametrize(
    "answer", [{}, {"sub": 7001}, {"sub": ""}, (401, {}, b"{}"), (200, {}, b"")]
)
def test_an_answer_without_an_account_is_refused(veracross: Issuer, answer: object) -> None:
    """Userinfo without a usable account id is refused."""
    veracross.answers["/alder/oauth/userinfo"] = answer
    with pytest.raises(LoginError) as caught:
        sign_in(veracross, protocol="oauth2")
    assert caught.value.code == "EDL-LOGIN-030"


def test_a_code_nobody_asked_for_restarts(veracross: Issuer) -> None:
    """A callback without state is a request to log in: its code is never exchanged."""
    assert isinstance(login(veracross).complete({"code": "c"}, None), RestartLogin)
    assert veracross.asked("/alder/oauth/token") == []


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"route": "https://accounts.veracross.com/alder"}, "EDL-CONF-057"),
        ({"route": ""}, "EDL-CONF-057"),
        ({"route": "alder/x/y"}, "EDL-CONF-057"),
        ({"registered_redirect_uris": {URL + "/"}}, "EDL-CONF-056"),
        (
            {
                "redirect_uri": "http://app.example.org/x",
                "registered_redirect_uris": {"http://app.example.org/x"},
            },
            "EDL-CONF-050",
        ),
    ],
)
def test_settings_that_cannot_be_right_are_refused(
    veracross: Issuer, settings: dict[str, Any], code: str
) -> None:
    """A route that is an address, or an unregistered redirect address, is refused at once."""
    with pytest.raises(ConfigError) as caught:
        login(veracross, **settings)
    assert caught.value.code == code


def test_a_sandbox_route_may_have_a_slash(veracross: Issuer) -> None:
    """A route such as ``alder/testing`` goes out as it is."""
    assert (
        f"{veracross.url}/alder/testing/oauth/authorize"
        in login(veracross, route="alder/testing").begin().url
    )


@pytest.mark.parametrize(
    ("url", "registered", "missing"),
    [
        (URL, {URL}, True),
        ("https://www.app.example.org/veracross", {"https://www.app.example.org/veracross"}, True),
        (URL, {URL, "https://www.app.example.org/veracross"}, False),
        ("http://localhost:8000/x", {"http://localhost:8000/x"}, False),
    ],
)
def test_the_doctor_misses_the_other_spelling(
    veracross: Issuer, url: str, registered: set[str], *, missing: bool
) -> None:
    """An address registered only with or only without www. is a warning."""
    subject = login(veracross, redirect_uri=url, registered_redirect_uris=registered)
    found = {f.code for f in subject.check_login()}
    assert ("EDL-CHECK-909" in found) is missing
    assert "EDL-CHECK-903" in found


def test_the_doctor_asks_no_keys_without_openid(veracross: Issuer) -> None:
    """With OAuth 2.0 alone the doctor does not look for signing keys."""
    found = {f.code for f in login(veracross, protocol="oauth2", sender=Sender()).check_login()}
    assert found == {"EDL-CHECK-901", "EDL-CHECK-904", "EDL-CHECK-913"}
