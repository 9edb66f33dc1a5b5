from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from tests.sso.issuer import NOW, Issuer, running_issuer, sign

from edlink.clever.login import CleverLogin
from edlink.errors import ConfigError, InvalidLoginError, LoginError, StateMismatchError
from edlink.sso import Identity, MemoryReplayStore, RestartLogin, Unverified
from edlink.vocabulary import Role, Severity

ME = {"type": "user", "data": {"id": "u-1", "district": "d-1", "type": "user"}}
USER = {
    "data": {
        "id": "u-1",
        "district": "d-1",
        "email": "SENTINEL@example.org",
        "name": {"first": "SENTINEL-first", "last": "SENTINEL-last"},
        "roles": {"teacher": {"legacy_id": "old-1"}, "district_admin": {}, "wizard": {}},
    }
}


@pytest.fixture
def clever() -> Iterator[Issuer]:
    with running_issuer() as running:
        running.answers["/oauth/tokens"] = {"access_token": "SENTINEL-token"}
        running.answers["/oauth/authorize"] = (200, {}, b"<html>")
        running.answers["/v3.1/me"] = ME
        running.answers["/v3.1/users/u-1"] = USER
        yield running


def login(clever: Issuer, **settings: Any) -> CleverLogin:  # noqa: ANN401 - any setting
    return CleverLogin(
        **{
            "client_id": "app-1",
            "client_secret": "SENTINEL-secret",
            "redirect_uri": "https://app.example.org/clever",
            "districts": {"d-1"},
            "replay_store": MemoryReplayStore(lambda: NOW),
            "issuer": clever.url,
            "api_url": f"{clever.url}/v3.1",
            "clock": lambda: NOW,
            **settings,
        }
    )


def sign_in(clever: Issuer, **settings: Any) -> Identity | RestartLogin:  # noqa: ANN401
    subject = login(clever, **settings)
    start = subject.begin(return_to="/today")
    return subject.complete({"code": "c", "state": start.pending.state}, start.pending)


def sign_in_oidc(clever: Issuer, **claims: Any) -> Identity | RestartLogin:  # noqa: ANN401
    subject = login(clever, protocol="oidc")
    start = subject.begin()
    fields = {
        "nonce": start.pending.nonce,
        "district": "d-1",
        "user_id": "old-1",
        "multi_role_user_id": "u-1",
        "user_type": "district admin",
        **claims,
    }
    token = sign(clever.claims(**fields))
    clever.answers["/oauth/tokens"] = {"access_token": "t", "id_token": token}
    return subject.complete({"code": "c", "state": start.pending.state}, start.pending)


def test_oauth_gives_the_person_and_all_roles(clever: Issuer) -> None:
    """With OAuth 2.0 the identity is the Clever id with the roles of the person's record."""
    identity = sign_in(clever)
    assert identity == Identity(
        provider="clever",
        tenant="d-1",
        subject="u-1",
        sourced_id="u-1",
        legacy_id="old-1",
        roles=(Role.teacher, Role.administrator, Role.other),
        roles_raw=("teacher", "district_admin", "wizard"),
        unverified=Unverified(
            email="SENTINEL@example.org", given_name="SENTINEL-first", family_name="SENTINEL-last"
        ),
    )
    assert clever.asked("/v3.1/me")[0].headers["authorization"] == "Bearer SENTINEL-token"
    assert "SENTINEL" not in repr(identity)


def test_oidc_gives_the_person_and_the_role_of_this_login(clever: Issuer) -> None:
    """With OpenID Connect the subject is the multi-role id, never the legacy user_id."""
    identity = sign_in_oidc(clever, auth_time=NOW - 60)
    assert isinstance(identity, Identity)
    assert (identity.subject, identity.legacy_id) == ("u-1", "old-1")
    assert identity.roles == (Role.administrator,)
    assert identity.auth_time is not None
    assert identity.auth_time.timestamp() == NOW - 60


def test_oidc_without_a_multi_role_id_uses_the_subject(clever: Issuer) -> None:
    """Without multi_role_user_id the token's subject is the person."""
    identity = sign_in_oidc(clever, multi_role_user_id=None, user_type=None, user_id=None)
    assert isinstance(identity, Identity)
    assert (identity.subject, identity.roles, identity.legacy_id) == ("sub-1", (), None)


@pytest.mark.parametrize("multi_role_user_id", [None, ""])
@pytest.mark.parametrize("user_type", [None, "teacher", "school admin"])
def test_oidc_with_the_old_id_alone_is_nobody(
    clever: Issuer, multi_role_user_id: str | None, user_type: str | None
) -> None:
    """A subject that is the id before API v3 is not taken for the id of today."""
    with pytest.raises(InvalidLoginError) as caught:
        sign_in_oidc(
            clever,
            multi_role_user_id=multi_role_user_id,
            user_id="sub-1",
            user_type=user_type,
        )
    assert caught.value.code == "EDL-LOGIN-030"


