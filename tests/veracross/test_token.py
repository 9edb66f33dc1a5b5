import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from tests.veracross.conftest import MakeClient
from tests.veracross.school import School, StillClock, people, serve

from edlink.errors import AuthError, ConfigError
from edlink.veracross import SCOPES, MemoryTokenStore
from edlink.veracross.endpoints import STUDENTS
from edlink.veracross.token import Grant, SharedToken


def test_credentials_go_in_the_form(school: School, make_client: MakeClient) -> None:
    """Client id, secret and scopes are fields of the form, as Veracross reads them."""
    list(make_client().rows(STUDENTS))
    (form,) = school.token_forms
    assert (form["grant_type"], form["client_id"]) == ("client_credentials", "invented-client")
    assert form["scope"].split() == list(SCOPES)


def test_clients_of_one_store_share_a_token(school: School, make_client: MakeClient) -> None:
    """However many clients share a store, there is one token."""
    store = MemoryTokenStore()
    for _ in range(3):
        list(make_client(token_store=store).rows(STUDENTS))
    assert school.issued == ["token-0"]


def test_threads_share_a_token(school: School, make_client: MakeClient) -> None:
    """Threads that begin at once ask for one token between them."""
    store = MemoryTokenStore()
    clients = [make_client(token_store=store) for _ in range(4)]
    gate = threading.Barrier(4)

    def read(place: int) -> int:
        gate.wait()
        return len(list(clients[place].rows(STUDENTS)))

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(read, range(4))) == [3, 3, 3, 3]
    assert school.issued == ["token-0"]


def test_a_token_of_another_school_is_never_sent(school: School, make_client: MakeClient) -> None:
    """Schools that share a store get a token each, and an answer only to their own."""
    store = MemoryTokenStore()
    with serve(School({"/students": people(1, first=70)})) as other:
        addresses = {"base_url": other.base_url, "accounts_url": other.accounts_url}
        ours, theirs = make_client(token_store=store), make_client(token_store=store, **addresses)
        assert [row.id for row in ours.rows(STUDENTS)] == ["1", "2", "3"]
        assert [row.id for row in theirs.rows(STUDENTS)] == ["70"]
        assert (len(school.issued), len(other.issued)) == (1, 1)


def test_other_scopes_need_another_token(school: School, make_client: MakeClient) -> None:
    """A token opens what it was asked for, so clients with other scopes do not share it."""
    store = MemoryTokenStore()
    list(make_client(token_store=store).rows(STUDENTS))
    list(make_client(token_store=store, scopes=["students:list"]).rows(STUDENTS))
    assert len(school.issued) == 2


def test_scopes_in_another_order_are_the_same(school: School, make_client: MakeClient) -> None:
    """What opens the same lists is the same token."""
    store = MemoryTokenStore()
    for scopes in (SCOPES, SCOPES[::-1]):
        list(make_client(token_store=store, scopes=scopes).rows(STUDENTS))
    assert school.issued == ["token-0"]


def test_a_token_is_renewed_before_it_ends(
    school: School, make_client: MakeClient, clock: StillClock
) -> None:
    """A token within a minute of its end is not begun with."""
    client = make_client()
    list(client.rows(STUDENTS))
    clock.now += school.lifetime - 30
    list(client.rows(STUDENTS))
    assert school.issued == ["token-0", "token-1"]


def test_a_revoked_token_is_replaced_once(school: School, make_client: MakeClient) -> None:
    """When Veracross refuses the token, one new token is asked for and the pull goes on."""
    client = make_client()
    list(client.rows(STUDENTS))
    school.live.clear()
    assert len(list(client.rows(STUDENTS))) == 3
    assert school.issued == ["token-0", "token-1"]


def test_another_process_new_token_is_taken_up(school: School, make_client: MakeClient) -> None:
    """A client whose token was replaced by another takes the new one and asks for none."""
    store = MemoryTokenStore()
    one, other = make_client(token_store=store), make_client(token_store=store)
    list(one.rows(STUDENTS))
    rejected = one._auth
    school.live.clear()
    list(other.rows(STUDENTS))
    assert rejected.live().value == "token-1"


def test_a_lost_race_for_a_new_token_is_no_loss(school: School, make_client: MakeClient) -> None:
    """A request refused with the old token is signed with the one that came meanwhile."""
    client = make_client()
    auth = client._auth
    old = _signed(auth)
    auth.end()
    new = auth.live().value
    assert auth.refresh(old)
    assert (auth.live().value, school.issued) == (new, ["token-0", "token-1"])


def test_ending_no_token_asks_for_nothing(school: School, make_client: MakeClient) -> None:
    """Where there is no live token there is nothing to end."""
    make_client()._auth.end()
    assert not school.issued


def test_missing_scopes_do_not_heap_up_tokens(school: School, make_client: MakeClient) -> None:
    """Lists that are refused for want of a scope never leave more than one token alive."""
    school.hidden = frozenset({"parents:list", "staff_faculty:list", "relationships:list"})
    make_client().pull_roster()
    assert (school.most_live, len(school.live)) == (1, 1)


def test_a_refused_client_is_an_error_without_the_secret(make_client: MakeClient) -> None:
    """Wrong credentials are an AuthError that does not hold them."""
    with pytest.raises(AuthError) as caught:
        list(make_client(client_secret="another-secret").rows(STUDENTS))
    assert "another-secret" not in repr(caught.value) + str(caught.value.__context__)


def test_nothing_that_holds_a_token_shows_it(school: School, make_client: MakeClient) -> None:
    """The reprs of client, auth, grant, store and token hold no secret."""
    store = MemoryTokenStore()
    client = make_client(token_store=store)
    token = client._auth.live()
    shown = repr((client, client._auth, client._auth.grant, store, token))
    assert "invented-secret" not in shown
    assert school.issued[0] not in shown


def test_a_key_is_safe_as_a_name() -> None:
    """A store's key is short and of letters and digits, so that it can be a file's name."""
    grant = Grant(address="https://a.example.org/x/oauth", client_id="i", client_secret="s")
    assert grant.key.isalnum()


def test_no_scopes_are_not_asked_for() -> None:
    """A grant without scopes sends no empty one."""
    grant = Grant(address="https://a.example.org/x/oauth", client_id="i", client_secret="s")
    assert "scope" not in grant.request().form


@pytest.mark.parametrize("bad", [{"client_id": ""}, {"client_secret": "a\n"}])
def test_credentials_that_cannot_be_are_refused(
    make_client: MakeClient, bad: dict[str, str]
) -> None:
    """Empty or broken credentials are found before any request."""
    with pytest.raises(ConfigError, match="EDL-CONF-014"):
        make_client(**bad)


def _signed(auth: SharedToken) -> requests.PreparedRequest:
    request = requests.PreparedRequest()
    request.prepare(method="GET", url="https://api.example.org/")
    return auth(request)
