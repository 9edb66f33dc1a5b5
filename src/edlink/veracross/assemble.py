"""What the lists of a pull brought, as one Roster with its coverage and warnings; pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import attrs

from edlink.coverage import (
    COMPLETE,
    EXCLUDED,
    Coverage,
    CoverageEntry,
    Issue,
    RosterWarning,
    Scope,
    Source,
    State,
    worst,
)
from edlink.model import Enrollment, Record
from edlink.references import check_references
from edlink.roster import Roster
from edlink.scoping import apply_scope, wanted_types
from edlink.veracross.convert import (
    periods_of_classes,
    to_class,
    to_courses,
    to_enrollment,
    to_sessions,
    to_teachers,
)
from edlink.veracross.links import DOUBTFUL, to_relationships
from edlink.veracross.lists import ValueLists
from edlink.veracross.orgs import to_orgs
from edlink.veracross.pages import Listing
from edlink.veracross.people import People, latest, to_demographics, to_users
from edlink.veracross.wire import PermissionRow, RelationshipRow
from edlink.vocabulary import CoverageState, Kind, Role

CLASSES, PERMISSIONS = "academics/classes", "academics/permissions"
ENROLLMENTS, PERIODS = "academics/enrollments", "academics/config/grading_periods"
SCHEDULES = "academics/class_schedules"

#: Lists without which a kind is not known whole.
_STANDS_ON: Mapping[Kind, tuple[str, ...]] = {
    Kind.org: ("students", "staff_faculty", CLASSES),
    Kind.academic_session: (PERIODS, CLASSES),
    Kind.course: (CLASSES,),
    Kind.class_: (CLASSES,),
    Kind.enrollment: (CLASSES, ENROLLMENTS),
    Kind.relationship: ("relationships", "students"),
    Kind.demographics: ("students",),
}

#: Lists whose absence leaves a kind known, unless they were asked for and did not come whole.
_ADDS_TO: Mapping[Kind, tuple[str, ...]] = {
    Kind.class_: (SCHEDULES,),
}

#: What people are in a class whom class permissions tell of; they tell of no student.
_BY_PERMISSION = (Role.teacher, Role.staff, Role.other)

#: Lists whose rows connect two, and make records with ids of another sort.
_CONNECTING = frozenset({"relationships", PERMISSIONS})

_CAMPUSES = frozenset({"child_ids", "type"})

#: Fields that a list alone fills where it is asked for: without it they are not known, which is not
#: empty.
_FILLS: Mapping[tuple[str, Kind], frozenset[str]] = {
    (PERIODS, Kind.academic_session): frozenset({"end_date", "start_date"}),
    (SCHEDULES, Kind.class_): frozenset({"session_ids"}),
    ("contact_info", Kind.user): frozenset({"business_phone", "other_emails", "phone", "sms"}),
    ("households", Kind.user): frozenset({"address"}),
    ("relationships", Kind.relationship): DOUBTFUL,
}

#: Fields that a list adds to: others say them too, so one that is merely empty leaves them known,
#: as in a summer without classes.
_ADDS: Mapping[tuple[str, Kind], frozenset[str]] = {
    ("students", Kind.org): _CAMPUSES,
    ("staff_faculty", Kind.org): _CAMPUSES,
    (CLASSES, Kind.org): _CAMPUSES,
    (CLASSES, Kind.user): frozenset({"roles"}),
    (PERMISSIONS, Kind.user): frozenset({"roles"}),
}

#: The list that people in each role are in.
_LISTS_OF: Mapping[Role, str] = {
    Role.student: "students",
    Role.teacher: "staff_faculty",
    Role.staff: "staff_faculty",
    Role.guardian: "parents",
}

#: Lists whose rows mean little without their value lists, and the fields that those say.
_LISTED: Mapping[str, frozenset[str]] = {
    "students": frozenset({"grades", "grades_raw", "homeroom"}),
    "relationships": frozenset({"kind", "kind_raw"}),
    CLASSES: frozenset({"class_type", "class_type_raw"}),
    PERIODS: frozenset({"school_year", "title", "type_raw"}),
    PERMISSIONS: frozenset({"role", "role_raw"}),
}

_ROWS_SET_ASIDE: State = (CoverageState.failed, "rows_set_aside")


@attrs.frozen(kw_only=True)
class Results:
    """
    What came of each list, by name.

    ``faults`` say of a list that was asked for and did not come what that means for coverage.
    """

    listings: Mapping[str, Listing[Any]] = attrs.field(repr=False)
    faults: Mapping[str, tuple[CoverageState, str]] = attrs.field(factory=dict)

    def rows(self, name: str) -> Mapping[str, Any]:
        """Return a list's rows by id; none where it did not come."""
        listing = self.listings.get(name)
        return {} if listing is None else listing.rows

    def lists(self, name: str) -> ValueLists:
        """Return what a list's value ids mean."""
        listing = self.listings.get(name)
        return ValueLists() if listing is None else listing.lists

    def is_asked(self, name: str) -> bool:
        """Return whether a list was asked for, whatever came of it."""
        return name in self.listings or name in self.faults

    def state(self, name: str) -> State:
        """Return what can be said of a list: nothing at all is how a lost permission looks."""
        if name in self.faults:
            return self.faults[name]
        listing = self.listings.get(name)
        if listing is None:
            return CoverageState.withheld, "scope_not_asked"
        if not listing.rows:
            return CoverageState.withheld, "empty"
        if listing.repeated:
            return CoverageState.failed, "rows_moved"
        if self.may_miss_any(name):
            return _ROWS_SET_ASIDE
        return COMPLETE

    def incomplete(self, name: str) -> Sequence[Any]:
        """Return a list's rows that do not say all that they connect."""
        listing = self.listings.get(name)
        return () if listing is None else listing.incomplete

    def may_miss_any(self, name: str) -> bool:
        """Return whether a row was set aside that may be about any record."""
        listing = self.listings.get(name)
        if listing is None:
            return False
        nameless = any(issue.set_aside and issue.sourced_id is None for issue in listing.issues)
        return nameless or any(_doubt(row).is_of_place for row in listing.incomplete)


