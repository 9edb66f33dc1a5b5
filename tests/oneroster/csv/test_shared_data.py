"""The published sample sets are read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edlink import Kind, Role, SyncState
from edlink.oneroster.csv import OneRosterCsv

DATA = Path(__file__).parents[4] / "shared/data/oneroster/csv"
Open = Callable[..., OneRosterCsv]


def data(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"needs {path}")
    return path


def test_the_grand_bend_set(open_csv: Open) -> None:
    """Ed-Fi's fictitious district is read whole, although two rows end with a cell too many."""
    roster = open_csv(data("lms-toolkit-1.1")).pull_roster()
    assert roster.counts() == {
        "orgs": 2,
        "academic_sessions": 3,
        "courses": 2,
        "classes": 2,
        "users": 10,
        "enrollments": 24,
        "relationships": 0,
        "demographics": 8,
    }
    assert len(roster.users_with_role(Role.student)) == 8
    assert {issue.reason for issue in roster.issues} == {"cell_count"}


def test_the_header_only_set(open_csv: Open) -> None:
    """A set of headers in ClassLink's quoting is an empty roster, and suspicious."""
    roster = open_csv(data("classlink-example-1.1-mit")).pull_roster(allow_partial=True)
    assert not any(roster.counts().values())
    assert "EDL-WARN-311" in {warning.code for warning in roster.warnings}


def test_the_checked_bulk_package(open_csv: Open) -> None:
    """The 1.2 bulk package is read without an issue or warning."""
    roster = open_csv(data("synthetic-1.2-checked/bulk.zip")).pull_roster()
    assert (len(roster.users), len(roster.relationships)) == (5, 3)
    assert (roster.issues, roster.warnings) == ((), ())


def test_the_checked_delta_package(open_csv: Open) -> None:
    """The 1.2 delta package gives one changed enrollment and two removals."""
    client = open_csv(data("synthetic-1.2-checked/delta.zip"))
    changes = client.pull_changes(SyncState(source=client.source))
    assert [record.sourced_id for record in changes.changed] == ["e4"]
    removed = [(t.kind, t.sourced_id) for t in changes.tombstones]
    assert [(Kind.user, "u-s2"), (Kind.enrollment, "e3")] == removed
