"""The commands of ``edlink``."""

import errno
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from edlink import sandbox
from edlink.cli.districts import DEMOS, open_demo
from edlink.cli.show import out, pull, show_findings, show_roster, told
from edlink.coverage import Source
from edlink.errors import ConfigError
from edlink.oneroster import (
    CLASSLINK,
    SERVERS,
    ClientCredentials,
    OAuth1,
    OneRosterClient,
    StaticBearer,
)
from edlink.roster import Roster, RosterSource
from edlink.sandbox import Sandbox
from edlink.snapshot import save_roster
from edlink.vocabulary import Severity

#: What is written to see whether anything can be.
_NOTHING = Roster(source=Source("", ""), pulled_at=datetime.min.replace(tzinfo=UTC))

app = typer.Typer(
    name="edlink",
    help="Rosters for K-12 apps: one complete, typed roster from any provider.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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
        out.print(f"  fault [bold]{name}[/bold]: {sandbox.FAULTS[name].summary}")
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
    out.print(f"[green]All {count:,} records equal the district's truth.[/green]")


@app.command("pull")
def pull_district(  # noqa: PLR0913 - one option per thing that a district's credentials are made of
    *,
    url: Annotated[str, typer.Option(envvar="EDLINK_URL", help="The server's address.")],
    key: Annotated[str, typer.Option(envvar="EDLINK_KEY", help="OAuth 1 key.")] = "",
    secret: Annotated[str, typer.Option(envvar="EDLINK_SECRET", help="OAuth 1 secret.")] = "",
    token: Annotated[str, typer.Option(envvar="EDLINK_TOKEN", help="Bearer token.")] = "",
    token_url: Annotated[str, typer.Option(envvar="EDLINK_TOKEN_URL")] = "",
    client_id: Annotated[str, typer.Option(envvar="EDLINK_CLIENT_ID")] = "",
    client_secret: Annotated[str, typer.Option(envvar="EDLINK_CLIENT_SECRET")] = "",
    scope: Annotated[list[str] | None, typer.Option(help="OAuth 2 scope; repeatable.")] = None,
    server: Annotated[str, typer.Option(help=f"One of {', '.join(SERVERS)}.")] = "oneroster",
    version: Annotated[str, typer.Option(help="1.1, 1.2 or auto.")] = "auto",
    output: Annotated[
        Path | None, typer.Option(help="Save the roster here (.jsonl, .gz, .zst).")
    ] = None,
    partial: Annotated[bool, typer.Option(help="Keep what could be read.")] = False,
) -> None:
    """Pull a whole roster and say what is in it."""
    auth = _auth(
        key=key,
        secret=secret,
        token=token,
        token_url=token_url,
        client_id=client_id,
        client_secret=client_secret,
        scopes=tuple(scope or ()),
    )
    with told():
        if output is not None:
            _require_writable(output)
    with told(), _client(url, auth, server, version) as client:
        roster, seconds = pull(client, allow_partial=partial)
        show_roster(roster)
        out.print(f"{seconds:.1f} seconds")
        if output is not None:
            save_roster(roster, output)
            out.print(f"saved to {output}; it holds personal data")


def _require_writable(target: Path) -> None:
    """Raise before a long pull what saving its roster would raise after it."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a folder, name a file", str(target))
    with TemporaryDirectory(dir=target.parent) as folder:
        save_roster(_NOTHING, Path(folder) / f"roster{target.suffix}")


@app.command()
def check(  # noqa: PLR0913 - one option per thing that a district's credentials are made of
    *,
    url: Annotated[str, typer.Option(envvar="EDLINK_URL", help="The server's address.")],
    key: Annotated[str, typer.Option(envvar="EDLINK_KEY", help="OAuth 1 key.")] = "",
    secret: Annotated[str, typer.Option(envvar="EDLINK_SECRET", help="OAuth 1 secret.")] = "",
    token: Annotated[str, typer.Option(envvar="EDLINK_TOKEN", help="Bearer token.")] = "",
    token_url: Annotated[str, typer.Option(envvar="EDLINK_TOKEN_URL")] = "",
    client_id: Annotated[str, typer.Option(envvar="EDLINK_CLIENT_ID")] = "",
    client_secret: Annotated[str, typer.Option(envvar="EDLINK_CLIENT_SECRET")] = "",
    scope: Annotated[list[str] | None, typer.Option(help="OAuth 2 scope; repeatable.")] = None,
    server: Annotated[str, typer.Option(help=f"One of {', '.join(SERVERS)}.")] = "oneroster",
    version: Annotated[str, typer.Option(help="1.1, 1.2 or auto.")] = "auto",
) -> None:
    """Say before the first sync what it would meet; exit code 1 where something is broken."""
    auth = _auth(
        key=key,
        secret=secret,
        token=token,
        token_url=token_url,
        client_id=client_id,
        client_secret=client_secret,
        scopes=tuple(scope or ()),
    )
    with told(), _client(url, auth, server, version) as client:
        findings = client.check_access()
        show_findings(findings)
    if any(finding.severity is Severity.error for finding in findings):
        raise typer.Exit(1)


@app.command("sandbox")
def run_sandbox(
    people: Annotated[int, typer.Option(help="People in the district.")] = 5000,
    provider: Annotated[str, typer.Option(help="Whose protocol.")] = "classlink",
    version: Annotated[str, typer.Option(help="Which version of it.")] = "1.1",
    fault: Annotated[list[str] | None, typer.Option(help="A fault; repeatable.")] = None,
) -> None:
    """Leave a sandbox running until Ctrl-C, and print what a client needs."""
    with told(), sandbox.start(people, provider, version, faults=fault or ()) as district:
        facts = {
            "base url": district.base_url,
            "token url": district.token_url,
            "client id / key": district.client_id,
            "client secret / secret": district.client_secret,
            "ClassLink API key": district.api_key,
            **district.details,
        }
        for name, value in facts.items():
            if value:
                out.print(f"{name}: {value}", soft_wrap=True)
        out.print("Every person and credential here is invented. Ctrl-C stops it.")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            out.print("stopped")


def _auth(  # noqa: PLR0913 - see pull
    *,
    key: str,
    secret: str,
    token: str,
    token_url: str,
    client_id: str,
    client_secret: str,
    scopes: tuple[str, ...],
) -> OAuth1 | ClientCredentials | StaticBearer:
    with told():
        if key:
            return OAuth1(key, secret)
        if token:
            return StaticBearer(token)
        if client_id:
            return ClientCredentials(token_url, client_id, client_secret, scopes=scopes)
        raise ConfigError("EDL-CONF-120", "no credentials: give a key, a token or a client id")


def _client(
    url: str, auth: OAuth1 | ClientCredentials | StaticBearer, server: str, version: str
) -> OneRosterClient:
    if server not in SERVERS:
        raise ConfigError("EDL-CONF-121", f"server must be one of {', '.join(SERVERS)}")
    known = SERVERS[server]
    return OneRosterClient(
        url, auth=auth, server=known, version="1.1" if known is CLASSLINK else version
    )
