"""A person, or a class, gets another id while the pull does not tell what hangs on it."""

from collections.abc import Iterable
from datetime import date, timedelta

import attrs
import pytest
from tests.matching.sync_cases import (
    AT_ONCE,
    CLASS,
    DAY,
    ORGS,
    SOURCE,
    a_host,
    a_link,
    a_report,
    a_roster,
    a_student,
    an_adult,
    an_enrollment,
    an_override,
    reasons_of,
)

from edlink.coverage import Coverage, CoverageEntry
from edlink.matching.apply import apply_sync
from edlink.matching.host import HostRecord, HostState
from edlink.matching.host_side import host_people
from edlink.matching.overrides import Overrides, OverrideType
from edlink.matching.plan import Action, SyncPlan
from edlink.matching.policy import Limits, SyncPolicy
from edlink.matching.sync import plan_sync
from edlink.model import Demographics, Record, Relationship
from edlink.vocabulary import CoverageState, Kind

ADA = a_student("p0", given_name="Ada")
MOVED = attrs.evolve(ADA, sourced_id="q0")
PARENT = an_adult("g")
KIN = Relationship(sourced_id="r", student_id="p0", contact_id="g", custody_status_raw="x")
BORN = Demographics(sourced_id="p0", birth_date=date(2012, 2, 29))
IN_CLASS = an_enrollment("e", "p0", "c1")
LINKS: tuple[Record, ...] = (KIN, BORN, IN_CLASS)
REPORT = a_report(a_link("q0", "h-p0"))
CONNECTING = (Kind.enrollment, Kind.relationship, Kind.demographics)
SILENT = Coverage(
    CoverageEntry(
        kind=kind,
        state=CoverageState.withheld if kind in CONNECTING else CoverageState.complete,
    )
    for kind in Kind
)
SHUT = SyncPolicy(limits={Kind.user: Limits(removed_percent=0, floor=0)})


def _host(*own: HostRecord) -> HostState:
    return a_host([*ORGS, CLASS, ADA, PARENT, *LINKS], *own)


def _plan(
    host: HostState,
    *links: Record,
    coverage: Coverage = SILENT,
    policy: SyncPolicy | None = None,
    overrides: Iterable[tuple[OverrideType, Kind, str, frozenset[str]]] = (),
    days: int = 1,
) -> SyncPlan:
    roster = a_roster([*ORGS, CLASS, MOVED, PARENT, *links], coverage=coverage, days=days)
    entries = [an_override(t, kind, ref=ref, fields=fields) for t, kind, ref, fields in overrides]
    day = DAY + timedelta(days=days - 1)
    ledger = Overrides(entries)
    return plan_sync(host, roster, REPORT, policy=policy, overrides=ledger, on=day)


def _ends(host: HostState) -> dict[str, Record]:
    return {r.ref: r.record for r in host.records if r.kind in CONNECTING}


FOLLOWED: dict[str, Record] = {
    "h-r": attrs.evolve(KIN, student_id="q0"),
    "h-p0": attrs.evolve(BORN, sourced_id="q0"),
    "h-e": attrs.evolve(IN_CLASS, user_id="q0"),
}


def test_what_the_pull_does_not_tell_follows_the_new_id() -> None:
    """Parents, birth date and class hang on the new id at once, and the plan can be undone."""
    host = _host()

    plan = _plan(host)
    after = apply_sync(host, plan)

    assert {c.reason for c in plan.changes} == {"sis_id", "rekeyed"}
    assert _ends(after) == FOLLOWED
    assert reasons_of(plan) == dict.fromkeys(["r", "p0", "e"], "not_covered")
    assert apply_sync(after, plan.inverse()) == host


def test_birth_date_and_children_are_known_while_they_are_not_told() -> None:
    """Matching finds the person with all that the host knew under the old id."""
    host = _host()

    after = apply_sync(host, _plan(host))

    assert host_people(after) == tuple(
        attrs.evolve(p, provider_ids=("q0",)) if p.ref == "h-p0" else p for p in host_people(host)
    )


def test_what_is_told_again_keeps_its_refs() -> None:
    """Nights later the same links come under new ids of their own: nothing is made or archived."""
    host = _host()
    host = apply_sync(host, _plan(host))
    told = [attrs.evolve(r, sourced_id=f"{r.sourced_id}2") for r in FOLLOWED.values()]
    told[1] = FOLLOWED["h-p0"]

    plan = _plan(host, *told, coverage=Coverage(CoverageEntry(kind=k) for k in Kind), days=2)

    assert [(c.action, c.ref) for c in plan.changes] == [
        (Action.rekey, "h-e"),
        (Action.rekey, "h-r"),
    ]


def test_what_hangs_on_a_held_rekey_follows_once_it_is_approved() -> None:
    """While a person has not looked, person and links keep the old id; then all get the new one."""
    host = _host()
    plan = _plan(host, policy=SHUT)

    waiting = apply_sync(host, plan)
    done = apply_sync(waiting, plan.approve(plan.fingerprint))

    assert set(waiting.records) == set(host.records)
    assert {c.reason for c in plan.held if c.kind in CONNECTING} == {"rekey_held"}
    assert _ends(done) == FOLLOWED


