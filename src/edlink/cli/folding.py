"""What the demo adds for Entra: a parent is an entry on each student there, and one person here."""

from typing import TYPE_CHECKING, NoReturn, cast

import typer

from edlink.cli.show import out
from edlink.matching import fold_contacts
from edlink.roster import Roster
from edlink.sandbox import Sandbox
from edlink.sandbox.graph.views import ADULTS
from edlink.vocabulary import Status

if TYPE_CHECKING:
    from edlink.sandbox.graph.door import GraphDoor


def show_people(district: Sandbox, roster: Roster) -> None:
    """
    Print how many people the entries of a roster are, after folding related contacts.

    Raises:
        typer.Exit: Where the folded people are not the district's.
    """
    found = fold_contacts(roster)
    counts = found.roster.counts()
    out.print(
        f"{len(roster.users):,} entries, since Graph gives a contact no id and lists one on each "
        f"student: {found.folded:,} fold into another of the same full name, e-mail and number, "
        f"{len(found.conflicts):,} groups of namesakes who share one of these stay apart.",
        soft_wrap=True,
    )
    names = ("people", "users"), ("classes",) * 2, ("enrollments",) * 2, ("links", "relationships")
    told = ", ".join(f"{counts[name]:,} {word}" for word, name in names)
    out.print(f"After folding: [bold]{told}[/bold]")
    entries: dict[str, set[str]] = {}
    for entry, adult in cast("GraphDoor", district.door).adults().items():
        entries.setdefault(adult, set()).add(entry)
    several = {frozenset(ids) for ids in entries.values() if len(ids) > 1}
    if several != {frozenset(group) for group in found.groups}:
        _differ()
    _compare_people(district, set(entries), counts["users"])


def _compare_people(district: Sandbox, listed: set[str], people: int) -> None:
    """Say who of the district is among the people, who stands there twice, and who does not."""
    words = {
        user.sourced_id: {str(role.role_raw) for role in user.roles}
        for user in district.district.users
        if user.status is Status.active
    }
    accounts = {one for one, roles in words.items() if roles - ADULTS}
    twice, unlisted = accounts & listed, words.keys() - accounts - listed
    if people != len(accounts) + len(listed):
        _differ()
    out.print(
        f"[green]Of the district's {len(words):,} people {len(accounts | listed):,} are among "
        f"them[/green]: {len(twice):,} teachers who are parents stand there twice, as account and "
        f"as contact, and {len(unlisted):,} adults whom no student lists are not in Graph.",
        soft_wrap=True,
    )


def _differ() -> NoReturn:
    out.print("[red]The folded people differ from the district's.[/red]")
    raise typer.Exit(1)
