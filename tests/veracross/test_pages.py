import threading
import time

import pytest
from tests.veracross.conftest import MakeClient
from tests.veracross.school import Answer, Asked, School, StillClock, people

from edlink._http.transport import HttpSettings
from edlink.errors import (
    ConfigError,
    IncompletePullError,
    PayloadError,
    ProviderError,
    UnavailableError,
)
from edlink.veracross.endpoints import PARENTS, STAFF, STUDENTS


def _ids(make_client: MakeClient, page_size: int) -> list[str]:
    rows = make_client(page_size=page_size).rows(STUDENTS)
    return [row.id for row in rows]


def test_an_empty_page_ends_a_list(school: School, make_client: MakeClient) -> None:
    """A short page is no end: one that is empty, and again when it is asked for twice, is."""
    assert _ids(make_client, 2) == ["1", "2", "3"]
    assert school.pages("/students") == [1, 2, 3, 3]


def test_an_empty_page_that_was_an_accident_ends_nothing(
    school: School, make_client: MakeClient
) -> None:
    """Rows that come when an empty page is asked for again are read on."""
    accidents = threading.Semaphore(1)

    def blink(asked: Asked, answer: Answer) -> Answer:
        is_hit = (asked.path, asked.page) == ("/students", 2) and accidents.acquire(blocking=False)
        return Answer.json({"data": []}) if is_hit else answer

    school.fault = blink
    assert _ids(make_client, 1) == ["1", "2", "3"]


def test_an_empty_list_costs_one_request(school: School, make_client: MakeClient) -> None:
    """A first page without rows is the end."""
    school.rows["/students"] = []
    assert not _ids(make_client, 2)
    assert school.pages("/students") == [1]


def test_a_short_page_in_the_middle_loses_no_row(school: School, make_client: MakeClient) -> None:
    """Rows behind a page with fewer rows than asked for are read on."""
    rows = people(5)
    pages = {1: rows[:2], 2: rows[2:3], 3: rows[3:]}

    def shorten(asked: Asked, answer: Answer) -> Answer:
        is_list = asked.path == "/students"
        return Answer.json({"data": pages.get(asked.page, [])}) if is_list else answer

    school.fault = shorten
    assert _ids(make_client, 2) == ["1", "2", "3", "4", "5"]


def test_a_full_last_page_needs_one_more_request(school: School, make_client: MakeClient) -> None:
    """There is no count, so a list that ends with a full page is asked on until it is empty."""
    assert _ids(make_client, 3) == ["1", "2", "3"]
    assert school.pages("/students") == [1, 2, 2]


def test_a_server_that_overlooks_the_page_size_loses_no_row(
    school: School, make_client: MakeClient
) -> None:
    """A first page of just the size nobody asked for is not taken for a short one."""
    school.rows["/students"] = people(250)
    school.page_size = 100
    assert len(_ids(make_client, 1000)) == 250


def test_a_list_of_just_the_default_size_is_read_whole(
    school: School, make_client: MakeClient
) -> None:
    """A list that happens to have as many rows as the default page ends at an empty one too."""
    school.rows["/students"] = people(100)
    assert len(_ids(make_client, 1000)) == 100
    assert school.pages("/students") == [1, 2, 2]


def test_a_short_page_that_comes_again_is_an_error(school: School, make_client: MakeClient) -> None:
    """A server that knows no page numbers is found out by a list of one short page too."""

    def repeat(asked: Asked, answer: Answer) -> Answer:
        first = Answer.json({"data": people(2)})
        return first if asked.path == "/students" else answer

    school.fault = repeat
    with pytest.raises(IncompletePullError, match="EDL-PULL-002"):
        _ids(make_client, 1000)


def test_a_page_that_comes_again_is_an_error(school: School, make_client: MakeClient) -> None:
    """A server that sends the same page for the next number is not believed."""

    def repeat(asked: Asked, answer: Answer) -> Answer:
        first = Answer.json({"data": people(2)})
        return first if asked.path == "/students" else answer

    school.fault = repeat
    with pytest.raises(IncompletePullError, match="EDL-PULL-002"):
        _ids(make_client, 2)


def test_a_list_without_end_is_an_error(school: School, make_client: MakeClient) -> None:
    """A server that always has another row is not followed forever."""

    def endless(asked: Asked, answer: Answer) -> Answer:
        rows = people(1000, first=asked.page * 1000)
        return Answer.json({"data": rows}) if asked.path == "/students" else answer

    school.fault = endless
    client = make_client()
    walker = client._puller.walker
    object.__setattr__(walker, "max_rows", 5000)
    with pytest.raises(IncompletePullError, match="EDL-PULL-003"):
        list(client.rows(STUDENTS))


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failing_page_fails_the_pull(
    school: School, make_client: MakeClient, page: int, status: int
) -> None:
    """Whichever page cannot be had, nothing is returned."""

    def fail(asked: Asked, answer: Answer) -> Answer:
        if (asked.path, asked.page) == ("/students", page):
            return Answer.json({"error": "Sorry", "error_id": "e3"}, status)
        return answer

    school.fault = fail
    with pytest.raises(ProviderError) as caught:
        make_client(page_size=1).pull_roster()
    assert caught.value.provider_code == "e3"


