"""Running ``edlink sandbox`` as a person would, and reading what it prints."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

Printed = Mapping[str, str]

COMMAND = (sys.executable, "-c", "from edlink.cli import main; main()")
PEOPLE = 60


@contextmanager
def running(*options: str) -> Iterator[Printed]:
    """Yield what the command prints, by name, while its sandbox runs."""
    words = [*COMMAND, "sandbox", "--people", str(PEOPLE), *options]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        printed: dict[str, str] = {}
        for line in process.stdout or ():
            name, colon, value = line.strip().partition(": ")
            if not colon:
                break
            printed[name] = value
        try:
            yield printed
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
