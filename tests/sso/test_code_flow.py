import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
from tests.sso.conftest import Clock
from tests.sso.issuer import Issuer

from edlink.errors import (
    ConfigError,
    InvalidLoginError,
    LoginError,
    ReplayedError,
    StateMismatchError,
)
from edlink.sso import LoginStart, MemoryReplayStore, RestartLogin
from edlink.sso.code_flow import Admitted, CodeFlow, allow_list
from edlink.sso.pending import LIFETIME


@pytest.fixture
def flow(issuer: Issuer, clock: Clock) -> CodeFlow:
    return CodeFlow(
        provider="clever",
        client_id="app-1",
        client_secret="SENTINEL-secret",
        redirect_uri="https://app.example.org/callback",
        authorize_url=f"{issuer.url}/authorize",
        token_url=f"{issuer.url}/token",
        scopes=("openid", "profile"),
        credentials="basic",
        replay_store=MemoryReplayStore(clock),
        issuer=issuer.url,
        clock=clock,
    )


def asked(start: LoginStart | RestartLogin) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(start.url).query).items()}


def returned(start: LoginStart | RestartLogin, **fields: str) -> dict[str, str]:
    return {"code": "SENTINEL-code", "state": start.pending.state, **fields}


def test_a_login_begins_with_everything_that_ties_its_answer(flow: CodeFlow) -> None:
    """The authorize address carries state, nonce and the S256 challenge of the kept verifier."""
    start = flow.begin("/today", {"district_id": "d-1"})
    digest = hashlib.sha256(start.pending.code_verifier.encode()).digest()
    assert asked(start) == {
        "response_type": "code",
        "client_id": "app-1",
        "redirect_uri": "https://app.example.org/callback",
        "scope": "openid profile",
        "state": start.pending.state,
        "nonce": start.pending.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "district_id": "d-1",
    }
    assert start.pending.return_to == "/today"
    assert start.pending.code_verifier not in start.url


def test_no_two_logins_share_a_secret(flow: CodeFlow) -> None:
    """State, nonce and verifier are new at every login."""
    kept = [flow.begin().pending for _ in range(20)]
    assert len({v for p in kept for v in (p.state, p.nonce, p.code_verifier)}) == 60


def test_pkce_and_nonce_can_be_absent(flow: CodeFlow) -> None:
    """Without PKCE and openid neither challenge nor nonce is sent, but state always is."""
    start = attrs.evolve(flow, pkce=False, scopes=()).begin()
    assert set(asked(start)) == {"response_type", "client_id", "redirect_uri", "state"}


def test_a_returning_browser_is_admitted(flow: CodeFlow, issuer: Issuer) -> None:
    """An answer with this browser's state gives its code, with or without the right issuer."""
    start = flow.begin()
    admitted = flow.admit(returned(start, iss=issuer.url), start.pending)
    assert admitted == Admitted(code="SENTINEL-code", pending=start.pending)


@pytest.mark.parametrize(
    ("change", "params", "code"),
    [
        ({}, {"state": "wrong"}, "EDL-LOGIN-001"),
        ({}, {"state": "é\udcff"}, "EDL-LOGIN-001"),
        ({"provider": "veracross"}, {}, "EDL-LOGIN-004"),
        ({"login": "another"}, {}, "EDL-LOGIN-004"),
        ({"redirect_uri": "https://app.example.org/other"}, {}, "EDL-LOGIN-004"),
        ({"expires_at": 0}, {}, "EDL-LOGIN-014"),
    ],
)
def test_an_answer_to_another_login_is_refused(
    flow: CodeFlow, change: dict[str, Any], params: dict[str, str], code: str
) -> None:
    """A wrong, foreign or expired state is refused, and the person may try again."""
    start = flow.begin()
    pending = attrs.evolve(start.pending, **change)
    with pytest.raises(StateMismatchError) as caught:
        flow.admit(returned(start, **params), pending)
    assert (caught.value.code, caught.value.reason) == (code, "try_again")


