"""A package read with one version: its files as records of the model, one at a time."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import attrs

from edlink.coverage import Issue
from edlink.errors import NotFoundError
from edlink.model import Record, RoleAssignment
from edlink.oneroster.csv import convert
from edlink.oneroster.csv.convert import Rules
from edlink.oneroster.csv.faults import PROVIDER, refused, short
from edlink.oneroster.csv.layout import FILES, ROLES, CsvVersion
from edlink.oneroster.csv.limits import CsvLimits
from edlink.oneroster.csv.manifest import Mode
from edlink.oneroster.csv.package import Package
from edlink.oneroster.csv.spool import RoleSpool
from edlink.oneroster.csv.table import Header, Row, Table
from edlink.oneroster.values import read_id, read_status
from edlink.vocabulary import Kind, Status

#: Share of a file's rows that may be set aside before the file counts as not read.
MAX_BAD_SHARE = 0.01

#: Rows of a file that may be set aside whatever their share.
MAX_BAD = 10_000


@attrs.define(kw_only=True)
class Notes:
    """
    What happens while files are read.

    Attributes:
        on_issue: Called with each Issue.
        seen: Hash of the row by kind and sourced id, to find repeats; None lets repeats pass.
        repeats: Identical rows that were dropped, by kind.
        homeless_roles: Rows of roles.csv whose user was not in users.csv.
        headers: Each file's header, by its name.
    """

    on_issue: Callable[[Issue], None] = lambda _: None
    seen: dict[tuple[Kind, str], int] | None = None
    repeats: dict[Kind, int] = attrs.field(factory=dict)
    homeless_roles: int = 0
    headers: dict[str, Header] = attrs.field(factory=dict)


@attrs.define(kw_only=True)
class _Count:
    """Rows of one file, and how many of them were set aside."""

    name: str
    rows: int = 0
    bad: int = 0

    def set_aside(self) -> None:
        """Count one more, up to the limit."""
        self.bad += 1
        if self.bad > MAX_BAD:
            self.check()

    def check(self) -> None:
        """Raise when too many of the rows so far were set aside."""
        if self.bad > MAX_BAD or self.bad > self.rows * MAX_BAD_SHARE:
            message = f"{self.bad} of {self.rows} rows cannot be read"
            raise short("EDL-CSV-019", message, f"{self.name}.csv")


@attrs.frozen(kw_only=True, eq=False)
class DataSet:
    """An open package and how it is to be read."""

    package: Package
    version: CsvVersion
    limits: CsvLimits
    keep_metadata: bool

    def mode(self, name: str) -> Mode:
        """Return what a file is; without a manifest, or 1.0's, every file that is there is bulk."""
        manifest = self.package.manifest
        if manifest is not None and manifest.modes:
            return manifest.modes.get(name, Mode.absent)
        return Mode.bulk if name in self.package.members else Mode.absent

    @contextmanager
    def table(self, name: str) -> Iterator[Table]:
        """Give a file's table, and close the file at the end."""
        file = f"{name}.csv"
        with closing(self.package.members[name].chunks(self.limits, file=file)) as chunks:
            yield Table(chunks, name=name, max_chars=self.limits.max_record_chars)

    def records(self, kind: Kind, notes: Notes) -> Iterator[Any]:
        """
        Yield the records of a kind in their file's order, those marked deleted among them.

        Raises:
            NotFoundError: EDL-CSV-024 the package does not have the file.
            PayloadError: EDL-CSV-013 to 018 of the file; EDL-CSV-021 users of 1.2 without roles.
            IncompletePullError: EDL-CSV-019 too many rows cannot be read.
        """
        name = FILES[kind]
        if self.mode(name) is Mode.absent:
            message = "the package does not have the file"
            raise NotFoundError("EDL-CSV-024", message, provider=PROVIDER, endpoint=f"{name}.csv")
        with self.table(name) as table:
            notes.headers[name] = table.header
            if kind is Kind.user:
                yield from self._users(table, notes)
            else:
                rules, to_record = self._rules(), convert.CONVERTERS[kind]
                for sourced_id, row in _rows(table, kind, notes):
                    record = to_record(sourced_id, row, rules)
                    _note_failed(row, kind, sourced_id, notes)
                    yield record

    def _rules(self) -> Rules:
        return Rules(version=self.version, keep_metadata=self.keep_metadata)

    def _users(self, table: Table, notes: Notes) -> Iterator[Record]:
        rules = self._rules()
        if self.version is CsvVersion.v1_2 and "role" in table.header.columns:
            rules = attrs.evolve(rules, version=CsvVersion.v1_1)
        joined = rules.version is CsvVersion.v1_2
        with closing(RoleSpool(self._roles(notes) if joined else ())) as spool:
            notes.homeless_roles = len(spool)
            for sourced_id, row in _rows(table, Kind.user, notes):
                assigned = spool.of_user(sourced_id) if joined else ()
                notes.homeless_roles -= len(assigned)
                user = convert.to_user(sourced_id, row, rules, assigned)
                _note_failed(row, Kind.user, sourced_id, notes)
                yield user

    def _roles(self, notes: Notes) -> Iterator[tuple[str, RoleAssignment]]:
        """Yield each assignment with its user's id; those marked deleted become Issues."""
        if self.mode(ROLES) is Mode.absent:
            if self.mode(FILES[Kind.user]) is Mode.bulk:
                message = "users of OneRoster 1.2 need roles.csv, which is absent"
                raise refused("EDL-CSV-021", message, "users.csv")
            return
        with self.table(ROLES) as table:
            notes.headers[ROLES] = table.header
            count = _Count(name=ROLES)
            for row in table.rows():
                count.rows += 1
                user_id = None if isinstance(row, int) else row.read("userSourcedId", read_id)
                if isinstance(row, int) or user_id is None:
                    count.set_aside()
                    position = row if isinstance(row, int) else row.position
                    reason = "role_without_user"
                    notes.on_issue(Issue(kind=Kind.user, reason=reason, position=position))
                    continue
                assignment = convert.to_role_assignment(row.read("sourcedId", read_id), row)
                _note_failed(row, Kind.user, user_id, notes)
                if row.read("status", read_status) is Status.active:
                    yield user_id, assignment
                else:
                    _note(row, Kind.user, user_id, notes, reason="role_deleted", fields=("roles",))
            count.check()


