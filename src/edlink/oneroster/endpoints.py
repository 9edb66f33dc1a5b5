"""
The rostering endpoints of OneRoster 1.1 and 1.2 as typed methods.

Sources: OneRoster 1.2 Rostering OpenAPI, 1.1 tables 3.1a to 3.1c: the same 41 operations.  There is
no /parents, /guardians or /classes/{id}/enrollments; parents are among the users.  Many servers
have the flat lists only.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs

from edlink.errors import ConfigError
from edlink.model import AcademicSession, Class, Course, Demographics, Enrollment, Org, User
from edlink.vocabulary import Kind

#: Name of the list and of the single record on the wire.
ENVELOPES: dict[Kind, tuple[str, str]] = {
    Kind.org: ("orgs", "org"),
    Kind.academic_session: ("academicSessions", "academicSession"),
    Kind.course: ("courses", "course"),
    Kind.class_: ("classes", "class"),
    Kind.user: ("users", "user"),
    Kind.enrollment: ("enrollments", "enrollment"),
    Kind.demographics: ("demographics", "demographics"),
}


def _names(values: Iterable[str]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise ConfigError("EDL-CONF-101", "fields takes a list of names, not one text")
    return tuple(values)


@attrs.frozen(kw_only=True)
class Query:
    """
    What may be asked of a list (OneRoster 1.1 section 3.4, 1.2 REST binding).

    Attributes:
        filter: ``field='value'`` with = != > >= < <= or ~, two clauses joined by AND or OR.
            Servers misread filters: check what comes back.
        sort: A field to sort by; ``sourcedId`` where none is given.
        descending: Whether to sort downwards.
        fields: Wire names of the fields wanted; sourcedId and status always come along.  The
            model's other fields are then at their defaults.

    Raises:
        ConfigError: EDL-CONF-101 for an empty filter, sort or field name, or one text as fields.
    """

    filter: str | None = attrs.field(default=None, repr=False)
    sort: str | None = None
    descending: bool = False
    fields: tuple[str, ...] = attrs.field(default=(), converter=_names)

    def __attrs_post_init__(self) -> None:
        if "" in (self.filter, self.sort, *self.fields):
            raise ConfigError("EDL-CONF-101", "a filter, sort or field name is empty")

    def params(self, *, sorts: bool) -> list[tuple[str, str]]:
        """Return the query's parameters; paging adds limit and offset."""
        params = []
        if self.filter is not None:
            params.append(("filter", self.filter))
        if self.sort is not None or sorts:
            params.append(("sort", self.sort or "sourcedId"))
            params.append(("orderBy", "desc" if self.descending else "asc"))
        return [*params, *projection(self.fields)]


def projection(fields: Sequence[str]) -> list[tuple[str, str]]:
    """Return the parameter that asks for some fields alone; none where all are wanted."""
    names = dict.fromkeys(("sourcedId", "status", *fields))
    return [("fields", ",".join(names))] if fields else []


EVERYTHING = Query()


