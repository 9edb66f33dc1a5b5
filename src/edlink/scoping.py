"""Taking out of a roster, or of changes, what a scope leaves out, and saying so in the coverage."""

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import attrs

from edlink.coverage import EXCLUDED, Coverage, CoverageEntry, Scope, Tombstone
from edlink.model import (
    RECORD_TYPES,
    Class,
    Course,
    Demographics,
    Enrollment,
    Org,
    Record,
    Relationship,
    User,
)
from edlink.roster import Roster
from edlink.vocabulary import Kind, OrgType, Role

#: Roles that keep a person whoever their children are.
_AT_WORK = frozenset({Role.student, Role.teacher, Role.staff, Role.administrator})

_BY_ORG = tuple(k for k in Kind if k is not Kind.academic_session)


def apply_scope(roster: Roster) -> Roster:
    """
    Return the roster without the records of the orgs that its scope leaves out.

    Including some orgs leaves out the other schools and what lies beneath them, such as their
    departments, not the district above them.  A person stays who has a role at any org that stays,
    or none at all, or is enrolled in a class that stays, or is a contact of a student who stays.
    A contact who is at no school, as at providers that keep parents at the district, goes with the
    last student.  Coverage says ``excluded`` for each org left out.
    """
    if not roster.scope.narrows_orgs:
        return roster
    out = left_out(roster.orgs, roster.scope)
    gone = {c.sourced_id for c in roster.classes if c.org_id in out}

    def stays(record: Record | None) -> bool:
        return not lies_in(record, out, gone)

    enrollments = tuple(filter(stays, roster.enrollments))
    enrolled = {e.user_id for e in enrollments}
    inside = {u.sourced_id for u in roster.users if stays(u) or u.sourced_id in enrolled}
    users = _with_contacts(roster, inside)
    return attrs.evolve(
        roster,
        coverage=_exclude(roster.coverage, out),
        orgs=tuple(filter(stays, roster.orgs)),
        courses=tuple(filter(stays, roster.courses)),
        classes=tuple(filter(stays, roster.classes)),
        enrollments=enrollments,
        users=tuple(u for u in roster.users if u.sourced_id in users),
        relationships=tuple(r for r in roster.relationships if r.student_id in users),
        demographics=tuple(d for d in roster.demographics if d.sourced_id in users),
        tombstones=tuple(t for t in roster.tombstones if stays(t.record)),
    )


def lies_in(record: Record | None, out: AbstractSet[str], classes: AbstractSet[str]) -> bool:
    """
    Return whether a record by itself says that it lies in an org or a class left out.

    A person does whose every role is there.  A record that names no org lies nowhere.
    """
    match record:
        case Org():
            return record.sourced_id in out
        case Course() | Class():
            return record.org_id in out
        case Enrollment():
            return record.org_id in out or record.class_id in classes
        case User():
            orgs = {role.org_id for role in record.roles if role.org_id is not None}
            return bool(orgs) and orgs <= out
    return False


def leave_out(
    scope: Scope,
    changed: Sequence[Record],
    tombstones: Sequence[Tombstone] = (),
    *,
    absent: Collection[str] = (),
) -> tuple[tuple[Record, ...], tuple[Tombstone, ...]]:
    """
    Return changes without what a scope leaves out, as far as they say themselves where they lie.

    With a person go their demographics and family links, and with the last of the links that the
    changes tell, the adult at no school.

    Args:
        scope: What the pull was asked for that the changes follow.
        changed: Records as they are now.
        tombstones: Records that are gone.
        absent: Ids of further people and classes that are known to be left out.
    """
    told = [*changed, *(t.record for t in tombstones if t.record is not None)]
    out = left_out([r for r in changed if isinstance(r, Org)], scope)
    classes = {r.sourced_id for r in told if isinstance(r, Class) and r.org_id in out} | {*absent}
    people = {r.sourced_id for r in told if isinstance(r, User) and lies_in(r, out, classes)}
    people |= {*absent}
    inside = {r.sourced_id for r in told if isinstance(r, Class)} - classes
    seats = [r for r in told if isinstance(r, Enrollment) and not lies_in(r, out, classes)]
    people -= {r.user_id for r in seats if r.org_id is not None or r.class_id in inside}
    links = [r for r in told if isinstance(r, Relationship)]
    adults = {r.sourced_id for r in told if isinstance(r, User) and _is_at_no_school(r)}
    people |= {link.contact_id for link in links if link.contact_id in adults}
    people -= {link.contact_id for link in links if link.student_id not in people}
    wanted = wanted_types(scope)

    def stays(record: Record | None) -> bool:
        match record:
            case User() | Demographics():
                is_out = record.sourced_id in people
            case Relationship():
                is_out = record.student_id in people
            case Enrollment():
                is_out = lies_in(record, out, classes) or record.user_id in people
            case _:
                is_out = lies_in(record, out, classes)
        return not is_out and (record is None or isinstance(record, wanted))

    return (
        tuple(record for record in changed if stays(record)),
        tuple(t for t in tombstones if scope.wants_kind(t.kind) and stays(t.record)),
    )


def _is_at_no_school(user: User) -> bool:
    """Return whether nothing but family links keeps a person in a roster."""
    return not any(role.role in _AT_WORK for role in user.roles)


def wanted_types(scope: Scope) -> tuple[type[Any], ...]:
    """Return the classes of the kinds that a scope wants, for ``isinstance``."""
    return tuple(type_ for kind, type_ in RECORD_TYPES.items() if scope.wants_kind(kind))


def left_out(orgs: Iterable[Org], scope: Scope) -> set[str]:
    """Return the ids of the schools that a scope leaves out, and of all orgs beneath them."""
    out = set(scope.exclude_orgs)
    below: dict[str, list[str]] = {}
    for org in orgs:
        if org.type is OrgType.school and not scope.wants_org(org.sourced_id):
            out.add(org.sourced_id)
        if org.parent_id is not None and org.sourced_id not in scope.include_orgs:
            below.setdefault(org.parent_id, []).append(org.sourced_id)
    waiting = list(out)
    while waiting:
        found = set(below.get(waiting.pop(), ())) - out
        out |= found
        waiting += found
    return out


def _with_contacts(roster: Roster, inside: set[str]) -> set[str]:
    """Return people and their contacts, without the adults whose children are all left out."""
    contacts = {r.contact_id for r in roster.relationships if r.student_id in inside}
    return (inside - _strangers(roster, contacts)) | contacts


def _strangers(roster: Roster, contacts: set[str]) -> set[str]:
    """Return the adults at no school who are linked, but to no student who stays."""
    schools = {org.sourced_id for org in roster.orgs if org.type is OrgType.school}
    linked = {r.contact_id for r in roster.relationships} - contacts
    return {
        user.sourced_id
        for user in roster.users
        if user.sourced_id in linked
        and not any(role.org_id in schools or role.role in _AT_WORK for role in user.roles)
    }


def _exclude(coverage: Coverage, out: set[str]) -> Coverage:
    entries = (
        CoverageEntry.of(kind, EXCLUDED, org_id=org_id)
        for org_id in sorted(out)
        for kind in _BY_ORG
    )
    return Coverage((*coverage.entries, *entries))
