"""The command, run as a person would, against the sandbox."""

import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edlink import load_roster, sandbox
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
    assert "Traceback" not in done.output


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
    assert done.exit_code == 1
    assert code in done.output
    assert "Traceback" not in done.output