def test_access_that_ends_in_the_middle_fails_the_pull(
    school: School, make_client: MakeClient
) -> None:
    """A 401 behind the first page is no missing scope but a list broken off."""

    def shut(asked: Asked, answer: Answer) -> Answer:
        if (asked.path, asked.page) == ("/students", 2):
            return Answer.json({"error": "revoked", "error_id": "e4"}, 401)
        return answer

    school.fault = shut
    with pytest.raises(IncompletePullError, match="EDL-VERACROSS-001"):
        make_client(page_size=2).pull_roster()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<html>Sign in</html>", "EDL-PAGE-001"),
        (b'{"error": "no", "error_id": "e"}', "EDL-PAGE-002"),
        (b'{"rows": []}', "EDL-PAGE-003"),
        (b"{}", "EDL-PAGE-003"),
        (b'{"data": null}', "EDL-PAGE-003"),
    ],
)
@pytest.mark.parametrize("page", [1, 2])
def test_an_answer_without_rows_is_no_empty_list(
    school: School, make_client: MakeClient, body: bytes, code: str, page: int
) -> None:
    """HTML, an error body, another envelope or none with status 200 is an error on every page."""
    school.fault = lambda asked, answer: (
        Answer(200, body) if (asked.path, asked.page) == ("/students", page) else answer
    )
    with pytest.raises(PayloadError, match=code):
        make_client(page_size=2).pull_roster()


def test_a_row_that_moved_between_pages_is_found_on_second_reading(
    school: School, make_client: MakeClient
) -> None:
    """A row that comes twice means that another moved: the list is read again, whole."""
    rounds = threading.Semaphore(1)
    moved = [*people(2), *people(1)]  # row 3 slipped to a page that was read before

    def move(asked: Asked, answer: Answer) -> Answer:
        if (asked.path, asked.page) != ("/students", 2) or not rounds.acquire(blocking=False):
            return answer
        return Answer.json({"data": moved[2:]})

    school.fault = move
    school.rows["/students"] = people(4)
    roster = make_client(page_size=3).pull_roster()
    assert {"1", "2", "3", "4"} <= {user.sourced_id for user in roster.users}
    assert "EDL-WARN-703" not in {warning.code for warning in roster.warnings}


def test_rows_that_keep_moving_are_kept_once_and_said(
    school: School, make_client: MakeClient
) -> None:
    """Rows that come twice even then are kept once, and the roster warns of it."""
    school.rows["/students"] = [*people(3), *people(2)]
    roster = make_client(page_size=2).pull_roster()
    assert [user.sourced_id for user in roster.users][:3] == ["1", "2", "3"]
    warning = next(w for w in roster.warnings if w.code == "EDL-WARN-703")
    assert warning.count == 2


def test_value_lists_are_asked_for_once_a_list(school: School, make_client: MakeClient) -> None:
    """The lists of values come with the first page of each list and no other."""
    make_client(page_size=1).pull_roster()
    assert [a.wants_lists for a in school.asked if a.path == "/students"] == [
        True,
        *[False] * 4,
    ]


def test_a_pause_lasts_until_the_reset(
    school: School, make_client: MakeClient, clock: StillClock
) -> None:
    """After a 429 the next request waits for the moment that X-Rate-Limit-Reset names."""
    rounds = threading.Semaphore(1)
    reset = {"X-Rate-Limit-Reset": str(int(time.time()) + 90)}

    def limit(asked: Asked, answer: Answer) -> Answer:
        if asked.path != "/staff_faculty" or not rounds.acquire(blocking=False):
            return answer
        return Answer(429, b"", reset)

    school.fault = limit
    list(make_client().rows(STAFF))
    assert sum(clock.slept) >= 89


def test_a_pause_longer_than_the_budget_is_an_error(
    school: School, make_client: MakeClient
) -> None:
    """A reset beyond the time budget is not waited for."""
    school.fault = lambda *_: Answer(503, b"", {"Retry-After": "900"})
    settings = HttpSettings(rate=0, attempts=3, deadline=60)
    with pytest.raises(UnavailableError):
        list(make_client(settings=settings).rows(STUDENTS))


def test_filters_reach_the_school(school: School, make_client: MakeClient) -> None:
    """What a list is filtered by is sent as query parameters."""
    list(make_client().rows(PARENTS, include_deceased=True))
    assert school.asked[-1].params == {"include_deceased": "true"}


def test_a_filter_that_a_list_does_not_take_is_not_sent(
    school: School, make_client: MakeClient
) -> None:
    """A parameter that would be a 400 is refused before any request."""
    with pytest.raises(ConfigError, match="EDL-CONF-067"):
        list(make_client().rows(PARENTS, role="Parent"))
    assert not school.asked
