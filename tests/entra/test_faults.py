"""The faults that every door of the sandbox can have, against a whole pull."""

import pytest
from tests.contract.doors import SkippingClock

from edlink import sandbox
from edlink._http.transport import HttpSettings
from edlink.entra import EntraClient
from edlink.errors import EdlinkError
from edlink.sandbox import FAULTS, Expects
from edlink.vocabulary import Kind

NAMES = sorted(name for name, fault in FAULTS.items() if fault.fits("entra", "v1.0", "oauth2"))


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_is_healed_or_raised(name: str) -> None:
    """With any fault on, the pull is the truth, or an error where nothing better can be had."""
    with sandbox.start(people=100, provider="entra", version="v1.0", faults=[name]) as district:
        with EntraClient(
            district.details["tenant_id"],
            district.client_id,
            district.client_secret,
            authority=district.details["authority"],
            graph_url=district.base_url,
            allow_test_hosts=True,
            settings=HttpSettings(rate=0, attempts=4, deadline=60),
            clock=SkippingClock(),
        ) as client:
            try:
                roster = client.pull_roster()
            except EdlinkError:
                assert FAULTS[name].may_raise or FAULTS[name].expects is Expects.error
                return
        assert FAULTS[name].expects is not Expects.error
        for kind in Kind:
            assert set(roster.records(kind)) == set(district.expected.records(kind))
