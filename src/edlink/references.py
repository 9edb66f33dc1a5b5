"""Finding the references of a roster that lead nowhere."""

from collections.abc import Iterator

import attrs

from edlink.coverage import Issue, RosterWarning
from edlink.model import Record
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind

#: Which field of which kind names a record of which kind.
REFERENCES: tuple[tuple[Kind, str, Kind], ...] = (
    (Kind.org, "parent_id", Kind.org),
    (Kind.academic_session, "parent_id", Kind.academic_session),
    (Kind.course, "org_id", Kind.org),
    (Kind.course, "school_year_id", Kind.academic_session),
    (Kind.class_, "course_id", Kind.course),
    (Kind.class_, "org_id", Kind.org),
    (Kind.class_, "session_ids", Kind.academic_session),
    (Kind.user, "primary_org_id", Kind.org),
    (Kind.enrollment, "user_id", Kind.user),
    (Kind.enrollment, "class_id", Kind.class_),
    (Kind.enrollment, "org_id", Kind.org),
    (Kind.relationship, "student_id", Kind.user),
    (Kind.relationship, "contact_id", Kind.user),
    (Kind.demographics, "sourced_id", Kind.user),
)

_EXAMPLES = 5
_CODE, _REASON = "EDL-WARN-001", "dangling_reference"


def check_references(roster: Roster) -> Roster:
    """
    Return the roster with an Issue for each reference to a record that it does not hold.

    Records are kept: a reference may lead to what is not shared with the app.  Kinds that were
    withheld, failed or excluded are not looked for, and a reference into an org that the scope
    leaves out is no fault.  One warning (EDL-WARN-001) per field sums them up.
    """
    issues, warnings = list(roster.issues), list(roster.warnings)
    for kind, field, target in REFERENCES:
        if roster.coverage.state(target) is not CoverageState.complete:
            continue
        found = [
            Issue(
                kind=kind,
                reason=_REASON,
                sourced_id=record.sourced_id,
                fields=(field,),
                set_aside=False,
            )
            for record in roster.records(kind)
            if not all(_leads_somewhere(roster, target, i) for i in _ids(record, field))
        ]
        if found:
            issues += found
            warnings.append(_warning(kind, field, found))
    return attrs.evolve(roster, issues=tuple(issues), warnings=tuple(warnings))


def forget_references(roster: Roster) -> Roster:
    """Return the roster without what ``check_references`` found, to be checked anew."""
    return attrs.evolve(
        roster,
        issues=tuple(issue for issue in roster.issues if issue.reason != _REASON),
        warnings=tuple(warning for warning in roster.warnings if warning.code != _CODE),
    )


def _ids(record: Record, field: str) -> Iterator[str]:
    value = getattr(record, field)
    if isinstance(value, tuple):
        yield from value
    elif value is not None:
        yield value


def _leads_somewhere(roster: Roster, kind: Kind, sourced_id: str) -> bool:
    if roster.get(kind, sourced_id) is not None:
        return True
    return kind is Kind.org and not roster.scope.wants_org(sourced_id)


def _warning(kind: Kind, field: str, found: list[Issue]) -> RosterWarning:
    return RosterWarning(
        code=_CODE,
        message=f"{kind} records whose {field} leads to no record that is shared",
        kind=kind,
        count=len(found),
        ids=tuple(issue.sourced_id for issue in found[:_EXAMPLES] if issue.sourced_id),
    )
