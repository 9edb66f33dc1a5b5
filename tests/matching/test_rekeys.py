from datetime import date

import attrs
import pytest
from tests.matching.sync_cases import DAY, SOURCE, a_host, a_roster, a_student

from edlink.matching.apply import apply_sync
from edlink.matching.host import HostRecord, HostState, SyncMemory
from edlink.matching.plan import SyncPlan
from edlink.matching.sync import plan_sync
from edlink.model import Demographics, Identifier, Org, Record, Relationship, RoleAssignment, User
from edlink.vocabulary import IdentifierType, Kind, OrgType, Role

SCHOOL = Org(sourced_id="s1", type=OrgType.school)


def _student(sourced_id: str, sis_id: str, given: str, family: str = "Moss") -> User:
    ids = (Identifier(type=IdentifierType.sis_id, value=sis_id),)
    return a_student(sourced_id, given_name=given, family_name=family, identifiers=ids)


def _contact(sourced_id: str, phone: str) -> User:
    roles = (RoleAssignment(role=Role.contact),)
    return User(
        sourced_id=sourced_id, given_name="Ida", family_name="Moss", phone=phone, roles=roles
    )


CHILD = _student("a1", "0042", "Ada")
BASE: tuple[Record, ...] = (
    SCHOOL,
    CHILD,
    Demographics(sourced_id="a1", birth_date=date(2014, 3, 25)),
    _contact("p1", "555-0100"),
    Relationship(sourced_id="p1-a1", student_id="a1", contact_id="p1"),
)


def _plan(host: HostState, *records: Record) -> SyncPlan:
    return plan_sync(host, a_roster(records), on=DAY)


def _steps(plan: SyncPlan) -> list[tuple[str, str, str]]:
    return [(str(c.action), c.sourced_id, c.reason) for c in plan.changes]


def test_a_student_with_a_new_id_is_known_by_the_sis_id() -> None:
    """A new id of the same pupil re-keys the record and all that hangs on it."""
    new: list[Record] = [
        SCHOOL,
        attrs.evolve(CHILD, sourced_id="a2"),
        Demographics(sourced_id="a2", birth_date=date(2014, 3, 25)),
        _contact("p1", "555-0100"),
        Relationship(sourced_id="p1-a2", student_id="a2", contact_id="p1"),
    ]
    host = a_host(BASE)

    plan = _plan(host, *new)
    after = apply_sync(host, plan)

    assert _steps(plan) == [
        ("rekey", "a2", "sis_id"),
        ("rekey", "p1-a2", "same_ends"),
        ("rekey", "a2", "same_ends"),
    ]
    assert {r.sourced_id for r in after.records} == {r.sourced_id for r in new}
    assert {r.ref for r in after.records} == {r.ref for r in host.records}


def test_a_contact_with_a_new_id_is_known_by_child_and_phone() -> None:
    """Clever makes a contact without SIS id anew at every change; the host keeps its record."""
    new = [r for r in BASE if r.sourced_id not in ("p1", "p1-a1")] + [
        _contact("p2", "555-0100"),
        Relationship(sourced_id="p2-a1", student_id="a1", contact_id="p2"),
    ]

    plan = _plan(a_host(BASE), *new)

    assert [(action, i) for action, i, _ in _steps(plan)] == [("rekey", "p2"), ("rekey", "p2-a1")]


def test_who_returns_under_a_new_id_is_restored_and_rekeyed() -> None:
    """After 300 days a provider gives a new id; the archived record comes back with it."""
    archived = HostRecord(
        ref="h-a1",
        record=CHILD,
        source=SOURCE,
        archived_on=date(2024, 9, 1),
        archive_reason="missing",
    )
    host = a_host([SCHOOL], archived)
    back = attrs.evolve(CHILD, sourced_id="a2")

    plan = _plan(host, SCHOOL, back)
    after = apply_sync(host, plan)

    assert _steps(plan) == [("rekey", "a2", "sis_id")]
    assert after.get(Kind.user, "h-a1") == HostRecord(ref="h-a1", record=back, source=SOURCE)


def test_an_id_that_was_rekeyed_away_may_be_given_to_another_child() -> None:
    """The new child gets a ref of their own beside the first; it can be undone, and it stays."""
    moved = attrs.evolve(CHILD, sourced_id="a2")
    other = _student("a1", "0077", "Bert", "Quill")
    host = HostState(memory=SyncMemory(source=SOURCE))
    for records in ([CHILD], [moved]):
        host = apply_sync(host, _plan(host, SCHOOL, *records))

    plan = _plan(host, SCHOOL, moved, other)
    after = apply_sync(host, plan)

    assert _steps(plan) == [("create", "a1", "new")]
    refs = {i: held.ref for i, held in after.managed(Kind.user).items()}
    assert refs == {"a2": f"{SOURCE}/user/a1", "a1": f"{SOURCE}/user/a1+"}
    assert apply_sync(after, plan.inverse()) == host
    assert _plan(after, SCHOOL, moved, other).is_empty


def test_a_sis_id_given_to_another_person_is_left_to_a_person() -> None:
    """The same SIS id with another name and birth date is neither the old person nor made."""
    other: list[Record] = [
        SCHOOL,
        _student("b1", "0042", "Bert", "Quill"),
        Demographics(sourced_id="b1", birth_date=date(2016, 7, 8)),
    ]

    plan = _plan(a_host(BASE[:3]), *other)

    assert plan.changes == ()
    why = {(k.kind, k.sourced_id): k.reason for k in plan.kept}
    assert why[Kind.user, "b1"] == "id_reused"
    assert why[Kind.user, "a1"] == "waiting"


def test_twins_who_enrol_are_two_new_people() -> None:
    """Two new pupils alike in all but the SIS id are made, and nobody is merged."""
    twins = [_student("t1", "0050", "May"), _student("t2", "0051", "Mae")]

    plan = _plan(a_host(BASE), *BASE, *twins)

    assert _steps(plan) == [("create", "t1", "new"), ("create", "t2", "new")]


@pytest.mark.parametrize("left_on", [date(2023, 6, 20), None])
def test_a_sister_who_inherits_the_mailbox_is_new(left_on: date | None) -> None:
    """One of two given names and the family's mailbox make nobody the sister who left."""
    mail = "home@example.org"
    sister = attrs.evolve(CHILD, given_name="Maria", email=mail, identifiers=())
    held = HostRecord(
        ref="h-a1",
        record=sister,
        source=SOURCE,
        archived_on=left_on,
        archive_reason=None if left_on is None else "missing",
    )
    host = a_host([SCHOOL], held)
    new = attrs.evolve(sister, sourced_id="a2", given_name="Maria Jose")

    assert _steps(_plan(host, SCHOOL, new)) == [("create", "a2", "new")]
