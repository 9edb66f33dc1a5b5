"""What holds of a tree of sessions, whatever records name and whatever their days are."""

from datetime import UTC, date, datetime, timedelta

import attrs
from hypothesis import example, given
from hypothesis import strategies as st

from edlink.coverage import Source
from edlink.matching.overview import term_overview
from edlink.matching.sessions import SessionTree, session_tree
from edlink.matching.term_policy import Between, TermPolicy
from edlink.matching.terms import filter_terms, pick_default_terms
from edlink.model import AcademicSession
from edlink.roster import Roster
from edlink.vocabulary import EndSemantics, SessionType

KINDS = (
    SessionType.school_year,
    SessionType.semester,
    SessionType.term,
    SessionType.grading_period,
)
IDS = ("s0", "s1", "s2", "s3", "s4", "s5")
NEAR = st.integers(0, 6).map(lambda n: date(2026, 1, 1) + timedelta(days=n))
DAYS = st.one_of(NEAR, NEAR, NEAR, st.dates())
SESSIONS = st.lists(
    st.builds(
        AcademicSession,
        sourced_id=st.sampled_from(IDS),
        type=st.sampled_from(KINDS) | st.sampled_from(SessionType),
        start_date=st.none() | DAYS,
        end_date=st.none() | DAYS,
        end_semantics=st.sampled_from(EndSemantics),
        parent_id=st.none() | st.sampled_from([*IDS, "gone", ""]),
        child_ids=st.lists(st.sampled_from([*IDS, "gone"]), max_size=2).map(tuple),
        org_id=st.none() | st.just("o1"),
    ),
    max_size=len(IDS),
    unique_by=lambda session: session.sourced_id,
)
#: Sessions that name no parent, many of which lie inside others.
NESTED = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 12), st.integers(1, 12)), max_size=14
).map(
    lambda spans: [
        AcademicSession(
            sourced_id=f"s{n}",
            type=kind,
            start_date=date(2026, 1, 1) + timedelta(days=start),
            end_date=date(2026, 1, 1) + timedelta(days=start + length),
        )
        for n, (kind, start, length) in enumerate(spans)
    ]
)


#: The days show one to lie in the other, which is named as lying in the first.
LOOP = [
    AcademicSession(
        sourced_id="s0",
        type=SessionType.school_year,
        start_date=date(2026, 1, 1),
        end_date=date(2026, 1, 7),
        parent_id="s1",
    ),
    AcademicSession(
        sourced_id="s1",
        type=SessionType.semester,
        start_date=date(2026, 1, 1),
        end_date=date(2026, 1, 4),
    ),
]


def _ancestors(tree: SessionTree, session_id: str) -> list[str]:
    """Return the ids above a session, up to one that was met before."""
    found: list[str] = []
    above = tree.parents.get(session_id)
    while above is not None and above not in found:
        found.append(above)
        above = tree.parents.get(above)
    return found


@given(SESSIONS)
@example(LOOP)
def test_no_session_lies_inside_itself(sessions: list[AcademicSession]) -> None:
    """Whatever is named and whatever the days show, each session has a root and its days."""
    tree = session_tree(sessions)

    assert tree.windows.keys() == tree.sessions.keys() == {s.sourced_id for s in sessions}
    assert all(i not in _ancestors(tree, i) for i in tree.sessions)


@given(SESSIONS, DAYS, st.integers(0, 400), st.booleans())
@example(LOOP, date(2026, 1, 5), 0, False)  # noqa: FBT003 - a drawn value
def test_no_disorder_of_sessions_stops_a_filter(
    sessions: list[AcademicSession], on: date, days: int, infer_ends: bool
) -> None:
    """Terms are picked, filtered and shown for any parents, children and days."""
    policy = TermPolicy(next_within_days=days, grace_days=days, infer_ends=infer_ends)
    roster = Roster.from_records(
        sessions, source=Source("clever", "d1"), pulled_at=datetime(2026, 1, 1, tzinfo=UTC)
    )

    picked = pick_default_terms(session_tree(sessions), on=on, policy=policy)

    assert set(picked) <= {s.sourced_id for s in sessions}
    assert set(filter_terms(roster, on=on, policy=policy).session_ids) <= set(IDS)
    assert len(term_overview(roster, on=on, policy=policy).rows) == len(sessions)


def _of_school(sessions: list[AcademicSession], org_id: str) -> list[AcademicSession]:
    """Return sessions as one school's own, with ids that no other school has."""
    return [
        attrs.evolve(
            session,
            sourced_id=f"{org_id}-{session.sourced_id}",
            parent_id=session.parent_id and f"{org_id}-{session.parent_id}",
            child_ids=tuple(f"{org_id}-{i}" for i in session.child_ids),
            org_id=org_id,
        )
        for session in sessions
    ]


@given(SESSIONS, SESSIONS, DAYS, st.integers(0, 10), st.sampled_from(Between))
def test_terms_are_picked_for_each_school_by_itself(
    ours: list[AcademicSession],
    theirs: list[AcademicSession],
    on: date,
    days: int,
    between: Between,
) -> None:
    """Two schools together have the current terms that each has alone."""
    policy = TermPolicy(between=between, next_within_days=days)
    schools = _of_school(ours, "o1"), _of_school(theirs, "o2")

    alone = [pick_default_terms(session_tree(s), on=on, policy=policy) for s in schools]
    together = pick_default_terms(session_tree([*schools[0], *schools[1]]), on=on, policy=policy)

    assert together == tuple(sorted((*alone[0], *alone[1])))


def _smallest_around(
    session: AcademicSession, sessions: list[AcademicSession]
) -> AcademicSession | None:
    """Return the parent by its definition, with every session looked at."""

    def size(other: AcademicSession) -> tuple[timedelta, int, date]:
        assert other.start_date is not None
        assert other.end_date is not None
        return other.end_date - other.start_date, -KINDS.index(other.type), other.start_date

    around = [
        other
        for other in sessions
        if KINDS.index(other.type) < KINDS.index(session.type)
        and (other.start_date or date.max) <= (session.start_date or date.min)
        and (other.end_date or date.min) >= (session.end_date or date.max)
    ]
    best = min(map(size, around), default=None)
    smallest = [other for other in around if size(other) == best]
    return smallest[0] if len(smallest) == 1 else None


@given(NESTED)
def test_an_inferred_parent_is_the_one_smallest_around(sessions: list[AcademicSession]) -> None:
    """It is the shortest larger kind of session around the days; of two with the same, neither."""
    expected = {s.sourced_id: _smallest_around(s, sessions) for s in sessions}

    assert dict(session_tree(sessions).parents) == {
        i: parent.sourced_id for i, parent in expected.items() if parent is not None
    }
