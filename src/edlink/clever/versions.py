"""What differs between versions of Clever's Data API, as data."""

from collections.abc import Mapping

import attrs

from edlink.clever.wire import Collection
from edlink.errors import ConfigError
from edlink.vocabulary import Kind, Role

#: Clever's word for each role of the model that can be asked for.
ROLE_WORDS: Mapping[Role, str] = {
    Role.student: "student",
    Role.teacher: "teacher",
    Role.staff: "staff",
    Role.administrator: "district_admin",
    Role.contact: "contact",
}

#: The scope that opens people of a role, as ``/oauth/tokens`` lists them.
ROLE_SCOPES: Mapping[str, str] = {
    "student": "read:students",
    "teacher": "read:teachers",
    "staff": "read:school_admins",
    "district_admin": "read:district_admins",
    "contact": "read:student_contacts",
}

#: Version 2's collection of each role.
FLAT_COLLECTIONS: Mapping[str, Collection] = {
    "student": "students",
    "teacher": "teachers",
    "staff": "school_admins",
    "district_admin": "district_admins",
    "contact": "contacts",
}


@attrs.frozen(kw_only=True)
class Chain:
    """
    One walk through one collection, from its first row to its last.

    Attributes:
        collection: What its rows are; the path is the same word.
        role: Role asked for, in Clever's word; None for what is not people.
        scope: The token scope that opens it; None where Clever names none.
        kinds: The kinds of record its rows become.
    """

    collection: Collection
    role: str | None = None
    scope: str | None = None
    kinds: tuple[Kind, ...]

    @property
    def name(self) -> str:
        """Its name in progress, counts and warnings, the same in all versions."""
        return self.collection if self.role is None else f"users:{self.role}"

    @property
    def is_never_empty(self) -> bool:
        """Whether no rows at all are more likely withheld than absent; districts may lack staff."""
        return self.scope is not None and self.role not in ("staff", "district_admin")

    @property
    def params(self) -> tuple[tuple[str, str], ...]:
        """The query that picks its rows."""
        wants_role = self.collection == "users" and self.role is not None
        return (("role", str(self.role)),) if wants_role else ()


_KINDS_OF_ROLE: Mapping[str, tuple[Kind, ...]] = {
    "student": (Kind.user, Kind.demographics),
    "contact": (Kind.user, Kind.relationship),
}


def _people(role: str, collection: Collection) -> Chain:
    kinds = _KINDS_OF_ROLE.get(role, (Kind.user,))
    return Chain(collection=collection, role=role, scope=ROLE_SCOPES[role], kinds=kinds)


_PLACES = (
    Chain(collection="schools", scope="read:schools", kinds=(Kind.org,)),
    Chain(collection="terms", kinds=(Kind.academic_session,)),
    Chain(collection="courses", kinds=(Kind.course,)),
    Chain(collection="sections", scope="read:sections", kinds=(Kind.class_, Kind.enrollment)),
)

_SHARED_EVENTS: Mapping[str, Collection] = {
    "districts": "districts",
    "schools": "schools",
    "terms": "terms",
    "courses": "courses",
    "sections": "sections",
}


@attrs.frozen(kw_only=True)
class Version:
    """
    A version of the Data API.

    Attributes:
        name: As hosts write it, such as "3.1".
        chains: What a full pull walks, in the order of the roster's records.
        events: The collection of each first half of an event's type.
        has_multi_role_users: Whether a person is one record in all roles.
        has_counts: Whether lists take ``count``.
    """

    name: str
    chains: tuple[Chain, ...]
    events: Mapping[str, Collection]
    has_multi_role_users: bool
    has_counts: bool = True

    @property
    def path(self) -> str:
        """The first segment of every path."""
        return f"/v{self.name}"


def _version_3(name: str) -> Version:
    return Version(
        name=name,
        chains=(*_PLACES, *(_people(role, "users") for role in ROLE_SCOPES)),
        events={**_SHARED_EVENTS, "users": "users"},
        has_multi_role_users=True,
    )


def _version_2(name: str, *, has_counts: bool) -> Version:
    flat = FLAT_COLLECTIONS.items()
    return Version(
        name=name,
        chains=(*_PLACES, *(_people(role, collection) for role, collection in flat)),
        events={
            **_SHARED_EVENTS,
            **{collection.replace("_", ""): collection for collection in FLAT_COLLECTIONS.values()},
        },
        has_multi_role_users=False,
        has_counts=has_counts,
    )


VERSIONS: Mapping[str, Version] = {
    "3.1": _version_3("3.1"),
    "3.0": _version_3("3.0"),
    "2.1": _version_2("2.1", has_counts=True),
    "2.0": _version_2("2.0", has_counts=False),
}


def find_version(name: str) -> Version:
    """
    Return what is known of a version.

    Raises:
        ConfigError: EDL-CONF-060 for any other than 3.1, 3.0, 2.1 and 2.0.
    """
    version = VERSIONS.get(name)
    if version is None:
        message = "Clever's Data API is spoken in versions 3.1, 3.0, 2.1 and 2.0 only"
        raise ConfigError("EDL-CONF-060", message, fix='Pass version="3.1".')
    return version
