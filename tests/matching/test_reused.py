"""An id behind which another child came: nothing of the one is put on the other."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest
from tests.matching.sync_cases import (
    DAY,
    SOURCE,
    a_host,
    a_roster,
    a_student,
    an_adult,
    an_enrollment,
)

from edlink.coverage import Coverage, CoverageEntry, RosterWarning
from edlink.matching.apply import apply_sync
from edlink.matching.host import HostRecord, HostState, SyncMemory
from edlink.matching.host_side import host_links, host_people
from edlink.matching.linked import Link
from edlink.matching.match import match_people
from edlink.matching.plan import Action, SyncPlan
from edlink.matching.policy import SyncPolicy
from edlink.matching.release import plan_release
from edlink.matching.report import MatchReport
from edlink.matching.sync import plan_sync
from edlink.model import (
    Class,
    Demographics,
    Identifier,
    Org,
    Record,
    Relationship,
    RoleAssignment,
    User,
)
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, IdentifierType, Kind, OrgType, Role

NOW = datetime(2025, 10, 1, 6, tzinfo=UTC)
BASE: tuple[Record, ...] = (
    Org(sourced_id="s1", type=OrgType.school),
    Class(sourced_id="c1", org_id="s1"),
    Class(sourced_id="c2", org_id="s1"),
)


def _student(given: str, family: str, sourced_id: str = "u1") -> User:
    return a_student(sourced_id, given_name=given, family_name=family)


def _family(child: User, born: date, adult: str, class_id: str) -> list[Record]:
    """Return a child with a birth date, a parent, and a class."""
    i = child.sourced_id
    return [
        child,
        Demographics(sourced_id=i, birth_date=born),
        an_adult(adult),
        Relationship(sourced_id=f"{i}-{adult}", student_id=i, contact_id=adult),
        an_enrollment(f"{i}-{class_id}", i, class_id),
    ]


ANA = _student("Ana", "Sample")
KEVIN = _student("Kevin", "Muster")
OLD = _family(ANA, date(2012, 1, 2), "mum", "c1")
NEW = _family(KEVIN, date(2014, 5, 6), "dad", "c2")


def _roster(records: Iterable[Record], *, day: int = 0, **facts: Any) -> Roster:  # noqa: ANN401 - any field
    return a_roster([*BASE, *records], days=day + 1, **facts)


def _host(records: Iterable[Record], **facts: Any) -> HostState:  # noqa: ANN401 - any field
    held = [HostRecord(ref=f"h-{r.sourced_id}", record=r, source=SOURCE, **facts) for r in records]
    return a_host(BASE, *held)


def _undated(records: Iterable[Record]) -> list[Record]:
    return [record for record in records if not isinstance(record, Demographics)]


def _report(host: HostState, roster: Roster) -> MatchReport:
    return match_people(roster, host_people(host), links=host_links(host, Kind.user))


def _why(plan: SyncPlan) -> dict[tuple[str, str], str]:
    return {(str(keep.kind), keep.sourced_id): keep.reason for keep in plan.kept}


@pytest.mark.parametrize("has_report", [True, False])
def test_a_reused_id_is_held_every_night(has_report: bool) -> None:
    """After a week the first child's record, family and class are as they were, unchanged."""
    before = host = _host(OLD)
    for day in range(8):
        roster = _roster(NEW, day=day)
        report = _report(host, roster) if has_report else ()
        host = apply_sync(host, plan_sync(host, roster, report, on=DAY + timedelta(days=day)))

    assert set(before.records) == set(host.records)


def test_what_hangs_on_a_reused_id_says_why_it_waits() -> None:
    """Birth date, parents and classes of either child are kept with the reason of the id."""
    plan = plan_sync(_host(OLD), _roster(NEW), on=DAY)

    assert plan.is_empty
    assert _why(plan) == dict.fromkeys(
        [
            ("user", "u1"),
            ("user", "mum"),
            ("user", "dad"),
            ("demographics", "u1"),
            ("relationship", "u1-mum"),
            ("relationship", "u1-dad"),
            ("enrollment", "u1-c1"),
            ("enrollment", "u1-c2"),
        ],
        "id_reused",
    )


