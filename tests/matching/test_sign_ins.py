from datetime import UTC, datetime

import pytest

from edlink.coverage import Source
from edlink.matching import (
    IdentityLink,
    LinkReason,
    accounts_of,
    link_identity,
    preview_sign_ins,
)
from edlink.matching.sign_ins import Accounts, IdentityKey, PersonKey
from edlink.model import User
from edlink.roster import Roster
from edlink.sso import Identity, Unverified

ROSTER = Roster.from_records(
    [
        User(sourced_id="u-1", email="shared@example.org", given_name="Ann"),
        User(sourced_id="u-2", email="shared@example.org", given_name="Ann"),
        User(sourced_id="u-3", enabled=False),
    ],
    source=Source("clever", "d-1"),
    pulled_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def who(
    sourced_id: str | None = None,
    links: dict[IdentityKey, PersonKey] | None = None,
    *,
    tenant: str = "d-1",
    vouched_by: Source | None = None,
    accounts: Accounts | None = None,
) -> IdentityLink:
    identity = Identity(
        provider="clever",
        tenant=tenant,
        subject="account-1",
        sourced_id=sourced_id,
        unverified=Unverified(email="shared@example.org", given_name="Ann"),
    )
    return link_identity(identity, ROSTER, links or {}, vouched_by=vouched_by, accounts=accounts)


MINE = ("clever", "d-1", "account-1")


@pytest.mark.parametrize(
    ("sourced_id", "links", "user_id", "reason"),
    [
        (None, {MINE: ("clever", "d-1", "u-1")}, "u-1", LinkReason.stored_link),
        ("u-2", {MINE: ("clever", "d-1", "u-1")}, "u-1", LinkReason.stored_link),
        (None, {MINE: ("clever", "d-1", "u-9")}, None, LinkReason.person_gone),
        ("u-1", {MINE: ("clever", "d-2", "u-1")}, None, LinkReason.other_tenant),
        (None, {MINE: ("clever", "d-1", "u-3")}, None, LinkReason.disabled),
        ("u-1", {}, "u-1", LinkReason.sourced_id),
        ("U-1", {}, None, LinkReason.not_in_roster),
        ("u-3", {}, None, LinkReason.disabled),
        ("", {}, None, LinkReason.no_sourced_id),
        (None, {}, None, LinkReason.no_sourced_id),
        (
            "u-1",
            {("clever", "d-1", "account-2"): ("clever", "d-1", "u-1")},
            None,
            LinkReason.person_taken,
        ),
        (
            "u-1",
            {("entra", "t-1", "account-2"): ("clever", "d-1", "u-1")},
            "u-1",
            LinkReason.sourced_id,
        ),
    ],
)
def test_a_link_comes_before_a_sourced_id_and_nothing_after(
    sourced_id: str | None,
    links: dict[IdentityKey, PersonKey],
    user_id: str | None,
    reason: LinkReason,
) -> None:
    """A stored link decides, then the tenant's sourced id; a shared address decides nothing."""
    assert who(sourced_id, links) == IdentityLink(user_id=user_id, reason=reason)


TWO = ("clever", "d-1", "account-2")
OTHER = ("entra", "t-1", "account-2")
ANN = ("clever", "d-1", "u-1")


@pytest.mark.parametrize(
    "links",
    [
        {},
        {TWO: ANN},
        {OTHER: ANN},
        {OTHER: ANN, TWO: ANN},
        {TWO: ("clever", "d-2", "u-1")},
        {MINE: ANN, TWO: ANN},
    ],
)
def test_accounts_by_person_say_what_the_links_say(links: dict[IdentityKey, PersonKey]) -> None:
    """Whether all links are looked through or found by person, the answer is the same."""
    assert who("u-1", links, accounts=accounts_of(links)) == who("u-1", links)


def test_accounts_of_a_person_are_all_that_are_linked() -> None:
    """Each person has every account whose link leads to them."""
    links = {OTHER: ANN, MINE: ("clever", "d-1", "u-2"), TWO: ANN}
    assert accounts_of(links) == {ANN: (OTHER, TWO), ("clever", "d-1", "u-2"): (MINE,)}


def test_a_link_into_another_roster_leads_nowhere_here() -> None:
    """An account of another tenant is whom it was linked to, in the roster it was linked into."""
    key = ("clever", "d-2", "account-1")
    elsewhere, here = ("clever", "d-2", "u-1"), ("clever", "d-1", "u-1")
    assert who(tenant="d-2", links={key: elsewhere}).reason is LinkReason.other_tenant
    assert who(tenant="d-2", links={key: here}).user_id == "u-1"


def test_another_tenants_ids_are_other_peoples() -> None:
    """The same sourced id from another tenant is nobody here."""
    assert who("u-1", tenant="d-2").reason is LinkReason.other_tenant


def test_a_roster_can_name_who_vouches_for_it() -> None:
    """A roster of another source takes sourced ids from the identity source it names."""
    vouched = who("u-1", tenant="d-2", vouched_by=Source("clever", "d-2"))
    assert vouched.user_id == "u-1"
    assert who("u-1", vouched_by=Source("clever", "d-2")).reason is LinkReason.other_tenant


def test_a_preview_says_who_can_sign_in() -> None:
    """A preview names who is able, who lacks what, who collides and which links lead nowhere."""
    links = {
        MINE: ("clever", "d-1", "u-1"),
        ("clever", "d-1", "account-2"): ("clever", "d-1", "u-1"),
        ("entra", "t-1", "account-3"): ("clever", "d-1", "u-9"),
        ("entra", "t-1", "account-4"): ("clever", "d-2", "u-2"),
    }
    found = preview_sign_ins(ROSTER, links, sends_sourced_id=True)
    assert found.able == {"u-1": LinkReason.stored_link, "u-2": LinkReason.sourced_id}
    assert found.lacking == {"u-3": LinkReason.disabled}
    assert (found.collisions, found.dangling) == (("u-1",), 1)
    assert found.summary() == {
        "stored_link": 1,
        "sourced_id": 1,
        "disabled": 1,
        "collisions": 1,
        "dangling": 1,
    }
    assert "u-1" not in repr(found)


def test_without_sourced_ids_only_links_help() -> None:
    """Where the provider sends no sourced ids, people without a link lack one."""
    found = preview_sign_ins(ROSTER, {}, sends_sourced_id=False)
    assert found.lacking["u-1"] is LinkReason.no_sourced_id
    assert found.able == {}