def assemble(
    results: Results, *, source: Source, route: str, scope: Scope, pulled_at: datetime
) -> Roster:
    """Return the roster of a pull."""
    records, issues = to_records(results, route, on=pulled_at.date())
    wanted = wanted_types(scope)
    roster = Roster.from_records(
        [record for record in records if isinstance(record, wanted)],
        source=source,
        pulled_at=pulled_at,
        scope=scope,
        coverage=Coverage(_entries(results, scope, route)),
        issues=tuple(i for i in issues if scope.wants_kind(i.kind)),
        warnings=(*_warnings(results), *_distrust(results, scope)),
    )
    return apply_scope(check_references(roster))


def to_records(results: Results, route: str, *, on: date) -> tuple[list[Record], list[Issue]]:
    """
    Return the records of all kinds that the lists bring together, and what was odd in them.

    Args:
        results: The lists.
        route: The school's route, its org's id.
        on: The day of the pull.
    """
    rows, lists = results.rows, results.lists
    classes = rows(CLASSES)
    teachers = [*to_teachers(classes.values(), rows(PERMISSIONS).values(), lists(PERMISSIONS))]
    people = People(
        route=route,
        students=rows("students"),
        staff=rows("staff_faculty"),
        parents=rows("parents"),
        student_lists=lists("students"),
        staff_lists=lists("staff_faculty"),
        parent_lists=lists("parents"),
        teachers=_changes_of(teachers),
        contacts=rows("contact_info"),
        households=rows("households"),
        household_lists=lists("households"),
    )
    demographics, birthdays = to_demographics(people)
    links, doubts = to_relationships(
        rows("relationships").values(),
        lists("relationships"),
        rows("students"),
        _doubts(results),
    )
    periods = periods_of_classes(rows(SCHEDULES).values())
    years = {
        row.school_year: lists(CLASSES).describe("school_year", row.school_year)
        for row in classes.values()
    }
    records: list[Record] = [
        *to_orgs(route, _campuses(results)),
        *to_sessions(rows(PERIODS).values(), lists(PERIODS), years),
        *to_courses(classes.values(), route),
        *(to_class(row, lists(CLASSES), route, periods) for row in classes.values()),
        *to_users(people),
        *(to_enrollment(row, classes, on) for row in rows(ENROLLMENTS).values()),
        *teachers,
        *links,
        *demographics,
    ]
    set_aside = [issue for listing in results.listings.values() for issue in listing.issues]
    return records, [*set_aside, *birthdays, *doubts]


def _doubts(results: Results) -> Callable[[str], bool]:
    """Return what tells of whom a relationship may be missing."""
    if results.may_miss_any("relationships"):
        return lambda _: True
    rows = results.incomplete("relationships")
    return {row.person_id or row.related_person_id for row in rows}.__contains__


def _changes_of(teachers: Iterable[Enrollment]) -> Mapping[str | None, datetime | None]:
    """Return when what each person teaches last changed, by Person ID."""
    found: dict[str | None, datetime | None] = {}
    for taught in teachers:
        known = found.get(taught.user_id)
        found[taught.user_id] = latest((known, taught.date_last_modified))
    return found


def _campuses(results: Results) -> Iterator[tuple[str | None, str | None]]:
    for name, field in (("students", "campus.id"), ("staff_faculty", "campus")):
        for row in results.rows(name).values():
            described = results.lists(name).describe(field, row.campus)
            yield row.campus, row.campus_description or described
    for row in results.rows(CLASSES).values():
        yield row.campus_id, row.campus_description


# Coverage


def _entries(results: Results, scope: Scope, route: str) -> Iterator[CoverageEntry]:
    for kind in Kind:
        if not scope.wants_kind(kind):
            yield CoverageEntry.of(kind, EXCLUDED)
        elif kind is Kind.user:
            yield from _people(results, route)
        else:
            yield CoverageEntry.of(kind, _worst(results, kind, _STANDS_ON[kind]))
            if kind is Kind.enrollment:
                yield from _teachers(results)
            yield from _parts(results, kind)


