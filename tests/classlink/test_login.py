import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.sso.issuer import NOW, Issuer, running_issuer, sign

from edlink.classlink.login import ClassLinkLogin
from edlink.errors import LoginError
from edlink.sso import Identity, MemoryReplayStore, RestartLogin, Unverified
from edlink.vocabulary import Role

INFO = {
    "UserId": 501,
    "TenantId": 77,
    "SourcedId": "SIS-1001",
    "Role": "Tenant Administrator",
    "LoginId": "SENTINEL-login",
    "Email": "SENTINEL@example.org",
    "DisplayName": "SENTINEL-name",
    "FirstName": "SENTINEL-first",
    "LastName": "SENTINEL-last",
}


@pytest.fixture
def launchpad() -> Iterator[Issuer]:
    with running_issuer() as running:
        running.answers["/oauth2/v2/auth"] = (200, {}, b"<html>")
        running.answers["/v2/my/info"] = INFO
        running.answers["/"] = (200, {"Date": "Fri, 15 Jan 2027 08:00:00 GMT"}, b"")
        yield running


def login(launchpad: Issuer, **settings: Any) -> ClassLinkLogin:  # noqa: ANN401 - any setting
    return ClassLinkLogin(
        **{
            "client_id": "app-1",
            "client_secret": "SENTINEL-secret",
            "redirect_uri": "https://app.example.org/classlink",
            "tenants": {"77"},
            "replay_store": MemoryReplayStore(lambda: NOW),
            "issuer": launchpad.url,
            "info_url": f"{launchpad.url}/v2/my/info",
            "clock": lambda: NOW,
            **settings,
        }
    )


def sign_in(
    launchpad: Issuer,
    claims: dict[str, Any] | None = None,
    **settings: Any,  # noqa: ANN401 - any setting
) -> Identity:
    subject = login(launchpad, **settings)
    start = subject.begin()
    fields = {"sub": "501", "nonce": start.pending.nonce, **(claims or {})}
    token = sign(launchpad.claims(**fields))
    tokens = {"access_token": "t", "token_type": "Bearer", "response_type": "code"}
    launchpad.answers["/oauth2/v2/token"] = {**tokens, "id_token": token}
    params = {"code": "c", "state": start.pending.state, "response_type": "code"}
    found = subject.complete(params, start.pending)
    assert isinstance(found, Identity)
    return found


@pytest.mark.parametrize("protocol", ["oidc", "oauth2"])
def test_the_person_is_classlinks_user_of_that_tenant(launchpad: Issuer, protocol: str) -> None:
    """The identity is tenant and user id, with the sourced id of the district's OneRoster data."""
    assert sign_in(launchpad, protocol=protocol) == Identity(
        provider="classlink",
        tenant="77",
        subject="501",
        sourced_id="SIS-1001",
        roles=(Role.administrator,),
        roles_raw=("Tenant Administrator",),
        unverified=Unverified(
            username="SENTINEL-login",
            email="SENTINEL@example.org",
            display_name="SENTINEL-name",
            given_name="SENTINEL-first",
            family_name="SENTINEL-last",
        ),
    )


def test_credentials_go_in_the_body(launchpad: Issuer) -> None:
    """LaunchPad takes code, id and secret in the form's body."""
    sign_in(launchpad)
    (seen,) = launchpad.asked("/oauth2/v2/token")
    assert seen.form["client_secret"] == "SENTINEL-secret"
    assert launchpad.asked("/v2/my/info")[0].headers["authorization"] == "Bearer t"


@pytest.mark.parametrize("sourced_id", ["", None, 7])
def test_an_empty_sourced_id_is_none(launchpad: Issuer, sourced_id: object) -> None:
    """A missing or empty SourcedId is no key: the person signs in, unlinked."""
    launchpad.answers["/v2/my/info"] = {**INFO, "SourcedId": sourced_id, "Role": ""}
    identity = sign_in(launchpad)
    assert (identity.sourced_id, identity.roles, identity.roles_raw) == (None, (), ())


