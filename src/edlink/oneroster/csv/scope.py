"""Records of whole collections, narrowed to the orgs of a scope; pure."""

from typing import Any

from edlink.coverage import CoverageEntry, Scope
from edlink.model import Class, Course, Enrollment, User
from edlink.vocabulary import CoverageState, Kind, Role

#: Kinds that belong to a school; orgs and sessions are kept whole, so that no parent is missing.
_BY_ORG = (Kind.course, Kind.class_, Kind.user, Kind.enrollment, Kind.relationship)

_EXCLUDED = "EDL-WARN-312"


def narrow(found: dict[Kind, list[Any]], scope: Scope) -> dict[Kind, list[Any]]:
    """
    Return the records that belong to the orgs of a scope.

    Orgs and academic sessions stay whole.  A class or enrollment belongs to its school, a course
    to its org and to the schools of its classes, a user to every org of their roles, demographics
    to their user.  What names no org stays, and so do the people linked to a student who stays.
    """
    if not scope.narrows_orgs:
        return found
    classes: list[Class] = [c for c in found[Kind.class_] if _wanted(scope, c.org_id)]
    taught = {class_.course_id for class_ in classes}
    courses: list[Course] = [
        c for c in found[Kind.course] if c.sourced_id in taught or _wanted(scope, c.org_id)
    ]
    enrollments: list[Enrollment] = [e for e in found[Kind.enrollment] if _wanted(scope, e.org_id)]
    users = _users(found[Kind.user], scope)
    ids = {user.sourced_id for user in users}
    demographics = found[Kind.demographics]
    if scope.wants_kind(Kind.user):
        demographics = [d for d in demographics if d.sourced_id in ids]
    return {
        **found,
        Kind.class_: classes,
        Kind.course: courses,
        Kind.enrollment: enrollments,
        Kind.user: users,
        Kind.demographics: demographics,
    }


def excluded_orgs(org_ids: list[str], scope: Scope) -> list[CoverageEntry]:
    """Return an entry for each kind in each org that a scope leaves out."""
    return [
        CoverageEntry(kind=kind, org_id=org_id, state=CoverageState.excluded, reason=_EXCLUDED)
        for org_id in org_ids
        if not scope.wants_org(org_id)
        for kind in _BY_ORG
    ]


def _wanted(scope: Scope, org_id: str | None) -> bool:
    return org_id is None or scope.wants_org(org_id)


def _users(users: list[User], scope: Scope) -> list[User]:
    kept = {user.sourced_id for user in users if _is_at(user, scope)}
    students = {u.sourced_id: u for u in users if u.sourced_id in kept and _is_student(u)}
    agents = {agent for student in students.values() for agent in student.agent_ids}

    def is_linked(user: User) -> bool:
        return user.sourced_id in agents or not students.keys().isdisjoint(user.agent_ids)

    return [u for u in users if u.sourced_id in kept or (not _is_student(u) and is_linked(u))]


def _is_at(user: User, scope: Scope) -> bool:
    orgs = {role.org_id for role in user.roles} - {None}
    return not orgs or any(_wanted(scope, org_id) for org_id in orgs)


def _is_student(user: User) -> bool:
    return any(role.role is Role.student for role in user.roles)
