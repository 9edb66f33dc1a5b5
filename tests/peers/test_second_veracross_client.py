"""Another client of Veracross sees in the sandbox what edlink sees."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.contract.doors import SkippingClock
from tests.peers.processes import PEERS

from edlink import sandbox
from edlink._http import HttpSettings
from edlink.sandbox import Sandbox
from edlink.sandbox.veracross.door import KINDS
from edlink.veracross import MemoryTokenStore, VeracrossClient
from edlink.veracross.endpoints import ENDPOINTS

pytestmark = pytest.mark.peer("veracross-api3")

PAGE_SIZE = 40
Ids = Mapping[str, list[int]]


def ids_of_the_peer(district: Sandbox) -> Ids:
    """Return the ids of each list as the peer sees them."""
    asked = {
        "config": {
            "school": district.details["school_route"],
            "client_id": district.client_id,
            "client_secret": district.client_secret,
            "scopes": district.details["scopes"].split(),
        },
        "token_url": district.token_url,
        "api_base_url": f"{district.base_url}/",
        "page_size": PAGE_SIZE,
        "paths": [path.removeprefix("/") for path in KINDS],
    }
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(Path(__file__).with_name("veracross_api3_ids.py"))],
        input=json.dumps(asked),
        env={**os.environ, "PYTHONPATH": str(PEERS / "veracross-api3")},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    found: Ids = json.loads(done.stdout.splitlines()[-1])
    return found


def edlink_s_client(district: Sandbox) -> VeracrossClient:
    """Return our client of the same school."""
    return VeracrossClient(
        district.details["school_route"],
        client_id=district.client_id,
        client_secret=district.client_secret,
        scopes=district.details["scopes"].split(),
        base_url=district.base_url,
        accounts_url=district.details["accounts_url"],
        token_store=MemoryTokenStore(),
        settings=HttpSettings(rate=0, attempts=3),
        page_size=PAGE_SIZE,
        clock=SkippingClock(),
    )


def ids_of_edlink(district: Sandbox) -> Ids:
    """Return the ids of each list as edlink sees them."""
    with edlink_s_client(district) as client:
        lists = [endpoint for endpoint in ENDPOINTS if endpoint.path in KINDS]
        return {e.name: [int(row.id) for row in client.rows(e)] for e in lists}


def test_both_clients_see_the_same_ids() -> None:
    """Where nothing fails, every list has the same ids in both."""
    with sandbox.start(200, "veracross", "v3") as district:
        ours, theirs = ids_of_edlink(district), ids_of_the_peer(district)
    assert ours == theirs
    assert sum(map(len, ours.values())) > 10 * PAGE_SIZE


def test_where_the_peer_loses_a_page_edlink_does_not() -> None:
    """A 429 on a second page costs the peer that page without an error, and edlink nothing."""
    with sandbox.start(200, "veracross", "v3") as district:
        whole = ids_of_edlink(district)
        district.faults.add("veracross_later_page_limited")
        ours = ids_of_edlink(district)
    with sandbox.start(200, "veracross", "v3", faults=["veracross_later_page_limited"]) as district:
        theirs = ids_of_the_peer(district)
    assert ours == whole
    assert len(theirs["students"]) == len(whole["students"]) - PAGE_SIZE
