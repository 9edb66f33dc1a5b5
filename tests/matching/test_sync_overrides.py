import attrs
from tests.matching.sync_cases import (
    AT_ONCE,
    CLASS,
    DAY,
    ORGS,
    PEOPLE,
    SOURCE,
    a_host,
    a_link,
    a_report,
    a_roster,
    a_student,
    all_but,
    all_with,
    an_override,
    reasons_of,
    steps_of,
)

from edlink.matching.host import HostState, SyncMemory
from edlink.matching.overrides import Overrides, OverrideType
from edlink.matching.sync import plan_sync
from edlink.model import (
    Record,
)
from edlink.vocabulary import Kind


def test_a_hidden_class_stays_hidden_and_its_roster_untouched() -> None:
    """Neither the class nor its enrollments change, whatever the source says."""
    hidden = Overrides([an_override(OverrideType.hidden, Kind.class_, ref="h-c1")])
    renamed = attrs.evolve(CLASS, title="Biology")
    rosters: list[list[Record]] = [all_but("e00", records=all_with(renamed)), [*ORGS, *PEOPLE]]
    for records in rosters:
        plan = plan_sync(a_host(), a_roster(records), policy=AT_ONCE, overrides=hidden, on=DAY)

        assert plan.is_empty
        assert reasons_of(plan)["c1"] == "hidden"
        assert reasons_of(plan)["e00"] == "class_left_alone"


def test_a_class_deleted_by_hand_does_not_come_back() -> None:
    """A suppressed class is not made again, nor are its enrollments."""
    suppressed = Overrides([an_override(OverrideType.suppressed, Kind.class_, sourced_id="c1")])

    plan = plan_sync(a_host([*ORGS, *PEOPLE]), a_roster(), overrides=suppressed, on=DAY)

    assert plan.is_empty
    assert reasons_of(plan)["c1"] == "suppressed"
    assert reasons_of(plan)["e00"] == "no_class"


def test_a_pinned_record_is_neither_archived_nor_restored() -> None:
    """Pinned keeps a record in its state; its fields still follow the source."""
    pinned = Overrides([an_override(OverrideType.pinned, Kind.user, ref="h-u00")])
    archived = attrs.evolve(a_host([PEOPLE[0]]).records[0], archived_on=DAY)
    away = HostState(memory=SyncMemory(source=SOURCE), records=[archived])
    changed = attrs.evolve(PEOPLE[0], grades=("06",))

    stays = plan_sync(
        a_host(), a_roster(all_but("u00", "e00")), policy=AT_ONCE, overrides=pinned, on=DAY
    )
    stays_away = plan_sync(away, a_roster([PEOPLE[0]]), overrides=pinned, on=DAY)
    follows = plan_sync(a_host(), a_roster(all_with(changed)), overrides=pinned, on=DAY)

    assert reasons_of(stays)["u00"] == "pinned"
    assert reasons_of(stays_away)["u00"] == "pinned"
    assert steps_of(follows) == [("update", "u00")]


def test_a_sticky_field_is_left_alone_and_said_so() -> None:
    """A field that a person set stays, alone or beside others that change."""
    sticky = Overrides(
        [an_override(OverrideType.sticky, Kind.class_, ref="h-c1", fields={"title"})]
    )
    host = a_host(all_with(attrs.evolve(CLASS, title="Ours")))

    alone = plan_sync(host, a_roster(), overrides=sticky, on=DAY)
    beside = plan_sync(
        host, a_roster(all_with(attrs.evolve(CLASS, location="B2"))), overrides=sticky, on=DAY
    )

    assert reasons_of(alone) == {"c1": "sticky"}
    assert [f.name for f in beside.changes[0].fields] == ["location"]
    assert beside.changes[0].left_alone == ("title",)


def test_a_hidden_person_is_not_rekeyed() -> None:
    """A record that a person hid keeps its id, and nobody is made in its place."""
    hidden = Overrides([an_override(OverrideType.hidden, Kind.user, ref="h-u00")])

    plan = plan_sync(
        a_host(),
        a_roster([*all_but("u00", "e00"), a_student("n00")]),
        a_report(a_link("n00", "h-u00")),
        overrides=hidden,
        on=DAY,
    )

    assert plan.is_empty
    assert (reasons_of(plan)["u00"], reasons_of(plan)["n00"]) == ("hidden", "hidden")
