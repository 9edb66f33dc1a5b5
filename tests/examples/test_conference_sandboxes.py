"""The README's way with other sandboxes, followed to its end: command, form, doctor, plan."""

import re
import shlex
from pathlib import Path

import pytest
from examples.conference_host.rosters import ROSTERS
from tests.cli.sandboxes import PEOPLE, running
from tests.examples.conference import PUBLIC_URL, Visitor, make_app

from edlink import Kind

README = Path(__file__).parents[2] / "examples/conference_host/README.md"
COMMANDS = dict(
    re.findall(r"^\| (.+) \| `edlink sandbox (.+)` \|$", README.read_text(), re.MULTILINE)
)
FORMS = {connector.title: name for name, connector in ROSTERS.items()}


def test_the_readme_has_a_command_for_every_form() -> None:
    """Files alone come from no running sandbox."""
    assert COMMANDS.keys() == FORMS.keys() - {"OneRoster CSV files"}


@pytest.mark.parametrize("title", COMMANDS)
def test_what_the_command_prints_fills_the_form(tmp_path: Path, title: str) -> None:
    """Typed under the same names, it passes the doctor and brings the district's people."""
    app, conference = make_app(tmp_path, PUBLIC_URL, allow_tests=True)
    staff = Visitor(app.test_client())
    staff.enter_as_staff()
    name = FORMS[title]
    form = f"/staff/connect/roster/{name}"
    with running(*shlex.split(COMMANDS[title])) as printed:
        labels = {field.name: field.label for field in ROSTERS[name].fields}
        known = {label.lower(): value for label, value in printed.items()}
        known["short name of the district"] = "district-1"
        typed = {
            field: known[label.removeprefix("Sandbox: ").lower()] for field, label in labels.items()
        }
        doctor = staff.send(form, form, **typed)
        staff.sync()

    assert "Problem" not in doctor.text
    assert len(conference.syncs.state().managed(Kind.user)) > PEOPLE // 2
