"""A plan that frees an id which its source gave to somebody else."""

from collections.abc import Iterator
from datetime import date, datetime

from edlink.matching.archive import asked_plan
from edlink.matching.host import HostRecord, HostState
from edlink.matching.links import CONNECTING, ends_of
from edlink.matching.owning import unmanaging
from edlink.matching.plan import Change, SyncPlan, archiving
from edlink.vocabulary import Kind

_REASON = "id_reused"


def plan_release(host: HostState, sourced_id: str, *, on: date, now: datetime) -> SyncPlan:
    """
    Return a plan that takes a user from the source and archives them with all that hangs on them.

    For the answer that an id kept as ``id_reused`` is another person's: the next plan of the
    source creates that person.  Birth date, contact links and enrollments go with the old one;
    contacts stay, for the source to say whether they left.  The plan is empty where nothing of
    the source has the id.

    Args:
        host: The host's records.
        sourced_id: The user's id at the source.
        on: The day, as the school counts it.
        now: The moment, in UTC, for the plan's head.
    """
    user = host.managed(Kind.user).get(sourced_id)
    found = [] if user is None else [user]
    for kind in sorted(CONNECTING):
        links = host.managed(kind).values()
        found += [held for held in links if (Kind.user, sourced_id) in ends_of(held.record)]
    changes = (change for held in found for change in _release(host, held, on))
    return asked_plan(host, changes, on=on, now=now)


def _release(host: HostState, held: HostRecord, on: date) -> Iterator[Change]:
    """Yield the steps for one record: archived first, then the host's own, known by refs."""
    if held.is_active:
        yield archiving(held, _REASON, on=on)
    yield unmanaging(host, held, _REASON)
