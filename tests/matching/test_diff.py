from datetime import UTC, date, datetime

import attrs

from edlink.coverage import Source, Tombstone
from edlink.matching.diff import apply_diff, diff_rosters
from edlink.model import Class, Demographics, Record, User
from edlink.roster import Roster
from edlink.vocabulary import Kind

OLD: tuple[Record, ...] = (
    Class(sourced_id="c1", title="Biology"),
    User(sourced_id="u1", given_name="Xanthippe", grades=("05",)),
    User(sourced_id="u2"),
)
NEW: tuple[Record, ...] = (
    Class(sourced_id="c1", title="Biology"),
    User(sourced_id="u1", given_name="Xanthippe", grades=("06",)),
    User(sourced_id="u3"),
    Demographics(sourced_id="u1", birth_date=date(2014, 3, 25)),
)


def _roster(records: tuple[Record, ...], **facts: object) -> Roster:
    return Roster.from_records(
        records,
        source=Source("clever", "d1"),
        pulled_at=datetime(2025, 10, 1, tzinfo=UTC),
        **facts,
    )


def test_a_diff_says_what_came_what_changed_and_what_went() -> None:
    """Created, updated by field and removed records, ordered by kind and id."""
    diff = diff_rosters(_roster(OLD), _roster(NEW))

    assert [record.sourced_id for record in diff.created] == ["u3", "u1"]
    assert [record.sourced_id for record in diff.removed] == ["u2"]
    (update,) = diff.updated
    assert [(f.name, f.before, f.after) for f in update.fields] == [("grades", ["05"], ["06"])]


def test_a_diff_applied_gives_the_other_roster() -> None:
    """What the diff says turns the first roster's records into the second's."""
    first, second = _roster(OLD), _roster(NEW)

    applied = apply_diff(first, diff_rosters(first, second))

    assert applied == attrs.evolve(second, users=applied.users)
    assert set(applied.users) == set(second.users)


def test_a_diff_has_an_inverse() -> None:
    """Back from the second roster is the first."""
    first, second = _roster(OLD), _roster(NEW)
    diff = diff_rosters(first, second)

    assert diff_rosters(second, first) == diff.inverse()
    assert diff_rosters(apply_diff(second, diff.inverse()), first).is_empty


def test_a_record_that_was_deleted_before_is_restored() -> None:
    """What the first roster lists as deleted and the second has is marked as come back."""
    graves = (Tombstone(kind=Kind.user, sourced_id="u3"),)

    diff = diff_rosters(_roster(OLD, tombstones=graves), _roster(NEW))

    assert diff.restored == ((Kind.user, "u3"),)


def test_a_diff_prints_without_a_person() -> None:
    """Only numbers, ids and names of fields are shown."""
    diff = diff_rosters(_roster(OLD), _roster(NEW))
    shown = repr(diff) + repr(diff.updated)

    assert repr(diff) == "RosterDiff(created=2, updated=1, removed=1)"
    assert "Xanthippe" not in shown
    assert "2014" not in shown
