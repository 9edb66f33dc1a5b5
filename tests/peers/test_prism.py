"""The sandbox's answers and our requests, held to the vendors' own specifications by Prism."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.contract.compare import differences
from tests.contract.doors import SkippingClock
from tests.peers.processes import PEERS, free_port, running

from edlink import sandbox
from edlink._http import HttpSettings
from edlink.clever import CleverClient
from edlink.veracross import MemoryTokenStore, VeracrossClient
from edlink.vocabulary import Severity

pytestmark = pytest.mark.peer("prism")

SHARED = Path(__file__).parents[3] / "shared/data"
PRISM = PEERS / "prism/node_modules/.bin/prism"

#: A violation is answered with an error, so one attempt is enough to see it.
SETTINGS = HttpSettings(rate=0, attempts=1)


@contextmanager
def prism(specification: Path, upstream: str, folder: Path) -> Iterator[str]:
    """Yield the address of a proxy that answers every violation with an error."""
    if not specification.exists():
        pytest.skip(f"needs {specification.relative_to(SHARED)}, which this checkout lacks")
    port = free_port()
    command: list[str | Path] = [PRISM, "proxy", specification, upstream, "--errors", "-h", "127.0.0.1"]
    with running([*command, "-p", str(port)], port, folder / "prism.log"):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("version", ["2.0", "2.1", "3.0", "3.1"])
def test_clever_exchanges_keep_to_clever_s_specification(version: str, tmp_path: Path) -> None:
    """A whole pull through a validating proxy meets no violation, in requests or answers."""
    specification = SHARED / f"clever/specs/v{version}.yml"
    with (
        sandbox.start(200, "clever", version) as district,
        prism(specification, district.base_url, tmp_path) as address,
        CleverClient(
            district.api_key,
            version=version,
            base_url=address,
            settings=SETTINGS,
            page_size=40,
            clock=SkippingClock(),
        ) as client,
    ):
        roster = client.pull_roster()
        assert district.requests.count > 20
        assert not differences(roster, district.truth)


def test_veracross_exchanges_keep_to_its_specification(tmp_path: Path) -> None:
    """A whole pull and the doctor's looks meet no violation either."""
    specification = SHARED / "veracross/data_api_v3_roster_subset.openapi.json"
    with (
        sandbox.start(200, "veracross", "v3") as district,
        prism(specification, district.base_url, tmp_path) as address,
        VeracrossClient(
            district.details["school_route"],
            client_id=district.client_id,
            client_secret=district.client_secret,
            scopes=district.details["scopes"].split(),
            base_url=address,
            accounts_url=district.details["accounts_url"],
            token_store=MemoryTokenStore(),
            settings=SETTINGS,
            page_size=40,
            clock=SkippingClock(),
        ) as client,
    ):
        roster = client.pull_roster()
        findings = client.check_access()
        assert district.requests.count > 20
        assert not differences(roster, district.truth)
    assert not [f for f in findings if f.severity is Severity.error]
