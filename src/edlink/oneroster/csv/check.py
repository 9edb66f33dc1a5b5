"""What a first sync of a package would meet, as findings."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime

import attrs

from edlink.coverage import RosterWarning
from edlink.errors import ProviderError
from edlink.model import AcademicSession, Demographics, Record, User
from edlink.oneroster.csv.dataset import DataSet
from edlink.oneroster.csv.layout import FILES
from edlink.oneroster.csv.manifest import Mode
from edlink.oneroster.csv.notices import notices
from edlink.oneroster.csv.pull import NEVER_EMPTY
from edlink.oneroster.csv.walk import Notes
from edlink.report import Finding
from edlink.vocabulary import Kind, Role, Severity

#: Days after which a package that should come nightly is taken to be left behind.
_OLD = 3

_FAMILY = frozenset({Role.guardian, Role.relative, Role.contact})

_NEEDED = frozenset(FILES) - {Kind.demographics, Kind.course}


@attrs.define
class _Shares:
    """Counts of what matching and terms need."""

    today: date
    students: int = 0
    with_email: int = 0
    with_agent: int = 0
    family: int = 0
    demographics: int = 0
    birth_dates: int = 0
    current: int = 0


def check_data(open_data: Callable[[], DataSet], *, now: datetime) -> tuple[Finding, ...]:
    """
    Return the findings of a package, or the one that says why it cannot be opened.

    Args:
        open_data: Opens it.
        now: The time its age is measured at, in UTC.
    """
    try:
        data = open_data()
    except ProviderError as error:
        return (_failed("EDL-CHECK-301", "the package cannot be opened", error),)
    return tuple(_findings(data, now))


def _findings(data: DataSet, now: datetime) -> Iterator[Finding]:
    files = len(data.package.members)
    yield Finding(
        code="EDL-CHECK-301",
        severity=Severity.ok,
        title="the package is whole",
        evidence={"files": files, "version": str(data.version)},
    )
    yield from _about_manifest(data)
    yield from _about_age(data, now)
    shares, notes = _Shares(today=now.date()), Notes()
    for kind in FILES:
        yield _about_file(data, kind, notes, shares)
    yield from _about_shares(shares)
    for warning in notices(data, notes, ()):
        yield _tolerated(warning)


def _about_manifest(data: DataSet) -> Iterator[Finding]:
    if data.package.manifest is not None:
        evidence = {name: str(data.mode(name)) for name in FILES.values()}
        yield Finding(
            code="EDL-CHECK-302",
            severity=Severity.ok,
            title="the manifest says what each file is",
            evidence=evidence,
        )


def _about_age(data: DataSet, now: datetime) -> Iterator[Finding]:
    if data.package.modified is None:
        return
    days = (now - data.package.modified).days
    old = days > _OLD
    yield Finding(
        code="EDL-CHECK-304",
        severity=Severity.warning if old else Severity.ok,
        title="the package is old" if old else "the package is recent",
        evidence={"days": days},
        fix="Ask the district whether its nightly export still runs." if old else "",
        who="district" if old else "nobody",
    )


def _about_file(data: DataSet, kind: Kind, notes: Notes, shares: _Shares) -> Finding:
    name = FILES[kind]
    mode = data.mode(name)
    if mode is Mode.absent:
        needed = kind in _NEEDED
        severity = Severity.warning if needed else Severity.info
        return Finding(
            code="EDL-CHECK-303",
            severity=Severity.error if kind in NEVER_EMPTY else severity,
            title=f"{name}.csv is absent",
            fix=f"Ask the district to export {name}.csv." if needed else "",
            who="district" if needed else "nobody",
        )
    rows = set_aside = 0

    def count(_: object) -> None:
        nonlocal set_aside
        set_aside += 1

    notes.on_issue = count
    try:
        for record in data.records(kind, notes):
            rows += 1
            _look(record, shares)
    except ProviderError as error:
        return _failed("EDL-CHECK-303", f"{name}.csv cannot be read", error)
    lost = kind in NEVER_EMPTY and not rows
    severity = Severity.ok if rows and not set_aside else Severity.warning
    return Finding(
        code="EDL-CHECK-303",
        severity=Severity.error if lost else severity,
        title=f"{name}.csv can be read" if rows else f"{name}.csv has no rows",
        evidence={"rows": rows, "issues": set_aside, "mode": str(mode)},
        fix=f"Ask the district to export {name}.csv with its rows." if lost else "",
        who="district" if lost else "nobody",
    )


def _look(record: Record, shares: _Shares) -> None:
    """Count what a record says of matching and terms."""
    if isinstance(record, Demographics):
        shares.demographics += 1
        shares.birth_dates += record.birth_date is not None
    elif isinstance(record, AcademicSession):
        start, end = record.start_date, record.end_date
        shares.current += start is not None and end is not None and start <= shares.today < end
    elif isinstance(record, User):
        roles = {role.role for role in record.roles}
        shares.family += not roles.isdisjoint(_FAMILY)
        if Role.student in roles:
            shares.students += 1
            shares.with_email += record.email is not None
            shares.with_agent += bool(record.agent_ids)


def _about_shares(shares: _Shares) -> Iterator[Finding]:
    share = _share(shares.birth_dates, shares.demographics)
    yield _judged(
        "EDL-CHECK-305",
        "demographics with a birth date",
        {"demographics": shares.demographics, "with birth date (percent)": share},
        good=share > 0,
        fix="Ask the district to export demographics.csv with birthDate.",
    )
    share = _share(shares.with_email, shares.students)
    yield _judged(
        "EDL-CHECK-306",
        "students with an e-mail address",
        {"students": shares.students, "with e-mail (percent)": share},
        good=share > 0,
        fix="Ask the district to export the students' e-mail addresses.",
    )
    share = _share(shares.with_agent, shares.students)
    evidence = {"family": shares.family, "students with a link (percent)": share}
    yield _judged(
        "EDL-CHECK-307",
        "parents and their links to students",
        evidence,
        good=bool(shares.family and share),
        fix="Ask the district to export parents, and agentSourcedIds of users.",
    )
    yield _judged(
        "EDL-CHECK-308",
        "sessions that cover today",
        {"sessions": shares.current},
        good=shares.current > 0,
        fix="Ask the district to export the current school year's sessions.",
    )


def _share(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def _judged(code: str, title: str, evidence: Mapping[str, int], *, good: bool, fix: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.ok if good else Severity.warning,
        title=title,
        evidence=evidence,
        fix="" if good else fix,
        who="nobody" if good else "district",
    )


def _tolerated(warning: RosterWarning) -> Finding:
    return Finding(
        code="EDL-CHECK-309",
        severity=warning.severity,
        title=warning.message,
        evidence={"warning": warning.code, "count": warning.count},
    )


def _failed(code: str, title: str, error: ProviderError) -> Finding:
    """Return the finding of an error; its message holds no person."""
    return Finding(
        code=code,
        severity=Severity.error,
        title=title,
        evidence={"error": error.code, "file": error.endpoint},
        fix=error.fix or error.message,
        who="district",
    )
