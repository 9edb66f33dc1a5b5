"""Who may be one person at all: people of one kind and one tenant, whatever others share."""

from collections.abc import Iterable

from edlink.matching.people import Person, PersonKind

#: A kind of person, and the tenant whose ids these people's are.
Part = tuple[PersonKind, str]


def tenant_of_unnamed(*sides: Iterable[Person]) -> str:
    """
    Return the tenant of people who name none: the only one that the first side to name any names.

    Where that side names several, nobody can say, and people who name none are apart from all.
    """
    for side in sides:
        named = {person.tenant for person in side if person.tenant is not None}
        if named:
            return named.pop() if len(named) == 1 else ""
    return ""


def part_of(person: Person, tenant: str) -> Part:
    """
    Return the kind and the tenant of a person.

    Args:
        person: Who.
        tenant: The tenant of people who name none.
    """
    return person.kind, tenant if person.tenant is None else person.tenant
