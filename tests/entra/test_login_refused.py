"""Tokens, codes and answers that are refused, and what staff are told."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.entra.logins import PERSON, TENANT, answer, claims_of, login, sign_in
from tests.sso.issuer import NOW, Issuer, compact, rsa_key, sign

from edlink.errors import LoginError
from edlink.sso import RestartLogin

MATRIX = Path(__file__).parents[3] / "shared/data/entra/msal_validation_matrix.json"

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
        "same flow dict used for two callbacks",  # test_login.py
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


def test_an_unknown_tenant_is_a_wrong_setting(entra: Issuer, folder: Path) -> None:
    """Where the directory has no description, the login cannot begin and says why."""
    entra.answers.clear()
    with pytest.raises(LoginError) as caught:
        login(entra, folder).begin()
    assert (caught.value.code, caught.value.reason) == ("EDL-LOGIN-033", "not_set_up")
