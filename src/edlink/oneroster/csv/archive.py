"""A ZIP's files, never unpacked to disk, and what makes a ZIP unsafe."""

import re
import stat
import struct
import zipfile
from typing import BinaryIO, cast

from edlink.oneroster.csv.faults import attempt, refused
from edlink.oneroster.csv.limits import CsvLimits
from edlink.oneroster.csv.member import Member

_DRIVE = re.compile(r"[A-Za-z]:")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1

#: What macOS adds to the ZIPs it makes.
_CLUTTER = "__MACOSX"

# The end of central directory record (APPNOTE.TXT 4.3.16) and its ZIP64 form (4.3.14).
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_MAX_COMMENT = 0xFFFF

#: Bytes of one central directory entry: 46 and a name of reasonable length with its extra fields.
_ENTRY = 1_024


def open_zip(stream: BinaryIO, limits: CsvLimits) -> tuple[zipfile.ZipFile, tuple[Member, ...]]:
    """
    Return a ZIP and its CSV files.

    Raises:
        IncompletePullError: EDL-CSV-003 damaged or cut short.
        PayloadError: EDL-CSV-004 an unsafe entry, EDL-CSV-005 over a limit.
    """
    attempt(lambda: _check_directory(stream, limits))
    archive = attempt(lambda: zipfile.ZipFile(stream))
    infos = archive.infolist()
    if len(infos) > limits.max_entries:
        raise refused("EDL-CSV-005", f"the ZIP has more than {limits.max_entries} entries")
    members = []
    for number, info in enumerate(infos, start=1):
        _check_entry(info, number)
        if not info.is_dir() and _is_csv(info.filename):
            members.append(_member(archive, info))
    return archive, tuple(members)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    folder, _, name = info.filename.rpartition("/")
    return Member(
        name=name,
        folder=folder,
        size=info.file_size,
        packed=info.compress_size,
        open=lambda: cast("BinaryIO", archive.open(info)),
    )


def _is_csv(path: str) -> bool:
    parts = path.split("/")
    return parts[-1].lower().endswith(".csv") and not (
        parts[0] == _CLUTTER or parts[-1].startswith(".")
    )


def _check_entry(info: zipfile.ZipInfo, number: int) -> None:
    path = info.orig_filename
    parts = path.removesuffix("/").split("/")
    if "\\" in path or "\0" in path or _DRIVE.match(path) or {"", ".", ".."} & set(parts):
        raise refused("EDL-CSV-004", f"entry {number} of the ZIP has an unsafe path")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise refused("EDL-CSV-004", f"entry {number} of the ZIP is a link")
    if info.flag_bits & _ENCRYPTED:
        fix = "Send the ZIP without a password."
        raise refused("EDL-CSV-004", f"entry {number} of the ZIP is encrypted", fix=fix)
    if info.compress_type not in _METHODS:
        message = f"entry {number} of the ZIP is neither stored nor deflated"
        raise refused("EDL-CSV-004", message)


def _check_directory(stream: BinaryIO, limits: CsvLimits) -> None:
    """Refuse a list of entries too long to be read into memory, before zipfile reads it."""
    stream.seek(0, 2)
    length = stream.tell()
    stream.seek(max(0, length - _END.size - _LOCATOR64.size - _END64.size - _MAX_COMMENT))
    tail = stream.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < _END.size:
        message = "no end of the list of entries"
        raise zipfile.BadZipFile(message)
    size = _END.unpack_from(tail, place)[5]
    before = place - _LOCATOR64.size
    if before >= _END64.size and tail.startswith(b"PK\x06\x07", before):
        size = _END64.unpack_from(tail, before - _END64.size)[8]
    if size > limits.max_entries * _ENTRY:
        raise refused("EDL-CSV-005", f"the ZIP has more than {limits.max_entries} entries")