def test_a_person_whose_links_were_not_told_is_known_by_the_new_id() -> None:
    """The pull names the person as it knows them; what it does not tell of them is not missing."""
    everything = [CoverageEntry(kind=kind) for kind in Kind]
    untold = [CoverageEntry(kind=k, user_id="q0", state=CoverageState.failed) for k in CONNECTING]

    plan = _plan(_host(), coverage=Coverage([*everything, *untold]), policy=AT_ONCE)

    assert not [c for c in (*plan.changes, *plan.held) if c.action is Action.archive]
    assert reasons_of(plan) == dict.fromkeys(["r", "p0", "e"], "not_covered")


def test_what_waits_to_be_archived_is_counted_under_the_new_id() -> None:
    """A birth date that is missing on the night of the re-key goes on time."""
    complete = Coverage(CoverageEntry(kind=kind) for kind in Kind)
    host = _host()
    policy = SyncPolicy(grace_days=1)

    first = _plan(host, coverage=complete, policy=policy)
    second = _plan(apply_sync(host, first), coverage=complete, policy=policy, days=2)

    assert {(a.kind, a.sourced_id) for a in first.memory.absences} == {
        (Kind.enrollment, "e"),
        (Kind.relationship, "r"),
        (Kind.demographics, "q0"),
    }
    assert {(c.kind, c.sourced_id) for c in second.held} == {
        (Kind.enrollment, "e"),
        (Kind.relationship, "r"),
        (Kind.demographics, "q0"),
    }


def test_a_held_archiving_is_of_the_new_id() -> None:
    """A birth date that follows and whose archiving is held is archived once approved."""
    complete = Coverage(CoverageEntry(kind=kind) for kind in Kind)
    host = _host()
    plan = _plan(host, coverage=complete, policy=AT_ONCE)

    done = apply_sync(apply_sync(host, plan), plan.approve(plan.fingerprint))

    assert (Action.archive, Kind.demographics, "q0") in {
        (c.action, c.kind, c.sourced_id) for c in plan.held
    }
    assert _ends(done) == FOLLOWED
    assert not any(r.is_active for r in done.records if r.kind in CONNECTING)


@pytest.mark.parametrize(
    ("type_", "fields"),
    [(OverrideType.hidden, frozenset()), (OverrideType.sticky, frozenset({"student_id"}))],
)
def test_what_a_person_fixed_stays(type_: OverrideType, fields: frozenset[str]) -> None:
    """A hidden link and a sticky end are left alone."""
    host = _host()

    after = apply_sync(host, _plan(host, overrides=[(type_, Kind.relationship, "h-r", fields)]))

    assert _ends(after) == FOLLOWED | {"h-r": KIN}


def test_a_birth_date_takes_no_id_that_another_has() -> None:
    """Where the host has an older birth date under the new id, the person's own stays as it is."""
    older = HostRecord(
        ref="x", record=Demographics(sourced_id="q0"), source=SOURCE, archived_on=date(2020, 6, 1)
    )
    host = _host(older)

    after = apply_sync(host, _plan(host))

    assert _ends(after) == FOLLOWED | {"h-p0": BORN, "x": older.record}


def test_a_birth_date_takes_no_id_that_comes_tonight() -> None:
    """Where the roster tells birth dates under both ids, the new one is made and the old stays."""
    host = _host()
    complete = Coverage(CoverageEntry(kind=kind) for kind in Kind)

    plan = _plan(host, KIN, BORN, IN_CLASS, FOLLOWED["h-p0"], coverage=complete)
    after = apply_sync(host, plan)

    assert {r.ref: r.record for r in after.managed(Kind.demographics).values()} == {
        "h-p0": BORN,
        f"{SOURCE}/demographics/q0": FOLLOWED["h-p0"],
    }


def test_links_follow_a_class_and_those_archived_before_do_not() -> None:
    """Enrollments hang on the class's new id; what was archived already is history."""
    old = HostRecord(
        ref="x", record=an_enrollment("x", "p0", "c1"), source=SOURCE, archived_on=date(2020, 6, 1)
    )
    host = _host(old)
    new_class = attrs.evolve(CLASS, sourced_id="c9")
    roster = a_roster([*ORGS, new_class, ADA, PARENT, KIN, BORN], coverage=SILENT)

    plan = plan_sync(host, roster, a_report(a_link("c9", "h-c1", "class")), on=DAY)
    after = apply_sync(host, plan)

    assert [(c.action, c.ref) for c in plan.changes] == [
        (Action.rekey, "h-c1"),
        (Action.update, "h-e"),
    ]
    assert after.get(Kind.enrollment, "h-e") == HostRecord(
        ref="h-e", record=attrs.evolve(IN_CLASS, class_id="c9"), source=SOURCE
    )
    assert after.get(Kind.enrollment, "x") == old


def test_links_follow_a_person_who_returns_under_a_new_id() -> None:
    """Who was archived comes back under another id with the links that nobody told meanwhile."""
    away = HostRecord(ref="h-p0", record=ADA, source=SOURCE, archived_on=date(2025, 6, 1))
    host = a_host([*ORGS, CLASS, PARENT, *LINKS], away)

    after = apply_sync(host, _plan(host))

    assert _ends(after) == FOLLOWED
