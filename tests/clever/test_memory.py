"""Memory stays flat, however long a list is."""

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.clever.conftest import FAST
from tests.clever.replay import TOKEN, Answer, Asked, Clever, Fault, serve
from tests.clever.rows import small

from edlink.clever import CleverClient
from edlink.vocabulary import Role

PAGE = 150
SHORT, LONG = 700, 2_800


def endless(count: int) -> Fault:
    """Return what makes each page of so many rows when it is asked for, and keeps none."""

    def page(asked: Asked, _: Answer) -> Answer:
        first = int(asked.params.get("starting_after", "0")) + 1
        numbers = range(first, min(first + PAGE, count + 1))
        make = _section if asked.path == "/sections" else _student
        if asked.path == "/events":
            make = _event
        more = f"{asked.path}?starting_after={numbers[-1]:07}"
        links = [{"rel": "next", "uri": more}] if numbers[-1] < count else []
        return Answer.json({"data": [{"data": make(f"{n:07}")} for n in numbers], "links": links})

    return page


def _student(number: str) -> dict[str, Any]:
    name = {"first": f"Given {number}", "last": f"Family {number}"}
    student = {"sis_id": number, "school": "s1", "schools": ["s1"], "dob": "2/11/2014"}
    return {"id": number, "name": name, "roles": {"student": student}}


def _section(number: str) -> dict[str, Any]:
    members = {"students": [f"{number}a", f"{number}b"], "teachers": ["t"]}
    return {"id": number, "school": "s1", "name": f"Class {number}", **members}


def _event(number: str) -> dict[str, Any]:
    return {"id": number, "type": "users.updated", "data": {"object": _student(number)}}


def peak(client: CleverClient, walk: Callable[[CleverClient], Iterator[object]]) -> int:
    tracemalloc.start()
    try:
        for _ in walk(client):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "walk",
    [
        lambda client: client.users(Role.student),
        lambda client: client.enrollments(),
        lambda client: client.events(),
    ],
    ids=["users", "enrollments", "events"],
)
def test_a_long_list_needs_no_more_than_a_short_one(
    walk: Callable[[CleverClient], Iterator[object]],
) -> None:
    """A further row costs some bytes, of its id and the parser's texts, not a record's thousand."""
    peaks = []
    for count in (SHORT, LONG):
        with (
            serve(Clever(small(), fault=endless(count))) as clever,
            CleverClient(TOKEN, base_url=clever.base_url, settings=FAST, page_size=PAGE) as client,
        ):
            list(walk(client))  # what is loaded, compiled and remembered once is not the list's
            peaks.append(peak(client, walk))
    assert peaks[1] - peaks[0] < 100 * (LONG - SHORT)
