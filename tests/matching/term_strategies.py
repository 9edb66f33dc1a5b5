"""Small rosters with every disorder that terms can have, and the ways to filter them."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from edlink.coverage import Source
from edlink.matching.term_policy import Between, TermPolicy, Undated
from edlink.matching.terms import TermChoice
from edlink.model import AcademicSession, Class, Enrollment, User
from edlink.roster import Roster
from edlink.vocabulary import EndSemantics, Role, SessionType

DAY = date(2026, 1, 1)
DAYS = st.integers(0, 60).map(lambda n: DAY + timedelta(days=n))
_MAYBE_DAYS = st.none() | DAYS
SESSION_IDS = ("s0", "s1", "s2", "s3", "s4")
_CLASS_IDS = ("c0", "c1", "c2", "c3")
POLICIES = st.builds(
    TermPolicy,
    undated=st.sampled_from(Undated),
    between=st.sampled_from(Between),
    next_within_days=st.integers(0, 30),
    grace_days=st.integers(0, 3),
    infer_ends=st.booleans(),
    respect_enrollment_dates=st.booleans(),
)


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    """Draw a small roster with every disorder that terms can have."""
    sessions = [
        AcademicSession(
            sourced_id=i,
            title=draw(st.sampled_from(["A", "B"])),
            type=draw(st.sampled_from(SessionType)),
            start_date=draw(_MAYBE_DAYS),
            end_date=draw(_MAYBE_DAYS),
            end_semantics=draw(st.sampled_from(EndSemantics)),
            parent_id=draw(st.none() | st.sampled_from([*SESSION_IDS, "gone"])),
            org_id=draw(st.none() | st.sampled_from(["o1", "o2"])),
        )
        for i in draw(st.lists(st.sampled_from(SESSION_IDS), unique=True))
    ]
    classes = [
        Class(
            sourced_id=i,
            org_id=draw(st.none() | st.sampled_from(["o1", "o2"])),
            session_ids=tuple(draw(st.lists(st.sampled_from([*SESSION_IDS, "gone"]), max_size=2))),
            begin_date=draw(_MAYBE_DAYS),
            end_date=draw(_MAYBE_DAYS),
        )
        for i in draw(st.lists(st.sampled_from(_CLASS_IDS), unique=True))
    ]
    enrollments = [
        Enrollment(
            sourced_id=f"e{n}",
            user_id=draw(st.sampled_from(["u0", "u1", "gone", None])),
            class_id=draw(st.sampled_from([*_CLASS_IDS, None])),
            role=Role.student,
            begin_date=draw(_MAYBE_DAYS),
            end_date=draw(_MAYBE_DAYS),
        )
        for n in range(draw(st.integers(0, 5)))
    ]
    people = [User(sourced_id="u0"), User(sourced_id="u1")]
    return Roster.from_records(
        [*sessions, *classes, *enrollments, *people],
        source=Source("clever", "d1"),
        pulled_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def choices_of(roster: Roster, ids: set[str]) -> list[TermChoice]:
    """Return the choices of a roster's sessions with some ids."""
    return [TermChoice.of(s) for s in roster.academic_sessions if s.sourced_id in ids]


CHOSEN = st.none() | st.sets(st.sampled_from(SESSION_IDS))
