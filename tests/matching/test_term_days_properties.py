"""The days of terms, joined, decide as each term by itself would."""

from collections.abc import Iterable
from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from tests.matching.term_strategies import CHOSEN, DAYS, POLICIES, choices_of, rosters

from edlink.matching.session_ends import settle_ends
from edlink.matching.sessions import SessionTree, Window, session_tree
from edlink.matching.term_days import TermDays, together
from edlink.matching.term_policy import TermPolicy, Undated
from edlink.matching.terms import filter_terms, pick_default_terms
from edlink.model import Class, Enrollment
from edlink.roster import Roster


def _tree(roster: Roster, policy: TermPolicy) -> SessionTree:
    sessions = roster.academic_sessions
    return session_tree(settle_ends(sessions) if policy.infer_ends else sessions)


def _deciding(
    tree: SessionTree, chosen: Iterable[str], *, by_date: bool
) -> dict[str, list[Window]]:
    """Return for each session that keeps a class each window for which it does."""
    found: dict[str, list[Window]] = {}
    for i in chosen:
        for around in (i, *tree.ancestors(i)):
            found.setdefault(around, []).append(tree.windows[i])
        for below in () if by_date else tree.descendants(i):
            found.setdefault(below, []).append(tree.windows[below])
    return found


class _Definition:
    """What a filter keeps, every window of every term looked at."""

    def __init__(
        self, roster: Roster, on: date, chosen: set[str] | None, policy: TermPolicy
    ) -> None:
        self.tree = _tree(roster, policy)
        self.on, self.policy, self.by_date = on, policy, chosen is None
        wanted = (chosen or set()) & self.tree.sessions.keys()
        picked = pick_default_terms(self.tree, on=on, policy=policy) if self.by_date else wanted
        self.days = _deciding(self.tree, picked, by_date=self.by_date)
        self.every = [window for windows in self.days.values() for window in windows]

    def keeps(self, class_: Class) -> bool:
        own = Window(start=class_.begin_date, end=class_.end_date)
        dated = [w for i, w in self.tree.windows.items() if i in class_.session_ids]
        undated = all(window.is_open for window in (own, *dated))
        in_doubt = undated and self.policy.undated is not Undated.drop
        hangs = any(i in self.days for i in class_.session_ids)
        if own.is_open:
            return hangs or in_doubt
        if self.by_date:
            return self.is_current(own, class_) or in_doubt
        return hangs or any(own.overlaps(window) for window in self.every)

    def keeps_enrollment(self, enrollment: Enrollment, class_: Class | None) -> bool:
        if class_ is None or enrollment.user_id not in ("u0", "u1"):
            return False
        days = Window(start=enrollment.begin_date, end=enrollment.end_date)
        is_asked = self.policy.respect_enrollment_dates and not days.is_open
        return not is_asked or self.is_current(days, class_)

    def is_current(self, days: Window, class_: Class) -> bool:
        grace = self.policy.grace_days
        holds = days.contains(self.on, grace_days=grace)
        if self.by_date and not self.every:
            return holds
        own = [w for i in class_.session_ids for w in self.days.get(i, ()) if self.by_date]
        return any(
            holds if window.contains(self.on, grace_days=grace) else days.overlaps(window)
            for window in own or self.every
        )


SOME_DAYS = st.builds(Window, start=st.none() | DAYS, end=st.none() | DAYS)


@given(st.lists(st.lists(SOME_DAYS, max_size=5), max_size=3), SOME_DAYS, DAYS, st.integers(0, 3))
def test_days_together_meet_what_one_of_them_meets(
    windows: list[list[Window]], days: Window, on: date, grace_days: int
) -> None:
    """Joined days have one in common with what some window has one in common with."""
    parts = [TermDays.of(some, on, grace_days=grace_days) for some in windows]
    beside = [w for some in windows for w in some if not w.contains(on, grace_days=grace_days)]

    joined = together(parts)

    assert joined.meet(days) == any(w.overlaps(days) for some in windows for w in some)
    assert joined.meet_beside(days) == any(window.overlaps(days) for window in beside)
    assert joined.holds == (len(beside) < sum(map(len, windows)))


@given(rosters(), DAYS, CHOSEN, POLICIES)
def test_a_filter_keeps_what_each_term_by_itself_would(
    roster: Roster, on: date, chosen: set[str] | None, policy: TermPolicy
) -> None:
    """A class or enrollment is kept where one of its terms, looked at alone, keeps it."""
    choices = None if chosen is None else choices_of(roster, chosen)
    definition = _Definition(roster, on, chosen, policy)
    classes = {c.sourced_id: c for c in roster.classes if definition.keeps(c)}

    result = filter_terms(roster, on=on, choices=choices, policy=policy)

    assert result.session_ids == tuple(sorted(definition.days))
    assert result.roster.classes == tuple(classes.values())
    assert result.roster.enrollments == tuple(
        e
        for e in roster.enrollments
        if definition.keeps_enrollment(e, classes.get(e.class_id or ""))
    )
