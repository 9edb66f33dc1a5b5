"""The command, run as a person would, against the sandbox."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edlink import __version__, load_roster, sandbox
from edlink.cli.commands import app
from edlink.cli.districts import DEMOS

RUN = CliRunner()


@pytest.mark.parametrize("provider", DEMOS)
def test_the_demo_ends_with_the_district_s_truth_twice(provider: str) -> None:
    """Healthy or faulty, every record equals what was sent, and no person is printed."""
    done = RUN.invoke(app, ["demo", "--people", "100", "--provider", provider])
    assert done.exit_code == 0, done.output
    assert len(re.findall(r"All [\d,]+ records equal the district's truth", done.output)) == 2
    assert "example.org" not in done.output


def test_the_demo_says_what_was_set_aside() -> None:
    """A row that cannot be read is no part of the truth that arrived."""
    done = RUN.invoke(app, ["demo", "--people", "100", "--provider", "oneroster"])
    healthy, faulty = re.findall(r"All [\d,]+ records equal.*", done.output)
    assert "set aside" not in healthy
    assert "1 more were set aside" in faulty


def test_the_demo_of_entra_ends_with_as_many_people_as_the_others() -> None:
    """Contacts that fold leave the people, classes and links that OneRoster tells of."""
    folded = RUN.invoke(app, ["demo", "--people", "100", "--provider", "entra"]).output
    told = re.findall(
        r"After folding: (\S+) people, (\S+) classes, (\S+) enroll.*, (\S+) links", folded
    )
    other = RUN.invoke(app, ["demo", "--people", "100", "--provider", "oneroster"]).output
    names = ("users", "classes", "enrollments", "relationships")
    counts = tuple(re.findall(rf"│ {name} +│ +(\S+) │ complete", other)[0] for name in names)
    assert told == [counts, counts]


def test_the_demo_names_the_providers_it_has() -> None:
    """An unknown provider is refused with those there are."""
    done = RUN.invoke(app, ["demo", "--provider", "nobody"])
    assert done.exit_code == 1
    assert "classlink" in done.output


def test_a_pull_is_saved(tmp_path: Path) -> None:
    """What was pulled with credentials from options is in the file, whole."""
    target = tmp_path / "roster.jsonl.gz"
    with sandbox.start(60, auth="oauth1") as district:
        options = ["--url", district.base_url, "--key", district.key, "--secret", district.secret]
        done = RUN.invoke(app, ["pull", *options, "--output", str(target)])
        users = district.truth.users
    assert done.exit_code == 0, done.output
    assert load_roster(target).users == users


@pytest.mark.parametrize("place", ["nowhere/roster.jsonl", "."])
def test_a_place_that_cannot_be_written_is_told_before_the_pull(place: str, tmp_path: Path) -> None:
    """No district is asked for records that could not be kept."""
    with sandbox.start(60, auth="oauth1") as district:
        options = ["--url", district.base_url, "--key", district.key, "--secret", district.secret]
        done = RUN.invoke(app, ["pull", *options, "--output", str(tmp_path / place)])
        asked = district.requests.count
    assert (done.exit_code, asked) == (1, 0)
    assert len(done.output.strip().splitlines()) == 1
    assert done.output.strip().endswith(str(tmp_path / place))


def test_a_path_is_printed_as_it_is(tmp_path: Path) -> None:
    """Square brackets in a folder's name are no markup, and no line is broken."""
    folder = tmp_path / ("[red]" + "long" * 30)
    folder.mkdir()
    target = folder / "roster[bold].jsonl"
    with sandbox.start(60, auth="oauth1") as district:
        options = ["--url", district.base_url, "--key", district.key, "--secret", district.secret]
        done = RUN.invoke(app, ["pull", *options, "--output", str(target)])
        failed = RUN.invoke(app, ["pull", *options, "--output", str(folder)])
    assert f"saved to {target};" in done.stdout
    assert str(folder) in failed.stderr


def test_the_version_is_told() -> None:
    """Whoever reports a fault can say of which version."""
    done = RUN.invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"edlink {__version__}\n")


@pytest.mark.parametrize("command", ["pull", "check"])
def test_the_help_says_what_can_be_read(command: str) -> None:
    """Nobody tries a Clever token on a command for OneRoster."""
    done = RUN.invoke(app, [command, "--help"], env={"COLUMNS": "100"})
    assert "OneRoster server over REST" in done.stdout
    assert "Where OAuth 2 tokens come from" in done.stdout


@pytest.mark.parametrize("missing", ["rich", "typer"])
def test_without_its_extra_the_command_names_it(missing: str) -> None:
    """One plain line says what to install, and a script learns that nothing was done."""
    program = f"import sys; sys.modules[{missing!r}] = None; from edlink.cli import main; main()"
    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The edlink command needs the cli extra: pip install 'edlink[cli]'\n"


def test_a_compression_that_is_not_installed_is_told_before_the_pull(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line names what to install."""
    for name in ("zstandard", "compression", "compression.zstd", "backports", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    with sandbox.start(60, auth="oauth1") as district:
        options = ["--url", district.base_url, "--key", district.key, "--secret", district.secret]
        target = tmp_path / "roster.jsonl.zst"
        done = RUN.invoke(app, ["pull", *options, "--output", str(target)])
        asked = district.requests.count
    assert (done.exit_code, asked) == (1, 0)
    assert "edlink[zstd]" in done.output
    assert list(tmp_path.iterdir()) == []


def test_credentials_come_from_the_environment() -> None:
    """No secret has to stand on a command line."""
    with sandbox.start(60, auth="oauth1") as district:
        environment = {
            "EDLINK_URL": district.base_url,
            "EDLINK_KEY": district.key,
            "EDLINK_SECRET": district.secret,
        }
        done = RUN.invoke(app, ["check"], env=environment)
    assert done.exit_code == 0, done.output
    assert "EDL-CHECK-100" in done.output
    assert district.secret not in done.output


def test_check_fails_where_something_is_broken() -> None:
    """Exit code 1 lets a script stop."""
    with sandbox.start(60, auth="oauth1") as district:
        options = ["--url", district.base_url, "--key", "wrong", "--secret", "wrong"]
        done = RUN.invoke(app, ["check", *options])
    assert done.exit_code == 1
    assert "EDL-CHECK-103" in done.output


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], "EDL-CONF-120"),
        (["--token", "t", "--server", "nothing"], "EDL-CONF-121"),
        (["--token", "t", "--version", "9"], "EDL-CONF-102"),
        (["--client-id", "a", "--client-secret", "b", "--token-url", "ftp://x"], "EDL-CONF-01"),
    ],
)
def test_wrong_options_are_one_line(options: list[str], code: str) -> None:
    """A mistake is told in one line with its code, without a traceback."""
    done = RUN.invoke(app, ["check", "--url", "https://sis.example.org", *options])
    assert (done.exit_code, done.stdout) == (1, "")
    assert code in done.stderr
    assert "Traceback" not in done.stderr
