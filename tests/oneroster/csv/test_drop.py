"""The newest complete package of a folder into which files are dropped."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edlink.errors import EdlinkError
from edlink.oneroster.csv import OneRosterCsv

Make = Callable[..., Path]
Open = Callable[..., OneRosterCsv]
Files = Mapping[str, str]

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)

ONE = {"orgs.csv": "sourcedId,name\none,One\n"}
TWO = {"orgs.csv": "sourcedId,name\ntwo,Two\n"}


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """Give an empty folder."""
    path = tmp_path / "drop"
    path.mkdir()
    return path


def place(path: Path, folder: Path, *, age: int) -> Path:
    """Move a file into a folder, written so many seconds ago."""
    target = path.replace(folder / path.name)
    os.utime(target, (1_800_000_000 - age, 1_800_000_000 - age))
    return target


def org_of(client: OneRosterCsv) -> str:
    return client.pull_roster().orgs[0].sourced_id


def code_of(client: OneRosterCsv) -> str:
    with pytest.raises(EdlinkError) as caught:
        client.pull_roster()
    return caught.value.code


def test_the_newest_zip(make_zip: Make, open_csv: Open, drop: Path) -> None:
    """Of several ZIPs the newest is read."""
    place(make_zip(ONE, name="z-old.zip"), drop, age=500)
    place(make_zip(TWO, name="a-new.zip"), drop, age=10)
    assert org_of(open_csv(drop)) == "two"


def test_an_incomplete_zip_is_passed_over(make_zip: Make, open_csv: Open, drop: Path) -> None:
    """Where the newest ZIP is not whole, the one before is read, with a warning."""
    place(make_zip(ONE, name="old.zip"), drop, age=500)
    new = place(make_zip(TWO, name="new.zip"), drop, age=10)
    new.write_bytes(new.read_bytes()[:-40])
    os.utime(new, (1_800_000_000, 1_800_000_000))
    roster = open_csv(drop).pull_roster()
    assert roster.orgs[0].sourced_id == "one"
    assert ("EDL-WARN-306", 1) in [(w.code, w.count) for w in roster.warnings]


def test_none_is_complete(make_zip: Make, open_csv: Open, drop: Path) -> None:
    """Where no package is whole, the newest one's fault is raised."""
    place(make_zip({"orgs.csv": None}, name="old.zip"), drop, age=500)
    place(make_zip({"orgs.csv": ""}, name="new.zip"), drop, age=10)
    assert code_of(open_csv(drop)) == "EDL-CSV-010"


def test_an_unsafe_zip_is_not_passed_over(make_zip: Make, open_csv: Open, drop: Path) -> None:
    """A newest ZIP that is unsafe is an error, not a reason to read an older one."""
    place(make_zip(ONE, name="old.zip"), drop, age=500)
    place(make_zip({"../x.csv": "x"}, name="new.zip"), drop, age=10)
    assert code_of(open_csv(drop)) == "EDL-CSV-004"


def test_bare_files_beside_zips(make_zip: Make, make_folder: Make, open_csv: Open) -> None:
    """Bare files count as one package, as new as their newest file."""
    folder = make_folder(TWO)
    place(make_zip(ONE), folder, age=10**8)
    assert org_of(open_csv(folder)) == "two"


def test_other_files_are_left_alone(make_folder: Make, open_csv: Open, tmp_path: Path) -> None:
    """Files of other names, folders and links of other names do not matter."""
    folder = make_folder(ONE)
    (folder / "notes.txt").write_text("x")
    (folder / "more.csv").mkdir()
    (folder / "link.txt").symlink_to(tmp_path)
    assert org_of(open_csv(folder)) == "one"


def test_a_link_out_of_the_folder(make_folder: Make, open_csv: Open, tmp_path: Path) -> None:
    """A link that leads out of the folder is refused."""
    folder = make_folder({"orgs.csv": None})
    outside = tmp_path / "orgs.csv"
    outside.write_text("sourcedId\n")
    (folder / "orgs.csv").symlink_to(outside)
    assert code_of(open_csv(folder)) == "EDL-CSV-022"


def test_a_link_inside_the_folder(make_folder: Make, open_csv: Open) -> None:
    """A link to a file of the same folder is read."""
    folder = make_folder(ONE)
    (folder / "orgs.csv").rename(folder / "orgs-2026.dat")
    (folder / "orgs.csv").symlink_to(folder / "orgs-2026.dat")
    assert org_of(open_csv(folder)) == "one"


