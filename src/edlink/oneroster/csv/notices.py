"""What was tolerated in a data set, as warnings with counts; pure."""

from collections.abc import Iterable, Iterator

from edlink.coverage import CoverageEntry, RosterWarning
from edlink.oneroster.csv.dataset import DataSet
from edlink.oneroster.csv.layout import COLUMNS, FILES, LINKS, ROLES, CsvVersion
from edlink.oneroster.csv.manifest import Mode
from edlink.oneroster.csv.walk import Notes
from edlink.vocabulary import Kind, Severity

#: Columns whose absence says nothing: a bulk file leaves the first two empty, no password is read.
_UNREAD = frozenset({"status", "dateLastModified", "password"})


def notices(
    data: DataSet, notes: Notes, entries: Iterable[CoverageEntry]
) -> tuple[RosterWarning, ...]:
    """
    Return what a host must know of a data set that was read.

    Args:
        data: The data set.
        notes: What happened while it was read.
        entries: What can be said of each kind.
    """
    return (
        *data.package.warnings,
        *_manifest_warnings(data),
        *_header_warnings(data, notes),
        *_row_warnings(notes, entries),
        *_delta_warnings(data),
    )


def _manifest_warnings(data: DataSet) -> Iterator[RosterWarning]:
    manifest = data.package.manifest
    if manifest is None and data.version is not CsvVersion.v1_0:
        message = "there is no manifest.csv; every file was taken to be whole"
        yield RosterWarning(code="EDL-WARN-303", message=message)
    unlisted = [name for name in data.package.members if data.mode(name) is Mode.absent]
    if unlisted:
        message = "files are there that the manifest calls absent; they were not read"
        yield RosterWarning(code="EDL-WARN-304", message=message, count=len(unlisted))


def _header_warnings(data: DataSet, notes: Notes) -> Iterator[RosterWarning]:
    kinds = {name: kind for kind, name in FILES.items()} | {ROLES: Kind.user}
    kinds |= {name: kind for kind, (name, _) in LINKS.items()}
    for name, header in notes.headers.items():
        kind = kinds[name]
        if header.misspelt:
            message = f"columns of {name}.csv are misspelt and were understood"
            yield RosterWarning(
                code="EDL-WARN-308", message=message, kind=kind, count=header.misspelt
            )
        standard = COLUMNS[data.version].get(name, ())
        missing = set(standard) - header.columns.keys() - _UNREAD
        if missing and data.version is not CsvVersion.v1_0:
            message = f"columns of the standard are not in {name}.csv"
            yield RosterWarning(code="EDL-WARN-309", message=message, kind=kind, count=len(missing))
        if header.foreign:
            message = f"columns of {name}.csv are neither the standard's nor metadata"
            yield RosterWarning(
                code="EDL-WARN-310",
                message=message,
                kind=kind,
                count=header.foreign,
                severity=Severity.info,
            )
        if data.version is CsvVersion.v1_2 and name == "users" and "role" in header.columns:
            message = "users.csv of a 1.2 package has roles as in 1.1; roles.csv was not read"
            yield RosterWarning(code="EDL-WARN-307", message=message, kind=kind)


def _row_warnings(notes: Notes, entries: Iterable[CoverageEntry]) -> Iterator[RosterWarning]:
    for kind, count in notes.repeats.items():
        message = "identical rows were dropped"
        yield RosterWarning(code="EDL-WARN-313", message=message, kind=kind, count=count)
    if notes.homeless_roles:
        message = "rows of roles.csv belong to no user of users.csv"
        yield RosterWarning(
            code="EDL-WARN-316", message=message, kind=Kind.user, count=notes.homeless_roles
        )
    for entry in entries:
        if entry.reason == "empty":
            message = "a file has no records; they may not be shared"
            yield RosterWarning(code="EDL-WARN-311", message=message, kind=entry.kind)


def _delta_warnings(data: DataSet) -> Iterator[RosterWarning]:
    delta = [name for name in FILES.values() if data.mode(name) is Mode.delta]
    if delta:
        message = "the package holds changes only; what it leaves out has not changed"
        yield RosterWarning(
            code="EDL-WARN-305", message=message, count=len(delta), severity=Severity.info
        )
        apart = {"child_ids", "resource_ids"}
        if data.version is CsvVersion.v1_2 and data.mode("users") is Mode.delta:
            apart |= {"roles", "primary_org_id"}
        message = "what other rows add to a record is in a delta only where it changed"
        yield RosterWarning(code="EDL-WARN-314", message=message, distrusts=frozenset(apart))
