"""What the doctor found, and how a sync ended; safe to print."""

from collections.abc import Mapping
from enum import StrEnum

import attrs

from edlink.vocabulary import Severity

Fact = int | float | str


def _facts(values: Mapping[str, Fact]) -> dict[str, Fact]:
    return dict(values)


def _tally(values: Mapping[str, int]) -> dict[str, int]:
    return dict(values)


@attrs.frozen(kw_only=True)
class Finding:
    """
    One thing the doctor looked at.

    Attributes:
        code: Stable identifier such as ``EDL-CHECK-004``.
        severity: ``ok`` when nothing needs doing.
        title: What was found, in one line, without personal data.
        evidence: Counts and shares (percent) by name.
        fix: The next step, as the provider's own screens name it, or an empty string.
        who: ``district``, ``partner`` (who makes the app), ``developer`` or ``nobody`` need act.
        org_id: The school it is about, or None for all.
    """

    code: str
    severity: Severity
    title: str
    evidence: Mapping[str, Fact] = attrs.field(factory=dict, converter=_facts)
    fix: str = ""
    who: str = "nobody"
    org_id: str | None = None

    @property
    def is_ok(self) -> bool:
        """Whether nothing needs doing."""
        return self.severity in (Severity.ok, Severity.info)

    def __str__(self) -> str:
        facts = ", ".join(f"{name} {value}" for name, value in self.evidence.items())
        text = f"{self.severity.upper()} {self.code} {self.title}" + (
            f" ({facts})" if facts else ""
        )
        return text + (f"\n    Fix ({self.who}): {self.fix}" if self.fix else "")


class Outcome(StrEnum):
    """How a sync ended."""

    success = "success"
    partial = "partial"
    failed = "failed"


@attrs.frozen(kw_only=True)
class SyncReport:
    """
    How one sync ended: an outcome, a stable code where it was not a success, and counts.

    Attributes:
        outcome: ``success``, ``partial`` (something was held or withheld) or ``failed``.
        code: Why it was not a success, such as ``EDL-PULL-003``, or None.
        counts: Numbers by name, such as ``matched_students`` or ``held``.
        warnings: Codes and how often each.
    """

    outcome: Outcome
    code: str | None = None
    counts: Mapping[str, int] = attrs.field(factory=dict, converter=_tally)
    warnings: Mapping[str, int] = attrs.field(factory=dict, converter=_tally)

    def to_text(self) -> str:
        """Return the report as lines of plain text; no person is in it."""
        head = f"Sync {self.outcome}" + (f" ({self.code})" if self.code else "")
        lines = [f"  {name.replace('_', ' ')}: {n}" for name, n in self.counts.items()]
        lines += [f"  warning {code}: {n}" for code, n in self.warnings.items()]
        return "\n".join([head, *lines])
