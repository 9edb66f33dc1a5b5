"""One pull: the records of one source, what was asked, and what is known of the rest."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from html import escape
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

import attrs

from edlink.coverage import Coverage, Issue, RosterWarning, Scope, Source, Tombstone
from edlink.errors import ConfigError
from edlink.model import (
    RECORD_TYPES,
    AcademicSession,
    Class,
    Course,
    Demographics,
    Enrollment,
    Org,
    Record,
    Relationship,
    User,
)
from edlink.report import Finding
from edlink.vocabulary import Kind, Role

R = TypeVar("R")

#: Called as ``progress(collection, rows_so_far, rows_expected_or_None)``.
Progress = Callable[[str, int, int | None], None]

#: The name of the roster's field that holds each kind.
COLLECTIONS: Mapping[Kind, str] = {
    Kind.org: "orgs",
    Kind.academic_session: "academic_sessions",
    Kind.course: "courses",
    Kind.class_: "classes",
    Kind.user: "users",
    Kind.enrollment: "enrollments",
    Kind.relationship: "relationships",
    Kind.demographics: "demographics",
}


@attrs.frozen(kw_only=True, repr=False)
class Roster:
    """
    Everything one source said in one pull, typed and indexed.

    Records are in the source's order, one per sourced id and kind.  ``tombstones`` are records the
    provider itself marked deleted; they are in no collection.  ``issues`` are records that could
    not be modelled.  ``pulled_at`` is in UTC; ``revision`` is the provider's own mark of the state
    it showed, or None.  Indexes are built at the first look-up and kept.
    """

    source: Source
    pulled_at: datetime
    revision: str | None = None
    scope: Scope = Scope()
    coverage: Coverage = Coverage()
    orgs: tuple[Org, ...] = ()
    academic_sessions: tuple[AcademicSession, ...] = ()
    courses: tuple[Course, ...] = ()
    classes: tuple[Class, ...] = ()
    users: tuple[User, ...] = ()
    enrollments: tuple[Enrollment, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    demographics: tuple[Demographics, ...] = ()
    issues: tuple[Issue, ...] = ()
    tombstones: tuple[Tombstone, ...] = ()
    warnings: tuple[RosterWarning, ...] = ()

    @classmethod
    def from_records(
        cls,
        records: Iterable[Record],
        *,
        source: Source,
        pulled_at: datetime,
        **facts: Any,  # noqa: ANN401
    ) -> "Roster":
        """
        Return a roster of records given in any order and mixture.

        Args:
            records: Model records of any kind, no two of one kind with the same sourced id.
            source: Whose records they are.
            pulled_at: When they were read, in UTC.
            facts: Any other field of Roster but the collections.

        Raises:
            ConfigError: EDL-CONF-001 for two records of one kind with one sourced id.
        """
        found: dict[type[Any], dict[str, Any]] = {t: {} for t in RECORD_TYPES.values()}
        for record in records:
            known = found[type(record)]
            if record.sourced_id in known:
                message = f"two records of kind {type(record).__name__} have one sourced id"
                raise ConfigError("EDL-CONF-001", message)
            known[record.sourced_id] = record
        collections: dict[str, Any] = {
            COLLECTIONS[k]: tuple(found[t].values()) for k, t in RECORD_TYPES.items()
        }
        return cls(source=source, pulled_at=pulled_at, **collections, **facts)

    # Records by kind and id

    def records(self, kind: Kind) -> tuple[Record, ...]:
        """Return all records of a kind, in the source's order."""
        return cast("tuple[Record, ...]", getattr(self, COLLECTIONS[kind]))

    def get(self, kind: Kind, sourced_id: str) -> Record | None:
        """Return the record of that kind and sourced id, or None."""
        return self._by_id[kind].get(sourced_id)

    def org(self, sourced_id: str) -> Org | None:
        """Return the org with that sourced id, or None."""
        return cast("Org | None", self.get(Kind.org, sourced_id))

    def academic_session(self, sourced_id: str) -> AcademicSession | None:
        """Return the academic session with that sourced id, or None."""
        return cast("AcademicSession | None", self.get(Kind.academic_session, sourced_id))

    def course(self, sourced_id: str) -> Course | None:
        """Return the course with that sourced id, or None."""
        return cast("Course | None", self.get(Kind.course, sourced_id))

    def class_(self, sourced_id: str) -> Class | None:
        """Return the class with that sourced id, or None."""
        return cast("Class | None", self.get(Kind.class_, sourced_id))

    def user(self, sourced_id: str) -> User | None:
        """Return the user with that sourced id, or None."""
        return cast("User | None", self.get(Kind.user, sourced_id))

    def demographics_of(self, user_id: str) -> Demographics | None:
        """Return the demographics of a user, or None; see ``coverage`` for why there are none."""
        return cast("Demographics | None", self.get(Kind.demographics, user_id))

    # Records by foreign key, in the source's order

    def users_with_role(self, role: Role) -> tuple[User, ...]:
        """Return the users who have a role at any org."""
        return tuple(u for u in self.users if any(r.role is role for r in u.roles))

    def enrollments_of_class(self, class_id: str) -> tuple[Enrollment, ...]:
        """Return the enrollments in a class."""
        return self._enrollments_by_class.get(class_id, ())

    def enrollments_of_user(self, user_id: str) -> tuple[Enrollment, ...]:
        """Return the enrollments of a user."""
        return self._enrollments_by_user.get(user_id, ())

    def people_of_class(self, class_id: str, role: Role | None = None) -> tuple[User, ...]:
        """Return the users enrolled in a class, each once; with ``role``, only in that role."""
        enrollments = self.enrollments_of_class(class_id)
        ids = (e.user_id for e in enrollments if role is None or e.role is role)
        return self._resolve(ids, self.user)

    def classes_of_user(self, user_id: str) -> tuple[Class, ...]:
        """Return the classes a user is enrolled in, each once."""
        return self._resolve((e.class_id for e in self.enrollments_of_user(user_id)), self.class_)

    def classes_of_org(self, org_id: str) -> tuple[Class, ...]:
        """Return the classes of an org."""
        return self._classes_by_org.get(org_id, ())

    def classes_of_course(self, course_id: str) -> tuple[Class, ...]:
        """Return the classes of a course."""
        return self._classes_by_course.get(course_id, ())

    def classes_of_session(self, session_id: str) -> tuple[Class, ...]:
        """Return the classes that name an academic session."""
        return self._classes_by_session.get(session_id, ())

    def children_of_org(self, org_id: str) -> tuple[Org, ...]:
        """Return the orgs whose parent is this org."""
        return self._orgs_by_parent.get(org_id, ())

    def users_of_org(self, org_id: str) -> tuple[User, ...]:
        """Return the users with a role at an org."""
        return self._users_by_org.get(org_id, ())

    def relationships_of_student(self, student_id: str) -> tuple[Relationship, ...]:
        """Return the relationships of a student."""
        return self._relationships_by_student.get(student_id, ())

    def relationships_of_contact(self, contact_id: str) -> tuple[Relationship, ...]:
        """Return the relationships of an adult."""
        return self._relationships_by_contact.get(contact_id, ())

    def contacts_of_student(self, student_id: str) -> tuple[User, ...]:
        """Return the adults linked to a student, each once."""
        links = self.relationships_of_student(student_id)
        return self._resolve((r.contact_id for r in links), self.user)

    def students_of_contact(self, contact_id: str) -> tuple[User, ...]:
        """Return the students linked to an adult, each once."""
        links = self.relationships_of_contact(contact_id)
        return self._resolve((r.student_id for r in links), self.user)

    # Looking at the whole

    def rows(self, kind: Kind) -> Iterator[dict[str, Any]]:
        """
        Yield each record of a kind as a flat dict of its fields, for a notebook's data frame.

        The values are personal data: this is the one place that hands them out in bulk.
        """
        names = [field.name for field in attrs.fields(RECORD_TYPES[kind])]
        for record in self.records(kind):
            yield {name: getattr(record, name) for name in names}

    def counts(self) -> dict[str, int]:
        """Return the number of records by name of the collection."""
        return {name: len(getattr(self, name)) for name in COLLECTIONS.values()}

    def summary(self) -> dict[str, Any]:
        """Return counts and codes that describe the pull, without a person in it; JSON-safe."""
        return {
            "source": str(self.source),
            "pulled_at": self.pulled_at.isoformat(),
            "records": self.counts(),
            "users_by_role": self._count_roles(),
            "coverage": self.coverage.summary(),
            "issues": _tally(issue.reason for issue in self.issues),
            "tombstones": _tally(str(t.kind) for t in self.tombstones),
            "warnings": _add_up((w.code, w.count) for w in self.warnings),
        }

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}={n}" for name, n in self.counts().items() if n)
        return f"Roster({self.source}, {counts or 'empty'})"

    def _repr_html_(self) -> str:
        """Return a table of counts and coverage for a notebook; no person is in it."""
        states = self.coverage.summary()
        rows = "".join(
            f"<tr><td>{name}</td><td>{n}</td><td>{escape(states.get(kind, ''))}</td></tr>"
            for (kind, name), n in zip(COLLECTIONS.items(), self.counts().values(), strict=True)
        )
        notes = f"{len(self.issues)} issues, {len(self.warnings)} warnings"
        head = "<tr><th>collection</th><th>records</th><th>coverage</th></tr>"
        caption = f"<caption>{escape(str(self.source))}: {notes}</caption>"
        return f"<table>{caption}{head}{rows}</table>"

    def _count_roles(self) -> dict[str, int]:
        return _tally(role for u in self.users for role in sorted({str(r.role) for r in u.roles}))

    @staticmethod
    def _resolve(ids: Iterable[str | None], look_up: Callable[[str], R | None]) -> tuple[R, ...]:
        found = (look_up(i) for i in dict.fromkeys(ids) if i is not None)
        return tuple(record for record in found if record is not None)

    @cached_property
    def _by_id(self) -> "_Ids":
        return _Ids(self)

    @cached_property
    def _enrollments_by_class(self) -> dict[str, tuple[Enrollment, ...]]:
        return _group(self.enrollments, lambda e: (e.class_id,))

    @cached_property
    def _enrollments_by_user(self) -> dict[str, tuple[Enrollment, ...]]:
        return _group(self.enrollments, lambda e: (e.user_id,))

    @cached_property
    def _classes_by_org(self) -> dict[str, tuple[Class, ...]]:
        return _group(self.classes, lambda c: (c.org_id,))

    @cached_property
    def _classes_by_course(self) -> dict[str, tuple[Class, ...]]:
        return _group(self.classes, lambda c: (c.course_id,))

    @cached_property
    def _classes_by_session(self) -> dict[str, tuple[Class, ...]]:
        return _group(self.classes, lambda c: c.session_ids)

    @cached_property
    def _orgs_by_parent(self) -> dict[str, tuple[Org, ...]]:
        return _group(self.orgs, lambda o: (o.parent_id,))

    @cached_property
    def _users_by_org(self) -> dict[str, tuple[User, ...]]:
        return _group(self.users, lambda u: [r.org_id for r in u.roles])

    @cached_property
    def _relationships_by_student(self) -> dict[str, tuple[Relationship, ...]]:
        return _group(self.relationships, lambda r: (r.student_id,))

    @cached_property
    def _relationships_by_contact(self) -> dict[str, tuple[Relationship, ...]]:
        return _group(self.relationships, lambda r: (r.contact_id,))


