"""Plans that a person asks for: archive the host's own records, or end an integration."""

from collections.abc import Iterable
from datetime import date, datetime

import attrs

from edlink.matching.firewall import Places
from edlink.matching.host import HostRecord, HostState
from edlink.matching.overrides import Overrides
from edlink.matching.owning import unmanaging
from edlink.matching.plan import Change, Keep, SyncPlan, archiving, ordered
from edlink.matching.policy import SyncPolicy
from edlink.vocabulary import Kind


def plan_archive(  # noqa: PLR0913 - each is one fact that only the host knows
    host: HostState,
    *,
    on: date,
    now: datetime,
    org_ids: Iterable[str] | None = None,
    kinds: Iterable[Kind] = (Kind.user,),
    overrides: Overrides | None = None,
) -> SyncPlan:
    """
    Return a plan that archives the host's own active records; managed ones are never archived.

    Args:
        host: The host's records.
        on: The day, as the school counts it.
        now: The moment, in UTC, for the plan's head.
        org_ids: Refs of the schools concerned; None for all.  A record at several schools goes
            only when all of them are concerned, one without a school only under None.
        kinds: Kinds of record to archive.
        overrides: What people decided; hidden and pinned records stay.
    """
    places = Places(host=host)
    chosen = None if org_ids is None else frozenset(org_ids)
    overrides = overrides or Overrides()
    changes, kept = [], []
    for kind in kinds:
        for held in host.records:
            if held.kind is not kind or not held.is_active:
                continue
            orgs = places.orgs(held.record)
            if chosen is not None and not (orgs and orgs <= chosen):
                continue
            effect = overrides.effect(kind, on=on, ref=held.ref, ids=(held.sourced_id,))
            why = "managed" if held.source is not None else effect.blocks_archiving
            if why is None:
                changes.append(archiving(held, "archived_by_hand", on=on))
            else:
                kept.append(Keep(kind=kind, sourced_id=held.sourced_id, reason=why, ref=held.ref))
    return asked_plan(host, changes, kept, on=on, now=now)


def plan_unmanage(host: HostState, *, on: date, now: datetime) -> SyncPlan:
    """
    Return a plan that makes the memory's source's records the host's own: an integration ends.

    Each gets its ref as sourced id, and refs in its foreign keys, so that matching finds it as it
    finds what people typed.  Nothing is archived; the memory forgets all absences.
    """
    source = host.memory.source
    managed = (held for held in host.records if held.source == source)
    changes = [unmanaging(host, held, "integration_ended") for held in managed]
    return asked_plan(host, changes, on=on, now=now, forget=True)


def find_expired(host: HostState, policy: SyncPolicy, *, on: date) -> tuple[HostRecord, ...]:
    """Return the records archived so long ago that the host may delete them, by kind and ref."""
    expired = (
        held
        for held in host.records
        if held.archived_on is not None and (on - held.archived_on).days >= policy.retention_days
    )
    return tuple(sorted(expired, key=lambda held: (held.kind, held.ref)))


def asked_plan(  # noqa: PLR0913 - the parts of a SyncPlan
    host: HostState,
    changes: Iterable[Change],
    kept: Iterable[Keep] = (),
    *,
    on: date,
    now: datetime,
    forget: bool = False,
) -> SyncPlan:
    """Return a plan of steps that a person asked for; the memory may forget all absences."""
    memory = attrs.evolve(host.memory, revision=host.memory.revision + 1)
    return SyncPlan(
        source=memory.source,
        on=on,
        pulled_at=now,
        memory_before=host.memory,
        memory=attrs.evolve(memory, absences=()) if forget else memory,
        changes=ordered(changes),
        kept=tuple(sorted(kept, key=lambda k: (k.kind, k.sourced_id))),
    )
