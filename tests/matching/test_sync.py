from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import attrs
import pytest

from edlink.coverage import (
    Coverage,
    CoverageEntry,
    Issue,
    RosterWarning,
    Scope,
    Source,
    Tombstone,
)
from edlink.errors import ConfigError, UnsafePlanError
from edlink.matching.apply import apply_sync
from edlink.matching.host import HostRecord, HostState, SyncMemory
from edlink.matching.overrides import Override, Overrides, OverrideType
from edlink.matching.plan import Action, Change, SyncPlan
from edlink.matching.policy import ClassMode, Limits, Profile, SyncPolicy
from edlink.matching.report import Link, MatchReport, OpenGroup
from edlink.matching.sync import plan_sync
from edlink.matching.terms import TermChoice
from edlink.model import (
    AcademicSession,
    Class,
    Course,
    Demographics,
    Enrollment,
    Org,
    Record,
    Relationship,
    RoleAssignment,
    User,
)
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind, OrgType, RelationshipKind, Role, Status

SOURCE = Source("classlink", "d1")
OTHER = Source("clever", "d1")
DAY = date(2025, 10, 1)
EVERYTHING = Coverage(CoverageEntry(kind=kind) for kind in Kind)
AT_ONCE = SyncPolicy(min_absences=1, grace_days=0)


def _student(sourced_id: str, org_id: str = "s1", **facts: object) -> User:
    roles = (RoleAssignment(role=Role.student, org_id=org_id),)
    return User(sourced_id=sourced_id, **({"roles": roles} | facts))  # type: ignore[arg-type]


def _adult(sourced_id: str, **facts: object) -> User:
    roles = (RoleAssignment(role=Role.guardian),)
    return User(sourced_id=sourced_id, **({"roles": roles} | facts))  # type: ignore[arg-type]


def _enrolled(sourced_id: str, user_id: str, class_id: str, **facts: object) -> Enrollment:
    given = {"user_id": user_id, "class_id": class_id, "role": Role.student}
    return Enrollment(sourced_id=sourced_id, **(given | facts))  # type: ignore[arg-type]


SCHOOLS = tuple(Org(sourced_id=i, type=OrgType.school, parent_id="d") for i in ("s1", "s2"))
ORGS = (Org(sourced_id="d", type=OrgType.district), *SCHOOLS)
CLASS = Class(sourced_id="c1", org_id="s1")
PEOPLE = tuple(_student(f"u{n:02}") for n in range(20))
LINKS = tuple(_enrolled(f"e{n:02}", f"u{n:02}", "c1") for n in range(20))
ALL: tuple[Record, ...] = (*ORGS, CLASS, *PEOPLE, *LINKS)


def _roster(records: Iterable[Record] = ALL, *, days: int = 1, **facts: object) -> Roster:
    given = {"coverage": EVERYTHING} | facts
    pulled_at = datetime(2025, 9, 30, tzinfo=UTC) + timedelta(days=days)
    return Roster.from_records(records, source=SOURCE, pulled_at=pulled_at, **given)


def _host(records: Iterable[Record] = ALL, *own: HostRecord) -> HostState:
    managed = [HostRecord(ref=f"h-{r.sourced_id}", record=r, source=SOURCE) for r in records]
    return HostState(memory=SyncMemory(source=SOURCE), records=[*managed, *own])


def _without(*ids: str, records: Iterable[Record] = ALL) -> list[Record]:
    return [record for record in records if record.sourced_id not in ids]


def _with(*records: Record) -> list[Record]:
    return [*_without(*(r.sourced_id for r in records)), *records]


def _steps(plan: SyncPlan, *actions: Action) -> list[tuple[str, str]]:
    return [(str(c.action), c.sourced_id) for c in plan.of(*(actions or Action))]


def _why(plan: SyncPlan) -> dict[str, str]:
    return {keep.sourced_id: keep.reason for keep in plan.kept}


def _override(type_: OverrideType, kind: Kind, **facts: object) -> Override:
    return Override(type=type_, kind=kind, actor="staff-1", day=DAY, **facts)  # type: ignore[arg-type]


# What arrives


def test_the_same_again_is_an_empty_plan() -> None:
    """A host that has what the roster has gets nothing to do, and is told how much is right."""
    plan = plan_sync(_host(), _roster(), on=DAY)

    assert plan.is_empty
    assert plan.unchanged == {"org": 3, "class": 1, "user": 20, "enrollment": 20}


def test_a_new_record_is_created_after_what_it_hangs_on() -> None:
    """Creations come in an order in which each can be applied."""
    plan = plan_sync(_host(()), _roster([*ORGS, CLASS, PEOPLE[0], LINKS[0]]), on=DAY)

    assert [i for _, i in _steps(plan)] == ["d", "s1", "s2", "c1", "u00", "e00"]


def test_a_change_names_the_field_before_and_after() -> None:
    """An update holds the fields that differ, and only those."""
    renamed = attrs.evolve(CLASS, title="Biology")

    plan = plan_sync(_host(), _roster(_with(renamed)), on=DAY)

    (change,) = plan.changes
    assert (change.action, change.ref) == (Action.update, "h-c1")
    assert [(f.name, f.before, f.after) for f in change.fields] == [("title", None, "Biology")]


def test_a_new_time_stamp_alone_is_no_change() -> None:
    """A record that only says it was modified is left as it is."""
    touched = attrs.evolve(CLASS, date_last_modified=datetime(2025, 9, 1, tzinfo=UTC))

    assert plan_sync(_host(), _roster(_with(touched)), on=DAY).is_empty


def test_an_empty_value_need_not_clear_a_field() -> None:
    """A field that the policy protects keeps its value when the source sends none."""
    host = _host(_with(attrs.evolve(PEOPLE[0], phone="555-0100")))
    policy = SyncPolicy(keep_when_empty={"phone"})

    assert plan_sync(host, _roster(), policy=policy, on=DAY).is_empty
    assert not plan_sync(host, _roster(), on=DAY).is_empty


