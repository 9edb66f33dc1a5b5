"""What the doctor says of a package."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edlink import Finding, Severity
from edlink.oneroster.csv import OneRosterCsv

Make = Callable[..., Path]
Open = Callable[..., OneRosterCsv]
Files = Mapping[str, str]


def found(findings: tuple[Finding, ...], code: str) -> list[Finding]:
    return [finding for finding in findings if finding.code == code]


def test_a_good_package(make_zip: Make, open_csv: Open) -> None:
    """A good package has its counts and shares, and nothing to do."""
    findings = open_csv(make_zip()).check_access()
    assert all(finding.is_ok for finding in findings)
    assert found(findings, "EDL-CHECK-301")[0].evidence == {"files": 7, "version": "1.1"}
    rows = [finding.evidence["rows"] for finding in found(findings, "EDL-CHECK-303")]
    assert rows == [1, 3, 2, 2, 4, 3, 2]
    evidence = {
        code: dict(found(findings, f"EDL-CHECK-{code}")[0].evidence)
        for code in (305, 306, 307, 308)
    }
    assert evidence == {
        305: {"demographics": 2, "with birth date (percent)": 100},
        306: {"students": 2, "with e-mail (percent)": 50},
        307: {"family": 1, "students with a link (percent)": 100},
        308: {"sessions": 1},
    }


def test_nothing_there(tmp_path: Path, open_csv: Open) -> None:
    """A package that cannot be opened is one finding, with the error's code."""
    (finding,) = open_csv(tmp_path / "nowhere").check_access()
    assert finding.severity is Severity.error
    assert finding.evidence["error"] == "EDL-CSV-001"


def test_a_poor_package(make_zip: Make, open_csv: Open, files_1_1: Files) -> None:
    """What is absent, broken, empty or tolerated is said, with the step that mends it."""
    manifest = files_1_1["manifest.csv"].replace("enrollments,bulk", "enrollments,absent")
    changes = {
        "manifest.csv": manifest.replace("demographics,bulk", "demographics,absent"),
        "users.csv": b"\xff",
        "classes.csv": files_1_1["classes.csv"].splitlines()[0],
        "academicSessions.csv": files_1_1["academicSessions.csv"].replace("2026-08-10", "soon"),
        "demographics.csv": None,
    }
    findings = open_csv(make_zip(changes)).check_access()
    files = [(f.severity, f.title) for f in found(findings, "EDL-CHECK-303")]
    assert files == [
        (Severity.warning, "academicSessions.csv can be read"),
        (Severity.ok, "orgs.csv can be read"),
        (Severity.ok, "courses.csv can be read"),
        (Severity.warning, "classes.csv has no rows"),
        (Severity.error, "users.csv cannot be read"),
        (Severity.warning, "enrollments.csv is absent"),
        (Severity.info, "demographics.csv is absent"),
    ]
    for code in ("305", "306", "307", "308"):
        (finding,) = found(findings, f"EDL-CHECK-{code}")
        assert finding.severity is Severity.warning
        assert finding.fix
    assert [f.evidence["warning"] for f in found(findings, "EDL-CHECK-309")] == ["EDL-WARN-304"]


@pytest.mark.parametrize("content", [None, "sourcedId,name\n"], ids=["absent", "no rows"])
def test_a_package_without_orgs_is_an_error(
    make_zip: Make, open_csv: Open, content: str | None
) -> None:
    """What a pull would refuse, the check calls an error, with the step that mends it."""
    findings = open_csv(make_zip({"manifest.csv": None, "orgs.csv": content})).check_access()
    (finding,) = [f for f in findings if f.severity is Severity.error]
    assert finding.title.startswith("orgs.csv")
    assert (finding.who, bool(finding.fix)) == ("district", True)


def test_an_old_package(make_zip: Make, open_csv: Open) -> None:
    """A package that is days old is a warning, by the time that is given."""
    path = make_zip()
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    findings = open_csv(path).check_access(now=written + timedelta(days=9))
    (finding,) = found(findings, "EDL-CHECK-304")
    assert (finding.severity, finding.evidence) == (Severity.warning, {"days": 9})


def test_without_manifest(make_zip: Make, open_csv: Open) -> None:
    """Without a manifest nothing is said of one."""
    findings = open_csv(make_zip({"manifest.csv": None})).check_access()
    assert found(findings, "EDL-CHECK-302") == []


def test_without_a_date(make_zip: Make, open_csv: Open) -> None:
    """Where the place does not say when the package was written, its age is not judged."""
    path = make_zip()
    os.utime(path, (0, 0))
    assert found(open_csv(path).check_access(), "EDL-CHECK-304") == []
