import attrs
import pytest
from tests.matching.sync_cases import (
    ALL,
    CLASS,
    DAY,
    LINKS,
    ORGS,
    OTHER,
    OWN,
    PEOPLE,
    SOURCE,
    a_host,
    a_link,
    a_report,
    a_roster,
    a_student,
    all_but,
    all_with,
    an_adult,
    an_enrollment,
    an_override,
    reasons_of,
    steps_of,
)

from edlink.matching.apply import apply_sync
from edlink.matching.host import HostRecord, HostState, SyncMemory
from edlink.matching.overrides import Overrides, OverrideType
from edlink.matching.plan import Action
from edlink.matching.report import OpenGroup
from edlink.matching.sync import plan_sync
from edlink.model import (
    Class,
    Demographics,
    Record,
    Relationship,
)
from edlink.vocabulary import Kind


def test_a_linked_record_of_the_host_is_adopted() -> None:
    """A hand-made record that matching linked comes under the source, with what was typed."""
    host = a_host(all_but("u00", "e00"), OWN)

    plan = plan_sync(host, a_roster(all_but("e00")), a_report(a_link("u00", "17")), on=DAY)
    after = apply_sync(host, plan)

    assert steps_of(plan) == [("adopt", "u00")]
    assert plan.changes[0].reason == "sis_id"
    record = attrs.evolve(PEOPLE[0], given_name="Ada", phone="555-0100")
    assert after.get(Kind.user, "17") == HostRecord(ref="17", record=record, source=SOURCE)


def test_hand_made_links_between_adopted_records_are_adopted_too() -> None:
    """The host's own enrollment of an adopted person in an adopted class is not doubled."""
    own_class = HostRecord(ref="31", record=Class(sourced_id="31"))
    own_link = HostRecord(ref="99", record=an_enrollment("99", "17", "31"))
    host = a_host(ORGS, OWN, own_class, own_link)
    report = a_report(a_link("u00", "17"), a_link("c1", "31", "class"))

    plan = plan_sync(host, a_roster([*ORGS, CLASS, PEOPLE[0], LINKS[0]]), report, on=DAY)

    assert steps_of(plan) == [("adopt", "c1"), ("adopt", "u00"), ("adopt", "e00")]


def test_two_hand_made_links_of_one_pair_decide_nothing() -> None:
    """Where the host has the same link twice, the source's is created beside them."""
    own = [HostRecord(ref=i, record=an_enrollment(i, "17", "31")) for i in ("98", "99")]
    host = a_host(ORGS, OWN, HostRecord(ref="31", record=Class(sourced_id="31")), *own)
    report = a_report(a_link("u00", "17"), a_link("c1", "31", "class"))

    plan = plan_sync(host, a_roster([*ORGS, CLASS, PEOPLE[0], LINKS[0]]), report, on=DAY)

    assert steps_of(plan, Action.create) == [("create", "e00")]


def test_a_managed_record_takes_the_place_of_the_hosts_own() -> None:
    """When sync had made a second record of a linked person, the hand-made one is merged in."""
    host = a_host(ALL, OWN)

    plan = plan_sync(host, a_roster(), a_report(a_link("u00", "17")), on=DAY)
    merged = apply_sync(host, plan).get(Kind.user, "17")

    assert steps_of(plan) == [("merge", "17")]
    assert merged is not None
    assert (merged.merged_into, merged.archived_on) == ("h-u00", DAY)


def test_a_merge_is_not_done_against_a_persons_word() -> None:
    """A pinned record is not merged away."""
    pinned = Overrides([an_override(OverrideType.pinned, Kind.user, ref="17")])

    plan = plan_sync(
        a_host(ALL, OWN), a_roster(), a_report(a_link("u00", "17")), overrides=pinned, on=DAY
    )

    assert plan.is_empty
    assert reasons_of(plan)["17"] == "pinned"


def test_a_merged_record_is_not_brought_back() -> None:
    """A managed record whose place another took stays archived."""
    gone = HostRecord(
        ref="h-u00", record=PEOPLE[0], source=SOURCE, archived_on=DAY, merged_into="17"
    )
    host = HostState(
        memory=SyncMemory(source=SOURCE), records=[*a_host(all_but("u00", "e00")).records, gone]
    )

    plan = plan_sync(host, a_roster(all_but("e00")), on=DAY)

    assert reasons_of(plan) == {"u00": "merged"}


def test_a_linked_record_with_an_old_id_is_rekeyed() -> None:
    """A managed record that matching found under a new id keeps its ref and all it has."""
    host = a_host()
    new = all_with(a_student("n00"), an_enrollment("e00", "n00", "c1"))
    new = [r for r in new if r.sourced_id != "u00"]

    plan = plan_sync(host, a_roster(new), a_report(a_link("n00", "h-u00")), on=DAY)
    after = apply_sync(host, plan)

    assert steps_of(plan) == [("rekey", "n00"), ("update", "e00")]
    assert after.get(Kind.user, "h-u00") == HostRecord(
        ref="h-u00", record=a_student("n00"), source=SOURCE
    )


def test_an_id_whose_holder_is_still_there_is_not_given_away() -> None:
    """A link to a managed record that the roster still has under its id is refused."""
    plan = plan_sync(
        a_host(), a_roster([*ALL, a_student("n00")]), a_report(a_link("n00", "h-u00")), on=DAY
    )

    assert reasons_of(plan) == {"n00": "claimed"}


