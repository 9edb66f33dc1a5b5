from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from tests.matching.sync_cases import (
    ALL,
    CLASS,
    DAY,
    LINKS,
    ORGS,
    OTHER,
    PEOPLE,
    SOURCE,
    a_host,
    a_roster,
    all_but,
    all_with,
    an_enrollment,
    reasons_of,
    steps_of,
)

from edlink.coverage import (
    RosterWarning,
)
from edlink.errors import ConfigError
from edlink.matching.apply import apply_sync
from edlink.matching.host import Absence, HostRecord, HostState, SyncMemory
from edlink.matching.plan import Action
from edlink.matching.policy import SyncPolicy
from edlink.matching.sync import plan_sync
from edlink.model import (
    Demographics,
    Record,
    Relationship,
)
from edlink.vocabulary import Kind


def test_the_same_again_is_an_empty_plan() -> None:
    """A host that has what the roster has gets nothing to do, and is told how much is right."""
    plan = plan_sync(a_host(), a_roster(), on=DAY)

    assert plan.is_empty
    assert plan.unchanged == {"org": 3, "class": 1, "user": 20, "enrollment": 20}


def test_a_new_record_is_created_after_what_it_hangs_on() -> None:
    """Creations come in an order in which each can be applied."""
    plan = plan_sync(a_host(()), a_roster([*ORGS, CLASS, PEOPLE[0], LINKS[0]]), on=DAY)

    assert [i for _, i in steps_of(plan)] == ["d", "s1", "s2", "c1", "u00", "e00"]


def test_a_change_names_the_field_before_and_after() -> None:
    """An update holds the fields that differ, and only those."""
    renamed = attrs.evolve(CLASS, title="Biology")

    plan = plan_sync(a_host(), a_roster(all_with(renamed)), on=DAY)

    (change,) = plan.changes
    assert (change.action, change.ref) == (Action.update, "h-c1")
    assert [(f.name, f.before, f.after) for f in change.fields] == [("title", None, "Biology")]


def test_a_new_time_stamp_alone_is_no_change() -> None:
    """A record that only says it was modified is left as it is."""
    touched = attrs.evolve(CLASS, date_last_modified=datetime(2025, 9, 1, tzinfo=UTC))

    assert plan_sync(a_host(), a_roster(all_with(touched)), on=DAY).is_empty


def test_an_empty_value_need_not_clear_a_field() -> None:
    """A field that the policy protects keeps its value when the source sends none."""
    host = a_host(all_with(attrs.evolve(PEOPLE[0], phone="555-0100")))
    policy = SyncPolicy(keep_when_empty={"phone"})

    assert plan_sync(host, a_roster(), policy=policy, on=DAY).is_empty
    assert not plan_sync(host, a_roster(), on=DAY).is_empty


def test_a_masked_field_replaces_nothing() -> None:
    """A name that the roster itself distrusts does not overwrite the one the host has."""
    host = a_host(all_with(attrs.evolve(PEOPLE[0], given_name="Ada", grades=("05",))))
    mask = RosterWarning(
        code="EDL-DATA-001",
        message="names are masked",
        kind=Kind.user,
        distrusts=frozenset({"given_name"}),
    )
    masked = attrs.evolve(PEOPLE[0], given_name="A-xyz", grades=("05",))
    promoted = attrs.evolve(masked, grades=("06",))

    alone = plan_sync(host, a_roster(all_with(masked), warnings=(mask,)), on=DAY)
    beside = plan_sync(host, a_roster(all_with(promoted), warnings=(mask,)), on=DAY)

    assert reasons_of(alone) == {"u00": "distrusted"}
    assert [f.name for f in beside.changes[0].fields] == ["grades"]
    assert beside.changes[0].left_alone == ("given_name",)


def test_an_archived_record_says_since_when_it_was_missing() -> None:
    """The first day without it is kept beside the day of its archiving."""
    since = DAY - timedelta(days=3)
    absence = Absence(kind=Kind.user, sourced_id="u00", since=since)
    memory = SyncMemory(source=SOURCE, absences=(absence,))
    host = HostState(memory=memory, records=a_host(all_but("e00")).records)

    plan = plan_sync(host, a_roster(all_but("u00", "e00")), on=DAY)
    gone = apply_sync(host, plan).get(Kind.user, "h-u00")

    assert gone == HostRecord(
        ref="h-u00",
        record=PEOPLE[0],
        source=SOURCE,
        archived_on=DAY,
        archive_reason="missing",
        missing_since=since,
    )


def test_an_archived_record_that_returns_is_restored() -> None:
    """Who comes back after a year is the same record, with this year's fields."""
    gone = HostRecord(
        ref="h-u00",
        record=PEOPLE[0],
        source=SOURCE,
        archived_on=date(2024, 10, 1),
        archive_reason="missing",
        missing_since=date(2024, 9, 28),
    )
    host = HostState(
        memory=SyncMemory(source=SOURCE), records=[*a_host(all_but("u00")).records, gone]
    )
    back = attrs.evolve(PEOPLE[0], grades=("06",))

    plan = plan_sync(host, a_roster(all_with(back)), on=DAY)
    restored = apply_sync(host, plan).get(Kind.user, "h-u00")

    assert steps_of(plan) == [("restore", "u00")]
    assert restored == HostRecord(ref="h-u00", record=back, source=SOURCE)


def test_a_record_without_its_other_end_waits() -> None:
    """An enrollment of a person who did not come is not created, and says why."""
    lone = [an_enrollment("e99", "nobody", "c1"), an_enrollment("e98", "u00", "nothing")]
    kin: list[Record] = [
        Relationship(sourced_id="r1", student_id="u00", contact_id="nobody"),
        Demographics(sourced_id="ghost"),
    ]

    plan = plan_sync(a_host(), a_roster([*ALL, *lone, *kin]), on=DAY)

    assert plan.is_empty
    assert reasons_of(plan) == {
        "e99": "no_user",
        "e98": "no_class",
        "r1": "no_user",
        "ghost": "no_user",
    }


def test_an_enrollment_that_would_lose_its_class_is_left_as_it_is() -> None:
    """A managed record is not moved to an end that the host does not have."""
    plan = plan_sync(a_host(), a_roster(all_with(an_enrollment("e00", "u00", "c9"))), on=DAY)

    assert plan.is_empty
    assert reasons_of(plan) == {"e00": "no_class"}


def test_a_roster_of_another_source_is_refused() -> None:
    """A memory is of one source."""
    foreign = attrs.evolve(a_roster(), source=OTHER)

    with pytest.raises(ConfigError, match="EDL-SYNC-002"):
        plan_sync(a_host(), foreign, on=DAY)


@pytest.mark.parametrize("ref", ["h-u00", "again"])
def test_a_host_that_has_a_record_twice_is_refused(ref: str) -> None:
    """One ref, or one sourced id at one source, is one record."""
    twin = HostRecord(ref=ref, record=PEOPLE[0], source=SOURCE)

    with pytest.raises(ConfigError, match="EDL-SYNC-001"):
        a_host(ALL, twin)
