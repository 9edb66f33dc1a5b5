from datetime import date, timedelta

import pytest
from tests.matching.claim_cases import DAY, a_roster, born_on

from edlink.coverage import Source
from edlink.matching.birth_report import diagnose_birth_dates, discard_birth_dates
from edlink.model import (
    Record,
    RoleAssignment,
    User,
)
from edlink.vocabulary import (
    Role,
)


def _school(days: list[date | None], *, grade: str = "05", org_id: str = "s1") -> list[Record]:
    found: list[Record] = []
    for n, day in enumerate(days):
        roles = (RoleAssignment(role=Role.student, org_id=org_id),)
        found.append(User(sourced_id=f"{org_id}-{n}", roles=roles, grades=(grade,)))
        found.append(born_on(f"{org_id}-{n}", day))
    return found


REAL: list[date | None] = [date(2015, 1, 3) + timedelta(days=5 * n) for n in range(60)]


def test_real_birth_dates_raise_no_finding() -> None:
    """Dates spread over the year are used as they are."""
    report = diagnose_birth_dates(a_roster(*_school(REAL)), on=DAY)

    assert (report.findings, report.masked) == ((), frozenset())
    assert [(r.org_id, r.grade, r.students, r.present) for r in report.rows] == [
        ("s1", "05", 60, 60)
    ]


@pytest.mark.parametrize(
    ("days", "grade", "why", "count"),
    [
        ([date(2014, 7, 7)] * 5, "05", "one_value", 5),
        (
            [date(2010 + n, 1, 1) for n in range(3)] + [date(2012, 9, 1)] * 3,
            "05",
            "start_of_year",
            6,
        ),
        ([date(2014, n, 1) for n in range(2, 8)], "05", "first_of_month", 6),
        ([*REAL[4:], *[date(2015, 9, 1)] * 5], "05", "one_day_of_year", 5),
        ([date(2015, 1, 3) + timedelta(days=n) for n in range(6)], "12", "year_outside_grade", 6),
        ([date(2006, 1, 3) + timedelta(days=n) for n in range(6)], "KG", "year_outside_grade", 6),
    ],
)
def test_invented_birth_dates_are_found(
    days: list[date | None], grade: str, why: str, count: int
) -> None:
    """Each way in which a privacy filter writes dates is recognised, and the dates not used."""
    report = diagnose_birth_dates(a_roster(*_school(days, grade=grade)), on=DAY)

    (finding,) = report.findings
    assert (finding.code, finding.evidence["reason"]) == ("EDL-PARENT-004", why)
    assert len(report.masked) == count


def test_a_few_equal_dates_prove_nothing() -> None:
    """Two siblings and a friend may share a birthday."""
    report = diagnose_birth_dates(a_roster(*_school([date(2014, 1, 1)] * 4)), on=DAY)

    assert report.masked == frozenset()


def test_one_masked_school_does_not_mask_the_others() -> None:
    """A filter at one school is reported for that school."""
    masked = _school([date(2014, 1, 1)] * 5, org_id="s2")

    report = diagnose_birth_dates(a_roster(*_school(REAL), *masked), on=DAY)

    assert [f.org_id for f in report.findings] == ["s2"]


def test_a_masked_date_is_counted_at_one_of_its_schools() -> None:
    """Who goes to two masked schools is masked by the first, and the second is judged without."""
    days = [date(2010 + n, 1, 1) for n in range(10)]
    records: list[Record] = []
    for n, day in enumerate(days):
        orgs = [org_id for org_id, few in (("s1", n < 7), ("s2", n > 3)) if few]
        roles = tuple(RoleAssignment(role=Role.student, org_id=org_id) for org_id in orgs)
        records += [User(sourced_id=f"u{n}", roles=roles), born_on(f"u{n}", day)]
    real = _school(REAL, org_id="s3")

    report = diagnose_birth_dates(a_roster(*records, *real), on=DAY)

    assert [(f.org_id, f.evidence["students"]) for f in report.findings] == [("s1", 7)]
    assert report.masked == {f"u{n}" for n in range(7)}


@pytest.mark.parametrize("grade", ["", "Other", "2030", "1" * 5000])
def test_a_grade_that_is_no_number_of_a_grade_says_nothing_of_ages(grade: str) -> None:
    """Ungraded pupils are not judged by their age."""
    records = _school([date(2001, 1, 3) + timedelta(days=n) for n in range(6)], grade=grade)

    assert diagnose_birth_dates(a_roster(*records), on=DAY).findings == ()


def test_missing_dates_are_told_apart() -> None:
    """Nowhere, at one school, or for some: three findings with three fixes."""
    nowhere = diagnose_birth_dates(a_roster(*_school([None] * 3)), on=DAY)
    one_school = diagnose_birth_dates(
        a_roster(*_school(REAL), *_school([None] * 3, org_id="s2")), on=DAY
    )
    some = diagnose_birth_dates(a_roster(*_school([*REAL, None])), on=DAY)

    assert [f.code for f in nowhere.findings] == ["EDL-PARENT-001"]
    assert [(f.code, f.org_id) for f in one_school.findings] == [("EDL-PARENT-002", "s2")]
    assert [(f.code, f.evidence["missing"]) for f in some.findings] == [("EDL-PARENT-003", 1)]


def test_an_unknown_provider_has_a_general_fix() -> None:
    """The fix names the provider's screen where it is known."""
    roster = a_roster(*_school([None]), source=Source("oneroster", "d1"))

    assert "pull again" in diagnose_birth_dates(roster, on=DAY).findings[0].fix


def test_students_without_a_school_or_grade_are_counted() -> None:
    """A student whom no school claims has a row of their own."""
    lone = User(sourced_id="x", roles=(RoleAssignment(role=Role.student),))

    (row,) = diagnose_birth_dates(a_roster(lone), on=DAY).rows

    assert (row.org_id, row.grade, row.students, row.present) == (None, None, 1, 0)


def test_birth_dates_can_be_discarded_once_they_have_served() -> None:
    """A host that keeps only the link keeps no date."""
    kept = discard_birth_dates(a_roster())

    assert {d.birth_date for d in kept.demographics} == {None}
    assert kept.users == a_roster().users