def test_a_contact_waits_for_a_child_of_whom_only_the_report_knows() -> None:
    """Another child came with the SIS id of the host's own: neither child nor father is created."""
    sis_id = (Identifier(type=IdentifierType.sis_id, value="77"),)
    typed = attrs.evolve(ANA, sourced_id="own", identifiers=sis_id)
    born = Demographics(sourced_id="own", birth_date=date(2012, 1, 2))
    host = a_host(BASE, *(HostRecord(ref="own", record=record) for record in (typed, born)))
    roster = _roster([attrs.evolve(KEVIN, identifiers=sis_id), *NEW[1:]])
    report = match_people(roster, host_people(host))

    plan = plan_sync(host, roster, report, on=DAY)

    assert {g.reason for g in report.groups()} == {"id_reused"}
    assert not [c for c in plan.changes if c.kind is Kind.user]
    assert _why(plan)["user", "u1"] == _why(plan)["user", "dad"] == "id_reused"


def test_without_birth_dates_both_names_speak() -> None:
    """Where no birth date is known, other given and family names make an id reused."""
    plan = plan_sync(_host(_undated(OLD)), _roster(_undated(NEW)), on=DAY)

    assert _why(plan)["user", "u1"] == "id_reused"


@pytest.mark.parametrize(
    "now",
    [
        [_student("Ana", "Muster")],
        [_student("Kim", "Sample")],
        [_student("Kim", "Muster"), Demographics(sourced_id="u1", birth_date=date(2012, 1, 2))],
    ],
)
def test_a_person_who_took_another_name_is_updated(now: list[Record]) -> None:
    """One name, or the birth date beside two new names, that stays, is the same person."""
    plan = plan_sync(_host(OLD[:2]), _roster(now), on=DAY)

    assert [(c.action, c.kind) for c in plan.changes] == [(Action.update, Kind.user)]


def test_a_reused_id_of_an_archived_person_restores_nobody() -> None:
    """Who left years ago does not come back as another child."""
    host = _host(OLD, archived_on=date(2024, 6, 20), archive_reason="missing")

    plan = plan_sync(host, _roster(NEW), on=DAY)

    assert plan.is_empty
    assert _why(plan)["user", "u1"] == "id_reused"


def test_a_hand_made_record_is_not_adopted_as_another_child() -> None:
    """A pair that the host has stored is checked like an id: the host's own record stays."""
    own = [HostRecord(ref="7", record=attrs.evolve(ANA, sourced_id="7"))]
    own += [HostRecord(ref="7", record=Demographics(sourced_id="7", birth_date=date(2012, 1, 2)))]
    host = a_host(BASE, *own)
    link = Link(incoming="u1", existing="7", kind="student", rule="stored_link")

    plan = plan_sync(host, _roster(NEW[:2]), MatchReport(linked=(link,)), on=DAY)

    assert plan.is_empty
    assert _why(plan) == {("user", "u1"): "id_reused", ("demographics", "u1"): "no_user"}


def test_masked_names_contradict_nobody() -> None:
    """Names that the roster itself distrusts do not make an id reused."""
    masked = RosterWarning(
        code="EDL-ROST-001",
        message="names look masked",
        kind=Kind.user,
        distrusts=frozenset({"given_name", "family_name"}),
    )

    plan = plan_sync(_host(_undated(OLD)), _roster(_undated(NEW), warnings=(masked,)), on=DAY)

    assert _why(plan)["user", "u1"] == "distrusted"


