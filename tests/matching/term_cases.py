"""One invented school year with its classes, for the tests of terms."""

from datetime import UTC, date, datetime

from edlink.coverage import Source
from edlink.model import AcademicSession, Class, Enrollment, Record, User
from edlink.roster import Roster
from edlink.vocabulary import Role, SessionType

YEAR = AcademicSession(
    sourced_id="year",
    title="2025-26",
    type=SessionType.school_year,
    start_date=date(2025, 8, 1),
    end_date=date(2026, 6, 1),
)
FALL = AcademicSession(
    sourced_id="fall",
    title="Fall",
    type=SessionType.semester,
    start_date=date(2025, 8, 1),
    end_date=date(2026, 1, 1),
    parent_id="year",
)
SPRING = AcademicSession(
    sourced_id="spring",
    title="Spring",
    type=SessionType.semester,
    start_date=date(2026, 1, 10),
    end_date=date(2026, 6, 1),
    parent_id="year",
)
CLASSES = (
    Class(sourced_id="all-year", session_ids=("year",)),
    Class(sourced_id="autumn", session_ids=("fall",), org_id="s1"),
    Class(sourced_id="both", session_ids=("fall", "spring")),
    Class(sourced_id="loose"),
    Class(sourced_id="vernal", session_ids=("spring",)),
)


def a_roster(*more: Record, sessions: tuple[AcademicSession, ...] = (YEAR, FALL, SPRING)) -> Roster:
    """Return the year's classes, with some sessions and further records."""
    return Roster.from_records(
        [*sessions, *CLASSES, *more],
        source=Source("classlink", "d1"),
        pulled_at=datetime(2025, 9, 1, tzinfo=UTC),
    )


def enrolled(sourced_id: str, class_id: str, **facts: object) -> Enrollment:
    """Return a student's enrollment."""
    given = {"user_id": "u1", "class_id": class_id, "role": Role.student, **facts}
    return Enrollment(sourced_id=sourced_id, **given)  # type: ignore[arg-type]


PEOPLE = (
    User(sourced_id="u1"),
    enrolled("e1", "both", end_date=date(2026, 1, 20)),
    enrolled("e2", "both", begin_date=date(2026, 1, 20)),
    enrolled("e3", "autumn"),
    enrolled("e4", "vernal", user_id="nobody"),
    enrolled("e5", "vernal", user_id=None),
    enrolled("e6", "absent"),
)
