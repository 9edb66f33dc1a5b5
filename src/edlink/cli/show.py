"""What the command prints: findings, rosters, progress; never a person."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from edlink.errors import EdlinkError
from edlink.report import Finding
from edlink.roster import COLLECTIONS, Roster, RosterSource
from edlink.roster import Progress as OnProgress
from edlink.vocabulary import Severity

out = Console(highlight=False)

_COLORS = {
    Severity.ok: "green",
    Severity.info: "cyan",
    Severity.warning: "yellow",
    Severity.error: "red",
}


def say(text: str, color: str | None = None) -> None:
    """Print a text as it is: nothing in it is markup, and no line is broken."""
    typer.secho(text, fg=color)


@contextmanager
def told() -> Iterator[None]:
    """Turn an error of ours, of a file or of an import into one line on stderr and exit code 1."""
    try:
        yield
    except (EdlinkError, ImportError) as error:
        told = str(error)
    except OSError as error:
        told = f"{error.strerror or 'a file cannot be read or written'}: {error.filename or ''}"
    else:
        return
    typer.secho(told, fg="red", err=True)
    raise typer.Exit(1)


def pull(source: RosterSource, *, allow_partial: bool = False) -> tuple[Roster, float]:
    """Return a roster pulled under a progress bar, and the seconds it took."""
    started = time.monotonic()
    with _progress() as on_progress:
        roster = source.pull_roster(allow_partial=allow_partial, progress=on_progress)
    return roster, time.monotonic() - started


@contextmanager
def _progress() -> Iterator[OnProgress]:
    columns = (TextColumn("{task.description:>18}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=out) as bar:
        tasks = {}

        def on_progress(collection: str, rows: int, expected: int | None) -> None:
            if collection not in tasks:
                tasks[collection] = bar.add_task(collection, total=expected)
            bar.update(tasks[collection], completed=rows, total=expected or rows)

        yield on_progress


def show_findings(findings: tuple[Finding, ...]) -> None:
    """Print each finding; of several about schools, the worst and how many there are."""
    groups: dict[tuple[str, bool], list[Finding]] = {}
    for finding in findings:
        alone = finding.org_id is None
        groups.setdefault((finding.code + finding.title * alone, finding.is_ok), []).append(finding)
    for group in groups.values():
        worst = min(group, key=lambda finding: float(finding.evidence.get("percent", 0)))
        _show_finding(worst, len(group) - 1)


def _show_finding(finding: Finding, others: int) -> None:
    color = _COLORS[finding.severity]
    facts = ", ".join(f"{name} {value}" for name, value in finding.evidence.items())
    more = f"; {others} more schools" if others else ""
    word = f"[{color}]{finding.severity:8}[/{color}]"
    told = escape(f"{finding.code} {finding.title} ({facts}{more})")
    out.print(word + told, soft_wrap=True)
    if not finding.is_ok:
        say(f"{'':8}{finding.who}: {finding.fix}")


def show_roster(roster: Roster) -> None:
    """Print counts, coverage and codes."""
    table = Table(title=escape(str(roster.source)), title_justify="left")
    for name in ("records", "count", "coverage"):
        table.add_column(name, justify="right" if name == "count" else "left")
    summary = roster.summary()
    for kind, (name, count) in zip(COLLECTIONS, summary["records"].items(), strict=True):
        table.add_row(name, f"{count:,}", summary["coverage"].get(kind, ""))
    out.print(table)
    for title, counts in (
        ("people by role", summary["users_by_role"]),
        ("marked deleted", summary["tombstones"]),
        ("issues", summary["issues"]),
        ("warnings", summary["warnings"]),
    ):
        text = ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"
        say(f"{title}: {text}")
