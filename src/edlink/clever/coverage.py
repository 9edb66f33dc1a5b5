"""What a pull of Clever can say of what did not come; pure."""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from edlink.clever.pull import ChainResult
from edlink.coverage import Coverage, CoverageEntry, Scope
from edlink.vocabulary import CoverageState, Kind, Role

#: From the best to the worst; a kind is as well known as the worst of its chains.
_GRAVITY = (CoverageState.complete, CoverageState.withheld, CoverageState.failed)

#: Roles whose people are at the district and not at a school.
_AT_DISTRICT = frozenset({"contact", "district_admin"})

#: The chains that must be whole for people in a role to be known: Clever combines roles of
#: employees in one person, and those of students and contacts with no other.
_KNOWN_BY: Mapping[Role, frozenset[str]] = {
    Role.student: frozenset({"student"}),
    Role.teacher: frozenset({"teacher", "staff"}),
    Role.staff: frozenset({"teacher", "staff"}),
    Role.administrator: frozenset({"district_admin"}),
    Role.guardian: frozenset({"contact"}),
    Role.contact: frozenset({"contact"}),
}

#: What a row carries besides the record it is named after: a lost row loses these, unnamed.
_CARRIED = {"sections": Kind.enrollment, "contact": Kind.relationship, "student": Kind.demographics}

#: Kinds of which a chain's rows are one record each.
_COUNTED = frozenset({Kind.org, Kind.academic_session, Kind.course, Kind.class_, Kind.user})


def to_coverage(results: Sequence[ChainResult], scope: Scope, *, district: str) -> Coverage:
    """
    Return the coverage of a pull of all orgs.

    People who are at the district itself are told apart from those at its schools, and people in
    one role from the others where only some can be read, so that staff or contacts withheld from
    an app leave its students well known.
    """
    entries: list[CoverageEntry] = []
    for kind in Kind:
        if not scope.wants_kind(kind):
            state = CoverageState.excluded
            entries.append(CoverageEntry(kind=kind, state=state, reason="scope"))
            continue
        mine = [result for result in results if kind in result.chain.kinds]
        apart = [result for result in mine if kind is Kind.user and _is_at_district(result)]
        entries.append(_entry(kind, [result for result in mine if result not in apart]))
        if apart:
            entries.append(attrs.evolve(_entry(kind, apart), org_id=district))
            entries += _by_role(mine, [*entries[-2:]])
    return Coverage(entries)


def _by_role(
    results: Sequence[ChainResult], general: Sequence[CoverageEntry]
) -> Iterator[CoverageEntry]:
    """Yield what is known of people in a role, where it is not what is said of them in general."""
    for role, chains in _KNOWN_BY.items():
        found = _entry(Kind.user, [result for result in results if result.chain.role in chains])
        for entry in general:
            if found.state is not entry.state:
                yield attrs.evolve(found, org_id=entry.org_id, role=role)


def _is_at_district(result: ChainResult) -> bool:
    return result.chain.role in _AT_DISTRICT


def _entry(kind: Kind, results: Sequence[ChainResult]) -> CoverageEntry:
    """Return what can be said of a kind after its chains."""
    state, reason = CoverageState.complete, None
    for result in results:
        for found, why in ((result.state, result.reason), _after_losses(kind, result)):
            if _GRAVITY.index(found) > _GRAVITY.index(state):
                state, reason = found, why
    counts = [result.reported for result in results]
    known = [count for count in counts if count is not None]
    is_counted = kind in _COUNTED
    return CoverageEntry(
        kind=kind,
        state=state,
        reason=reason,
        received=sum(result.received for result in results) if is_counted else None,
        reported=sum(known) if is_counted and known and len(known) == len(counts) else None,
    )


def _after_losses(kind: Kind, result: ChainResult) -> tuple[CoverageState, str | None]:
    """Return failed where a row was lost whose records of this kind cannot be named."""
    lost = [issue for issue in result.issues if issue.set_aside]
    is_carried = kind is _CARRIED.get(result.chain.role or result.chain.collection)
    if any(is_carried or issue.sourced_id is None for issue in lost):
        return CoverageState.failed, "rows_set_aside"
    return CoverageState.complete, None
