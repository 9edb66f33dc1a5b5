"""Rows on their way to records: what is set aside, counted and reported."""

from collections.abc import Callable, Iterator

import attrs

from edlink.coverage import Issue
from edlink.oneroster.csv.faults import short
from edlink.oneroster.csv.table import Header, Row, Table
from edlink.oneroster.values import read_id
from edlink.vocabulary import Kind

#: Rows of a file that may be set aside however short it is.
MAX_FEW = 5

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
class Count:
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
        if self.bad > MAX_BAD or self.bad > max(MAX_FEW, self.rows * MAX_BAD_SHARE):
            message = f"{self.bad} of {self.rows} rows cannot be read"
            raise short("EDL-CSV-019", message, f"{self.name}.csv")


def read_rows(table: Table, kind: Kind, notes: Notes) -> Iterator[tuple[str, Row]]:
    """Yield each row with its sourced id; rows that cannot be a record become Issues."""
    count = Count(name=table.name)
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
            note(row, kind, sourced_id, notes, reason="cell_count")
        if notes.seen is None or _is_new((kind, sourced_id), row, notes, notes.seen, count):
            yield sourced_id, row
    count.check()


def _is_new(
    key: tuple[Kind, str], row: Row, notes: Notes, seen: dict[tuple[Kind, str], int], count: Count
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
        issue = Issue(
            kind=kind, reason="duplicate_id", sourced_id=sourced_id, position=row.position
        )
        notes.on_issue(issue)
    return False


def note_failed(row: Row, kind: Kind, sourced_id: str, notes: Notes) -> None:
    """Report the cells of a row that were sent and could not be read."""
    if row.failed:
        fields = tuple(dict.fromkeys(row.failed))
        note(row, kind, sourced_id, notes, reason="unreadable_field", fields=fields)


def note(  # noqa: PLR0913 - what an Issue says
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
