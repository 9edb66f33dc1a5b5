"""The academic sessions of a roster as a tree with settled dates, and what is wrong with them."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property

import attrs

from edlink.matching.session_ends import EndVerdict, infer_end_semantics, later
from edlink.matching.session_parents import contained, cycles, named_parents
from edlink.model import AcademicSession


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
        return self.families([session_id])[1:]

    def families(self, session_ids: Iterable[str]) -> tuple[str, ...]:
        """Return the ids of some sessions and of all below them, each once, the nearest first."""
        found = dict.fromkeys(session_ids)
        order = list(found)
        for i in order:  # grows while it is walked
            below = [child for child in self.children(i) if child not in found]
            found |= dict.fromkeys(below)
            order += below
        return tuple(order)

    @cached_property
    def _children(self) -> Mapping[str, tuple[str, ...]]:
        return _children(self.parents)


def session_tree(sessions: Iterable[AcademicSession]) -> SessionTree:
    """
    Return the sessions as a tree, with a problem for each thing that is not as it should be.

    Parents come from ``parent_id`` or another's ``child_ids``.  Where neither is there, the
    smallest larger kind of session of the same school that contains the dates is taken, and
    reported.  A cycle is cut: its members have no parent.  Where what the records name and what
    is inferred would make one, only the inferred parents go.
    """
    by_id = {s.sourced_id: s for s in sorted(sessions, key=lambda s: s.sourced_id)}
    named, unknown = named_parents(by_id)
    cyclic = cycles(named)
    parents = {child: parent for child, parent in named.items() if child not in cyclic}
    inferred = contained(by_id, skip=named.keys() | unknown)
    looped = cycles(parents | inferred)
    inferred = {child: parent for child, parent in inferred.items() if child not in looped}
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
