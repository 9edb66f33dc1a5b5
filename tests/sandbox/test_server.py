"""The running sandbox: its door opens, it is polite on the wire, and it stops."""

import socket

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
