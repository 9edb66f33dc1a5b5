"""A roster as a file: exact, private, whole or refused."""

import contextlib
import gzip
import hashlib
import importlib.util
import json
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import get_type_hints

import attrs
import pytest

from edlink import model
from edlink.coverage import Coverage, CoverageEntry, Issue, RosterWarning, Scope, Source, Tombstone
from edlink.errors import ConfigError
from edlink.model import Identifier, Org, RoleAssignment, User
from edlink.roster import Roster
from edlink.snapshot import SCHEMA_VERSION, load_roster, save_roster
from edlink.vocabulary import CoverageState, IdentifierType, Kind, Role, Status

#: The schema as of SCHEMA_VERSION.  When this changes, raise the version and write it here.
FINGERPRINT = (5, "adfd2b0e2ad88602")

HAS_ZSTD = any(map(importlib.util.find_spec, ("zstandard",)))

ROSTER = Roster(
    source=Source("classlink", "d1"),
    pulled_at=datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
    revision="r7",
    scope=Scope(exclude_orgs={"s2"}, exclude_kinds={Kind.demographics}),
    coverage=Coverage([CoverageEntry(kind=Kind.user, state=CoverageState.failed, reason="x")]),
    orgs=(Org(sourced_id="s1", name="Nørth\u2028"),),
    users=(
        User(
            sourced_id="u1",
            given_name="Ana",
            identifiers=(Identifier(type=IdentifierType.sis_id, value="007"),),
            roles=(RoleAssignment(role=Role.student, org_id="s1", is_primary=True),),
            metadata={"a": [1, None, {"b": 0.5}]},
        ),
    ),
    issues=(Issue(kind=Kind.user, reason="no_id", position=3),),
    tombstones=(
        Tombstone(
            kind=Kind.org, sourced_id="s9", record=Org(sourced_id="s9", status=Status.deleted)
        ),
        Tombstone(kind=Kind.user, sourced_id="u9"),
    ),
    warnings=(RosterWarning(code="EDL-WARN-110", message="m", distrusts=frozenset({"email"})),),
)
ENDINGS = [
    ".jsonl",
    ".jsonl.gz",
    pytest.param(
        ".jsonl.zst", marks=pytest.mark.skipif(not HAS_ZSTD, reason="zstandard is not installed")
    ),
]


def refuse(path: Path) -> str:
    """Return the code with which a file is refused."""
    with pytest.raises(ConfigError) as caught:
        load_roster(path)
    assert caught.value.__context__ is None
    return caught.value.code


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_roster_comes_back_equal(tmp_path: Path, ending: str) -> None:
    """Whatever the compression, the roster that is loaded equals the one that was saved."""
    path = tmp_path / f"roster{ending}"
    save_roster(ROSTER, path)
    assert load_roster(path) == ROSTER


def test_a_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """The file holds people, so nobody else on the machine may read it."""
    save_roster(ROSTER, tmp_path / "roster.jsonl")
    assert stat.S_IMODE((tmp_path / "roster.jsonl").stat().st_mode) == 0o600


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    """A save that fails leaves the old file as it was, and nothing else behind."""
    path = tmp_path / "roster.jsonl"
    save_roster(ROSTER, path)
    bad = attrs.evolve(ROSTER, users=(User(sourced_id="u1", metadata={"x": object()}),))
    with pytest.raises(TypeError):
        save_roster(bad, path)
    assert load_roster(path) == ROSTER
    assert list(tmp_path.iterdir()) == [path]


def test_a_path_may_be_text(tmp_path: Path) -> None:
    """A file may be named by a string."""
    save_roster(ROSTER, str(tmp_path / "r.jsonl"))
    assert load_roster(str(tmp_path / "r.jsonl")) == ROSTER


def _saved(tmp_path: Path) -> tuple[Path, list[str]]:
    path = tmp_path / "roster.jsonl"
    save_roster(ROSTER, path)
    return path, path.read_text(encoding="utf-8").split("\n")[:-1]


