"""Everything of one district that can be listed, page by page, as records of the model."""

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

import attrs

from edlink.clever.convert import to_records
from edlink.clever.endpoints import Endpoint, find_endpoint
from edlink.clever.events import CleverEvent, read_event
from edlink.clever.pages import KINDS, PROVIDER, Page
from edlink.clever.reading import ConvertSettings, Reading
from edlink.clever.versions import Version
from edlink.clever.walk import Walker
from edlink.clever.wire import Collection
from edlink.coverage import Issue
from edlink.errors import PayloadError
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
from edlink.vocabulary import Kind, Role

R = TypeVar("R", bound=Record)
OnIssue = Callable[[Issue], None]

_log = logging.getLogger("edlink.clever")


class CleverReader:
    """
    Clever's lists and records of one district.

    Every method that returns an iterator asks nothing before the first record is taken, and then
    one page at a time; a list that breaks off raises IncompletePullError.  Names are the model's:
    a section is a class, a term an academic session.  ``role`` is the role of the people wanted,
    or of the person asked about; version 2 must be told it, version 3 needs no role there.

    Rows that cannot be modelled are left out; ``on_issue`` is told of them.
    """

    def __init__(
        self, walker: Walker, version: Version, settings: ConvertSettings, on_issue: OnIssue | None
    ) -> None:
        self._walker = walker
        self._version = version
        self._settings = settings
        self._on_issue = on_issue or _log_issue

    def district(self, sourced_id: str | None = None) -> Org:
        """Return the district that the token opens, or the one named."""
        if sourced_id is None:
            return next(self._list(Org, "districts"))
        return self._one(Org, "district", sourced_id)

    # The district's own lists

    def schools(self) -> Iterator[Org]:
        """Yield the schools."""
        return self._list(Org, "schools")

    def academic_sessions(self) -> Iterator[AcademicSession]:
        """Yield the terms."""
        return self._list(AcademicSession, "terms")

    def courses(self) -> Iterator[Course]:
        """Yield the courses."""
        return self._list(Course, "courses")

    def classes(self) -> Iterator[Class]:
        """Yield the sections."""
        return self._list(Class, "sections")

    def enrollments(self) -> Iterator[Enrollment]:
        """Yield the members of all sections."""
        return self._list(Enrollment, "sections")

    def users(self, role: Role | None = None) -> Iterator[User]:
        """Yield the people with a role; without one (version 3 only) all of them."""
        return self._list(User, "users", role=role)

    def demographics(self) -> Iterator[Demographics]:
        """Yield the demographics of the students."""
        return self._list(Demographics, "users", role=Role.student)

    def relationships(self) -> Iterator[Relationship]:
        """Yield the links between contacts and students."""
        return self._list(Relationship, "users", role=Role.contact)

    # One record

    def school(self, sourced_id: str) -> Org:
        """Return a school."""
        return self._one(Org, "school", sourced_id)

    def academic_session(self, sourced_id: str) -> AcademicSession:
        """Return a term."""
        return self._one(AcademicSession, "term", sourced_id)

    def course(self, sourced_id: str) -> Course:
        """Return a course."""
        return self._one(Course, "course", sourced_id)

    def class_(self, sourced_id: str) -> Class:
        """Return a section."""
        return self._one(Class, "section", sourced_id)

    def user(self, sourced_id: str, role: Role | None = None) -> User:
        """Return a person."""
        return self._one(User, "user", sourced_id, role)

    # What belongs to a school

    def district_of_school(self, school_id: str) -> Org:
        """Return the district of a school."""
        return self._one(Org, "district_of_school", school_id)

    def users_of_school(
        self, school_id: str, role: Role | None = None, *, primary: bool = False
    ) -> Iterator[User]:
        """
        Yield the people at a school.

        Args:
            school_id: The school.
            role: Students, teachers or staff.
            primary: Only those whose primary school it is; version 2 lists no others.
        """
        return self._list(User, "users_of_school", school_id, role, primary=primary)

    def classes_of_school(self, school_id: str) -> Iterator[Class]:
        """Yield the sections of a school."""
        return self._list(Class, "sections_of_school", school_id)

    def courses_of_school(self, school_id: str) -> Iterator[Course]:
        """Yield the courses taught at a school; version 3 only."""
        return self._list(Course, "courses_of_school", school_id)

    def academic_sessions_of_school(self, school_id: str) -> Iterator[AcademicSession]:
        """Yield the terms of a school; version 3 only."""
        return self._list(AcademicSession, "terms_of_school", school_id)

    # What belongs to a class

    def users_of_class(self, class_id: str, role: Role | None = None) -> Iterator[User]:
        """Yield the members of a section."""
        return self._list(User, "users_of_section", class_id, role)

    def enrollments_of_class(self, class_id: str) -> tuple[Enrollment, ...]:
        """Return the enrollments in a section, with one request."""
        page = self._walker.single(find_endpoint(self._version, "section", record_id=class_id))
        return tuple(self._records(Enrollment, page, "sections"))

    def teacher_of_class(self, class_id: str) -> User:
        """Return the primary teacher of a section; version 2 only."""
        return self._one(User, "teacher_of_section", class_id)

    def district_of_class(self, class_id: str) -> Org:
        """Return the district of a section."""
        return self._one(Org, "district_of_section", class_id)

    def school_of_class(self, class_id: str) -> Org:
        """Return the school of a section."""
        return self._one(Org, "school_of_section", class_id)

    def course_of_class(self, class_id: str) -> Course:
        """Return the course of a section; NotFoundError where it has none."""
        return self._one(Course, "course_of_section", class_id)

    def academic_session_of_class(self, class_id: str) -> AcademicSession:
        """Return the term of a section; NotFoundError where it has none."""
        return self._one(AcademicSession, "term_of_section", class_id)

    # What belongs to a person

    def district_of_user(self, user_id: str, role: Role | None = None) -> Org:
        """Return the district of a person."""
        return self._one(Org, "district_of_user", user_id, role)

    def school_of_user(self, user_id: str, role: Role) -> Org:
        """Return the primary school of a student or teacher; version 2 only."""
        return self._one(Org, "school_of_user", user_id, role)

    def schools_of_user(
        self, user_id: str, role: Role | None = None, *, primary: bool = False
    ) -> Iterator[Org]:
        """Yield the schools of a person, in version 3 with ``primary`` only the primary one."""
        return self._list(Org, "schools_of_user", user_id, role, primary=primary)

    def classes_of_user(self, user_id: str, role: Role | None = None) -> Iterator[Class]:
        """Yield the sections of a student or teacher."""
        return self._list(Class, "sections_of_user", user_id, role)

    def contacts_of_user(self, user_id: str) -> Iterator[User]:
        """Yield the contacts of a student."""
        return self._list(User, "contacts_of_user", user_id)

    def students_of_user(self, user_id: str, role: Role | None = None) -> Iterator[User]:
        """Yield the students of a teacher or contact."""
        return self._list(User, "students_of_user", user_id, role)

    def teachers_of_user(self, user_id: str) -> Iterator[User]:
        """Yield the teachers of a student."""
        return self._list(User, "teachers_of_user", user_id)

    # What belongs to a course or a term

    def district_of_course(self, course_id: str) -> Org:
        """Return the district of a course."""
        return self._one(Org, "district_of_course", course_id)

    def district_of_academic_session(self, session_id: str) -> Org:
        """Return the district of a term."""
        return self._one(Org, "district_of_term", session_id)

    def classes_of_course(self, course_id: str) -> Iterator[Class]:
        """Yield the sections of a course."""
        return self._list(Class, "sections_of_course", course_id)

    def schools_of_course(self, course_id: str) -> Iterator[Org]:
        """Yield the schools that teach a course; version 3 only."""
        return self._list(Org, "schools_of_course", course_id)

    def classes_of_academic_session(self, session_id: str) -> Iterator[Class]:
        """Yield the sections of a term."""
        return self._list(Class, "sections_of_term", session_id)

    def schools_of_academic_session(self, session_id: str) -> Iterator[Org]:
        """Yield the schools of a term; version 3 only."""
        return self._list(Org, "schools_of_term", session_id)

    # The events feed

    def events(
        self,
        *,
        after: str | None = None,
        record_types: Iterable[str] = (),
        school_id: str | None = None,
    ) -> Iterator[CleverEvent]:
        """
        Yield the events that Clever keeps, oldest first.

        To follow the feed use ``pull_changes``, which knows when events were lost.

        Args:
            after: The id of the event to start behind; None for the oldest that is kept.
            record_types: Clever's words for what events are about, such as ``users``; all if none.
            school_id: Only events of this school.
        """
        found = find_endpoint(self._version, "events")
        params = [("record_type", word) for word in record_types]
        params += [] if school_id is None else [("school", school_id)]
        return self._events(attrs.evolve(found, params=tuple(params)), after)

    def event(self, sourced_id: str) -> CleverEvent:
        """Return an event; NotFoundError where it is no longer kept."""
        endpoint = find_endpoint(self._version, "event", record_id=sourced_id)
        for event in self._told(self._walker.single(endpoint)):
            return event
        raise _unreadable(endpoint)

    def _events(self, endpoint: Endpoint, after: str | None) -> Iterator[CleverEvent]:
        for page in self._walker.pages(endpoint, after=after):
            yield from self._told(page)

    def _told(self, page: Page) -> Iterator[CleverEvent]:
        for issue in page.issues:
            self._on_issue(issue)
        for row in page.rows:
            event, issues = read_event(row, self._version, self._settings)
            for issue in issues:
                self._on_issue(issue)
            yield event

    def _list(
        self,
        wanted: type[R],
        name: str,
        record_id: str | None = None,
        role: Role | None = None,
        *,
        primary: bool = False,
    ) -> Iterator[R]:
        endpoint = find_endpoint(
            self._version, name, record_id=record_id, role=role, primary=primary
        )
        return self._walk(wanted, endpoint)

    def _walk(self, wanted: type[R], endpoint: Endpoint) -> Iterator[R]:
        for page in self._walker.pages(endpoint):
            yield from self._records(wanted, page, endpoint.collection)

    def _one(self, wanted: type[R], name: str, record_id: str, role: Role | None = None) -> R:
        endpoint = find_endpoint(self._version, name, record_id=record_id, role=role)
        page = self._walker.single(endpoint)
        for record in self._records(wanted, page, endpoint.collection):
            return record
        raise _unreadable(endpoint)

    def _records(self, wanted: type[R], page: Page, collection: Collection) -> Iterator[R]:
        for issue in page.issues:
            self._on_issue(issue)
        is_first = wanted is RECORD_TYPES[KINDS.get(collection, Kind.user)]
        for row in page.rows:
            records = to_records(collection, row, Reading(self._settings))
            found = islice(records, 1) if is_first else records
            yield from (record for record in found if isinstance(record, wanted))


def _unreadable(endpoint: Endpoint) -> PayloadError:
    message = "the record cannot be read"
    return PayloadError("EDL-PAGE-004", message, provider=PROVIDER, endpoint=endpoint.label)


def _log_issue(issue: Issue) -> None:
    _log.warning(
        "%s set aside: %s %s %s", issue.kind, issue.reason, issue.sourced_id, ",".join(issue.fields)
    )
