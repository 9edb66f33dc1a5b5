"""What a host's plans make of a school at Veracross whose scopes change."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest
from tests.veracross.test_sandbox import connect

from edlink import Kind, Relationship, Role, Roster, sandbox
from edlink.matching import Action, HostState, SyncMemory, SyncPlan, apply_sync, plan_sync
from edlink.sandbox import District, Sandbox
from edlink.sandbox.exchange import Reply, Request, json_reply
from edlink.sandbox.veracross.views import PERSON
from edlink.vocabulary import Status

START = date(2026, 9, 1)

#: Kinds of which records come although a list that fills them is refused.
STANDING = (Kind.user, Kind.class_, Kind.org, Kind.academic_session)

#: Roles and the district's own words for a person in each who has no other.
WORDS = {
    Role.student: {"student"},
    Role.teacher: {"teacher"},
    Role.staff: {"counselor", "proctor", "principal"},
    Role.guardian: {"parent", "guardian"},
}


def plan_on(host: HostState, roster: Roster, day: int) -> SyncPlan:
    """Return the plan for a roster pulled on a day after the start."""
    moment = datetime.combine(START, datetime.min.time(), UTC) + timedelta(days=day)
    pulled = attrs.evolve(roster, pulled_at=moment)
    return plan_sync(host, pulled, on=START + timedelta(days=day))


def person_id(district: District, role: Role, number: int) -> tuple[str, str]:
    """Return a person of a role, in the district's id and in Veracross'."""
    users = district.users
    active = (user for user in users if user.status is Status.active)
    found = [user for user in active if {r.role_raw for r in user.roles} <= WORDS[role]]
    sourced_id = found[number].sourced_id
    return sourced_id, str(PERSON + (users.place_of(sourced_id) or 0))


def pulled_with(school: Sandbox, scopes: Iterable[str]) -> Roster:
    """Return the whole school as a client with some scopes sees it."""
    with connect(school, scopes=list(scopes)) as client:
        return client.pull_roster()


@contextmanager
def refused(school: Sandbox, path: str) -> Iterator[None]:
    """Refuse a list for want of its scope until the block ends."""
    whole = school.answer
    body = {"error": "The provided access token is missing a required scope", "error_id": "e1"}

    def answer(request: Request) -> Reply:
        is_it = request.method == "GET" and request.path.endswith(f"/v3{path}")
        return json_reply(body, 401) if is_it else whole(request)

    school.answer = answer  # type: ignore[method-assign] # a school that closes a scope
    try:
        yield
    finally:
        school.answer = whole  # type: ignore[method-assign] # and opens it


@pytest.mark.parametrize(
    ("lost", "unknown"),
    [
        ("students:list", {Role.student}),
        ("staff_faculty:list", {Role.teacher, Role.staff}),
        ("parents:list", {Role.guardian}),
        ("relationships:list", set()),
    ],
)
def test_a_scope_that_is_lost_between_two_pulls_archives_nobody_in_its_roles(
    lost: str, unknown: set[Role]
) -> None:
    """Who is no longer to be seen stays as they were; in the other roles people change and go."""
    with sandbox.start(people=300, provider="veracross", version="v3") as school:
        district, scopes = school.district, school.details["scopes"].split()
        before = pulled_with(school, scopes)
        empty = HostState(memory=SyncMemory(source=before.source), records=())
        host = apply_sync(empty, plan_on(empty, before, 0))
        leavers, renamed = {}, {}
        for role in WORDS:
            own, leavers[role] = person_id(district, role, -1)
            district.change(Kind.user, own, status=Status.deleted)
            own, renamed[role] = person_id(district, role, 0)
            district.change(Kind.user, own, given_name="Renamed")
        after = pulled_with(school, {*scopes} - {lost})
    first = plan_on(host, after, 1)
    for day in range(1, 6):
        host = apply_sync(host, plan_on(host, after, day))
    archived = {(h.kind, h.sourced_id) for h in host.records if not h.is_active}
    updates = [change for change in first.of(Action.update) if change.kind is Kind.user]
    updated = {c.sourced_id for c in updates for field in c.fields if field.name == "given_name"}

    assert {i for kind, i in archived if kind is Kind.user} == {
        leavers[role] for role in WORDS if role not in unknown
    }
    assert updated == {renamed[role] for role in WORDS if role not in unknown}
    assert lost not in {"relationships:list", "students:list"} or Kind.relationship not in {
        kind for kind, _ in archived
    }


@pytest.mark.parametrize(
    "path",
    [
        "/staff_faculty",
        "/parents",
        "/contact_info",
        "/academics/classes",
        "/academics/config/grading_periods",
        "/academics/class_schedules",
    ],
)
def test_a_list_that_is_refused_changes_nobody_of_the_others(path: str) -> None:
    """Roles, telephones and terms that stood on the list stay as the host has them."""
    with sandbox.start(people=1000, provider="veracross", version="v3") as school:
        before = pulled_with(school, school.details["scopes"].split())
        with refused(school, path):
            after = pulled_with(school, school.details["scopes"].split())
    empty = HostState(memory=SyncMemory(source=before.source), records=())
    host = apply_sync(empty, plan_on(empty, before, 0))
    plan = plan_on(host, after, 1)
    assert any(r != after.get(k, r.sourced_id) for k in STANDING for r in before.records(k))
    assert [(c.kind, c.action, [f.name for f in c.fields]) for c in plan.changes] == []


@contextmanager
def spoiled(school: Sandbox, path: str, change: Callable[[list[Any]], None]) -> Iterator[None]:
    """Change the rows of a list's pages until the block ends."""
    whole = school.answer

    def answer(request: Request) -> Reply:
        reply = whole(request)
        if not (request.method == "GET" and request.path.endswith(f"/v3{path}")):
            return reply
        body = json.loads(reply.body)
        change(body["data"])
        return json_reply(body)

    school.answer = answer  # type: ignore[method-assign] # a school with a row gone wrong
    try:
        yield
    finally:
        school.answer = whole  # type: ignore[method-assign] # and mended


