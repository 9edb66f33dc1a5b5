"""Which academic session lies inside which: as records name it, else as their days show it."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from operator import attrgetter
from typing import NamedTuple

from edlink.model import AcademicSession
from edlink.vocabulary import SessionType

#: Which kind of session lies inside which: a higher number inside a lower one.
_RANKS: Mapping[SessionType, int] = {
    SessionType.school_year: 0,
    SessionType.semester: 1,
    SessionType.term: 2,
    SessionType.grading_period: 3,
}


def named_parents(by_id: Mapping[str, AcademicSession]) -> tuple[dict[str, str], set[str]]:
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


def cycles(parents: Mapping[str, str]) -> set[str]:
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


def contained(by_id: Mapping[str, AcademicSession], *, skip: Iterable[str]) -> dict[str, str]:
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

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    @property
    def kind_and_days(self) -> tuple[int, date, date]:
        return self.rank, self.start, self.end

    def sort_key(self) -> tuple[date, timedelta, int, str]:
        return self.start, -self.length, self.rank, self.sourced_id


def _holders(spans: list[_Span]) -> Iterator[tuple[str, str]]:
    """Yield each session with the one smallest larger kind of session around it."""
    same = Counter(span.kind_and_days for span in spans)
    held: dict[int, list[_Span]] = {rank: [] for rank in _RANKS.values()}
    for span in sorted(spans, key=_Span.sort_key):
        around = [s for rank in range(span.rank) for s in _shortest(held[rank], span.end)]
        if around:
            parent = min(around, key=lambda s: (s.length, -s.rank))
            if same[parent.kind_and_days] == 1:
                yield span.sourced_id, parent.sourced_id
        _hold(held[span.rank], span)


# Sessions of one kind that may be the smallest around those to come are held by their ends.  They
# come by their starts, so one that is longer than a later one, and ends no later, has nothing in
# it that the later one has not: it is let go.  Those left are the longer, the later they end.


def _shortest(held: list[_Span], end: date) -> list[_Span]:
    """Return the shortest of the sessions that last up to a day, if there are any."""
    place = bisect_left(held, end, key=attrgetter("end"))
    return held[place : place + 1]


def _hold(held: list[_Span], span: _Span) -> None:
    """Add a session that starts no earlier than those held."""
    place = first = bisect_right(held, span.end, key=attrgetter("end"))
    while first and held[first - 1].length > span.length:
        first -= 1
    held[first:place] = [span]
