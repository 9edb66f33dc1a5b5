"""What a tenant withholds, and what a host would make of it."""

from datetime import timedelta

import attrs
from tests.entra.graph import Answer, Asked, Fault

from edlink.matching import (
    Change,
    HostState,
    SyncMemory,
    SyncPlan,
    SyncPolicy,
    apply_sync,
    plan_sync,
)
from edlink.roster import Roster

#: Nothing but coverage stands between what is missing and the archive.
AT_ONCE = SyncPolicy(min_absences=1, grace_days=0)


def refuse(*paths: str, status: int = 403) -> Fault:
    """Return what refuses some paths, and whatever lies below those that end in a slash."""

    def fault(asked: Asked, answer: Answer) -> Answer:
        found = any(
            asked.path == path or (path.endswith("/") and asked.path.startswith(path))
            for path in paths
        )
        return Answer.fault("Refused", status) if found else answer

    return fault


def planned(before: Roster, after: Roster) -> tuple[Change, ...]:
    """Return what a host that had applied one pull would do, or hold, after another."""
    plan = plan_after(before, after)
    return plan.changes + plan.held


def plan_after(before: Roster, after: Roster) -> SyncPlan:
    """Return the plan of a host that had applied one pull, and got another the day after."""
    host = HostState(memory=SyncMemory(source=before.source), records=[])
    host = apply_sync(host, plan_sync(host, before, on=before.pulled_at.date()))
    later = attrs.evolve(after, pulled_at=before.pulled_at + timedelta(days=1))
    return plan_sync(host, later, policy=AT_ONCE, on=later.pulled_at.date())