def test_a_student_has_one_id_before_and_after(clever: Issuer) -> None:
    """A student's id is the same in every version of the API, so the subject is that one."""
    identity = sign_in_oidc(clever, multi_role_user_id=None, user_id="sub-1", user_type="student")
    assert isinstance(identity, Identity)
    assert (identity.subject, identity.roles) == ("sub-1", (Role.student,))


def test_a_login_begun_again_asks_who_again(clever: Issuer) -> None:
    """On a device that children share, a restart does not sign in whoever was there before."""
    subject = login(clever)
    start = subject.begin(ask_who=True)
    again = subject.complete({"code": "c"}, start.pending)
    assert isinstance(again, RestartLogin)
    assert "confirmed=false" in again.url


def test_a_person_needs_no_email_and_no_name(clever: Issuer) -> None:
    """A badge user without e-mail, names or roles signs in like any other."""
    clever.answers["/v3.1/users/u-1"] = {"data": {"id": "u-1", "district": "d-1"}}
    identity = sign_in(clever)
    assert isinstance(identity, Identity)
    assert (identity.subject, identity.unverified, identity.roles) == ("u-1", Unverified(), ())


@pytest.mark.parametrize(
    ("path", "answer", "code"),
    [
        ("/v3.1/me", {"data": {"id": "u-1", "district": "d-2"}}, "EDL-LOGIN-032"),
        ("/v3.1/me", {"data": {"id": "u-1"}}, "EDL-LOGIN-032"),
        ("/v3.1/me", {"data": {"district": "d-1"}}, "EDL-LOGIN-030"),
        ("/v3.1/me", {"data": {"id": "../districts/d-1", "district": "d-1"}}, "EDL-LOGIN-030"),
        ("/v3.1/me", {"data": []}, "EDL-LOGIN-030"),
        ("/v3.1/me", (401, {}, b"{}"), "EDL-LOGIN-030"),
        ("/v3.1/users/u-1", (404, {}, b"{}"), "EDL-LOGIN-030"),
        ("/v3.1/users/u-1", {"data": {"id": "u-2", "district": "d-1"}}, "EDL-LOGIN-031"),
        ("/v3.1/users/u-1", {"data": {"id": "u-1", "district": "d-2"}}, "EDL-LOGIN-031"),
    ],
)
def test_a_person_of_another_district_is_refused(
    clever: Issuer, path: str, answer: object, code: str
) -> None:
    """A person whose id or district is missing, foreign or contradicted is refused."""
    clever.answers[path] = answer
    with pytest.raises(InvalidLoginError) as caught:
        sign_in(clever)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"district": "d-2"}, "EDL-LOGIN-032"),
        ({"district": None}, "EDL-LOGIN-032"),
        ({"nonce": "another"}, "EDL-LOGIN-028"),
        ({"aud": "app-2"}, "EDL-LOGIN-027"),
    ],
)
def test_a_token_of_another_district_is_refused(
    clever: Issuer, claims: dict[str, Any], code: str
) -> None:
    """An id token for another district, login or app is refused."""
    with pytest.raises(InvalidLoginError) as caught:
        sign_in_oidc(clever, **claims)
    assert caught.value.code == code


def test_oidc_without_a_token_is_refused(clever: Issuer) -> None:
    """With OpenID Connect chosen, an answer without id token never falls back to the API."""
    subject = login(clever, protocol="oidc")
    start = subject.begin()
    with pytest.raises(LoginError) as caught:
        subject.complete({"code": "c", "state": start.pending.state}, start.pending)
    assert caught.value.code == "EDL-LOGIN-029"
    assert clever.asked("/v3.1/me") == []


def test_a_portal_click_restarts_without_exchanging(clever: Issuer) -> None:
    """A code from Clever's portal is dropped; the restarted login is then accepted."""
    subject = login(clever)
    again = subject.complete({"code": "portal"}, None)
    assert isinstance(again, RestartLogin)
    assert clever.asked("/oauth/tokens") == []
    done = subject.complete({"code": "c", "state": again.pending.state}, again.pending)
    assert isinstance(done, Identity)


def test_a_district_and_a_question_can_be_asked_for(clever: Issuer) -> None:
    """A listed district skips Clever's picker, and shared devices can ask who it is."""
    url = login(clever).begin(district="d-1", ask_who=True).url
    query = parse_qs(urlsplit(url).query)
    assert (query["district_id"], query["confirmed"]) == (["d-1"], ["false"])


def test_a_district_that_is_added_ends_no_login_under_way(clever: Issuer) -> None:
    """The list of districts may change while somebody signs in; what counts is the list by then."""
    start = login(clever, districts={"d-2"}).begin()
    form = {"code": "c", "state": start.pending.state}
    identity = login(clever, districts={"d-1", "d-2"}).complete(form, start.pending)
    assert isinstance(identity, Identity)
    assert identity.tenant == "d-1"


def test_a_login_of_another_app_is_refused(clever: Issuer) -> None:
    """A login that was begun with one client id is not completed with another."""
    start = login(clever).begin()
    with pytest.raises(StateMismatchError) as caught:
        login(clever, client_id="app-2").complete(
            {"code": "c", "state": start.pending.state}, start.pending
        )
    assert caught.value.code == "EDL-LOGIN-004"


