"""
What a plain directory can say of the invented district: accounts, and groups of them.

The truth stands on these rules: students and teachers are the members of a group each, other staff
are a department, and the groups of classes begin with one word.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from edlink.model import (
    Class,
    Enrollment,
    Identifier,
    Org,
    Record,
    RoleAssignment,
    User,
)
from edlink.sandbox.graph.views import DEPARTMENTS, Views
from edlink.vocabulary import ClassType, IdentifierType, Kind, OrgType, Role

#: What the ``mailNickname`` of a class's group begins with.
CLASS_PREFIX = "section_"
#: Identifiers of the district that a directory keeps as ``employeeId``.
NUMBERS = frozenset({"SIS", "staffUniqueId"})


class DirectoryViews:
    """The records of a district as a directory without School Data Sync says them."""

    def __init__(self, views: Views) -> None:
        self._views = views

    @cached_property
    def known(self) -> Mapping[str, tuple[str | None, str]]:
        """The number and the job title of each account, by object id."""
        found = {}
        for person, account in zip(self._views.people, self._views.accounts, strict=True):
            numbers = (i.value for i in person.identifiers if i.type_raw in NUMBERS)
            found[account.sourced_id] = next(numbers, None), str(person.roles[0].role_raw)
        return found

    def records(self) -> Mapping[Kind, tuple[Record, ...]]:
        """Return every record by its kind."""
        tenant = self._views.tenant
        return {
            Kind.org: (Org(sourced_id=tenant, type=OrgType.district, type_raw="tenant"),),
            Kind.class_: tuple(self._classes()),
            Kind.user: tuple(map(self._user, self._views.accounts)),
            Kind.enrollment: tuple(self._enrollments()),
        }

    def _user(self, account: User) -> User:
        number, title = self.known[account.sourced_id]
        role = account.roles[0].role
        kept: dict[str, Any] = {
            name: getattr(account, name)
            for name in (
                "sourced_id",
                "enabled",
                "username",
                "display_name",
                "given_name",
                "family_name",
                "email",
                "sms",
            )
        }
        identifier = IdentifierType.employee_id
        return User(
            **kept,
            identifiers=(Identifier(type=identifier, type_raw="employeeId", value=number),)
            if number
            else (),
            roles=(
                RoleAssignment(
                    role=ROLES[role],
                    role_raw="department" if role is Role.other else "group",
                    org_id=self._views.tenant,
                    is_primary=True,
                    title=title,
                    department=DEPARTMENTS.get(role),
                ),
            ),
            primary_org_id=self._views.tenant,
        )

    def _classes(self) -> Iterator[Class]:
        for class_ in self._views.classes:
            yield Class(
                sourced_id=class_.sourced_id,
                title=class_.title,
                class_code=nickname(class_.sourced_id),
                class_type=ClassType.other,
                class_type_raw="group",
                org_id=self._views.tenant,
            )

    def _enrollments(self) -> Iterator[Enrollment]:
        roles = {user.sourced_id: ROLES[user.roles[0].role] for user in self._views.accounts}
        for row in self._views.enrollments:
            yield Enrollment(
                sourced_id=row.sourced_id,
                user_id=row.user_id,
                class_id=row.class_id,
                role=roles[str(row.user_id)],
                role_raw="member",
            )


ROLES: Mapping[Role, Role] = {
    Role.student: Role.student,
    Role.teacher: Role.teacher,
    Role.other: Role.staff,
}


def nickname(class_id: str) -> str:
    """Return the ``mailNickname`` of a class's group."""
    return f"{CLASS_PREFIX}{class_id[:8]}"
