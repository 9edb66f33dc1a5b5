"""Another client of the Data API, PyPI's veracross-api3, against the same sandbox as ours."""

from collections.abc import Iterator
from typing import Any

import pytest

from edlink import sandbox
from edlink._http.transport import HttpSettings
from edlink.sandbox import Sandbox
from edlink.veracross import MemoryTokenStore, VeracrossClient
from edlink.veracross.endpoints import CONTACTS, ENDPOINTS, HOUSEHOLDS, Endpoint

veracross_api3 = pytest.importorskip("veracross_api3", reason="needs PyPI veracross-api3")

LISTS = [endpoint for endpoint in ENDPOINTS if endpoint not in (HOUSEHOLDS, CONTACTS)]


@pytest.fixture(scope="module")
def district() -> Iterator[Sandbox]:
    """Return a running sandbox."""
    with sandbox.start(330, "veracross", "v3", rate_limit=100_000) as running:
        yield running


@pytest.mark.parametrize("endpoint", LISTS, ids=lambda endpoint: endpoint.name)
def test_both_clients_see_the_same_ids(district: Sandbox, endpoint: Endpoint[Any]) -> None:
    """When nothing fails a client that others wrote sees the rows that ours sees."""
    scopes = district.details["scopes"].split()
    keys = {"client_id": district.client_id, "client_secret": district.client_secret}
    other = veracross_api3.Veracross(
        {"school": district.details["school_route"], "scopes": scopes, **keys}
    )
    other.token_url = district.token_url
    other.api_base_url = f"{district.base_url}/"
    other.page_size = 50
    other.session.headers["X-Page-Size"] = "50"
    theirs = [str(row["id"]) for row in other.get(endpoint.name)]
    other.session.close()
    with VeracrossClient(
        district.details["school_route"],
        scopes=scopes,
        base_url=district.base_url,
        accounts_url=district.details["accounts_url"],
        token_store=MemoryTokenStore(),
        settings=HttpSettings(rate=0),
        page_size=70,
        client_id=district.client_id,
        client_secret=district.client_secret,
    ) as client:
        ours = [row.id for row in client.rows(endpoint)]
    assert ours == theirs
