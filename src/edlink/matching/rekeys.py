"""People who are gone under one id and here under another: re-keyed, not archived and made anew."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import cast

import attrs

from edlink.matching.host import HostState
from edlink.matching.linked import Link
from edlink.matching.match import match_people
from edlink.matching.people import empty_like
from edlink.matching.report import MatchReport, StoredLink
from edlink.matching.rules import MatchRules
from edlink.matching.vetoes import Verdict
from edlink.model import Demographics, Record, Relationship, User
from edlink.roster import Roster
from edlink.vocabulary import Kind

_RULES = MatchRules()


@attrs.frozen(kw_only=True)
class Rekeys:
    """
    New ids of people who were gone.

    Attributes:
        found: The link of each new id with an old one, with the rule that decided.
        open: Why each of some further new ids may be an old person's, which only a person can say.
    """

    found: Mapping[str, Link]
    open: Mapping[str, str]


def detect_rekeys(gone: Roster, arrived: Roster, *, rules: MatchRules = _RULES) -> Rekeys:
    """
    Return which people of one roster are those of another under new ids.

    The ladder of ``match_people`` decides, vetoes and all.  People whom both have under one id
    are taken as linked: they are there so that contacts can be known by their children.

    Args:
        gone: The people who are no longer there, and the students linked to them.
        arrived: The people who are new, and the students linked to them.
        rules: What the host has set.
    """
    same = [StoredLink(incoming=u.sourced_id, existing=u.sourced_id) for u in arrived.users]
    links = [link for link in same if gone.user(link.existing) is not None]
    report = match_people(
        arrived, gone, links=links, rules=rules, org_links={o: o for o in _org_ids(arrived)}
    )
    return Rekeys(
        found={k.incoming: k for k in report.linked if k.incoming != k.existing},
        open=_open(report),
    )


def _open(report: MatchReport) -> dict[str, str]:
    """
    Return the reason of each group that holds old people too, by its new ids.

    Who only resembles one who is gone is new: a sister who inherits the family's mailbox.
    """
    groups = [g for g in report.groups() if g.existing and g.reason != Verdict.likely]
    return {i: group.reason for group in groups for i in group.incoming}


def _org_ids(roster: Roster) -> set[str]:
    roles = (role.org_id for user in roster.users for role in user.roles)
    primary = (user.primary_org_id for user in roster.users)
    return {org_id for org_id in (*roles, *primary) if org_id is not None}


def gone_people(host: HostState, arrived: Roster, present: AbstractSet[str]) -> Roster:
    """
    Return the host's managed people who are not there any more, with the students linked to them.

    Args:
        host: The host's records; archived ones may return under a new id too.
        arrived: The roster whose facts about masked fields apply.
        present: The ids of people who are there.
    """
    managed = host.managed(Kind.user)
    ids = {i for i, held in managed.items() if i not in present and held.merged_into is None}
    held_links = host.managed(Kind.relationship).values()
    links = [cast("Relationship", h.record) for h in held_links]
    kin = tuple(link for link in links if link.contact_id in ids)
    ids |= {link.student_id for link in kin}
    dates = host.managed(Kind.demographics)
    return attrs.evolve(
        empty_like(arrived),
        users=tuple(cast("User", managed[i].record) for i in sorted(ids) if i in managed),
        relationships=kin,
        demographics=tuple(
            cast("Demographics", dates[i].record) for i in sorted(ids) if i in dates
        ),
    )


def arrived_people(roster: Roster, new: Mapping[str, Record]) -> Roster:
    """Return the new people of a roster, with the students linked to them."""
    kin = tuple(link for i in sorted(new) for link in roster.relationships_of_contact(i))
    ids = sorted(new.keys() | {link.student_id for link in kin})
    dates = (roster.demographics_of(i) for i in ids)
    users = (roster.user(i) for i in ids)
    return attrs.evolve(
        empty_like(roster),
        users=tuple(user for user in users if user is not None),
        relationships=kin,
        demographics=tuple(born for born in dates if born is not None),
    )