def test_a_masked_field_replaces_nothing() -> None:
    """A name that the roster itself distrusts does not overwrite the one the host has."""
    host = _host(_with(attrs.evolve(PEOPLE[0], given_name="Ada", grades=("05",))))
    mask = RosterWarning(
        code="EDL-DATA-001",
        message="names are masked",
        kind=Kind.user,
        distrusts=frozenset({"given_name"}),
    )
    masked = attrs.evolve(PEOPLE[0], given_name="A-xyz", grades=("05",))
    promoted = attrs.evolve(masked, grades=("06",))

    alone = plan_sync(host, _roster(_with(masked), warnings=(mask,)), on=DAY)
    beside = plan_sync(host, _roster(_with(promoted), warnings=(mask,)), on=DAY)

    assert _why(alone) == {"u00": "distrusted"}
    assert [f.name for f in beside.changes[0].fields] == ["grades"]
    assert beside.changes[0].left_alone == ("given_name",)


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
        memory=SyncMemory(source=SOURCE), records=[*_host(_without("u00")).records, gone]
    )
    back = attrs.evolve(PEOPLE[0], grades=("06",))

    plan = plan_sync(host, _roster(_with(back)), on=DAY)
    restored = apply_sync(host, plan).get(Kind.user, "h-u00")

    assert _steps(plan) == [("restore", "u00")]
    assert restored == HostRecord(ref="h-u00", record=back, source=SOURCE)


def test_a_record_without_its_other_end_waits() -> None:
    """An enrollment of a person who did not come is not created, and says why."""
    lone = [_enrolled("e99", "nobody", "c1"), _enrolled("e98", "u00", "nothing")]
    kin: list[Record] = [
        Relationship(sourced_id="r1", student_id="u00", contact_id="nobody"),
        Demographics(sourced_id="ghost"),
    ]

    plan = plan_sync(_host(), _roster([*ALL, *lone, *kin]), on=DAY)

    assert plan.is_empty
    assert _why(plan) == {
        "e99": "no_user",
        "e98": "no_class",
        "r1": "no_user",
        "ghost": "no_user",
    }


def test_an_enrollment_that_would_lose_its_class_is_left_as_it_is() -> None:
    """A managed record is not moved to an end that the host does not have."""
    plan = plan_sync(_host(), _roster(_with(_enrolled("e00", "u00", "c9"))), on=DAY)

    assert plan.is_empty
    assert _why(plan) == {"e00": "no_class"}


# What matching says


def _report(*links: Link, **facts: object) -> MatchReport:
    return MatchReport(linked=links, **facts)  # type: ignore[arg-type]


def _link(incoming: str, existing: str, kind: str = "student", **facts: object) -> Link:
    given = {"incoming": incoming, "existing": existing, "kind": kind, "rule": "sis_id"} | facts
    return Link(**given)  # type: ignore[arg-type]


OWN = HostRecord(ref="17", record=_student("17", given_name="Ada", phone="555-0100"))


def test_a_linked_record_of_the_host_is_adopted() -> None:
    """A hand-made record that matching linked comes under the source with its fields."""
    host = _host(_without("u00", "e00"), OWN)

    plan = plan_sync(host, _roster(_without("e00")), _report(_link("u00", "17")), on=DAY)
    after = apply_sync(host, plan)

    assert _steps(plan) == [("adopt", "u00")]
    assert plan.changes[0].reason == "sis_id"
    assert after.get(Kind.user, "17") == HostRecord(ref="17", record=PEOPLE[0], source=SOURCE)


def test_hand_made_links_between_adopted_records_are_adopted_too() -> None:
    """The host's own enrollment of an adopted person in an adopted class is not doubled."""
    own_class = HostRecord(ref="31", record=Class(sourced_id="31"))
    own_link = HostRecord(ref="99", record=_enrolled("99", "17", "31"))
    host = _host(ORGS, OWN, own_class, own_link)
    report = _report(_link("u00", "17"), _link("c1", "31", "class"))

    plan = plan_sync(host, _roster([*ORGS, CLASS, PEOPLE[0], LINKS[0]]), report, on=DAY)

    assert _steps(plan) == [("adopt", "c1"), ("adopt", "u00"), ("adopt", "e00")]


def test_two_hand_made_links_of_one_pair_decide_nothing() -> None:
    """Where the host has the same link twice, the source's is created beside them."""
    own = [HostRecord(ref=i, record=_enrolled(i, "17", "31")) for i in ("98", "99")]
    host = _host(ORGS, OWN, HostRecord(ref="31", record=Class(sourced_id="31")), *own)
    report = _report(_link("u00", "17"), _link("c1", "31", "class"))

    plan = plan_sync(host, _roster([*ORGS, CLASS, PEOPLE[0], LINKS[0]]), report, on=DAY)

    assert _steps(plan, Action.create) == [("create", "e00")]


def test_a_managed_record_takes_the_place_of_the_hosts_own() -> None:
    """When sync had made a second record of a linked person, the hand-made one is merged in."""
    host = _host(ALL, OWN)

    plan = plan_sync(host, _roster(), _report(_link("u00", "17")), on=DAY)
    merged = apply_sync(host, plan).get(Kind.user, "17")

    assert _steps(plan) == [("merge", "17")]
    assert merged is not None
    assert (merged.merged_into, merged.archived_on) == ("h-u00", DAY)


def test_a_merge_is_not_done_against_a_persons_word() -> None:
    """A pinned record is not merged away."""
    pinned = Overrides([_override(OverrideType.pinned, Kind.user, ref="17")])

    plan = plan_sync(
        _host(ALL, OWN), _roster(), _report(_link("u00", "17")), overrides=pinned, on=DAY
    )

    assert plan.is_empty
    assert _why(plan)["17"] == "pinned"


