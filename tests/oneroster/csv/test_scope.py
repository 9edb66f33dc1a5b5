"""A roster narrowed to some schools."""

from collections.abc import Callable
from pathlib import Path

from edlink import CoverageState, Kind, Scope
from edlink.oneroster.csv import OneRosterCsv

Make = Callable[..., Path]
Open = Callable[..., OneRosterCsv]


def test_one_school(make_zip: Make, open_csv: Open) -> None:
    """Only the school's classes, people and enrollments stay, and the district above it."""
    roster = open_csv(make_zip()).pull_roster(Scope(include_orgs=frozenset({"s"})))
    assert [c.sourced_id for c in roster.classes] == ["k"]
    assert [u.sourced_id for u in roster.users] == ["t", "u", "p"]
    assert [e.sourced_id for e in roster.enrollments] == ["e1", "e2"]
    assert [d.sourced_id for d in roster.demographics] == ["u"]
    assert [o.sourced_id for o in roster.orgs] == ["d", "s"]


def test_what_is_left_out_is_excluded(make_zip: Make, open_csv: Open) -> None:
    """Coverage says excluded for the schools left out and complete for the others."""
    roster = open_csv(make_zip()).pull_roster(Scope(exclude_orgs=frozenset({"s"})))
    assert CoverageState.excluded is roster.coverage.state(Kind.user, "s")
    assert CoverageState.complete is roster.coverage.state(Kind.user, "s2")
