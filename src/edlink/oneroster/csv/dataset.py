"""A package read with one version: its files as records of the model, one at a time."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import attrs

from edlink.coverage import Issue
from edlink.errors import NotFoundError
from edlink.oneroster.csv import convert
from edlink.oneroster.csv.convert import Rules
from edlink.oneroster.csv.faults import PROVIDER, refused
from edlink.oneroster.csv.layout import FILES, LINK_TARGET, LINKS, ROLES, CsvVersion
from edlink.oneroster.csv.limits import CsvLimits
from edlink.oneroster.csv.manifest import Mode
from edlink.oneroster.csv.package import Package
from edlink.oneroster.csv.spool import Spool, spool_role, spooled_role
from edlink.oneroster.csv.table import Row, Table
from edlink.oneroster.csv.walk import Count, Notes, note, note_failed, read_rows
from edlink.oneroster.values import read_id, read_status
from edlink.vocabulary import Kind, Status


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
        with self.table(name) as table, closing(Spool(self._links(kind, notes))) as links:
            notes.headers[name] = table.header
            records = (
                self._users(table, notes) if kind is Kind.user else self._each(kind, table, notes)
            )
            for record in records:
                found = links.of(record.sourced_id)
                yield attrs.evolve(record, resource_ids=_unique(found)) if found else record

    def _rules(self) -> Rules:
        return Rules(version=self.version, keep_metadata=self.keep_metadata)

    def _each(self, kind: Kind, table: Table, notes: Notes) -> Iterator[Any]:
        rules, to_record = self._rules(), convert.CONVERTERS[kind]
        for sourced_id, row in read_rows(table, kind, notes):
            record = to_record(sourced_id, row, rules)
            note_failed(row, kind, sourced_id, notes)
            yield record

    def _users(self, table: Table, notes: Notes) -> Iterator[Any]:
        rules = self._rules()
        if self.version is CsvVersion.v1_2 and "role" in table.header.columns:
            rules = attrs.evolve(rules, version=CsvVersion.v1_1)
        joined = rules.version is CsvVersion.v1_2
        with closing(Spool(self._roles(notes) if joined else ())) as spool:
            notes.homeless_roles = len(spool)
            for sourced_id, row in read_rows(table, Kind.user, notes):
                found = spool.of(sourced_id)
                notes.homeless_roles -= len(found)
                assigned = tuple(spooled_role(cells) for cells in found)
                user = convert.to_user(sourced_id, row, rules, assigned)
                note_failed(row, Kind.user, sourced_id, notes)
                yield user

    def _roles(self, notes: Notes) -> Iterator[tuple[str | None, ...]]:
        """Yield each assignment for the spool; those marked deleted become Issues."""
        if self.mode(ROLES) is Mode.absent:
            if self.mode(FILES[Kind.user]) is Mode.bulk:
                message = "users of OneRoster 1.2 need roles.csv, which is absent"
                raise refused("EDL-CSV-021", message, "users.csv")
            return
        for user_id, row in self._joined(ROLES, ("userSourcedId",), Kind.user, notes):
            assignment = convert.to_role_assignment(row.read("sourcedId", read_id), row)
            note_failed(row, Kind.user, user_id, notes)
            if row.read("status", read_status) is Status.active:
                yield spool_role(user_id, assignment)
            else:
                note(row, Kind.user, user_id, notes, reason="role_deleted", fields=("roles",))

    def _links(self, kind: Kind, notes: Notes) -> Iterator[tuple[str | None, ...]]:
        """Yield the ids of each record of a kind and of a resource it names, for the spool."""
        name, owner = LINKS.get(kind, ("", ""))
        if name and self.mode(name) is not Mode.absent:
            needed = (owner, LINK_TARGET)
            for owner_id, row in self._joined(name, needed, kind, notes):
                if row.read("status", read_status) is Status.active:
                    yield owner_id, row.read(LINK_TARGET, read_id)

    def _joined(
        self, name: str, needed: tuple[str, ...], kind: Kind, notes: Notes
    ) -> Iterator[tuple[str, Row]]:
        """Yield each row of a file that belongs to others' records, with the other's id."""
        with self.table(name) as table:
            notes.headers[name] = table.header
            count = Count(name=name)
            for row in table.rows():
                count.rows += 1
                ids = [None] if isinstance(row, int) else [row.read(n, read_id) for n in needed]
                if isinstance(row, int) or ids[0] is None or None in ids:
                    count.set_aside()
                    position = row if isinstance(row, int) else row.position
                    reason = "row_without_record"
                    notes.on_issue(Issue(kind=kind, reason=reason, position=position))
                else:
                    yield ids[0], row
            count.check()


def _unique(found: list[tuple[str | None, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cell for cell, *_ in found if cell is not None))