def test_a_merged_record_is_not_brought_back() -> None:
    """A managed record whose place another took stays archived."""
    gone = HostRecord(
        ref="h-u00", record=PEOPLE[0], source=SOURCE, archived_on=DAY, merged_into="17"
    )
    host = HostState(
        memory=SyncMemory(source=SOURCE), records=[*_host(_without("u00", "e00")).records, gone]
    )

    plan = plan_sync(host, _roster(_without("e00")), on=DAY)

    assert _why(plan) == {"u00": "merged"}


def test_a_linked_record_with_an_old_id_is_rekeyed() -> None:
    """A managed record that matching found under a new id keeps its ref and all it has."""
    host = _host()
    new = _with(_student("n00"), _enrolled("e00", "n00", "c1"))
    new = [r for r in new if r.sourced_id != "u00"]

    plan = plan_sync(host, _roster(new), _report(_link("n00", "h-u00")), on=DAY)
    after = apply_sync(host, plan)

    assert _steps(plan) == [("rekey", "n00"), ("update", "e00")]
    assert after.get(Kind.user, "h-u00") == HostRecord(
        ref="h-u00", record=_student("n00"), source=SOURCE
    )


def test_an_id_whose_holder_is_still_there_is_not_given_away() -> None:
    """A link to a managed record that the roster still has under its id is refused."""
    plan = plan_sync(
        _host(), _roster([*ALL, _student("n00")]), _report(_link("n00", "h-u00")), on=DAY
    )

    assert _why(plan) == {"n00": "claimed"}


def test_a_record_of_another_source_is_left_to_it() -> None:
    """A link to a record that another source manages changes nothing."""
    foreign = HostRecord(ref="55", record=_student("x"), source=OTHER)

    plan = plan_sync(
        _host(ALL, foreign), _roster([*ALL, _student("n00")]), _report(_link("n00", "55")), on=DAY
    )

    assert _why(plan) == {"n00": "other_source"}


def test_a_link_to_a_record_that_is_not_there_is_a_new_record() -> None:
    """A link that names no host record links nothing."""
    plan = plan_sync(
        _host(), _roster([*ALL, _student("n00")]), _report(_link("n00", "gone")), on=DAY
    )

    assert _steps(plan) == [("create", "n00")]


def test_who_matching_leaves_open_is_neither_made_nor_changed() -> None:
    """Three persons of one name stay as they are until a person decides."""
    group = OpenGroup(
        reason="shared_key", kind="student", incoming=("n00", "u00"), existing=("h-u00",)
    )
    moved = attrs.evolve(PEOPLE[0], phone="555-0199")

    plan = plan_sync(
        _host(), _roster([*_with(moved), _student("n00")]), _report(ambiguous=(group,)), on=DAY
    )

    assert plan.is_empty
    assert _why(plan) == dict.fromkeys(["n00", "u00", "e00"], "shared_key")


def test_an_id_given_to_another_person_changes_nobody() -> None:
    """A stored link whose names and birth date now differ is left to a person."""
    link = _link("u00", "h-u00", rule="stored_link", drift=("birth_date", "given_name"))
    other = attrs.evolve(PEOPLE[0], given_name="Grace")

    plan = plan_sync(_host(), _roster(_with(other)), [_report(link)], on=DAY)

    assert plan.is_empty
    assert _why(plan) == {"u00": "id_reused", "e00": "id_reused"}


def test_new_ids_of_the_same_enrollments_are_followed() -> None:
    """A source that makes up enrollment ids every night archives and creates nothing."""
    fresh = [_enrolled(f"x{n:02}", f"u{n:02}", "c1") for n in range(20)]

    plan = plan_sync(_host(), _roster([*ORGS, CLASS, *PEOPLE, *fresh]), on=DAY)

    assert plan.counts() == {
        "rekey": {"enrollment": 20},
        "unchanged": {"org": 3, "class": 1, "user": 20},
    }


def test_birth_dates_and_relationships_follow_a_new_id() -> None:
    """What hangs on a re-keyed person moves with the new id."""
    child, adult = _student("a"), _adult("p")
    kin = Relationship(sourced_id="r", student_id="a", contact_id="p")
    host = _host([*ORGS, child, adult, kin, Demographics(sourced_id="a")])
    new: list[Record] = [
        *ORGS,
        _student("b"),
        adult,
        Relationship(sourced_id="r2", student_id="b", contact_id="p"),
        Demographics(sourced_id="b"),
    ]

    plan = plan_sync(host, _roster(new), _report(_link("b", "h-a")), on=DAY)

    assert {c.action for c in plan.changes} == {Action.rekey}
    assert len(plan.changes) == 3


# What goes


def _later(host: HostState, *rosters: Roster, policy: SyncPolicy | None = None) -> SyncPlan:
    """Return the last plan of several nights, each applied to what the last one left."""
    for night, roster in enumerate(rosters):
        plan = plan_sync(host, roster, policy=policy, on=DAY + timedelta(days=night))
        host = apply_sync(host, plan)
    return plan


def test_a_missing_record_waits_before_it_is_archived() -> None:
    """One night's absence archives nobody; after the second and three days it does."""
    gone = _without("u00", "e00")
    nights = [_roster(gone, days=n) for n in range(1, 5)]

    assert _why(_later(_host(), nights[0])) == {"u00": "waiting", "e00": "waiting"}
    assert _steps(_later(_host(), *nights)) == [("archive", "e00"), ("archive", "u00")]


def test_the_same_pull_is_counted_once() -> None:
    """Planning twice from one pull does not make an absence older."""
    host = _host()
    roster = _roster(_without("u00", "e00"))
    after = apply_sync(host, plan_sync(host, roster, on=DAY))

    again = plan_sync(after, roster, on=DAY)

    assert {a.runs for a in again.memory.absences} == {1}


def test_who_is_seen_again_starts_afresh() -> None:
    """An absence that ended is forgotten."""
    gone = _without("u00", "e00")

    plan = _later(_host(), _roster(gone), _roster(days=2))

    assert plan.memory.absences == ()


