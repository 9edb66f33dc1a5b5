"""
What is asked of Graph v1.0: paths, the fields selected, and the permission each needs; data.

Everything is selected by name, since a default answer leaves most fields out.  Sources: Graph's
CSDL, and its list of permissions.
"""

from typing import Any, Generic, TypeVar
from urllib.parse import quote

import attrs

from edlink.entra.wire import ClassRow, DeltaRow, GroupRow, MemberRow, SchoolRow, UserRow
from edlink.vocabulary import Kind

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Endpoint(Generic[T]):
    """
    A list of Graph.

    Attributes:
        path: Below the version; ``{}`` stands for an id.
        row: The class of its rows.
        kind: What its rows are, for Issues.
        select: The fields asked for.
        permission: The application permission that opens it.
        is_counted: Graph counts it when asked to (directory objects, with ConsistencyLevel).
        may_repeat: Its rows may come more than once, in one round of changes.
    """

    path: str
    row: type[T]
    kind: Kind
    select: str
    permission: str
    is_counted: bool = False
    may_repeat: bool = False

    @property
    def name(self) -> str:
        """The path without its first slash, as progress and warnings name it."""
        return self.path.removeprefix("/").replace("{}", "{id}")

    @property
    def label(self) -> str:
        """The template for errors."""
        return f"GET /{self.name}"

    @property
    def params(self) -> list[tuple[str, str]]:
        """What the first page is asked with."""
        count = [("$count", "true")] if self.is_counted else []
        return [*([("$select", self.select)] if self.select else []), *count]

    def at(self, *ids: str) -> str:
        """Return the path with ids in their places."""
        return self.path.format(*(quote(i, safe="") for i in ids))


EDUCATION = "EduRoster.Read.All"


def _ids_of(path: str, kind: Kind, permission: str = EDUCATION) -> Endpoint[MemberRow]:
    """Return a list of what hangs on one object, of which the ids are enough."""
    return Endpoint(path=path, row=MemberRow, kind=kind, select="id", permission=permission)


_SCHOOL = "id,displayName,externalId,schoolNumber,lowestGrade,highestGrade,phone,principalName"
_SCHOOL += ",principalEmail"
_CLASS = "id,displayName,classCode,externalId,externalName,grade,course,term"
_USER = "id,accountEnabled,displayName,givenName,middleName,surname,mail,userPrincipalName,userType"
_USER += ",department,mobilePhone"
_EDUCATION_USER = f"{_USER},primaryRole,onPremisesInfo,relatedContacts,student,teacher"
_DIRECTORY_USER = _USER.replace("middleName,", "") + ",jobTitle,employeeId,onPremisesImmutableId"

SCHOOLS = Endpoint(
    path="/education/schools", row=SchoolRow, kind=Kind.org, select=_SCHOOL, permission=EDUCATION
)
SCHOOL_USERS = _ids_of("/education/schools/{}/users", Kind.user)
SCHOOL_CLASSES = _ids_of("/education/schools/{}/classes", Kind.class_)
CLASSES = Endpoint(
    path="/education/classes", row=ClassRow, kind=Kind.class_, select=_CLASS, permission=EDUCATION
)
CLASS_MEMBERS = _ids_of("/education/classes/{}/members", Kind.enrollment)
CLASS_TEACHERS = _ids_of("/education/classes/{}/teachers", Kind.enrollment)
USERS = Endpoint(
    path="/education/users",
    row=UserRow,
    kind=Kind.user,
    select=_EDUCATION_USER,
    permission=EDUCATION,
)
USER_SCHOOLS = _ids_of("/education/users/{}/schools", Kind.org)
USER_CLASSES = _ids_of("/education/users/{}/classes", Kind.enrollment)
TAUGHT_CLASSES = _ids_of("/education/users/{}/taughtClasses", Kind.enrollment)
CLASS_SCHOOLS = _ids_of("/education/classes/{}/schools", Kind.org)

DIRECTORY_USERS = Endpoint(
    path="/users",
    row=UserRow,
    kind=Kind.user,
    select=_DIRECTORY_USER,
    permission="User.Read.All",
    is_counted=True,
)
GROUPS = Endpoint(
    path="/groups",
    row=GroupRow,
    kind=Kind.class_,
    select="id,displayName,mailNickname",
    permission="GroupMember.Read.All",
    is_counted=True,
)
GROUP_MEMBERS = _ids_of("/groups/{}/transitiveMembers", Kind.enrollment, "GroupMember.Read.All")


def delta_of(endpoint: Endpoint[Any]) -> Endpoint[DeltaRow]:
    """Return the list of what changed in a list."""
    return Endpoint(
        path=f"{endpoint.path}/delta",
        row=DeltaRow,
        kind=endpoint.kind,
        select="id",
        permission=endpoint.permission,
        may_repeat=True,
    )


def owner_of(endpoint: Endpoint[T]) -> Endpoint[T]:
    """Return the single object that a list with one ``{}`` in its path is of, by its id alone."""
    return attrs.evolve(endpoint, path=endpoint.path.rpartition("/")[0], select="id")
