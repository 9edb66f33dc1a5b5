import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.entra.logins import PERSON, TENANT, answer, claims_of, login, sign_in
from tests.sso.issuer import NOW, Issuer, Seen, sign

from edlink.errors import ConfigError, LoginError
from edlink.sso import Identity, Unverified
from edlink.vocabulary import Role, Severity

GRAPH = f"/graph/users/{PERSON}/getMemberObjects"


def test_the_person_is_the_object_of_that_directory(entra: Issuer, folder: Path) -> None:
    """The identity is tenant and object id, which is the sourced id of the Graph roster too."""
    claims = {
        "preferred_username": "SENTINEL-upn",
        "email": "SENTINEL@example.org",
        "name": "SENTINEL-name",
        "roles": ["Teacher", "Conference.Admin"],
        "groups": ["g-1", "g-2"],
        "login_hint": "SENTINEL-hint",
        "auth_time": NOW - 9,
    }
    identity = sign_in(entra, folder, claims)
    assert identity.key == ("entra", TENANT, PERSON)
    assert identity.sourced_id == PERSON
    assert identity.roles == (Role.teacher, Role.other)
    assert identity.roles_raw == ("Teacher", "Conference.Admin")
    assert identity.groups == frozenset({"g-1", "g-2"})
    assert identity.is_guest is False
    assert identity.logout_hint == "SENTINEL-hint"
    assert identity.unverified == Unverified(
        username="SENTINEL-upn", email="SENTINEL@example.org", display_name="SENTINEL-name"
    )
    assert "SENTINEL" not in repr(identity)


def test_a_login_is_msals_with_pkce_and_a_hashed_nonce(entra: Issuer, folder: Path) -> None:
    """The authorize address carries our state, msal's challenge and the nonce's hash."""
    start = login(entra, folder, scopes=["email"]).begin(return_to="/today", login_hint="x")
    parts = urlsplit(start.url)
    query = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert parts.path == f"/{TENANT}/oauth2/v2.0/authorize"
    assert query["state"] == start.pending.state
    assert query["nonce"] == hashlib.sha256(start.pending.nonce.encode()).hexdigest()
    assert query["code_challenge_method"] == "S256"
    assert query["response_mode"] == "query"
    assert set(query["scope"].split()) == {"openid", "profile", "email"}
    assert start.pending.return_to == "/today"


def test_the_code_is_redeemed_once_with_verifier_and_secret(entra: Issuer, folder: Path) -> None:
    """Msal redeems with the kept verifier; a second callback never reaches it."""
    subject = login(entra, folder)
    start = subject.begin()
    answer(entra, sign(claims_of(entra, start.pending.nonce)))
    params = {"code": "c", "state": start.pending.state}
    assert isinstance(subject.complete(params, start.pending), Identity)
    with pytest.raises(LoginError) as caught:
        subject.complete(params, start.pending)
    assert caught.value.code == "EDL-LOGIN-005"
    (seen,) = entra.asked(f"/{TENANT}/oauth2/v2.0/token")
    assert seen.form["code_verifier"] == start.pending.code_verifier
    assert seen.form["client_secret"] == "SENTINEL-secret"


@pytest.mark.parametrize(
    ("claims", "settings", "is_guest"),
    [
        ({"acct": 1}, {"guests": "allow"}, True),
        ({"acct": None, "idp": "live.com"}, {"guests": "allow"}, True),
        ({"acct": None}, {"members": {PERSON}}, None),
    ],
)
def test_guests_and_known_members_can_be_let_in(
    entra: Issuer,
    folder: Path,
    claims: dict[str, Any],
    settings: dict[str, Any],
    *,
    is_guest: bool | None,
) -> None:
    """Guests sign in where allowed, and known members without the claim; the identity says so."""
    assert sign_in(entra, folder, claims, **settings).is_guest is is_guest


OVERAGE = {
    "_claim_names": {"groups": "src1"},
    "_claim_sources": {"src1": {"endpoint": "https://graph.windows.net/x/getMemberObjects"}},
}


@pytest.mark.parametrize("claims", [OVERAGE, {"hasgroups": True}, {"groups": ["g-1"], **OVERAGE}])
def test_too_many_groups_are_not_no_groups(
    entra: Issuer, folder: Path, claims: dict[str, Any]
) -> None:
    """A token that cannot hold all groups says nothing of them, and its address is not called."""
    assert sign_in(entra, folder, claims).groups is None
    assert not [seen for seen in entra.seen if "getMemberObjects" in seen.path]


