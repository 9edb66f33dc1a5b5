"""What the doctor found, and how a sync ended; safe to print."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from html import escape
from typing import Any

import attrs

from edlink.errors import EdlinkError
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
        code: Stable identifier such as ``EDL-CHECK-602``.
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
        counts: Numbers by name, in the order in which they are shown: ``matched_students``,
            ``matched_teachers``, ``unmatched_users``, ``imported_classes``, ``contacts``,
            ``links``, ``created``, ``changed``, ``unchanged``, ``archived``, ``held``.
        warnings: Codes and how often each.
    """

    outcome: Outcome
    code: str | None = None
    counts: Mapping[str, int] = attrs.field(factory=dict, converter=_tally)
    warnings: Mapping[str, int] = attrs.field(factory=dict, converter=_tally)

    @classmethod
    def failure(cls, error: EdlinkError) -> "SyncReport":
        """Return the report of a sync that an error ended before anything was planned."""
        return cls(outcome=Outcome.failed, code=error.code)

    def to_text(self) -> str:
        """Return the report as lines of plain text; no person is in it."""
        head = f"Sync {self.outcome}" + (f" ({self.code})" if self.code else "")
        return "\n".join([head, *(f"  {name}: {n}" for name, n in self._lines())])

    def to_html(self) -> str:
        """Return the report as one HTML table; no person is in it."""
        code = f" ({escape(self.code)})" if self.code else ""
        rows = "".join(f"<tr><td>{escape(name)}</td><td>{n}</td></tr>" for name, n in self._lines())
        return f"<table><caption>Sync {self.outcome}{code}</caption>{rows}</table>"

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-safe values."""
        return {
            "outcome": str(self.outcome),
            "code": self.code,
            "counts": dict(self.counts),
            "warnings": dict(self.warnings),
        }

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        return self.to_html()

    def _lines(self) -> Iterator[tuple[str, int]]:
        for name, n in self.counts.items():
            yield name.replace("_", " "), n
        for code, n in self.warnings.items():
            yield f"warning {code}", n
