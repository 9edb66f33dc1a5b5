"""The days of the terms that decide, joined, so that a class is held against few of them."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from operator import itemgetter

import attrs

from edlink.matching.sessions import SessionTree, Window

#: Ordinals of days, from the first up to and without the last.
_Span = tuple[int, int]

#: Spans that do not touch each other, in their order.
_Spans = tuple[_Span, ...]

#: No day comes so late.
_FOREVER = date.max.toordinal() + 1


@attrs.frozen(kw_only=True)
class TermDays:
    """
    The days of some of the terms that decide.

    Attributes:
        holds: Whether one of the terms holds the day asked for.
        around: Days of the terms that do.
        beside: Days of those that do not: they stand in for it.
    """

    holds: bool
    around: _Spans
    beside: _Spans

    @classmethod
    def of(cls, windows: Iterable[Window], on: date, *, grace_days: int) -> "TermDays":
        """Return the days of terms with some windows, asked for a day."""
        around: list[_Span] = []
        beside: list[_Span] = []
        for window in windows:
            holds = window.contains(on, grace_days=grace_days)
            (around if holds else beside).append(_span(window))
        return cls(holds=bool(around), around=_joined(around), beside=_joined(beside))

    def meet(self, days: Window) -> bool:
        """Return whether days have one in common with any of the terms."""
        return _meet(self.around, days) or _meet(self.beside, days)

    def meet_beside(self, days: Window) -> bool:
        """Return whether days have one in common with a term that does not hold the day."""
        return _meet(self.beside, days)


def together(parts: Iterable[TermDays]) -> TermDays:
    """Return the days of several; of one, however often it is given, as they are."""
    distinct = list({id(part): part for part in parts}.values())
    if len(distinct) == 1:
        return distinct[0]
    return TermDays(
        holds=any(part.holds for part in distinct),
        around=_joined(span for part in distinct for span in part.around),
        beside=_joined(span for part in distinct for span in part.beside),
    )


def passed_up(tree: SessionTree, own: Mapping[str, TermDays]) -> dict[str, TermDays]:
    """Return sessions that have days of their own or below them, with these days together."""
    parts = {i: [days] for i, days in own.items()}
    found = {}
    for i in reversed(tree.families(i for i in tree.sessions if i not in tree.parents)):
        if i in parts:
            found[i] = together(parts[i])
            if i in tree.parents:
                parts.setdefault(tree.parents[i], []).append(found[i])
    return found


def _span(window: Window) -> _Span:
    start = 0 if window.start is None else window.start.toordinal()
    return start, _FOREVER if window.end is None else window.end.toordinal()


def _joined(spans: Iterable[_Span]) -> _Spans:
    """Return the same days in as few spans as there can be."""
    found: list[_Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return tuple(found)


def _meet(spans: _Spans, days: Window) -> bool:
    """Return whether days have one in common with some span."""
    start, end = _span(days)
    place = bisect_right(spans, start, key=itemgetter(1))
    return start < end and place < len(spans) and spans[place][0] < end
