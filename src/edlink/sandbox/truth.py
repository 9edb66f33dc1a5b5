"""The roster that a faultless client must arrive at, built without reading a byte."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from edlink.coverage import Source, Tombstone
from edlink.model import Record, Relationship, User, relationship_id
from edlink.roster import Roster
from edlink.sandbox.district import District
from edlink.vocabulary import Kind, RelationshipKind, Role, Status

#: Kinds that are served, in the order of their tombstones.
SERVED = (
    Kind.org,
    Kind.academic_session,
    Kind.course,
    Kind.class_,
    Kind.user,
    Kind.enrollment,
    Kind.demographics,
)

FAMILY_WORDS = {
    "parent": RelationshipKind.parent,
    "guardian": RelationshipKind.guardian,
    "relative": RelationshipKind.relative,
    "aide": RelationshipKind.aide,
}
FAMILY_ROLES = frozenset({Role.guardian, Role.relative, Role.contact})

#: Turns a record into what arrives of it; None where it does not arrive.
Reading = Callable[[Kind, Any, District], Any]


def build_truth(
    district: District,
    *,
    source: Source,
    views: Mapping[Kind, Callable[[Any], Any]],
    readings: Iterable[Reading] = (),
) -> Roster:
    """
    Return the roster of a district as one door says it.

    Args:
        district: Whose records.
        source: Provider and tenant of the roster.
        views: What the door's protocol can say of a record, by kind.
        readings: What the faults that are on leave of each record.
    """
    records: list[Record] = []
    tombstones: list[Tombstone] = []
    for kind in SERVED:
        for record in _arriving(district, kind, views, tuple(readings)):
            if record.status is Status.deleted:
                tombstones.append(Tombstone(kind=kind, sourced_id=record.sourced_id, record=record))
            else:
                records.append(record)
    records += relationships(record for record in records if isinstance(record, User))
    year = district.population.school_year - 1
    return Roster.from_records(
        records,
        source=source,
        pulled_at=datetime(year, 11, 1, tzinfo=UTC),
        tombstones=tuple(tombstones),
    )


def relationships(users: Iterable[User]) -> Iterator[Relationship]:
    """
    Yield the family links that users' agents say.

    A link has a student on one side and an adult with a family role (or an aide) on the other.
    Those that students list come first, in order; then those that only adults list.
    """
    by_id = {user.sourced_id: user for user in users}
    listed: dict[tuple[str, str], bool] = {}
    for user in by_id.values():
        for agent_id in user.agent_ids:
            if _is_student(user) and _is_family(user, by_id.get(agent_id)):
                listed[user.sourced_id, agent_id] = False
    for user in by_id.values():
        for agent_id in user.agent_ids:
            student = by_id.get(agent_id)
            if student and _is_student(student) and _is_family(student, user):
                link = agent_id, user.sourced_id
                listed[link] = link in listed
    for (student_id, contact_id), both in listed.items():
        word = _family_word(by_id[contact_id])
        yield Relationship(
            sourced_id=relationship_id(student_id, contact_id),
            student_id=student_id,
            contact_id=contact_id,
            kind=FAMILY_WORDS.get((word or "").lower(), RelationshipKind.unknown),
            kind_raw=word,
            both_sides_confirmed=both,
        )


def _arriving(
    district: District,
    kind: Kind,
    views: Mapping[Kind, Callable[[Any], Any]],
    readings: tuple[Reading, ...],
) -> Iterator[Any]:
    view = views.get(kind)
    for neutral in district.collection(kind):
        record: Any = view(neutral) if view else neutral
        for reading in readings:
            record = None if record is None else reading(kind, record, district)
        if record is not None:
            yield record


def _is_student(user: User) -> bool:
    return any(role.role is Role.student for role in user.roles)


def _is_family(student: User, adult: User | None) -> bool:
    if adult is None or adult is student or _is_student(adult):
        return False
    return _family_word(adult) is not None


def _family_word(adult: User) -> str | None:
    for role in adult.roles:
        if role.role in FAMILY_ROLES or str(role.role_raw).lower() == "aide":
            return cast("str", role.role_raw)
    return None