def test_an_archived_and_released_record_makes_way() -> None:
    """Once a person archived the old record and took it from the source, the new child comes in."""
    host = _host(OLD)
    released = [
        attrs.evolve(r, source=None, archived_on=DAY)
        if r.ref[2:] in {i.sourced_id for i in OLD}
        else r
        for r in host.records
    ]
    released = [
        attrs.evolve(r, record=attrs.evolve(r.record, sourced_id=r.ref)) if r.source is None else r
        for r in released
    ]
    host = HostState(memory=host.memory, records=released)

    plan = plan_sync(host, _roster(NEW), on=DAY)

    assert {c.action for c in plan.changes} == {Action.create}
    assert not plan.kept


def _released_alone(*own: HostRecord) -> HostState:
    """Return the host after the child's record alone was archived and taken from the source."""
    host = _host(OLD)
    ana = attrs.evolve(
        host.managed(Kind.user)["u1"],
        source=None,
        archived_on=DAY,
        record=attrs.evolve(ANA, sourced_id="h-u1"),
    )
    others = [r for r in host.records if (r.kind, r.ref) != (ana.kind, ana.ref)]
    return attrs.evolve(host, records=[ana, *others, *own])


LEFT = {("demographics", "u1"), ("relationship", "u1-mum"), ("enrollment", "u1-c1")}


@pytest.mark.parametrize("state", [CoverageState.complete, CoverageState.withheld])
def test_what_hung_on_a_released_child_does_not_pass_to_the_new_one(state: CoverageState) -> None:
    """Birth date, parent and class go on the night the new child comes, even if not all is told."""
    coverage = Coverage(CoverageEntry(kind=kind, state=state) for kind in Kind)

    plan = plan_sync(_released_alone(), _roster([KEVIN], coverage=coverage), on=DAY)

    gone = {(str(c.kind), c.sourced_id, c.reason) for c in plan.of(Action.archive)}
    assert [c.sourced_id for c in plan.of(Action.create)] == ["u1"]
    assert gone == {(*what, "id_reused") for what in LEFT}


def test_what_hung_on_a_released_child_goes_though_its_class_is_held() -> None:
    """Both classes fall away at once and wait; the new child inherits no enrollment in them."""
    policy = SyncPolicy(min_absences=1, grace_days=0)

    plan = plan_sync(_released_alone(), a_roster([BASE[0], KEVIN]), policy=policy, on=DAY)

    assert [(c.kind, c.sourced_id) for c in plan.held if c.kind is Kind.class_] == [
        (Kind.class_, "c1"),
        (Kind.class_, "c2"),
    ]
    gone = {(str(c.kind), c.sourced_id) for c in plan.of(Action.archive)}
    assert gone >= LEFT


def test_what_the_roster_has_of_the_new_child_is_no_leftover() -> None:
    """A birth date that comes under the same id is changed; what came for nobody else is kept."""
    plan = plan_sync(_released_alone(), _roster(NEW), on=DAY)

    assert {(str(c.kind), c.sourced_id) for c in plan.of(Action.archive)} == {
        ("relationship", "u1-mum"),
        ("enrollment", "u1-c1"),
    }
    assert [(c.kind, c.sourced_id) for c in plan.of(Action.update)] == [(Kind.demographics, "u1")]


def test_what_hung_on_a_released_child_does_not_pass_to_who_is_adopted() -> None:
    """A record of the host's own that comes under the id inherits nothing either."""
    own = HostRecord(ref="7", record=attrs.evolve(KEVIN, sourced_id="7"))
    link = Link(incoming="u1", existing="7", kind="student", rule="stored_link")

    plan = plan_sync(_released_alone(own), _roster([KEVIN]), MatchReport(linked=(link,)), on=DAY)

    assert [c.ref for c in plan.of(Action.adopt)] == ["7"]
    assert {(str(c.kind), c.sourced_id) for c in plan.of(Action.archive)} == LEFT


