"""Where a package is written: whole or not at all, readable by its owner only."""

import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from edlink.errors import ConfigError

#: The earliest date a ZIP can say: equal rosters give equal bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)

_UNIX = 3
_OWNER_ONLY = 0o600

#: Rows of a file from which its entry gets the sizes of more than 4 GiB.
_MANY = 1_000_000


class ZipSink:
    """A ZIP with the same bytes for the same files."""

    def __init__(self, part: Path) -> None:
        self._zip = zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED)

    @contextmanager
    def file(self, name: str, rows: int) -> Iterator[TextIO]:
        """Give a file of the package to write text to."""
        info = zipfile.ZipInfo(name, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.create_system = _UNIX
        info.external_attr = _OWNER_ONLY << 16
        with (
            self._zip.open(info, "w", force_zip64=rows > _MANY) as raw,
            io.TextIOWrapper(raw, encoding="utf-8", newline="") as text,
        ):
            yield text

    def close(self) -> None:
        """Write the list of entries."""
        self._zip.close()


class FolderSink:
    """A folder of files."""

    def __init__(self, part: Path) -> None:
        self._part = part

    @contextmanager
    def file(self, name: str, rows: int) -> Iterator[TextIO]:  # noqa: ARG002 - as ZipSink
        """Give a file of the package to write text to."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        handle = os.open(self._part / name, flags, _OWNER_ONLY)
        with open(handle, "w", encoding="utf-8", newline="") as text:  # noqa: PTH123 - a handle
            yield text

    def close(self) -> None:
        """Nothing is held."""


@contextmanager
def open_sink(target: Path) -> Iterator[ZipSink | FolderSink]:
    """
    Give a place to write a package to; it takes the target's place at the end without a fault.

    Args:
        target: ``.zip`` is a ZIP, which replaces an existing file; else a folder that is not
            there or is empty.

    Raises:
        ConfigError: EDL-CONF-024 the folder is not empty.
        OSError: It cannot be written.
    """
    is_zip = target.suffix.lower() == ".zip"
    if not is_zip and target.is_dir() and any(target.iterdir()):
        message = "the folder to write to is not empty"
        raise ConfigError("EDL-CONF-024", message, fix="Name a new folder, or a .zip file.")
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        part = work / "package"
        sink: ZipSink | FolderSink
        if is_zip:
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
            sink = ZipSink(part)
        else:
            part.mkdir(mode=0o700)
            sink = FolderSink(part)
        try:
            yield sink
        finally:
            sink.close()
        part.replace(target)
    finally:
        shutil.rmtree(work)
