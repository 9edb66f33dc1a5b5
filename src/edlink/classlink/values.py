"""How ClassLink's words are read."""

from collections.abc import Mapping

from edlink.vocabulary import Role

_ROLES: Mapping[str, Role] = {
    "student": Role.student,
    "teacher": Role.teacher,
    "staff": Role.staff,
    "administrator": Role.administrator,
    "tenant administrator": Role.administrator,
    "parent": Role.guardian,
    "guardian": Role.guardian,
}


def read_role(word: str | None) -> tuple[Role, ...]:
    """Return the role that ClassLink's word stands for; nothing for no word."""
    return (_ROLES.get(word.strip().lower(), Role.other),) if word else ()
