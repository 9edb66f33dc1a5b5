"""Whether a roster's birth dates can be used at all: missing, withheld, or masked."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property

import attrs

from edlink.matching.birth_dates import is_plausible
from edlink.matching.wanted import user_orgs
from edlink.model import User
from edlink.report import Finding
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind, Role, Severity

#: Fewer dates than this may agree by chance.
_LEAST = 5

#: From this many on, one day of the year should hold 0.3 % of the dates, and not twenty times that.
_LEAST_FOR_SHARE = 50
_MASK_PERCENT = 5

#: A usual age is five more than the grade; a date off by more than this is unlikely.
_AGE_AT_KINDERGARTEN = 5
_AGE_TOLERANCE = 3
_OFF_PERCENT = 50
_WHOLE = 100

_MASK_DAYS = frozenset({(1, 1), (9, 1)})

#: A longer number is no grade: a year, or what a server should not have sent.
_GRADE_DIGITS = 2

_KINDERGARTEN = frozenset({"KG", "K", "TK", "PK", "PR"})

_SWITCHES: Mapping[str, str] = {
    "classlink": (
        "Roster Server, Rosters > Demographics is off for the app; switch it on and import again."
    ),
    "clever": "Clever, the app's sharing settings: share the students' date of birth.",
    "veracross": "Veracross, the app's scopes: allow the students' date of birth.",
    "entra": "Entra ID holds no birth dates in most schools; take them from the SIS.",
}
_SWITCH = "Allow the app to read the students' birth dates at the provider, then pull again."


@attrs.frozen(kw_only=True)
class BirthDateRow:
    """How many students of a school and grade have a birth date that can be used."""

    org_id: str | None
    grade: str | None
    students: int
    present: int


@attrs.frozen(kw_only=True)
class BirthDateReport:
    """
    What a roster's birth dates are good for.

    Attributes:
        rows: Per school and grade, ordered.
        findings: What is wrong, for the host's staff; no person is in it.
        masked: Students whose date looks invented; it counts as absent.
        is_withheld: Whether no student at all has a date.
        empty_orgs: Schools where no student has one, although others do.
    """

    rows: tuple[BirthDateRow, ...] = ()
    findings: tuple[Finding, ...] = ()
    masked: frozenset[str] = attrs.field(default=frozenset(), repr=False)
    is_withheld: bool = False
    empty_orgs: frozenset[str] = frozenset()


def diagnose_birth_dates(roster: Roster, *, on: date) -> BirthDateReport:
    """
    Return whether the birth dates of a roster's students can be used, and what to do if not.

    Args:
        roster: One pull.
        on: The day on which ages are taken.
    """
    return _Diagnosis(roster=roster, on=on).report()


def discard_birth_dates(roster: Roster) -> Roster:
    """Return the roster without birth dates, for a host that needs them no longer."""
    bare = (attrs.evolve(d, birth_date=None, birth_date_raw=None) for d in roster.demographics)
    return attrs.evolve(roster, demographics=tuple(bare))


@attrs.frozen(kw_only=True)
class _Diagnosis:
    roster: Roster
    on: date

    def report(self) -> BirthDateReport:
        masks = dict(self._masks())
        masked = frozenset(i for _, ids in masks.values() for i in ids)
        withheld = bool(self.students) and not self.dates
        empty = frozenset() if withheld else frozenset(self._empty_orgs())
        findings = [self._withheld()] if withheld else []
        findings += [_missing_at(org_id) for org_id in sorted(empty)]
        missing = len(self.students) - len(self.dates)
        if missing and not withheld and not empty:
            findings.append(_missing_for_some(missing, len(self.students)))
        findings += [_masked(org_id, why, len(ids)) for org_id, (why, ids) in masks.items()]
        return BirthDateReport(
            rows=tuple(self._rows(masked)),
            findings=tuple(findings),
            masked=masked,
            is_withheld=withheld,
            empty_orgs=empty,
        )

    @cached_property
    def students(self) -> tuple[User, ...]:
        return self.roster.users_with_role(Role.student)

    @cached_property
    def dates(self) -> Mapping[str, date]:
        ids = {student.sourced_id for student in self.students}
        return {
            d.sourced_id: d.birth_date
            for d in self.roster.demographics
            if d.birth_date is not None and d.sourced_id in ids
        }

    @cached_property
    def by_org(self) -> Mapping[str, list[User]]:
        found: dict[str, list[User]] = {}
        for student in self.students:
            for org_id in sorted(user_orgs(student)):
                found.setdefault(org_id, []).append(student)
        return dict(sorted(found.items()))

    def _empty_orgs(self) -> Iterable[str]:
        for org_id, students in self.by_org.items():
            if not any(student.sourced_id in self.dates for student in students):
                yield org_id

    def _rows(self, masked: frozenset[str]) -> Iterable[BirthDateRow]:
        groups: dict[tuple[str, str], list[str]] = {}
        for student in self.students:
            for org_id in sorted(user_orgs(student)) or [""]:
                grade = student.grades[0] if student.grades else ""
                groups.setdefault((org_id, grade), []).append(student.sourced_id)
        for (org_id, grade), ids in sorted(groups.items()):
            present = sum(i in self.dates and i not in masked for i in ids)
            yield BirthDateRow(
                org_id=org_id or None, grade=grade or None, students=len(ids), present=present
            )

    def _masks(self) -> Iterable[tuple[str | None, tuple[str, frozenset[str]]]]:
        """Yield the schools (None: all together) whose dates look invented: why, and whose."""
        whole = _mask_of(self.dates)
        if whole is not None and whole[1] == self.dates.keys():
            yield None, whole
            return
        real = dict(self.dates)
        everyone: list[tuple[str | None, list[User]]] = [*self.by_org.items()]
        for org_id, students in [*everyone, (None, list(self.students))]:
            ids = (student.sourced_id for student in students)
            dates = {i: real[i] for i in ids if i in real}
            found = _mask_of(dates) or self._off_grade(students, dates)
            if found is not None:
                yield org_id, found
                for i in found[1]:
                    del real[i]

    def _off_grade(
        self, students: Iterable[User], dates: Mapping[str, date]
    ) -> tuple[str, frozenset[str]] | None:
        """Return the dates that no pupil of their grade has, when they are most of them."""
        usual = {s.sourced_id: _usual_age(s.grades) for s in students if s.sourced_id in dates}
        known = {i: age for i, age in usual.items() if age is not None}
        off = frozenset(
            i
            for i, age in known.items()
            if abs(self.on.year - dates[i].year - age) > _AGE_TOLERANCE + 1
        )
        many = len(off) * _WHOLE > len(known) * _OFF_PERCENT
        return ("year_outside_grade", off) if len(off) >= _LEAST and many else None

    def _withheld(self) -> Finding:
        state = self.roster.coverage.state(Kind.demographics)
        return Finding(
            code="EDL-PARENT-001",
            severity=Severity.error,
            title="no student has a birth date",
            evidence={"students": len(self.students), "coverage": str(state)},
            fix=_SWITCHES.get(self.roster.source.provider, _SWITCH),
            who="partner" if state is CoverageState.excluded else "district",
        )


def _usual_age(grades: tuple[str, ...]) -> int | None:
    grade = grades[0] if grades else ""
    if grade in _KINDERGARTEN:
        return _AGE_AT_KINDERGARTEN
    is_number = grade.isascii() and grade.isdigit() and len(grade) <= _GRADE_DIGITS
    return int(grade) + _AGE_AT_KINDERGARTEN if is_number else None


def _mask_of(dates: Mapping[str, date]) -> tuple[str, frozenset[str]] | None:
    """Return why dates look invented, and whose do; None when they look real."""
    if len(dates) < _LEAST:
        return None
    everyone = frozenset(dates)
    if len(set(dates.values())) == 1:
        return "one_value", everyone
    days = Counter((day.month, day.day) for day in dates.values())
    if days.keys() <= _MASK_DAYS:
        return "start_of_year", everyone
    if {day.day for day in dates.values()} == {1}:
        return "first_of_month", everyone
    usual = len(dates) * _MASK_PERCENT
    crowded = {day for day, n in days.items() if n * _WHOLE > usual}
    if len(dates) < _LEAST_FOR_SHARE or not crowded:
        return None
    return "one_day_of_year", frozenset(
        i for i, day in dates.items() if (day.month, day.day) in crowded
    )


def _missing_at(org_id: str) -> Finding:
    return Finding(
        code="EDL-PARENT-002",
        severity=Severity.warning,
        title="no student at this school has a birth date",
        fix="Enter the birth dates in the SIS, or share this school's demographics.",
        who="district",
        org_id=org_id,
    )


def _missing_for_some(missing: int, students: int) -> Finding:
    return Finding(
        code="EDL-PARENT-003",
        severity=Severity.info,
        title="some students have no birth date",
        evidence={"missing": missing, "students": students},
        fix="Enter the birth dates in the SIS.",
        who="district",
    )


def _masked(org_id: str | None, why: str, count: int) -> Finding:
    return Finding(
        code="EDL-PARENT-004",
        severity=Severity.error,
        title="birth dates look invented",
        evidence={"reason": why, "students": count},
        fix="Ask the district to share real birth dates with the app: a privacy filter is on.",
        who="district",
        org_id=org_id,
    )


def is_usable(born: date | None, *, on: date) -> bool:
    """Return whether a date is there and can be a pupil's."""
    return born is not None and is_plausible(born, today=on)
