"""The overlaps of an overview are those of each session with each other."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from edlink.coverage import Source
from edlink.matching.overview import term_overview
from edlink.matching.sessions import session_tree
from edlink.matching.term_policy import TermPolicy
from edlink.model import AcademicSession
from edlink.roster import Roster
from edlink.vocabulary import SessionType

SHOWN = 5
DAY = date(2026, 1, 1)
DAYS = st.integers(0, 20).map(lambda n: DAY + timedelta(days=n))
ROSTERS = st.lists(
    st.builds(
        AcademicSession,
        sourced_id=st.integers(0, 99).map("s{}".format),
        type=st.sampled_from([SessionType.term] * 5 + [SessionType.semester]),
        start_date=DAYS,
        end_date=st.sampled_from([None, *(DAY + timedelta(days=n) for n in range(5, 25))]),
        org_id=st.sampled_from([None] * 5 + ["o1"]),
    ),
    min_size=6,
    max_size=16,
    unique_by=lambda session: session.sourced_id,
).map(
    lambda sessions: Roster.from_records(
        sessions, source=Source("clever", "d1"), pulled_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
)


@given(ROSTERS)
def test_each_session_overlaps_those_that_it_shares_a_day_with(roster: Roster) -> None:
    """All others of its type and school are counted, and the first of them named."""
    tree = session_tree(roster.academic_sessions)
    days = {
        i: (window.start, window.end, i)
        for i, window in tree.windows.items()
        if window.start is not None and window.end is not None and window.start < window.end
    }
    groups = {i: (session.org_id, session.type) for i, session in tree.sessions.items()}

    overview = term_overview(roster, on=DAY, policy=TermPolicy(infer_ends=False))

    for row in overview.rows:
        i = row.session_id
        beside = sorted(
            days[other]
            for other in days.keys() - {i}
            if i in days
            and groups[other] == groups[i]
            and tree.windows[other].overlaps(tree.windows[i])
        )
        assert row.overlap_count == len(beside)
        assert row.overlaps == tuple(sorted(other for *_, other in beside[:SHOWN]))
