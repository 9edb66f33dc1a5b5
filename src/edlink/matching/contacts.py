"""
Contacts as people: entries that agree become one.

Where a provider gives a contact no id, as Microsoft Graph does, it is an entry on a student, so
that a parent of two students is two entries.  A client does not guess who is who; a host that wants
people folds after a whole pull.
"""

from collections.abc import Iterable, Iterator, Sequence

import attrs

from edlink.matching.emails import normalize_email, normalize_phone
from edlink.matching.normalize import normalize_name
from edlink.model import Identifier, RoleAssignment, User
from edlink.roster import Roster
from edlink.vocabulary import IdentifierType

#: A name of fewer words is no full name.
_WORDS = 2


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
    for sharing in _sharing(users.values()):
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


def _sharing(users: Iterable[User]) -> Iterator[Sequence[User]]:
    """Yield those who share a full name and an e-mail or number, also through others."""
    groups: dict[str, tuple[set[tuple[str, str]], list[User]]] = {}
    holder: dict[tuple[str, str], str] = {}
    for user in users:
        keys, members = _keys(user), [user]
        for other in {holder[key] for key in keys if key in holder}:
            its_keys, its_members = groups.pop(other)
            keys |= its_keys
            members += its_members
        groups[user.sourced_id] = keys, members
        holder |= dict.fromkeys(keys, user.sourced_id)
    yield from (members for _, members in groups.values() if len(members) > 1)


def _keys(user: User) -> set[tuple[str, str]]:
    """Return a full name with each e-mail and number; none without a full name."""
    name = normalize_name(user.display_name)
    if name.absent is not None or len(name.tokens) < _WORDS:
        return set()
    return {(name.strict, key) for key in (*_emails(user), *_phones(user))}


def _agreeing(users: Sequence[User]) -> Iterator[Sequence[User]]:
    """Yield users of one name in parts that agree, also through others."""
    rest = list(users)
    while rest:
        part = [rest.pop(0)]
        for user in part:
            near = {other.sourced_id for other in rest if _agree(user, other)}
            part += [other for other in rest if other.sourced_id in near]
            rest = [other for other in rest if other.sourced_id not in near]
        yield part


def _agree(one: User, other: User) -> bool:
    """Return whether two have one e-mail or number, and do not differ in the other."""
    pairs = (
        (set(_emails(one)), set(_emails(other))),
        (set(_phones(one)), set(_phones(other))),
    )
    alike = [a == b for a, b in pairs if a and b]
    return bool(alike) and all(alike)


def _contradict(group: Sequence[User]) -> bool:
    """Return whether two of them have e-mails, or numbers, that differ."""
    emails = {key for user in group for key in _emails(user)}
    phones = {key for user in group for key in _phones(user)}
    return len(emails) > 1 or len(phones) > 1


def _emails(user: User) -> Iterator[str]:
    key = normalize_email(user.email).value
    if key is not None:
        yield key


def _phones(user: User) -> Iterator[str]:
    key = normalize_phone(user.sms)
    if key is not None:
        yield key


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