def _rows(table: Table, kind: Kind, notes: Notes) -> Iterator[tuple[str, Row]]:
    """Yield each row with its sourced id; rows that cannot be a record become Issues."""
    count = _Count(name=table.name)
    for row in table.rows():
        count.rows += 1
        if isinstance(row, int):
            count.set_aside()
            notes.on_issue(Issue(kind=kind, reason="cell_count", position=row))
            continue
        sourced_id = row.read("sourcedId", read_id)
        if sourced_id is None:
            count.set_aside()
            notes.on_issue(Issue(kind=kind, reason="no_sourced_id", position=row.position))
            continue
        if row.has_surplus:
            _note(row, kind, sourced_id, notes, reason="cell_count")
        if notes.seen is None or _is_new((kind, sourced_id), row, notes, notes.seen, count):
            yield sourced_id, row
    count.check()


def _is_new(
    key: tuple[Kind, str], row: Row, notes: Notes, seen: dict[tuple[Kind, str], int], count: _Count
) -> bool:
    """Return whether no row had this id; a row that differs from the first becomes an Issue."""
    kind, sourced_id = key
    content = hash((*row.cells.values(), *row.extras.items()))
    first = seen.get(key)
    if first is None:
        seen[key] = content
        return True
    if first == content:
        notes.repeats[kind] = notes.repeats.get(kind, 0) + 1
    else:
        count.set_aside()
        issue = Issue(kind=kind, reason="repeated_id", sourced_id=sourced_id, position=row.position)
        notes.on_issue(issue)
    return False


def _note_failed(row: Row, kind: Kind, sourced_id: str, notes: Notes) -> None:
    """Report the cells of a row that were sent and could not be read."""
    if row.failed:
        fields = tuple(dict.fromkeys(row.failed))
        _note(row, kind, sourced_id, notes, reason="unreadable_field", fields=fields)


def _note(  # noqa: PLR0913 - what an Issue says
    row: Row,
    kind: Kind,
    sourced_id: str,
    notes: Notes,
    *,
    reason: str,
    fields: tuple[str, ...] = (),
) -> None:
    """Report something about a row that was kept."""
    issue = Issue(
        kind=kind,
        reason=reason,
        sourced_id=sourced_id,
        fields=fields,
        position=row.position,
        set_aside=False,
    )
    notes.on_issue(issue)