def test_the_state_of_another_browser_is_refused(flow: CodeFlow) -> None:
    """An answer made in the attacker's browser is refused in the victim's."""
    attacker, victim = flow.begin(), flow.begin()
    with pytest.raises(StateMismatchError):
        flow.admit(returned(attacker), victim.pending)


@pytest.mark.parametrize("change", [{"client_id": "app-2"}, {"authorize_url": "https://b.example"}])
def test_a_login_begun_with_another_tenant_or_client_is_refused(
    flow: CodeFlow, change: dict[str, str]
) -> None:
    """Two schools of one provider may share an address, and still no answer serves for both."""
    start = attrs.evolve(flow, **change).begin()  # type: ignore[arg-type]
    with pytest.raises(StateMismatchError) as caught:
        flow.admit(returned(start), start.pending)
    assert caught.value.code == "EDL-LOGIN-004"


def test_a_login_expires(flow: CodeFlow, clock: Clock) -> None:
    """A pending login is good for ten minutes and not a second longer."""
    start = flow.begin()
    clock.now += LIFETIME - 1
    assert isinstance(flow.admit(returned(start), start.pending), Admitted)
    late = flow.begin()
    clock.now += LIFETIME
    with pytest.raises(StateMismatchError):
        flow.admit(returned(late), late.pending)


@pytest.mark.parametrize("params", [{"code": "c"}, {"code": "c", "state": "unknown"}])
def test_an_answer_nobody_asked_for_restarts(flow: CodeFlow, params: dict[str, str]) -> None:
    """A portal's code is dropped and the login begun again with fresh secrets."""
    again = flow.admit(params, None)
    assert isinstance(again, RestartLogin)
    assert again.pending.restarted
    assert asked(again)["state"] == again.pending.state
    assert "code" not in asked(again)


def test_a_portal_click_during_a_login_restarts(flow: CodeFlow) -> None:
    """A code without state restarts even when this browser has a login under way."""
    start = flow.begin("/today")
    again = flow.admit({"code": "c"}, start.pending)
    assert isinstance(again, RestartLogin)
    assert again.pending.return_to == "/today"


def test_restarts_do_not_go_round(flow: CodeFlow, clock: Clock) -> None:
    """One browser gets one restart a minute; a second answer without state is refused."""
    again = flow.admit({"code": "c"}, None)
    with pytest.raises(StateMismatchError) as caught:
        flow.admit({"code": "c2"}, again.pending)
    assert caught.value.code == "EDL-LOGIN-002"
    clock.now += 60
    assert isinstance(flow.admit({"code": "c3"}, again.pending), RestartLogin)


def test_blocked_cookies_do_not_loop(flow: CodeFlow) -> None:
    """A restarted login that returns to a browser without its pending login is refused."""
    again = flow.admit({"code": "c"}, None)
    assert isinstance(again, RestartLogin)
    with pytest.raises(StateMismatchError) as caught:
        flow.admit(returned(again), None)
    assert caught.value.code == "EDL-LOGIN-002"


def test_a_restarted_login_completes(flow: CodeFlow) -> None:
    """The answer to a restart is admitted like any other."""
    again = flow.admit({"code": "c"}, None)
    assert isinstance(again, RestartLogin)
    assert isinstance(flow.admit(returned(again), again.pending), Admitted)


def test_an_answer_counts_once(flow: CodeFlow) -> None:
    """The same state, or the same code under a fresh state, is refused the second time."""
    start = flow.begin()
    flow.admit(returned(start), start.pending)
    for params, pending in (
        (returned(start, code="another"), start.pending),
        (returned(fresh := flow.begin()), fresh.pending),
    ):
        with pytest.raises(ReplayedError) as caught:
            flow.admit(params, pending)
        assert caught.value.code == "EDL-LOGIN-005"


