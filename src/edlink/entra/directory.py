"""
A roster from a plain directory, for tenants without School Data Sync; pure but for its settings.

Nothing in a directory says who is a student, so the host does, by groups and departments.  There
are no schools, terms, birth dates or contacts in it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import attrs

from edlink.entra.education import account_of, to_tenant
from edlink.entra.wire import GroupRow, UserRow
from edlink.errors import ConfigError
from edlink.model import Class, Enrollment, Identifier, RoleAssignment, User
from edlink.vocabulary import ClassType, IdentifierType, Role


def _set(values: Iterable[str]) -> Collection[str]:
    if isinstance(values, str):
        raise ConfigError("EDL-CONF-074", "a directory's rules take sets, not one text")
    return frozenset(values)


def _rule() -> Any:  # noqa: ANN401 - an attrs field
    return attrs.field(factory=frozenset, converter=_set)


@attrs.frozen(kw_only=True)
class Directory:
    """
    Who is who in a plain directory, and which groups are classes.

    Attributes:
        student_groups: Ids of groups whose members are students, groups within them too.
        teacher_groups: The same for teachers.
        staff_groups: The same for other staff.
        departments: The role of those whose department is just this word.
        class_groups: Ids of the groups that are classes.
        class_prefix: Groups whose ``mailNickname`` begins so are classes too; empty for none.

    Raises:
        ConfigError: EDL-CONF-074 no rule says who belongs to the roster.
    """

    student_groups: Collection[str] = _rule()
    teacher_groups: Collection[str] = _rule()
    staff_groups: Collection[str] = _rule()
    departments: Mapping[str, Role] = attrs.field(factory=dict)
    class_groups: Collection[str] = _rule()
    class_prefix: str = ""

    def __attrs_post_init__(self) -> None:
        if not (self.groups or self.departments):
            fix = "Name at least one group or department, such as Directory(student_groups={id})."
            raise ConfigError("EDL-CONF-074", "no rule says who belongs to the roster", fix=fix)

    @property
    def groups(self) -> Mapping[str, Role]:
        """The role of each group's members."""
        return {
            **dict.fromkeys(sorted(self.staff_groups), Role.staff),
            **dict.fromkeys(sorted(self.student_groups), Role.student),
            **dict.fromkeys(sorted(self.teacher_groups), Role.teacher),
        }

    def is_class(self, group: GroupRow) -> bool:
        """Return whether a group is a class."""
        nickname = group.mail_nickname or ""
        prefixed = bool(self.class_prefix) and nickname.startswith(self.class_prefix)
        return group.id in self.class_groups or prefixed


@attrs.frozen(kw_only=True)
class DirectoryRows:
    """
    What was read of a directory.

    ``members`` are the ids of users in a group, by its id.
    """

    tenant: str
    rules: Directory
    users: Mapping[str, UserRow] = attrs.field(factory=dict, repr=False)
    classes: Mapping[str, GroupRow] = attrs.field(factory=dict, repr=False)
    members: Mapping[str, Collection[str]] = attrs.field(factory=dict, repr=False)


def to_records(rows: DirectoryRows) -> Iterator[Any]:
    """Yield the records of everybody whom a rule names, and of the classes."""
    yield to_tenant(rows.tenant, ())
    roles = {user_id: _roles(rows, user) for user_id, user in rows.users.items()}
    for user_id, user in rows.users.items():
        if roles[user_id]:
            yield _user(user, roles[user_id], rows.tenant)
    for group_id, group in rows.classes.items():
        yield Class(
            sourced_id=group_id,
            title=group.display_name,
            class_code=group.mail_nickname,
            class_type=ClassType.other,
            class_type_raw="group",
            org_id=rows.tenant,
        )
        for user_id in rows.members.get(group_id, ()):
            if roles.get(user_id):
                yield _enrollment(group_id, user_id, next(iter(roles[user_id])))


def _roles(rows: DirectoryRows, user: UserRow) -> Mapping[Role, str]:
    """Return a person's roles and what each came from; teaching goes before learning."""
    found: dict[Role, str] = {}
    for group_id, role in rows.rules.groups.items():
        if user.id in rows.members.get(group_id, ()):
            found.setdefault(role, "group")
    role_of = rows.rules.departments.get(user.department or "")
    if role_of is not None:
        found.setdefault(role_of, "department")
    order = (Role.teacher, Role.student)
    return dict(sorted(found.items(), key=lambda pair: _place(order, pair[0])))


def _place(order: tuple[Role, ...], role: Role) -> int:
    return order.index(role) if role in order else len(order)


def _user(row: UserRow, roles: Mapping[Role, str], tenant: str) -> User:
    numbers = (
        (IdentifierType.employee_id, "employeeId", row.employee_id),
        (IdentifierType.immutable_id, "onPremisesImmutableId", row.on_premises_immutable_id),
    )
    return User(
        **account_of(row),
        identifiers=tuple(
            Identifier(type=type_, type_raw=word, value=value)
            for type_, word, value in numbers
            if value is not None
        ),
        roles=tuple(
            RoleAssignment(
                role=role,
                role_raw=word,
                org_id=tenant,
                is_primary=place == 0,
                title=row.job_title,
                department=row.department,
            )
            for place, (role, word) in enumerate(roles.items())
        ),
        primary_org_id=tenant,
    )


def _enrollment(class_id: str, user_id: str, role: Role) -> Enrollment:
    return Enrollment(
        sourced_id=f"{class_id}|{user_id}",
        user_id=user_id,
        class_id=class_id,
        role=role,
        role_raw="member",
    )
