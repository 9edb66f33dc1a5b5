"""
Who a sign-in is in a roster: a stored link, then the sourced id of the same tenant, then nobody.

Names and e-mail addresses are never looked at: nobody has proved them.  ``match_identity`` of
``identities`` looks at them, and only proposes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Protocol

import attrs

from edlink.coverage import Source
from edlink.roster import Roster

#: The key of an identity: provider, tenant and subject.
IdentityKey = tuple[str, str, str]

#: The key of a person: the roster's provider and tenant, and the sourced id there.
PersonKey = tuple[str, str, str]

#: What the host has stored: the person each identity was linked to.
Links = Mapping[IdentityKey, PersonKey]

#: The same by person: the accounts that each is linked to.
Accounts = Mapping[PersonKey, Iterable[IdentityKey]]


class SignedIn(Protocol):
    """What linking needs of an identity; ``edlink.sso.Identity`` has it."""

    @property
    def source(self) -> Source:
        """Provider and tenant that vouch for the person."""
        ...

    @property
    def key(self) -> IdentityKey:
        """Provider, tenant and subject."""
        ...

    @property
    def sourced_id(self) -> str | None:
        """The person's id in the tenant's roster, where the provider sends one."""
        ...


class LinkReason(StrEnum):
    """
    Why an identity is, or is not, a person of the roster.

    ``stored_link`` and ``sourced_id`` name a person, others nobody.  ``person_gone``: the stored
    link leads to nobody in this roster.  ``person_taken``: another account of the same tenant is
    linked to that person.  ``disabled``: the roster says the person may not sign in.
    ``other_tenant``: the stored link leads into another roster, or there is none and another
    tenant vouches.  ``no_sourced_id`` and ``not_in_roster`` say where the second rule ended.
    """

    stored_link = "stored_link"
    sourced_id = "sourced_id"
    person_gone = "person_gone"
    person_taken = "person_taken"
    disabled = "disabled"
    other_tenant = "other_tenant"
    no_sourced_id = "no_sourced_id"
    not_in_roster = "not_in_roster"


@attrs.frozen(kw_only=True)
class IdentityLink:
    """The sourced id of the person who signed in, or None, and why."""

    user_id: str | None
    reason: LinkReason


def accounts_of(links: Links) -> dict[PersonKey, tuple[IdentityKey, ...]]:
    """
    Return the accounts of each person who is linked.

    Args:
        links: What the host has stored.
    """
    found: dict[PersonKey, list[IdentityKey]] = {}
    for key, person in links.items():
        found.setdefault(person, []).append(key)
    return {person: tuple(keys) for person, keys in found.items()}


def link_identity(
    identity: SignedIn,
    roster: Roster,
    links: Links,
    *,
    vouched_by: Source | None = None,
    accounts: Accounts | None = None,
) -> IdentityLink:
    """
    Return who an identity is in a roster; nobody is linked by likeness.

    Args:
        identity: An accepted sign-in.
        roster: The people it may be.
        links: What the host has stored.
        vouched_by: The identity source whose sourced ids are this roster's, where it is not the
            roster's own source (a district's ClassLink login with its OneRoster data).
        accounts: The same links by person, as ``accounts_of`` gives them or the host's own store
            finds them.  Without it, each first sign-in looks through all links.
    """
    here = (roster.source.provider, roster.source.tenant)
    stored = links.get(identity.key)
    if stored is not None and stored[:2] != here:
        return IdentityLink(user_id=None, reason=LinkReason.other_tenant)
    if stored is not None:
        return _known(roster, stored[2], LinkReason.stored_link, LinkReason.person_gone)
    if identity.source != (vouched_by or roster.source):
        return IdentityLink(user_id=None, reason=LinkReason.other_tenant)
    if not identity.sourced_id:
        return IdentityLink(user_id=None, reason=LinkReason.no_sourced_id)
    person = (*here, identity.sourced_id)
    if accounts is None:
        theirs: Iterable[IdentityKey] = (key for key, whom in links.items() if whom == person)
    else:
        theirs = accounts.get(person, ())
    if any(key[:2] == identity.key[:2] for key in theirs):
        return IdentityLink(user_id=None, reason=LinkReason.person_taken)
    return _known(roster, identity.sourced_id, LinkReason.sourced_id, LinkReason.not_in_roster)


@attrs.frozen(kw_only=True)
class SignInPreview:
    """
    Who could sign in, before anybody does.

    Attributes:
        able: Sourced ids of people who will be known, with how.
        lacking: Sourced ids of people who will not, with why.
        collisions: Sourced ids of people to whom several accounts of one tenant are linked.
        dangling: How many stored links lead to nobody in the roster, where they lead into it.
    """

    able: Mapping[str, LinkReason] = attrs.field(repr=False)
    lacking: Mapping[str, LinkReason] = attrs.field(repr=False)
    collisions: tuple[str, ...] = attrs.field(repr=False)
    dangling: int

    def summary(self) -> dict[str, int]:
        """Return counts by what was found; no person is in it."""
        counts = Counter(str(reason) for reason in (*self.able.values(), *self.lacking.values()))
        return {**counts, "collisions": len(self.collisions), "dangling": self.dangling}


def preview_sign_ins(roster: Roster, links: Links, *, sends_sourced_id: bool) -> SignInPreview:
    """
    Return for a whole roster who will be able to sign in, who collides and who lacks what.

    Args:
        roster: Everyone who might sign in.
        links: What the host has stored.
        sends_sourced_id: Whether the provider was set up to send the roster's sourced ids
            (Clever and Entra always do, Veracross never does).
    """
    here = (roster.source.provider, roster.source.tenant)
    own = [(key[:2], person[2]) for key, person in links.items() if person[:2] == here]
    people = {person for _, person in own}
    able: dict[str, LinkReason] = {}
    lacking: dict[str, LinkReason] = {}
    for user in roster.users:
        if not user.enabled:
            lacking[user.sourced_id] = LinkReason.disabled
        elif user.sourced_id in people:
            able[user.sourced_id] = LinkReason.stored_link
        elif sends_sourced_id:
            able[user.sourced_id] = LinkReason.sourced_id
        else:
            lacking[user.sourced_id] = LinkReason.no_sourced_id
    return SignInPreview(
        able=able,
        lacking=lacking,
        collisions=tuple(sorted({person for (_, person), n in Counter(own).items() if n > 1})),
        dangling=sum(roster.user(person) is None for _, person in own),
    )


def _known(roster: Roster, user_id: str, found: LinkReason, missing: LinkReason) -> IdentityLink:
    user = roster.user(user_id)
    if user is None:
        return IdentityLink(user_id=None, reason=missing)
    if not user.enabled:
        return IdentityLink(user_id=None, reason=LinkReason.disabled)
    return IdentityLink(user_id=user_id, reason=found)
