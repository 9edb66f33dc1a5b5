"""What ``edlink sandbox`` prints opens the sandbox: run as a process, read, and used."""

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import pytest
from tests.cli.sandboxes import COMMAND, PEOPLE, Printed, running
from typer.testing import CliRunner

from edlink import Role
from edlink.classlink import ClassLinkPartner
from edlink.clever import CleverClient
from edlink.cli.commands import app
from edlink.cli.opening import pull_line
from edlink.entra import Directory, EntraClient
from edlink.oneroster import (
    CLASSLINK,
    ClientCredentials,
    HttpSettings,
    OAuth1,
    OneRosterClient,
    StaticBearer,
)
from edlink.roster import RosterSource
from edlink.sandbox import FAULTS
from edlink.sandbox.doors import DOORS
from edlink.veracross import MemoryTokenStore, VeracrossClient

Opener = Callable[[Printed], AbstractContextManager[RosterSource]]

QUICK = HttpSettings(rate=0)


def oauth2(printed: Printed) -> OneRosterClient:
    auth = ClientCredentials(
        printed["Token address"],
        printed["Client id"],
        printed["Client secret"],
        scopes=printed["Scope"].split(),
    )
    return OneRosterClient(printed["Server address"], auth=auth, settings=QUICK)


def oauth1(printed: Printed) -> OneRosterClient:
    auth = OAuth1(printed["Consumer key"], printed["Consumer secret"])
    return OneRosterClient(printed["Server address"], auth=auth, settings=QUICK)


def bearer(printed: Printed) -> OneRosterClient:
    auth = StaticBearer(printed["Bearer token"])
    return OneRosterClient(printed["Server address"], auth=auth, settings=QUICK)


def classlink(printed: Printed) -> OneRosterClient:
    auth = StaticBearer(printed["Bearer token"])
    return OneRosterClient(printed["Server address"], auth=auth, server=CLASSLINK, settings=QUICK)


@contextmanager
def partner(printed: Printed) -> Iterator[RosterSource]:
    host = printed["Address of the data"]
    with (
        ClassLinkPartner(printed["Partner API key"], host=host, settings=QUICK) as partner,
        partner.district(printed["Tenant id"]).roster_client() as client,
    ):
        yield client


def clever(printed: Printed) -> CleverClient:
    return CleverClient(
        printed["District token"],
        version=printed["Version"],
        district_id=printed["District id"],
        base_url=printed["Address of the data"],
        settings=QUICK,
    )


def veracross(printed: Printed) -> VeracrossClient:
    return VeracrossClient(
        printed["School route"],
        client_id=printed["Client id"],
        client_secret=printed["Client secret"],
        scopes=printed["Scope"].split(),
        base_url=printed["Address of the data"],
        accounts_url=printed["Address of tokens"],
        token_store=MemoryTokenStore(),
        settings=QUICK,
    )


def entra(printed: Printed, directory: Directory | None = None) -> EntraClient:
    return EntraClient(
        printed["Directory (tenant) id"],
        printed["Application (client) id"],
        printed["Client secret"],
        directory=directory,
        authority=printed["Address of sign-in"],
        graph_url=printed["Address of the data"],
        allow_test_hosts=True,
        settings=QUICK,
    )


def entra_directory(printed: Printed) -> EntraClient:
    rules = Directory(
        student_groups={printed["Groups of students"]},
        teacher_groups={printed["Groups of teachers"]},
        departments={printed["Department of other staff"]: Role.staff},
        class_prefix=printed["Classes are groups whose nickname begins with"],
    )
    return entra(printed, rules)


WAYS: Mapping[str, tuple[str, Opener]] = {
    "oneroster": ("", oauth2),
    "oneroster 1.1 by OAuth 1": ("--version 1.1 --auth oauth1", oauth1),
    "oneroster 1.2": ("--version 1.2", oauth2),
    "oneroster 1.2 by a bearer": ("--version 1.2 --auth bearer", bearer),
    "classlink": ("", classlink),
    "classlink by its partner": ("", partner),
    "classlink by OAuth 1": ("--auth oauth1", oauth1),
    "clever": ("", clever),
    "clever 2.1": ("--version 2.1", clever),
    "veracross": ("", veracross),
    "entra": ("", entra),
    "entra-directory": ("", entra_directory),
}


def test_every_door_is_tried() -> None:
    """No provider of the sandbox is without a test of what the command prints."""
    assert {way.split()[0] for way in WAYS} == DOORS.keys()


@pytest.mark.parametrize("way", WAYS)
def test_what_is_printed_opens_the_door(way: str) -> None:
    """A client that is given the printed words, and no other, pulls the district's people."""
    options, opener = WAYS[way]
    with running("--provider", way.split(maxsplit=1)[0], *options.split()) as printed:
        with opener(printed) as client:
            roster = client.pull_roster()
    assert len(roster.users) > PEOPLE // 2
    assert roster.classes


@pytest.mark.parametrize(
    "options",
    [
        "--provider classlink",
        "--provider classlink --auth oauth1",
        "--provider oneroster --version 1.2",
        "--provider oneroster --auth bearer",
    ],
)
def test_the_printed_line_pulls_everything(options: str) -> None:
    """Where ``edlink pull`` can read the door, its line is ready to be pasted."""
    with running(*options.split()) as printed:
        words = shlex.split(printed["Pull it with"])
        done = CliRunner().invoke(app, words[1:])
    assert words[0] == "edlink"
    assert done.exit_code == 0, done.output
    found = re.findall(r"│ (\w+) +│ +\S+ │ (\w+)", done.output)
    assert {state for _, state in found} == {"complete"}


@pytest.mark.parametrize("provider", sorted(DOORS.keys() - {"oneroster", "classlink"}))
def test_no_line_is_printed_that_cannot_pull(provider: str) -> None:
    """``edlink pull`` speaks OneRoster alone."""
    assert pull_line(provider, {"Client id": "invented"}) is None


def test_the_help_names_what_there_is() -> None:
    """Providers and faults are found without the source."""
    done = CliRunner().invoke(app, ["sandbox", "--help"], env={"COLUMNS": "100"})
    words = set(re.findall(r"[\w-]+", done.output))
    assert words >= DOORS.keys()
    assert words >= FAULTS.keys()


def test_a_provider_that_there_is_not_is_one_line() -> None:
    """The line names those there are, and stands where errors belong."""
    done = CliRunner().invoke(app, ["sandbox", "--provider", "nobody"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "EDL-CONF-041" in done.stderr


def test_ctrl_c_ends_it_without_a_trace() -> None:
    """Whoever stops it reads that it has stopped."""
    words = [*COMMAND, "sandbox", "--people", "50"]
    environment = {**os.environ, "COLUMNS": "20"}
    with subprocess.Popen(  # noqa: S603 - ours
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        lines = iter(process.stdout.readline, "")
        assert any("Ctrl-C stops it" in line for line in lines)
        process.send_signal(signal.SIGINT)
        rest, trouble = process.communicate(timeout=20)
    assert (process.returncode, rest, trouble) == (0, "stopped\n", "")
