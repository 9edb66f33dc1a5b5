"""ZIPs made to harm are refused; ZIPs made carelessly are read."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from edlink.errors import EdlinkError, IncompletePullError, PayloadError
from edlink.oneroster.csv import CsvLimits, OneRosterCsv

Make = Callable[..., Path]
Open = Callable[..., OneRosterCsv]
Files = Mapping[str, str]


def pull_code(client: OneRosterCsv) -> str:
    with pytest.raises(EdlinkError) as caught:
        client.pull_roster()
    assert caught.value.__context__ is None
    return caught.value.code


@pytest.mark.parametrize(
    "name",
    ["../users.csv", "/users.csv", "a/../users.csv", "a//users.csv", "C:users.csv", "a\\users.csv"],
)
def test_unsafe_paths(make_zip: Make, open_csv: Open, name: str) -> None:
    """An entry whose path leads elsewhere makes the ZIP unsafe."""
    assert pull_code(open_csv(make_zip({name: "x"}))) == "EDL-CSV-004"


def test_a_link(make_zip: Make, open_csv: Open) -> None:
    """An entry that is a symbolic link makes the ZIP unsafe."""
    path = make_zip()
    info = zipfile.ZipInfo("roles.csv")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    assert pull_code(open_csv(path)) == "EDL-CSV-004"


def test_an_encrypted_entry(make_zip: Make, open_csv: Open) -> None:
    """An entry with a password cannot be read and is refused."""
    raw = bytearray(make_zip().read_bytes())
    place = raw.rfind(b"PK\x01\x02") + 8
    raw[place] |= 1
    path = make_zip(name="q.zip")
    path.write_bytes(raw)
    assert pull_code(open_csv(path)) == "EDL-CSV-004"


def test_a_packing_without_bounds(tmp_path: Path, open_csv: Open) -> None:
    """Only stored and deflated entries can be unpacked in bounded memory."""
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("orgs.csv", "sourcedId\n" * 9)
    assert pull_code(open_csv(path)) == "EDL-CSV-004"


def test_too_many_entries(make_zip: Make, open_csv: Open) -> None:
    """A ZIP of more entries than the limit is refused."""
    limits = CsvLimits(max_entries=4)
    assert pull_code(open_csv(make_zip(), limits=limits)) == "EDL-CSV-005"


def test_a_list_of_entries_too_long_to_read(make_zip: Make, open_csv: Open) -> None:
    """A list of entries that would fill the memory is refused before it is read."""
    path = make_zip({f"{n:0500}.txt": "" for n in range(20)})
    assert pull_code(open_csv(path, limits=CsvLimits(max_entries=1))) == "EDL-CSV-005"


def test_a_list_of_entries_too_long_in_the_large_form(make_zip: Make, open_csv: Open) -> None:
    """The same holds where the ZIP64 record tells the length."""
    path = make_zip()
    raw = path.read_bytes()
    end = raw.rfind(b"PK\x05\x06")
    size, offset = struct.unpack_from("<LL", raw, end + 12)
    large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 9, 9, 2**40, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, offset + size, 1)
    path.write_bytes(raw[:end] + large + locator + raw[end:])
    assert pull_code(open_csv(path)) == "EDL-CSV-005"


def test_a_file_too_large(make_zip: Make, open_csv: Open) -> None:
    """A file that unpacks to more bytes than the limit is refused while it is read."""
    path = make_zip({"orgs.csv": "sourcedId\n" + "x\n" * 9_000})
    assert pull_code(open_csv(path, limits=CsvLimits(max_file_bytes=4_000))) == "EDL-CSV-005"


def test_files_too_large_together(make_zip: Make, open_csv: Open) -> None:
    """Files that are together larger than the limit are refused before they are read."""
    path = make_zip()
    assert pull_code(open_csv(path, limits=CsvLimits(max_total_bytes=500))) == "EDL-CSV-005"


def test_a_bomb(make_zip: Make, open_csv: Open) -> None:
    """A file that unpacks to hundreds of times its size is refused."""
    path = make_zip({"users.csv": "sourcedId\n" + ("0" * 1_000 + "\n") * 40_000})
    assert pull_code(open_csv(path)) == "EDL-CSV-005"


def test_a_zip_cut_short(make_zip: Make, open_csv: Open) -> None:
    """A ZIP without its end is an upload under way."""
    path = make_zip()
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(IncompletePullError) as caught:
        open_csv(path).pull_roster()
    assert (caught.value.code, caught.value.retryable) == ("EDL-CSV-003", True)


def test_bytes_changed_on_the_way(make_zip: Make, open_csv: Open) -> None:
    """A file whose check sum is wrong is damaged."""
    path = make_zip()
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("users.csv")
    raw = bytearray(path.read_bytes())
    middle = info.header_offset + 60 + info.compress_size // 2
    raw[middle] ^= 0xFF
    path.write_bytes(raw)
    assert pull_code(open_csv(path)).startswith("EDL-CSV-0")


def test_no_zip_at_all(tmp_path: Path, open_csv: Open) -> None:
    """A file that is no ZIP is refused."""
    path = tmp_path / "users.txt"
    path.write_text("hello")
    assert pull_code(open_csv(path)) == "EDL-CSV-003"


def test_a_folder_inside(tmp_path: Path, open_csv: Open, files_1_1: Files) -> None:
    """Files in one folder of the ZIP are read, with a warning; what macOS adds is ignored."""
    path = tmp_path / "f.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("export/")
        for name, text in files_1_1.items():
            archive.writestr(f"export/{name}", text)
        archive.writestr("__MACOSX/export/._users.csv", "x")
        archive.writestr("export/notes.txt", "x")
        archive.writestr("export/other.csv", "x")
    roster = open_csv(path).pull_roster()
    assert len(roster.users) == 4
    assert [w.code for w in roster.warnings] == ["EDL-WARN-301"]


def test_two_folders_inside(make_zip: Make, open_csv: Open) -> None:
    """Files in several folders are not guessed at."""
    path = make_zip({"orgs.csv": None, "old/orgs.csv": "sourcedId\n"})
    assert pull_code(open_csv(path)) == "EDL-CSV-023"


def test_a_name_twice(make_zip: Make, open_csv: Open) -> None:
    """The same file twice, even in other letters, is not guessed at."""
    assert pull_code(open_csv(make_zip({"Users.csv": "sourcedId\n"}))) == "EDL-CSV-006"


def test_a_name_in_other_letters(make_zip: Make, open_csv: Open, files_1_1: Files) -> None:
    """A file name in upper or lower case is understood, with a warning."""
    path = make_zip({"users.csv": None, "USERS.CSV": files_1_1["users.csv"]})
    roster = open_csv(path).pull_roster()
    assert len(roster.users) == 4
    assert [(w.code, w.count) for w in roster.warnings] == [("EDL-WARN-302", 1)]


def test_a_limit_must_be_positive() -> None:
    """A limit below one is a mistake."""
    with pytest.raises(EdlinkError) as caught:
        CsvLimits(max_ratio=0)
    assert caught.value.code == "EDL-CONF-021"


def test_an_empty_zip(tmp_path: Path, open_csv: Open) -> None:
    """A ZIP without a OneRoster file is not complete."""
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    path = tmp_path / "e.zip"
    path.write_bytes(buffer.getvalue())
    assert pull_code(open_csv(path)) == "EDL-CSV-008"


def test_errors_are_payload_errors(make_zip: Make, open_csv: Open) -> None:
    """What a package may not hold is refused as content, naming provider and file."""
    with pytest.raises(PayloadError) as caught:
        open_csv(make_zip({"Users.csv": "sourcedId\n"})).pull_roster()
    assert (caught.value.provider, caught.value.endpoint) == ("oneroster-csv", "users.csv")