def test_a_record_of_another_source_is_left_to_it() -> None:
    """A link to a record that another source manages changes nothing."""
    foreign = HostRecord(ref="55", record=a_student("x"), source=OTHER)

    plan = plan_sync(
        a_host(ALL, foreign),
        a_roster([*ALL, a_student("n00")]),
        a_report(a_link("n00", "55")),
        on=DAY,
    )

    assert reasons_of(plan) == {"n00": "other_source"}


def test_a_link_to_a_record_that_is_not_there_is_a_new_record() -> None:
    """A link that names no host record links nothing."""
    plan = plan_sync(
        a_host(), a_roster([*ALL, a_student("n00")]), a_report(a_link("n00", "gone")), on=DAY
    )

    assert steps_of(plan) == [("create", "n00")]


@pytest.mark.parametrize(
    ("pairs", "open_ids"),
    [
        ([("n00", "17"), ("n01", "17")], {"n00", "n01"}),
        ([("n00", "17"), ("n00", "18")], {"n00"}),
        ([("n00", "17"), ("n00", "18"), ("n01", "18")], {"n00", "n01"}),
        ([("u00", "17"), ("u00", "18")], {"u00", "e00"}),
    ],
)
@pytest.mark.parametrize("is_one", [True, False])
def test_who_is_linked_twice_is_left_to_a_person(
    pairs: list[tuple[str, str]], open_ids: set[str], is_one: bool
) -> None:
    """Two links of one record, in one report or two, decide nothing, and the plan applies."""
    host = a_host(ALL, OWN, HostRecord(ref="18", record=a_student("18")))
    links = [a_link(*pair) for pair in pairs]
    reports = [a_report(*links)] if is_one else [a_report(link) for link in links]
    roster = a_roster([*ALL, *(a_student(i) for i in open_ids if i.startswith("n"))])

    plan = plan_sync(host, roster, reports, on=DAY)

    assert reasons_of(plan) == dict.fromkeys(open_ids, "linked_twice")
    assert set(apply_sync(host, plan).records) == set(host.records)


def test_two_reports_that_say_the_same_are_followed() -> None:
    """One link that two reports hold is one link."""
    reports = [a_report(a_link("u00", "17"))] * 2

    plan = plan_sync(a_host(all_but("u00", "e00"), OWN), a_roster(all_but("e00")), reports, on=DAY)

    assert steps_of(plan) == [("adopt", "u00")]


@pytest.mark.parametrize("reason", ["shared_key", "likely", "claimed"])
def test_a_contact_of_a_child_who_is_left_open_comes(reason: str) -> None:
    """Only an id that was given to another child keeps the parent out; other doubts do not."""
    kin = Relationship(sourced_id="r", student_id="n00", contact_id="g")
    group = OpenGroup(reason=reason, kind="student", incoming=("n00",), existing=("h-u00",))
    roster = a_roster([*ALL, a_student("n00"), an_adult("g"), kin])

    plan = plan_sync(a_host(), roster, a_report(ambiguous=(group,)), on=DAY)

    assert steps_of(plan) == [("create", "g")]
    assert reasons_of(plan) == {"n00": reason, "r": "no_user"}


def test_who_matching_leaves_open_is_neither_made_nor_changed() -> None:
    """Three persons of one name stay as they are until a person decides."""
    group = OpenGroup(
        reason="shared_key", kind="student", incoming=("n00", "u00"), existing=("h-u00",)
    )
    moved = attrs.evolve(PEOPLE[0], phone="555-0199")

    plan = plan_sync(
        a_host(),
        a_roster([*all_with(moved), a_student("n00")]),
        a_report(ambiguous=(group,)),
        on=DAY,
    )

    assert plan.is_empty
    assert reasons_of(plan) == dict.fromkeys(["n00", "u00", "e00"], "shared_key")


def test_an_id_given_to_another_person_changes_nobody() -> None:
    """A stored link whose names and birth date now differ is left to a person."""
    link = a_link("u00", "h-u00", rule="stored_link", drift=("birth_date", "given_name"))
    other = attrs.evolve(PEOPLE[0], given_name="Grace")

    plan = plan_sync(a_host(), a_roster(all_with(other)), [a_report(link)], on=DAY)

    assert plan.is_empty
    assert reasons_of(plan) == {"u00": "id_reused", "e00": "id_reused"}


def test_new_ids_of_the_same_enrollments_are_followed() -> None:
    """A source that makes up enrollment ids every night archives and creates nothing."""
    fresh = [an_enrollment(f"x{n:02}", f"u{n:02}", "c1") for n in range(20)]

    plan = plan_sync(a_host(), a_roster([*ORGS, CLASS, *PEOPLE, *fresh]), on=DAY)

    assert plan.counts() == {
        "rekey": {"enrollment": 20},
        "unchanged": {"org": 3, "class": 1, "user": 20},
    }


def test_birth_dates_and_relationships_follow_a_new_id() -> None:
    """What hangs on a re-keyed person moves with the new id."""
    child, adult = a_student("a"), an_adult("p")
    kin = Relationship(sourced_id="r", student_id="a", contact_id="p")
    host = a_host([*ORGS, child, adult, kin, Demographics(sourced_id="a")])
    new: list[Record] = [
        *ORGS,
        a_student("b"),
        adult,
        Relationship(sourced_id="r2", student_id="b", contact_id="p"),
        Demographics(sourced_id="b"),
    ]

    plan = plan_sync(host, a_roster(new), a_report(a_link("b", "h-a")), on=DAY)

    assert {c.action for c in plan.changes} == {Action.rekey}
    assert len(plan.changes) == 3
