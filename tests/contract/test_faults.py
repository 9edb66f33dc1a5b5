"""Whatever a server does wrong: the roster equals what was sent, or there is an error."""

import pytest
from tests.contract.compare import differences
from tests.contract.doors import DOORS, Door

from edlink.errors import EdlinkError
from edlink.sandbox import FAULTS, Expects

CASES = [
    pytest.param(door, fault.name, id=f"{fault.name}-{door}")
    for fault in FAULTS.values()
    for door in DOORS
    if fault.fits(door.provider, door.version, door.auth)
]


@pytest.mark.parametrize(("door", "name"), CASES)
def test_a_roster_equals_what_was_sent_or_there_is_an_error(door: Door, name: str) -> None:
    """With a fault on, a pull gives all that was sent, says what was odd, or raises."""
    fault = FAULTS[name]
    try:
        with door.open(name) as (district, client):
            expected = district.expected
            roster = client.pull_roster()
    except EdlinkError:
        assert fault.may_raise or fault.expects is Expects.error
        return
    assert fault.expects is not Expects.error
    assert not differences(roster, expected)
    if fault.expects is Expects.issues:
        assert roster.issues or roster.warnings
