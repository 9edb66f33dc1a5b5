"""
The ``edlink`` command: try it on an invented district, or look at a real one.

``edlink demo``, ``edlink pull``, ``edlink check``, ``edlink sandbox``.  None prints a person.
"""

import sys
from importlib.util import find_spec

#: What a shell calls the end of a command by Ctrl-C.
_INTERRUPTED = 130


def main() -> None:
    """Run the command; say in one line what is missing where it was installed without its extra."""
    if not all(map(find_spec, ("rich", "typer"))):
        sys.exit("The edlink command needs the cli extra: pip install 'edlink[cli]'")
    try:
        from edlink.cli.commands import app  # noqa: PLC0415 - after the check above

        app()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
