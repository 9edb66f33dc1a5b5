"""The running sandbox: its door opens, it is polite on the wire, and it stops."""

import socket
import tracemalloc

import pytest
import requests

from edlink import sandbox
from edlink.errors import ConfigError

SCOPES = "https://purl.imsglobal.org/spec/or/v1p1/scope/"


def test_a_page_arrives_with_a_token() -> None:
    """A client that asks for a token with its secret gets the page it asks for."""
    with sandbox.start(people=60) as district:
        token = requests.post(
            str(district.token_url),
            data={"grant_type": "client_credentials", "scope": f"{SCOPES}roster-core.readonly"},
            auth=(district.client_id, district.client_secret),
            timeout=5,
        ).json()["access_token"]
        answer = requests.get(
            f"{district.base_url}/users?limit=7&offset=3",
            headers={"Authorization": f"Bearer {token}"},
            timeout=5,
        )
        expected = [user.sourced_id for user in list(district.district.users)[3:10]]
    assert [row["sourcedId"] for row in answer.json()["users"]] == expected
    assert answer.headers["X-Total-Count"] == "60"


def test_one_connection_carries_many_requests() -> None:
    """The server keeps a connection open between requests."""
    with sandbox.start(people=50) as district, requests.Session() as session:
        codes = [session.get(district.base_url + "/orgs", timeout=5).status_code for _ in range(3)]
        log = [(seen.method, seen.endpoint, seen.status) for seen in district.requests.list()]
    assert codes == [401, 401, 401]
    assert log == [("GET", "/orgs", 401)] * 3


def test_stop_frees_the_port_and_may_be_called_again() -> None:
    """After stop nothing listens there, even where a client still held a connection open."""
    district = sandbox.start(people=50)
    with requests.Session() as session:
        session.get(district.base_url, timeout=5)
        district.stop()
        district.stop()
    port = int(district.url.rpartition(":")[2])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("EDL-CONF-041", {"provider": "nobody"}),
        ("EDL-CONF-042", {"version": "0.9"}),
        ("EDL-CONF-042", {"auth": "magic"}),
        ("EDL-CONF-042", {"colour": "green"}),
        ("EDL-CONF-043", {"faults": ["no such fault"]}),
    ],
)
def test_a_setting_that_there_is_not_is_refused(code: str, arguments: dict[str, object]) -> None:
    """A provider, version, sign-in, option or fault that there is not is a ConfigError."""
    with pytest.raises(ConfigError) as caught:
        sandbox.start(people=50, **arguments)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_a_deep_page_of_a_million_costs_its_own_rows() -> None:
    """The last pages of a district of a million people are served without making the others."""
    with sandbox.start(people=1_000_000, auth="bearer") as district:
        headers = {"Authorization": f"Bearer {district.api_key}"}
        tracemalloc.start()
        with requests.Session() as session:
            session.headers.update(headers)
            users = session.get(f"{district.base_url}/users?limit=100&offset=999950", timeout=10)
            path = "/enrollments?sort=sourcedId&orderBy=desc&limit=100&offset=3000000"
            enrollments = session.get(district.base_url + path, timeout=10)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert len(users.json()["users"]) == 50
    assert len(enrollments.json()["enrollments"]) == 100
    assert int(enrollments.headers["X-Total-Count"]) > 3_000_000
    assert peak < 20 * 2**20


def test_a_broken_basic_header_is_a_refusal() -> None:
    """A token request whose Basic credentials cannot be read is 401, and the server goes on."""
    with sandbox.start(people=50) as district:
        headers = {"Authorization": "Basic %%%"}
        url = str(district.token_url)
        codes = [
            requests.post(url, data={}, headers=headers, timeout=5).status_code for _ in range(2)
        ]
    assert codes == [401, 401]


def test_a_huge_body_is_not_read() -> None:
    """A request body beyond a megabyte is refused by its announced length."""
    with sandbox.start(people=50) as district:
        answer = requests.post(
            str(district.token_url), data=b"", headers={"Content-Length": "5000000"}, timeout=5
        )
    assert answer.status_code == 413
