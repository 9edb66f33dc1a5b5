"""Any bytes give a roster or an EdlinkError; nothing else leaves the reader."""

import io
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edlink import ChangeSet, Roster, SyncState
from edlink.errors import EdlinkError
from edlink.oneroster.csv import OneRosterCsv
from edlink.oneroster.csv.layout import COLUMNS, FILES, CsvVersion

quick = settings(max_examples=200, deadline=None)

pieces = st.sampled_from(
    [b",", b'"', b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"sourcedId", b"userId",
     b"manifest.version,1.0\n", b"oneroster.version,1.2\n", b"file.users,bulk\n", b"delta", b"a",
     b"tobedeleted", b"{a:b},{c:d}", b"0001-01-01T00:00:00+14:00", b"9999-12-31", b"true", b"1,2",
     b"\xf0\x9f\x92\xa9", b"inf", b"-0", b"20260230"]
)  # fmt: skip
soup = st.lists(pieces | st.binary(max_size=4), max_size=30).map(b"".join)


def answer(path: Path) -> None:
    with OneRosterCsv(path, tenant="t", settle=0, keep_metadata=True) as client:
        for ask in (
            lambda: client.pull_roster(allow_partial=True),
            client.pull_roster,
            lambda: client.pull_changes(SyncState(source=client.source)),
        ):
            with suppress(EdlinkError):
                assert isinstance(ask(), Roster | ChangeSet)
        assert client.check_access()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def answer_zip(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.zip"
        path.write_bytes(raw)
        answer(path)


SMALL = zipped(
    {f"{name}.csv": (",".join(columns) + "\n" + "x," * (len(columns) - 1) + "x\n").encode()
     for name, columns in COLUMNS[CsvVersion.v1_2].items()}
)  # fmt: skip


@given(raw=st.binary(max_size=200))
@example(raw=b"PK\x05\x06" + b"\0" * 18)
@quick
def test_any_bytes_as_a_zip(raw: bytes) -> None:
    """Any bytes in place of a ZIP."""
    answer_zip(raw)


@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), min_size=1, max_size=6
    ),
    cut=st.none() | st.integers(0, len(SMALL)),
)
@quick
def test_a_zip_with_some_bytes_changed(changes: list[tuple[int, int]], cut: int | None) -> None:
    """A good ZIP with some bytes changed, or its end cut off."""
    raw = bytearray(SMALL)
    for place, value in changes:
        raw[place] = value
    answer_zip(bytes(raw[:cut]))


@given(files=st.dictionaries(st.sampled_from([*FILES.values(), "roles", "manifest"]), soup))
@quick
def test_any_bytes_as_files(files: dict[str, bytes]) -> None:
    """Any bytes in place of the CSV files."""
    answer_zip(zipped({f"{name}.csv": content for name, content in files.items()}))


@given(
    name=st.sampled_from([*FILES.values(), "roles"]),
    rows=st.lists(st.lists(pieces | st.binary(max_size=4), max_size=24), max_size=4),
)
@quick
def test_any_cells_below_a_good_header(name: str, rows: list[list[bytes]]) -> None:
    """Any cells below a good header."""
    columns = COLUMNS[CsvVersion.v1_2][name]
    header = ",".join(columns).encode()
    body = b"\n".join(b",".join((row + [b""] * len(columns))[: len(columns)]) for row in rows)
    others = {f"{other}.csv": b"sourcedId,userSourcedId,classSourcedId,role\nx,x,x,x" for other in
              (*FILES.values(), "roles")}  # fmt: skip
    answer_zip(zipped({**others, f"{name}.csv": header + b"\n" + body}))


@pytest.mark.parametrize("name", ["a\0.csv", "../x", "users.csv/"])
def test_odd_names(name: str) -> None:
    """Entries with odd names."""
    answer_zip(zipped({name: b"x"}))
