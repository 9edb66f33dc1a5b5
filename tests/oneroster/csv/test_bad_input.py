"""Files that are no good CSV: a clear error that names file and line, and no contents."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edlink.errors import ProviderError
from edlink.oneroster.csv import CsvLimits, OneRosterCsv
from edlink.oneroster.csv.records import read_records

Make = Callable[..., Path]
Open = Callable[..., OneRosterCsv]

HEAD = b"sourcedId,name\n"


def records(*chunks: bytes, max_chars: int = 1_000) -> list[list[str]]:
    return list(read_records(chunks, file="orgs.csv", max_chars=max_chars))


def fault(*chunks: bytes, max_chars: int = 1_000) -> tuple[str, str]:
    with pytest.raises(ProviderError) as caught:
        records(*chunks, max_chars=max_chars)
    assert caught.value.__context__ is None
    assert "secret" not in str(caught.value)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize(
    "raw",
    [
        b"a,b\r\n1,2\r\n",
        b"a,b\n1,2",
        b"\xef\xbb\xbfa,b\n1,2\n",
        b'"a","b"\n"1","2"\n',
        b"a,b\n\n1,2\n\r\n",
    ],
)
def test_line_ends_marks_and_quotes(raw: bytes) -> None:
    """CRLF, LF, no last line end, a byte-order mark, quotes and empty lines are all the same."""
    assert records(raw) == [["a", "b"], ["1", "2"]]


def test_cells_in_pieces() -> None:
    """Characters and lines may be cut anywhere between two chunks."""
    raw = '"é""x\n",b\n'.encode()
    assert records(*(raw[n : n + 1] for n in range(len(raw)))) == [['é"x\n', "b"]]


@pytest.mark.parametrize("bad", [b"\xff", b"\xe9t\xe9", b"\xc3"])
def test_not_utf8(bad: bytes) -> None:
    """Bytes that are not UTF-8 are an error that names the line."""
    code, message = fault(HEAD, b"secret,b\nc,secret" + bad)
    assert code == "EDL-CSV-013"
    assert "line 3" in message


def test_utf16() -> None:
    """UTF-16 is not guessed at."""
    assert fault("sourcedId\n".encode("utf-16"))[0] == "EDL-CSV-013"


def test_nul() -> None:
    """A NUL is an error that names the line."""
    code, message = fault(HEAD, b"a,secret\0\n")
    assert code == "EDL-CSV-014"
    assert "line 2" in message


def test_a_line_without_end() -> None:
    """A line of any length is refused while it is read, not after."""
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"secret " * 1_000

    with pytest.raises(ProviderError) as caught:
        list(read_records(endless(), file="f", max_chars=10_000))
    assert caught.value.code == "EDL-CSV-015"
    assert read < 5


def test_a_row_of_endless_lines() -> None:
    """A row whose quotes never close is refused at the limit."""
    code, message = fault(HEAD, b'"secret\n' + b"secret\n" * 10_000)
    assert code == "EDL-CSV-015"
    assert "longer than 1000" in message


@pytest.mark.parametrize("bad", [b'"secret" x,b\n', b'a,"secret', b"a,b\rc,secret\n"])
def test_quotes_that_do_not_match(bad: bytes) -> None:
    """Where the quotes do not match, the rows cannot be told apart."""
    assert fault(HEAD, bad)[0] == "EDL-CSV-016"


@pytest.mark.parametrize(
    ("users", "code"),
    [
        ("sourcedId,SourcedID\n", "EDL-CSV-017"),
        ("sourcedId,metadata.a,metadata.a\n", "EDL-CSV-017"),
        ("id,name\n", "EDL-CSV-018"),
        ("\n\n", "EDL-CSV-010"),
        ("<!DOCTYPE html><html></html>", "EDL-CSV-018"),
        ("PK\x03\x04", "EDL-CSV-018"),
    ],
)
def test_headers(make_zip: Make, open_csv: Open, users: str, code: str) -> None:
    """A header that is none, lacks the id, or has a column twice is an error."""
    with pytest.raises(ProviderError) as caught:
        open_csv(make_zip({"users.csv": users})).pull_roster()
    assert (caught.value.code, caught.value.endpoint) == (code, "users.csv")


def test_limits_reach_the_rows(make_zip: Make, open_csv: Open) -> None:
    """The limit of a row's length can be set."""
    client = open_csv(make_zip(), limits=CsvLimits(max_record_chars=20))
    with pytest.raises(ProviderError) as caught:
        client.pull_roster()
    assert caught.value.code == "EDL-CSV-015"
