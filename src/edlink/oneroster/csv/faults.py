"""Errors of a package: ours, whatever the libraries below raise, and without their contents."""

import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import TypeVar

from edlink.errors import (
    EdlinkError,
    IncompletePullError,
    NotFoundError,
    PayloadError,
    TransportError,
)

T = TypeVar("T")

PROVIDER = "oneroster-csv"

#: The place of an error that is about no single file.
PACKAGE = "package"

#: What zipfile and zlib raise for bytes that are no whole ZIP; only the first three are documented.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    struct.error,
    ValueError,
    OverflowError,
    LookupError,
    NotImplementedError,
)


def refused(code: str, message: str, file: str = PACKAGE, *, fix: str = "") -> PayloadError:
    """Return the error for content that is not what a package may hold."""
    return PayloadError(code, message, provider=PROVIDER, endpoint=file, fix=fix)


def short(
    code: str, message: str, file: str = PACKAGE, *, fix: str = "", retryable: bool = False
) -> IncompletePullError:
    """Return the error for content that is not whole."""
    return IncompletePullError(
        code, message, provider=PROVIDER, endpoint=file, fix=fix, retryable=retryable
    )


def attempt(step: Callable[[], T], *, file: str = PACKAGE) -> T:
    """
    Return what a step on foreign bytes or a foreign disk returns.

    Raises:
        NotFoundError: EDL-CSV-001 nothing is there.
        TransportError: EDL-CSV-002 it cannot be read.
        IncompletePullError: EDL-CSV-003 the ZIP is damaged or cut short.
    """
    try:
        return step()
    except (EdlinkError, ImportError):
        raise
    except FileNotFoundError:
        fault: type[Exception] = FileNotFoundError
    except DAMAGED:
        fault = zipfile.BadZipFile
    except Exception:  # noqa: BLE001 - each file system and SSH library has errors of its own
        fault = OSError
    # Raised here, outside the except block: the caught errors may hold paths, passwords or rows.
    if fault is FileNotFoundError:
        message = "there is nothing at the path"
        raise NotFoundError("EDL-CSV-001", message, provider=PROVIDER, endpoint=file)
    if fault is OSError:
        message = "the path cannot be read"
        raise TransportError(
            "EDL-CSV-002", message, provider=PROVIDER, endpoint=file, retryable=True
        )
    message = "the ZIP is damaged, cut short or no ZIP"
    raise short("EDL-CSV-003", message, file, fix="Wait for the upload to end.", retryable=True)
