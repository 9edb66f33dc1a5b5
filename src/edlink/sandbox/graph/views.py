"""What Graph's education resources can say of the invented district; the truth is made of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import Any

import attrs

from edlink.model import (
    AcademicSession,
    Class,
    Course,
    Demographics,
    Enrollment,
    Identifier,
    Org,
    Record,
    Relationship,
    RoleAssignment,
    User,
)
from edlink.sandbox.district import District
from edlink.sandbox.ids import mix
from edlink.sandbox.truth import relationships
from edlink.vocabulary import (
    ClassType,
    EndSemantics,
    IdentifierType,
    Kind,
    OrgType,
    RelationshipKind,
    Role,
    SessionType,
    Sex,
    Status,
)

#: Graph's word, the model's kind and the role of each word for an adult.
FAMILY: Mapping[str, tuple[str, RelationshipKind, Role]] = {
    "parent": ("parent", RelationshipKind.parent, Role.guardian),
    "guardian": ("guardian", RelationshipKind.guardian, Role.guardian),
    "relative": ("relative", RelationshipKind.relative, Role.relative),
    "aide": ("aide", RelationshipKind.aide, Role.contact),
}
ADULTS = frozenset({"parent", "guardian", "relative"})
TEACHERS, OFFICE = "Faculty", "School office"
DEPARTMENTS: Mapping[Role, str | None] = {Role.teacher: TEACHERS, Role.other: OFFICE}
GENDERS = {Sex.female: "female", Sex.male: "male"}


@attrs.frozen
class Contact:
    """A student's related contact: the adult in the district, what Graph sends, what it becomes."""

    adult_id: str
    row: Mapping[str, Any]
    user: User
    link: Relationship


