from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from edlink.model import AcademicSession
from edlink.veracross.convert import (
    periods_of_classes,
    to_class,
    to_courses,
    to_enrollment,
    to_sessions,
    to_teachers,
)
from edlink.veracross.lists import ValueLists
from edlink.veracross.orgs import to_orgs
from edlink.veracross.wire import ClassRow, EnrollmentRow, PeriodRow, PermissionRow, ScheduleRow
from edlink.vocabulary import ClassType, OrgType, Role, SessionType, Status

NOTHING = ValueLists()


def _period(key: str, start: tuple[int, int], end: tuple[int, int], **facts: object) -> PeriodRow:
    given = {"school_year": "2026", "group_id": "g", "minor": False, "major": False, **facts}
    return PeriodRow(id=key, start_date=date(2026, *start), end_date=date(2026, *end), **given)  # type: ignore[arg-type] # facts of any type


def _sessions(*periods: PeriodRow) -> dict[str, AcademicSession]:
    return {s.sourced_id: s for s in to_sessions(periods, NOTHING, {})}


def test_a_minor_period_is_below_its_major_one() -> None:
    """A minor period belongs to the shortest major one of its group that covers it."""
    sessions = _sessions(
        _period("1", (1, 1), (12, 1), major=True),
        _period("2", (2, 1), (6, 1), major=True),
        _period("3", (2, 1), (4, 1), minor=True),
    )
    assert sessions["period:3"].parent_id == "period:2"


def test_a_period_that_nothing_covers_is_below_its_year() -> None:
    """Other groups, periods that only overlap, and major ones belong to the school year."""
    sessions = _sessions(
        _period("1", (1, 1), (3, 1), major=True),
        _period("2", (2, 1), (4, 1), minor=True),
        _period("3", (2, 1), (2, 9), minor=True, group_id="h"),
        PeriodRow(id="4", school_year="2026", group_id="g", minor=True),
    )
    parents = {i: s.parent_id for i, s in sessions.items() if i != "year:2026"}
    assert set(parents.values()) == {"year:2026"}


def test_periods_are_typed_by_major_and_minor() -> None:
    """A major period is a term, a minor one a grading period, and one that is neither is other."""
    sessions = _sessions(
        _period("1", (1, 1), (3, 1), major=True),
        _period("2", (1, 1), (3, 1), minor=True),
        _period("3", (1, 1), (3, 1)),
    )
    assert [s.type for s in sessions.values()][1:] == [
        SessionType.term,
        SessionType.grading_period,
        SessionType.other,
    ]


def test_a_year_spans_its_periods() -> None:
    """Veracross has no dates for a school year, so they are those of its periods."""
    year = _sessions(_period("1", (1, 5), (3, 1)), _period("2", (3, 1), (6, 9)))["year:2026"]
    assert (year.start_date, year.end_date) == (date(2026, 1, 5), date(2026, 6, 9))


def test_a_year_is_numbered_by_its_description() -> None:
    """The number of a school year does not say which year it ends in; its description does."""
    lists = ValueLists({("school_year", "2026"): "2026-2027"})
    year, period = to_sessions([_period("1", (1, 5), (3, 1))], lists, {"2026": None})
    assert (year.school_year, year.title, period.school_year) == (2027, "2026-2027", 2027)


def test_years_that_only_classes_name_are_sessions() -> None:
    """A school year without periods is there when a class is in it, undated."""
    (year,) = to_sessions([], NOTHING, {"2025": "2025-2026", None: None})
    assert (year.sourced_id, year.start_date) == ("year:2025", None)


def test_a_period_without_a_year_hangs_free() -> None:
    """A period that names no school year has no parent."""
    (period,) = to_sessions([PeriodRow(id="1")], NOTHING, {})
    assert period.parent_id is None


def test_a_period_may_have_no_dates() -> None:
    """Neither a period nor its year is given dates that nobody wrote, and nothing covers it."""
    undated = PeriodRow(id="2", school_year="2026", group_id="g", minor=True, major=False)
    periods = [undated, PeriodRow(id="1", school_year="2026", group_id="g", major=True)]
    sessions = {s.sourced_id: s for s in to_sessions(periods, NOTHING, {})}
    assert sessions["period:2"].parent_id == "year:2026"
    assert {(s.start_date, s.end_date) for s in sessions.values()} == {(None, None)}


def test_a_class_without_campus_or_year() -> None:
    """What a class does not say is left open; it is at the school itself."""
    class_ = to_class(ClassRow(id="5"), NOTHING, "lakeside", {})
    assert (class_.org_id, class_.session_ids, class_.subjects) == ("lakeside", (), ())


def _scheduled(*pairs: tuple[str | None, str | None]) -> Mapping[str, Sequence[str]]:
    return periods_of_classes(
        ScheduleRow(id=str(number), internal_class_id=class_id, grading_period_id=period)
        for number, (class_id, period) in enumerate(pairs)
    )