@pytest.mark.parametrize(
    ("info", "code"),
    [
        ({"UserId": 502}, "EDL-LOGIN-031"),
        ({"UserId": None}, "EDL-LOGIN-030"),
        ({"UserId": True}, "EDL-LOGIN-030"),
        ({"UserId": 0}, "EDL-LOGIN-030"),
        ({"UserId": "five"}, "EDL-LOGIN-030"),
        ({"TenantId": 78}, "EDL-LOGIN-032"),
        ({"TenantId": None}, "EDL-LOGIN-032"),
        ({"TenantId": "\u0667\u0667"}, "EDL-LOGIN-032"),
    ],
)
def test_another_person_or_tenant_is_refused(
    launchpad: Issuer, info: dict[str, Any], code: str
) -> None:
    """A user who is not the token's, or a tenant that is not on the list, is refused."""
    launchpad.answers["/v2/my/info"] = {**INFO, **info}
    with pytest.raises(LoginError) as caught:
        sign_in(launchpad)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "answer",
    [(401, {}, b"{}"), (401, {}, json.dumps(INFO).encode()), (200, {}, b"<html>")],
)
def test_without_the_profile_nobody_signs_in(
    launchpad: Issuer, answer: tuple[int, dict[str, str], bytes]
) -> None:
    """Where the profile cannot be read the login is refused, whatever the id token says."""
    launchpad.answers["/v2/my/info"] = answer
    with pytest.raises(LoginError) as caught:
        sign_in(launchpad)
    assert caught.value.code == "EDL-LOGIN-030"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iss": "https://login.classlink.com"}, "EDL-LOGIN-026"),
        ({"nonce": None}, "EDL-LOGIN-028"),
        ({"aud": "app-2"}, "EDL-LOGIN-027"),
    ],
)
def test_a_token_for_something_else_is_refused(
    launchpad: Issuer, claims: dict[str, Any], code: str
) -> None:
    """A token of another issuer, login or app is refused before the profile is read."""
    with pytest.raises(LoginError) as caught:
        sign_in(launchpad, claims)
    assert caught.value.code == code
    assert launchpad.asked("/v2/my/info") == []


def test_a_tiles_code_restarts(launchpad: Issuer) -> None:
    """A code from a LaunchPad tile is dropped unused and the login begun again."""
    assert isinstance(login(launchpad).complete({"code": "tile"}, None), RestartLogin)
    assert launchpad.asked("/oauth2/v2/token") == []


def test_the_doctor_reads_keys_and_scopes(launchpad: Issuer) -> None:
    """A good set-up has no error; a scope that LaunchPad does not list is one."""
    assert all(f.is_ok for f in login(launchpad).check_login())
    offered = launchpad.discovery(scopes_supported=["openid", "profile", "oneroster"])
    launchpad.answers["/.well-known/openid-configuration"] = offered
    assert all(f.is_ok for f in login(launchpad).check_login())
    offered = launchpad.discovery(scopes_supported=["openid", "profile"])
    launchpad.answers["/.well-known/openid-configuration"] = offered
    (problem,) = (f for f in login(launchpad).check_login() if not f.is_ok)
    assert (problem.code, problem.evidence) == ("EDL-CHECK-905", {"missing": "oneroster"})


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint"])
def test_the_doctor_notices_that_launchpad_moved(launchpad: Issuer, name: str) -> None:
    """Where discovery names another address than the login uses, the doctor says so."""
    other = {name: "https://login.classlink.com/oauth2/v3"}
    launchpad.answers["/.well-known/openid-configuration"] = launchpad.discovery(**other)
    (problem,) = (f for f in login(launchpad).check_login() if not f.is_ok)
    assert (problem.code, problem.evidence) == ("EDL-CHECK-908", {"moved": name})


def test_the_doctor_says_once_that_discovery_is_gone(launchpad: Issuer) -> None:
    """An unreachable discovery document is one error, not two."""
    del launchpad.answers["/.well-known/openid-configuration"]
    problems = [f.code for f in login(launchpad).check_login() if not f.is_ok]
    assert problems == ["EDL-CHECK-902"]
    assert [f.code for f in login(launchpad, protocol="oauth2").check_login() if not f.is_ok] == []
