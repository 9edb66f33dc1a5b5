"""One file as rows by column name, whatever the order and spelling of its columns."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import attrs

from edlink.oneroster.csv.faults import refused, short
from edlink.oneroster.csv.layout import KNOWN, MISSPELT, NAMES_1_0, NEEDED
from edlink.oneroster.csv.records import read_records
from edlink.readers import UnreadableError

T = TypeVar("T")

_METADATA = "metadata."


@attrs.define(kw_only=True, repr=False)
class Row:
    """
    One row's cells by the standard's column names, and its further cells by theirs.

    ``position`` is from 0, the header not counted.  ``has_surplus`` says that empty cells beyond
    the header's were dropped.  ``failed`` are the columns whose cells could not be read.
    """

    position: int
    cells: dict[str, str]
    extras: dict[str, str]
    has_surplus: bool = False
    failed: list[str] = attrs.field(factory=list)

    def read(self, column: str, reader: Callable[[object], T]) -> T:
        """Return what a reader of ``values`` makes of a cell; unreadable counts as not sent."""
        try:
            return reader(self.cells.get(column))
        except (UnreadableError, OverflowError):  # the second: no UTC at the calendar's ends
            self.failed.append(column)
        return reader(None)


@attrs.frozen(kw_only=True)
class Header:
    """
    Where each column is.

    Attributes:
        columns: Place of each known column, by the standard's name.
        extras: Place of each other column, by its own name without ``metadata.``.
        misspelt: Number of columns understood in spite of their spelling.
        foreign: Number of columns that are neither the standard's nor ``metadata.`` ones.
        looks_1_0: Whether a name is used that only 1.0 has.
        width: Number of cells of each row.
    """

    columns: dict[str, int]
    extras: dict[str, int]
    misspelt: int
    foreign: int
    looks_1_0: bool
    width: int


class Table:
    """A file's header, read at once, and its rows, read once, as they are asked for."""

    def __init__(self, chunks: Iterable[bytes], *, name: str, max_chars: int) -> None:
        """
        Read the header.

        Args:
            chunks: The file's bytes.
            name: The file's name in the manifest, such as ``users``.
            max_chars: Characters of one record with its line breaks.

        Raises:
            IncompletePullError: EDL-CSV-010 the file is empty.
            PayloadError: EDL-CSV-013 to 016 as ``read_records``, 017 a column twice,
                018 a needed column is missing.
        """
        self.name = name
        self.file = f"{name}.csv"
        self._records = read_records(chunks, file=self.file, max_chars=max_chars)
        names = next(self._records, None)
        if names is None:
            message = "the file is empty, it has not even a header"
            raise short("EDL-CSV-010", message, self.file, retryable=True)
        self.header = read_header(names, name=name)

    def rows(self) -> Iterator[Row | int]:
        """
        Yield each row, or the position of one whose cells are not as many as the header's.

        Empty cells at a row's end, more than the header has, lose nothing and are dropped.
        """
        columns = tuple(self.header.columns.items())
        extras = tuple(self.header.extras.items())
        width = self.header.width
        for position, record in enumerate(self._records):
            if len(record) < width or any(record[width:]):
                yield position
                continue
            yield Row(
                position=position,
                cells={name: record[place] for name, place in columns},
                extras={name: record[place] for name, place in extras if record[place]},
                has_surplus=len(record) > width,
            )


def read_header(names: list[str], *, name: str) -> Header:
    """
    Return where each column of a file is.

    Raises:
        PayloadError: EDL-CSV-017 a column twice, 018 a needed column is missing.
    """
    known, old, file = KNOWN[name], NAMES_1_0.get(name, {}), f"{name}.csv"
    folded = [text.strip().lower() for text in names]
    columns: dict[str, int] = {}
    extras: dict[str, int] = {}
    misspelt = foreign = 0
    looks_1_0 = False
    for place, text in enumerate(folded):
        if text in known:
            _put(columns, known[text], place, file=file)
    for place, text in enumerate(folded):
        if text in known:
            continue
        if text in old and old[text] not in columns:
            columns[old[text]] = place
            looks_1_0 = True
        elif MISSPELT.get(text, "").lower() in known and MISSPELT[text] not in columns:
            columns[MISSPELT[text]] = place
            misspelt += 1
        else:
            _put(extras, names[place].strip().removeprefix(_METADATA), place, file=file)
            foreign += not text.startswith(_METADATA)
    if any(column not in columns for column in NEEDED[name]):
        message = f"the header lacks one of {', '.join(NEEDED[name])}"
        raise refused("EDL-CSV-018", message, file, fix="Export the files with their header row.")
    return Header(
        columns=columns,
        extras=extras,
        misspelt=misspelt,
        foreign=foreign,
        looks_1_0=looks_1_0,
        width=len(names),
    )


def _put(places: dict[str, int], column: str, place: int, *, file: str) -> None:
    if column in places:
        raise refused("EDL-CSV-017", f"columns {places[column] + 1} and {place + 1} are one", file)
    places[column] = place
