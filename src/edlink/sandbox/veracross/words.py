"""The school's own words: grades, rooms, genders, relationships, kinds of periods and courses."""

from collections.abc import Mapping

from edlink.vocabulary import RelationshipKind, SessionType, Sex

GRADES: Mapping[str, str] = {
    "PK": "Pre-Kindergarten",
    "KG": "Kindergarten",
    **{f"{n:02}": f"Grade {n}" for n in range(1, 13)},
    "UG": "Ungraded",
}
UNGRADED = GRADES["UG"]
HOMEROOMS = ("Room 101", "Room 102", "Room 201", "Room 202")
GENDERS = {Sex.female: "Female", Sex.male: "Male", Sex.unspecified: "Unspecified"}
FAMILY: Mapping[str, tuple[str, RelationshipKind]] = {
    "parent": ("Parent", RelationshipKind.parent),
    "guardian": ("Legal Guardian", RelationshipKind.guardian),
    "relative": ("Relative", RelationshipKind.relative),
    "aide": ("Nanny", RelationshipKind.aide),
}
PERIOD_TYPES = {
    SessionType.semester: ("Semester", SessionType.term),
    SessionType.term: ("Trimester", SessionType.term),
    SessionType.grading_period: ("Trimester", SessionType.grading_period),
}
COURSE_TYPES = {"homeroom": "Homeroom", "scheduled": "Academic", "other": "Academic"}