def test_what_the_source_itself_deletes_goes_at_once() -> None:
    """A record that is marked deleted, or is a tombstone, does not wait."""
    marked = attrs.evolve(PEOPLE[0], status=Status.deleted)
    graves = (Tombstone(kind=Kind.enrollment, sourced_id="e00"),)

    plan = plan_sync(
        _host(), _roster(_without("e00", records=_with(marked)), tombstones=graves), on=DAY
    )

    assert _steps(plan) == [("archive", "e00"), ("archive", "u00")]
    assert {c.reason for c in plan.changes} == {"deleted_at_source"}


@pytest.mark.parametrize("state", [s for s in CoverageState if s is not CoverageState.complete])
def test_nobody_goes_where_a_school_was_not_pulled_whole(state: CoverageState) -> None:
    """A failed, withheld or excluded school protects everyone in it."""
    gap = CoverageEntry(kind=Kind.user, org_id="s1", state=state)
    coverage = Coverage([*EVERYTHING.entries, gap])

    plan = plan_sync(
        _host(), _roster(_without("u00", "e00"), coverage=coverage), policy=AT_ONCE, on=DAY
    )

    assert _why(plan) == {"u00": "not_covered"}
    assert _steps(plan) == [("archive", "e00")]


def test_a_person_at_two_schools_needs_both() -> None:
    """Whoever also belongs to a school that failed stays."""
    both = attrs.evolve(PEOPLE[0], primary_org_id="s2")
    gap = CoverageEntry(kind=Kind.user, org_id="s2", state=CoverageState.failed)
    coverage = Coverage([*EVERYTHING.entries, gap])
    roster = _roster(_without("u00", "u01", "e00", "e01"), coverage=coverage)

    plan = plan_sync(_host(_with(both)), roster, policy=AT_ONCE, on=DAY)

    assert ("archive", "u01") in _steps(plan)
    assert _why(plan)["u00"] == "not_covered"


def test_people_in_a_role_that_is_withheld_stay_and_the_others_go() -> None:
    """Who is known in spite of the rest goes; whoever also has a role that is not known stays."""
    both = [RoleAssignment(role=role, org_id="s1") for role in (Role.student, Role.staff)]
    teacher = _student("t", roles=(attrs.evolve(both[0], role=Role.teacher),))
    records = [*_with(attrs.evolve(PEOPLE[0], roles=tuple(both))), teacher]
    coverage = Coverage(
        [
            *(entry for entry in EVERYTHING.entries if entry.kind is not Kind.user),
            CoverageEntry(kind=Kind.user, state=CoverageState.withheld),
            CoverageEntry(kind=Kind.user, role=Role.student),
        ]
    )
    roster = _roster(_without("u00", "u01", "e00", "e01"), coverage=coverage)

    plan = plan_sync(_host(records), roster, policy=AT_ONCE, on=DAY)

    assert [i for _, i in _steps(plan) if not i.startswith("e")] == ["u01"]
    assert (_why(plan)["u00"], _why(plan)["t"]) == ("not_covered", "not_covered")


def test_nobody_leaves_a_class_whose_members_were_not_told() -> None:
    """A class that is not told keeps whom the host has in it; the others lose who left."""
    gap = CoverageEntry(kind=Kind.enrollment, class_id="c1", state=CoverageState.withheld)
    told = [e for e in ALL if isinstance(e, Enrollment) and e.class_id != "c1"]
    gone = {e.sourced_id for e in ALL if isinstance(e, Enrollment)} - {e.sourced_id for e in told}
    coverage = Coverage([*EVERYTHING.entries, gap])

    plan = plan_sync(_host(), _roster(_without(*gone, "u00"), coverage=coverage), on=DAY)

    assert {i for i, why in _why(plan).items() if why == "not_covered"} == gone


def test_a_contact_belongs_to_the_schools_of_the_children() -> None:
    """A parent without a role at a school stays while the child's school is not covered."""
    kin = Relationship(sourced_id="r", student_id="u00", contact_id="p")
    gap = CoverageEntry(kind=Kind.user, org_id="s1", state=CoverageState.failed)
    coverage = Coverage([*EVERYTHING.entries, gap])

    plan = plan_sync(
        _host([*ALL, _adult("p"), kin]), _roster(coverage=coverage), policy=AT_ONCE, on=DAY
    )

    assert _why(plan) == {"p": "not_covered"}


def test_a_record_without_a_school_needs_all_of_them() -> None:
    """What could have appeared anywhere goes only when everywhere was pulled whole."""
    host = _host([*ALL, Course(sourced_id="k")])
    gap = CoverageEntry(kind=Kind.course, org_id="s2", state=CoverageState.failed)
    part = Coverage([*EVERYTHING.entries, gap])
    relaxed = SyncPolicy(min_absences=1, grace_days=0)

    blocked = plan_sync(host, _roster(coverage=part), policy=relaxed, on=DAY)
    whole = plan_sync(host, _roster(), policy=relaxed, on=DAY)

    assert _why(blocked) == {"k": "not_covered"}
    assert [(h.reason, h.kind) for h in whole.holds] == [("fall_to_zero", Kind.course)]


def test_a_school_that_closed_is_held_and_its_people_stay() -> None:
    """A whole school gone is for a person to see; who was there is not covered any more."""
    people = [_student("z", "s2"), _adult("p")]
    kin = Relationship(sourced_id="r", student_id="elsewhere", contact_id="p")
    host = _host([*ALL, *people, kin])

    plan = plan_sync(host, _roster([*_without("s2"), people[1], kin]), policy=AT_ONCE, on=DAY)

    assert [(h.reason, h.kind, h.org_id) for h in plan.holds] == [("fall_to_zero", Kind.org, "s2")]
    assert [c.sourced_id for c in plan.held] == ["s2"]
    assert _why(plan)["z"] == "unknown_org"