class Views:
    """
    The records of a district as Graph's education resources say them.

    Adults have no account there: each is an entry on every one of their students.
    """

    def __init__(self, district: District) -> None:
        self._district = district
        self.tenant = self.guid(district.ids.org(0))

    def guid(self, sourced_id: str | None) -> str:
        """Return the object id that stands for a record."""
        seed = int.from_bytes(sha256(str(sourced_id).encode()).digest()[:8], "big")
        first, second = (mix(self._district.seed, seed, place) for place in (1, 2))
        digits = f"{first:016x}{second:016x}"
        cuts = (0, 8, 12, 16, 20, 32)
        return "-".join(digits[a:b] for a, b in pairwise(cuts))

    @cached_property
    def schools(self) -> tuple[Org, ...]:
        """The schools."""
        return tuple(
            Org(
                sourced_id=self.guid(org.sourced_id),
                name=org.name,
                type=OrgType.school,
                type_raw="educationSchool",
                parent_id=self.tenant,
                identifiers=(_number(IdentifierType.sis_id, "externalId", org.sourced_id),),
            )
            for org in self._district.orgs
            if org.type is OrgType.school and org.status is Status.active
        )

    @cached_property
    def sessions(self) -> tuple[AcademicSession, ...]:
        """The terms that a class is in; a class has one."""
        used = {i for c in self.classes for i in c.session_ids}
        return tuple(
            AcademicSession(
                sourced_id=f"term:{session.sourced_id}",
                title=session.title,
                type=SessionType.term,
                type_raw="educationTerm",
                start_date=session.start_date,
                end_date=session.end_date,
                end_semantics=EndSemantics.assumed,
            )
            for session in self._district.academic_sessions
            if f"term:{session.sourced_id}" in used
        )

    @cached_property
    def courses(self) -> tuple[Course, ...]:
        """The courses that have a class."""
        used = {c.course_id for c in self.classes}
        return tuple(
            Course(
                sourced_id=course.sourced_id,
                title=course.title,
                course_code=course.course_code,
                org_id=self.tenant,
                subjects=course.subjects[:1],
            )
            for course in self._district.courses
            if course.sourced_id in used
        )

    @cached_property
    def classes(self) -> tuple[Class, ...]:
        """The classes, each in the first of its terms."""
        return tuple(
            Class(
                sourced_id=self.guid(class_.sourced_id),
                title=class_.title,
                class_code=class_.class_code,
                class_type=ClassType.scheduled,
                class_type_raw="educationClass",
                course_id=class_.course_id,
                org_id=self.guid(class_.org_id),
                session_ids=(f"term:{class_.session_ids[0]}",),
                grades=class_.grades[:1],
                grades_raw=class_.grades_raw[:1],
                subjects=class_.subjects[:1],
                identifiers=(_number(IdentifierType.sis_id, "externalId", class_.sourced_id),),
            )
            for class_ in self._district.classes
            if class_.status is Status.active
        )

    @cached_property
    def enrollments(self) -> tuple[Enrollment, ...]:
        """Who is in a class."""
        found: dict[str, Enrollment] = {}
        classes = {class_.sourced_id for class_ in self.classes}
        people = {user.sourced_id for user in self.accounts}
        for row in self._district.enrollments:
            class_, user = self.guid(row.class_id), self.guid(row.user_id)
            if row.status is Status.deleted or class_ not in classes or user not in people:
                continue
            teaches = row.role is Role.teacher
            found[f"{class_}|{user}"] = Enrollment(
                sourced_id=f"{class_}|{user}",
                user_id=user,
                class_id=class_,
                role=Role.teacher if teaches else Role.student,
                role_raw="teachers" if teaches else "members",
            )
        return tuple(found.values())

    @cached_property
    def people(self) -> tuple[User, ...]:
        """Everybody with an account in the district's own words, in the order of ``accounts``."""
        active = (u for u in self._district.users if u.status is Status.active)
        return tuple(u for u in active if {str(r.role_raw) for r in u.roles} - ADULTS)

    @cached_property
    def accounts(self) -> tuple[User, ...]:
        """Students and staff."""
        return tuple(map(self._account, self.people))

    def _account(self, user: User) -> User:
        words = {str(role.role_raw) for role in user.roles}
        role, word = Role.other, "none"
        for known in (Role.student, Role.teacher):
            if str(known) in words:
                role, word = known, str(known)
        own = [str(r.org_id) for r in user.roles if str(r.role_raw) not in ADULTS]
        known_schools = {org.sourced_id for org in self.schools}
        schools = [i for i in map(self.guid, dict.fromkeys(own)) if i in known_schools]
        # Schools are listed one by one, so a person's come in the order of the schools.
        schools = [org.sourced_id for org in self.schools if org.sourced_id in schools]
        numbers = []
        if role is not Role.other:
            numbers.append(_number(IdentifierType.sis_id, f"{word}.externalId", user.sourced_id))
        return User(
            sourced_id=self.guid(user.sourced_id),
            enabled=user.enabled,
            username=user.username,
            display_name=f"{user.given_name} {user.family_name}",
            given_name=user.given_name,
            middle_name=user.middle_name,
            family_name=user.family_name,
            email=user.email,
            sms=user.sms,
            identifiers=tuple(numbers),
            roles=tuple(
                RoleAssignment(
                    role=role,
                    role_raw=word,
                    org_id=school,
                    is_primary=place == 0,
                    department=DEPARTMENTS.get(role),
                )
                for place, school in enumerate(schools or (None,))
            ),
            primary_org_id=next(iter(schools), None),
            primary_org_is_guess=len(schools) > 1,
            grades=user.grades,
            grades_raw=user.grades_raw,
        )

    @cached_property
    def demographics(self) -> tuple[Demographics, ...]:
        """Birth date and gender of the students of whom anything is known."""
        people = {user.sourced_id for user in self.accounts}
        found = (
            Demographics(
                sourced_id=self.guid(known.sourced_id),
                birth_date=known.birth_date,
                sex=known.sex if known.sex in GENDERS else None,
                sex_raw=GENDERS.get(known.sex) if known.sex else None,
            )
            for known in self._district.demographics
            if known.status is Status.active and self.guid(known.sourced_id) in people
        )
        return tuple(d for d in found if d.birth_date or d.sex)

    @cached_property
    def contacts(self) -> Mapping[str, tuple[Contact, ...]]:
        """The related contacts of each student, by the student's object id."""
        active = [u for u in self._district.users if u.status is Status.active]
        by_id = {user.sourced_id: user for user in active}
        links = [*relationships(active)]
        shared = Counter((link.student_id, _address(by_id[link.contact_id])) for link in links)
        found: dict[str, list[Contact]] = defaultdict(list)
        counts: Counter[str] = Counter()
        for link in links:
            adult = by_id[link.contact_id]
            student, said = self.guid(link.student_id), _address(adult)
            if shared[link.student_id, said] > 1:
                said += f"|{adult.given_name} {adult.family_name}".lower()
            sourced_id = f"{student}|{sha256(said.encode()).hexdigest()[:16]}"
            counts[sourced_id] += 1
            if counts[sourced_id] > 1:
                sourced_id += f".{counts[sourced_id]}"
            found[student].append(self._contact(adult, str(link.kind_raw), student, sourced_id))
        return {student: tuple(contacts) for student, contacts in found.items()}

    def _contact(self, adult: User, kind_raw: str, student: str, sourced_id: str) -> Contact:
        word, kind, role = FAMILY[kind_raw]
        name = f"{adult.given_name} {adult.family_name}"
        row = {
            "displayName": name,
            "emailAddress": adult.email,
            "mobilePhone": adult.sms,
            "relationship": word,
            "accessConsent": True,
        }
        assignment = RoleAssignment(role=role, role_raw=word, org_id=self.tenant, is_primary=True)
        user = User(
            sourced_id=sourced_id,
            enabled=False,
            display_name=name,
            family_name=name,
            email=adult.email,
            sms=adult.sms,
            roles=(assignment,),
            primary_org_id=self.tenant,
        )
        link = Relationship(
            sourced_id=sourced_id,
            student_id=student,
            contact_id=sourced_id,
            kind=kind,
            kind_raw=word,
            has_access_consent=True,
        )
        return Contact(adult.sourced_id, row, user, link)

    def records(self) -> Mapping[Kind, tuple[Record, ...]]:
        """Return every record by its kind."""
        contacts = [c for found in self.contacts.values() for c in found]
        ids = tuple(org.sourced_id for org in self.schools)
        root = Org(sourced_id=self.tenant, type=OrgType.district, type_raw="tenant", child_ids=ids)
        return {
            Kind.org: (root, *self.schools),
            Kind.academic_session: self.sessions,
            Kind.course: self.courses,
            Kind.class_: self.classes,
            Kind.user: (*self.accounts, *(c.user for c in contacts)),
            Kind.enrollment: self.enrollments,
            Kind.relationship: tuple(c.link for c in contacts),
            Kind.demographics: self.demographics,
        }


def _address(adult: User) -> str:
    return str(adult.email).lower()


def _number(type_: IdentifierType, word: str, value: str) -> Identifier:
    return Identifier(type=type_, type_raw=word, value=value)