def test_a_class_is_in_the_periods_of_its_schedule() -> None:
    """Every period counts once, whatever the order of the rows and however many days they name."""
    periods = _scheduled(("5", "10"), ("5", "9"), ("5", "10"), ("6", "9"), (None, "9"))
    class_ = to_class(ClassRow(id="5", school_year="2026"), NOTHING, "lakeside", periods)
    assert class_.session_ids == ("period:9", "period:10")
    assert periods.keys() == {"5", "6"}


@pytest.mark.parametrize("pairs", [(), (("5", "9"), ("5", None))])
def test_a_class_is_in_its_year_where_its_periods_are_not_known(
    pairs: tuple[tuple[str, str | None], ...],
) -> None:
    """A class that no schedule names, or of which a row names no period, may be in any."""
    row = ClassRow(id="5", school_year="2026")
    class_ = to_class(row, NOTHING, "lakeside", _scheduled(*pairs))
    assert class_.session_ids == ("year:2026",)


def test_homerooms_are_told_by_the_schools_word() -> None:
    """A class is a homeroom when the school's type of its course says so."""
    lists = ValueLists({("course_type", "3"): "Homeroom/Advisory"})
    row = ClassRow(id="5", course_type="3", subject_description="Advisory")
    assert to_class(row, lists, "lakeside", {}).class_type is ClassType.homeroom


def test_a_course_of_several_classes_is_one() -> None:
    """Courses come from the classes that name them, each once."""
    rows = [ClassRow(id=i, internal_course_id="c", course_name="Art") for i in "12"]
    (course,) = to_courses([*rows, ClassRow(id="3")], "lakeside")
    assert (course.sourced_id, course.title) == ("c", "Art")


@pytest.mark.parametrize(
    ("facts", "begin", "end", "status"),
    [
        ({"currently_enrolled": False}, (9, 1), (12, 1), Status.deleted),
        ({"currently_enrolled": True}, (9, 1), (12, 1), Status.active),
        ({}, (9, 1), (12, 1), Status.active),
        ({"currently_enrolled": False}, (10, 2), (12, 1), Status.active),
        ({"currently_enrolled": False}, (9, 1), (10, 1), Status.active),
        ({"currently_enrolled": False}, None, (12, 1), Status.active),
        ({"currently_enrolled": False}, (9, 1), None, Status.active),
        (
            {"currently_enrolled": False, "date_withdrawn": date(2026, 9, 5)},
            (9, 1),
            (12, 1),
            Status.active,
        ),
    ],
)
def test_who_is_not_enrolled_while_a_class_is_taught_has_left(
    facts: Mapping[str, Any],
    begin: tuple[int, int] | None,
    end: tuple[int, int] | None,
    status: Status,
) -> None:
    """Before and after a class nobody is enrolled; in between who is not has left it."""
    class_ = ClassRow(
        id="5",
        begin_date=date(2026, *begin) if begin else None,
        end_date=date(2026, *end) if end else None,
    )
    row = EnrollmentRow(id="1", internal_class_id="5", person_id="7", **facts)
    assert to_enrollment(row, {"5": class_}, date(2026, 10, 1)).status is status


def test_an_enrollment_in_a_class_that_is_not_listed_stays() -> None:
    """Without the class nothing says whether it is taught."""
    row = EnrollmentRow(id="1", internal_class_id="5", person_id="7", currently_enrolled=False)
    assert to_enrollment(row, {}, date(2026, 10, 1)).status is Status.active


def test_co_teachers_come_from_permissions() -> None:
    """Who has a teacher's permission for a class teaches it, beside its primary teacher."""
    lists = ValueLists({("role", "1"): "Co-Teacher"})
    permissions = [
        PermissionRow(id="1", class_id="5", person_id="7", role="1"),
        PermissionRow(id="2", class_id="5", person_id="8", role="1"),
    ]
    classes = [ClassRow(id="5", primary_teacher_id="7"), ClassRow(id="6")]
    found = [(e.user_id, e.role, e.is_primary) for e in to_teachers(classes, permissions, lists)]
    assert found == [("7", Role.teacher, True), ("8", Role.teacher, False)]


def test_a_school_without_campuses_is_a_school() -> None:
    """Where no row names a campus, the school itself is the one org."""
    (org,) = to_orgs("lakeside", [(None, None)])
    assert org.type is OrgType.school


def test_campuses_are_schools_below_it() -> None:
    """Campuses come in order, each once, with the name that any row gives."""
    root, *campuses = to_orgs("lakeside", [("10", None), ("9", "North"), ("10", "South")])
    assert root.type is OrgType.district
    assert [(c.sourced_id, c.name) for c in campuses] == [
        ("campus:9", "North"),
        ("campus:10", "South"),
    ]