def test_an_enrollment_of_nobody_connects_nothing() -> None:
    """A record whose end is blank is not taken for one under another id."""
    blank = Enrollment(sourced_id="e99", class_id="c1", role=Role.student)

    plan = plan_sync(_host(), _roster([*_without("e00"), blank]), on=DAY)

    assert _why(plan) == {"e00": "waiting", "e99": "no_user"}
    assert plan.counts()["kept_waiting"] == {"enrollment": 1}


def test_an_unknown_school_is_not_covered() -> None:
    """Records at a school that the roster does not list stay."""
    host = _host([*ALL, _student("z", "s9")])

    assert _why(plan_sync(host, _roster(), policy=AT_ONCE, on=DAY)) == {"z": "unknown_org"}


def test_a_record_that_could_not_be_read_is_not_gone() -> None:
    """An issue that names a record protects it."""
    issue = Issue(kind=Kind.user, reason="bad_shape", sourced_id="u00")

    plan = plan_sync(
        _host(), _roster(_without("u00", "e00"), issues=(issue,)), policy=AT_ONCE, on=DAY
    )

    assert _why(plan)["u00"] == "set_aside"


def test_excluding_a_school_is_not_a_mass_deletion() -> None:
    """By policy or by scope, what the host has of an excluded school stays."""
    for facts in (
        {"policy": attrs.evolve(AT_ONCE, exclude_orgs={"s1"}), "records": ALL, "scope": Scope()},
        {"policy": AT_ONCE, "records": ORGS, "scope": Scope(exclude_orgs={"s1"})},
    ):
        roster = _roster(facts["records"], scope=facts["scope"])  # type: ignore[arg-type]
        plan = plan_sync(_host(), roster, policy=facts["policy"], on=DAY)  # type: ignore[arg-type]

        assert plan.is_empty
        assert set(_why(plan).values()) == {"excluded_org"}


def test_including_schools_keeps_the_district_above_them() -> None:
    """The district of an included school comes in, another school's people do not."""
    policy = SyncPolicy(include_orgs={"s2"})
    course = Course(sourced_id="k", org_id="d")

    plan = plan_sync(_host(()), _roster([*ALL, course]), policy=policy, on=DAY)

    assert _steps(plan) == [("create", "d"), ("create", "s2"), ("create", "k")]


def test_a_parent_of_a_child_at_an_included_school_comes_in() -> None:
    """A contact without a school is wanted where one of the children is."""
    kin: list[Record] = [
        Relationship(sourced_id="r1", student_id="a", contact_id="p"),
        Relationship(sourced_id="r2", student_id="missing", contact_id="p"),
    ]
    records: list[Record] = [*ORGS, _student("a", "s2"), _adult("p"), *kin]

    wanted = plan_sync(_host(()), _roster(records), policy=SyncPolicy(include_orgs={"s2"}), on=DAY)
    unwanted = plan_sync(
        _host(()), _roster(records), policy=SyncPolicy(include_orgs={"s1"}), on=DAY
    )

    assert ("create", "p") in _steps(wanted)
    assert ("create", "p") not in _steps(unwanted)


def test_the_hosts_own_records_are_never_archived() -> None:
    """A record that no source manages is no candidate."""
    plan = plan_sync(_host(ALL, OWN), _roster(), policy=AT_ONCE, on=DAY)

    assert plan.is_empty


def test_a_paused_source_archives_nothing() -> None:
    """While the source is paused, absence means nothing."""
    policy = attrs.evolve(AT_ONCE, paused=True)

    plan = plan_sync(_host(), _roster(_without("u00", "e00")), policy=policy, on=DAY)

    assert _why(plan) == {"u00": "paused", "e00": "paused"}


@pytest.mark.parametrize("days", [-3, 4])
def test_an_old_pull_archives_nothing(days: int) -> None:
    """A pull of last week, or of next week, is not trusted with removals."""
    roster = _roster(_without("u00", "e00"), days=1 + days)

    plan = plan_sync(_host(), roster, policy=AT_ONCE, on=DAY)

    assert _why(plan) == {"u00": "stale_snapshot", "e00": "stale_snapshot"}


def test_a_pull_older_than_the_last_one_applied_is_refused() -> None:
    """Going back in time is no plan at all."""
    host = apply_sync(_host(), plan_sync(_host(), _roster(days=2), on=DAY))

    with pytest.raises(UnsafePlanError, match="EDL-SYNC-003"):
        plan_sync(host, _roster(days=1), on=DAY)


def test_a_gap_keeps_an_absence_as_it_was() -> None:
    """A night without coverage neither counts nor forgets."""
    gone = _without("u00", "e00")
    gap = CoverageEntry(kind=Kind.user, org_id="s1", state=CoverageState.failed)
    coverage = Coverage([*EVERYTHING.entries, gap])

    plan = _later(_host(), _roster(gone), _roster(gone, days=2, coverage=coverage))

    assert [(a.sourced_id, a.runs) for a in plan.memory.absences] == [("e00", 2), ("u00", 1)]


def test_a_kind_that_is_not_managed_stays() -> None:
    """Kinds outside the policy are neither brought in nor archived."""
    policy = attrs.evolve(AT_ONCE, kinds=frozenset(Kind) - {Kind.enrollment})

    plan = plan_sync(_host(), _roster(_without("e00")), policy=policy, on=DAY)

    assert plan.is_empty
    assert set(_why(plan).values()) == {"kind_not_managed"}


# Limits


def test_an_empty_roster_is_held() -> None:
    """Everything gone from a complete pull archives nobody until a person looks."""
    plan = plan_sync(_host(), _roster(ORGS), policy=AT_ONCE, on=DAY)

    assert plan.changes == ()
    assert len(plan.held) == 41
    assert {h.reason for h in plan.holds} >= {"fall_to_zero", "removed_percent", "class_loss"}


