"""What people typed into a record outlives its adoption, until the source has its own value."""

import attrs
from tests.matching.sync_cases import (
    AT_ONCE,
    DAY,
    ORGS,
    OWN,
    a_host,
    a_link,
    a_report,
    a_roster,
    a_student,
)

from edlink.matching.apply import apply_sync
from edlink.matching.host import HostState, SyncMemory, TypedFields
from edlink.matching.plan import Action
from edlink.matching.policy import SyncPolicy
from edlink.matching.sync import plan_sync
from edlink.model import User
from edlink.vocabulary import Kind

REPORT = a_report(a_link("a1", "17"))


def nights(*users: User, policy: SyncPolicy = AT_ONCE) -> HostState:
    """Return a host with one typed record after as many nights as there are users."""
    host = a_host(ORGS, OWN)
    for night, user in enumerate(users, 1):
        roster = a_roster([*ORGS, user], days=night)
        host = apply_sync(host, plan_sync(host, roster, REPORT, policy=policy, on=DAY))
    return host


def phone_of(host: HostState) -> str | None:
    record = host.managed(Kind.user)["a1"].record
    return record.phone if isinstance(record, User) else None


BARE = a_student("a1", given_name="Ada")
CALLED = attrs.evolve(BARE, phone="555-0111")


def test_an_empty_value_clears_nothing_on_adoption_or_later() -> None:
    """The phone that the provider lacks is there every night."""
    host = nights(BARE, BARE, BARE)

    assert phone_of(host) == "555-0100"
    assert host.memory.typed == (TypedFields(kind=Kind.user, ref="17", names=("phone",)),)


def test_what_the_source_has_sent_once_it_may_clear() -> None:
    """Its own value replaces the typed one, and its own silence then clears it."""
    assert phone_of(nights(BARE, CALLED)) == "555-0111"
    assert phone_of(nights(BARE, CALLED, BARE)) is None
    assert nights(BARE, CALLED).memory.typed == ()


def test_the_same_value_from_the_source_counts_as_sent() -> None:
    """A phone that both had is the source's from then on."""
    same = attrs.evolve(BARE, phone="555-0100")

    assert phone_of(nights(BARE, same, BARE)) is None


def test_a_policy_may_keep_what_the_source_clears() -> None:
    """With ``keep_when_empty`` no silence clears; False is a value, not silence."""
    policy = attrs.evolve(AT_ONCE, keep_when_empty={"phone", "enabled"})
    off = attrs.evolve(BARE, enabled=False)
    host = nights(CALLED, off, policy=policy)
    record = host.managed(Kind.user)["a1"].record

    assert phone_of(host) == "555-0111"
    assert isinstance(record, User)
    assert not record.enabled


def test_schools_typed_here_give_way() -> None:
    """Fields that lead to other records hold refs of the host, which mean nothing at the source."""
    host = nights(attrs.evolve(BARE, roles=()))
    record = host.managed(Kind.user)["a1"].record

    assert isinstance(record, User)
    assert record.roles == ()


def test_an_adoption_undone_forgets_what_was_typed() -> None:
    """The inverse gives back record and memory as they were."""
    host = a_host(ORGS, OWN)
    plan = plan_sync(host, a_roster([*ORGS, BARE]), REPORT, on=DAY)

    assert [c.action for c in plan.changes] == [Action.adopt]
    assert apply_sync(apply_sync(host, plan), plan.inverse()).memory.typed == ()
    assert SyncMemory.from_dict(plan.memory.to_dict()) == plan.memory
