"""What hangs on a person, class or org keeps hanging on it when a plan gives it another id."""

from hypothesis import given
from tests.matching.sync_strategies import (
    DAY,
    POLICIES,
    SOURCE,
    ends_of,
    hosts,
    overrides,
    reports,
    rosters,
)

from edlink.matching.apply import apply_sync
from edlink.matching.host import HostRecord, HostState
from edlink.matching.overrides import Overrides
from edlink.matching.plan import Action, SyncPlan
from edlink.matching.policy import SyncPolicy
from edlink.matching.report import MatchReport
from edlink.matching.sync import plan_sync
from edlink.roster import Roster
from edlink.vocabulary import Kind


def _lost(host: HostState, held: HostRecord | None) -> int:
    """Return how many ends of a link no record of the host has."""
    ends = set() if held is None else ends_of(held.record)
    return sum(i not in host.managed(kind) for kind, i in ends)


def _is_barred(state: HostState, held: HostRecord, plan: SyncPlan) -> bool:
    """Return whether the new id of a birth date's person is another birth date's by then."""
    steps = [c for c in (*plan.changes, *plan.held) if c.kind is Kind.user]
    new_ids = {c.sourced_id_before: c.sourced_id for c in steps if c.action is Action.rekey}
    born = state.managed(Kind.demographics)
    return held.kind is Kind.demographics and new_ids.get(held.sourced_id) in born


@given(hosts(), rosters(), reports(), POLICIES, overrides())
def test_no_link_loses_an_end_to_a_rekey(
    host: HostState, roster: Roster, report: MatchReport, policy: SyncPolicy, ledger: Overrides
) -> None:
    """A plan applied, and what it holds approved, leaves no link with fewer ends than before."""
    plan = plan_sync(host, roster, report, policy=policy, overrides=ledger, on=DAY)
    after = apply_sync(host, plan)
    done = apply_sync(after, plan.approve(plan.fingerprint))

    for state in (after, done):
        for held in state.records:
            if held.source == SOURCE and held.is_active and not _is_barred(state, held, plan):
                assert _lost(state, held) <= _lost(host, host.get(held.kind, held.ref))
