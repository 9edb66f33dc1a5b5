"""How a sync ended, in numbers that may be shown to anyone."""

from collections.abc import Iterable

from edlink.matching.host import HostState
from edlink.matching.people import PersonKind, kind_of
from edlink.matching.plan import Action, SyncPlan
from edlink.report import Outcome, SyncReport
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind

_CHANGED = (Action.update, Action.adopt, Action.rekey, Action.restore, Action.merge)

#: Reasons for which a record that came was left to a person.
_OPEN = frozenset(
    {
        "shared_key",
        "likely",
        "id_reused",
        "cannot_link",
        "claimed",
        "linked_twice",
        "other_source",
    }
)


def summarize_sync(host: HostState, incoming: Roster, plan: SyncPlan) -> SyncReport:
    """
    Return how a sync ends that applies a plan's safe steps; no person is in it.

    A sync is partial when something is held (EDL-SYNC-020), when the pull failed in part
    (EDL-SYNC-021), when a setting could not be followed (EDL-SYNC-023), or when a record waits
    for a person (EDL-SYNC-022): the first of these is the report's code.

    Args:
        host: The state that the plan was made from.
        incoming: The pull.
        plan: The plan.
    """
    code = _code(incoming, plan)
    return SyncReport(
        outcome=Outcome.success if code is None else Outcome.partial,
        code=code,
        counts=_counts(host, incoming, plan),
        warnings={w.code: max(w.count, 1) for w in incoming.warnings} | _unmet(plan),
    )


def _code(incoming: Roster, plan: SyncPlan) -> str | None:
    if plan.holds:
        return "EDL-SYNC-020"
    if any(entry.state is CoverageState.failed for entry in incoming.coverage.entries):
        return "EDL-SYNC-021"
    if _unmet(plan):
        return "EDL-SYNC-023"
    waits = any(keep.reason in _OPEN for keep in plan.kept)
    return "EDL-SYNC-022" if waits else None


def _unmet(plan: SyncPlan) -> dict[str, int]:
    """Return the codes of what settings could not be followed for, and how many ids each has."""
    return {p.code: len(p.sourced_ids) for p in plan.problems if p.is_unmet}


def _counts(host: HostState, incoming: Roster, plan: SyncPlan) -> dict[str, int]:
    known = {kind: _known(kind, host, plan) for kind in Kind}
    created = {(c.kind, c.sourced_id) for c in plan.of(Action.create)}
    matched = dict.fromkeys(PersonKind, 0)
    unmatched = contacts = 0
    for user in incoming.users:
        is_new = (Kind.user, user.sourced_id) in created
        is_known = user.sourced_id in known[Kind.user]
        kind = kind_of(user)
        matched[kind] += is_known
        unmatched += not (is_known or is_new)
        contacts += kind is PersonKind.guardian and (is_known or is_new)
    return {
        "matched_students": matched[PersonKind.student],
        "matched_teachers": matched[PersonKind.staff],
        "unmatched_users": unmatched,
        "imported_classes": _imported(Kind.class_, incoming, known[Kind.class_], created),
        "contacts": contacts,
        "links": _imported(Kind.relationship, incoming, known[Kind.relationship], created),
        "created": len(created),
        "changed": len(plan.of(*_CHANGED)),
        "unchanged": sum(plan.unchanged.values()),
        "archived": len(plan.of(Action.archive)),
        "held": len(plan.held),
    }


def _known(kind: Kind, host: HostState, plan: SyncPlan) -> frozenset[str]:
    """Return the ids of records that the host has, or has from this plan on, under the source."""
    linked = (c.sourced_id for c in plan.of(Action.adopt, Action.rekey) if c.kind is kind)
    return frozenset(host.managed(kind)) | frozenset(linked)


def _imported(
    kind: Kind, incoming: Roster, known: frozenset[str], created: Iterable[tuple[Kind, str]]
) -> int:
    new = {i for of, i in created if of is kind}
    there = known | new
    return sum(record.sourced_id in there for record in incoming.records(kind))
