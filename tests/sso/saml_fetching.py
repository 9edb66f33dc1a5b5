"""An address that notices when somebody calls there: a socket, or a file that is opened."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal


@contextmanager
def watched(
    scheme: Literal["http", "file", "path"], folder: Path
) -> Iterator[tuple[str, Callable[[], bool]]]:
    """
    Yield an address, and what says whether it was called at.

    Args:
        scheme: ``http``, ``file``, or ``path`` for a file's name without a scheme.
        folder: Where a file may be made.
    """
    if scheme == "http":
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.05)
            yield f"http://127.0.0.1:{server.getsockname()[1]}/x", lambda: _arrived(server)
    else:
        with _watched_file(folder / "secret") as called:
            path = folder / "secret"
            yield path.as_uri() if scheme == "file" else str(path), called


def _arrived(server: socket.socket) -> bool:
    with suppress(TimeoutError):
        server.accept()[0].close()
        return True
    return False


@contextmanager
def _watched_file(path: Path) -> Iterator[Callable[[], bool]]:
    """Make a pipe that gives a few bytes to each reader, and remembers that there was one."""
    os.mkfifo(path)
    opened, over = threading.Event(), threading.Event()

    def serve() -> None:
        while not over.is_set():
            writer = os.open(path, os.O_WRONLY)  # returns once there is a reader
            if not over.is_set():
                opened.set()
                with suppress(BrokenPipeError):
                    os.write(writer, b"x" * 32)
            os.close(writer)

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    try:
        yield opened.is_set
    finally:
        over.set()
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        server.join()
        os.close(reader)
