"""
Where packages lie: an SFTP server, S3 or any other file system that fsspec knows.

fsspec's own SFTP accepts any server; ours takes only servers in ``known_hosts``, so that the
password never goes to another host.
"""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import Any, BinaryIO, cast

from edlink.errors import AuthError, NotFoundError, TransportError
from edlink.oneroster.csv.faults import PACKAGE, PROVIDER, attempt
from edlink.oneroster.csv.places import ENDINGS, Item

try:
    import fsspec  # type: ignore[import-untyped]
    import paramiko  # type: ignore[import-untyped]
    from fsspec.implementations.sftp import (  # type: ignore[import-untyped]
        SFTPFileSystem,
    )
except ImportError:
    fsspec = None

if fsspec is None:
    _MESSAGE = "packages at a URL need the remote extra: pip install 'edlink[remote]'"
    raise ImportError(_MESSAGE)

#: The schemes of a URL, such as ``zip`` and ``s3`` in ``zip::s3://bucket/x.zip``.
_SCHEMES = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)(?=://|::)")

#: Names under which file systems say when a file was written.
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")


class RemotePlace:
    """A file or folder at a URL."""

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        """
        Connect.

        Args:
            url: Such as ``sftp://host/folder``.
            options: Settings of the file system; for SFTP those of ``paramiko.SSHClient.connect``
                and ``known_hosts``, a file's path (by default ``~/.ssh/known_hosts``).

        Raises:
            AuthError: EDL-CSV-025 the server refused the credentials.
            TransportError: EDL-CSV-026 the server is not in ``known_hosts``; 002 it is not
                reached.
            NotFoundError: EDL-CSV-028 no file system is known for the URL.
            ImportError: The file system needs a package that is not installed.
        """
        self._files, self._root = attempt(lambda: _connect(url, options))
        self.is_folder = attempt(lambda: bool(self._files.isdir(self._root)))

    def look(self) -> tuple[Item, ...]:
        """Return the CSV and ZIP files that are there now, in order of their names."""
        return attempt(self._look)

    def open(self, name: str) -> BinaryIO:
        """Return one of them, opened for reading bytes."""
        path = f"{self._root.rstrip('/')}/{name}" if self.is_folder else self._root
        return attempt(lambda: cast("BinaryIO", self._files.open(path, "rb")))

    def close(self) -> None:
        """Close the SSH connection, where there is one."""
        if isinstance(self._files, _KnownSftp):
            self._files.client.close()

    def _look(self) -> tuple[Item, ...]:
        self._files.invalidate_cache()
        if self.is_folder:
            facts = self._files.ls(self._root, detail=True)
        else:
            facts = [self._files.info(self._root)]
        items = (_item(fact) for fact in facts if fact["type"] == "file")
        wanted = (i for i in items if i.name.lower().endswith(ENDINGS) or not self.is_folder)
        return tuple(sorted(wanted, key=lambda item: item.name))


class _KnownSftp(SFTPFileSystem):  # type: ignore[misc] # fsspec has no types
    """SFTP to servers whose key is known."""

    def _connect(self) -> None:
        known_hosts = self.ssh_kwargs.pop("known_hosts", None)
        self.client = paramiko.SSHClient()
        with ExitStack() as stack:
            stack.callback(self.client.close)
            self.client.load_system_host_keys(known_hosts)
            self.client.set_missing_host_key_policy(_RefuseUnknown)
            try:
                self.client.connect(self.host, **self.ssh_kwargs)
            except paramiko.AuthenticationException:
                accepted = False
            except paramiko.BadHostKeyException:
                accepted = None
            else:
                accepted = True
            if accepted is None:
                raise _unknown()
            if not accepted:
                message = "the server refused the credentials"
                raise AuthError("EDL-CSV-025", message, provider=PROVIDER, endpoint=PACKAGE)
            self.ftp = self.client.open_sftp()
            stack.pop_all()


class _RefuseUnknown(paramiko.MissingHostKeyPolicy):  # type: ignore[misc] # paramiko has no types
    """No first contact without a key."""

    def missing_host_key(self, client: object, hostname: str, key: object) -> None:  # noqa: ARG002 - paramiko's
        """Refuse."""
        raise _unknown()


def _unknown() -> TransportError:
    message = "the server's key is not the one in known_hosts"
    fix = "Ask the server's owner for its key, and add it to known_hosts."
    return TransportError("EDL-CSV-026", message, provider=PROVIDER, endpoint=PACKAGE, fix=fix)


def _connect(url: str, options: Mapping[str, Any]) -> tuple[Any, str]:
    settings = {"skip_instance_cache": True, **options}
    if url.lower().startswith(("sftp://", "ssh://")):
        settings |= _KnownSftp._get_kwargs_from_urls(url)  # noqa: SLF001 - fsspec's seam for URLs
        return _KnownSftp(**settings), str(_KnownSftp._strip_protocol(url))  # noqa: SLF001 - as above
    if unknown := set(_SCHEMES.findall(url)) - set(fsspec.available_protocols()):
        message = f"no file system is known for {len(unknown)} of the URL's schemes"
        raise NotFoundError("EDL-CSV-028", message, provider=PROVIDER, endpoint=PACKAGE)
    try:
        files, root = fsspec.core.url_to_fs(url, **settings)
    except ImportError as error:
        told = str(error)
    else:
        return files, str(root)
    # fsspec's own words, such as "Install s3fs to access S3"; they hold nothing of the URL.
    message = f"packages at this URL need more than the extra edlink[remote]: {told}"
    raise ImportError(message)


def _item(fact: Mapping[str, Any]) -> Item:
    moment = next((fact[name] for name in _TIMES if fact.get(name) is not None), 0.0)
    modified = moment.timestamp() if isinstance(moment, datetime) else float(moment)
    return Item(fact["name"].rstrip("/").rpartition("/")[2], int(fact["size"] or 0), modified)
