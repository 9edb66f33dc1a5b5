"""
Instead of "delete all contacts and import again": the old id of each record, and its new one.

Nothing is deleted.  What has no new id stays as it is and is listed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from edlink.matching.report import MatchReport, StoredLink
from edlink.plain import to_plain

VERSION = 1


@attrs.frozen(kw_only=True)
class RekeyStep:
    """A host record, the provider's id that it had, if any, the one it gets, and the rule."""

    ref: str
    before: str | None
    after: str
    rule: str


@attrs.frozen(kw_only=True)
class RekeyPlan:
    """
    The new ids of a host's records, sorted by ref.

    ``unchanged`` counts those that keep their id.  ``left`` are refs that get none, ``open`` those
    that a person must settle first.
    """

    steps: tuple[RekeyStep, ...] = ()
    unchanged: int = 0
    left: tuple[str, ...] = ()
    open: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON-safe values."""
        return {"version": VERSION, **to_plain(self)}

    def inverse(self) -> tuple[tuple[str, str, str | None], ...]:
        """Return (ref, id to take away, id to put back) for each step, the last first."""
        return tuple((step.ref, step.after, step.before) for step in reversed(self.steps))


def plan_rekey(report: MatchReport, *, links: Iterable[StoredLink] = ()) -> RekeyPlan:
    """
    Return the id that each linked host record gets.

    Args:
        report: What matching found, made with the same links.
        links: The ids that the host has now; a record without one gets its first.
    """
    now = _now(links)
    steps = [
        RekeyStep(
            ref=link.existing, before=now.get(link.existing), after=link.incoming, rule=link.rule
        )
        for link in report.linked
        if now.get(link.existing) != link.incoming
    ]
    return RekeyPlan(
        steps=tuple(sorted(steps, key=lambda step: step.ref)),
        unchanged=len(report.linked) - len(steps),
        left=report.unmatched_existing,
        open=tuple(sorted(ref for group in report.groups() for ref in group.existing)),
    )


def _now(links: Iterable[StoredLink]) -> Mapping[str, str]:
    return {link.existing: link.incoming for link in links}
