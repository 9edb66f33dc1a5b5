"""What Veracross can say of the invented district: model in, model out; the truth is made of it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

import attrs

from edlink.model import (
    AcademicSession,
    Class,
    Course,
    Demographics,
    Enrollment,
    Org,
    Relationship,
    RoleAssignment,
    User,
    relationship_id,
)
from edlink.sandbox.district import Collection, District
from edlink.sandbox.ids import mix
from edlink.sandbox.truth import relationships
from edlink.sandbox.veracross.words import (
    COURSE_TYPES,
    FAMILY,
    GENDERS,
    GRADES,
    HOMEROOMS,
    PERIOD_TYPES,
    UNGRADED,
)
from edlink.vocabulary import (
    EndSemantics,
    OrgType,
    RelationshipKind,
    Role,
    SessionType,
    Status,
)

ROUTE = "lakeland"

#: First number of each kind of record; Veracross' ids are numbers.
PERSON, CLASS, COURSE, ENROLLMENT, PERIOD, CAMPUS = 1_000_000, 50_000, 3000, 10_000_000, 70, 1
HOUSEHOLD = 500_000


class Views:
    """
    The records of a district as Veracross says them.

    What the district itself marked deleted is not there, and neither are the enrollments of people
    and classes that are not.  Of courses there are only those that have a class.
    """

    def __init__(self, district: District) -> None:
        self._district = district

    # Ids

    def person(self, sourced_id: str | None) -> str:
        """Return the Person ID of a user of the district."""
        return str(PERSON + self._place(self._district.users, sourced_id))

    def _class_id(self, sourced_id: str | None) -> str:
        return str(CLASS + self._place(self._district.classes, sourced_id))

    def _campus(self, sourced_id: str | None) -> str:
        """Return the campus of an org; the district and its department are the first campus."""
        place = self._place(self._district.orgs, sourced_id)
        is_school = 0 < place < len(self._district.orgs) - 1
        return f"campus:{CAMPUS + place * is_school}"

    @staticmethod
    def _place(collection: Collection[Any], sourced_id: str | None) -> int:
        place = collection.place_of(str(sourced_id))
        return 0 if place is None else place

    # Places and times

    @cached_property
    def orgs(self) -> tuple[Org, ...]:
        """The school, and the campuses at which anybody is."""
        used = {r.org_id for u in self.users for r in u.roles} | {c.org_id for c in self.classes}
        places = {self._campus(o.sourced_id): o for o in [*self._district.orgs][:-1]}
        campuses = tuple(
            Org(
                sourced_id=campus,
                name=org.name,
                type=OrgType.school,
                type_raw="campus",
                parent_id=ROUTE,
            )
            for campus, org in places.items()
            if campus in used
        )
        ids = tuple(campus.sourced_id for campus in campuses)
        root = Org(sourced_id=ROUTE, name=ROUTE, type=OrgType.district, child_ids=ids)
        return (root, *campuses)

    @cached_property
    def academic_sessions(self) -> tuple[AcademicSession, ...]:
        """The school years, which are numbers at Veracross, and the grading periods."""
        return (*self._years(), *self._periods())

    def _years(self) -> Iterator[AcademicSession]:
        for session in self._district.academic_sessions:
            if session.type is SessionType.school_year and session.school_year:
                year = session.school_year
                yield AcademicSession(
                    sourced_id=self._session_id(session),
                    title=f"{year - 1}-{year}",
                    type=SessionType.school_year,
                    type_raw="school_year",
                    start_date=session.start_date,
                    end_date=session.end_date,
                    end_semantics=EndSemantics.inferred,
                    school_year=year,
                )

    def _periods(self) -> Iterator[AcademicSession]:
        sessions = {s.sourced_id: s for s in self._district.academic_sessions}
        for place, session in enumerate(sessions.values()):
            if session.type is SessionType.school_year or not session.school_year:
                continue
            word, type_ = PERIOD_TYPES[session.type]
            parent = f"year:{session.school_year - 1}"
            if session.type is SessionType.grading_period:
                parent = self._session_id(sessions[str(session.parent_id)])
            yield AcademicSession(
                sourced_id=self._session_id(session),
                date_last_modified=session.date_last_modified,
                title=session.title,
                abbreviation=f"P{place}",
                type=type_,
                type_raw=word,
                start_date=session.start_date,
                end_date=session.end_date,
                end_semantics=EndSemantics.assumed,
                parent_id=parent,
                school_year=session.school_year,
            )

    def _session_id(self, session: AcademicSession) -> str:
        """Return the id of a session: a school year's is its number, a period's its own."""
        if session.type is SessionType.school_year:
            return f"year:{(session.school_year or 0) - 1}"
        return (
            f"period:{PERIOD + self._place(self._district.academic_sessions, session.sourced_id)}"
        )

    # Teaching

    @cached_property
    def courses(self) -> tuple[Course, ...]:
        """The courses that have a class."""
        used = {c.course_id for c in self.classes}
        found = (
            Course(
                sourced_id=str(COURSE + place),
                title=course.title,
                course_code=course.course_code,
                org_id=ROUTE,
                subjects=course.subjects,
            )
            for place, course in enumerate(self._district.courses)
        )
        return tuple(course for course in found if course.sourced_id in used)

    @cached_property
    def classes(self) -> tuple[Class, ...]:
        """The classes; each is in its periods, or in its school year, and has its own dates."""
        known = self._district.classes
        return tuple(self._class(c) for c in known if c.status is Status.active)

    def _class(self, class_: Class) -> Class:
        sessions = [self._district.academic_sessions.find(i) for i in class_.session_ids]
        known = [s for s in sessions if s and s.school_year and s.start_date and s.end_date]
        course = self._place(self._district.courses, class_.course_id)
        return Class(
            sourced_id=self._class_id(class_.sourced_id),
            date_last_modified=class_.date_last_modified,
            title=class_.title,
            class_code=class_.class_code,
            class_type=class_.class_type,
            class_type_raw=COURSE_TYPES[class_.class_type],
            course_id=str(COURSE + course),
            org_id=self._campus(class_.org_id),
            session_ids=tuple(self._session_id(s) for s in known),
            subjects=class_.subjects,
            begin_date=min(s.start_date for s in known if s.start_date),
            end_date=max(s.end_date for s in known if s.end_date),
        )

    @cached_property
    def enrollments(self) -> tuple[Enrollment, ...]:
        """The students of each class, then who teaches it."""
        students, teachers = [], []
        modified = {c.sourced_id: c.date_last_modified for c in self.classes}
        people = {user.sourced_id for user in self.users}
        for place, row in enumerate(self._district.enrollments):
            person, class_ = self.person(row.user_id), self._class_id(row.class_id)
            if row.status is Status.deleted or person not in people or class_ not in modified:
                continue
            plain = Enrollment(
                sourced_id=str(ENROLLMENT + place),
                date_last_modified=row.date_last_modified,
                user_id=person,
                class_id=class_,
                role=row.role,
                role_raw="student",
                begin_date=row.begin_date,
                end_date=row.end_date,
            )
            if row.role is Role.student:
                students.append(plain)
                continue
            teachers.append(
                attrs.evolve(
                    plain,
                    sourced_id=f"{class_}|{person}",
                    role_raw="primary_teacher" if row.is_primary else "Co-Teacher",
                    is_primary=row.is_primary,
                    date_last_modified=modified[class_]
                    if row.is_primary
                    else row.date_last_modified,
                )
            )
        found = sorted(teachers, key=lambda e: not e.is_primary)
        return (*students, *{e.sourced_id: e for e in reversed(found)}.values())

    # People

    @cached_property
    def users(self) -> tuple[User, ...]:
        """Students, employees and linked adults."""
        return tuple(self._user(u) for u in self._district.users if u.status is Status.active)

    def _user(self, user: User) -> User:
        roles = tuple(self._roles(user))
        is_student = roles[0].role is Role.student
        return User(
            sourced_id=self.person(user.sourced_id),
            date_last_modified=self._modified(user.sourced_id),
            username=user.username,
            given_name=user.given_name,
            middle_name=user.middle_name,
            family_name=user.family_name,
            preferred_given_name=user.preferred_given_name,
            email=user.email,
            phone=user.phone,
            sms=user.sms,
            roles=roles,
            primary_org_id=roles[0].org_id,
            household_id=self._household(user.sourced_id),
            **(self._of_student(user) if is_student else {}),
        )

    def _of_student(self, user: User) -> dict[str, Any]:
        place, staff = self._place(self._district.users, user.sourced_id), self._staff_ids
        grade = next(iter(user.grades), None)
        return {
            "grades": (grade or UNGRADED,),
            "grades_raw": (GRADES[grade] if grade else UNGRADED,),
            "graduation_year": str(self._graduation(grade)),
            "homeroom": HOMEROOMS[place % len(HOMEROOMS)],
            "homeroom_teacher_id": staff[place % len(staff)],
            "advisor_id": staff[(place + 1) % len(staff)],
        }

    def _graduation(self, grade: str | None) -> int:
        """Return the year in which a grade is through with school; who has none, this year."""
        left = [*GRADES].index("12") - [*GRADES].index(grade) if grade else 0
        return self._district.population.school_year + left

    @cached_property
    def _staff_ids(self) -> tuple[str, ...]:
        taught = (e.user_id for e in self._district.enrollments if e.is_primary)
        return tuple(self.person(user_id) for user_id in dict.fromkeys(taught))

    def _household(self, sourced_id: str) -> str:
        """Return where a person lives: with the first adult of the first child of the family."""
        child = self._child_of.get(sourced_id, sourced_id)
        place = self._place(self._district.users, self._adult_of.get(child, child))
        return str(HOUSEHOLD + place)

    @cached_property
    def _adult_of(self) -> Mapping[str | None, str | None]:
        return {link.student_id: link.contact_id for link in reversed(self._families)}

    @cached_property
    def _child_of(self) -> Mapping[str | None, str | None]:
        return {link.contact_id: link.student_id for link in reversed(self._families)}

    @cached_property
    def _families(self) -> tuple[Relationship, ...]:
        """The links of everybody: a household stays when one of the family is gone."""
        return tuple(relationships(self._district.users))

    @cached_property
    def _links(self) -> tuple[Relationship, ...]:
        """The links between students and adults, by the district's own ids."""
        active = [u for u in self._district.users if u.status is Status.active]
        return tuple(relationships(active))

    def _roles(self, user: User) -> Iterator[RoleAssignment]:
        words = [str(role.role_raw) for role in user.roles]
        campus = self._campus(user.primary_org_id)
        if words[0] == "student":
            first = user.roles[0]
            yield RoleAssignment(
                role=Role.student,
                role_raw="Student",
                org_id=campus,
                is_primary=True,
                begin_date=first.begin_date,
            )
            return
        is_employee = words[0] not in FAMILY or words[0] == "aide"
        if is_employee:
            teaches = "teacher" in words
            yield RoleAssignment(
                role=Role.teacher if teaches else Role.staff,
                role_raw="Faculty" if teaches else "Staff",
                org_id=campus,
                is_primary=True,
                title=words[0],
            )
        if any(word in FAMILY and word != "aide" for word in words):
            yield RoleAssignment(
                role=Role.guardian, role_raw="Parent", org_id=ROUTE, is_primary=not is_employee
            )

    @cached_property
    def demographics(self) -> tuple[Demographics, ...]:
        """Birthday and gender of the students."""
        return tuple(
            Demographics(
                sourced_id=self.person(known.sourced_id),
                date_last_modified=self._modified(known.sourced_id),
                birth_date=known.birth_date,
                sex=known.sex,
                sex_raw=GENDERS[known.sex] if known.sex else None,
            )
            for known in self._district.demographics
            if self.person(known.sourced_id) in self._students
        )

    @cached_property
    def _students(self) -> frozenset[str]:
        return frozenset(u.sourced_id for u in self.users if u.roles[0].role is Role.student)

    def _modified(self, *people: str) -> datetime | None:
        """Return when one of some people changed; birthday and gender are in a student's row."""
        district = self._district
        rows = [rows.find(i) for rows in (district.users, district.demographics) for i in people]
        moments = [row.date_last_modified for row in rows if row is not None]
        return max((moment for moment in moments if moment), default=None)

    @cached_property
    def relationships(self) -> tuple[Relationship, ...]:
        """The links between students and adults, with invented flags."""
        return tuple(map(self._link, self._links))

    def _link(self, link: Relationship) -> Relationship:
        word, kind = FAMILY[str(link.kind_raw)]
        student, adult = self.person(link.student_id), self.person(link.contact_id)
        flags = mix(self._district.seed, int(student), int(adult))
        is_close = kind is not RelationshipKind.relative
        return Relationship(
            sourced_id=relationship_id(student, adult),
            student_id=student,
            contact_id=adult,
            date_last_modified=self._modified(link.student_id, link.contact_id),
            kind=kind,
            kind_raw=word,
            both_sides_confirmed=link.both_sides_confirmed,
            custody_status_raw="Full" if is_close else "None",
            has_legal_custody=is_close,
            lives_with=bool(flags & 1),
            is_emergency_contact=bool(flags & 2),
            may_pick_up=bool(flags & 4),
            has_portal_access=is_close,
            receives_correspondence=bool(flags & 8),
            receives_report_cards=is_close,
            is_deceased=False,
        )
