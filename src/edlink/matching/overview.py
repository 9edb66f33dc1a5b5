"""What terms a roster has, for the person who must choose among them."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

import attrs

from edlink.matching.session_ends import settle_ends
from edlink.matching.sessions import (
    SessionProblem,
    SessionTree,
    Window,
    session_tree,
)
from edlink.matching.term_policy import TermPolicy
from edlink.matching.terms import pick_default_terms
from edlink.roster import Roster
from edlink.vocabulary import EndSemantics, Role, SessionType

#: So many of the sessions that overlap one are named; the others are counted.
_SHOWN = 5


@attrs.frozen(kw_only=True)
class TermRow:
    """
    One session as the overview shows it.

    Attributes:
        session_id: The session.
        title: Its title.
        type: School year, semester, term or part of one.
        start_date: Its first day, or None when not even its neighbours tell.
        end_date: The first day after it, or None.
        end_semantics: How sure the end date is.
        org_ids: The schools that have classes in it, sorted.
        classes: How many classes name it.
        students: How many students those classes have, each counted once.
        overlaps: Other sessions of the same type and school with a day in common, sorted; of more
            than five, those that begin first.  Sessions without a school count as of one.
        overlap_count: How many such sessions there are.
        is_proposed: Whether it is in the proposed current set.
    """

    session_id: str
    title: str | None
    type: SessionType
    start_date: date | None
    end_date: date | None
    end_semantics: EndSemantics
    org_ids: tuple[str, ...] = ()
    classes: int = 0
    students: int = 0
    overlaps: tuple[str, ...] = ()
    overlap_count: int = 0
    is_proposed: bool = False


@attrs.frozen(kw_only=True)
class TermOverview:
    """
    The terms of a roster on a day.

    Attributes:
        on: The day.
        rows: One per session, by first day.
        proposed: The sessions that are current, sorted.
        classes_without_term: Classes that name no session of the roster, sorted.
        classes_past: Classes whose sessions and own dates are all over, sorted.
        classes_in_several: Classes with more than one session, sorted.
        problems: What is wrong with the sessions.
    """

    on: date
    rows: tuple[TermRow, ...]
    proposed: tuple[str, ...] = ()
    classes_without_term: tuple[str, ...] = ()
    classes_past: tuple[str, ...] = ()
    classes_in_several: tuple[str, ...] = ()
    problems: tuple[SessionProblem, ...] = ()

    def to_text(self) -> str:
        """Return a line per term and one per oddity, for a console; no person is in it."""
        names = {row.session_id: row.title or row.session_id for row in self.rows}
        lines = [
            f"{'*' if row.is_proposed else ' '} {names[row.session_id]}"
            f" ({row.type}) {row.start_date or '?'} to {row.end_date or '?'}:"
            f" {len(row.org_ids)} schools, {row.classes} classes, {row.students} students"
            f"{_beside(row, names)}"
            for row in self.rows
        ]
        odd = {
            "without a term": self.classes_without_term,
            "only in past terms": self.classes_past,
            "in several terms": self.classes_in_several,
        }
        lines += [f"  {len(ids)} classes {words}" for words, ids in odd.items() if ids]
        lines += [
            f"  {problem.code} {problem.reason}: {len(problem.session_ids)} sessions"
            for problem in self.problems
        ]
        return "\n".join(lines)


def term_overview(roster: Roster, *, on: date, policy: TermPolicy | None = None) -> TermOverview:
    """
    Return what terms a roster has on a day, and which of them are proposed as current.

    Args:
        roster: One pull.
        on: The day, as the school counts it.
        policy: How terms decide; as in ``filter_terms``.
    """
    policy = policy or TermPolicy()
    sessions = roster.academic_sessions
    tree = session_tree(settle_ends(sessions) if policy.infer_ends else sessions)
    proposed = pick_default_terms(tree, on=on, policy=policy)
    overlaps = _overlaps(tree)
    students = _students(roster)
    rows = [_row(i, roster, tree, students, overlaps) for i in tree.sessions]
    current = frozenset(proposed)
    rows = [attrs.evolve(row, is_proposed=row.session_id in current) for row in rows]
    rows.sort(key=lambda row: (row.start_date or date.max, row.end_date or date.max))
    named = {
        c.sourced_id: [tree.windows[i] for i in c.session_ids if i in tree.windows]
        for c in roster.classes
    }
    past = {
        c.sourced_id
        for c in roster.classes
        if _is_past([*named[c.sourced_id], Window(start=c.begin_date, end=c.end_date)], on)
    }
    return TermOverview(
        on=on,
        rows=tuple(rows),
        proposed=proposed,
        classes_without_term=tuple(sorted(i for i, windows in named.items() if not windows)),
        classes_past=tuple(sorted(past)),
        classes_in_several=tuple(sorted(i for i, windows in named.items() if len(windows) > 1)),
        problems=tree.problems,
    )


def _beside(row: TermRow, names: Mapping[str, str]) -> str:
    """Return what a line says of the sessions that overlap one."""
    shown = ", ".join(names[i] for i in row.overlaps)
    more = row.overlap_count - len(row.overlaps)
    return (f", overlaps {shown}" if shown else "") + (f" and {more} more" if more else "")


def _row(
    session_id: str,
    roster: Roster,
    tree: SessionTree,
    students: Mapping[str, frozenset[str]],
    overlaps: "Mapping[str, _Overlaps]",
) -> TermRow:
    session, window = tree.sessions[session_id], tree.windows[session_id]
    classes = roster.classes_of_session(session_id)
    beside = overlaps.get(session_id, _Overlaps())
    enrolled = frozenset[str]().union(*(students.get(c.sourced_id, ()) for c in classes))
    return TermRow(
        session_id=session_id,
        title=session.title,
        type=session.type,
        start_date=window.start,
        end_date=window.end,
        end_semantics=session.end_semantics,
        org_ids=tuple(sorted({c.org_id for c in classes if c.org_id is not None})),
        classes=len(classes),
        students=len(enrolled),
        overlaps=tuple(sorted(beside.first)),
        overlap_count=beside.total,
    )


def _students(roster: Roster) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for e in roster.enrollments:
        if e.role is Role.student and e.class_id is not None and e.user_id is not None:
            found.setdefault(e.class_id, set()).add(e.user_id)
    return {class_id: frozenset(ids) for class_id, ids in found.items()}


class _Span(NamedTuple):
    start: date
    end: date
    session_id: str


class _Overlaps(NamedTuple):
    """Some of the sessions that one shares a day with, by their beginning, and their number."""

    first: tuple[str, ...] = ()
    total: int = 0


def _overlaps(tree: SessionTree) -> dict[str, _Overlaps]:
    """Return for each session the others of its type and school that it shares a day with."""
    groups: dict[object, list[_Span]] = {}
    for i, session in tree.sessions.items():
        start, end = tree.windows[i].start, tree.windows[i].end
        if start is not None and end is not None and start < end:
            groups.setdefault((session.org_id, session.type), []).append(_Span(start, end, i))
    return {i: found for spans in groups.values() for i, found in _overlaps_among(sorted(spans))}


def _overlaps_among(spans: list[_Span]) -> Iterator[tuple[str, _Overlaps]]:
    """Yield each session of one group, which comes sorted, with those it shares a day with."""
    starts, ends = [span.start for span in spans], sorted(span.end for span in spans)
    going: list[_Span] = []  # the first that go on, of those that began before
    begun: deque[_Span] = deque()  # the rest of these, over or not
    for place, span in enumerate(spans):
        going = [other for other in going if other.end > span.start]
        while begun and len(going) < _SHOWN:
            other = begun.popleft()
            going += [other] if other.end > span.start else []
        until = bisect_left(starts, span.end)
        total = until - 1 - bisect_right(ends, span.start)
        coming = spans[place + 1 : min(until, place + 1 + _SHOWN - len(going))]
        yield span.session_id, _Overlaps(tuple(s.session_id for s in (*going, *coming)), total)
        begun.append(span)


def _is_past(windows: list[Window], on: date) -> bool:
    """Return whether something is known of when, and all that is known is over."""
    known = [w for w in windows if not w.is_open]
    return bool(known) and all(w.end is not None and w.end <= on for w in known)
