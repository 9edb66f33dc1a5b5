"""What Clever can say of the invented district: model in, model out; the truth is made of it."""

from collections.abc import Iterator
from functools import cached_property

import attrs

from edlink.model import (
    AcademicSession,
    Class,
    Course,
    Demographics,
    Enrollment,
    Identifier,
    Org,
    Relationship,
    RoleAssignment,
    User,
    relationship_id,
)
from edlink.sandbox.clever.words import (
    EMPLOYEES,
    FAMILY,
    GRADE_WORDS,
    GUARDIANS,
    HOMEROOM,
    RACES,
    ROLES,
    SUBJECT_WORDS,
    TWO_RACES,
)
from edlink.sandbox.district import District
from edlink.sandbox.truth import relationships
from edlink.vocabulary import (
    ClassType,
    EndSemantics,
    IdentifierType,
    OrgType,
    Role,
    SessionType,
    Sex,
    Status,
)


class Views:
    """
    The records of a district as one version of Clever says them.

    A staff member who is a parent as well is two people at Clever; people and enrollments that the
    district itself marked deleted are not there, and neither is a section without a student.
    """

    def __init__(self, district: District, version: str) -> None:
        self._district = district
        self._version = version
        self._is_old = version.startswith("2")
        self.district_id = district.ids.org(0)

    @cached_property
    def orgs(self) -> tuple[Org, ...]:
        """The district and its schools; Clever has no departments."""
        return tuple(self._org(o) for o in self._district.orgs if o.type is not OrgType.department)

    @cached_property
    def academic_sessions(self) -> tuple[AcademicSession, ...]:
        """The terms; Clever has no years and knows no parents."""
        return tuple(
            AcademicSession(
                sourced_id=session.sourced_id,
                title=session.title,
                type=SessionType.term,
                start_date=session.start_date,
                end_date=session.end_date,
                end_semantics=EndSemantics.assumed,
                org_id=self.district_id,
            )
            for session in self._district.academic_sessions
        )

    @cached_property
    def courses(self) -> tuple[Course, ...]:
        """The courses, by name and number."""
        return tuple(
            Course(
                sourced_id=course.sourced_id,
                title=course.title,
                course_code=course.course_code,
                org_id=self.district_id,
            )
            for course in self._district.courses
        )

    @cached_property
    def classes(self) -> tuple[Class, ...]:
        """The sections that have a student."""
        taught = {e.class_id for e in self._active_enrollments if e.role is Role.student}
        return tuple(_class(c) for c in self._district.classes if c.sourced_id in taught)

    @cached_property
    def enrollments(self) -> tuple[Enrollment, ...]:
        """The members of the sections, section by section, the students first."""
        places = {c.sourced_id: place for place, c in enumerate(self.classes)}
        found = {
            (places[said.class_id], said.role is Role.teacher, said.sourced_id): said
            for said in map(self._enrollment, self._active_enrollments)
            if said.class_id in places
        }
        return tuple(found[key] for key in sorted(found))

    @cached_property
    def users(self) -> tuple[User, ...]:
        """Students, employees, and adults linked to a student, role by role."""
        found: list[User] = []
        linked = {link.contact_id for link in self.relationships}
        for user in self._active_users:
            words = {str(role.role_raw) for role in user.roles}
            if "student" in words:
                found.append(self._student(user))
            elif words & EMPLOYEES.keys():
                found.append(self._employee(user))
            if words & FAMILY.keys() and self.contact_id(user) in linked:
                found.append(self._contact(user))
        return tuple(sorted(found, key=_place))

    @cached_property
    def relationships(self) -> tuple[Relationship, ...]:
        """The links between students and adults."""
        adults = {user.sourced_id: user for user in self._active_users}
        found = []
        for link in relationships(adults.values()):
            adult = adults[link.contact_id]
            word = _family_word(adult)
            if word is not None:
                relationship, type_, kind = FAMILY[word]
                contact = self.contact_id(adult)
                found.append(
                    Relationship(
                        sourced_id=relationship_id(link.student_id, contact),
                        student_id=link.student_id,
                        contact_id=contact,
                        kind=kind,
                        kind_raw=relationship,
                        contact_type_raw=type_,
                    )
                )
        return tuple(found)

    @cached_property
    def demographics(self) -> tuple[Demographics, ...]:
        """What Clever says of the students, in the same rows as the rest of them."""
        people = {user.sourced_id for user in self._active_users}
        known = self._district.demographics
        return tuple(_demographics(d) for d in known if d.sourced_id in people)

    def contact_id(self, user: User) -> str:
        """Return the id of an adult as a contact: staff have another one as parents."""
        is_employee = not EMPLOYEES.keys().isdisjoint(str(r.role_raw) for r in user.roles)
        return self._person_id(user.sourced_id + "c" if is_employee else user.sourced_id)

    def _person_id(self, sourced_id: str) -> str:
        """Return the id that this version has of anyone but a student."""
        return sourced_id + "-v2" if self._is_old else sourced_id

    def _legacy(self, sourced_id: str, word: str) -> tuple[Identifier, ...]:
        """Return the id of version 2, which version 3 tells."""
        if self._is_old:
            return ()
        return (_identifier(IdentifierType.legacy_id, sourced_id + "-v2", word),)

    @cached_property
    def _active_users(self) -> tuple[User, ...]:
        return tuple(u for u in self._district.users if u.status is Status.active)

    @cached_property
    def _active_enrollments(self) -> tuple[Enrollment, ...]:
        people = {user.sourced_id for user in self._active_users}
        known = self._district.enrollments
        return tuple(e for e in known if e.status is Status.active and e.user_id in people)

    @cached_property
    def _led(self) -> frozenset[str | None]:
        """The classes that have a primary teacher."""
        return frozenset(e.class_id for e in self._active_enrollments if e.is_primary)

    def _org(self, org: Org) -> Org:
        number = org.identifiers[0].value
        if org.type is OrgType.district:
            return Org(sourced_id=org.sourced_id, name=org.name, type=OrgType.district)
        return Org(
            sourced_id=org.sourced_id,
            date_last_modified=org.date_last_modified,
            name=org.name,
            type=OrgType.school,
            parent_id=self.district_id,
            identifiers=(
                Identifier(type=IdentifierType.sis_id, value=number, type_raw="sis_id"),
                Identifier(
                    type=IdentifierType.school_number, value=number, type_raw="school_number"
                ),
            ),
        )

    def _enrollment(self, enrollment: Enrollment) -> Enrollment:
        is_student = enrollment.role is Role.student
        word = "student" if is_student else "teacher"
        user = str(enrollment.user_id) if is_student else self._person_id(str(enrollment.user_id))
        return Enrollment(
            sourced_id=f"{enrollment.class_id}:{user}:{word}",
            user_id=user,
            class_id=enrollment.class_id,
            org_id=enrollment.org_id,
            role=Role(word),
            role_raw=word,
            is_primary=enrollment.is_primary if enrollment.class_id in self._led else None,
        )

    def _student(self, user: User) -> User:
        numbers = {i.type: i.value for i in user.identifiers}
        return attrs.evolve(
            _named(user, user.sourced_id),
            preferred_given_name=user.preferred_given_name if self._version == "3.1" else None,
            username=user.username,
            identifiers=(
                _identifier(IdentifierType.sis_id, numbers[IdentifierType.sis_id], "student"),
                _identifier(IdentifierType.state_id, numbers[IdentifierType.state_id], "student"),
                _identifier(
                    IdentifierType.student_number, numbers[IdentifierType.identifier], "student"
                ),
            ),
            roles=tuple(self._student_roles(user)),
            primary_org_id=user.primary_org_id,
            grades=user.grades,
            grades_raw=tuple(GRADE_WORDS[grade] for grade in user.grades),
        )

    def _student_roles(self, user: User) -> Iterator[RoleAssignment]:
        for role in user.roles:
            dated = self._version != "2.0"
            yield RoleAssignment(
                role=Role.student,
                role_raw="student",
                org_id=role.org_id,
                is_primary=role.org_id == user.primary_org_id,
                begin_date=role.begin_date if dated else None,
                end_date=role.end_date if dated else None,
            )

    def _employee(self, user: User) -> User:
        held = [role for role in user.roles if role.role_raw in EMPLOYEES]
        word = EMPLOYEES[str(held[0].role_raw)]
        schools = tuple(dict.fromkeys(role.org_id for role in held))
        title = None if word == "teacher" else held[0].role_raw
        number = user.identifiers[1].value
        field = IdentifierType.teacher_number if word == "teacher" else IdentifierType.staff_id
        numbers: tuple[Identifier, ...] = (_identifier(field, number, word),)
        if word == "teacher":
            numbers = (
                _identifier(IdentifierType.sis_id, user.identifiers[0].value, word),
                *numbers,
            )
        return attrs.evolve(
            _named(
                user,
                self._person_id(user.sourced_id),
                brief=self._is_old and word != "teacher",
            ),
            username=None if word == "district_admin" else user.username,
            identifiers=(
                *(numbers if word != "district_admin" else ()),
                *self._legacy(user.sourced_id, word),
            ),
            roles=tuple(
                RoleAssignment(
                    role=ROLES[word],
                    role_raw=word,
                    org_id=school,
                    is_primary=school == schools[0] if word == "teacher" else None,
                    title=title,
                )
                for school in schools
            ),
            primary_org_id=schools[0],
            primary_org_is_guess=word != "teacher",
        )

    def _contact(self, user: User) -> User:
        parts = (user.given_name, user.middle_name, user.family_name)
        name = " ".join(part for part in parts if part)
        sourced_id = self.contact_id(user)
        is_guardian = _family_word(user) in GUARDIANS
        return attrs.evolve(
            _named(user, sourced_id, brief=self._is_old),
            given_name=None,
            middle_name=None,
            family_name=name,
            display_name=name,
            phone=user.phone,
            identifiers=self._legacy(sourced_id, "contact"),
            roles=(
                RoleAssignment(
                    role=Role.guardian if is_guardian else Role.contact,
                    role_raw="contact",
                    org_id=self.district_id,
                ),
            ),
        )


