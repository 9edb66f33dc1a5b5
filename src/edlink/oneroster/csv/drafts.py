"""
Each record as the row it will be, read back at once to see what the row cannot carry; pure.

Reading back is what makes the report of losses true: no second list of rules can disagree with
the reader.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from edlink.coverage import Issue
from edlink.model import Record, Relationship, RoleAssignment, User
from edlink.oneroster.convert import to_relationships
from edlink.oneroster.csv import cells as c
from edlink.oneroster.csv import convert
from edlink.oneroster.csv.convert import Rules
from edlink.oneroster.csv.layout import COLUMNS, LINK_TARGET, LINKS, CsvVersion
from edlink.oneroster.csv.limits import CsvLimits
from edlink.oneroster.csv.table import Row
from edlink.oneroster.values import read_id
from edlink.vocabulary import Kind, Status

#: What names of columns may use of a row's length.
_MAX_HEADER = CsvLimits().max_record_chars // 2


@attrs.frozen(kw_only=True, repr=False)
class Draft:
    """
    A record as it will be written, and as it will be read.

    ``roles`` are its rows of roles.csv, ``links`` those that link it to resources.  ``again`` is
    None where the record is not written: no reader would take the row, or it is deleted.
    """

    cells: c.Cells
    extras: c.Cells
    roles: tuple[c.Cells, ...] = ()
    links: tuple[c.Cells, ...] = ()
    again: Any = None


@attrs.frozen(kw_only=True)
class Drafter:
    """Makes drafts of one kind's records."""

    kind: Kind
    version: CsvVersion
    keys: tuple[str, ...]
    keep_modified: bool

    def draft(self, record: Any) -> Draft:  # noqa: ANN401 - a record of the kind
        """Return a record's draft."""
        modified = record.date_last_modified if self.keep_modified else None
        cells = _clean(
            {
                **self._cells(record),
                "sourcedId": record.sourced_id,
                "dateLastModified": c.write_moment(modified),
            }
        )
        metadata = record.metadata or {}
        extras = _clean(
            {key: metadata[key] for key in self.keys if isinstance(metadata.get(key), str)}
        )
        roles, links = self._roles(record), self._links(record)
        # A deleted record is no part of a bulk file: written, it would come to life again.
        is_deleted = record.status is Status.deleted
        again = None if is_deleted else self._read(cells, extras, roles)
        if again is not None and links:
            targets = dict.fromkeys(link[LINK_TARGET] for link in links)
            again = attrs.evolve(again, resource_ids=tuple(targets))
        return Draft(cells=cells, extras=extras, roles=roles, links=links, again=again)

    def _roles(self, record: Any) -> tuple[c.Cells, ...]:  # noqa: ANN401 - a record of the kind
        if self.kind is not Kind.user or self.version is not CsvVersion.v1_2:
            return ()
        rows = enumerate(record.roles, start=1)
        return tuple(_clean(c.role_cells(role, record.sourced_id, n)) for n, role in rows)

    def _links(self, record: Any) -> tuple[c.Cells, ...]:  # noqa: ANN401 - a record of the kind
        name, _ = LINKS.get(self.kind, ("", ""))
        if name not in COLUMNS[self.version]:
            return ()
        rows = enumerate(record.resource_ids, start=1)
        cells = (_clean(c.link_cells(self.kind, record.sourced_id, i, n)) for n, i in rows)
        return tuple(row for row in cells if read_id(row[LINK_TARGET]) and _fits(row))

    def _cells(self, record: Any) -> c.Cells:  # noqa: ANN401 - a record of the kind
        if self.kind is not Kind.user:
            return c.CELLS[self.kind](record)
        if self.version is CsvVersion.v1_2:
            return c.user_1_2_cells(record)
        return c.user_1_1_cells(record)

    def _read(self, cells: c.Cells, extras: c.Cells, roles: Iterable[c.Cells]) -> Any:  # noqa: ANN401 - a record of the kind
        row = _row(cells, extras)
        sourced_id = row.read("sourcedId", read_id)
        if sourced_id is None or not all(map(_fits, (cells | extras, *roles))):
            return None
        rules = Rules(version=self.version, keep_metadata=True)
        if self.kind is not Kind.user:
            return convert.CONVERTERS[self.kind](sourced_id, row, rules)
        return convert.to_user(sourced_id, row, rules, tuple(map(_assignment, roles)))


def with_children(drafts: Iterable[tuple[Any, Draft]]) -> list[tuple[Any, Draft]]:
    """Return records of a tree and their drafts, as they will be read all together."""
    pairs = list(drafts)
    read = convert.with_children([draft.again for _, draft in pairs if draft.again is not None])
    again = {record.sourced_id: record for record in read}
    return [(r, attrs.evolve(draft, again=again.get(r.sourced_id))) for r, draft in pairs]


def metadata_keys(records: Iterable[Any]) -> tuple[str, ...]:
    """Return the names of metadata that can be columns, sorted, as far as a header has room."""
    found = {key for record in records for key in record.metadata or {}}
    keys: list[str] = []
    room = _MAX_HEADER
    for key in sorted(found):
        length = 2 * len(key) + len('"",metadata.')
        if key == key.strip() == _writable(key) and length <= room:
            keys.append(key)
            room -= length
    return tuple(keys)


def lost_fields(record: Record, draft: Draft, kind: Kind) -> Iterator[Issue]:
    """Yield what a record loses by being written: nothing, an Issue of fields, or all of it."""
    if draft.again is None:
        yield Issue(kind=kind, reason="not_in_csv", sourced_id=record.sourced_id)
        return
    fields = _differences(record, draft.again)
    if fields:
        yield Issue(
            kind=kind,
            reason="not_in_csv",
            sourced_id=record.sourced_id,
            fields=fields,
            set_aside=False,
        )


def lost_relationships(
    relationships: Iterable[Relationship], users: Iterable[User]
) -> Iterator[Issue]:
    """
    Yield the relationships that the agents of the written users do not say.

    Args:
        relationships: The roster's.
        users: The users as they will be read.
    """
    found = {link.sourced_id: link for link in to_relationships(users)[0]}
    for link in relationships:
        again = found.get(link.sourced_id)
        if again != link:
            yield Issue(
                kind=Kind.relationship,
                reason="not_in_csv",
                sourced_id=link.sourced_id,
                fields=() if again is None else _differences(link, again),
                set_aside=again is None,
            )


def _differences(record: Any, again: Any) -> tuple[str, ...]:  # noqa: ANN401 - two of one class
    names = (field.name for field in attrs.fields(type(record)))
    return tuple(name for name in names if getattr(record, name) != getattr(again, name))


def _assignment(cells: c.Cells) -> RoleAssignment:
    row = _row(cells, {})
    return convert.to_role_assignment(row.read("sourcedId", read_id), row)


def _row(cells: c.Cells, extras: c.Cells) -> Row:
    return Row(position=0, cells=cells, extras={k: text for k, text in extras.items() if text})


def _clean(cells: c.Cells) -> c.Cells:
    return {column: _writable(text) for column, text in cells.items()}


def _writable(text: str) -> str:
    """Return text that UTF-8 and readers of CSV can carry, else nothing."""
    if "\0" in text:
        return ""
    return text if text.isascii() or _is_utf8(text) else ""


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fits(cells: c.Cells) -> bool:
    """Return whether a row is within what a reader takes by default."""
    length = sum(len(text) + text.count('"') + len('"",') for text in cells.values())
    return length < CsvLimits().max_record_chars