def test_an_upload_under_way(make_folder: Make, open_csv: Open) -> None:
    """A file that grows between two looks makes the package incomplete."""
    folder = make_folder()
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        with (folder / "users.csv").open("a") as stream:
            stream.write("x")

    client = open_csv(folder, settle=3.0, wait=wait)
    assert code_of(client) == "EDL-CSV-007"
    assert waited == [3.0]


@pytest.mark.parametrize(("age", "code"), [(59, "EDL-CSV-027"), (61, None)])
def test_bare_files_are_left_alone_for_a_while(
    make_folder: Make, open_csv: Open, age: int, code: str | None
) -> None:
    """An upload that stalls at a line's end looks whole: files written just now are not read."""
    folder = make_folder()
    for path in folder.iterdir():
        os.utime(path, (NOW.timestamp() - 100, NOW.timestamp() - age))
    client = open_csv(folder, min_age=60)
    if code is None:
        assert client.pull_roster().users
    else:
        assert code_of(client) == code


def test_a_zip_is_read_at_once(make_zip: Make, open_csv: Open) -> None:
    """A ZIP with its list of entries is whole, however young it is."""
    path = make_zip()
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    assert open_csv(path, min_age=60).pull_roster().users


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
def test_a_path_that_no_file_can_have(path: str, open_csv: Open) -> None:
    """There is nothing at such a path; no ZIP is damaged."""
    assert code_of(open_csv(path)) == "EDL-CSV-001"


def test_a_path_of_bytes(make_zip: Make, open_csv: Open) -> None:
    """A path may be what the operating system's own calls return."""
    assert open_csv(os.fsencode(make_zip())).pull_roster().users


def test_an_empty_folder(drop: Path, open_csv: Open) -> None:
    """A folder without a package is not an empty district."""
    assert code_of(open_csv(drop)) == "EDL-CSV-008"


def test_nothing_there(tmp_path: Path, open_csv: Open) -> None:
    """A path that does not exist is said so."""
    assert code_of(open_csv(tmp_path / "nowhere")) == "EDL-CSV-001"


def test_unreadable(make_zip: Make, open_csv: Open) -> None:
    """A path below a file cannot be read."""
    assert code_of(open_csv(make_zip() / "below")) == "EDL-CSV-002"


def test_a_listed_file_is_missing(make_folder: Make, open_csv: Open) -> None:
    """A file that the manifest lists as bulk must be there."""
    client = open_csv(make_folder({"users.csv": None}))
    with pytest.raises(EdlinkError) as caught:
        client.pull_roster()
    assert "users.csv" in caught.value.message
    assert (caught.value.code, caught.value.retryable) == ("EDL-CSV-009", True)


@pytest.mark.parametrize("name", ["users.csv", "manifest.csv"])
def test_an_empty_file(make_folder: Make, open_csv: Open, name: str) -> None:
    """A file of no bytes is an upload that has just begun."""
    assert code_of(open_csv(make_folder({name: ""}))) == "EDL-CSV-010"


def test_an_empty_file_that_is_absent(make_folder: Make, open_csv: Open, files_1_1: Files) -> None:
    """A file that the manifest calls absent may be empty."""
    manifest = files_1_1["manifest.csv"].replace("demographics,bulk", "demographics,absent")
    client = open_csv(make_folder({"manifest.csv": manifest, "demographics.csv": ""}))
    assert client.pull_roster().demographics == ()


def test_each_pull_reads_the_newest(make_folder: Make, open_csv: Open) -> None:
    """A client that lives long reads what is there at each pull."""
    folder = make_folder(ONE)
    client = open_csv(folder)
    assert org_of(client) == "one"
    (folder / "orgs.csv").write_text(TWO["orgs.csv"])
    assert org_of(client) == "two"


def test_walks_read_the_package_opened_last(make_zip: Make, open_csv: Open, drop: Path) -> None:
    """Several walks read one package, even when a newer one arrives between them."""
    place(make_zip(ONE, name="old.zip"), drop, age=500)
    client = open_csv(drop)
    assert [org.sourced_id for org in client.orgs()] == ["one"]
    place(make_zip(TWO, name="new.zip"), drop, age=10)
    assert [org.sourced_id for org in client.orgs()] == ["one"]
    client.close()
    assert [org.sourced_id for org in client.orgs()] == ["two"]
