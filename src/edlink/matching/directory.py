"""The students of a roster as verification looks them up: by number, or by name."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import product
from typing import TypeVar

import attrs

from edlink.matching.birth_report import BirthDateReport, diagnose_birth_dates, is_usable
from edlink.matching.claim_reasons import FIXES, Reason
from edlink.matching.ids import clean_id
from edlink.matching.normalize import name_keys, normalize_name
from edlink.matching.wanted import user_orgs
from edlink.model import Relationship, User
from edlink.roster import Roster
from edlink.vocabulary import IdentifierType, Kind, Role, Status

_NUMBERS = frozenset(
    {IdentifierType.student_number, IdentifierType.sis_id, IdentifierType.state_id}
)
_NOBODY: frozenset[str] = frozenset()

#: Nobody's number or name is longer; what is typed is read only so far, so that a form that anyone
#: may fill in costs nothing.
_LONGEST = 200

#: A given and a family name, folded; one of them is empty where a number stands beside the other.
NamePair = tuple[str, str]

K = TypeVar("K")


@attrs.frozen(kw_only=True)
class Match:
    """The one student that a description fits, or why there is none."""

    student_id: str | None = None
    reason: Reason | None = None


@attrs.frozen(kw_only=True, repr=False)
class StudentDirectory:
    """
    Students by number and by name, with the birth dates that can be used.

    Built once for a roster; it holds personal data and shows none.

    Attributes:
        tenant: The district.
        report: What the roster's birth dates are good for.
    """

    tenant: str
    report: BirthDateReport
    _roster: Roster = attrs.field(alias="roster")
    _dates: Mapping[str, date] = attrs.field(alias="dates")
    _by_number: Mapping[str, frozenset[str]] = attrs.field(alias="by_number")
    _by_name: Mapping[NamePair, frozenset[str]] = attrs.field(alias="by_name")
    _left: frozenset[str | NamePair] = attrs.field(alias="left")

    @classmethod
    def from_roster(cls, roster: Roster, *, on: date) -> "StudentDirectory":
        """
        Return the directory of a roster's students.

        Args:
            roster: One pull.
            on: The day on which ages are taken.
        """
        students = [u for u in roster.users_with_role(Role.student) if u.status is Status.active]
        report = diagnose_birth_dates(roster, on=on)
        dates = {
            d.sourced_id: d.birth_date
            for d in roster.demographics
            if d.birth_date is not None
            and is_usable(d.birth_date, on=on)
            and d.sourced_id not in report.masked
        }
        gone = [t.record for t in roster.tombstones if t.kind is Kind.user and t.record is not None]
        return cls(
            tenant=roster.source.tenant,
            report=report,
            roster=roster,
            dates=dates,
            by_number=_index((number, s) for s in students for number in _numbers(s)),
            by_name=_index((pair, s) for s in students for pair in (*_names(s), *_halves(s))),
            left=frozenset(key for user in gone for key in _keys(user)),
        )

    def find(
        self,
        *,
        number: str | None,
        given_name: str | None,
        family_name: str | None,
        org_id: str | None = None,
    ) -> Match:
        """
        Return the one student with a number and what is given of the names, or with both names.

        A number that is blank is none; one that a spreadsheet has damaged is nobody's.  The same
        look-ups are made whatever is given and found.
        """
        pair = (typed_name(given_name), typed_name(family_name))
        typed = bool((number or "").strip())
        key = typed_number(number) or ""
        numbered = self._by_number.get(key, _NOBODY)
        named = self._by_name.get(pair, _NOBODY)
        left = bool({key, pair} & self._left)
        if typed:
            fitting = numbered & named if any(pair) else numbered
        else:
            fitting = named if all(pair) else _NOBODY
        here = {i for i in fitting if self._is_at(i, org_id)}
        if len(here) == 1:
            return Match(student_id=min(here))
        if here:
            return Match(reason=Reason.ambiguous)
        if key and numbered and not fitting:
            return Match(reason=Reason.name_differs)
        return Match(reason=Reason.student_archived if left else Reason.student_not_in_scope)

    def birth_date(self, student_id: str) -> date | None:
        """Return a birth date that can be used, or None."""
        return self._dates.get(student_id)

    def why_no_birth_date(self, student_id: str) -> Reason:
        """Return why a student without a birth date that can be used has none."""
        if self.report.is_withheld:
            return Reason.dob_permission_off
        if student_id in self.report.masked:
            return Reason.dob_masked
        student = self._roster.user(student_id)
        orgs = _NOBODY if student is None else user_orgs(student)
        empty = orgs and orgs <= self.report.empty_orgs
        return Reason.dob_missing_here if empty else Reason.dob_missing

    def links_of(self, student_id: str) -> tuple[Relationship, ...]:
        """Return the relationships of a student."""
        links = self._roster.relationships_of_student(student_id)
        return tuple(link for link in links if link.status is Status.active)

    @property
    def permission_fix(self) -> str:
        """How the missing permission is given, in the provider's own words."""
        withheld = (f.fix for f in self.report.findings if f.code == "EDL-PARENT-001")
        return next(withheld, FIXES[Reason.dob_permission_off])

    def _is_at(self, student_id: str, org_id: str | None) -> bool:
        student = self._roster.user(student_id)
        return org_id is None or (student is not None and org_id in user_orgs(student))

    def __repr__(self) -> str:
        return f"StudentDirectory({self.tenant}, students={len(set(self._ids()))})"

    def _ids(self) -> Iterable[str]:
        return (i for ids in self._by_name.values() for i in ids)


def typed_name(text: str | None) -> str:
    """Return the folded form of a name as typed; one that is longer than any, as it stands."""
    stripped = (text or "").strip()
    return stripped if len(stripped) > _LONGEST else normalize_name(stripped).folded


def typed_number(text: str | None) -> str | None:
    """Return a number as typed as a key, or None; one that is longer than any, as it stands."""
    stripped = (text or "").strip()
    return stripped if len(stripped) > _LONGEST else clean_id(stripped)


def _index(pairs: Iterable[tuple[K, User]]) -> dict[K, frozenset[str]]:
    found: dict[K, set[str]] = {}
    for key, student in pairs:
        found.setdefault(key, set()).add(student.sourced_id)
    return {key: frozenset(ids) for key, ids in found.items()}


def _keys(student: User) -> Iterable[str | NamePair]:
    yield from _numbers(student)
    yield from _names(student)


def _numbers(student: User) -> Iterable[str]:
    typed = (i.value for i in student.identifiers if i.type in _NUMBERS)
    return {number for value in typed if (number := clean_id(value)) is not None}


def _names(student: User) -> Iterable[NamePair]:
    return set(product(_given(student), _family(student)))


def _halves(student: User) -> Iterable[NamePair]:
    """Return each name with the other left out, as it may stand beside a number."""
    return {*product(_given(student), ("",)), *product(("",), _family(student))}


def _given(student: User) -> Iterable[str]:
    return [key.folded for key in name_keys((student.given_name, student.preferred_given_name))]


def _family(student: User) -> Iterable[str]:
    return [key.folded for key in name_keys((student.family_name, student.preferred_family_name))]
