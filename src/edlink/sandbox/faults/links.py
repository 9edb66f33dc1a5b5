"""References that lead nowhere, or to the wrong kind of person."""

from collections.abc import Callable
from typing import Any, TypeAlias

import attrs

from edlink.sandbox import layout as at
from edlink.sandbox.district import District
from edlink.sandbox.exchange import Exchange
from edlink.sandbox.faults.fault import Change, Expects, Fault, Memory, Reads, struck
from edlink.vocabulary import Kind

Json: TypeAlias = dict[str, Any]
#: Ids that a user lists as agents, given the ones it has, its own id and the district.
Agents: TypeAlias = Callable[[tuple[str, ...], str, District], tuple[str, ...]]

NOWHERE = "zz-not-there"


def _agents(change: Agents) -> tuple[Change, Reads]:
    """Return how a change of agents looks on the wire and in the model."""

    def spoil(exchange: Exchange, _: Memory) -> None:
        if exchange.kind is not Kind.user:
            return
        for row in exchange.rows:
            before = tuple(ref["sourcedId"] for ref in row.get("agents", ()))
            after = change(before, row.get("sourcedId", ""), exchange.district)
            if after != before:
                href = "https://roster.example.org/users/x"
                row["agents"] = [{"href": href, "sourcedId": i, "type": "user"} for i in after]

    def reads(kind: Kind, record: Any, district: District) -> Any:  # noqa: ANN401 - any record
        if kind is not Kind.user:
            return record
        after = change(record.agent_ids, record.sourced_id, district)
        return attrs.evolve(record, agent_ids=after)

    return spoil, reads


def _is_student(user_id: str, district: District) -> bool:
    place = district.users.place_of(user_id)
    return place is not None and district.layout.is_student(place)


def _none(_: tuple[str, ...], __: str, ___: District) -> tuple[str, ...]:
    return ()


def _only_students(before: tuple[str, ...], user_id: str, district: District) -> tuple[str, ...]:
    return before if _is_student(user_id, district) else ()


def _with_teacher(before: tuple[str, ...], user_id: str, district: District) -> tuple[str, ...]:
    place = district.users.place_of(user_id)
    block = 0 if place is None else place // at.BLOCK
    if not _is_student(user_id, district) or block >= district.layout.blocks:
        return before
    return (*before, district.ids.user(block * at.BLOCK + at.STAFF_RECORD))


def _with_self(before: tuple[str, ...], user_id: str, district: District) -> tuple[str, ...]:
    picked = struck(user_id, 6) and _is_student(user_id, district)
    return (*before, user_id) if picked else before


def _with_nobody(before: tuple[str, ...], user_id: str, district: District) -> tuple[str, ...]:
    picked = struck(user_id, 6) and _is_student(user_id, district)
    return (*before, NOWHERE) if picked else before


def _lost_classes(exchange: Exchange, _: Memory) -> None:
    if exchange.kind is Kind.enrollment:
        for row in exchange.rows:
            if struck(row.get("sourcedId", ""), 20) and "class" in row:
                row["class"] = row["class"] | {"sourcedId": NOWHERE}


def _read_lost_classes(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    picked = kind is Kind.enrollment and struck(record.sourced_id, 20)
    return attrs.evolve(record, class_id=NOWHERE) if picked else record


def _fault(name: str, summary: str, expects: Expects, change: Agents) -> Fault:
    spoil, reads = _agents(change)
    return Fault(name=name, summary=summary, expects=expects, spoil=spoil, reads=reads)


FAULTS = (
    _fault("no_agents", "Never sends agents, as Ed-Fi's server does.", Expects.truth, _none),
    _fault(
        "one_sided_agents",
        "Lists adults on students, but nobody on adults.",
        Expects.truth,
        _only_students,
    ),
    _fault("teacher_agents", "Lists a teacher on each student.", Expects.issues, _with_teacher),
    _fault("self_agents", "Lists some students on themselves.", Expects.issues, _with_self),
    _fault(
        "dangling_agents",
        "Lists an adult on some students who has no record.",
        Expects.issues,
        _with_nobody,
    ),
    Fault(
        name="dangling_enrollments",
        summary="Points one enrollment in twenty at a class that does not exist.",
        expects=Expects.issues,
        spoil=_lost_classes,
        reads=_read_lost_classes,
    ),
)
