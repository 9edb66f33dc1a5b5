import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.contract.logins import CASES, Scene, scene

from edlink.errors import LoginCancelledError, LoginError, ReplayedError, StateMismatchError
from edlink.sso import Identity, PendingLogin, RestartLogin


@pytest.fixture(params=CASES)
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    with scene(request.param, tmp_path) as running:
        yield running


class DownStore:
    """A replay store whose server is gone."""

    def add_once(self, key: str, expires_at: int) -> bool:
        """Raise what a database driver might, with what it holds."""
        message = f"SENTINEL {key} {expires_at}"
        raise ConnectionError(message)


def test_a_login_ends_where_it_was_asked(there: Scene) -> None:
    """A pending login that went through JSON completes, and says where to go."""
    login = there.login()
    kept = json.loads(json.dumps(login.begin(return_to="/today").pending.to_dict()))
    pending = PendingLogin.from_dict(kept)
    found = login.complete(there.returned(pending), pending)
    assert isinstance(found, Identity)
    assert pending.return_to == "/today"
    assert there.exchanges == 1


def test_an_answer_of_another_browser_is_never_exchanged(there: Scene) -> None:
    """The answer to the attacker's login is refused in the victim's browser, unexchanged."""
    login = there.login()
    attacker, victim = login.begin().pending, login.begin().pending
    with pytest.raises(StateMismatchError) as caught:
        login.complete(there.returned(attacker), victim)
    assert caught.value.code == "EDL-LOGIN-001"
    assert there.exchanges == 0


def test_a_code_nobody_asked_for_is_never_exchanged(there: Scene) -> None:
    """A code without state, or without a login here, begins a login anew; a second is refused."""
    login = there.login()
    for params in ({"code": "x"}, {"code": "x", "state": "unknown"}):
        assert isinstance(login.complete(params, None), RestartLogin)
    again = login.complete({"code": "x"}, None)
    with pytest.raises(StateMismatchError) as caught:
        login.complete({"code": "y"}, again.pending if isinstance(again, RestartLogin) else None)
    assert caught.value.code == "EDL-LOGIN-002"
    assert there.exchanges == 0


def test_a_restarted_login_signs_in(there: Scene) -> None:
    """After a restart the person is signed in by the second answer."""
    login = there.login()
    again = login.complete({"code": "x"}, None)
    assert isinstance(again, RestartLogin)
    assert isinstance(login.complete(there.returned(again.pending), again.pending), Identity)


def test_an_answer_signs_in_once(there: Scene) -> None:
    """The same answer again is refused without asking the provider."""
    login = there.login()
    pending = login.begin().pending
    params = there.returned(pending)
    login.complete(params, pending)
    with pytest.raises(ReplayedError):
        login.complete(params, pending)
    assert there.exchanges == 1


def test_of_parallel_answers_one_signs_in(there: Scene) -> None:
    """Of six equal answers at the same moment one signs in, after one exchange."""
    login = there.login()
    pending = login.begin().pending
    params = there.returned(pending)

    def attempt(_: int) -> bool:
        try:
            return isinstance(login.complete(params, pending), Identity)
        except ReplayedError:
            return False

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 1
    assert there.exchanges == 1


def test_without_the_replay_store_nobody_signs_in(there: Scene) -> None:
    """A store that is down refuses the login before the code is exchanged."""
    login = there.login(replay_store=DownStore())
    pending = login.begin().pending
    with pytest.raises(LoginError) as caught:
        login.complete(there.returned(pending), pending)
    assert caught.value.code == "EDL-LOGIN-006"
    assert caught.value.__context__ is None
    assert there.exchanges == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"provider": "another"}, "EDL-LOGIN-004"),
        ({"redirect_uri": "https://app.example.org/other"}, "EDL-LOGIN-004"),
    ],
)
def test_a_pending_login_of_another_provider_is_refused(
    there: Scene, change: dict[str, str], code: str
) -> None:
    """A login begun for another provider or address completes nowhere else."""
    login = there.login()
    pending = login.begin().pending
    other = PendingLogin.from_dict({**pending.to_dict(), **change})
    with pytest.raises(StateMismatchError) as caught:
        login.complete(there.returned(pending), other)
    assert caught.value.code == code
    assert there.exchanges == 0