def test_up_to_the_floor_is_never_too_much() -> None:
    """Five of twenty may go, six may not."""
    five = [i for n in range(5) for i in (f"u{n:02}", f"e{n:02}")]

    ok = plan_sync(_host(), _roster(_without(*five)), policy=AT_ONCE, on=DAY)
    too_many = plan_sync(_host(), _roster(_without(*five, "u05", "e05")), policy=AT_ONCE, on=DAY)

    assert (len(ok.changes), len(ok.held)) == (10, 0)
    assert (len(too_many.changes), len(too_many.held)) == (0, 12)
    ok.require_safe()
    with pytest.raises(UnsafePlanError, match="EDL-PLAN-003") as caught:
        too_many.require_safe()
    assert caught.value.counts["removed_percent user in s1"] == 6


def test_a_held_plan_still_creates_and_updates() -> None:
    """A sharing accident stops removals only."""
    renamed = attrs.evolve(CLASS, title="Biology")

    plan = plan_sync(_host(), _roster([*ORGS, renamed, _student("n00")]), policy=AT_ONCE, on=DAY)

    assert _steps(plan) == [("create", "n00"), ("update", "c1")]
    assert plan.held


def test_a_hold_at_one_school_lets_the_other_go_on() -> None:
    """A school that loses everyone does not stop another's leaver."""
    second = tuple(_student(f"v{n:02}", "s2") for n in range(300))
    host = _host([*ORGS, *PEOPLE, *second])

    plan = plan_sync(host, _roster([*ORGS, *second[1:]]), policy=AT_ONCE, on=DAY)

    assert _steps(plan) == [("archive", "v00")]
    assert {h.org_id for h in plan.holds} == {"s1"}


def test_more_than_the_cap_is_held_whatever_the_share() -> None:
    """An absolute number of removals is too many even in a large district."""
    policy = attrs.evolve(AT_ONCE, limits={Kind.user: Limits(removed_percent=100, cap=6)})
    gone = [i for n in range(7) for i in (f"u{n:02}", f"e{n:02}")]

    plan = plan_sync(_host(), _roster(_without(*gone)), policy=policy, on=DAY)

    assert ("removed_cap", 7, 6) in {(h.reason, h.count, h.limit) for h in plan.holds}


def test_too_many_changes_hold_the_removals() -> None:
    """When nearly everyone changes, nobody goes until a person looks."""
    changed = [attrs.evolve(p, grades=("06",)) for p in PEOPLE[1:]]

    plan = plan_sync(_host(), _roster([*ORGS, CLASS, *changed, *LINKS[1:]]), policy=AT_ONCE, on=DAY)

    assert [h.reason for h in plan.holds] == ["changed_percent", "changed_percent"]
    assert [c.sourced_id for c in plan.held] == ["u00"]


def test_a_rollover_has_its_own_limits_until_its_last_day() -> None:
    """The rollover profile falls back by itself."""
    gone = [i for n in range(10) for i in (f"u{n:02}", f"e{n:02}")]
    until = DAY + timedelta(days=1)
    policy = attrs.evolve(AT_ONCE, profile=Profile.rollover, profile_until=until)

    inside = plan_sync(_host(), _roster(_without(*gone)), policy=policy, on=DAY)
    outside = plan_sync(_host(), _roster(_without(*gone)), policy=policy, on=until)

    assert (inside.holds, bool(outside.holds)) == ((), True)


def test_mass_rekeys_are_held_like_removals() -> None:
    """An id change of a whole school cannot hide as re-keys."""
    new = [_student(f"n{n:02}") for n in range(20)]
    links = [_enrolled(f"e{n:02}", f"n{n:02}", "c1") for n in range(20)]
    report = _report(*(_link(f"n{n:02}", f"h-u{n:02}") for n in range(20)))

    plan = plan_sync(_host(), _roster([*ORGS, CLASS, *new, *links]), report, on=DAY)

    assert plan.changes == ()
    assert {c.action for c in plan.held} == {Action.rekey}
    assert {k.reason for k in plan.kept} == {"no_user"}


# Approval, undo, JSON


def _held() -> tuple[HostState, SyncPlan]:
    host = _host()
    return host, plan_sync(host, _roster(ORGS), policy=AT_ONCE, on=DAY)


def test_an_approval_is_of_one_plan() -> None:
    """The held part is released by the plan's own fingerprint and no other."""
    host, plan = _held()

    with pytest.raises(UnsafePlanError, match="EDL-PLAN-004"):
        plan.approve("0" * 64)
    after = apply_sync(apply_sync(host, plan), plan.approve(plan.fingerprint))

    assert after.counts()["archived"] == 41
    assert after.memory.absences == ()


def test_a_plan_for_yesterdays_host_is_refused() -> None:
    """Once another plan was applied, the first is stale."""
    host, plan = _held()
    after = apply_sync(host, plan)

    with pytest.raises(ConfigError, match="EDL-PLAN-001"):
        apply_sync(after, plan)


def test_an_inverse_plan_undoes_all() -> None:
    """Created, changed, adopted, re-keyed, merged, restored, archived: the host is as before."""
    own_too = HostRecord(ref="18", record=_student("18"))
    gone = HostRecord(ref="h-w", record=_student("w"), source=SOURCE, archived_on=DAY)
    host = _host(_without("u00", "e00"), OWN, own_too, gone)
    new = [
        *_without("u01", "u02", "e01", "e02"),
        attrs.evolve(CLASS, sourced_id="c2"),
        _student("n01"),
        _student("w"),
    ]
    report = _report(_link("u00", "17"), _link("u03", "18"), _link("n01", "h-u01"))
    plan = plan_sync(host, _roster(new), report, policy=AT_ONCE, on=DAY)

    back = apply_sync(apply_sync(host, plan), plan.inverse())

    assert {c.action for c in plan.changes} == {
        Action.rekey,
        Action.adopt,
        Action.create,
        Action.restore,
        Action.merge,
        Action.archive,
    }
    assert back == host


