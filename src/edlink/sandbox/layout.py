"""
Where everybody stands: the arithmetic of an invented district, without a table of its people.

People come in blocks of 50: 28 students, 17 linked adults, 5 staff, in households that repeat in
every block.  Ten blocks are a zone: it has one class for each grade and subject.  Every zone has
an elementary school; two zones share a middle school, four a high school, eight a charter school.
People beyond the last whole block are students whose families the district did not record.
"""

from functools import cached_property

import attrs

BLOCK = 50
BLOCKS_IN_ZONE = 10
STUDENTS, ADULTS, STAFF = 28, 17, 5
FIRST_ADULT, FIRST_STAFF = STUDENTS, STUDENTS + ADULTS

#: Grades as CEDS writes them; elsewhere a grade is its place here.
GRADES = ("PK", "KG", *(f"{year:02d}" for year in range(1, 13)))

#: First grade of middle and of high school.
FIRST_GRADES = (GRADES.index("06"), GRADES.index("09"))

#: Grade (place in GRADES) of each student of a block; every grade comes twice.
STUDENT_GRADES = (
    5, 5, 11, 8, 3, 2, 6, 9, 4, 1, 10, 7, 12, 0, 13, 0, 2, 12, 1, 3, 4, 6, 7, 8, 9, 10, 11, 13,
)  # fmt: skip

#: Household of each student of a block; who has none in the block stands alone.
HOUSEHOLDS: tuple[tuple[int, ...], ...] = (
    (0, 1), (2, 3, 4), (5, 6), (7, 8), (9,), (10,), (11, 12), (13, 20), (14,), (15, 16, 19),
    (17, 18), (21, 22), (23,), (24,), (25,), (26,), (27,),
)  # fmt: skip

#: Staff of a block, by place: elementary, middle and high teacher, helper, administrator.
TEACHER_ELEMENTARY, TEACHER_MIDDLE, TEACHER_HIGH, HELPER, ADMINISTRATOR = range(45, 50)
TEACHERS = (TEACHER_ELEMENTARY, TEACHER_MIDDLE, TEACHER_HIGH)

TWINS = (0, 1)
SHARED_EMAIL = 2  # household
MOVERS = (19, 25)
WITHOUT_GRADE = 26
LEAVER = 27

#: Adults (slots) that each student lists, and students that each adult lists.
STUDENT_AGENTS = {
    0: (28, 29), 1: (28, 29), 2: (30, 31), 3: (30, 31), 4: (30, 31), 5: (32,), 6: (32,),
    7: (33, 34, 35), 8: (35, 33), 9: (36, 37), 10: (38, 37), 11: (46, 39), 12: (46, 39),
    13: (40,), 15: (43,), 16: (43,), 17: (44,), 18: (44,), 19: (43,), 20: (40,),
    21: (36,), 22: (36,),
}  # fmt: skip
ADULT_AGENTS = {
    28: (0, 1), 29: (0, 1), 30: (2, 3, 4), 31: (2, 3, 4), 32: (5, 6), 33: (7, 8), 34: (7,),
    35: (8, 7), 36: (9, 21, 22), 37: (9, 10), 38: (10,), 39: (11, 12), 40: (20,), 41: (14,),
    43: (15, 16, 19), 44: (17, 18), 46: (11, 12),
}  # fmt: skip

#: Household whose name and school each adult shares; adult 42 is linked to nobody.
ADULT_HOUSEHOLDS = {
    28: 0, 29: 0, 30: 1, 31: 1, 32: 2, 33: 3, 34: 3, 35: 3, 36: 4, 37: 4, 38: 5, 39: 6, 40: 7,
    41: 8, 42: 16, 43: 9, 44: 10,
}  # fmt: skip
ADULT_ROLES = {36: "guardian", 44: "guardian", 37: "relative"}

#: The parent record (adult) and the staff record of one person; and staff with both roles in one.
PARENT_RECORD, STAFF_RECORD = 38, TEACHER_ELEMENTARY
DUAL_ROLE = TEACHER_MIDDLE

SUBJECTS_PER_GRADE = 6
GRADE_CLASSES = len(GRADES) * SUBJECTS_PER_GRADE
CHARTER_CLASSES = (GRADE_CLASSES, GRADE_CLASSES + 1)
PAST_CLASSES = (GRADE_CLASSES + 2, GRADE_CLASSES + 3)
CLASSES_IN_ZONE = GRADE_CLASSES + 4
COURSES = GRADE_CLASSES + 3

