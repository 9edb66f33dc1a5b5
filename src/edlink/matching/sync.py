"""From one pull to a plan: what to create, change, re-key, restore, archive, hold, leave alone."""

from collections.abc import Sequence
from datetime import date

import attrs

from edlink.errors import ConfigError, UnsafePlanError
from edlink.matching.arrivals import Arrivals
from edlink.matching.departures import Departures
from edlink.matching.draft import Draft, Matches
from edlink.matching.firewall import Places, Reach, Waiting
from edlink.matching.following import follow_rekeys
from edlink.matching.host import HostState, TypedFields
from edlink.matching.overrides import Overrides
from edlink.matching.plan import SyncPlan, ordered
from edlink.matching.policy import SyncPolicy
from edlink.matching.report import MatchReport
from edlink.matching.reused import reused_ids
from edlink.matching.tally import Tally
from edlink.matching.wanted import divide
from edlink.model import RECORD_TYPES
from edlink.roster import Roster


def plan_sync(  # noqa: PLR0913 - each is one fact that only the host knows
    host: HostState,
    incoming: Roster,
    report: MatchReport | Sequence[MatchReport] = (),
    *,
    policy: SyncPolicy | None = None,
    overrides: Overrides | None = None,
    on: date,
) -> SyncPlan:
    """
    Return what one pull means for a host; nothing is done and no input is changed.

    Records are known by source and sourced id; a match report adds what the host has under other
    ids.  Whoever a report leaves open is neither created nor changed.  Removals pass the firewall:
    only where absence means something, only after a while, and never too many at once.

    Args:
        host: The host's records and its memory of this source.
        incoming: One pull of the same source.
        report: What matching found, for people and, if wanted, orgs and classes.
        policy: The host's settings.
        overrides: What people decided against the source.
        on: The day, as the school counts it.

    Raises:
        ConfigError: EDL-SYNC-002 when host and roster are of two sources.
        UnsafePlanError: EDL-SYNC-003 when the pull is older than the last one applied.
    """
    _require_same_source(host, incoming)
    reports = (report,) if isinstance(report, MatchReport) else tuple(report)
    policy = policy or SyncPolicy()
    places, matches = Places(host=host), Matches(reports)
    draft = Draft(
        host=host,
        incoming=incoming,
        policy=policy,
        overrides=overrides or Overrides(),
        on=on,
        wanted=divide(incoming, policy, on),
        matches=matches,
        places=places,
        reach=Reach(roster=incoming, policy=policy),
        waiting=Waiting(host=host, roster=incoming, policy=policy, on=on),
        tally=Tally(places=places),
        reused=reused_ids(host, incoming, matches.find_user),
        typed={(t.kind, t.ref): frozenset(t.names) for t in host.memory.typed},
    )
    # Kinds come in the roster's order: what others hang on is settled before them.
    for kind in RECORD_TYPES:
        arrivals = Arrivals(draft=draft, kind=kind)
        arrivals.settle()
        departures = Departures(draft=draft, kind=kind, taken=arrivals.taken)
        departures.settle(arrivals.rekeys, arrivals.changed)
    follow_rekeys(draft)
    return _finished(draft)


def _require_same_source(host: HostState, incoming: Roster) -> None:
    if incoming.source != host.memory.source:
        raise ConfigError("EDL-SYNC-002", "the host's memory is of another source than the roster")
    last = host.memory.last_applied
    if last is not None and incoming.pulled_at < last:
        message = "the roster was pulled before the one that was applied last"
        fix = "Pull again; a source whose clock went backwards needs a look first."
        raise UnsafePlanError("EDL-SYNC-003", message, counts={}, fix=fix)


def _finished(draft: Draft) -> SyncPlan:
    memory, pulled_at = draft.host.memory, draft.incoming.pulled_at
    after = attrs.evolve(
        memory,
        revision=memory.revision + 1,
        last_applied=pulled_at,
        absences=tuple(sorted(draft.absences, key=lambda a: (a.kind, a.sourced_id))),
        holds=tuple(draft.holds),
        typed=tuple(
            TypedFields(kind=kind, ref=ref, names=tuple(sorted(names)))
            for (kind, ref), names in sorted(draft.typed.items())
        ),
    )
    return SyncPlan(
        source=draft.incoming.source,
        on=draft.on,
        pulled_at=pulled_at,
        memory_before=memory,
        memory=after,
        changes=ordered(draft.changes),
        held=ordered(draft.held),
        holds=tuple(draft.holds),
        kept=tuple(sorted(draft.kept, key=lambda k: (k.kind, k.sourced_id, k.ref or ""))),
        unchanged=draft.unchanged,
        problems=draft.wanted.problems,
    )