def test_a_login_expires(there: Scene) -> None:
    """Ten minutes after it began a login is refused."""
    login = there.login()
    pending = login.begin().pending
    there.now += 600
    with pytest.raises(StateMismatchError) as caught:
        login.complete(there.returned(pending), pending)
    assert caught.value.code == "EDL-LOGIN-014"
    assert there.exchanges == 0


def test_another_issuers_answer_is_never_exchanged(there: Scene) -> None:
    """A callback that names another issuer is refused before its code is sent anywhere."""
    login = there.login()
    pending = login.begin().pending
    with pytest.raises(LoginError) as caught:
        login.complete(there.returned(pending, iss="https://evil.example.org"), pending)
    assert caught.value.code == "EDL-LOGIN-013"
    assert there.exchanges == 0


def test_a_refusal_at_the_provider_ends_the_login(there: Scene) -> None:
    """A provider's error ends the login with a fixed word and without its text."""
    login = there.login()
    pending = login.begin().pending
    params = {"error": "access_denied", "error_description": "<b>SENTINEL", "state": pending.state}
    with pytest.raises(LoginCancelledError) as caught:
        login.complete(params, pending)
    assert (caught.value.reason, "SENTINEL" in str(caught.value)) == ("cancelled", False)


@pytest.mark.parametrize("target", ["https://evil.example.org", "//evil.example.org", "/\\evil"])
def test_nobody_is_sent_to_another_site(there: Scene, target: str) -> None:
    """A hostile return address becomes the app's own start."""
    assert there.login().begin(return_to=target).pending.return_to == "/"


def test_an_allowed_origin_is_returned_to(there: Scene) -> None:
    """An address of an allowed origin is kept as the place to return to."""
    login = there.login(return_origins={"https://other.example.org"})
    target = "https://other.example.org/today"
    assert login.begin(return_to=target).pending.return_to == target


def test_a_redirected_exchange_is_not_followed(there: Scene) -> None:
    """A token endpoint that redirects gets the code once, and the code goes nowhere else."""
    login = there.login()
    pending = login.begin().pending
    params = there.returned(pending)
    there.issuer.answers[there.case.token] = (307, {"Location": f"{there.issuer.url}/stolen"}, b"")
    with pytest.raises(LoginError) as caught:
        login.complete(params, pending)
    assert caught.value.code == "EDL-LOGIN-019"
    assert there.issuer.asked("/stolen") == []


@pytest.mark.parametrize("fault", ["none", "token", "keys", "replay"])
def test_nothing_printed_holds_a_secret_or_a_person(
    there: Scene, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """No log line, error or repr holds a secret, a token, a name or an address."""
    caplog.set_level(logging.DEBUG)
    login = there.login()
    start = login.begin(return_to="/SENTINEL")
    params = there.returned(start.pending)
    if fault == "token":
        there.issuer.answers[there.case.token] = (400, {}, b'{"error": "SENTINEL"}')
    if fault == "keys":
        there.issuer.answers["/jwks"] = (200, {}, b"SENTINEL")
    if fault == "replay":
        login.complete(params, start.pending)
    shown = [repr(login), repr(start)]
    if fault == "none":
        shown.append(repr(login.complete(params, start.pending)))
    else:
        with pytest.raises(LoginError) as caught:
            login.complete(params, start.pending)
        assert caught.value.__context__ is None
        shown += [str(caught.value), repr(caught.value)]
    text = "\n".join([*shown, caplog.text])
    hidden = ("SENTINEL", start.pending.state, start.pending.nonce, start.pending.code_verifier)
    assert [word for word in hidden if word in text] == []