@pytest.mark.parametrize(
    "change",
    [
        Change(action=Action.update, kind=Kind.user, sourced_id="u00", ref="nobody"),
        Change(action=Action.discard, kind=Kind.user, sourced_id="nobody", record=PEOPLE[0]),
        Change(action=Action.discard, kind=Kind.user, sourced_id="u00", record=PEOPLE[1]),
        Change(action=Action.update, kind=Kind.class_, sourced_id="c1", ref="h-c1"),
    ],
)
def test_a_step_on_a_record_that_moved_is_refused(change: Change) -> None:
    """A plan stops at the first record that is not as it was."""
    host = _host()
    renamed = attrs.evolve(CLASS, title="Biology")
    if change.kind is Kind.class_:
        made = plan_sync(_host(_with(renamed)), _roster(), on=DAY)
        change = made.changes[0]
    plan = attrs.evolve(plan_sync(host, _roster(), on=DAY), changes=(change,))

    with pytest.raises(ConfigError, match="EDL-PLAN-002"):
        apply_sync(host, plan)


def test_a_record_made_meanwhile_is_not_made_twice() -> None:
    """A creation whose record is there already is refused."""
    host = _host(())
    plan = plan_sync(host, _roster([PEOPLE[0]]), on=DAY)
    twice = attrs.evolve(plan, changes=(*plan.changes, *plan.changes))

    with pytest.raises(ConfigError, match="EDL-PLAN-002"):
        apply_sync(host, twice)


def test_a_plan_survives_json() -> None:
    """A plan written and read again is equal, with the same fingerprint."""
    _, plan = _held()
    created = plan_sync(_host(()), _roster(), on=DAY)

    for one in (plan, created):
        again = SyncPlan.from_dict(one.to_dict())
        assert again == one
        assert again.fingerprint == one.fingerprint


@pytest.mark.parametrize("data", [{}, {"version": 99}, {"version": 1, "changes": 3}])
def test_what_is_no_plan_is_refused(data: dict[str, object]) -> None:
    """A value of another shape or version is not read as a plan."""
    with pytest.raises(ConfigError, match="EDL-CONF-097"):
        SyncPlan.from_dict(data)


def test_a_plan_prints_without_a_person() -> None:
    """Text and repr count records and name limits; no value is in them."""
    host = _host(_with(attrs.evolve(PEOPLE[0], given_name="Xanthippe")))
    plan = plan_sync(host, _roster([*ORGS, *PEOPLE]), policy=AT_ONCE, on=DAY)
    text = plan.to_text() + repr(plan) + repr(plan.changes) + repr(plan.held) + repr(host)

    assert "HOLD EDL-SYNC-010 fall_to_zero class in s1: 1 of 1, limit 0" in text
    assert "Xanthippe" not in text


# What people decided


def test_a_hidden_class_stays_hidden_and_its_roster_untouched() -> None:
    """Neither the class nor its enrollments change, whatever the source says."""
    hidden = Overrides([_override(OverrideType.hidden, Kind.class_, ref="h-c1")])
    renamed = attrs.evolve(CLASS, title="Biology")
    rosters: list[list[Record]] = [_without("e00", records=_with(renamed)), [*ORGS, *PEOPLE]]
    for records in rosters:
        plan = plan_sync(_host(), _roster(records), policy=AT_ONCE, overrides=hidden, on=DAY)

        assert plan.is_empty
        assert _why(plan)["c1"] == "hidden"
        assert _why(plan)["e00"] == "class_left_alone"


def test_a_class_deleted_by_hand_does_not_come_back() -> None:
    """A suppressed class is not made again, nor are its enrollments."""
    suppressed = Overrides([_override(OverrideType.suppressed, Kind.class_, sourced_id="c1")])

    plan = plan_sync(_host([*ORGS, *PEOPLE]), _roster(), overrides=suppressed, on=DAY)

    assert plan.is_empty
    assert _why(plan)["c1"] == "suppressed"
    assert _why(plan)["e00"] == "no_class"


def test_a_pinned_record_is_neither_archived_nor_restored() -> None:
    """Pinned keeps a record in its state; its fields still follow the source."""
    pinned = Overrides([_override(OverrideType.pinned, Kind.user, ref="h-u00")])
    archived = attrs.evolve(_host([PEOPLE[0]]).records[0], archived_on=DAY)
    away = HostState(memory=SyncMemory(source=SOURCE), records=[archived])
    changed = attrs.evolve(PEOPLE[0], grades=("06",))

    stays = plan_sync(
        _host(), _roster(_without("u00", "e00")), policy=AT_ONCE, overrides=pinned, on=DAY
    )
    stays_away = plan_sync(away, _roster([PEOPLE[0]]), overrides=pinned, on=DAY)
    follows = plan_sync(_host(), _roster(_with(changed)), overrides=pinned, on=DAY)

    assert _why(stays)["u00"] == "pinned"
    assert _why(stays_away)["u00"] == "pinned"
    assert _steps(follows) == [("update", "u00")]


def test_a_sticky_field_is_left_alone_and_said_so() -> None:
    """A field that a person set stays, alone or beside others that change."""
    sticky = Overrides([_override(OverrideType.sticky, Kind.class_, ref="h-c1", fields={"title"})])
    host = _host(_with(attrs.evolve(CLASS, title="Ours")))

    alone = plan_sync(host, _roster(), overrides=sticky, on=DAY)
    beside = plan_sync(
        host, _roster(_with(attrs.evolve(CLASS, location="B2"))), overrides=sticky, on=DAY
    )

    assert _why(alone) == {"c1": "sticky"}
    assert [f.name for f in beside.changes[0].fields] == ["location"]
    assert beside.changes[0].left_alone == ("title",)


