"""A pull and the changes after it are the next pull, as far as a provider tells of changes."""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet

import pytest
from tests.contract.doors import DOORS, Door

from edlink import ChangeSource, FullPullRequired, Kind, Role, Roster, Scope, SyncState, User
from edlink.errors import ConfigError
from edlink.model import RECORD_TYPES
from edlink.sandbox import District
from edlink.state import ChangeSet
from edlink.vocabulary import CoverageState, Status

each_door = pytest.mark.parametrize("door", DOORS, ids=str)

#: Doors of which only whole pulls can say what changed.
SILENT = [d for d in DOORS if d.provider == "entra-directory"]
each_telling = pytest.mark.parametrize("door", [d for d in DOORS if d not in SILENT], ids=str)

#: Kinds of which changes do not tell all that comes, by provider: family links at OneRoster are
#: made of both people's rows, and changes may hold one of them; a membership is in no delta.
COMES_UNTOLD: Mapping[str, AbstractSet[Kind]] = {
    "oneroster": {Kind.relationship},
    "classlink": {Kind.relationship},
    "entra": {Kind.enrollment},
}

#: Kinds of which changes do not tell all that goes: Veracross never says what is gone, and Graph
#: tells of schools, classes and accounts, not of what hangs on them.
GOES_UNTOLD: Mapping[str, AbstractSet[Kind]] = {
    **COMES_UNTOLD,
    "veracross": frozenset(Kind),
    "entra": frozenset(Kind) - {Kind.org, Kind.class_},
}

Key = tuple[Kind, str]


def a_student(district: District) -> list[Key]:
    """Return a student with a birth date and memberships, who leaves no class empty."""
    student = next(u for u in district.users if u.agent_ids and u.roles[0].role is Role.student)
    seats = [e for e in district.enrollments if e.user_id == student.sourced_id]
    return [
        (Kind.user, student.sourced_id),
        (Kind.demographics, student.sourced_id),
        *((Kind.enrollment, e.sourced_id) for e in seats if e.status is Status.active),
    ]


def a_class(district: District) -> list[Key]:
    """Return a class with its members and its teachers."""
    class_ = district.classes[1]
    seats = [e for e in district.enrollments if e.class_id == class_.sourced_id]
    return [
        (Kind.class_, class_.sourced_id),
        *((Kind.enrollment, e.sourced_id) for e in seats if e.status is Status.active),
    ]


def a_membership(district: District) -> list[Key]:
    """Return a student's place in a class that has others."""
    seats = [e for e in district.enrollments if e.role is Role.student]
    shared = [e.class_id for e in seats]
    seat = next(e for e in reversed(seats) if shared.count(e.class_id) > 1)
    return [(Kind.enrollment, seat.sourced_id)]


Choose = Callable[[District], list[Key]]
each_thing = pytest.mark.parametrize("choose", [a_student, a_class, a_membership])


def mark(district: District, keys: list[Key], status: Status) -> None:
    """Let records come or go, as a registrar would."""
    for kind, sourced_id in keys:
        district.change(kind, sourced_id, status=status)


def untold(before: Roster, found: ChangeSet, after: Roster) -> set[Kind]:
    """Return the kinds in which a roster and the changes since are not the next roster."""
    kinds = {type_: kind for kind, type_ in RECORD_TYPES.items()}
    held = dict(_records(before))
    for gone in found.tombstones:
        held.pop((gone.kind, gone.sourced_id), None)
    held |= {(kinds[type(record)], record.sourced_id): record for record in found.changed}
    now = dict(_records(after))
    return {key[0] for key in held.keys() | now.keys() if held.get(key) != now.get(key)}


def _records(roster: Roster) -> Iterator[tuple[Key, object]]:
    for kind in Kind:
        for record in roster.records(kind):
            yield (kind, record.sourced_id), record


@each_telling
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
    assert untold(before, found, after) == set()
    assert before.users != after.users


@each_telling
@each_thing
def test_what_comes_is_in_the_changes(door: Door, choose: Choose) -> None:
    """A new person, class or membership comes with all that belongs to it."""
    with door.open(people=100) as (district, client):
        assert isinstance(client, ChangeSource)
        coming = choose(district.district)
        mark(district.district, coming, Status.deleted)
        before = client.pull_roster()
        mark(district.district, coming, Status.active)
        found = client.pull_changes(SyncState.after(before))
        after = client.pull_roster()
    assert untold(before, found, after) <= COMES_UNTOLD.get(door.provider, set())
    assert len(after.enrollments) > len(before.enrollments)


@each_telling
@each_thing
def test_what_goes_is_told_or_left_to_the_next_pull(door: Door, choose: Choose) -> None:
    """Who left is a tombstone; where a provider tells of none, nothing says that all is known."""
    with door.open(people=100) as (district, client):
        assert isinstance(client, ChangeSource)
        before = client.pull_roster()
        mark(district.district, choose(district.district), Status.deleted)
        found = client.pull_changes(SyncState.after(before))
        after = client.pull_roster()
    silent = untold(before, found, after)
    assert silent <= GOES_UNTOLD.get(door.provider, set())
    assert not (silent and found.shows_removals)
    assert CoverageState.complete not in {entry.state for entry in found.coverage.entries}
    assert len(after.enrollments) < len(before.enrollments)


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


@each_telling
def test_changes_pulled_twice_are_the_same(door: Door) -> None:
    """A host that crashed before it kept the state loses nothing by asking again."""
    with door.open(people=60) as (_, client):
        assert isinstance(client, ChangeSource)
        state = SyncState.after(client.pull_roster())
        first, second = client.pull_changes(state), client.pull_changes(state)
    assert first.changed == second.changed
    assert first.state == second.state


@pytest.mark.parametrize("door", SILENT, ids=str)
def test_a_source_without_changes_says_so(door: Door) -> None:
    """Where nothing tells of changes, a fixed code sends the host to a whole pull."""
    with door.open(people=60) as (_, client):
        assert isinstance(client, ChangeSource)
        state = SyncState.after(client.pull_roster())
        with pytest.raises(FullPullRequired) as caught:
            client.pull_changes(state)
    assert (caught.value.code, caught.value.retryable) == ("EDL-ENTRA-006", False)


@each_door
def test_a_state_that_was_reset_asks_for_a_whole_pull(door: Door) -> None:
    """Without its marks there is nothing to follow."""
    with door.open(people=60) as (_, client):
        assert isinstance(client, ChangeSource)
        state = SyncState.after(client.pull_roster()).reset()
        with pytest.raises(FullPullRequired) as caught:
            client.pull_changes(state)
    assert not caught.value.retryable
    assert caught.value.fix


@each_telling
def test_changes_leave_out_what_the_pull_did(door: Door) -> None:
    """A kind and a school that were not asked for do not come in with the changes."""
    with door.open(people=100) as (district, client):
        assert isinstance(client, ChangeSource)
        classes = {c.sourced_id: c.org_id for c in district.truth.classes}
        school = next(org for org in classes.values() if org)
        scope = Scope(exclude_kinds={Kind.demographics}, exclude_orgs={school})
        before = client.pull_roster(scope)
        students = [u for u in district.district.users if u.roles[0].role is Role.student]
        for student in students:
            district.district.change(Kind.user, student.sourced_id, given_name="Renamed")
        found = client.pull_changes(SyncState.after(before))
        after = client.pull_roster(scope)
    now = {record for kind in Kind for record in after.records(kind)}
    assert any(isinstance(record, User) for record in found.changed)
    assert {*found.changed} <= now
