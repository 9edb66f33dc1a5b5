"""Rules T1 to T7: what a term filter promises, and G1 to G3 for it."""

import os
import time
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st
from tests.matching.term_strategies import (
    CHOSEN,
    DAY,
    DAYS,
    POLICIES,
    SESSION_IDS,
    choices_of,
    rosters,
)

from edlink.coverage import Source
from edlink.matching.sessions import active_sessions, session_tree
from edlink.matching.term_policy import TermPolicy
from edlink.matching.terms import TermChoice, filter_terms
from edlink.model import AcademicSession, Class
from edlink.roster import Roster
from edlink.vocabulary import SessionType


@given(rosters(), DAYS, CHOSEN, POLICIES)
def test_t1_kept_and_dropped_are_the_input(
    roster: Roster, on: date, chosen: set[str] | None, policy: TermPolicy
) -> None:
    """Every class and enrollment is kept or dropped, never both; all else stays."""
    choices = None if chosen is None else choices_of(roster, chosen)
    result = filter_terms(roster, on=on, choices=choices, policy=policy)

    for name in ("classes", "enrollments"):
        kept = [r.sourced_id for r in getattr(result.roster, name)]
        gone = [n.sourced_id for n in result.dropped if n.sourced_id not in kept]
        before = [r.sourced_id for r in getattr(roster, name)]
        assert sorted(kept + [i for i in gone if i in before]) == sorted(before)
    assert result.roster.users == roster.users
    assert result.roster.academic_sessions == roster.academic_sessions


@given(DAYS, st.integers(1, 200))
def test_t2_the_start_is_in_and_the_end_is_out(start: date, length: int) -> None:
    """A session holds its first day and not its end date."""
    end = start + timedelta(days=length)
    tree = session_tree([AcademicSession(sourced_id="s", start_date=start, end_date=end)])

    assert active_sessions(tree, start) == ("s",)
    assert active_sessions(tree, end) == ()


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5), st.data())
def test_t3_a_year_long_class_is_in_every_part(lengths: list[int], data: st.DataObject) -> None:
    """A class of the year is kept on every day of it and for every part chosen."""
    marks = [DAY]
    for length in lengths:
        marks.append(marks[-1] + timedelta(days=length))
    year = AcademicSession(
        sourced_id="y", type=SessionType.school_year, start_date=DAY, end_date=marks[-1]
    )
    parts = [
        AcademicSession(
            sourced_id=f"t{n}",
            type=SessionType.term,
            start_date=marks[n],
            end_date=marks[n + 1],
            parent_id="y",
        )
        for n in range(len(lengths))
    ]
    roster = Roster.from_records(
        [year, *parts, Class(sourced_id="c", session_ids=("y",))],
        source=Source("clever", "d1"),
        pulled_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    on = DAY + timedelta(days=data.draw(st.integers(0, sum(lengths) - 1)))
    part = data.draw(st.sampled_from(parts))

    assert filter_terms(roster, on=on).roster.classes
    assert filter_terms(roster, on=on, choices=[TermChoice.of(part)]).roster.classes


def _shift(roster: Roster, days: timedelta) -> Roster:
    def moved(record: object) -> object:
        names = ("start_date", "begin_date", "end_date")
        found = {n: getattr(record, n) for n in names if getattr(record, n, None) is not None}
        return attrs.evolve(record, **{n: day + days for n, day in found.items()})  # type: ignore[misc]

    names = ("academic_sessions", "classes", "enrollments")
    changed: dict[str, Any] = {n: tuple(map(moved, getattr(roster, n))) for n in names}
    return attrs.evolve(roster, **changed)


@given(rosters(), DAYS, CHOSEN, POLICIES, st.integers(-4_000, 4_000))
def test_t4_shifting_every_date_changes_nothing(
    roster: Roster, on: date, chosen: set[str] | None, policy: TermPolicy, days: int
) -> None:
    """All dates and the day moved by as much keep and drop the same records."""
    by = timedelta(days=days)
    later = _shift(roster, by)

    first = filter_terms(
        roster, on=on, choices=None if chosen is None else choices_of(roster, chosen), policy=policy
    )
    second = filter_terms(
        later,
        on=on + by,
        choices=None if chosen is None else choices_of(later, chosen),
        policy=policy,
    )

    assert (first.dropped, first.flags, first.session_ids) == (
        second.dropped,
        second.flags,
        second.session_ids,
    )


@given(
    rosters(),
    DAYS,
    st.sets(st.sampled_from(SESSION_IDS)),
    st.sets(st.sampled_from(SESSION_IDS)),
    POLICIES,
)
def test_t5_a_wider_choice_never_drops(
    roster: Roster, on: date, chosen: set[str], more: set[str], policy: TermPolicy
) -> None:
    """What a choice keeps, a wider choice keeps."""
    narrow = filter_terms(roster, on=on, choices=choices_of(roster, chosen), policy=policy)
    wide = filter_terms(roster, on=on, choices=choices_of(roster, chosen | more), policy=policy)

    assert set(narrow.roster.classes) <= set(wide.roster.classes)
    assert set(narrow.roster.enrollments) <= set(wide.roster.enrollments)


@given(rosters(), DAYS, CHOSEN, POLICIES)
def test_t6_no_enrollment_without_class_and_person(
    roster: Roster, on: date, chosen: set[str] | None, policy: TermPolicy
) -> None:
    """Each enrollment kept points to a class kept and a person who is there."""
    choices = None if chosen is None else choices_of(roster, chosen)
    kept = filter_terms(roster, on=on, choices=choices, policy=policy).roster

    for enrollment in kept.enrollments:
        assert kept.class_(enrollment.class_id or "") is not None
        assert kept.user(enrollment.user_id or "") is not None


@given(rosters(), DAYS, POLICIES, st.sampled_from(["UTC", "Pacific/Auckland", "America/Adak"]))
def test_t7_the_time_zone_of_the_machine_changes_nothing(
    roster: Roster, on: date, policy: TermPolicy, zone: str
) -> None:
    """The same input gives the same result wherever it runs."""
    here = filter_terms(roster, on=on, policy=policy)
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        there = filter_terms(roster, on=on, policy=policy)
    finally:
        del os.environ["TZ"]
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()

    assert here == there


@given(rosters(), DAYS, CHOSEN, POLICIES)
def test_g2_the_same_terms_give_the_same_result(
    roster: Roster, on: date, chosen: set[str] | None, policy: TermPolicy
) -> None:
    """Asked twice, a filter says the same."""
    choices = None if chosen is None else choices_of(roster, chosen)

    assert filter_terms(roster, on=on, choices=choices, policy=policy) == filter_terms(
        roster, on=on, choices=choices, policy=policy
    )


@given(rosters(), DAYS, POLICIES, st.randoms(use_true_random=False))
def test_g1_the_order_of_records_changes_nothing(
    roster: Roster, on: date, policy: TermPolicy, random: Random
) -> None:
    """Records in another order are kept and dropped the same."""
    names = ("academic_sessions", "classes", "enrollments", "users")
    order: dict[str, Any] = {
        n: tuple(random.sample(getattr(roster, n), len(getattr(roster, n)))) for n in names
    }
    mixed = attrs.evolve(roster, **order)

    first = filter_terms(roster, on=on, policy=policy)
    second = filter_terms(mixed, on=on, policy=policy)

    assert set(first.dropped) == set(second.dropped)
    assert set(first.flags) == set(second.flags)
    assert first.session_ids == second.session_ids