@pytest.mark.parametrize("content", ["", "\n", "hello", "[]", '{"format":"other"}', "\ufeff{}"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    """What does not begin with a snapshot's first line is not one."""
    path = tmp_path / "roster.jsonl"
    path.write_text(content, encoding="utf-8")
    assert refuse(path) == "EDL-SNAP-001"


@pytest.mark.parametrize("schema", [SCHEMA_VERSION + 1, SCHEMA_VERSION - 1, "Xanthippe", None])
def test_another_schema_version_is_refused(tmp_path: Path, schema: object) -> None:
    """A file that another edlink wrote is not guessed at, and what it says is not repeated."""
    path, lines = _saved(tmp_path)
    head = {**json.loads(lines[0]), "schema": schema}
    path.write_text("\n".join([json.dumps(head), *lines[1:]]), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_roster(path)
    assert caught.value.code == "EDL-SNAP-002"
    assert "Xanthippe" not in str(caught.value)


Damage = Callable[[list[str]], list[str]]

DAMAGES: dict[str, Damage] = {
    "last line missing": lambda lines: lines[:-1],
    "only the head": lambda lines: lines[:1],
    "a record missing": lambda lines: [*lines[:1], *lines[2:]],
    "a record twice": lambda lines: [*lines[:2], *lines[1:]],
    "a line cut": lambda lines: [*lines[:1], lines[1][:-5], *lines[2:]],
    "something after the end": lambda lines: [*lines, "{}"],
    "an end that says too many": lambda lines: [
        *lines[:-1],
        json.dumps({**json.loads(lines[-1]), "end": 99}),
    ],
    "an end without its sum": lambda lines: [*lines[:-1], json.dumps({"end": len(lines) - 2})],
    "a line that is no object": lambda lines: [lines[0], "5", *lines[2:]],
    "an unknown kind": lambda lines: [lines[0], '{"kind":"castle","record":{}}', *lines[2:]],
    "an unknown field": lambda lines: [
        lines[0],
        '{"kind":"org","record":{"sourced_id":"1","moat":1}}',
        *lines[2:],
    ],
    "a record that is none": lambda lines: [lines[0], '{"kind":"org","record":5}', *lines[2:]],
    "a head without its facts": lambda lines: [
        json.dumps({"format": "edlink-roster", "schema": SCHEMA_VERSION}),
        *lines[1:],
    ],
    "a line nested too deep": lambda lines: [lines[0], "[" * 100_000, *lines[2:]],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused(tmp_path: Path, damage: str) -> None:
    """A file with anything missing, doubled or unreadable is never a shorter roster."""
    path, lines = _saved(tmp_path)
    path.write_text("\n".join(DAMAGES[damage](lines)), encoding="utf-8")
    assert refuse(path) == "EDL-SNAP-003"


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_with_any_byte_wrong_is_refused_or_equal(tmp_path: Path, ending: str) -> None:
    """A byte that changed is our error, never the compressor's own, and never another roster."""
    path = tmp_path / f"roster{ending}"
    save_roster(ROSTER, path)
    whole = path.read_bytes()
    for position in range(0, len(whole), 5):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        with contextlib.suppress(ConfigError):
            assert load_roster(path) == ROSTER


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, ending: str) -> None:
    """No beginning of a file passes for the whole."""
    path = tmp_path / f"roster{ending}"
    save_roster(ROSTER, path)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 12, 7):
        path.write_bytes(whole[:length])
        assert refuse(path) in {"EDL-SNAP-001", "EDL-SNAP-003"}


def test_zstd_without_its_extra_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no zstd can be imported, the error names the extra, and nothing is left behind."""
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setitem(sys.modules, "compression", None)
    with pytest.raises(ImportError, match=r"edlink\[zstd\]"):
        save_roster(ROSTER, tmp_path / "roster.jsonl.zst")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_is_the_systems_own_error(tmp_path: Path) -> None:
    """A missing file is FileNotFoundError, as everywhere in Python."""
    with pytest.raises(FileNotFoundError):
        load_roster(tmp_path / "none.jsonl.gz")


def test_a_gzip_file_is_one(tmp_path: Path) -> None:
    """Other programs can read the lines."""
    path = tmp_path / "roster.jsonl.gz"
    save_roster(ROSTER, path)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        assert json.loads(next(lines))["format"] == "edlink-roster"


def test_the_schema_version_rises_with_the_schema() -> None:
    """Whoever changes a field of the model or of Roster raises SCHEMA_VERSION."""
    classes = [c for c in vars(model).values() if isinstance(c, type) and attrs.has(c)]
    classes += [Roster, Source, Scope, Coverage, CoverageEntry, Issue, RosterWarning, Tombstone]
    schema = sorted(
        f"{c.__name__}.{f.name}: {get_type_hints(c)[f.name]} = {f.default!r}"
        for c in classes
        for f in attrs.fields(c)
    )
    digest = hashlib.sha256("\n".join(schema).encode()).hexdigest()[:16]
    assert (SCHEMA_VERSION, digest) == FINGERPRINT
