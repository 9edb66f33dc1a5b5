"""The school and its campuses, as every other list mentions them; pure."""

from collections.abc import Iterable, Iterator

from edlink.model import Org
from edlink.vocabulary import OrgType


def campus_id(value: str) -> str:
    """Return the sourced id of a campus; its number alone could be a school's route."""
    return f"campus:{value}"


def to_orgs(route: str, campuses: Iterable[tuple[str | None, str | None]]) -> Iterator[Org]:
    """
    Yield the school, then each campus that any row names.

    There is no list of campuses to read.  A school with campuses stands above them as a district,
    so that a scope can choose between them; without any it is the school itself.  Campuses come in
    the order of their numbers, since rows have no order.

    Args:
        route: The school's route.
        campuses: Id and description from rows of people and classes, either may be None.
    """
    names: dict[str, str | None] = {}
    for value, name in campuses:
        if value is not None:
            names[value] = names.get(value) or name
    names = {value: names[value] for value in sorted(names, key=lambda i: (len(i), i))}
    ids = tuple(map(campus_id, names))
    yield Org(
        sourced_id=route,
        name=route,
        type=OrgType.district if names else OrgType.school,
        child_ids=ids,
    )
    for sourced_id, name in zip(ids, names.values(), strict=True):
        yield Org(
            sourced_id=sourced_id,
            name=name,
            type=OrgType.school,
            type_raw="campus",
            parent_id=route,
        )
