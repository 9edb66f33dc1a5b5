"""Which version a server speaks, found by asking."""

import pytest
from tests._http.loopback import Reply, Seen, Server
from tests.oneroster.small_server import QUICK

from edlink.errors import AuthError, NotFoundError, ProviderError, UnavailableError
from edlink.oneroster import AERIES, CLASSLINK, GENERIC, OneRosterClient, StaticBearer
from edlink.oneroster import Server as Kind

GOOD = Reply(body=b'{"orgs":[{"sourcedId":"1"}]}')


def find(v12: Reply, v11: Reply, server: Kind = GENERIC) -> tuple[str, list[str]]:
    """Return the version found, and which were asked, where each answers so."""
    asked: list[str] = []

    def answer(seen: Seen) -> Reply:
        asked.append("1.2" if "v1p2" in seen.target else "1.1")
        return v12 if asked[-1] == "1.2" else v11

    http = Server()
    http.will(answer)
    try:
        with OneRosterClient(
            http.url, auth=StaticBearer("invented"), settings=QUICK, server=server
        ) as client:
            return client.version, asked
    finally:
        http.close()


def test_the_newer_version_is_asked_first() -> None:
    """A server that speaks 1.2 is not asked for 1.1."""
    assert find(GOOD, GOOD) == ("1.2", ["1.2"])


NOT_THIS = [
    Reply(status=404),
    Reply(status=405),
    Reply(body=b"<html>welcome</html>"),
    Reply(body=b'{"error":"no such route"}'),
    Reply(body=b'{"message":"no such route"}'),
    Reply(body=b""),
]


@pytest.mark.parametrize("answer", NOT_THIS)
def test_what_is_no_oneroster_is_not_this_version(answer: Reply) -> None:
    """404, HTML, an error body with 200 and JSON of something else lead on to 1.1."""
    assert find(answer, GOOD) == ("1.1", ["1.2", "1.1"])


@pytest.mark.parametrize("body", [b"{}", b'{"orgs":[]}', b'\xef\xbb\xbf {"orgs":null}'])
def test_an_empty_list_is_an_answer(body: bytes) -> None:
    """A server that has nothing to show still speaks its version."""
    assert find(Reply(body=body), GOOD)[0] == "1.2"


@pytest.mark.parametrize("status", [400, 500, 501])
def test_an_error_of_one_version_does_not_end_the_search(status: int) -> None:
    """Some servers stumble over addresses that they do not know."""
    assert find(Reply(status=status), GOOD)[0] == "1.1"


def test_of_the_errors_of_every_version_the_first_is_told() -> None:
    """Where nothing answers, what the newer version said is raised."""
    with pytest.raises(ProviderError) as caught:
        find(Reply(status=400), Reply(status=500))
    assert caught.value.status == 400


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_by_one_version_does_not_end_the_search(status: int) -> None:
    """Some servers refuse addresses they do not know."""
    assert find(Reply(status=status), GOOD)[0] == "1.1"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_by_every_version_is_the_refusal(status: int) -> None:
    """Where nothing else answers, bad credentials are said to be bad credentials."""
    with pytest.raises(AuthError) as caught:
        find(Reply(status=status), Reply(status=404))
    assert caught.value.status == status


def test_an_address_without_oneroster_is_told() -> None:
    """Where no version answers, the error says to check the address."""
    with pytest.raises(NotFoundError) as caught:
        find(Reply(status=404), Reply(status=404))
    assert caught.value.code == "EDL-PULL-009"
    assert "address" in caught.value.fix


def test_a_server_that_is_down_is_not_another_version() -> None:
    """A failure on the server's side says nothing of its version."""
    with pytest.raises(UnavailableError):
        find(Reply(status=503), GOOD)


def test_a_product_with_one_version_is_asked_for_that_alone() -> None:
    """What is known of a product spares requests."""
    assert find(GOOD, GOOD, AERIES) == ("1.1", ["1.1"])


def test_a_bare_list_is_an_answer_only_where_the_product_sends_such() -> None:
    """A list without an envelope is orgs for a product known to leave the envelope out."""
    assert find(Reply(body=b"[]"), GOOD)[0] == "1.1"
    assert find(Reply(status=404), Reply(body=b"[]"), CLASSLINK)[0] == "1.1"