def test_of_parallel_callbacks_one_is_admitted(flow: CodeFlow) -> None:
    """Of eight equal callbacks at the same moment exactly one may exchange its code."""
    start = flow.begin()

    def admit(_: int) -> bool:
        try:
            return isinstance(flow.admit(returned(start), start.pending), Admitted)
        except ReplayedError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(admit, range(8))) == 1


class BrokenStore:
    """A replay store that is down, or answers nonsense."""

    def __init__(self, answer: Any) -> None:  # noqa: ANN401 - whatever a store may do
        self.answer = answer

    def add_once(self, key: str, expires_at: int) -> bool:
        """Raise, or return something that is not an answer."""
        if isinstance(self.answer, Exception):
            raise self.answer
        assert len(key) == 64
        assert expires_at
        return self.answer  # type: ignore[no-any-return]


@pytest.mark.parametrize("answer", [RuntimeError("SENTINEL"), None, 1, "yes"])
def test_a_store_that_is_down_refuses(flow: CodeFlow, answer: object) -> None:
    """Without a clear answer of the replay store nobody signs in, and nothing of it is quoted."""
    start = flow.begin()
    broken = attrs.evolve(flow, replay_store=BrokenStore(answer))
    with pytest.raises(LoginError) as caught:
        broken.admit(returned(start), start.pending)
    assert (caught.value.code, caught.value.reason) == ("EDL-LOGIN-006", "unavailable")
    assert caught.value.__context__ is None
    assert "SENTINEL" not in str(caught.value)


@pytest.mark.parametrize("iss", ["https://evil.example.org", ""])
def test_an_answer_of_another_issuer_is_refused(flow: CodeFlow, issuer: Issuer, iss: str) -> None:
    """A callback that names another issuer is refused before any code is sent (mix-up)."""
    start = flow.begin()
    with pytest.raises(InvalidLoginError) as caught:
        flow.admit(returned(start, iss=iss), start.pending)
    assert caught.value.code == "EDL-LOGIN-013"
    assert issuer.seen == []


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        ("access_denied", "EDL-LOGIN-007", "cancelled"),
        ("<b>SENTINEL</b>", "EDL-LOGIN-008", "refused"),
        ("server_error", "EDL-LOGIN-037", "unavailable"),
        ("temporarily_unavailable", "EDL-LOGIN-037", "unavailable"),
    ],
)
def test_a_providers_error_ends_the_login(
    flow: CodeFlow, error: str, code: str, reason: str
) -> None:
    """A provider's error ends the login with a fixed word; its own text is not repeated."""
    start = flow.begin()
    params = {"error": error, "error_description": "<script>SENTINEL", "state": start.pending.state}
    with pytest.raises(LoginError) as caught:
        flow.admit(params, start.pending)
    assert (caught.value.code, caught.value.reason) == (code, reason)
    assert "SENTINEL" not in str(caught.value)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"code": ""},
        {"code": "c" * 9000},
        {"code": "c", "state": "s" * 9000},
        {"code": "\udcff"},
        {"code": "c\r\nd"},
    ],
)
def test_an_answer_without_a_usable_code_is_refused(flow: CodeFlow, params: dict[str, str]) -> None:
    """A callback without a code, or of absurd size, is refused."""
    with pytest.raises(InvalidLoginError) as caught:
        flow.admit(params, flow.begin().pending)
    assert caught.value.code == "EDL-LOGIN-009"


def test_a_code_is_exchanged_with_basic(flow: CodeFlow, issuer: Issuer) -> None:
    """With Basic, the app's secret is in the header alone, and the verifier goes along."""
    issuer.answers["/token"] = {"access_token": "t", "token_type": "Bearer", "id_token": "i"}
    start = flow.begin()
    tokens = flow.redeem(Admitted(code="c+/=&", pending=start.pending))
    (seen,) = issuer.asked("/token")
    assert (tokens.access_token, tokens.id_token) == ("t", "i")
    assert seen.form == {
        "grant_type": "authorization_code",
        "code": "c+/=&",
        "redirect_uri": "https://app.example.org/callback",
        "code_verifier": start.pending.code_verifier,
    }
    assert base64.b64decode(seen.headers["authorization"][6:]) == b"app-1:SENTINEL-secret"


