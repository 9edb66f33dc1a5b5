"""A host's progress, told from several threads."""

import threading

from edlink.roster import Progress


def one_by_one(progress: Progress | None) -> Progress:
    """Return a progress that threads may call; the host's, if any, is called by one at a time."""
    lock = threading.Lock()

    def report(collection: str, rows: int, expected: int | None) -> None:
        if progress is not None:
            with lock:
                progress(collection, rows, expected)

    return report