@pytest.mark.parametrize("claims", [OVERAGE, {}])
def test_groups_come_from_the_configured_graph(
    entra: Issuer, folder: Path, claims: dict[str, Any]
) -> None:
    """Where groups are wanted and the token lacks them, the configured Graph is asked."""
    entra.answers[GRAPH] = {"value": ["g-1", "g-2"]}
    assert sign_in(entra, folder, claims, groups=True).groups == frozenset({"g-1", "g-2"})
    assert entra.asked(GRAPH)[0].headers["authorization"] == "Bearer t"


@pytest.mark.parametrize(
    "given",
    [
        (403, {}, b"{}"),
        {"value": "g-1"},
        {"value": [7]},
        {"value": ["g-1"], "@odata.nextLink": "https://evil.example.org/"},
    ],
)
def test_without_all_groups_nobody_signs_in(entra: Issuer, folder: Path, given: object) -> None:
    """Where groups are wanted and cannot be had whole, the login is refused."""
    entra.answers[GRAPH] = given
    with pytest.raises(LoginError) as caught:
        sign_in(entra, folder, OVERAGE, groups=True)
    assert caught.value.code == "EDL-LOGIN-035"


def test_without_a_graph_token_nobody_signs_in(entra: Issuer, folder: Path) -> None:
    """Where the app gets no token for Graph, a login that needs groups is refused."""
    subject = login(entra, folder, groups=True)
    start = subject.begin()
    token = sign(claims_of(entra, start.pending.nonce))

    def give(seen: Seen) -> object:
        if seen.form["grant_type"] == "client_credentials":
            return (401, {}, b'{"error": "invalid_client", "error_description": "SENTINEL"}')
        return {"access_token": "t", "token_type": "Bearer", "id_token": token}

    entra.answers[f"/{TENANT}/oauth2/v2.0/token"] = give
    with pytest.raises(LoginError) as caught:
        subject.complete({"code": "c", "state": start.pending.state}, start.pending)
    assert caught.value.code == "EDL-LOGIN-035"
    assert entra.asked(GRAPH) == []


def test_sign_out_goes_to_the_directory(entra: Issuer, folder: Path) -> None:
    """The sign-out address is the directory's own, with where to come back and whom."""
    subject = login(entra, folder)
    url = subject.logout_url(return_to="https://app.example.org/", logout_hint="h")
    assert url.startswith(f"{entra.url}/{TENANT}/oauth2/v2.0/logout?post_logout_redirect_uri=")
    assert url.endswith("&logout_hint=h")
    assert "hint" not in subject.logout_url(return_to="https://app.example.org/")
    path = f"/{TENANT}/v2.0/.well-known/openid-configuration"
    entra.answers[path] = {
        **entra.answers[path],
        "end_session_endpoint": "https://evil.example.org",
    }
    with pytest.raises(LoginError) as caught:
        subject.logout_url(return_to="https://app.example.org/")
    assert caught.value.code == "EDL-LOGIN-034"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"tenant_id": "school.example.org"}, "EDL-CONF-058"),
        ({"tenant_id": "common"}, "EDL-CONF-058"),
        ({"tenant_id": TENANT.replace("1", "A")}, "EDL-CONF-058"),
        ({"allow_test_authority": False}, "EDL-CONF-059"),
        ({"redirect_uri": "http://app.example.org/"}, "EDL-CONF-050"),
    ],
)
def test_settings_that_cannot_be_right_are_refused(
    entra: Issuer, folder: Path, settings: dict[str, Any], code: str
) -> None:
    """A tenant that is no GUID, or a host that is not Microsoft's without its flag, is refused."""
    with pytest.raises(ConfigError) as caught:
        login(entra, folder, **settings)
    assert caught.value.code == code


def test_the_doctor_speaks_of_guests(entra: Issuer, folder: Path) -> None:
    """The doctor finds keys and clock good and says which claim the guest rule needs."""
    found = {f.code: f for f in login(entra, folder).check_login()}
    assert {code for code, f in found.items() if not f.is_ok} == set()
    assert "acct" in found["EDL-CHECK-910"].fix
    allowed = {f.code: f.severity for f in login(entra, folder, guests="allow").check_login()}
    assert allowed["EDL-CHECK-910"] is Severity.warning


def test_the_doctor_works_without_discovery(entra: Issuer, folder: Path) -> None:
    """Where the directory has no description that is the error, and nothing else can be asked."""
    entra.answers.clear()
    found = {f.code: f.severity for f in login(entra, folder).check_login()}
    assert found["EDL-CHECK-902"] is Severity.error
    assert found["EDL-CHECK-913"] is Severity.warning