@runtime_checkable
class RosterSource(Protocol):
    """What every provider's client can do; a host needs no more to switch provider."""

    @property
    def source(self) -> Source:
        """Provider and tenant."""

    def pull_roster(
        self,
        scope: Scope | None = None,
        *,
        allow_partial: bool = False,
        progress: Progress | None = None,
    ) -> Roster:
        """
        Return one complete roster.

        Raises:
            IncompletePullError: Something could not be read whole; with ``allow_partial`` the
                roster's coverage says what instead.
            ProviderError: As errors.py says.
        """

    def check_access(self) -> tuple[Finding, ...]:
        """Return what a first sync would meet; some sources read the whole roster to say it."""

    def close(self) -> None:
        """Close the connections."""


class _Ids(dict[Kind, dict[str, Record]]):
    """Records by kind and sourced id, one kind at a time, when first asked for."""

    def __init__(self, roster: Roster) -> None:
        super().__init__()
        self._roster = roster

    def __missing__(self, kind: Kind) -> dict[str, Record]:
        index = {record.sourced_id: record for record in self._roster.records(kind)}
        self[kind] = index
        return index


def _group(
    records: Iterable[R], keys: Callable[[R], Iterable[str | None]]
) -> dict[str, tuple[R, ...]]:
    groups: dict[str, list[R]] = {}
    for record in records:
        for key in dict.fromkeys(keys(record)):
            if key is not None:
                groups.setdefault(key, []).append(record)
    return {key: tuple(group) for key, group in groups.items()}


def _tally(words: Iterable[str]) -> dict[str, int]:
    return _add_up((word, 1) for word in words)


def _add_up(numbers: Iterable[tuple[str, int]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word, number in numbers:
        counts[word] = counts.get(word, 0) + number
    return dict(sorted(counts.items()))