def test_a_code_is_exchanged_in_the_body(flow: CodeFlow, issuer: Issuer) -> None:
    """With credentials in the body there is no Authorization header."""
    issuer.answers["/token"] = {"access_token": "t"}
    in_body = attrs.evolve(flow, credentials="body", pkce=False)
    in_body.redeem(Admitted(code="c", pending=in_body.begin().pending))
    (seen,) = issuer.asked("/token")
    assert seen.form == {
        "grant_type": "authorization_code",
        "client_id": "app-1",
        "client_secret": "SENTINEL-secret",
        "code": "c",
        "redirect_uri": "https://app.example.org/callback",
    }
    assert "authorization" not in seen.headers


@pytest.mark.parametrize(
    ("answer", "code", "reason"),
    [
        ((400, {}, b'{"error": "invalid_grant"}'), "EDL-LOGIN-015", "try_again"),
        ((400, {}, b"<html>SENTINEL"), "EDL-LOGIN-015", "try_again"),
        ((401, {}, b'{"error": "invalid_client"}'), "EDL-LOGIN-016", "not_set_up"),
        ((401, {}, b""), "EDL-LOGIN-016", "not_set_up"),
        ((200, {}, b"<html>SENTINEL"), "EDL-LOGIN-017", "refused"),
        ((200, {}, b"{}"), "EDL-LOGIN-017", "refused"),
        ((200, {}, b'{"access_token": ""}'), "EDL-LOGIN-017", "refused"),
        ((200, {}, b'{"access_token": "t", "token_type": "mac"}'), "EDL-LOGIN-017", "refused"),
        ((200, {}, b'{"access_token": "t", "id_token": 7}'), "EDL-LOGIN-017", "refused"),
        ((500, {}, b"SENTINEL"), "EDL-LOGIN-011", "unavailable"),
        ((302, {"Location": "/"}, b""), "EDL-LOGIN-019", "not_set_up"),
    ],
)
def test_a_refused_exchange_is_not_repeated(
    flow: CodeFlow,
    issuer: Issuer,
    answer: tuple[int, dict[str, str], bytes],
    code: str,
    reason: str,
) -> None:
    """An exchange is sent once, whatever comes back, and no answer is quoted."""
    issuer.answers["/token"] = answer
    with pytest.raises(LoginError) as caught:
        flow.redeem(Admitted(code="SENTINEL", pending=flow.begin().pending))
    assert (caught.value.code, caught.value.reason) == (code, reason)
    assert "SENTINEL" not in str(caught.value)
    assert len(issuer.asked("/token")) == 1


@pytest.mark.parametrize("name", ["redirect_uri", "authorize_url", "token_url"])
def test_addresses_must_be_https(flow: CodeFlow, name: str) -> None:
    """A flow over plain http to another machine cannot be configured."""
    with pytest.raises(ConfigError, match=name):
        CodeFlow(**{**attrs.asdict(flow), name: "http://app.example.org/x"})


def test_no_repr_shows_a_secret(flow: CodeFlow) -> None:
    """Neither the flow nor what passes through it shows a secret."""
    start = flow.begin()
    shown = [flow, flow.gate, start, Admitted(code="SENTINEL-code", pending=start.pending)]
    assert "SENTINEL" not in repr(shown)
    assert start.pending.state not in repr(shown)


@pytest.mark.parametrize("values", [[], set(), "district-1", [""]])
def test_an_allow_list_names_its_tenants(values: Any) -> None:  # noqa: ANN401 - wrong on purpose
    """An allow-list that is empty, or one string, is refused at configuration."""
    with pytest.raises(ConfigError) as caught:
        allow_list(values, name="districts")
    assert caught.value.code == "EDL-CONF-051"
