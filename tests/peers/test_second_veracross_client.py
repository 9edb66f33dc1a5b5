"""Another client of Veracross, ``veracross-api3``, sees in the sandbox what edlink sees."""

from collections.abc import Mapping

from tests.contract.doors import SkippingClock
from veracross_api3 import Veracross  # type: ignore[import-untyped] # it has no types

from edlink import sandbox
from edlink._http import HttpSettings
from edlink.sandbox import Sandbox
from edlink.sandbox.veracross.door import KINDS
from edlink.veracross import MemoryTokenStore, VeracrossClient
from edlink.veracross.endpoints import ENDPOINTS

PAGE_SIZE = 40
Ids = Mapping[str, list[int]]


def ids_of_the_peer(district: Sandbox) -> Ids:
    """Return the ids of each list as the peer sees them."""
    peer = Veracross(
        {
            "school": district.details["school_route"],
            "client_id": district.client_id,
            "client_secret": district.client_secret,
            "scopes": district.details["scopes"].split(),
        }
    )
    peer.token_url, peer.api_base_url = district.token_url, f"{district.base_url}/"
    peer.session.headers["X-Page-Size"] = str(PAGE_SIZE)
    peer.page_size = PAGE_SIZE
    with peer.session:
        names = [path.removeprefix("/") for path in KINDS]
        return {name: [row["id"] for row in peer.get(name)] for name in names}


def ids_of_edlink(district: Sandbox) -> Ids:
    """Return the ids of each list as edlink sees them."""
    with VeracrossClient(
        district.details["school_route"],
        client_id=district.client_id,
        client_secret=district.client_secret,
        scopes=district.details["scopes"].split(),
        base_url=district.base_url,
        accounts_url=district.details["accounts_url"],
        token_store=MemoryTokenStore(),
        settings=HttpSettings(rate=0),
        page_size=PAGE_SIZE,
        clock=SkippingClock(),
    ) as client:
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
