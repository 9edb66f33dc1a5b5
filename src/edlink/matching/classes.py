"""Classes of a roster against classrooms of a host, and three ways to start on those."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import attrs

from edlink.matching.exact import Keyed, KeyRule, match_by_keys
from edlink.matching.ids import clean_id
from edlink.matching.linked import Links
from edlink.matching.normalize import fold, strict_form
from edlink.matching.report import MatchReport, StoredLink
from edlink.roster import Roster
from edlink.vocabulary import IdentifierType, Role


@attrs.frozen(kw_only=True)
class Classroom:
    """
    A class as matching sees one, a host's or a provider's.

    Attributes:
        ref: The record's own id.
        provider_ids: Ids at the provider.
        sis_id: The id in the student information system.
        course: The course's code, else its title.
        terms: Titles of the terms it is taught in.
        org_ref: The school, in the host's refs.
        teacher_refs: The teachers, in the host's refs.
        period: What tells two sections of one course apart, such as the period or class code.
    """

    ref: str
    provider_ids: tuple[str, ...] = ()
    sis_id: str | None = None
    course: str | None = None
    terms: tuple[str, ...] = ()
    org_ref: str | None = None
    teacher_refs: tuple[str, ...] = attrs.field(factory=tuple, repr=False)
    period: str | None = attrs.field(default=None, repr=False)


class ClassStart(StrEnum):
    """
    What becomes of a host's classrooms at the first sync.

    ``adopt``: those that match are taken over, others stay.  ``archive``: all are archived and the
    roster's made anew.  ``leave``: all stay beside the roster's.
    """

    adopt = "adopt"
    archive = "archive"
    leave = "leave"


@attrs.frozen(kw_only=True)
class ClassStartPlan:
    """What the first sync does with classes, by id and sorted; nothing is in two of them."""

    adopted: Links = attrs.field(default=Links(), converter=Links)
    created: tuple[str, ...] = ()
    archived: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


def classrooms_of(
    roster: Roster, *, org_links: Mapping[str, str], user_links: Mapping[str, str]
) -> tuple[Classroom, ...]:
    """
    Return the classes of a roster as matching sees them, in the roster's order.

    Args:
        roster: One pull.
        org_links: The host's ref of each org that is linked.
        user_links: The host's ref of each user that is linked.
    """
    found = []
    for class_ in roster.classes:
        course = roster.course(class_.course_id) if class_.course_id else None
        sessions = (roster.academic_session(i) for i in class_.session_ids)
        teachers = roster.people_of_class(class_.sourced_id, Role.teacher)
        ids = [i.value for i in class_.identifiers if i.type is IdentifierType.sis_id]
        found.append(
            Classroom(
                ref=class_.sourced_id,
                provider_ids=(class_.sourced_id,),
                sis_id=ids[0] if ids else None,
                course=(course.course_code or course.title) if course else None,
                terms=tuple(s.title for s in sessions if s is not None and s.title),
                org_ref=org_links.get(class_.org_id or ""),
                teacher_refs=tuple(
                    user_links[t.sourced_id] for t in teachers if t.sourced_id in user_links
                ),
                period=" ".join(class_.periods) or class_.class_code,
            )
        )
    return tuple(found)


def match_classes(
    incoming: Iterable[Classroom],
    existing: Iterable[Classroom],
    *,
    links: Iterable[StoredLink] = (),
) -> MatchReport:
    """
    Return which classes are the same: by provider id, SIS id, then course, term, school, teacher.

    The last needs all four on both sides; two sections of one teacher are told apart by period, and
    where they cannot be, they are ambiguous.

    Args:
        incoming: The classes of a roster, as ``classrooms_of`` gives them.
        existing: The host's.
        links: The pairs that the host has kept; those that name a class twice are a conflict.

    Raises:
        ConfigError: EDL-CONF-085 when two classes of one side have one ref.
    """
    sides = [[Keyed(ref=c.ref, record=c) for c in side] for side in (incoming, existing)]
    return match_by_keys("class", sides[0], sides[1], _RULES, links)


def plan_class_start(report: MatchReport, start: ClassStart) -> ClassStartPlan:
    """
    Return what the first sync does with a host's classrooms.

    Args:
        report: What ``match_classes`` found.
        start: The host's choice.
    """
    open_incoming = sorted(ref for group in report.groups() for ref in group.incoming)
    open_existing = sorted(ref for group in report.groups() for ref in group.existing)
    if start is ClassStart.adopt:
        return ClassStartPlan(
            adopted=report.linked,
            created=report.new,
            left=report.unmatched_existing,
            open=tuple(sorted(open_incoming + open_existing)),
        )
    created = sorted([*report.new, *open_incoming, *report.linked.incoming])
    existing = sorted([*report.unmatched_existing, *open_existing, *report.linked.existing])
    if start is ClassStart.archive:
        return ClassStartPlan(created=tuple(created), archived=tuple(existing))
    return ClassStartPlan(created=tuple(created), left=tuple(existing))


def _sis_ids(room: Classroom) -> Iterable[str]:
    value = clean_id(room.sis_id)
    return (value,) if value else ()


def _taught(room: Classroom) -> Iterable[str]:
    """Return keys of course, terms, school and teachers, with and without the period."""
    if not (room.course and room.terms and room.org_ref and room.teacher_refs):
        return ()
    words = (room.course, *sorted(room.terms))
    text = "|".join(fold(strict_form(word)) for word in words)
    key = f"{text}|{room.org_ref}|{'|'.join(sorted(room.teacher_refs))}"
    return (f"{key}|{fold(strict_form(room.period or ''))}",)


_RULES = (
    KeyRule[Classroom](name="provider_id", field="provider_ids", keys=lambda c: c.provider_ids),
    KeyRule[Classroom](name="sis_id", field="sis_id", keys=_sis_ids),
    KeyRule[Classroom](name="taught", field="course", keys=_taught),
)