def test_a_hidden_person_is_not_rekeyed() -> None:
    """A record that a person hid keeps its id, and nobody is made in its place."""
    hidden = Overrides([_override(OverrideType.hidden, Kind.user, ref="h-u00")])

    plan = plan_sync(
        _host(),
        _roster([*_without("u00", "e00"), _student("n00")]),
        _report(_link("n00", "h-u00")),
        overrides=hidden,
        on=DAY,
    )

    assert plan.is_empty
    assert (_why(plan)["u00"], _why(plan)["n00"]) == ("hidden", "hidden")


# Settings


@pytest.mark.parametrize("mode", [ClassMode.hide, ClassMode.freeze])
def test_a_class_may_be_left_out_by_its_mode(mode: ClassMode) -> None:
    """A hidden or frozen class and its roster stay as they are, in the roster or gone from it."""
    policy = attrs.evolve(AT_ONCE, class_modes={"c1": mode})
    renamed = attrs.evolve(CLASS, title="Biology")

    here = plan_sync(_host(), _roster(_with(renamed)), policy=policy, on=DAY)
    gone = plan_sync(_host(), _roster([*ORGS, *PEOPLE]), policy=policy, on=DAY)

    assert (here.is_empty, gone.is_empty) == (True, True)
    assert _why(here)["c1"] == _why(gone)["c1"] == f"class_{mode}"
    assert _why(here)["e00"] == _why(gone)["e00"] == "class_left_alone"


def test_switching_classroom_data_off_drops_class_links_under_the_limits() -> None:
    """Classes stay, enrollments go, and so many that a person must look first."""
    policy = SyncPolicy(class_data=False)

    plan = plan_sync(_host(), _roster(), policy=policy, on=DAY)

    assert {c.kind for c in plan.held} == {Kind.enrollment}
    assert {c.reason for c in plan.held} == {"class_data_off"}
    assert _why(plan) == {"c1": "class_data_off"}


def test_switching_parent_data_off_leaves_parents_as_they_are() -> None:
    """Contacts and relationships are not brought in and not archived."""
    kin = Relationship(sourced_id="r", student_id="u00", contact_id="p")
    policy = attrs.evolve(AT_ONCE, parent_data=False)

    new = plan_sync(_host(), _roster([*ALL, _adult("p"), kin]), policy=policy, on=DAY)
    old = plan_sync(
        _host([*ALL, _adult("p"), kin]), _roster([*ALL, _adult("p"), kin]), policy=policy, on=DAY
    )

    assert (new.is_empty, old.is_empty) == (True, True)
    assert _why(old) == {"p": "parent_data_off", "r": "parent_data_off"}


def test_only_accepted_contact_types_come_in() -> None:
    """A contact is wanted when one of the relationships is accepted."""
    records = [
        *ALL,
        _adult("p"),
        _adult("q"),
        Relationship(
            sourced_id="r1", student_id="u00", contact_id="p", kind=RelationshipKind.parent
        ),
        Relationship(
            sourced_id="r2", student_id="u00", contact_id="q", kind=RelationshipKind.doctor
        ),
    ]
    policy = SyncPolicy(contact_kinds={RelationshipKind.parent})

    plan = plan_sync(_host(), _roster(records), policy=policy, on=DAY)

    assert _steps(plan) == [("create", "p"), ("create", "r1")]


def test_enrollments_end_by_their_dates_when_asked() -> None:
    """An enrollment that is over goes without waiting; without the switch it stays."""
    over = _enrolled("e00", "u00", "c1", end_date=DAY)
    policy = SyncPolicy(respect_enrollment_dates=True)

    plan = plan_sync(_host(_with(over)), _roster(_with(over)), policy=policy, on=DAY)

    assert [(c.action, c.sourced_id, c.reason) for c in plan.changes] == [
        (Action.archive, "e00", "enrollment_not_current")
    ]
    assert plan_sync(_host(_with(over)), _roster(_with(over)), on=DAY).is_empty


TERMS = (
    AcademicSession(sourced_id="t1", start_date=date(2025, 8, 1), end_date=date(2025, 9, 1)),
    AcademicSession(sourced_id="t2", start_date=date(2025, 9, 5), end_date=date(2026, 1, 1)),
)


def test_classes_follow_the_sessions_when_asked() -> None:
    """Last term's class goes; this term's comes in."""
    old = Class(sourced_id="old", org_id="s1", session_ids=("t1",))
    new = Class(sourced_id="new", org_id="s1", session_ids=("t2",))
    records = [*ALL, *TERMS, old]
    policy = SyncPolicy(respect_sessions=True)

    plan = plan_sync(_host(records), _roster([*records, new]), policy=policy, on=DAY)

    assert _steps(plan) == [("create", "new"), ("archive", "old")]
    assert plan.of(Action.archive)[0].reason == "out_of_term"


def test_a_choice_that_no_session_fits_archives_nothing() -> None:
    """When the chosen term is not found, classes stay until a person chooses again."""
    old = Class(sourced_id="old", org_id="s1", session_ids=("t1",))
    records = [*ALL, *TERMS, old]
    policy = SyncPolicy(respect_sessions=True, term_choices=(TermChoice(session_id="gone"),))

    plan = plan_sync(_host(records), _roster(records), policy=policy, on=DAY)

    assert plan.is_empty
    assert _why(plan) == {"old": "choice_unknown"}


# Bad input


def test_a_roster_of_another_source_is_refused() -> None:
    """A memory is of one source."""
    foreign = attrs.evolve(_roster(), source=OTHER)

    with pytest.raises(ConfigError, match="EDL-SYNC-002"):
        plan_sync(_host(), foreign, on=DAY)


@pytest.mark.parametrize("ref", ["h-u00", "again"])
def test_a_host_that_has_a_record_twice_is_refused(ref: str) -> None:
    """One ref, or one sourced id at one source, is one record."""
    twin = HostRecord(ref=ref, record=PEOPLE[0], source=SOURCE)

    with pytest.raises(ConfigError, match="EDL-SYNC-001"):
        _host(ALL, twin)
