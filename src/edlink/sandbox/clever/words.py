"""Clever's words for what the invented district says in others."""

from collections.abc import Mapping

from edlink.vocabulary import RelationshipKind, Role

GRADE_WORDS = {
    "PK": "PreKindergarten",
    "KG": "Kindergarten",
    **{f"{n:02}": str(n) for n in range(1, 13)},
}
SUBJECT_WORDS = {
    "Homeroom": "homeroom/advisory",
    "English": "english/language arts",
    "Mathematics": "math",
    "Science": "science",
    "Social Studies": "social studies",
    "Art": "arts and music",
    "World Languages": "language",
}
HOMEROOM = SUBJECT_WORDS["Homeroom"]

#: Clever's relationship and type, and the model's kind, of each word for an adult.
FAMILY: Mapping[str, tuple[str, str, RelationshipKind]] = {
    "parent": ("Parent", "Parent/Guardian", RelationshipKind.parent),
    "guardian": ("Other", "Parent/Guardian", RelationshipKind.guardian),
    "relative": ("Other", "Family", RelationshipKind.unknown),
}
GUARDIANS = frozenset({"parent", "guardian"})

#: Clever's role for each word for an employee.
EMPLOYEES = {
    "teacher": "teacher",
    "aide": "staff",
    "counselor": "staff",
    "proctor": "staff",
    "principal": "staff",
    "systemAdministrator": "district_admin",
}
ROLES = {"teacher": Role.teacher, "staff": Role.staff, "district_admin": Role.administrator}

RACES = (
    ("white", "Caucasian"),
    ("asian", "Asian"),
    ("black_or_african_american", "Black or African American"),
    ("american_indian_or_alaska_native", "American Indian"),
    ("native_hawaiian_or_other_pacific_islander", "Hawaiian or Other Pacific Islander"),
)
TWO_RACES = ("demographic_race_two_or_more_races", "Two or More Races")
