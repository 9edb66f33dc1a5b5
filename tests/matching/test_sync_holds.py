"""A hold on people or classes holds what hangs on them, night after night, and loses nothing."""

import attrs
import pytest
from tests.matching.sync_cases import (
    AT_ONCE,
    CLASS,
    DAY,
    LINKS,
    ORGS,
    PEOPLE,
    a_host,
    a_link,
    a_report,
    a_roster,
    a_student,
    an_adult,
    an_enrollment,
    steps_of,
)

from edlink.matching.apply import apply_sync
from edlink.matching.host import HostRecord, HostState
from edlink.matching.overrides import Override, Overrides, OverrideType
from edlink.matching.plan import Action, SyncPlan
from edlink.matching.policy import Limits
from edlink.matching.sync import plan_sync
from edlink.model import Demographics, Record, Relationship
from edlink.vocabulary import Kind

OPEN = Limits(removed_percent=100, cap=None)
OPEN_LINKS = attrs.evolve(AT_ONCE, limits={Kind.enrollment: OPEN})
GONE = ("u00", "u01", "u02", "u03", "u04", "u05")
BORN = Demographics(sourced_id="u00")
PARENT = an_adult("g")
KIN = Relationship(sourced_id="r", student_id="u00", contact_id="g")
HELD: tuple[Record, ...] = (*ORGS, CLASS, *PEOPLE, *LINKS, PARENT, KIN, BORN)
STAY: tuple[Record, ...] = (*ORGS, CLASS, *PEOPLE[6:], *LINKS[6:], PARENT)
NEW = tuple(a_student(f"n{n:02}") for n in range(6))
REPORT = a_report(*(a_link(f"n{n:02}", f"h-u{n:02}") for n in range(6)))


def rekeyed(*links: Record) -> SyncPlan:
    """Return the plan for six pupils under new ids, which is held, with what hangs on them."""
    return plan_sync(a_host(HELD), a_roster([*STAY, *NEW, *links]), REPORT, on=DAY)


def held_of(plan: SyncPlan, kind: Kind) -> list[tuple[str, str]]:
    return [(str(c.action), c.sourced_id) for c in plan.held if c.kind is kind]


def test_a_held_removal_holds_what_hangs_on_the_person() -> None:
    """Classes, contacts and birth dates of held people stay, and go with them once approved."""
    host = a_host(HELD)
    plan = plan_sync(host, a_roster(STAY), policy=OPEN_LINKS, on=DAY)
    after = apply_sync(host, plan)
    done = apply_sync(after, plan.approve(plan.fingerprint))

    assert plan.changes == ()
    assert {c.sourced_id for c in plan.held} == {*GONE, *(f"e{i[1:]}" for i in GONE), "r"}
    assert all(record.is_active for record in after.records)
    gone = [r.record for r in done.records if not r.is_active]
    assert [i for i in GONE if not any(i in ends(record) for record in gone)] == []


def ends(record: Record) -> tuple[str | None, ...]:
    names = ("user_id", "student_id", "sourced_id")
    return tuple(getattr(record, name, None) for name in names)


def test_enrollments_under_new_ids_of_held_people_stay_every_night() -> None:
    """The six keep their classes for as many nights as nobody looks."""
    host = a_host(HELD)
    links = [an_enrollment(f"x{n:02}", f"n{n:02}", "c1") for n in range(6)]
    for night in range(1, 7):
        roster = a_roster([*STAY, *NEW, *links], days=night)
        host = apply_sync(host, plan_sync(host, roster, REPORT, on=roster.pulled_at.date()))

    active = [r.record for r in host.managed(Kind.enrollment).values() if r.is_active]
    assert sum(getattr(record, "user_id", "") in GONE for record in active) == len(GONE)


@pytest.mark.parametrize(
    "link",
    [
        an_enrollment("new", "n00", "c1"),
        Relationship(sourced_id="new", student_id="n00", contact_id="g"),
    ],
)
def test_new_links_hang_on_the_old_id_while_a_rekey_is_held(link: Record) -> None:
    """They come in where the host has the person, and take the new id with the approval."""
    host, plan = a_host(HELD), rekeyed(link)
    after = apply_sync(host, plan)
    done = apply_sync(after, plan.approve(plan.fingerprint))
    kind = Kind.enrollment if "user_id" in attrs.fields_dict(type(link)) else Kind.relationship

    new = "new" in {c.sourced_id for c in plan.of(Action.create, Action.rekey)}
    assert new
    assert "u00" in ends(after.managed(kind)["new"].record)
    assert done.managed(kind)["new"].record == link


def test_a_birth_date_stays_with_the_old_id_while_a_rekey_is_held() -> None:
    """It is changed where it is, and takes the new id with the approval."""
    host, plan = a_host(HELD), rekeyed(born := Demographics(sourced_id="n00", birth_date=DAY))
    after = apply_sync(host, plan)
    done = apply_sync(after, plan.approve(plan.fingerprint))

    assert steps_of(plan, Action.update) == [("update", "u00")]
    assert held_of(plan, Kind.demographics) == [("rekey", "n00")]
    assert after.managed(Kind.demographics).keys() == {"u00"}
    assert done.managed(Kind.demographics)["n00"].record == born


def test_a_first_birth_date_comes_under_the_old_id_and_follows() -> None:
    """What the plan itself creates is found again under the id it was created with."""
    host = a_host(r for r in HELD if r is not BORN)
    plan = plan_sync(host, a_roster([*STAY, *NEW, Demographics(sourced_id="n00")]), REPORT, on=DAY)
    after = apply_sync(host, plan)
    done = apply_sync(after, plan.approve(plan.fingerprint))

    assert after.managed(Kind.demographics).keys() == {"u00"}
    assert done.managed(Kind.demographics).keys() == {"n00"}


def test_an_archived_birth_date_is_not_doubled() -> None:
    """Where the host has an archived one under the old id, the new one keeps its own."""
    old = HostRecord(ref="h-old", record=BORN, source=a_host().memory.source, archived_on=DAY)
    host = a_host((r for r in HELD if r is not BORN), old)
    plan = plan_sync(host, a_roster([*STAY, *NEW, Demographics(sourced_id="n00")]), REPORT, on=DAY)

    assert apply_sync(host, plan).managed(Kind.demographics).keys() == {"u00", "n00"}


def test_a_sticky_end_of_a_link_follows_no_rekey() -> None:
    """What a person fixed stays, held or not."""
    entry = Override(
        type=OverrideType.sticky,
        kind=Kind.enrollment,
        ref="h-e00",
        fields={"user_id"},
        actor="staff-1",
        day=DAY,
    )
    links = an_enrollment("e00", "n00", "c1")
    roster = a_roster([*STAY, *NEW, links])
    host: HostState = a_host(HELD)
    plan = plan_sync(host, roster, REPORT, overrides=Overrides([entry]), on=DAY)

    assert "e00" not in {i for _, i in held_of(plan, Kind.enrollment)}