def test_an_unlisted_district_cannot_be_asked_for(clever: Issuer) -> None:
    """A district that is not on the list is a mistake of the host."""
    with pytest.raises(ConfigError) as caught:
        login(clever).begin(district="d-2")
    assert caught.value.code == "EDL-CONF-052"


def test_the_doctor_finds_nothing_wrong(clever: Issuer) -> None:
    """A good set-up gives the address to copy and no error but the frozen test clock's."""
    clever.answers["/"] = (200, {"Date": "Fri, 15 Jan 2027 08:00:00 GMT"}, b"")
    found = {f.code: f for f in login(clever, protocol="oidc").check_login()}
    assert {code: f.severity for code, f in found.items()} == {
        "EDL-CHECK-901": Severity.info,
        "EDL-CHECK-903": Severity.ok,
        "EDL-CHECK-904": Severity.ok,
        "EDL-CHECK-913": Severity.ok,
    }
    assert found["EDL-CHECK-901"].evidence["redirect_uri"] == "https://app.example.org/clever"


def test_the_doctor_names_what_is_wrong(clever: Issuer) -> None:
    """Missing keys and a wrong clock are errors that say who can fix them."""
    clever.answers["/"] = (200, {"Date": "Fri, 15 Jan 2027 09:00:00 GMT"}, b"")
    clever.answers["/jwks"] = {"keys": []}
    found = {f.code: f for f in login(clever, protocol="oidc").check_login()}
    assert [c for c, f in found.items() if not f.is_ok] == ["EDL-CHECK-902", "EDL-CHECK-904"]
    assert all(f.fix for f in found.values() if not f.is_ok)


def test_the_doctor_works_without_openid(clever: Issuer) -> None:
    """With OAuth 2.0 alone, no keys are asked for and a missing clock is a warning."""
    clever.answers["/"] = (302, {"Location": "https://elsewhere.example.org/"}, b"")
    found = {f.code: f.severity for f in login(clever).check_login()}
    assert found == {
        "EDL-CHECK-901": Severity.info,
        "EDL-CHECK-904": Severity.warning,
        "EDL-CHECK-913": Severity.ok,
    }


BACK = "https://app.example.org/clever"


@pytest.mark.parametrize(
    ("answer", "evidence"),
    [
        ((400, {}, b"<b>SENTINEL"), {"status": 400}),
        ((404, {}, b""), {"status": 404}),
        ((302, {"Location": f"{BACK}?error=invalid_scope"}, b""), {"error": "invalid_scope"}),
        ((302, {"Location": f"{BACK}?error=SENTINEL"}, b""), {"error": "other"}),
        ((302, {"Location": f"{BACK}?error=SENTINEL&error=SENTINEL"}, b""), {"error": "other"}),
        (
            (302, {"Location": f"{BACK}?code=c&error=access_denied"}, b""),
            {"error": "access_denied"},
        ),
        ((302, {"Location": BACK}, b""), {"error": "other"}),
    ],
)
def test_the_doctor_sees_the_request_refused(
    clever: Issuer, answer: tuple[int, dict[str, str], bytes], evidence: dict[str, object]
) -> None:
    """A provider that does not take the app's own request is an error, in a fixed word."""
    clever.answers["/oauth/authorize"] = answer
    found = {f.code: f for f in login(clever).check_login()}["EDL-CHECK-913"]
    assert (found.severity, found.evidence) == (Severity.error, evidence)


@pytest.mark.parametrize(
    ("answer", "severity"),
    [
        ((302, {"Location": "https://clever.com/in"}, b""), Severity.ok),
        ((302, {"Location": f"{BACK}?code=c&state=s"}, b""), Severity.ok),
        ((403, {}, b""), Severity.warning),
        ((503, {}, b""), Severity.warning),
    ],
)
def test_the_doctor_sees_the_request_taken_or_says_it_cannot(
    clever: Issuer, answer: tuple[int, dict[str, str], bytes], severity: Severity
) -> None:
    """A way on to a sign-in page is good; a guarded or failing page tells nothing."""
    clever.answers["/oauth/authorize"] = answer
    found = {f.code: f.severity for f in login(clever).check_login()}
    assert found["EDL-CHECK-913"] is severity


@pytest.mark.parametrize("protocol", ["oauth2", "oidc"])
def test_the_doctor_asks_as_a_login_does(clever: Issuer, protocol: str) -> None:
    """What the doctor tries holds all that a login asks for, with what is drawn anew put aside."""
    subject = login(clever, protocol=protocol)
    subject.check_login()
    (tried,) = clever.asked("/oauth/authorize")
    asked = dict(parse_qsl(urlsplit(subject.begin().url).query))
    drawn = {"state", "nonce", "code_challenge"}

    assert tried.query.keys() == asked.keys()
    assert all(tried.query[name] == asked[name] for name in asked.keys() - drawn)
    assert not any(tried.query[name] == asked[name] for name in asked.keys() & drawn)
