"""What value ids mean: the lists of texts, and which fields of each endpoint they are for."""

from collections.abc import Mapping

from edlink.sandbox.veracross.words import (
    COURSE_TYPES,
    FAMILY,
    GENDERS,
    GRADES,
    HOMEROOMS,
    PERIOD_TYPES,
)

#: The texts of each value list and the id of its first; the others count on from there.
TEXTS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "grade_level": (20, tuple(GRADES.values())),
    "gender": (1, tuple(GENDERS.values())),
    "relationship": (10, (*(word for word, _ in FAMILY.values()), "Child")),
    "group.type": (1, tuple(dict.fromkeys(word for word, _ in PERIOD_TYPES.values()))),
    "course_type": (3, tuple(dict.fromkeys(COURSE_TYPES.values()))),
    "homeroom": (900, HOMEROOMS),
    "role": (27, ("Co-Teacher", "Assistant")),
}

#: Which fields of each list have value lists.
LISTED: Mapping[str, tuple[str, ...]] = {
    "/students": ("gender", "grade_level", "homeroom", "campus.id"),
    "/parents": ("gender",),
    "/staff_faculty": ("gender", "campus"),
    "/relationships": ("relationship",),
    "/academics/config/grading_periods": ("group.type", "school_year"),
    "/academics/classes": ("course_type", "school_year"),
    "/academics/permissions": ("role",),
}


def value_id(field: str, text: str | None) -> int:
    """Return the id that stands for a text in a field, or 0 where there is no text."""
    if text is None:
        return 0
    first, texts = TEXTS[field]
    return first + texts.index(text)