class Endpoints(ABC):
    """
    The 41 operations.

    Lists are lazy: pages are asked for while they are iterated, and records that the server marks
    deleted are among them.  Each raises what the client raises, while it is iterated.  Single
    records take the wire names of the fields wanted, as ``Query.fields``.
    """

    @abstractmethod
    def _list(self, kind: Kind, path: str, ids: tuple[str, ...], query: Query) -> Iterator[Any]:
        """Yield the records of a list."""

    @abstractmethod
    def _one(self, kind: Kind, path: str, sourced_id: str, fields: Sequence[str]) -> Any:  # noqa: ANN401 - any record
        """Return one record."""

    def orgs(self, query: Query = EVERYTHING) -> Iterator[Org]:
        """Yield all orgs."""
        return self._list(Kind.org, "/orgs", (), query)

    def org(self, sourced_id: str, fields: Sequence[str] = ()) -> Org:
        """Return an org."""
        return self._one(Kind.org, "/orgs/{}", sourced_id, fields)  # type: ignore[no-any-return]

    def schools(self, query: Query = EVERYTHING) -> Iterator[Org]:
        """Yield all schools."""
        return self._list(Kind.org, "/schools", (), query)

    def school(self, sourced_id: str, fields: Sequence[str] = ()) -> Org:
        """Return a school."""
        return self._one(Kind.org, "/schools/{}", sourced_id, fields)  # type: ignore[no-any-return]

    def academic_sessions(self, query: Query = EVERYTHING) -> Iterator[AcademicSession]:
        """Yield all academic sessions."""
        return self._list(Kind.academic_session, "/academicSessions", (), query)

    def academic_session(self, sourced_id: str, fields: Sequence[str] = ()) -> AcademicSession:
        """Return an academic session."""
        return self._one(Kind.academic_session, "/academicSessions/{}", sourced_id, fields)  # type: ignore[no-any-return]

    def terms(self, query: Query = EVERYTHING) -> Iterator[AcademicSession]:
        """Yield all terms."""
        return self._list(Kind.academic_session, "/terms", (), query)

    def term(self, sourced_id: str, fields: Sequence[str] = ()) -> AcademicSession:
        """Return a term."""
        return self._one(Kind.academic_session, "/terms/{}", sourced_id, fields)  # type: ignore[no-any-return]

    def grading_periods(self, query: Query = EVERYTHING) -> Iterator[AcademicSession]:
        """Yield all grading periods."""
        return self._list(Kind.academic_session, "/gradingPeriods", (), query)

    def grading_period(self, sourced_id: str, fields: Sequence[str] = ()) -> AcademicSession:
        """Return a grading period."""
        return self._one(Kind.academic_session, "/gradingPeriods/{}", sourced_id, fields)  # type: ignore[no-any-return]

    def courses(self, query: Query = EVERYTHING) -> Iterator[Course]:
        """Yield all courses."""
        return self._list(Kind.course, "/courses", (), query)

    def course(self, sourced_id: str, fields: Sequence[str] = ()) -> Course:
        """Return a course."""
        return self._one(Kind.course, "/courses/{}", sourced_id, fields)  # type: ignore[no-any-return]

    def classes(self, query: Query = EVERYTHING) -> Iterator[Class]:
        """Yield all classes."""
        return self._list(Kind.class_, "/classes", (), query)

    def class_(self, sourced_id: str, fields: Sequence[str] = ()) -> Class:
        """Return a class."""
        return self._one(Kind.class_, "/classes/{}", sourced_id, fields)  # type: ignore[no-any-return]

    def enrollments(self, query: Query = EVERYTHING) -> Iterator[Enrollment]:
        """Yield all enrollments."""
        return self._list(Kind.enrollment, "/enrollments", (), query)

    def enrollment(self, sourced_id: str, fields: Sequence[str] = ()) -> Enrollment:
        """Return an enrollment."""
        return self._one(Kind.enrollment, "/enrollments/{}", sourced_id, fields)  # type: ignore[no-any-return]

    def users(self, query: Query = EVERYTHING) -> Iterator[User]:
        """Yield all users."""
        return self._list(Kind.user, "/users", (), query)

    def user(self, sourced_id: str, fields: Sequence[str] = ()) -> User:
        """Return a user."""
        return self._one(Kind.user, "/users/{}", sourced_id, fields)  # type: ignore[no-any-return]

    def students(self, query: Query = EVERYTHING) -> Iterator[User]:
        """Yield all students."""
        return self._list(Kind.user, "/students", (), query)

    def student(self, sourced_id: str, fields: Sequence[str] = ()) -> User:
        """Return a student."""
        return self._one(Kind.user, "/students/{}", sourced_id, fields)  # type: ignore[no-any-return]

    def teachers(self, query: Query = EVERYTHING) -> Iterator[User]:
        """Yield all teachers."""
        return self._list(Kind.user, "/teachers", (), query)

    def teacher(self, sourced_id: str, fields: Sequence[str] = ()) -> User:
        """Return a teacher."""
        return self._one(Kind.user, "/teachers/{}", sourced_id, fields)  # type: ignore[no-any-return]

    def demographics(self, query: Query = EVERYTHING) -> Iterator[Demographics]:
        """Yield all demographics."""
        return self._list(Kind.demographics, "/demographics", (), query)

    def demographics_of(self, user_id: str, fields: Sequence[str] = ()) -> Demographics:
        """Return the demographics of a user."""
        return self._one(Kind.demographics, "/demographics/{}", user_id, fields)  # type: ignore[no-any-return]

    def classes_of_school(self, school_id: str, query: Query = EVERYTHING) -> Iterator[Class]:
        """Yield the classes of a school."""
        return self._list(Kind.class_, "/schools/{}/classes", (school_id,), query)

    def courses_of_school(self, school_id: str, query: Query = EVERYTHING) -> Iterator[Course]:
        """Yield the courses of a school."""
        return self._list(Kind.course, "/schools/{}/courses", (school_id,), query)

    def enrollments_of_school(
        self, school_id: str, query: Query = EVERYTHING
    ) -> Iterator[Enrollment]:
        """Yield the enrollments of a school."""
        return self._list(Kind.enrollment, "/schools/{}/enrollments", (school_id,), query)

    def students_of_school(self, school_id: str, query: Query = EVERYTHING) -> Iterator[User]:
        """Yield the students of a school."""
        return self._list(Kind.user, "/schools/{}/students", (school_id,), query)

    def teachers_of_school(self, school_id: str, query: Query = EVERYTHING) -> Iterator[User]:
        """Yield the teachers of a school."""
        return self._list(Kind.user, "/schools/{}/teachers", (school_id,), query)

    def terms_of_school(
        self, school_id: str, query: Query = EVERYTHING
    ) -> Iterator[AcademicSession]:
        """Yield the terms of a school."""
        return self._list(Kind.academic_session, "/schools/{}/terms", (school_id,), query)

    def enrollments_of_class(
        self, school_id: str, class_id: str, query: Query = EVERYTHING
    ) -> Iterator[Enrollment]:
        """Yield the enrollments of a class in a school."""
        return self._list(
            Kind.enrollment, "/schools/{}/classes/{}/enrollments", (school_id, class_id), query
        )

    def students_of_class_in_school(
        self, school_id: str, class_id: str, query: Query = EVERYTHING
    ) -> Iterator[User]:
        """Yield the students of a class in a school."""
        return self._list(
            Kind.user, "/schools/{}/classes/{}/students", (school_id, class_id), query
        )

    def teachers_of_class_in_school(
        self, school_id: str, class_id: str, query: Query = EVERYTHING
    ) -> Iterator[User]:
        """Yield the teachers of a class in a school."""
        return self._list(
            Kind.user, "/schools/{}/classes/{}/teachers", (school_id, class_id), query
        )

    def students_of_class(self, class_id: str, query: Query = EVERYTHING) -> Iterator[User]:
        """Yield the students of a class; some servers send its teachers too."""
        return self._list(Kind.user, "/classes/{}/students", (class_id,), query)

    def teachers_of_class(self, class_id: str, query: Query = EVERYTHING) -> Iterator[User]:
        """Yield the teachers of a class."""
        return self._list(Kind.user, "/classes/{}/teachers", (class_id,), query)

    def classes_of_course(self, course_id: str, query: Query = EVERYTHING) -> Iterator[Class]:
        """Yield the classes of a course."""
        return self._list(Kind.class_, "/courses/{}/classes", (course_id,), query)

    def classes_of_student(self, student_id: str, query: Query = EVERYTHING) -> Iterator[Class]:
        """Yield the classes of a student."""
        return self._list(Kind.class_, "/students/{}/classes", (student_id,), query)

    def classes_of_teacher(self, teacher_id: str, query: Query = EVERYTHING) -> Iterator[Class]:
        """Yield the classes of a teacher."""
        return self._list(Kind.class_, "/teachers/{}/classes", (teacher_id,), query)

    def classes_of_user(self, user_id: str, query: Query = EVERYTHING) -> Iterator[Class]:
        """Yield the classes of a user."""
        return self._list(Kind.class_, "/users/{}/classes", (user_id,), query)

    def classes_of_term(self, term_id: str, query: Query = EVERYTHING) -> Iterator[Class]:
        """Yield the classes of a term."""
        return self._list(Kind.class_, "/terms/{}/classes", (term_id,), query)

    def grading_periods_of_term(
        self, term_id: str, query: Query = EVERYTHING
    ) -> Iterator[AcademicSession]:
        """Yield the grading periods of a term."""
        return self._list(Kind.academic_session, "/terms/{}/gradingPeriods", (term_id,), query)
