"""
The ``edlink`` command: try it on an invented district, or look at a real one.

``edlink demo``, ``edlink pull``, ``edlink check``, ``edlink sandbox``.  None prints a person.
"""

try:
    import rich  # noqa: F401 - only whether it is there
    import typer  # noqa: F401 - the same
except ImportError:
    missing = True
else:
    missing = False
if missing:
    message = "the edlink command needs the cli extra: pip install 'edlink[cli]'"
    raise ImportError(message)


def main() -> None:
    """Run the command."""
    from edlink.cli.commands import app  # noqa: PLC0415 - after the check above

    app()