def test_the_birth_date_of_the_hosts_own_child_is_found_by_the_child() -> None:
    """Whatever ref it has: a sister who was linked with the child is held."""
    own = (
        HostRecord(ref="7", record=attrs.evolve(ANA, sourced_id="7")),
        HostRecord(ref="8", record=Demographics(sourced_id="7", birth_date=date(2012, 1, 2))),
    )
    sister = [attrs.evolve(KEVIN, family_name=ANA.family_name), *NEW[1:]]
    link = Link(incoming="u1", existing="7", kind="student", rule="stored_link")

    plan = plan_sync(a_host(BASE, *own), _roster(sister), MatchReport(linked=(link,)), on=DAY)

    assert not plan.of(Action.adopt)
    assert _why(plan)["user", "u1"] == "id_reused"


def test_kinds_that_sync_does_not_manage_stay_though_an_id_has_a_new_owner() -> None:
    """Leftovers of a kind outside the policy are the host's to archive."""
    kinds = frozenset(Kind) - {Kind.relationship}

    plan = plan_sync(_released_alone(), _roster([KEVIN]), policy=SyncPolicy(kinds=kinds), on=DAY)

    assert _why(plan)["relationship", "u1-mum"] == "kind_not_managed"


def test_a_released_id_takes_all_that_hangs_on_it_along() -> None:
    """The user, birth date, link and enrollment are archived and the host's own; others stay."""
    host = _host(OLD)

    after = apply_sync(host, plan_release(host, "u1", on=DAY, now=NOW))

    own = {r.ref: r for r in after.records if r.source is None}
    assert own.keys() == {"h-u1", "h-u1-mum", "h-u1-c1"}
    assert len([r for r in own.values() if not r.is_active and r.sourced_id == r.ref]) == 3
    assert own["h-u1-mum"].record == Relationship(
        sourced_id="h-u1-mum", student_id="h-u1", contact_id="h-mum"
    )
    assert "mum" in after.managed(Kind.user)


def test_a_plan_after_a_release_brings_the_new_child_in() -> None:
    """Nothing is kept back any more, whatever refs the host gives to what a plan creates."""
    empty = HostState(memory=SyncMemory(source=SOURCE))
    host = apply_sync(empty, plan_sync(empty, _roster(OLD), on=DAY))
    released = apply_sync(host, plan_release(host, "u1", on=DAY, now=NOW))
    plan = plan_sync(released, _roster(NEW, day=1), on=DAY + timedelta(days=1))
    after = apply_sync(released, plan)

    assert after.managed(Kind.user)["u1"].record == KEVIN
    assert _why(plan) == {("user", "mum"): "waiting"}


def test_a_release_can_be_undone_and_of_nobody_is_empty() -> None:
    """The plan's inverse gives back the host as it was; an unknown id needs no plan."""
    host = _host(OLD, archived_on=date(2024, 6, 20))
    plan = plan_release(host, "u1", on=DAY, now=NOW)

    assert {c.action for c in plan.changes} == {Action.unmanage}
    assert apply_sync(apply_sync(host, plan), plan.inverse()) == host
    assert plan_release(host, "u9", on=DAY, now=NOW).is_empty


@pytest.mark.parametrize("also", [Role.teacher, Role.guardian])
def test_a_parent_who_is_wanted_for_more_than_the_held_child_comes_in(also: Role) -> None:
    """A teacher, or the parent of another child too, does not wait for the child's id."""
    sister = _student("Ida", "Muster", "u2")
    dad = User(sourced_id="dad", roles=(RoleAssignment(role=also),))
    kin = Relationship(sourced_id="u2-dad", student_id="u2", contact_id="dad")
    more = [dad] if also is Role.teacher else [dad, sister, kin]
    others = [record for record in NEW if record.sourced_id != "dad"]

    plan = plan_sync(_host(OLD), _roster([*others, *more]), on=DAY)

    assert "dad" in {c.sourced_id for c in plan.of(Action.create)}
