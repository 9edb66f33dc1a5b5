"""What terms a roster has, for the person who must choose among them."""

from collections.abc import Mapping
from datetime import date

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
        overlaps: Other sessions of the same type and school with a day in common, sorted.
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
        lines = [
            f"{'*' if row.is_proposed else ' '} {row.title or row.session_id}"
            f" ({row.type}) {row.start_date or '?'} to {row.end_date or '?'}:"
            f" {len(row.org_ids)} schools, {row.classes} classes, {row.students} students"
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
    rows = [attrs.evolve(row, is_proposed=row.session_id in set(proposed)) for row in rows]
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


def _row(
    session_id: str,
    roster: Roster,
    tree: SessionTree,
    students: Mapping[str, frozenset[str]],
    overlaps: Mapping[str, tuple[str, ...]],
) -> TermRow:
    session, window = tree.sessions[session_id], tree.windows[session_id]
    classes = roster.classes_of_session(session_id)
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
        overlaps=overlaps.get(session_id, ()),
    )


def _students(roster: Roster) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for e in roster.enrollments:
        if e.role is Role.student and e.class_id is not None and e.user_id is not None:
            found.setdefault(e.class_id, set()).add(e.user_id)
    return {class_id: frozenset(ids) for class_id, ids in found.items()}


def _overlaps(tree: SessionTree) -> dict[str, tuple[str, ...]]:
    """Return for each session the others of its type and school that it shares a day with."""
    groups: dict[object, list[tuple[date, date, str]]] = {}
    for i, session in tree.sessions.items():
        window = tree.windows[i]
        if window.start is not None and window.end is not None:
            key = (session.org_id, session.type)
            groups.setdefault(key, []).append((window.start, window.end, i))
    found: dict[str, list[str]] = {}
    for spans in groups.values():
        running: list[tuple[date, date, str]] = []
        for span in sorted(spans):
            running = [other for other in running if other[1] > span[0]]
            for other in running:
                found.setdefault(other[2], []).append(span[2])
                found.setdefault(span[2], []).append(other[2])
            running.append(span)
    return {i: tuple(sorted(ids)) for i, ids in found.items()}


def _is_past(windows: list[Window], on: date) -> bool:
    """Return whether something is known of when, and all that is known is over."""
    known = [w for w in windows if not w.is_open]
    return bool(known) and all(w.end is not None and w.end <= on for w in known)
