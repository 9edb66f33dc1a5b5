import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.sso.certificates import write_certificates
from tests.sso.issuer import NOW, Issuer, Seen, compact, rsa_key, running_issuer, sign

from edlink.entra.login import EntraLogin
from edlink.errors import ConfigError, LoginError
from edlink.sso import Identity, MemoryReplayStore, RestartLogin, Unverified
from edlink.sso.sender import Sender
from edlink.vocabulary import Role, Severity

TENANT = "11111111-2222-3333-4444-555555555555"
PERSON = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
MATRIX = Path(__file__).parents[3] / "shared/data/entra/msal_validation_matrix.json"
GRAPH = f"/graph/users/{PERSON}/getMemberObjects"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture
def entra(folder: Path) -> Iterator[Issuer]:
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


def login(entra: Issuer, folder: Path, **settings: Any) -> EntraLogin:  # noqa: ANN401
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


def claims_of(entra: Issuer, kept: str, **claims: Any) -> dict[str, Any]:  # noqa: ANN401
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
    subject = login(entra, folder, **settings)
    start = subject.begin()
    answer(entra, sign(claims_of(entra, start.pending.nonce, **(claims or {}))))
    found = subject.complete({"code": "c", "state": start.pending.state}, start.pending)
    assert isinstance(found, Identity)
    return found


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


FAULTS: dict[str, dict[str, Any]] = {
    "wrong aud": {"aud": "app-2"},
    "wrong iss and tid (other tenant)": {
        "iss": "https://login.microsoftonline.com/other/v2.0",
        "tid": PERSON,
    },
    "expired a day ago": {"exp": NOW - 86400, "iat": NOW - 90000},
    "nbf a day ahead": {"nbf": NOW + 86400},
    "nonce wrong or missing": {"nonce": None},
    "no sub": {"sub": None},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_msal_accepts_wrongly_is_refused(entra: Issuer, folder: Path, fault: str) -> None:
    """Every faulty token of the recorded msal matrix is refused by edlink."""
    with pytest.raises(LoginError) as caught:
        sign_in(entra, folder, FAULTS[fault])
    assert caught.value.reason == "refused"
    assert caught.value.__context__ is None


def test_the_matrix_is_covered() -> None:
    """Every fault of the recorded msal matrix has its test here."""
    if not MATRIX.exists():
        pytest.skip(f"needs {MATRIX.name}")
    elsewhere = {
        "garbage or empty signature",  # test_a_forged_token_is_refused
        "state wrong",  # test_a_state_of_another_login_is_refused
        "same flow dict used for two callbacks",  # test_the_code_is_redeemed_once_...
    }
    assert set(json.loads(MATRIX.read_text())["results"]) == set(FAULTS) | elsewhere


@pytest.mark.parametrize("kind", ["garbage", "empty", "attacker", "none", "edited"])
def test_a_forged_token_is_refused(entra: Issuer, folder: Path, kind: str) -> None:
    """A token with a wrong, foreign or missing signature is refused; msal accepts each."""
    subject = login(entra, folder)
    start = subject.begin()
    claims = claims_of(entra, start.pending.nonce)
    good = sign(claims)
    head, _, tail = good.split(".")
    body = sign({**claims, "oid": TENANT}).split(".")[1]
    tokens = {
        "garbage": good[:-8] + "AAAAAAAA",
        "empty": good.rpartition(".")[0] + ".",
        "attacker": sign(claims, rsa_key("attacker")),
        "none": compact({"alg": "none"}, claims),
        "edited": f"{head}.{body}.{tail}",
    }
    answer(entra, tokens[kind])
    with pytest.raises(LoginError) as caught:
        subject.complete({"code": "c", "state": start.pending.state}, start.pending)
    assert caught.value.reason == "refused"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"tid": None}, "EDL-LOGIN-032"),
        ({"tid": PERSON}, "EDL-LOGIN-032"),
        ({"ver": "1.0"}, "EDL-LOGIN-031"),
        ({"oid": None}, "EDL-LOGIN-030"),
        ({"oid": "../me"}, "EDL-LOGIN-030"),
        ({"iss": "https://sts.windows.net/" + TENANT + "/"}, "EDL-LOGIN-026"),
        ({"iss": "https://login.microsoftonline.com/common/v2.0"}, "EDL-LOGIN-026"),
        ({"acct": 1}, "EDL-LOGIN-036"),
        ({"acct": None}, "EDL-LOGIN-036"),
        ({"acct": True}, "EDL-LOGIN-036"),
        ({"acct": "0"}, "EDL-LOGIN-036"),
        ({"acct": None, "idp": "live.com"}, "EDL-LOGIN-036"),
    ],
)
def test_other_directories_and_guests_are_refused(
    entra: Issuer, folder: Path, claims: dict[str, Any], code: str
) -> None:
    """A signed token of another directory, version or of a guest is refused."""
    with pytest.raises(LoginError) as caught:
        sign_in(entra, folder, claims)
    assert caught.value.code == code


