"""A roster narrowed to some schools."""

from collections.abc import Callable
from pathlib import Path

from edlink import CoverageState, Kind, Scope
from edlink.oneroster.csv import OneRosterCsv

Make = Callable[..., Path]
Open = Callable[..., OneRosterCsv]


def test_one_school(make_zip: Make, open_csv: Open) -> None:
    """Only the school's classes, people and enrollments stay; orgs and sessions stay whole."""
    roster = open_csv(make_zip()).pull_roster(Scope(include_orgs=frozenset({"s"})))
    assert [c.sourced_id for c in roster.classes] == ["k"]
    assert [c.sourced_id for c in roster.courses] == ["c"]
    assert [u.sourced_id for u in roster.users] == ["t", "u", "p"]
    assert [e.sourced_id for e in roster.enrollments] == ["e1", "e2"]
    assert [d.sourced_id for d in roster.demographics] == ["u"]
    assert [o.sourced_id for o in roster.orgs] == ["d", "s", "s2"]


def test_family_of_another_school(make_zip: Make, open_csv: Open) -> None:
    """A parent whose own org is left out stays for the child who stays; other pupils do not."""
    roster = open_csv(make_zip()).pull_roster(Scope(exclude_orgs=frozenset({"s"})))
    assert [u.sourced_id for u in roster.users] == ["t", "u2", "p"]


def test_what_is_left_out_is_excluded(make_zip: Make, open_csv: Open) -> None:
    """Coverage says excluded for the schools left out and complete for the others."""
    roster = open_csv(make_zip()).pull_roster(Scope(exclude_orgs=frozenset({"s"})))
    assert CoverageState.excluded is roster.coverage.state(Kind.user, "s")
    assert CoverageState.complete is roster.coverage.state(Kind.user, "s2")


def test_without_users_all_demographics_stay(make_zip: Make, open_csv: Open) -> None:
    """Demographics cannot be narrowed where users were not asked for."""
    scope = Scope(include_orgs=frozenset({"s"}), exclude_kinds=frozenset({Kind.user}))
    assert len(open_csv(make_zip()).pull_roster(scope).demographics) == 2
