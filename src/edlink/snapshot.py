"""
A roster as a file: JSON Lines, plain, gzip or zstd by the file's ending.

The first line says what the file is, the last how many records it must have and the CRC-32 of all
lines before; between them is one line per record.  A file that is cut short or changed is refused,
and so is one of another schema version.
"""

import gzip
import io
import json
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import attrs

from edlink.coverage import Tombstone
from edlink.errors import ConfigError
from edlink.model import RECORD_TYPES
from edlink.plain import from_plain, to_plain
from edlink.roster import COLLECTIONS, Roster
from edlink.vocabulary import Kind

FORMAT = "edlink-roster"

#: Raised by one whenever a field of the model or of Roster changes its name or meaning.
SCHEMA_VERSION = 5

_HEADER = ("source", "pulled_at", "revision", "scope", "coverage", "issues", "warnings")


def save_roster(roster: Roster, path: str | os.PathLike[str]) -> None:
    """
    Write a roster to a file, whole or not at all; an existing file is replaced at the end.

    The file holds personal data and is readable by its owner only.

    Args:
        roster: What to write.
        path: Where; ``.gz`` and ``.zst`` compress (zstd needs Python 3.14 or ``edlink[zstd]``).

    Raises:
        OSError: The file cannot be written.
        ImportError: zstd is not installed.
    """
    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    part = Path(name)
    try:
        with _open(part, "w", ending=target.suffix) as stream:
            _write(roster, stream)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def load_roster(path: str | os.PathLike[str]) -> Roster:
    """
    Return the roster that ``save_roster`` wrote; equal to it in every field.

    Raises:
        ConfigError: EDL-SNAP-001 not such a file, EDL-SNAP-002 another schema version,
            EDL-SNAP-003 damaged or cut short.
        OSError: The file cannot be read.
    """
    source = Path(path)
    with _open(source, "r", ending=source.suffix) as stream:
        lines = _parsed(stream)
        head = next(lines, {})
        _check_head(head)
        try:
            roster = _assemble(head, lines)
        except (KeyError, TypeError, ValueError, AttributeError):
            roster = None
    if roster is None:
        raise ConfigError("EDL-SNAP-003", "the snapshot is damaged or cut short", fix="Pull again.")
    return roster


def _write(roster: Roster, stream: IO[str]) -> None:
    crc, lines = 0, 0
    for line in _lines(roster):
        text = _json(line)
        crc = zlib.crc32(text.encode(), crc)
        stream.write(text)
        lines += 1
    stream.write(_json({"end": lines - 1, "crc32": crc}))


def _json(line: dict[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def _lines(roster: Roster) -> Iterator[dict[str, Any]]:
    head = {name: to_plain(getattr(roster, name)) for name in _HEADER}
    yield {"format": FORMAT, "schema": SCHEMA_VERSION, **head}
    for kind in RECORD_TYPES:
        for record in roster.records(kind):
            yield {"kind": str(kind), "record": to_plain(record)}
    for tombstone in roster.tombstones:
        gone = {"sourced_id": tombstone.sourced_id, "record": to_plain(tombstone.record)}
        yield {"tombstone": str(tombstone.kind), **gone}


def _parsed(stream: IO[str]) -> Iterator[dict[str, Any]]:
    """Yield each line's object; where the bytes are wrong, one that says nothing, and no more."""
    crc = 0
    try:
        for line in stream:
            value = json.loads(line)
            if not isinstance(value, dict) or value.get("crc32", crc) != crc:
                break
            yield value
            crc = zlib.crc32(line.encode(), crc)
        else:
            return
    except Exception:  # noqa: BLE001, S110 - each compressor has errors of its own; all mean damage
        pass
    yield {}


def _check_head(head: dict[str, Any]) -> None:
    if head.get("format") != FORMAT:
        raise ConfigError("EDL-SNAP-001", "this file is not an edlink roster")
    if head.get("schema") != SCHEMA_VERSION:
        message = f"the snapshot has another schema, this edlink reads {SCHEMA_VERSION}"
        raise ConfigError("EDL-SNAP-002", message, fix="Pull again with this version of edlink.")


def _assemble(head: dict[str, Any], lines: Iterator[dict[str, Any]]) -> Roster:
    found: dict[str, list[Any]] = {name: [] for name in COLLECTIONS.values()}
    tombstones: list[Tombstone] = []
    for count, line in enumerate(lines):
        if "end" in line:
            if line["end"] != count or "crc32" not in line or next(lines, None) is not None:
                break
            facts = {name: head[name] for name in _HEADER}
            bare = from_plain(Roster, facts)
            collections: dict[str, Any] = {name: tuple(rows) for name, rows in found.items()}
            return attrs.evolve(bare, tombstones=tuple(tombstones), **collections)
        if "tombstone" in line:
            tombstones.append(_tombstone(line))
        else:
            kind = Kind(line["kind"])
            found[COLLECTIONS[kind]].append(from_plain(RECORD_TYPES[kind], line["record"]))
    message = "cut short"
    raise ValueError(message)


def _tombstone(line: dict[str, Any]) -> Tombstone:
    kind, record = Kind(line["tombstone"]), line["record"]
    value = None if record is None else from_plain(RECORD_TYPES[kind], record)
    return Tombstone(kind=kind, sourced_id=line["sourced_id"], record=value)


@contextmanager
def _open(path: Path, mode: str, *, ending: str) -> Iterator[IO[str]]:
    if ending == ".gz":
        opened: Any = gzip.GzipFile(path, mode + "b", compresslevel=6)
    elif ending == ".zst":
        opened = _open_zstd(path, mode + "b")
    else:
        opened = path.open(mode + "b")
    with opened as raw, io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as text:
        yield text


def _open_zstd(path: Path, mode: str) -> Any:  # noqa: ANN401 - two libraries, no common type
    try:
        from compression import zstd  # type: ignore[import-not-found] # noqa: PLC0415 - 3.14 on
    except ImportError:
        try:
            import zstandard as zstd  # noqa: PLC0415 - an extra
        except ImportError:
            zstd = None
    if zstd is None:
        message = "reading and writing .zst needs the zstd extra: pip install 'edlink[zstd]'"
        raise ImportError(message)
    return zstd.open(path, mode)
