"""Changes of a whole district, told by the sandbox's delta."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.contract.doors import Door

from edlink import ChangeSource, Kind, SyncState
from edlink.coverage import Tombstone
from edlink.errors import FullPullRequired
from edlink.model import User
from edlink.sandbox import Sandbox
from edlink.vocabulary import Role, Status

DOOR = Door(provider="entra", version="v1.0", auth="oauth2")


@contextmanager
def pulled() -> Iterator[tuple[Sandbox, ChangeSource, SyncState]]:
    """Yield a district, its client, and the state after a whole pull."""
    with DOOR.open(people=60) as (district, client):
        assert isinstance(client, ChangeSource)
        yield district, client, SyncState.after(client.pull_roster())


def change(tenant: Sandbox) -> None:
    """Let a student leave, another be renamed, and a class get another title."""
    district = tenant.district
    one, other = [u for u in district.users if u.roles[0].role is Role.student][:2]
    district.change(Kind.user, one.sourced_id, status=Status.deleted)
    district.change(Kind.user, other.sourced_id, given_name="Renamed")
    district.change(Kind.class_, district.classes[0].sourced_id, title="Renamed")


def test_what_changed_and_went_is_told() -> None:
    """Each record in the changes is the district's, and who left is a tombstone."""
    with pulled() as (district, client, state):
        before = {user.sourced_id for user in district.truth.users_with_role(Role.student)}
        change(district)
        found = client.pull_changes(state)
        truth = district.truth
    held = {record for kind in Kind for record in truth.records(kind)}
    assert set(found.changed) <= held
    assert "Renamed" in {u.given_name for u in found.changed if isinstance(u, User)}
    (left,) = before - {user.sourced_id for user in truth.users_with_role(Role.student)}
    assert found.tombstones == (Tombstone(kind=Kind.user, sourced_id=left),)


def test_a_delta_that_is_replayed_changes_nothing() -> None:
    """Changes told twice, and in another order, are the same changes."""
    with pulled() as (district, client, state):
        change(district)
        found = client.pull_changes(state)
        district.faults.add("entra_delta_replayed")
        again = client.pull_changes(state)
    assert set(again.changed) == set(found.changed)
    assert (again.tombstones, again.state) == (found.tombstones, found.state)


@pytest.mark.parametrize("returns", [True, False])
def test_of_one_that_went_and_came_back_the_object_itself_knows(returns: bool) -> None:
    """A removal and a change in one round, in whichever order, are what is there now."""
    with pulled() as (tenant, client, state):
        person = next(u for u in tenant.district.users if u.roles[0].role is Role.student)
        tenant.district.change(Kind.user, person.sourced_id, status=Status.deleted)
        client.check_access()
        tenant.district.change(Kind.user, person.sourced_id, status=Status.active)
        if not returns:
            client.check_access()
            tenant.district.change(Kind.user, person.sourced_id, status=Status.deleted)
        for fault in (None, "entra_delta_replayed"):
            if fault is not None:
                tenant.faults.add(fault)
            found = client.pull_changes(state)
            assert bool(found.tombstones) is not returns
            assert any(isinstance(record, User) for record in found.changed) is returns


def test_marks_that_graph_forgot_need_a_full_pull() -> None:
    """A 410 for a mark is no empty list of changes."""
    with pulled() as (tenant, client, state):
        tenant.faults.add("entra_delta_gone")
        with pytest.raises(FullPullRequired, match="EDL-ENTRA-005"):
            client.pull_changes(state)


def test_an_adults_new_address_is_a_new_contact() -> None:
    """The entries of both the old and the new address: the old one goes in a full pull only."""
    with pulled() as (tenant, client, state):
        links = tenant.truth.relationships
        adult = next(
            u for u in tenant.district.users if u.roles[0].role is Role.guardian and u.agent_ids
        )
        tenant.district.change(Kind.user, adult.sourced_id, email="moved@mail.example.org")
        found = client.pull_changes(state)
        after = client.pull_roster()
    moved = [
        u for u in found.changed if isinstance(u, User) and u.email == "moved@mail.example.org"
    ]
    assert moved
    assert set(moved) <= set(after.users)
    gone = {link.contact_id for link in links} - {u.sourced_id for u in after.users}
    assert len(gone) == len(moved)
    assert found.tombstones == ()
