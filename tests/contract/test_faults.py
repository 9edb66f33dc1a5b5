"""Whatever a server does wrong: the roster equals what was sent, or there is an error."""

import attrs
import pytest
from tests.contract.doors import DOORS, Door

from edlink.errors import EdlinkError
from edlink.roster import Roster
from edlink.sandbox import FAULTS, Expects

CASES = [
    pytest.param(door, fault.name, id=f"{fault.name}-{door}")
    for fault in FAULTS.values()
    for door in DOORS
    if fault.fits(door.provider, door.version, door.auth)
]


def differences(roster: Roster, expected: Roster) -> dict[str, int]:
    """Return how many records differ, by collection; counts alone, never values."""
    found = {}
    for name in [*roster.counts(), "tombstones"]:
        ours, theirs = (
            {record.sourced_id: record for record in getattr(r, name)} for r in (roster, expected)
        )
        wrong = len(getattr(roster, name)) - len(getattr(expected, name))
        wrong += sum(theirs.get(key) != record for key, record in ours.items())
        if wrong:
            found[name] = wrong
    return found


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


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_two_pulls_of_one_district_are_equal_but_for_their_time(door: Door) -> None:
    """The threads' timing changes nothing, not even the order of the records."""
    with door.open() as (_, client):
        first, second = client.pull_roster(), client.pull_roster()
    assert attrs.evolve(first, pulled_at=second.pulled_at) == second


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_records_come_in_the_order_of_the_source(door: Door) -> None:
    """A pull keeps the order in which the server sorts."""
    with door.open() as (district, client):
        roster, truth = client.pull_roster(), district.truth
    assert roster.users == truth.users
    assert roster.enrollments == truth.enrollments
