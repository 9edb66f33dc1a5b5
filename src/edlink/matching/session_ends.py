"""What neighbouring sessions say of their end dates, where a provider does not say it."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

import attrs

from edlink.model import AcademicSession
from edlink.vocabulary import EndSemantics, SessionType


class EndVerdict(StrEnum):
    """
    What neighbouring sessions say of the end dates as the model holds them.

    ``exclusive``: the next begins on the end date, so it is right.  ``inclusive``: the next begins
    a day later, so the end date is the last day.  ``overlong``: the next begins a day earlier.
    ``mixed``: the sessions disagree.  ``unknown``: no two are neighbours.
    """

    exclusive = "exclusive"
    inclusive = "inclusive"
    overlong = "overlong"
    mixed = "mixed"
    unknown = "unknown"


_GAPS: Mapping[int, EndVerdict] = {
    0: EndVerdict.exclusive,
    1: EndVerdict.inclusive,
    -1: EndVerdict.overlong,
}

#: Days to add to an end date; sessions that disagree keep both days.
_SHIFTS: Mapping[EndVerdict, int] = {
    EndVerdict.exclusive: 0,
    EndVerdict.inclusive: 1,
    EndVerdict.overlong: -1,
    EndVerdict.mixed: 1,
}

#: Sessions of one type in one school.
Group = tuple[str | None, SessionType]


def later(day: date, days: int) -> date:
    """Return the day so many days on, or the last, or first, that there is."""
    ordinal = min(max(day.toordinal() + days, date.min.toordinal()), date.max.toordinal())
    return date.fromordinal(ordinal)


def infer_end_semantics(sessions: Iterable[AcademicSession]) -> dict[Group, EndVerdict]:
    """
    Return for each school and type of session what its neighbours say of the end dates.

    Sessions whose provider states its convention are not judged.
    """
    windows: dict[Group, set[tuple[date, date]]] = {}
    for session in sessions:
        if session.end_semantics is EndSemantics.stated:
            continue
        known = windows.setdefault((session.org_id, session.type), set())
        if session.start_date and session.end_date:
            known.add((session.start_date, session.end_date))
    return {group: _verdict(sorted(windows[group])) for group in sorted(windows, key=str)}


def _verdict(windows: list[tuple[date, date]]) -> EndVerdict:
    starts = {start for start, _ in windows}
    found = {
        verdict
        for start, end in windows
        for days, verdict in _GAPS.items()
        if (neighbour := later(end, days)) in starts and neighbour > start
    }
    if not found:
        return EndVerdict.unknown
    return found.pop() if len(found) == 1 else EndVerdict.mixed


def settle_ends(sessions: Iterable[AcademicSession]) -> tuple[AcademicSession, ...]:
    """
    Return the sessions with end dates as their neighbours imply, marked ``inferred``.

    A session whose provider states its convention, or without neighbours, comes back as it is.
    """
    given = tuple(sessions)
    verdicts = infer_end_semantics(given)
    return tuple(_settled(session, verdicts) for session in given)


def _settled(session: AcademicSession, verdicts: Mapping[Group, EndVerdict]) -> AcademicSession:
    verdict = verdicts.get((session.org_id, session.type), EndVerdict.unknown)
    stated = session.end_semantics is EndSemantics.stated
    if stated or session.end_date is None or verdict is EndVerdict.unknown:
        return session
    end = later(session.end_date, _SHIFTS[verdict])
    semantics = session.end_semantics if verdict is EndVerdict.mixed else EndSemantics.inferred
    return attrs.evolve(session, end_date=end, end_semantics=semantics)
