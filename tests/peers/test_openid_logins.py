from collections.abc import Iterator

import pytest
from tests.peers.journeys import from_the_app, from_the_provider
from tests.peers.openid_cases import CASES, Forgetful, Running, running

from edlink.entra.login import EntraLogin
from edlink.errors import InvalidLoginError, LoginError
from edlink.sso import Identity
from edlink.vocabulary import Severity

pytestmark = pytest.mark.peer("oidc-provider")


@pytest.fixture(scope="module", params=CASES)
def there(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    with running(request.param, tmp_path_factory.mktemp("oidc-provider")) as found:
        yield found


def test_a_login_from_the_app(there: Running) -> None:
    """A person signs in from the app, once."""
    found = from_the_app(there.login, there.arrive)
    assert (found.key, found.roles) == (there.case.key, (there.case.role,))


def test_a_login_from_the_provider(there: Running) -> None:
    """A tile's or portal's code is dropped unused, and the login begun again, once."""
    assert from_the_provider(there.login, there.arrive).key == there.case.key


def test_a_wrong_issuer_in_the_callback_is_refused(there: Running) -> None:
    """The provider names itself in the callback; another name is refused before the exchange."""
    start = there.login.begin()
    params = there.arrive(start.url)
    with pytest.raises(InvalidLoginError) as caught:
        there.login.complete({**params, "iss": "https://evil.example.org"}, start.pending)
    assert caught.value.code == "EDL-LOGIN-013"
    assert isinstance(there.login.complete(params, start.pending), Identity)


def test_others_are_refused(there: Running) -> None:
    """People whose profile is another's, of another tenant, or guests are refused."""
    refused = {}
    for name in there.case.others:
        start = there.login.begin()
        with pytest.raises(LoginError) as caught:
            there.login.complete(there.arrive(start.url, name), start.pending)
        refused[name] = caught.value.code
    assert refused == there.case.others


def test_the_doctor_finds_nothing_wrong(there: Running) -> None:
    """At a provider that is set up as documented the doctor finds nothing to mend."""
    found = {f.code: f.severity for f in there.login.check_login()}
    assert Severity.error not in found.values()
    assert found["EDL-CHECK-913"] is Severity.ok
    if isinstance(there.login, EntraLogin):
        assert "/session/end" in there.login.logout_url(return_to="https://app.example.org/")


@pytest.mark.parametrize(
    "wrong", [{"client_id": "nobody"}, {"redirect_uri": "https://app.example.org/elsewhere"}]
)
def test_the_doctor_finds_what_is_not_registered(there: Running, wrong: dict[str, str]) -> None:
    """An app or an address that the provider does not know is found before anybody signs in."""
    found = {f.code: f for f in there.login_with(**wrong).check_login()}
    assert found["EDL-CHECK-913"].severity is Severity.error
    assert found["EDL-CHECK-913"].evidence == {"status": 400}


def test_the_provider_itself_refuses_a_used_code(there: Running) -> None:
    """With a store that forgets, a used code reaches the provider, and is refused there."""
    login = there.login_with(replay_store=Forgetful())
    start = login.begin()
    params = there.arrive(start.url)
    assert isinstance(login.complete(params, start.pending), Identity)
    with pytest.raises(InvalidLoginError) as caught:
        login.complete(params, start.pending)
    assert caught.value.code == "EDL-LOGIN-015"
