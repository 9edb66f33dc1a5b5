"""What the demo adds for Entra: a parent is an entry on each student there, and one person here."""

from typing import TYPE_CHECKING, cast

import typer

from edlink.cli.show import out
from edlink.roster import Roster
from edlink.sandbox import Sandbox
from edlink.vocabulary import Status

if TYPE_CHECKING:
    from edlink.sandbox.graph.door import GraphDoor


def show_people(district: Sandbox, roster: Roster) -> None:
    """
    Print how many people the entries of a roster are, after folding related contacts.

    Raises:
        typer.Exit: Where the folded people are not the district's.
    """
    from edlink.entra import fold_contacts  # noqa: PLC0415 - msal is an extra of its own

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
    adult_of = cast("GraphDoor", district.door).adults()
    entries: dict[str, set[str]] = {}
    for entry, adult in adult_of.items():
        entries.setdefault(adult, set()).add(entry)
    if {frozenset(ids) for ids in entries.values() if len(ids) > 1} != set(
        map(frozenset, found.groups)
    ):
        out.print("[red]The folded contacts differ from the district's adults.[/red]")
        raise typer.Exit(1)
    _show_difference(district, set(entries), counts["users"])


def _show_difference(district: Sandbox, listed: set[str], people: int) -> None:
    """Say who of the district stands twice among the people, and who is not among them."""
    active = {u.sourced_id: u for u in district.district.users if u.status is Status.active}
    staff = {i for i in listed if {str(r.role_raw) for r in active[i].roles} & {"teacher"}}
    accounts = people - len(listed)
    unlisted = len(active) - (accounts + len(listed) - len(staff))
    out.print(
        f"[green]They are the district's {len(active):,} people[/green], but that {len(staff):,} "
        f"teachers who are parents stand there twice, as account and as contact, and {unlisted:,} "
        "adults whom no student lists are not in Graph.",
        soft_wrap=True,
    )
