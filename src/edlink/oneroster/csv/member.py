"""One file of a package, and its bytes, counted as they are read."""

from collections.abc import Callable, Generator
from typing import BinaryIO

import attrs

from edlink.oneroster.csv.faults import attempt, refused
from edlink.oneroster.csv.limits import CsvLimits

_CHUNK = 64 * 1024

#: Unpacked bytes of one file that may be packed as densely as they like.
_FREE = 16 * 2**20


@attrs.frozen(kw_only=True)
class Member:
    """
    A file of a package.

    Attributes:
        name: Its name as it is, without its folder.
        folder: Its folder in the package, or an empty string.
        size: Its bytes, unpacked, as the package says.
        packed: Its bytes in the ZIP, or None outside one.
        open: Opens it for reading bytes.
    """

    name: str
    folder: str = ""
    size: int
    packed: int | None = None
    open: Callable[[], BinaryIO]

    def chunks(self, limits: CsvLimits, *, file: str) -> Generator[bytes]:
        """
        Yield the file's bytes.

        Args:
            limits: What it may hold.
            file: Its official name, for errors.

        Raises:
            ProviderError: EDL-CSV-001 to 003 it cannot be read or is damaged.
            PayloadError: EDL-CSV-005 it is larger than a limit.
        """
        stream = attempt(self.open, file=file)
        with stream:
            total = 0
            while chunk := attempt(lambda: stream.read(_CHUNK), file=file):
                total += len(chunk)
                self._check(total, limits, file)
                yield chunk

    def _check(self, total: int, limits: CsvLimits, file: str) -> None:
        if total > limits.max_file_bytes:
            message = f"the file is larger than {limits.max_file_bytes} bytes"
            raise refused("EDL-CSV-005", message, file)
        dense = self.packed is not None and total - _FREE > limits.max_ratio * self.packed
        if dense:
            message = f"the file unpacks to more than {limits.max_ratio} times its size"
            raise refused("EDL-CSV-005", message, file)
