"""A roster as a OneRoster CSV package, and what it could not carry."""

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from edlink.coverage import Issue
from edlink.errors import ConfigError
from edlink.oneroster.csv.convert import TREES
from edlink.oneroster.csv.drafts import (
    Draft,
    Drafter,
    lost_fields,
    lost_relationships,
    metadata_keys,
    with_children,
)
from edlink.oneroster.csv.layout import (
    COLUMNS,
    FILES,
    LINKS,
    MANIFEST,
    MANIFEST_FILES,
    ROLES,
    CsvVersion,
)
from edlink.oneroster.csv.manifest import Mode
from edlink.oneroster.csv.sinks import FolderSink, ZipSink, open_sink
from edlink.roster import Roster
from edlink.vocabulary import Kind

#: The cells of a row by the standard's columns, and by names of metadata.
_Cells = tuple[dict[str, str], dict[str, str]]

_PROPERTIES = ("propertyName", "value")


@attrs.frozen(kw_only=True, repr=False)
class Written:
    """
    What ``write_csv`` wrote.

    Attributes:
        counts: Rows by file.
        lost: What the package does not carry: kind, id and the model's field names, with
            ``set_aside`` where a whole record is not in it.
    """

    counts: Mapping[str, int]
    lost: tuple[Issue, ...]

    def __repr__(self) -> str:
        return f"Written({dict(self.counts)}, lost={len(self.lost)})"


def write_csv(
    roster: Roster,
    path: str | os.PathLike[str],
    version: str = "1.2",
    *,
    allow_loss: bool = True,
    keep_modified: bool = True,
) -> Written:
    """
    Write a roster as a bulk package, whole or not at all, and return what was lost.

    Read again with ``keep_metadata``, every collection is equal but for what ``lost`` names: each
    record is read back while it is written, and compared.  Equal rosters give equal bytes.  Files
    can be read by their owner only.  A kind without records whose coverage is not complete is
    ``absent`` in the manifest, so that it is withheld when read, not empty.

    Neither version carries: ``child_ids`` that no ``parent_id`` says, fields that only other
    providers have, metadata that are not text, list items with commas, text with surrounding
    blanks or NULs, identifiers in another order than userIds, identifier, userMasterIdentifier;
    relationships that are not in ``agent_ids``; tombstones.  Issues, warnings and coverage are
    the pull's, not the data's.  1.1 also lacks: resources of users, more than one role word,
    dates and primary marks of roles, ``primary_org_id`` other than the first, the master
    identifier, preferred names, pronouns, and that the end dates of sessions are stated to be
    exclusive.

    Values are written as they are.  Where a spreadsheet may open the file, mind that it takes
    cells that begin with ``=`` for formulas.

    Args:
        roster: What to write.
        path: ``.zip`` for a ZIP, which replaces an existing file; else a new or empty folder.
        version: ``1.1`` or ``1.2``.
        allow_loss: False to write nothing and raise where anything would be lost.
        keep_modified: False to leave ``dateLastModified`` empty, as the standard has it for bulk
            files; strict readers refuse it filled.

    Raises:
        ConfigError: EDL-CONF-024 the folder is not empty, EDL-CONF-025 a version that is not
            written, EDL-CONF-026 something would be lost.
        OSError: It cannot be written.
    """
    if version not in list(MANIFEST_FILES):
        raise ConfigError("EDL-CONF-025", "OneRoster CSV is written as 1.1 or 1.2")
    writer = _Writer(roster, CsvVersion(version), keep_modified=keep_modified)
    with open_sink(Path(path)) as sink:
        writer.write(sink)
        if writer.lost and not allow_loss:
            message = f"{len(writer.lost)} records hold what OneRoster CSV {version} cannot carry"
            raise ConfigError("EDL-CONF-026", message, fix="Allow it, and look at what was lost.")
    return Written(counts=writer.counts, lost=tuple(writer.lost))


