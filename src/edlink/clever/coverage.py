"""What a pull of Clever can say of what did not come; pure."""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from edlink.clever.pull import ChainResult
from edlink.clever.versions import ROLE_WORDS
from edlink.coverage import COMPLETE, EXCLUDED, Coverage, CoverageEntry, Scope, State, worst
from edlink.vocabulary import CoverageState, Kind, Role

#: Roles whose people are at the district and not at a school.
_AT_DISTRICT = frozenset({"contact", "district_admin"})

#: Clever's word for the people in each role.
_WORDS: Mapping[Role, str] = {**ROLE_WORDS, Role.guardian: "contact"}

#: Clever combines roles of employees in one person, and those of students and contacts with none.
_COMBINED = {"teacher": "staff", "staff": "teacher"}

#: What a row carries besides the record it is named after: a lost row loses these.
_CARRIED = {"sections": Kind.enrollment, "contact": Kind.relationship, "student": Kind.demographics}

_ROWS_SET_ASIDE: State = (CoverageState.failed, "rows_set_aside")

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
            entries.append(CoverageEntry.of(kind, EXCLUDED))
            continue
        mine = [result for result in results if kind in result.chain.kinds]
        apart = [result for result in mine if kind is Kind.user and _is_at_district(result)]
        entries.append(_entry(kind, [result for result in mine if result not in apart]))
        if apart:
            entries.append(attrs.evolve(_entry(kind, apart), org_id=district))
            entries += _by_role(mine, entries[-2:])
        entries += _untold(kind, mine)
    return Coverage(entries)


def _by_role(
    results: Sequence[ChainResult], general: Sequence[CoverageEntry]
) -> Iterator[CoverageEntry]:
    """Yield what is known of people in a role, where it is not what is said of them in general."""
    for role, word in _WORDS.items():
        own = [result for result in results if result.chain.role == word]
        others = [result for result in results if result.chain.role == _COMBINED.get(word)]
        found = _entry(Kind.user, [*own, *filter(_may_hide_others, others)])
        for entry in general:
            if found.state is not entry.state:
                yield attrs.evolve(found, org_id=entry.org_id, role=role)


def _may_hide_others(result: ChainResult) -> bool:
    """
    Return whether people in another role may be among those whom a chain did not bring.

    Who went from one role to the other did not leave.  Where the app is not to see that other
    role, though, who has no role but it has left for the app.  Version 2 combines no roles.
    """
    is_shared = result.state is not CoverageState.withheld or result.is_promised
    return is_shared and result.chain.collection == "users"


def _untold(kind: Kind, results: Sequence[ChainResult]) -> Iterator[CoverageEntry]:
    """Yield whose records of a kind are not known: the sections and people that were set aside."""
    carrying = (r for r in results if kind is _CARRIED.get(r.chain.role or r.chain.collection))
    lost = {i.sourced_id for result in carrying for i in result.issues if i.set_aside}
    for one in sorted(filter(None, lost)):
        where = "class_id" if kind is Kind.enrollment else "user_id"
        yield CoverageEntry.of(kind, _ROWS_SET_ASIDE, **{where: one})


def _is_at_district(result: ChainResult) -> bool:
    return result.chain.role in _AT_DISTRICT


def _entry(kind: Kind, results: Sequence[ChainResult]) -> CoverageEntry:
    """Return what can be said of a kind after its chains."""
    states = (found for r in results for found in ((r.state, r.reason), _after_losses(r)))
    counts = [result.reported for result in results]
    known = [count for count in counts if count is not None]
    is_counted = kind in _COUNTED
    return CoverageEntry.of(
        kind,
        worst(states),
        received=sum(result.received for result in results) if is_counted else None,
        reported=sum(known) if is_counted and known and len(known) == len(counts) else None,
    )


def _after_losses(result: ChainResult) -> State:
    """Return failed where a row was lost and nobody knows which."""
    if any(issue.set_aside and not issue.sourced_id for issue in result.issues):
        return _ROWS_SET_ASIDE
    return COMPLETE
