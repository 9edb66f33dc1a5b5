"""The commands of ``edlink``."""

import errno
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from edlink import __version__, sandbox
from edlink.cli.districts import DEMOS, open_demo, school_year
from edlink.cli.opening import facts_of, pull_line
from edlink.cli.options import (
    ClientId,
    ClientSecret,
    Credentials,
    Key,
    Scopes,
    Secret,
    Server,
    Token,
    TokenUrl,
    Url,
    Version,
    open_client,
)
from edlink.cli.show import out, pull, say, show_findings, show_roster, told
from edlink.coverage import Source
from edlink.errors import ConfigError
from edlink.roster import Roster, RosterSource
from edlink.sandbox import FAULTS, Sandbox
from edlink.sandbox.doors import DOORS
from edlink.snapshot import save_roster
from edlink.vocabulary import Severity

#: What is written to see whether anything can be.
_NOTHING = Roster(source=Source("", ""), pulled_at=datetime.min.replace(tzinfo=UTC))

app = typer.Typer(
    name="edlink",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(f"edlink {__version__}")
        raise typer.Exit


@app.callback()
def edlink(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version, and end."
        ),
    ] = False,
) -> None:
    """Rosters for K-12 apps: one complete, typed roster from any provider."""


@app.command()
def demo(
    people: Annotated[int, typer.Option(help="People in the invented district.")] = 5000,
    provider: Annotated[str, typer.Option(help=f"One of {', '.join(DEMOS)}.")] = "classlink",
) -> None:
    """Pull an invented district through a provider, then again from a server with faults."""
    with told():
        if provider not in DEMOS:
            raise ConfigError("EDL-CONF-121", f"provider must be one of {', '.join(DEMOS)}")
    out.rule(f"An invented district behind {provider}'s protocol")
    with told(), open_demo(provider, people, with_faults=False) as (district, client):
        out.print(f"{district.url} serves {people:,} people")
        out.rule("Doctor")
        show_findings(client.check_access())
        out.rule("Pull")
        _pull_and_compare(provider, district, client)
    out.rule("The same district behind a worse server")
    for name in DEMOS[provider].faults:
        out.print(f"  fault [bold]{name}[/bold]: {FAULTS[name].summary}")
    with told(), open_demo(provider, people, with_faults=True) as (district, client):
        _pull_and_compare(provider, district, client)


def _pull_and_compare(provider: str, district: Sandbox, client: RosterSource) -> None:
    district.requests.clear()
    roster, seconds = pull(client)
    show_roster(roster)
    out.print(f"{seconds:.1f} seconds, {district.requests.count} requests")
    _compare(roster, district.expected)
    then = DEMOS[provider].then
    if then is not None:
        then(district, roster)


def _compare(roster: Roster, expected: Roster) -> None:
    """Say whether the roster holds what the district sent, record by record."""
    for name in [*roster.counts(), "tombstones"]:
        ours, theirs = (
            {record.sourced_id: record for record in getattr(r, name)} for r in (roster, expected)
        )
        if ours != theirs:
            out.print(f"[red]The {name} differ from the district's truth.[/red]")
            raise typer.Exit(1)
    count = sum(roster.counts().values())
    lost = sum(issue.set_aside for issue in roster.issues)
    if lost:
        say(
            f"All {count:,} records equal the district's truth; {lost:,} more were set aside,"
            " since they cannot be read.",
            "yellow",
        )
    else:
        say(f"All {count:,} records equal the district's truth.", "green")


@app.command("pull")
def pull_district(  # noqa: PLR0913 - one option per thing that a district's credentials are made of
    *,
    url: Url,
    key: Key = "",
    secret: Secret = "",
    token: Token = "",
    token_url: TokenUrl = "",
    client_id: ClientId = "",
    client_secret: ClientSecret = "",
    scopes: Scopes = None,
    server: Server = "oneroster",
    version: Version = "auto",
    output: Annotated[
        Path | None, typer.Option(help="Save the roster here (.jsonl, .gz, .zst).")
    ] = None,
    partial: Annotated[bool, typer.Option(help="Keep what could be read.")] = False,
) -> None:
    """Pull a whole roster from a OneRoster server over REST and say what is in it."""
    credentials = Credentials(
        key=key,
        secret=secret,
        token=token,
        token_url=token_url,
        client_id=client_id,
        client_secret=client_secret,
        scopes=tuple(scopes or ()),
    )
    with told():
        if output is not None:
            _require_writable(output)
    with told(), open_client(url, credentials, server, version) as client:
        roster, seconds = pull(client, allow_partial=partial)
        show_roster(roster)
        out.print(f"{seconds:.1f} seconds")
        if output is not None:
            save_roster(roster, output)
            say(f"saved to {output}; it holds personal data")


def _require_writable(target: Path) -> None:
    """Raise before a long pull what saving its roster would raise after it."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a folder, name a file", str(target))
    try:
        with TemporaryDirectory(dir=target.parent) as folder:
            save_roster(_NOTHING, Path(folder) / f"roster{target.suffix}")
    except OSError as error:
        # What was tried has a name of its own, which is nobody's.
        raise OSError(error.errno, error.strerror, str(target)) from None


@app.command()
def check(  # noqa: PLR0913 - one option per thing that a district's credentials are made of
    *,
    url: Url,
    key: Key = "",
    secret: Secret = "",
    token: Token = "",
    token_url: TokenUrl = "",
    client_id: ClientId = "",
    client_secret: ClientSecret = "",
    scopes: Scopes = None,
    server: Server = "oneroster",
    version: Version = "auto",
) -> None:
    """
    Say what the first sync with a OneRoster server over REST would meet.

    Exit code 1 where something is broken.
    """
    credentials = Credentials(
        key=key,
        secret=secret,
        token=token,
        token_url=token_url,
        client_id=client_id,
        client_secret=client_secret,
        scopes=tuple(scopes or ()),
    )
    with told(), open_client(url, credentials, server, version) as client:
        findings = client.check_access()
        show_findings(findings)
    if any(finding.severity is Severity.error for finding in findings):
        raise typer.Exit(1)


@app.command("sandbox", epilog=f"Faults: {', '.join(FAULTS)}.")
def run_sandbox(
    *,
    people: Annotated[int, typer.Option(help="People in the district.")] = 5000,
    provider: Annotated[
        str, typer.Option(help=f"Whose protocol: one of {', '.join(DOORS)}.")
    ] = "classlink",
    version: Annotated[
        str | None,
        typer.Option(
            help="Which version of it: 1.1 or 1.2 of OneRoster, 2.0, 2.1, 3.0 or 3.1 of Clever; "
            "the others have one. The usual one where none is given."
        ),
    ] = None,
    auth: Annotated[
        str | None,
        typer.Option(
            help="How to sign in: oauth2, oauth1 or bearer for OneRoster, bearer or oauth1 for "
            "ClassLink. The usual way where none is given."
        ),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="A way to go wrong, named below; repeatable."),
    ] = None,
) -> None:
    """Leave an invented district running until Ctrl-C, and print what opens it."""
    with (
        suppress(KeyboardInterrupt),
        told(),
        sandbox.start(
            people, provider, version, auth=auth, faults=fault or (), school_year=school_year()
        ) as district,
    ):
        facts = facts_of(district, provider, version, auth)
        for name, value in facts.items():
            say(f"{name}: {value}")
        line = pull_line(provider, facts)
        if line is not None:
            say(f"Pull it with: {line}")
        say("Every person and credential here is invented. Ctrl-C stops it.")
        while True:
            time.sleep(3600)
    say("stopped")
