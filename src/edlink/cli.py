"""
The ``edlink`` command: try it on an invented district, or look at a real one.

``edlink demo``, ``edlink pull``, ``edlink check``, ``edlink sandbox``.  None prints a person.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

try:
    import typer
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.table import Table
except ImportError as error:
    message = "the edlink command needs the cli extra: pip install 'edlink[cli]'"
    raise ImportError(message) from error

from edlink import sandbox
from edlink.classlink import ClassLinkPartner
from edlink.errors import ConfigError, EdlinkError
from edlink.oneroster import (
    CLASSLINK,
    SERVERS,
    ClientCredentials,
    HttpSettings,
    OAuth1,
    OneRosterClient,
    StaticBearer,
)
from edlink.report import Finding
from edlink.roster import COLLECTIONS, Roster, RosterSource
from edlink.roster import Progress as OnProgress
from edlink.snapshot import save_roster
from edlink.vocabulary import Severity

app = typer.Typer(
    name="edlink",
    help="Rosters for K-12 apps: one complete, typed roster from any provider.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(highlight=False)

#: The demo's second district: a server that cuts pages and connections, and sends odd records.
DEMO_FAULTS = ("clamped_page", "connection_cut_once", "record_without_id")

_COLORS = {
    Severity.ok: "green",
    Severity.info: "cyan",
    Severity.warning: "yellow",
    Severity.error: "red",
}


@app.command()
def demo(
    people: Annotated[int, typer.Option(help="People in the invented district.")] = 5000,
) -> None:
    """Pull an invented district over ClassLink, then again from a server with three faults."""
    out.rule("An invented district behind ClassLink's protocol")
    with _demo_district(people, ()) as (district, client):
        out.print(f"{district.url} serves {people:,} people")
        out.rule("Doctor")
        _show_findings(client.check_access())
        out.rule("Pull")
        _pull_and_compare(district, client)
    out.rule("The same district behind a worse server")
    for name in DEMO_FAULTS:
        out.print(f"  fault [bold]{name}[/bold]: {sandbox.FAULTS[name].summary}")
    with _demo_district(people, DEMO_FAULTS) as (district, client):
        _pull_and_compare(district, client)


@contextmanager
def _demo_district(
    people: int, faults: tuple[str, ...]
) -> Iterator[tuple[sandbox.Sandbox, OneRosterClient]]:
    settings = HttpSettings(rate=0)
    with (
        sandbox.start(people=people, provider="classlink", faults=faults) as district,
        ClassLinkPartner(district.api_key, host=district.url, settings=settings) as partner,
        partner.district(district.details["tenant_id"]).roster_client() as client,
    ):
        yield district, client


def _pull_and_compare(district: sandbox.Sandbox, client: OneRosterClient) -> None:
    district.requests.clear()
    roster, seconds = _pull(client)
    _show_roster(roster)
    out.print(f"{seconds:.1f} seconds, {district.requests.count} requests")
    _compare(roster, district.expected)


def _compare(roster: Roster, expected: Roster) -> None:
    """Say whether the roster holds what the district sent, record by record."""
    names = [*roster.counts(), "tombstones"]
    if any(getattr(roster, name) != getattr(expected, name) for name in names):
        out.print("[red]The roster differs from the district's truth.[/red]")
        raise typer.Exit(1)
    count = sum(roster.counts().values())
    out.print(f"[green]All {count:,} records equal the district's truth.[/green]")


@app.command()
def pull(  # noqa: PLR0913 - one option per thing that a district's credentials are made of
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
    with _told(), _client(url, auth, server, version) as client:
        roster, seconds = _pull(client, allow_partial=partial)
        _show_roster(roster)
        out.print(f"{seconds:.1f} seconds")
        if output is not None:
            save_roster(roster, output)
            out.print(f"saved to {output}; it holds personal data")


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
    with _told(), _client(url, auth, server, version) as client:
        findings = client.check_access()
        _show_findings(findings)
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
    with _told(), sandbox.start(people, provider, version, faults=fault or ()) as district:
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
    with _told():
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


@contextmanager
def _told() -> Iterator[None]:
    """Turn an EdlinkError into one line and exit code 1; its text holds no person."""
    try:
        yield
    except EdlinkError as error:
        told = str(error)
    else:
        return
    out.print(f"[red]{told}[/red]", markup=True)
    raise typer.Exit(1)


def _pull(source: RosterSource, *, allow_partial: bool = False) -> tuple[Roster, float]:
    started = time.monotonic()
    with _progress() as on_progress:
        roster = source.pull_roster(allow_partial=allow_partial, progress=on_progress)
    return roster, time.monotonic() - started


@contextmanager
def _progress() -> Iterator[OnProgress]:
    columns = (TextColumn("{task.description:>18}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=out) as bar:
        tasks = {}

        def on_progress(collection: str, rows: int, expected: int | None) -> None:
            if collection not in tasks:
                tasks[collection] = bar.add_task(collection, total=expected)
            bar.update(tasks[collection], completed=rows, total=expected or rows)

        yield on_progress


def _show_findings(findings: tuple[Finding, ...]) -> None:
    """Print each finding; of several about schools, the worst and how many there are."""
    groups: dict[tuple[str, bool], list[Finding]] = {}
    for finding in findings:
        alone = finding.org_id is None
        groups.setdefault((finding.code + finding.title * alone, finding.is_ok), []).append(finding)
    for group in groups.values():
        worst = min(group, key=lambda finding: float(finding.evidence.get("percent", 0)))
        _show_finding(worst, len(group) - 1)


def _show_finding(finding: Finding, others: int) -> None:
    color = _COLORS[finding.severity]
    facts = ", ".join(f"{name} {value}" for name, value in finding.evidence.items())
    more = f"; {others} more schools" if others else ""
    word = f"[{color}]{finding.severity:8}[/{color}]"
    out.print(f"{word}{finding.code} {finding.title} ({facts}{more})", soft_wrap=True)
    if not finding.is_ok:
        out.print(f"{'':8}{finding.who}: {finding.fix}", soft_wrap=True)


def _show_roster(roster: Roster) -> None:
    table = Table(title=str(roster.source), title_justify="left")
    for name in ("records", "count", "coverage"):
        table.add_column(name, justify="right" if name == "count" else "left")
    summary = roster.summary()
    for kind, (name, count) in zip(COLLECTIONS, summary["records"].items(), strict=True):
        table.add_row(name, f"{count:,}", summary["coverage"].get(kind, ""))
    out.print(table)
    for title, counts in (
        ("people by role", summary["users_by_role"]),
        ("marked deleted", summary["tombstones"]),
        ("issues", summary["issues"]),
        ("warnings", summary["warnings"]),
    ):
        text = ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"
        out.print(f"{title}: {text}")


def main() -> None:
    """Run the command."""
    app()