def test_an_incomplete_row_of_another_family_lets_withdrawn_access_pass() -> None:
    """A parent who lost custody loses it here, and a link that is gone goes."""
    with sandbox.start(people=200, provider="veracross", version="v3") as school:
        before = pulled_with(school, school.details["scopes"].split())
        links = [r for r in before.relationships if r.has_legal_custody]
        other = links[0]
        told = [r for r in links if {r.student_id, r.contact_id}.isdisjoint(_ends(other))]
        withdrawn, gone = told[0], told[-1]

        def change(rows: list[Any]) -> None:
            for row in list(rows):
                ends = {str(row["person_id"]), str(row["related_person_id"])}
                if ends == _ends(withdrawn):
                    row |= {"legal_custody": False, "parent_portal_access": False}
                elif ends == _ends(other):
                    row["related_person_id"] = None
                elif ends == _ends(gone):
                    rows.remove(row)

        with spoiled(school, "/relationships", change):
            after = pulled_with(school, school.details["scopes"].split())
    empty = HostState(memory=SyncMemory(source=before.source), records=())
    host = apply_sync(empty, plan_on(empty, before, 0))
    for day in range(1, 6):
        host = apply_sync(host, plan_on(host, after, day))
    held = host.managed(Kind.relationship)
    assert not held[gone.sourced_id].is_active
    flags = {r.sourced_id: (_flags(held[r.sourced_id].record)) for r in (withdrawn, other)}
    assert flags == {withdrawn.sourced_id: (False, False), other.sourced_id: _flags(other)}
    assert held[other.sourced_id].is_active


def test_pupils_leave_classes_of_a_school_without_class_permissions() -> None:
    """A school without co-teachers still tells which pupils left; who teaches stays."""
    with sandbox.start(people=200, provider="veracross", version="v3") as school:
        before = pulled_with(school, school.details["scopes"].split())
        with spoiled(school, "/academics/permissions", lambda rows: rows.clear()):
            after = pulled_with(school, school.details["scopes"].split())
    pupil = next(e for e in after.enrollments if e.role is Role.student)
    after = attrs.evolve(after, enrollments=tuple(e for e in after.enrollments if e is not pupil))
    empty = HostState(memory=SyncMemory(source=before.source), records=())
    host = apply_sync(empty, plan_on(empty, before, 0))
    for day in range(1, 6):
        host = apply_sync(host, plan_on(host, after, day))
    assert len(after.enrollments) < len(before.enrollments) - 1
    assert [h.sourced_id for h in host.records if not h.is_active] == [pupil.sourced_id]


def _ends(link: Relationship) -> set[str]:
    return {link.student_id, link.contact_id}


def _flags(link: Any) -> tuple[bool | None, bool | None]:  # noqa: ANN401 - a relationship
    return link.has_legal_custody, link.has_portal_access


def test_a_parent_with_another_e_mail_is_the_same_parent() -> None:
    """A Person ID outlives every edit, so a new e-mail is an update and nobody comes or goes."""
    with sandbox.start(people=100, provider="veracross", version="v3") as school:
        scopes = school.details["scopes"].split()
        before = pulled_with(school, scopes)
        empty = HostState(memory=SyncMemory(source=before.source), records=())
        host = apply_sync(empty, plan_on(empty, before, 0))
        own, person = person_id(school.district, Role.guardian, 0)
        school.district.change(Kind.user, own, email="elsewhere@example.org")
        plan = plan_on(host, pulled_with(school, scopes), 1)
    assert [(c.action, c.sourced_id, [f.name for f in c.fields]) for c in plan.changes] == [
        (Action.update, person, ["email"])
    ]
