"""The academic sessions of a roster as a tree with settled dates, and what is wrong with them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import NamedTuple

import attrs

from edlink.matching.session_ends import EndVerdict, infer_end_semantics, later
from edlink.model import AcademicSession
from edlink.vocabulary import SessionType

#: Which kind of session lies inside which: a higher number inside a lower one.
_RANKS: Mapping[SessionType, int] = {
    SessionType.school_year: 0,
    SessionType.semester: 1,
    SessionType.term: 2,
    SessionType.grading_period: 3,
}


@attrs.frozen(kw_only=True)
class Window:
    """Days from ``start`` up to and without ``end``; None on a side means open there."""

    start: date | None = None
    end: date | None = None

    @property
    def is_open(self) -> bool:
        """Whether neither side is known."""
        return self.start is None and self.end is None

    def contains(self, on: date, *, grace_days: int = 0) -> bool:
        """Return whether a day lies inside, the end put off by ``grace_days``."""
        if self.start is not None and on < self.start:
            return False
        return self.end is None or on < later(self.end, grace_days)

    def overlaps(self, other: "Window") -> bool:
        """Return whether the two have a day in common."""
        starts = [day for day in (self.start, other.start) if day is not None]
        ends = [day for day in (self.end, other.end) if day is not None]
        return not starts or not ends or max(starts) < min(ends)


@attrs.frozen(kw_only=True)
class SessionProblem:
    """
    Something wrong with the sessions, or worked out in place of what was missing.

    Attributes:
        code: ``EDL-TERM-0xx``.
        reason: ``cycle``, ``unknown_parent``, ``parent_inferred``, ``no_dates``, ``backwards``,
            ``mixed_ends``, ``choice_unknown``.
        session_ids: The sessions concerned, sorted.
    """

    code: str
    reason: str
    session_ids: tuple[str, ...]


@attrs.frozen(kw_only=True)
class SessionTree:
    """
    Sessions with their parents and settled windows.

    Attributes:
        sessions: By sourced id, sorted.
        parents: Parent's id by session id; only those that exist and form no cycle.
        windows: Days of each session: its own, else its children's envelope, else its parent's.
        problems: What was wrong or had to be inferred.
    """

    sessions: Mapping[str, AcademicSession]
    parents: Mapping[str, str]
    windows: Mapping[str, Window]
    problems: tuple[SessionProblem, ...] = ()

    def ancestors(self, session_id: str) -> tuple[str, ...]:
        """Return the ids above a session, the nearest first."""
        found = []
        above = self.parents.get(session_id)
        while above is not None:
            found.append(above)
            above = self.parents.get(above)
        return tuple(found)

    def children(self, session_id: str) -> tuple[str, ...]:
        """Return the ids right below a session."""
        return self._children.get(session_id, ())

    def descendants(self, session_id: str) -> tuple[str, ...]:
        """Return the ids below a session, the nearest first."""
        found: list[str] = []
        level = self.children(session_id)
        while level:
            found.extend(level)
            level = tuple(c for child in level for c in self.children(child))
        return tuple(found)

    @cached_property
    def _children(self) -> Mapping[str, tuple[str, ...]]:
        return _children(self.parents)


def session_tree(sessions: Iterable[AcademicSession]) -> SessionTree:
    """
    Return the sessions as a tree, with a problem for each thing that is not as it should be.

    Parents come from ``parent_id`` or another's ``child_ids``.  Where neither is there, the
    smallest larger kind of session of the same school that contains the dates is taken, and
    reported.  A cycle is cut: its members have no parent.
    """
    by_id = {s.sourced_id: s for s in sorted(sessions, key=lambda s: s.sourced_id)}
    named, unknown = _named_parents(by_id)
    cyclic = _cycles(named)
    parents = {child: parent for child, parent in named.items() if child not in cyclic}
    inferred = _contained(by_id, skip=named.keys() | unknown)
    parents |= inferred
    windows = _windows(by_id, parents)
    found = {
        ("EDL-TERM-001", "cycle"): cyclic,
        ("EDL-TERM-002", "unknown_parent"): unknown,
        ("EDL-TERM-003", "parent_inferred"): inferred.keys(),
        ("EDL-TERM-004", "no_dates"): {i for i, window in windows.items() if window.is_open},
        ("EDL-TERM-005", "backwards"): {i for i, s in by_id.items() if _is_backwards(s)},
        ("EDL-TERM-006", "mixed_ends"): _mixed(by_id.values()),
    }
    problems = tuple(
        SessionProblem(code=code, reason=reason, session_ids=tuple(sorted(ids)))
        for (code, reason), ids in found.items()
        if ids
    )
    return SessionTree(sessions=by_id, parents=parents, windows=windows, problems=problems)


def active_sessions(tree: SessionTree, on: date, *, grace_days: int = 0) -> tuple[str, ...]:
    """Return the ids of all sessions that a day lies in, sorted; several may overlap."""
    return tuple(
        i
        for i, window in tree.windows.items()
        if not window.is_open and window.contains(on, grace_days=grace_days)
    )


def _is_backwards(session: AcademicSession) -> bool:
    start, end = session.start_date, session.end_date
    return start is not None and end is not None and end <= start


def _mixed(sessions: Iterable[AcademicSession]) -> set[str]:
    given = tuple(sessions)
    verdicts = infer_end_semantics(given)
    mixed = {group for group, verdict in verdicts.items() if verdict is EndVerdict.mixed}
    return {s.sourced_id for s in given if (s.org_id, s.type) in mixed}


def _named_parents(by_id: Mapping[str, AcademicSession]) -> tuple[dict[str, str], set[str]]:
    """Return the parents that records name, and the sessions whose named parent is not there."""
    listed: dict[str, set[str]] = {}
    for session in by_id.values():
        for child in session.child_ids:
            listed.setdefault(child, set()).add(session.sourced_id)
    named: dict[str, str] = {}
    unknown: set[str] = set()
    for i, session in by_id.items():
        claims = listed.get(i, set())
        parent = session.parent_id or (min(claims) if len(claims) == 1 else None)
        if parent is not None and parent in by_id:
            named[i] = parent
        elif parent is not None:
            unknown.add(i)
    return named, unknown


def _cycles(parents: Mapping[str, str]) -> set[str]:
    """Return the members of every cycle."""
    cyclic: set[str] = set()
    settled: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        at: str | None = start
        while at is not None and at not in settled and at not in path:
            path[at] = None
            at = parents.get(at)
        if at in path:
            steps = list(path)
            cyclic.update(steps[steps.index(at) :])
        settled.update(path)
    return cyclic


def _contained(by_id: Mapping[str, AcademicSession], *, skip: Iterable[str]) -> dict[str, str]:
    """Return a parent by containment for sessions that name none."""
    skipped = set(skip)
    groups: dict[str | None, list[_Span]] = {}
    for session in by_id.values():
        start, end = session.start_date, session.end_date
        if session.type in _RANKS and start is not None and end is not None and start < end:
            span = _Span(start, end, _RANKS[session.type], session.sourced_id)
            groups.setdefault(session.org_id, []).append(span)
    return {
        child: parent
        for spans in groups.values()
        for child, parent in _holders(spans)
        if child not in skipped
    }


class _Span(NamedTuple):
    start: date
    end: date
    rank: int
    sourced_id: str

    def sort_key(self) -> tuple[date, int, int, str]:
        return self.start, -(self.end - self.start).days, self.rank, self.sourced_id


def _holders(spans: list[_Span]) -> Iterator[tuple[str, str]]:
    """Yield each session with the one smallest larger kind of session around it."""
    # One entry per days and rank: many sessions with the same days cost as much as one, and
    # None says that several have them, so that none of these can be the parent.
    around: dict[tuple[date, date, int], str | None] = {}
    for span in sorted(spans, key=_Span.sort_key):
        around = {key: i for key, i in around.items() if key[1] > span.start}
        holding = [key for key in around if key[1] >= span.end and key[2] < span.rank]
        if holding:
            parent = around[min(holding, key=lambda key: (key[1] - key[0], -key[2], key))]
            if parent is not None:
                yield span.sourced_id, parent
        days = (span.start, span.end, span.rank)
        around[days] = None if days in around else span.sourced_id


def _children(parents: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for child, parent in parents.items():
        found.setdefault(parent, []).append(child)
    return {parent: tuple(children) for parent, children in found.items()}


def _windows(by_id: Mapping[str, AcademicSession], parents: Mapping[str, str]) -> dict[str, Window]:
    """Return each session's days: its own, else its children's envelope, else its parent's."""
    children = _children(parents)
    order = [i for i in by_id if i not in parents]
    for i in order:
        order.extend(children.get(i, ()))  # grows while it is walked: parents before children
    found: dict[str, Window] = {}
    for i in reversed(order):
        session, below = by_id[i], [found[c] for c in children.get(i, ())]
        starts = [w.start for w in below if w.start is not None]
        ends = [w.end for w in below if w.end is not None]
        found[i] = Window(
            start=session.start_date or min(starts, default=None),
            end=session.end_date or max(ends, default=None),
        )
    for i in order:
        above = found[parents[i]] if i in parents else Window()
        found[i] = Window(start=found[i].start or above.start, end=found[i].end or above.end)
    return {i: found[i] for i in by_id}