@pytest.mark.parametrize("claims", [{"acct": 1}, {"acct": None, "idp": "live.com"}])
def test_a_guest_whom_a_roster_holds_is_still_a_guest(
    entra: Issuer, folder: Path, claims: dict[str, Any]
) -> None:
    """To be known is to need no claim; it is no leave for an account from elsewhere."""
    with pytest.raises(LoginError) as caught:
        sign_in(entra, folder, claims, members={PERSON})
    assert caught.value.code == "EDL-LOGIN-036"


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


@pytest.mark.parametrize(
    ("given", "expected", "words"),
    [
        (
            {"error": "invalid_grant", "error_description": "AADSTS54005: SENTINEL@example.org"},
            ("EDL-LOGIN-015", "try_again"),
            "already used",
        ),
        (
            {"error": "invalid_client", "error_description": "AADSTS7000222: SENTINEL"},
            ("EDL-LOGIN-016", "not_set_up"),
            "client secret has expired",
        ),
        (
            {
                "error": "interaction_required",
                "error_description": "AADSTS50076: SENTINEL",
                "correlation_id": TENANT,
            },
            ("EDL-LOGIN-008", "refused"),
            f"correlation id {TENANT}",
        ),
        ({"error": "odd", "error_description": 7}, ("EDL-LOGIN-008", "refused"), ""),
        ({"access_token": "t", "id_token": 7}, ("EDL-LOGIN-017", "refused"), ""),
        ({"access_token": "t"}, ("EDL-LOGIN-029", "not_set_up"), "OpenID Connect"),
        ((200, {}, b"<html>SENTINEL"), ("EDL-LOGIN-017", "refused"), ""),
        ({}, ("EDL-LOGIN-029", "not_set_up"), ""),
        ((500, {}, b"SENTINEL"), ("EDL-LOGIN-011", "unavailable"), ""),
    ],
)
def test_a_refused_exchange_says_who_can_help(
    entra: Issuer, folder: Path, given: object, expected: tuple[str, str], words: str
) -> None:
    """A refused exchange gives plain words for staff and never Microsoft's own text."""
    subject = login(entra, folder)
    start = subject.begin()
    entra.answers[f"/{TENANT}/oauth2/v2.0/token"] = given
    with pytest.raises(LoginError) as caught:
        subject.complete({"code": "c", "state": start.pending.state}, start.pending)
    error = caught.value
    assert (error.code, error.reason) == expected
    assert words in str(error)
    assert "SENTINEL" not in str(error)
    assert error.__context__ is None


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        (("access_denied", "AADSTS65004: user said no"), "EDL-LOGIN-007", "consent"),
        (("access_denied", ""), "EDL-LOGIN-007", ""),
        (("access_denied", "AADSTS50105: SENTINEL@example.org"), "EDL-LOGIN-007", "administrator"),
        (("interaction_required", "AADSTS53003: SENTINEL"), "EDL-LOGIN-008", "Conditional Access"),
        (("invalid_scope", "AADSTS1234567: SENTINEL"), "EDL-LOGIN-008", "Look the number up"),
        (("invalid_scope", "AADSTS65004: SENTINEL"), "EDL-LOGIN-008", "consent"),
        (("server_error", "AADSTS65004: SENTINEL"), "EDL-LOGIN-037", "consent"),
        (("temporarily_unavailable", ""), "EDL-LOGIN-037", ""),
    ],
)
def test_an_error_at_microsoft_is_explained(
    entra: Issuer, folder: Path, said: tuple[str, str], code: str, words: str
) -> None:
    """An error of Microsoft's page is explained to staff; OAuth's word alone decides what it is."""
    params = {"error": said[0], "error_description": said[1], "state": "x"}
    with pytest.raises(LoginError) as caught:
        login(entra, folder).complete(params, None)
    assert caught.value.code == code
    assert words in str(caught.value)
    assert "SENTINEL" not in str(caught.value)


def test_a_state_of_another_login_is_refused(entra: Issuer, folder: Path) -> None:
    """A wrong state is refused before msal sees the code; a missing login is begun again."""
    subject = login(entra, folder)
    start = subject.begin(return_to="/today")
    with pytest.raises(LoginError) as caught:
        subject.complete({"code": "c", "state": "wrong"}, start.pending)
    assert caught.value.code == "EDL-LOGIN-001"
    for pending, target in ((None, "/"), (start.pending, "/today")):
        again = subject.complete({"code": "c"}, pending)
        assert isinstance(again, RestartLogin)
        assert again.pending.return_to == target
    assert entra.asked(f"/{TENANT}/oauth2/v2.0/token") == []


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


def test_an_unknown_tenant_is_a_wrong_setting(entra: Issuer, folder: Path) -> None:
    """Where the directory has no description, the login cannot begin and says why."""
    entra.answers.clear()
    with pytest.raises(LoginError) as caught:
        login(entra, folder).begin()
    assert (caught.value.code, caught.value.reason) == ("EDL-LOGIN-033", "not_set_up")


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
