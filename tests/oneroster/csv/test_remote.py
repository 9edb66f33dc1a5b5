"""Packages behind URLs."""

import importlib.util
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edlink.errors import AuthError, EdlinkError, TransportError
from edlink.oneroster.csv import OneRosterCsv

fsspec: Any = pytest.importorskip("fsspec")
paramiko: Any = pytest.importorskip("paramiko")

Make = Callable[..., Path]
Open = Callable[..., OneRosterCsv]

PASSWORD = "invented-password"


@pytest.fixture
def memory() -> Iterator[Any]:
    """Give fsspec's file system in memory, empty."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    yield files
    files.store.clear()


def test_a_zip_at_a_url(memory: Any, make_zip: Make, open_csv: Open) -> None:  # noqa: ANN401
    """A ZIP at a URL is read like one on disk."""
    memory.pipe_file("/in/p.zip", make_zip().read_bytes())
    roster = open_csv("memory://in/p.zip").pull_roster()
    assert len(roster.users) == 4


def test_a_folder_at_a_url(memory: Any, make_folder: Make, open_csv: Open) -> None:  # noqa: ANN401
    """A folder at a URL is read like one on disk."""
    for path in make_folder().iterdir():
        memory.pipe_file(f"/in/{path.name}", path.read_bytes())
    memory.pipe_file("/in/notes.txt", b"x")
    memory.pipe_file("/in/old.csv/x", b"x")
    assert open_csv("memory://in").pull_roster() == open_csv(make_folder(name="e")).pull_roster()


def test_nothing_at_a_url(memory: Any, open_csv: Open) -> None:  # noqa: ANN401, ARG001
    """A URL where nothing is, is said so."""
    with pytest.raises(EdlinkError) as caught:
        open_csv("memory://nowhere").pull_roster()
    assert caught.value.code == "EDL-CSV-001"


def test_an_unknown_file_system(open_csv: Open) -> None:
    """A URL that no file system knows is an error of its own, without the URL."""
    with pytest.raises(EdlinkError) as caught:
        open_csv("secret://nowhere").pull_roster()
    assert caught.value.code == "EDL-CSV-028"
    assert "secret" not in str(caught.value)


def test_without_the_extra(make_zip: Make, open_csv: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the remote extra, a URL's ImportError names it, and paths still work."""
    monkeypatch.setitem(sys.modules, "paramiko", None)
    monkeypatch.delitem(sys.modules, "edlink.oneroster.csv.remote", raising=False)
    with pytest.raises(ImportError, match=r"edlink\[remote\]"):
        open_csv("sftp://example.org/x").pull_roster()
    assert len(list(open_csv(make_zip()).orgs())) == 3


@pytest.mark.skipif(importlib.util.find_spec("s3fs") is not None, reason="s3fs is installed")
def test_a_file_system_that_is_not_installed(open_csv: Open) -> None:
    """A URL whose file system needs a further package says which."""
    with pytest.raises(ImportError, match=r"edlink\[remote\].*s3fs"):
        open_csv("s3://bucket/x.zip").pull_roster()


class Server(paramiko.ServerInterface):  # type: ignore[misc] # paramiko has no types
    """Lets one user in."""

    def check_auth_password(self, username: str, password: str) -> int:
        """Compare."""
        good = (username, password) == ("district", PASSWORD)
        return int(paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED)

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002 - theirs
        """Open any."""
        return int(paramiko.OPEN_SUCCEEDED)


class Opened(paramiko.SFTPHandle):  # type: ignore[misc] # paramiko has no types
    """A file that is read."""

    def stat(self) -> Any:  # noqa: ANN401 - paramiko's attributes
        """Look at it."""
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class Files(paramiko.SFTPServerInterface):  # type: ignore[misc] # paramiko has no types
    """Shows one folder."""

    root = Path()

    def _path(self, path: str) -> Path:
        return self.root / path.strip("/")

    def list_folder(self, path: str) -> Any:  # noqa: ANN401 - paramiko's attributes
        """List the folder."""
        found = []
        for entry in self._path(path).iterdir():
            facts = paramiko.SFTPAttributes.from_stat(entry.stat())
            facts.filename = entry.name
            found.append(facts)
        return found

    def stat(self, path: str) -> Any:  # noqa: ANN401 - paramiko's attributes
        """Look at a file."""
        try:
            return paramiko.SFTPAttributes.from_stat(self._path(path).stat())
        except OSError:
            return paramiko.SFTP_NO_SUCH_FILE

    lstat = stat

    def open(self, path: str, flags: int, attr: object) -> Any:  # noqa: ANN401, ARG002 - theirs
        """Open a file for reading."""
        handle = Opened(flags)
        handle.readfile = self._path(path).open("rb")
        return handle


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Give the port of a real SFTP server on loopback and its known_hosts file."""
    key = paramiko.ECDSAKey.generate()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    files = type("Served", (Files,), {"root": tmp_path})
    transports: list[Any] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transports.append(transport)
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, files)
            transport.start_server(server=Server(), event=threading.Event())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n")
    yield port, known
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for transport in transports:
        transport.close()
    thread.join(5)


def settings(known: Path, **more: object) -> dict[str, object]:
    return {
        "username": "district",
        "password": PASSWORD,
        "known_hosts": str(known),
        "allow_agent": False,
        "look_for_keys": False,
        **more,
    }


def test_a_drop_folder_on_an_sftp_server(
    sftp: tuple[int, Path], make_zip: Make, open_csv: Open
) -> None:
    """The newest ZIP of a folder on an SFTP server is read."""
    port, known = sftp
    roster = open_csv(make_zip()).pull_roster()
    client = open_csv(f"sftp://127.0.0.1:{port}/", storage_options=settings(known))
    assert client.pull_roster() == roster


def test_a_wrong_password(sftp: tuple[int, Path], open_csv: Open) -> None:
    """Refused credentials are an AuthError that does not show them."""
    port, known = sftp
    options = settings(known, password="wrong-password")
    with pytest.raises(AuthError) as caught:
        open_csv(f"sftp://127.0.0.1:{port}/", storage_options=options).pull_roster()
    assert caught.value.code == "EDL-CSV-025"
    assert "wrong-password" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("other_key", [False, True])
def test_a_server_that_is_not_known(
    sftp: tuple[int, Path], open_csv: Open, tmp_path: Path, *, other_key: bool
) -> None:
    """A server without, or with another, key in known_hosts gets no password."""
    port, _ = sftp
    key = paramiko.ECDSAKey.generate()
    line = f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n"
    known = tmp_path / "other"
    known.write_text(line if other_key else "")
    client = open_csv(f"sftp://127.0.0.1:{port}/", storage_options=settings(known))
    with pytest.raises(TransportError) as caught:
        client.pull_roster()
    assert caught.value.code == "EDL-CSV-026"
    assert caught.value.__context__ is None