class _Writer:
    """One roster on its way into one package."""

    def __init__(self, roster: Roster, version: CsvVersion, *, keep_modified: bool) -> None:
        self.counts: dict[str, int] = {}
        self.lost: list[Issue] = []
        self._roster = roster
        self._version = version
        self._keep_modified = keep_modified
        self._joined: dict[str, list[dict[str, str]]] = {}
        self._users: list[Any] = []

    def write(self, sink: ZipSink | FolderSink) -> None:
        """Write the manifest, then each file."""
        kinds = [kind for kind in FILES if self._is_known(kind)]
        present = {FILES[kind] for kind in kinds}
        if Kind.user in kinds and self._version is CsvVersion.v1_2:
            present.add(ROLES)
        linked = {name for kind, (name, _) in LINKS.items() if self._is_linked(kind)}
        present |= linked & set(COLUMNS[self._version])
        self._write_manifest(sink, present)
        self._joined = {name: [] for name in sorted(present - set(FILES.values()))}
        for kind in kinds:
            self._write_kind(sink, kind)
        for name, rows in self._joined.items():
            self._write_rows(sink, name, (), len(rows), _without_metadata(rows))
        self.lost += lost_relationships(self._roster.relationships, self._users)
        self.lost += (
            Issue(kind=t.kind, reason="tombstone", sourced_id=t.sourced_id)
            for t in self._roster.tombstones
        )

    def _is_known(self, kind: Kind) -> bool:
        return bool(self._roster.records(kind)) or self._roster.coverage.is_complete(kind)

    def _is_linked(self, kind: Kind) -> bool:
        records: tuple[Any, ...] = self._roster.records(kind)
        return any(record.resource_ids for record in records)

    def _write_manifest(self, sink: ZipSink | FolderSink, present: set[str]) -> None:
        with sink.file(MANIFEST, 0) as stream:
            writer = csv.writer(stream)
            writer.writerow(_PROPERTIES)
            writer.writerow(("manifest.version", "1.0"))
            writer.writerow(("oneroster.version", self._version))
            for name in MANIFEST_FILES[self._version]:
                mode = Mode.bulk if name in present else Mode.absent
                writer.writerow((f"file.{name}", mode))
            writer.writerow(("source.systemName", "edlink"))

    def _write_kind(self, sink: ZipSink | FolderSink, kind: Kind) -> None:
        records = self._roster.records(kind)
        keys = metadata_keys(records)
        drafter = Drafter(
            kind=kind, version=self._version, keys=keys, keep_modified=self._keep_modified
        )
        rows = self._rows(drafter, records)
        self._write_rows(sink, FILES[kind], keys, len(records), rows)

    def _rows(self, drafter: Drafter, records: Iterable[Any]) -> Iterator[_Cells]:
        drafts: Iterable[tuple[Any, Draft]] = ((r, drafter.draft(r)) for r in records)
        if drafter.kind in TREES:
            drafts = with_children(drafts)
        for record, draft in drafts:
            losses = tuple(lost_fields(record, draft, drafter.kind))
            self.lost += losses
            if any(loss.set_aside for loss in losses):
                continue
            if drafter.kind is Kind.user:
                self._users.append(draft.again)
            self._join(ROLES, draft.roles)
            if drafter.kind in LINKS:
                self._join(LINKS[drafter.kind][0], draft.links)
            yield draft.cells, draft.extras

    def _join(self, name: str, rows: tuple[dict[str, str], ...]) -> None:
        if rows:
            self._joined[name] += rows

    def _write_rows(
        self,
        sink: ZipSink | FolderSink,
        name: str,
        keys: tuple[str, ...],
        expected: int,
        rows: Iterable[_Cells],
    ) -> None:
        columns = COLUMNS[self._version][name]
        count = 0
        with sink.file(f"{name}.csv", expected) as stream:
            writer = csv.writer(stream)
            writer.writerow((*columns, *(f"metadata.{key}" for key in keys)))
            for cells, extras in rows:
                count += 1
                known = (cells.get(column, "") for column in columns)
                writer.writerow((*known, *(extras.get(key, "") for key in keys)))
        self.counts[name] = count


def _without_metadata(rows: Iterable[dict[str, str]]) -> Iterator[_Cells]:
    return ((cells, {}) for cells in rows)
