"""A pull and the changes after it are the next pull, as far as a provider tells of changes."""

import pytest
from tests.contract.doors import DOORS, Door

from edlink import ChangeSource, Kind, Role, SyncState
from edlink.errors import ConfigError, EdlinkError
from edlink.model import User

each_door = pytest.mark.parametrize("door", DOORS, ids=str)


#: Doors whose sandbox serves a person as changed meanwhile; the others' own tests change rows.
FOLLOWING = [d for d in DOORS if d.provider in {"oneroster", "classlink", "clever"}]


@pytest.mark.parametrize("door", FOLLOWING, ids=str)
def test_a_pull_plus_its_changes_is_the_next_pull(door: Door) -> None:
    """Two people who changed come as they are now; everybody else is as before."""
    with door.open(people=100) as (district, client):
        assert isinstance(client, ChangeSource)
        before = client.pull_roster()
        students = [u for u in district.district.users if u.roles[0].role is Role.student]
        for number, student in enumerate(students[5:7]):
            district.district.change(Kind.user, student.sourced_id, given_name=f"Renamed{number}")
        found = client.pull_changes(SyncState.after(before))
        after = client.pull_roster()
    people = {user.sourced_id: user for user in before.users}
    people |= {user.sourced_id: user for user in found.changed if isinstance(user, User)}
    assert people == {user.sourced_id: user for user in after.users}
    assert before.users != after.users


@each_door
def test_a_state_of_another_source_is_refused(door: Door) -> None:
    """One district's cursors never ask another."""
    with door.open(people=60) as (_, client):
        assert isinstance(client, ChangeSource)
        state = SyncState.after(client.pull_roster())
        other = SyncState.from_dict({**state.to_dict(), "tenant": "another"})
        with pytest.raises(ConfigError) as caught:
            client.pull_changes(other)
    assert caught.value.code == "EDL-CONF-103"


@each_door
def test_changes_pulled_twice_are_the_same(door: Door) -> None:
    """A host that crashed before it kept the state loses nothing by asking again."""
    with door.open(people=60) as (_, client):
        assert isinstance(client, ChangeSource)
        state = SyncState.after(client.pull_roster())
        first, second = client.pull_changes(state), client.pull_changes(state)
    assert first.changed == second.changed
    assert first.state == second.state


@each_door
def test_a_state_that_was_reset_asks_for_a_whole_pull(door: Door) -> None:
    """Without its marks there is nothing to follow."""
    with door.open(people=60) as (_, client):
        assert isinstance(client, ChangeSource)
        state = SyncState.after(client.pull_roster()).reset()
        with pytest.raises(EdlinkError) as caught:
            client.pull_changes(state)
    assert caught.value.code in {"EDL-CONF-103", "EDL-CLEVER-003", "EDL-ENTRA-005"}