def _teachers(results: Results) -> Iterator[CoverageEntry]:
    """Yield who in classes is not known where permissions were asked for and did not come."""
    if not results.is_asked(PERMISSIONS):
        return
    lists = _STANDS_ON[Kind.enrollment]
    general = _worst(results, Kind.enrollment, lists)
    told = _worst(results, Kind.enrollment, (*lists, PERMISSIONS))
    if told[0] is not general[0]:
        for role in _BY_PERMISSION:
            yield CoverageEntry.of(Kind.enrollment, told, role=role)


def _parts(results: Results, kind: Kind) -> Iterator[CoverageEntry]:
    """Yield of which classes and people a row is incomplete: the others are known all the same."""
    name = {Kind.relationship: "relationships", Kind.enrollment: PERMISSIONS}.get(kind, "")
    for entry in dict.fromkeys(map(_doubt, results.incomplete(name))):
        if not entry.is_of_place:
            yield entry


def _doubt(row: RelationshipRow | PermissionRow) -> CoverageEntry:
    """Return of whom or what an incomplete row leaves doubt; of everybody where it says no end."""
    if isinstance(row, RelationshipRow):
        one = row.person_id or row.related_person_id or None
        return CoverageEntry.of(Kind.relationship, _ROWS_SET_ASIDE, user_id=one)
    return CoverageEntry.of(
        Kind.enrollment,
        _ROWS_SET_ASIDE,
        class_id=row.class_id or None,
        user_id=row.person_id or None,
    )


def _people(results: Results, route: str) -> Iterator[CoverageEntry]:
    """
    Yield what is known of people: on campuses students and staff, at the school itself all.

    Parents are at the school itself, so that parents withheld leave a campus' students well known.
    Where a list did not come, people in the roles of the others are told apart.
    """
    of_all = _worst(results, Kind.user, _LISTS_OF.values())
    general = [CoverageEntry.of(Kind.user, of_all)]
    if any(campus is not None for campus, _ in _campuses(results)):
        on_campus = _worst(results, Kind.user, ("students", "staff_faculty"))
        general = [
            CoverageEntry.of(Kind.user, on_campus),
            CoverageEntry.of(Kind.user, of_all, org_id=route),
        ]
    yield from general
    for role, name in _LISTS_OF.items():
        known = _worst(results, Kind.user, (name,))
        for entry in general:
            if known[0] is not entry.state:
                yield CoverageEntry.of(Kind.user, known, org_id=entry.org_id, role=role)


def _worst(results: Results, kind: Kind, names: Iterable[str]) -> State:
    added = [name for name in _ADDS_TO.get(kind, ()) if results.is_asked(name)]
    return worst(map(results.state, (*names, *added)))


def _distrust(results: Results, scope: Scope) -> Iterator[RosterWarning]:
    """Yield which fields of records that came say nothing, since a list they stand on did not."""
    for (name, kind), fields in {**_FILLS, **_ADDS}.items():
        state, reason = results.state(name)
        is_known = state is CoverageState.complete or not results.is_asked(name)
        is_known |= reason == "empty" and (name, kind) in _ADDS
        # A row that is set aside says nothing against the others.
        is_known |= reason == "rows_set_aside" and name in _CONNECTING
        if scope.wants_kind(kind) and not is_known:
            yield RosterWarning(
                code="EDL-WARN-707",
                message=f"{name} is {state} ({reason}); what it says of each {kind} is not known",
                kind=kind,
                distrusts=fields,
            )


def _warnings(results: Results) -> Iterator[RosterWarning]:
    for name, (state, code) in results.faults.items():
        yield RosterWarning(
            code="EDL-WARN-701",
            message=f"{name} is {state} ({code})",
        )
    for name, listing in results.listings.items():
        if not listing.rows:
            yield RosterWarning(
                code="EDL-WARN-702",
                message=f"{name} is empty; its scope may not be opened by the school",
                kind=listing.endpoint.kind,
            )
        if listing.repeated:
            yield RosterWarning(
                code="EDL-WARN-703",
                message=f"rows of {name} kept moving while it was read; a row may be missing",
                kind=listing.endpoint.kind,
                count=listing.repeated,
            )
        if listing.rows and not listing.lists and name in _LISTED:
            yield RosterWarning(
                code="EDL-WARN-705",
                message=f"the value lists of {name} did not come; its ids stand for themselves",
                kind=listing.endpoint.kind,
                distrusts=_LISTED[name],
            )
    if PERMISSIONS not in results.listings and results.rows(CLASSES):
        yield RosterWarning(
            code="EDL-WARN-704",
            message="co-teachers are not known without academics.permissions:list",
            kind=Kind.enrollment,
        )
    if SCHEDULES not in results.listings and results.rows(CLASSES):
        yield RosterWarning(
            code="EDL-WARN-706",
            message="periods of classes are not known without academics.class_schedules:list",
            kind=Kind.class_,
        )
