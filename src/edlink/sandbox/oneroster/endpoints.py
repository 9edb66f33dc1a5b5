"""
The 41 rostering endpoints: which path gives which records.

Places are those of sandbox.district's collections, so that a page costs only its own rows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

import attrs

from edlink.sandbox import layout as at
from edlink.sandbox.district import District
from edlink.sandbox.teaching import SESSIONS
from edlink.vocabulary import Kind, OrgType, Role, SessionType, Status

#: Sequences of places, or None where the path names something that does not exist.
Places = Sequence[int] | None
Narrow = Callable[["Catalog", tuple[str, ...]], Places]

#: Envelope of lists and of single records, by kind.
ENVELOPES: Mapping[Kind, tuple[str, str]] = {
    Kind.org: ("orgs", "org"),
    Kind.academic_session: ("academicSessions", "academicSession"),
    Kind.course: ("courses", "course"),
    Kind.class_: ("classes", "class"),
    Kind.user: ("users", "user"),
    Kind.enrollment: ("enrollments", "enrollment"),
    Kind.demographics: ("demographics", "demographics"),
}

CORE: Final = "roster-core.readonly"
FULL: Final = "roster.readonly"
DEMOGRAPHICS: Final = "roster-demographics.readonly"


@attrs.frozen
class Endpoint:
    """
    One endpoint.

    Attributes:
        template: Its path below the base, such as ``/classes/{id}/students``.
        kind: What it gives.
        scope: The OAuth 2 scope (last part of its address) that the standard asks for.
        places: Works out the places, given the path's ids.
        is_list: Whether it gives a list or one record.
    """

    template: str
    kind: Kind
    scope: str
    places: Narrow = attrs.field(repr=False)
    is_list: bool = True

    @property
    def envelope(self) -> str:
        """The key of the body."""
        return ENVELOPES[self.kind][0 if self.is_list else 1]


class Catalog:
    """Which places of a district each path names."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.layout = district.layout
        self.students: Sequence[int] = _Mapped(self.layout.students, self.layout.user_of_student)
        self.teachers: Sequence[int] = _Mapped(self.layout.teachers, self.layout.user_of_teacher)
        self._kept = lru_cache(256)(self._find)

    def look_up(self, endpoint: Endpoint, ids: tuple[str, ...]) -> Places:
        """Return the places that an endpoint names, given the ids in its path."""
        return self._kept(endpoint, ids, self.district.revision)

    def _find(self, endpoint: Endpoint, ids: tuple[str, ...], _: int) -> Places:
        return endpoint.places(self, ids)

    def everything(self, kind: Kind) -> Sequence[int]:
        """Return all places of a kind."""
        return range(len(self.district.collection(kind)))

    def one(self, kind: Kind, sourced_id: str) -> Places:
        """Return the place of one record."""
        place = self.district.collection(kind).place_of(sourced_id)
        return None if place is None else (place,)

    def sessions(self, type_: SessionType) -> Sequence[int]:
        """Return the places of sessions of a type."""
        return [place for place, row in enumerate(SESSIONS) if row[1] is type_]

    def schools(self) -> Sequence[int]:
        """Return the places of the schools among orgs."""
        return range(1, self.layout.orgs - 1)

    def school(self, sourced_id: str) -> int | None:
        """Return the place of a school among orgs, or None."""
        org = self.district.orgs.find(sourced_id)
        known = org is not None and org.type is OrgType.school
        return self.district.orgs.place_of(sourced_id) if known else None

    def person(self, sourced_id: str, role: Role | None) -> int | None:
        """Return the place of a user who has a role, or None."""
        user = self.district.users.find(sourced_id)
        if user is None or (role and user.roles[0].role is not role):
            return None
        return self.district.users.place_of(sourced_id)

    def classes_of_school(self, school: int) -> list[int]:
        """Return the places of a school's classes."""
        class_school, size = self.district.teaching.class_school, at.CLASSES_IN_ZONE
        zones = self.layout.zones_of_school(school)
        places = range(zones.start * size, zones.stop * size)
        return [place for place in places if class_school(place) == school]

    def enrollments_of_classes(self, classes: Iterable[int]) -> list[int]:
        """Return the places of the enrollments in some classes."""
        district, wanted = self.district, set(classes)
        ids = {district.ids.class_(place) for place in wanted}
        zones = sorted({place // at.CLASSES_IN_ZONE for place in wanted})
        return [
            place
            for zone in zones
            for place in district.teaching.enrollments_of_zone(zone)
            if district.enrollments[place].class_id in ids
        ]

    def people_of_classes(self, classes: Iterable[int], role: Role) -> list[int]:
        """Return the places of the users with an active enrollment of a role, in their order."""
        found = set()
        for place in self.enrollments_of_classes(classes):
            enrollment = self.district.enrollments[place]
            if enrollment.role is role and enrollment.status is Status.active:
                found.add(self.district.users.place_of(str(enrollment.user_id)))
        return sorted(place for place in found if place is not None)

    def people_of_school(self, school: int, role: Role) -> list[int]:
        """Return the places of the users with a role at a school."""
        org_id, users = self.district.ids.org(school), self.district.users
        zones = self.layout.zones_of_school(school)
        first = zones.start * at.BLOCKS_IN_ZONE * at.BLOCK
        last = zones.stop * at.BLOCKS_IN_ZONE * at.BLOCK
        places = range(first, len(users) if zones.stop == self.layout.zones else last)
        return [
            place
            for place in places
            if any(r.org_id == org_id and r.role is role for r in users[place].roles)
        ]

    def classes_of_person(self, user: int) -> list[int]:
        """Return the places of the classes in which a user has an active enrollment."""
        district = self.district
        user_id, found = district.ids.user(user), set()
        for place in district.teaching.enrollments_of_zone(self.layout.zone_of_user(user)):
            enrollment = district.enrollments[place]
            if enrollment.user_id == user_id and enrollment.status is Status.active:
                found.add(district.classes.place_of(str(enrollment.class_id)))
        return sorted(place for place in found if place is not None)

    def courses_of_classes(self, classes: Iterable[int]) -> list[int]:
        """Return the places of the courses of some classes."""
        district = self.district
        found = {district.courses.place_of(str(district.classes[c].course_id)) for c in classes}
        return sorted(place for place in found if place is not None)


@attrs.frozen
class _Mapped(Sequence[int]):
    """Places worked out one at a time."""

    size: int
    place_of: Callable[[int], int]

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int | slice) -> "int | list[int]":  # type: ignore[override]
        if isinstance(index, slice):
            return [self.place_of(i) for i in range(self.size)[index]]
        return self.place_of(range(self.size)[index])


def match(path: str) -> tuple[Endpoint, tuple[str, ...]] | None:
    """Return the endpoint of a path below the base and the ids in it, or None."""
    segments = [unquote(segment) for segment in path.removeprefix("/").split("/")]
    shape = (len(segments), *segments[::2])
    endpoint = _BY_SHAPE.get(shape)
    return None if endpoint is None else (endpoint, tuple(segments[1::2]))


def _all(kind: Kind) -> Narrow:
    return lambda catalog, _: catalog.everything(kind)


def _one(kind: Kind) -> Narrow:
    return lambda catalog, ids: catalog.one(kind, ids[0])


def _session(type_: SessionType) -> Narrow:
    def find(catalog: Catalog, ids: tuple[str, ...]) -> Places:
        places = catalog.one(Kind.academic_session, ids[0])
        return places if places and places[0] in catalog.sessions(type_) else None

    return find


def _school(catalog: Catalog, ids: tuple[str, ...]) -> Places:
    place = catalog.school(ids[0])
    return None if place is None else (place,)


def _person(role: Role) -> Narrow:
    def find(catalog: Catalog, ids: tuple[str, ...]) -> Places:
        place = catalog.person(ids[0], role)
        return None if place is None else (place,)

    return find


def _of_school(inner: Callable[[Catalog, int], Sequence[int]]) -> Narrow:
    def find(catalog: Catalog, ids: tuple[str, ...]) -> Places:
        school = catalog.school(ids[0])
        return None if school is None else inner(catalog, school)

    return find


def _of_class(inner: Callable[[Catalog, Sequence[int]], Sequence[int]]) -> Narrow:
    def find(catalog: Catalog, ids: tuple[str, ...]) -> Places:
        classes = catalog.one(Kind.class_, ids[-1])
        if classes is None:
            return None
        if len(ids) > 1 and catalog.school(ids[0]) != catalog.district.teaching.class_school(
            classes[0]
        ):
            return None
        return inner(catalog, classes)

    return find


def _classes_of(role: Role | None) -> Narrow:
    def find(catalog: Catalog, ids: tuple[str, ...]) -> Places:
        user = catalog.person(ids[0], role)
        return None if user is None else catalog.classes_of_person(user)

    return find


def _classes_of_course(catalog: Catalog, ids: tuple[str, ...]) -> Places:
    if catalog.one(Kind.course, ids[0]) is None:
        return None
    classes = catalog.district.classes
    return [place for place, class_ in enumerate(classes) if class_.course_id == ids[0]]


def _classes_of_term(catalog: Catalog, ids: tuple[str, ...]) -> Places:
    if catalog.one(Kind.academic_session, ids[0]) is None:
        return None
    classes = catalog.district.classes
    return [place for place, class_ in enumerate(classes) if ids[0] in class_.session_ids]


def _grading_periods_of_term(catalog: Catalog, ids: tuple[str, ...]) -> Places:
    term = catalog.one(Kind.academic_session, ids[0])
    if term is None:
        return None
    periods = catalog.sessions(SessionType.grading_period)
    return [place for place in periods if SESSIONS[place][2] == term[0]]


def _people(role: Role) -> Narrow:
    return _of_class(lambda catalog, classes: catalog.people_of_classes(classes, role))


def _lists() -> Iterable[Endpoint]:
    by_type = {"terms": SessionType.term, "gradingPeriods": SessionType.grading_period}
    for kind, (name, _) in ENVELOPES.items():
        scope = DEMOGRAPHICS if kind is Kind.demographics else CORE
        yield Endpoint(f"/{name}", kind, scope, _all(kind))
        yield Endpoint(f"/{name}/{{id}}", kind, scope, _one(kind), is_list=False)
    for name, type_ in by_type.items():
        kind = Kind.academic_session
        yield Endpoint(f"/{name}", kind, CORE, lambda c, _, t=type_: c.sessions(t))  # type: ignore[misc]
        yield Endpoint(f"/{name}/{{id}}", kind, CORE, _session(type_), is_list=False)
    yield Endpoint("/schools", Kind.org, CORE, lambda catalog, _: catalog.schools())
    yield Endpoint("/schools/{id}", Kind.org, CORE, _school, is_list=False)
    yield Endpoint("/students", Kind.user, CORE, lambda catalog, _: catalog.students)
    yield Endpoint("/students/{id}", Kind.user, CORE, _person(Role.student), is_list=False)
    yield Endpoint("/teachers", Kind.user, CORE, lambda catalog, _: catalog.teachers)
    yield Endpoint("/teachers/{id}", Kind.user, CORE, _person(Role.teacher), is_list=False)


def _nested() -> Iterable[tuple[str, Kind, Narrow]]:
    classes = Catalog.classes_of_school
    enrollments = Catalog.enrollments_of_classes
    yield "/schools/{id}/classes", Kind.class_, _of_school(classes)
    yield (
        "/schools/{id}/courses",
        Kind.course,
        _of_school(lambda c, school: c.courses_of_classes(classes(c, school))),
    )
    yield (
        "/schools/{id}/enrollments",
        Kind.enrollment,
        _of_school(lambda c, school: enrollments(c, classes(c, school))),
    )
    for word, role in (("students", Role.student), ("teachers", Role.teacher)):
        yield (
            f"/schools/{{id}}/{word}",
            Kind.user,
            _of_school(lambda c, school, r=role: c.people_of_school(school, r)),  # type: ignore[misc]
        )
        yield f"/schools/{{id}}/classes/{{id}}/{word}", Kind.user, _people(role)
        yield f"/classes/{{id}}/{word}", Kind.user, _people(role)
        yield f"/{word}/{{id}}/classes", Kind.class_, _classes_of(role)
    yield (
        "/schools/{id}/terms",
        Kind.academic_session,
        _of_school(lambda c, _: c.sessions(SessionType.term)),
    )
    yield "/schools/{id}/classes/{id}/enrollments", Kind.enrollment, _of_class(enrollments)
    yield "/courses/{id}/classes", Kind.class_, _classes_of_course
    yield "/users/{id}/classes", Kind.class_, _classes_of(None)
    yield "/terms/{id}/classes", Kind.class_, _classes_of_term
    yield "/terms/{id}/gradingPeriods", Kind.academic_session, _grading_periods_of_term


ENDPOINTS: tuple[Endpoint, ...] = (
    *_lists(),
    *(Endpoint(template, kind, FULL, narrow) for template, kind, narrow in _nested()),
)


def _shape(template: str) -> tuple[object, ...]:
    segments = template.strip("/").split("/")
    return (len(segments), *segments[::2])


_BY_SHAPE = {_shape(endpoint.template): endpoint for endpoint in ENDPOINTS}
