"""
Where packages lie: a file or folder of this machine.

A place is looked at more than once, because an upload may be under way.
"""

import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import attrs

from edlink.oneroster.csv.faults import attempt, refused

#: Endings of the names that matter; everything else in a folder is left alone.
ENDINGS = (".csv", ".zip")


@attrs.frozen
class Item:
    """
    One regular file at a place.

    ``modified`` is in seconds since 1970 UTC; 0.0 where the place does not say.
    """

    name: str
    size: int
    modified: float


class Place(Protocol):
    """A file, or a folder of files, somewhere."""

    is_folder: bool

    def look(self) -> tuple[Item, ...]:
        """Return the CSV and ZIP files that are there now, in order of their names."""

    def open(self, name: str) -> BinaryIO:
        """Return one of them, opened for reading bytes, seekable."""

    def close(self) -> None:
        """Close the connection, where there is one."""


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except ValueError:
        pass
    # No file's name has a NUL or half a surrogate pair in it.
    raise FileNotFoundError


class LocalPlace:
    """A file or folder of this machine; links that leave the folder are refused."""

    def __init__(self, path: Path) -> None:
        self._path = path
        mode = attempt(partial(_stat, path)).st_mode
        self.is_folder = stat.S_ISDIR(mode)

    def look(self) -> tuple[Item, ...]:
        """Return the CSV and ZIP files that are there now, in order of their names."""
        return attempt(lambda: tuple(self._items()))

    def open(self, name: str) -> BinaryIO:
        """Return one of them, opened for reading bytes."""
        path = self._path / name if self.is_folder else self._path
        return attempt(lambda: cast("BinaryIO", path.open("rb")))

    def close(self) -> None:
        """Nothing is held."""

    def _items(self) -> Iterator[Item]:
        if not self.is_folder:
            facts = self._path.stat()
            yield Item(self._path.name, facts.st_size, facts.st_mtime)
            return
        root = self._path.resolve()
        for path in sorted(self._path.iterdir()):
            if not path.name.lower().endswith(ENDINGS):
                continue
            if not path.resolve().is_relative_to(root):
                message = "a link in the folder leads out of it"
                raise refused("EDL-CSV-022", message)
            facts = path.stat()
            if stat.S_ISREG(facts.st_mode):
                yield Item(path.name, facts.st_size, facts.st_mtime)
