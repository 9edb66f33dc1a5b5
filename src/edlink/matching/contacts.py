"""
Contacts as people: entries that agree become one.

Where a provider gives a contact no id, as Microsoft Graph does, it is an entry on a student, so
that a parent of two students is two entries.  A client does not guess who is who; a host that wants
people folds after a whole pull.
"""

from collections.abc import Iterable, Sequence

import attrs

from edlink.matching.components import join
from edlink.matching.emails import normalize_email, normalize_phone
from edlink.matching.normalize import normalize_name
from edlink.model import Identifier, RoleAssignment, User
from edlink.roster import Roster
from edlink.vocabulary import IdentifierType

#: A name of fewer words is no full name.
_WORDS = 2

#: An e-mail and a telephone number, as keys.
_Reach = tuple[str | None, str | None]


@attrs.frozen(kw_only=True)
class FoldedContacts:
    """
    A roster in which a contact is a person, and how it came about.

    Attributes:
        roster: The roster; each relationship leads to the person.
        groups: Ids of the entries that are one person; the first is the person's.
        conflicts: Ids of people who share a full name and an e-mail or number, and still cannot
            be one: they stay apart.
    """

    roster: Roster
    groups: tuple[tuple[str, ...], ...] = ()
    conflicts: tuple[tuple[str, ...], ...] = ()

    @property
    def folded(self) -> int:
        """How many entries went into another."""
        return sum(len(group) - 1 for group in self.groups)


def fold_contacts(roster: Roster) -> FoldedContacts:
    """
    Return a roster with each contact once, where its contacts are entries on one student each.

    Entries fold that have one full name and one e-mail or telephone number, and do not differ in
    the other.  Where entries that would fold through others contradict, or two of them stand on
    one student, so that the school itself tells them apart, all of them stay as they are.  Nobody
    folds into an account.

    The person has the smallest of the ids, the others as ``legacy_id``, so that a link to the
    person lasts when one of the students leaves.  Folding again changes nothing.

    Args:
        roster: A whole pull; in changes a person's other entries are missing.
    """
    student_of = {link.contact_id: link.student_id for link in roster.relationships}
    users = {user.sourced_id: user for user in roster.users if user.sourced_id in student_of}
    groups: list[tuple[str, ...]] = []
    conflicts: list[tuple[str, ...]] = []
    for sharing in join(users.values(), _keys):
        people: list[tuple[str, ...]] = []
        for part in _agreeing(sharing):
            ids = tuple(sorted(user.sourced_id for user in part))
            apart = _contradict(part) or len({student_of[i] for i in ids}) < len(ids)
            people += [(i,) for i in ids] if apart else [ids]
        groups += [ids for ids in people if len(ids) > 1]
        if len(people) > 1:
            conflicts.append(tuple(sorted(ids[0] for ids in people)))
    return FoldedContacts(
        roster=_folded(roster, [[users[i] for i in ids] for ids in groups]),
        groups=tuple(sorted(groups)),
        conflicts=tuple(sorted(conflicts)),
    )


def _folded(roster: Roster, groups: Sequence[Sequence[User]]) -> Roster:
    """Return the roster with one person for each group of entries."""
    person_of = {user.sourced_id: group[0].sourced_id for group in groups for user in group}
    people = {group[0].sourced_id: _person(group) for group in groups}
    return attrs.evolve(
        roster,
        users=tuple(
            people.get(user.sourced_id, user)
            for user in roster.users
            if person_of.get(user.sourced_id, user.sourced_id) == user.sourced_id
        ),
        relationships=tuple(
            attrs.evolve(link, contact_id=person_of.get(link.contact_id, link.contact_id))
            for link in roster.relationships
        ),
    )


def _keys(user: User) -> set[tuple[str, str]]:
    """Return a full name with each e-mail and number; none without a full name."""
    name = normalize_name(user.display_name)
    if name.absent is not None or len(name.tokens) < _WORDS:
        return set()
    return {(name.strict, key) for key in _reach(user) if key is not None}


def _agreeing(users: Iterable[User]) -> list[list[User]]:
    """
    Return users of one name in parts that agree, also through others.

    Two agree who have one e-mail or number, and do not differ in the other: whoever has both
    agrees with their like, and with those who have but one of the two.
    """
    reach = {user.sourced_id: _reach(user) for user in users}
    halves = {known for known in reach.values() if None in known}

    def keys(user: User) -> set[_Reach]:
        email, phone = known = reach[user.sourced_id]
        return {known} | (halves & {(email, None), (None, phone)})

    return join(users, keys)


def _contradict(group: Iterable[User]) -> bool:
    """Return whether two of them have e-mails, or numbers, that differ."""
    emails, phones = map(set, zip(*map(_reach, group), strict=True))
    return len(emails - {None}) > 1 or len(phones - {None}) > 1


def _reach(user: User) -> _Reach:
    """Return the e-mail and the telephone number of a contact as keys."""
    return normalize_email(user.email).value, normalize_phone(user.sms)


def _person(entries: Sequence[User]) -> User:
    """Return the first entry with what the others add."""
    roles: dict[tuple[object, ...], RoleAssignment] = {}
    for user in entries:
        for role in user.roles:
            roles.setdefault((role.role, role.role_raw, role.org_id), role)
    first, *others = entries
    return attrs.evolve(
        first,
        email=next((user.email for user in entries if user.email), None),
        sms=next((user.sms for user in entries if user.sms), None),
        roles=tuple(
            attrs.evolve(role, is_primary=place == 0) for place, role in enumerate(roles.values())
        ),
        identifiers=(*first.identifiers, *(_legacy(other.sourced_id) for other in others)),
    )


def _legacy(sourced_id: str) -> Identifier:
    type_ = IdentifierType.legacy_id
    return Identifier(type=type_, type_raw="relatedContact", value=sourced_id)