#: Further enrollments of a block, as (student, class): movers' old school, then last year.
EXTRA_ENROLLMENTS = (
    (19, CHARTER_CLASSES[0]), (25, CHARTER_CLASSES[1]), (10, PAST_CLASSES[0]),
    (25, PAST_CLASSES[0]), (14, PAST_CLASSES[1]), (27, PAST_CLASSES[1]),
)  # fmt: skip
DROPPED = 23  # the enrollment, by place in its block, that some blocks mark as deleted
PLAIN_ENROLLMENTS = STUDENTS * SUBJECTS_PER_GRADE
BLOCK_ENROLLMENTS = PLAIN_ENROLLMENTS + len(EXTRA_ENROLLMENTS)
CO_TAUGHT = (0, 6, 12, 19, 25, 37, 44, 50, 61, 83)
TEACHER_ENROLLMENTS = CLASSES_IN_ZONE + len(CO_TAUGHT)
ZONE_ENROLLMENTS = BLOCKS_IN_ZONE * BLOCK_ENROLLMENTS + TEACHER_ENROLLMENTS


def level(grade: int) -> int:
    """Return 0, 1 or 2 for a grade of an elementary, middle or high school."""
    return sum(grade >= first for first in FIRST_GRADES)


@attrs.frozen
class Layout:
    """
    How many of everything a district of a size has, and which place belongs to which.

    ``people`` counts all users.  Places (indexes) are from 0 in each collection.
    """

    people: int

    @property
    def blocks(self) -> int:
        """Number of whole blocks."""
        return self.people // BLOCK

    @property
    def zones(self) -> int:
        """Number of zones; the last may have fewer than ten blocks."""
        return -(-self.blocks // BLOCKS_IN_ZONE)

    @property
    def extras(self) -> int:
        """Number of students beyond the last whole block."""
        return self.people % BLOCK

    @property
    def students(self) -> int:
        """Number of users who are students."""
        return self.blocks * STUDENTS + self.extras

    @property
    def teachers(self) -> int:
        """Number of users who are teachers."""
        return self.blocks * len(TEACHERS)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.zones * CLASSES_IN_ZONE

    @property
    def enrollments(self) -> int:
        """Number of enrollments."""
        of_zones = self.blocks * BLOCK_ENROLLMENTS + self.zones * TEACHER_ENROLLMENTS
        return of_zones + self.extras * SUBJECTS_PER_GRADE

    def blocks_of_zone(self, zone: int) -> range:
        """Return the numbers of a zone's blocks."""
        return range(zone * BLOCKS_IN_ZONE, min((zone + 1) * BLOCKS_IN_ZONE, self.blocks))

    def user_of_student(self, place: int) -> int:
        """Return the place among users of a place among students."""
        block, slot = divmod(place, STUDENTS)
        if block < self.blocks:
            return block * BLOCK + slot
        return self.blocks * BLOCK + place - self.blocks * STUDENTS

    def user_of_teacher(self, place: int) -> int:
        """Return the place among users of a place among teachers."""
        block, number = divmod(place, len(TEACHERS))
        return block * BLOCK + TEACHERS[number]

    def is_student(self, user: int) -> bool:
        """Return whether the user at a place is a student."""
        return user % BLOCK < STUDENTS or user >= self.blocks * BLOCK

    def is_dual(self, user: int) -> bool:
        """Return whether the user at a place is staff and parent in one record."""
        return user % BLOCK == DUAL_ROLE and user < self.blocks * BLOCK

    def zone_of_user(self, user: int) -> int:
        """Return the zone of the user at a place."""
        return min(user // BLOCK, self.blocks - 1) // BLOCKS_IN_ZONE

    def grade_of_student(self, user: int) -> int:
        """Return the grade (place in GRADES) of the student at a place among users."""
        if user < self.blocks * BLOCK:
            return STUDENT_GRADES[user % BLOCK]
        return user % BLOCK % len(GRADES)

    @cached_property
    def schools(self) -> tuple[tuple[int, int], ...]:
        """Each school as (level, first zone), level 3 being a charter school."""
        found = []
        for zone in range(self.zones):
            found += [(3, zone)] * (zone % 8 == 0) + [(0, zone)]
            found += [(1, zone)] * (zone % 2 == 0) + [(2, zone)] * (zone % 4 == 0)
        return tuple(found)

    @cached_property
    def _school_places(self) -> dict[tuple[int, int], int]:
        return {school: place for place, school in enumerate(self.schools, start=1)}

    def school(self, kind: int, zone: int) -> int:
        """Return the place among orgs of a zone's school of a level (3: charter)."""
        return self._school_places[kind, zone - zone % (1, 2, 4, 8)[kind]]

    @property
    def orgs(self) -> int:
        """Number of orgs: the district, its schools, one department."""
        return len(self.schools) + 2

    def zones_of_school(self, org: int) -> range:
        """Return the zones of the school at a place among orgs."""
        kind, first = self.schools[org - 1]
        return range(first, min(first + (1, 2, 4, 8)[kind], self.zones))
