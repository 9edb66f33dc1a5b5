"""
Bytes to records of cells: UTF-8, RFC 4180, in bounded memory.

The csv module takes whole lines, so a line's length is bounded before it is handed over.
"""

import codecs
import csv
from collections.abc import Iterable, Iterator

from edlink.oneroster.csv.faults import refused


def read_records(chunks: Iterable[bytes], *, file: str, max_chars: int) -> Iterator[list[str]]:
    """
    Yield each record's cells, the header's first; empty lines are left out.

    Args:
        chunks: The file's bytes.
        file: Its name, for errors.
        max_chars: Characters of one record with its line breaks.

    Raises:
        PayloadError: EDL-CSV-013 not UTF-8, 014 a NUL, 015 a record too long, 016 not CSV.
    """
    lines = _Lines(chunks, file=file, max_chars=max_chars)
    reader = csv.reader(lines, strict=True)
    while True:
        try:
            record = next(reader, None)
        except csv.Error:
            record, broken = None, True
        else:
            broken = False
        if broken:
            message = f"line {lines.number} cannot be read as CSV: its quotes do not match"
            raise refused("EDL-CSV-016", message, file)
        if record is None:
            return
        lines.used = 0
        if record:
            yield record


class _Lines:
    """Lines of text with their endings; ``used`` counts characters since the caller reset it."""

    def __init__(self, chunks: Iterable[bytes], *, file: str, max_chars: int) -> None:
        self.number = 0
        self.used = 0
        self._file = file
        self._max = max_chars
        self._lines = self._split(self._decode(chunks))

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        self.used += len(line)
        if self.used > self._max:
            self._refuse_length()
        if "\0" in line:
            raise refused("EDL-CSV-014", f"line {self.number} holds a NUL", self._file)
        return line

    def _split(self, texts: Iterable[str]) -> Iterator[str]:
        rest = ""
        for text in texts:
            *lines, rest = (rest + text).split("\n")
            for line in lines:
                yield line + "\n"
            if len(rest) > self._max:
                self.number += 1
                self._refuse_length()
        if rest:
            yield rest

    def _decode(self, chunks: Iterable[bytes]) -> Iterator[str]:
        """Yield text without a byte-order mark, up to the first byte that is not UTF-8."""
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        for chunk in _with_end(chunks):
            try:
                text, good = decoder.decode(chunk, final=not chunk), True
            except UnicodeDecodeError as error:
                text, good = error.object[: error.start].decode(), False
            yield text
            # The lines before the fault were handed out by now, so that their number is known.
            if not good:
                message = f"line {self.number + 1} is not UTF-8"
                fix = "Export the files as UTF-8."
                raise refused("EDL-CSV-013", message, self._file, fix=fix)

    def _refuse_length(self) -> None:
        message = f"the row at line {self.number} is longer than {self._max} characters"
        raise refused("EDL-CSV-015", message, self._file)


def _with_end(chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield from (chunk for chunk in chunks if chunk)
    yield b""
