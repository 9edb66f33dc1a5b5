"""Findings and reports: plain words, codes and numbers."""

import pytest

from edlink.report import Finding, Outcome, SyncReport
from edlink.vocabulary import Severity


@pytest.mark.parametrize(
    ("severity", "is_ok"),
    [
        (Severity.ok, True),
        (Severity.info, True),
        (Severity.warning, False),
        (Severity.error, False),
    ],
)
def test_a_finding_is_fine_unless_it_warns(severity: Severity, is_ok: bool) -> None:
    """Only warnings and errors ask somebody to act."""
    assert Finding(code="EDL-CHECK-001", severity=severity, title="x").is_ok is is_ok


def test_a_finding_prints_what_who_and_how() -> None:
    """The text holds severity, code, title, evidence and the step to take."""
    finding = Finding(
        code="EDL-CHECK-004",
        severity=Severity.warning,
        title="few birth dates",
        evidence={"students": 10, "share": 40.0},
        fix="Switch on Demographics",
        who="district",
    )
    assert str(finding) == (
        "WARNING EDL-CHECK-004 few birth dates (students 10, share 40.0)\n"
        "    Fix (district): Switch on Demographics"
    )


def test_a_finding_without_evidence_or_fix_is_one_line() -> None:
    """Where nothing needs doing the text is short."""
    finding = Finding(code="EDL-CHECK-001", severity=Severity.ok, title="reachable")
    assert str(finding) == "OK EDL-CHECK-001 reachable"


def test_evidence_is_a_copy() -> None:
    """Changing what a finding was made of does not change the finding."""
    facts = {"students": 1}
    finding = Finding(code="c", severity=Severity.ok, title="t", evidence=facts)
    facts.clear()
    assert finding.evidence == {"students": 1}


def test_a_report_prints_outcome_counts_and_warnings() -> None:
    """The text of a report is for a log or an e-mail."""
    report = SyncReport(
        outcome=Outcome.partial,
        code="EDL-PULL-003",
        counts={"matched_students": 12},
        warnings={"EDL-WARN-001": 3},
    )
    assert report.to_text() == (
        "Sync partial (EDL-PULL-003)\n  matched students: 12\n  warning EDL-WARN-001: 3"
    )


def test_a_report_of_success_needs_no_code() -> None:
    """A sync that went well has nothing to explain."""
    assert SyncReport(outcome=Outcome.success).to_text() == "Sync success"