#: The order in which people are asked for, role by role.
_ORDER = {
    word: place
    for place, word in enumerate(("student", "teacher", "staff", "district_admin", "contact"))
}


def _place(user: User) -> tuple[int, str]:
    return _ORDER[str(user.roles[0].role_raw)], user.sourced_id


def _family_word(user: User) -> str | None:
    return next((str(r.role_raw) for r in user.roles if r.role_raw in FAMILY), None)


def _identifier(type_: IdentifierType, value: str, word: str) -> Identifier:
    return Identifier(type=type_, value=value, type_raw=word)


def _named(user: User, sourced_id: str, *, brief: bool = False) -> User:
    """Return the part that all have; version 2 is brief on admins and contacts."""
    return User(
        sourced_id=sourced_id,
        date_last_modified=None if brief else user.date_last_modified,
        date_created=None if brief else user.date_last_modified,
        given_name=user.given_name,
        middle_name=None if brief else user.middle_name,
        family_name=user.family_name,
        email=user.email,
    )


def _class(class_: Class) -> Class:
    subject = SUBJECT_WORDS.get(class_.subjects[0], "other")
    grades = class_.grades if len(class_.grades) == 1 else ()
    return Class(
        sourced_id=class_.sourced_id,
        date_last_modified=class_.date_last_modified,
        title=class_.title,
        class_code=class_.class_code,
        class_type=ClassType.homeroom if subject == HOMEROOM else ClassType.other,
        course_id=class_.course_id,
        org_id=class_.org_id,
        session_ids=class_.session_ids[:1],
        periods=class_.periods,
        grades=grades,
        grades_raw=tuple(GRADE_WORDS[grade] for grade in grades),
        subjects=(subject,),
        identifiers=(
            Identifier(type=IdentifierType.sis_id, value=class_.sourced_id, type_raw="sis_id"),
        ),
    )


def _demographics(record: Demographics) -> Demographics:
    races = [pair for pair in RACES if getattr(record, pair[0])]
    field, word = TWO_RACES if len(races) > 1 else races[0] if races else (None, None)
    sex = record.sex if record.sex in (Sex.female, Sex.male) else None
    said = Demographics(
        sourced_id=record.sourced_id,
        birth_date=record.birth_date,
        sex=sex,
        sex_raw=None if sex is None else sex[0].upper(),
        hispanic_or_latino_ethnicity=record.hispanic_or_latino_ethnicity,
        race_raw=word,
    )
    return said if field is None else attrs.evolve(said, **{field: True})  # type: ignore[arg-type] # by name
