"""
Rows of ``/relationships`` to links between a student and an adult; pure.

A row says what ``related_person_id`` is to ``person_id``, and the same pair stands in the list from
both sides.  The flags (custody, portal, pick-up) are about the related person, so those of the row
that begins at the student count; a row that begins at the adult says only that there is a link.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from operator import attrgetter
from typing import Any

import attrs

from edlink.coverage import Issue
from edlink.model import Relationship, relationship_id
from edlink.veracross import values
from edlink.veracross.lists import ValueLists
from edlink.veracross.people import latest
from edlink.veracross.wire import RelationshipRow
from edlink.vocabulary import Kind

#: Which field of the model each of Veracross' facts about the adult becomes.
_FACTS: Mapping[str, str] = {
    "custody_status_raw": "custody_status",
    "has_legal_custody": "legal_custody",
    "lives_with": "resident",
    "is_emergency_contact": "emergency",
    "may_pick_up": "pick_up",
    "has_portal_access": "parent_portal_access",
    "receives_correspondence": "receive_general_correspondence",
    "receives_report_cards": "receive_report_cards",
    "is_deceased": "related_person_is_deceased",
}

#: The fields of a link that a row which is missing may have changed.
DOUBTFUL = frozenset({"both_sides_confirmed", "kind", "kind_raw", *_FACTS})


@attrs.define
class _Pair:
    """The rows between a student and an adult, by the side they begin at."""

    from_student: list[RelationshipRow] = attrs.field(factory=list)
    from_adult: list[RelationshipRow] = attrs.field(factory=list)


def to_relationships(
    rows: Iterable[RelationshipRow],
    lists: ValueLists,
    students: Collection[str],
    is_doubted: Callable[[str], bool] = lambda _: False,
) -> tuple[tuple[Relationship, ...], tuple[Issue, ...]]:
    """
    Return one link for each student and adult, and an Issue for each in which rows disagree.

    Links between two students or two adults are passed over.  Where two rows of a pair disagree on
    a fact, it is None, which is not known, and the Issue names it.  A link of which only the
    adult's side came, while the student's may be in a row that is incomplete, is set aside: it
    would take away what the missing row may well say.

    Args:
        rows: All relationships.
        lists: What their value ids mean.
        students: Person IDs of all students.
        is_doubted: Whether a row of a person may be missing.
    """
    pairs: dict[tuple[str, str], _Pair] = {}
    for row in rows:
        one, other = row.person_id, row.related_person_id
        if (one in students) == (other in students):
            continue
        if one in students:
            pairs.setdefault((one, other), _Pair()).from_student.append(row)
        else:
            pairs.setdefault((other, one), _Pair()).from_adult.append(row)
    links, issues = [], []
    for (student, adult), pair in pairs.items():
        if not pair.from_student and (is_doubted(student) or is_doubted(adult)):
            issues.append(_set_aside(relationship_id(student, adult)))
            continue
        facts, doubtful = _facts(pair.from_student)
        word = next((lists.text("relationship", r.relationship) for r in pair.from_student), None)
        link = Relationship(
            sourced_id=relationship_id(student, adult),
            student_id=student,
            contact_id=adult,
            date_last_modified=latest(
                r.last_modified_date for r in pair.from_student + pair.from_adult
            ),
            kind=values.read_relationship_kind(word),
            kind_raw=word,
            both_sides_confirmed=bool(pair.from_student and pair.from_adult),
            **facts,
        )
        links.append(link)
        if doubtful:
            issues.append(_issue(link, doubtful))
    return tuple(links), tuple(issues)


def _facts(rows: list[RelationshipRow]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the facts on which a student's rows agree, and the names of the others."""
    facts: dict[str, Any] = {}
    doubtful = []
    for name, field in _FACTS.items():
        said = {value for value in map(attrgetter(field), rows) if value is not None}
        if len(said) == 1:
            facts[name] = said.pop()
        elif said:
            doubtful.append(field)
    return facts, tuple(doubtful)


def _set_aside(link_id: str) -> Issue:
    return Issue(kind=Kind.relationship, reason="unreadable_record", sourced_id=link_id)


def _issue(link: Relationship, fields: tuple[str, ...]) -> Issue:
    return Issue(
        kind=Kind.relationship,
        reason="conflicting_values",
        sourced_id=link.sourced_id,
        fields=fields,
        set_aside=False,
    )
