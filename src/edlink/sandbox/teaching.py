"""Orgs, sessions, courses, classes and enrollments of the invented district, each by its place."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import attrs

from edlink.model import AcademicSession, Class, Course, Enrollment, Identifier, Org
from edlink.sandbox import layout as at
from edlink.sandbox.ids import mix
from edlink.sandbox.layout import GRADES, SUBJECTS_PER_GRADE
from edlink.sandbox.names import SCHOOL_NAMES, SUBJECTS
from edlink.sandbox.people import Population, first_day, moving_day
from edlink.vocabulary import (
    ClassType,
    EndSemantics,
    IdentifierType,
    OrgType,
    Role,
    SessionType,
    Status,
)

SCHOOL_KINDS = ("Elementary School", "Middle School", "High School", "Charter School")
LATIN, PAST_COURSES = at.GRADE_CLASSES, (at.GRADE_CLASSES + 1, at.GRADE_CLASSES + 2)
PAST_GRADES = (GRADES.index("08"), GRADES.index("11"))
CHARTER_GRADES = (GRADES[:9], GRADES[9:])

#: (title, type, parent, first day and day after as days from the first day of its school year);
#: the last three are of the year before.
SESSIONS: tuple[tuple[str, SessionType, int | None, int, int], ...] = (
    ("School Year", SessionType.school_year, None, 0, 306),
    ("Semester 1", SessionType.semester, 0, 0, 154),
    ("Semester 2", SessionType.semester, 0, 154, 306),
    ("Trimester 1", SessionType.term, 0, 0, 98),
    ("Trimester 2", SessionType.term, 0, 98, 203),
    ("Trimester 3", SessionType.term, 0, 203, 306),
    ("Six Weeks 1", SessionType.grading_period, 3, 0, 49),
    ("Six Weeks 2", SessionType.grading_period, 3, 49, 98),
    ("Six Weeks 3", SessionType.grading_period, 4, 98, 147),
    ("Six Weeks 4", SessionType.grading_period, 4, 147, 203),
    ("Six Weeks 5", SessionType.grading_period, 5, 203, 252),
    ("Six Weeks 6", SessionType.grading_period, 5, 252, 306),
    ("School Year", SessionType.school_year, None, 0, 306),
    ("Semester 1", SessionType.semester, 12, 0, 154),
    ("Semester 2", SessionType.semester, 12, 154, 306),
)
YEAR, SEMESTERS, TRIMESTERS, PAST_YEAR = 0, (1, 2), (3, 4, 5), 12
TYPE_WORDS = {SessionType.school_year: "schoolYear", SessionType.grading_period: "gradingPeriod"}


@attrs.frozen
class Teaching:
    """What is taught where and to whom, computed from places."""

    people: Population

    # Orgs and sessions

    def org(self, place: int) -> Org:
        """Return the org at a place: the district, its schools, one department."""
        layout, ids = self.people.layout, self.people.ids
        last = layout.orgs - 1
        name, type_ = "Curriculum Department", OrgType.department
        if place == 0:
            name, type_ = "Lakeland Invented District", OrgType.district
        elif place < last:
            kind, zone = layout.schools[place - 1]
            name = f"{SCHOOL_NAMES[(zone + kind) % len(SCHOOL_NAMES)]} {SCHOOL_KINDS[kind]}"
            type_ = OrgType.school
            if zone + kind >= len(SCHOOL_NAMES):
                name += f" {zone}"
        number = f"{2_700_000 + place:07d}"
        return Org(
            sourced_id=ids.org(place),
            date_last_modified=self._modified(4, place),
            name=name,
            type=type_,
            type_raw=str(type_),
            parent_id=ids.org(0) if place else None,
            child_ids=() if place else tuple(map(ids.org, range(1, layout.orgs))),
            identifiers=(
                Identifier(type=IdentifierType.identifier, type_raw="identifier", value=number),
            ),
        )

    def session(self, place: int) -> AcademicSession:
        """Return the academic session at a place."""
        ids = self.people.ids
        title, type_, parent, start, end = SESSIONS[place]
        year = self.people.school_year - (place >= PAST_YEAR)
        first = first_day(year)
        return AcademicSession(
            sourced_id=ids.session(place),
            date_last_modified=self._modified(5, place),
            title=f"{title} {year - 1}-{year % 100:02d}",
            type=type_,
            type_raw=TYPE_WORDS.get(type_, str(type_)),
            start_date=first + timedelta(days=start),
            end_date=first + timedelta(days=end),
            end_semantics=EndSemantics.stated,
            parent_id=None if parent is None else ids.session(parent),
            child_ids=tuple(ids.session(i) for i, row in enumerate(SESSIONS) if row[2] == place),
            school_year=year,
        )

    # Courses and classes

    def course(self, place: int) -> Course:
        """Return the course at a place: one for each grade and subject, Latin, two of last year."""
        ids = self.people.ids
        grades: tuple[str, ...] = GRADES[10:]
        title, subject, code, year = "Latin", "World Languages", "06302", YEAR
        if place != LATIN:
            past = place in PAST_COURSES
            grade = PAST_GRADES[place - PAST_COURSES[0]] if past else place // SUBJECTS_PER_GRADE
            grades = (GRADES[grade],)
            subject, code = SUBJECTS[1 if past else place % SUBJECTS_PER_GRADE]
            title, year = f"{subject} {GRADES[grade]}", PAST_YEAR if past else YEAR
        return Course(
            sourced_id=ids.course(place),
            date_last_modified=self._modified(6, place),
            title=title,
            course_code=f"{code}-{grades[0]}",
            school_year_id=ids.session(year),
            org_id=ids.org(0),
            grades=grades,
            grades_raw=grades,
            subjects=(subject,),
            subject_codes=(code,),
        )

    def class_(self, place: int) -> Class:
        """Return the class at a place."""
        zone, number = divmod(place, at.CLASSES_IN_ZONE)
        ids, layout = self.people.ids, self.people.layout
        grade, subject = self._grade_subject(number)
        homeroom = subject == 0
        grades: tuple[str, ...] = (GRADES[grade],)
        if number in at.CHARTER_CLASSES:
            grades = CHARTER_GRADES[number - at.CHARTER_CLASSES[0]]
        title = f"{SUBJECTS[subject][0]} {GRADES[grade]}"
        if homeroom:
            block, slot = self._teacher(zone, number)
            title = f"Homeroom {self.people.staff_family(block, slot)[1]}"
        type_ = ClassType.homeroom if homeroom else ClassType.scheduled
        has_period = not homeroom and at.level(grade) > 0
        return Class(
            sourced_id=ids.class_(place),
            date_last_modified=self._modified(7, place),
            title=title,
            class_code=f"{number:02d}-{zone:04d}" if subject % 2 else None,
            class_type=type_,
            class_type_raw=str(type_),
            location=f"Room {100 + number}" if number % 3 else None,
            course_id=ids.course(self._course(number)),
            org_id=ids.org(layout.school(self._school_kind(number), zone)),
            session_ids=tuple(map(ids.session, self._sessions(number))),
            periods=(str(subject),) if has_period else (),
            grades=grades,
            grades_raw=grades,
            subjects=(SUBJECTS[subject][0],),
            subject_codes=(SUBJECTS[subject][1],),
        )

    def class_school(self, place: int) -> int:
        """Return the place among orgs of the school of the class at a place."""
        zone, number = divmod(place, at.CLASSES_IN_ZONE)
        return self.people.layout.school(self._school_kind(number), zone)

    @staticmethod
    def _grade_subject(number: int) -> tuple[int, int]:
        if number < at.GRADE_CLASSES:
            return divmod(number, SUBJECTS_PER_GRADE)
        if number in at.CHARTER_CLASSES:
            return (GRADES.index("02"), GRADES.index("09"))[number - at.CHARTER_CLASSES[0]], 0
        return PAST_GRADES[number - at.PAST_CLASSES[0]], 1

    def _school_kind(self, number: int) -> int:
        return 3 if number in at.CHARTER_CLASSES else at.level(self._grade_subject(number)[0])

    def _course(self, number: int) -> int:
        if number in at.PAST_CLASSES:
            return PAST_COURSES[number - at.PAST_CLASSES[0]]
        grade, subject = self._grade_subject(number)
        return grade * SUBJECTS_PER_GRADE + subject

    def _sessions(self, number: int) -> tuple[int, ...]:
        if number in at.PAST_CLASSES:
            return (PAST_YEAR,)
        grade, subject = self._grade_subject(number)
        parts = SEMESTERS if at.level(grade) else TRIMESTERS
        if subject == 0:
            return (YEAR,)
        if subject < SUBJECTS_PER_GRADE - 2:
            return parts
        return parts[:1] if subject == SUBJECTS_PER_GRADE - 2 else parts[1:]

    def _teacher(self, zone: int, number: int, *, further: int = 0) -> tuple[int, int]:
        """Return block and slot of a class's teacher; ``further`` 1 is the co-teacher."""
        blocks = self.people.layout.blocks_of_zone(zone)
        level = at.level(self._grade_subject(number)[0])
        if number in at.CHARTER_CLASSES:
            return blocks[0], at.TEACHER_ELEMENTARY
        if further and len(blocks) == 1:
            return blocks[0], at.TEACHERS[(level + 1) % 3]
        return blocks[(number + further) % len(blocks)], at.TEACHERS[level]

    # Enrollments

    def enrollment(self, place: int) -> Enrollment:
        """Return the enrollment at a place: of each zone its students', then its teachers'."""
        layout = self.people.layout
        zone, within = divmod(place, at.ZONE_ENROLLMENTS)
        if zone >= layout.zones:
            zone, within = zone - 1, within + at.ZONE_ENROLLMENTS
        blocks = layout.blocks_of_zone(zone)
        number, within_block = divmod(within, at.BLOCK_ENROLLMENTS)
        if number < len(blocks):
            return self._of_block(place, blocks[number], within_block)
        within -= len(blocks) * at.BLOCK_ENROLLMENTS
        if within < at.TEACHER_ENROLLMENTS:
            return self._of_teacher(place, zone, within)
        extra, subject = divmod(within - at.TEACHER_ENROLLMENTS, SUBJECTS_PER_GRADE)
        user = layout.blocks * at.BLOCK + extra
        class_ = layout.grade_of_student(user) * SUBJECTS_PER_GRADE + subject
        return self._of_student(place, user, zone, class_)

    def _of_block(self, place: int, block: int, within: int) -> Enrollment:
        zone = block // at.BLOCKS_IN_ZONE
        year = self.people.school_year
        if within >= at.PLAIN_ENROLLMENTS:
            slot, class_ = at.EXTRA_ENROLLMENTS[within - at.PLAIN_ENROLLMENTS]
            begin, end = first_day(year), moving_day(year)
            if class_ in at.PAST_CLASSES:
                begin, end = first_day(year - 1), first_day(year - 1) + timedelta(days=306)
            user = block * at.BLOCK + slot
            return self._of_student(place, user, zone, class_, begin=begin, end=end)
        slot, subject = divmod(within, SUBJECTS_PER_GRADE)
        class_ = at.STUDENT_GRADES[slot] * SUBJECTS_PER_GRADE + subject
        begin = moving_day(year) if slot in at.MOVERS else first_day(year)
        dropped = within == at.DROPPED and block % 3 == 0
        user = block * at.BLOCK + slot
        dated = subject == 0 or slot in at.MOVERS
        return self._of_student(
            place, user, zone, class_, begin=begin if dated else None, dropped=dropped
        )

    def _of_student(  # noqa: PLR0913 - the columns of an enrollment
        self,
        place: int,
        user: int,
        zone: int,
        number: int,
        *,
        begin: date | None = None,
        end: date | None = None,
        dropped: bool = False,
    ) -> Enrollment:
        block, slot = divmod(user, at.BLOCK)
        in_block = block < self.people.layout.blocks
        left = in_block and slot == at.LEAVER and block % 5 == 0
        return self._enrollment(
            place, user, zone, number,
            role=Role.student,
            status=Status.deleted if left or dropped else Status.active,
            begin_date=begin,
            end_date=end,
        )  # fmt: skip

    def _of_teacher(self, place: int, zone: int, within: int) -> Enrollment:
        primary = within < at.CLASSES_IN_ZONE
        number = within if primary else at.CO_TAUGHT[within - at.CLASSES_IN_ZONE]
        block, slot = self._teacher(zone, number, further=0 if primary else 1)
        user = block * at.BLOCK + slot
        return self._enrollment(
            place, user, zone, number, role=Role.teacher, is_primary=primary, status=Status.active
        )

    def _enrollment(  # noqa: PLR0913 - the columns of an enrollment
        self,
        place: int,
        user: int,
        zone: int,
        number: int,
        *,
        role: Role,
        status: Status,
        is_primary: bool | None = None,
        begin_date: date | None = None,
        end_date: date | None = None,
    ) -> Enrollment:
        ids = self.people.ids
        return Enrollment(
            sourced_id=ids.enrollment(place),
            status=status,
            date_last_modified=self._modified(8, place),
            user_id=ids.user(user),
            class_id=ids.class_(zone * at.CLASSES_IN_ZONE + number),
            org_id=ids.org(self.people.layout.school(self._school_kind(number), zone)),
            role=role,
            role_raw=str(role),
            is_primary=is_primary,
            begin_date=begin_date,
            end_date=end_date,
        )

    # Who is in what, by places

    def enrollments_of_zone(self, zone: int) -> Iterator[int]:
        """Yield the places of all enrollments in the classes of a zone."""
        layout = self.people.layout
        first = zone * at.ZONE_ENROLLMENTS
        count = len(layout.blocks_of_zone(zone)) * at.BLOCK_ENROLLMENTS + at.TEACHER_ENROLLMENTS
        yield from range(first, first + count)
        if zone == layout.zones - 1:
            yield from range(first + count, layout.enrollments)

    def _modified(self, kind: int, place: int) -> datetime:
        start = datetime(self.people.school_year - 1, 7, 20, 5, tzinfo=UTC)
        return start + timedelta(seconds=mix(self.people.seed, kind, place) % (100 * 86_400))
