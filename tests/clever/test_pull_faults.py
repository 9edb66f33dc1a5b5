"""Pages, counts and answers that are not as they should be."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.clever.conftest import FAST
from tests.clever.replay import TOKEN, Answer, Asked, Clever, Fault, StillClock, at, serve
from tests.clever.rows import small

from edlink import Kind
from edlink.clever import CleverClient
from edlink.errors import (
    AuthError,
    IncompletePullError,
    PayloadError,
    ProviderError,
    RateLimitedError,
)
from edlink.vocabulary import CoverageState

HTML = Answer(200, b"<html>Log in</html>", {"Content-Type": "text/html"})


def lists_only(then: Answer) -> Callable[[Asked, Answer], Answer]:
    """Return what answers lists and leaves counts alone."""
    return lambda asked, answer: answer if asked.is_count else then


def test_a_full_last_page_is_followed_by_one_more(clever: Clever) -> None:
    """A full page that names no next one is not taken for the last."""

    def without_links(_: Asked, answer: Answer) -> Answer:
        return Answer.json({**json.loads(answer.body), "links": []})

    clever.fault = at("/terms", without_links)
    with CleverClient(
        TOKEN, base_url=clever.base_url, settings=FAST, page_size=1, verify_counts=False
    ) as client:
        roster = client.pull_roster()

    assert len(roster.academic_sessions) == 2


def test_a_next_link_on_the_last_page_does_no_harm(clever: Clever, client: CleverClient) -> None:
    """Clever may name a next page that is empty."""

    def with_next(_: Asked, answer: Answer) -> Answer:
        body = json.loads(answer.body)
        if body.get("data"):
            last = body["data"][-1]["data"]["id"]
            link = {"rel": "next", "uri": f"/v3.1/courses?starting_after={last}"}
            body["links"].append(link)
        return Answer.json(body)

    clever.fault = at("/courses", with_next)

    assert len(client.pull_roster().courses) == 1


@pytest.mark.parametrize(
    ("uri", "code"),
    [("/v3.1/courses", "EDL-CLEVER-002"), ("/v3.1/courses?starting_after=c1", "EDL-PULL-002")],
)
def test_pages_that_do_not_lead_on_raise(
    clever: Clever, client: CleverClient, uri: str, code: str
) -> None:
    """A next page without a place, or one that was read, ends the pull instead of looping."""
    body = {
        "data": [{"data": {"id": "c1"}}],
        "links": [{"rel": "next", "uri": uri}],
    }
    clever.fault = at("/courses", lists_only(Answer.json(body)))
    with pytest.raises(IncompletePullError, match=code):
        client.pull_roster()


def test_new_rows_with_an_old_next_page_raise(clever: Clever, client: CleverClient) -> None:
    """A list that goes back to where it was ends the pull, though each page has other rows."""
    numbers = iter(range(1, 6))

    def circle(asked: Asked, answer: Answer) -> Answer:
        if asked.is_count:
            return answer
        number = next(numbers)
        back = [{"rel": "next", "uri": "/v3.1/courses?starting_after=c1"}]
        page = {"data": [{"data": {"id": f"c{number}"}}], "links": back if number < 5 else []}
        return Answer.json(page)

    clever.fault = at("/courses", circle)
    with pytest.raises(IncompletePullError, match="EDL-PULL-002"):
        client.pull_roster()


def test_every_page_that_breaks_ends_the_pull() -> None:
    """Whichever page of whichever collection breaks, nothing is returned."""
    pages: list[Asked] = []

    def note(asked: Asked, answer: Answer) -> Answer:
        if not asked.is_count and asked.path not in ("/districts", "/events"):
            pages.append(asked)
        return answer

    with serve(Clever(small(), limit=1, fault=note)) as clever:
        with CleverClient(TOKEN, base_url=clever.base_url, settings=FAST) as client:
            client.pull_roster()
        for broken in pages:
            clever.fault = _html_at(broken)
            with (
                CleverClient(TOKEN, base_url=clever.base_url, settings=FAST) as client,
                pytest.raises(ProviderError) as caught,
            ):
                client.pull_roster()
            is_first = "starting_after" not in broken.params
            assert isinstance(caught.value, PayloadError if is_first else IncompletePullError)

    assert len(pages) == 16


def _html_at(broken: Asked) -> Fault:
    return lambda asked, answer: HTML if asked == broken else answer


def test_a_partial_pull_says_what_failed(clever: Clever, client: CleverClient) -> None:
    """With leave, the rest is returned and the coverage names the error."""
    clever.fault = at("/sections", lists_only(HTML))
    roster = client.pull_roster(allow_partial=True)
    entry = roster.coverage.entry(Kind.enrollment)

    assert entry is not None
    assert (entry.state, entry.reason) == (CoverageState.failed, "EDL-PAGE-001")
    assert (roster.classes, len(roster.users)) == ((), 8)


def test_refused_credentials_end_a_partial_pull_too(clever: Clever, client: CleverClient) -> None:
    """A token that is refused on the way is no partial success."""
    clever.fault = at("/sections", Answer.json({"message": "no"}, 401))
    with pytest.raises(AuthError):
        client.pull_roster(allow_partial=True)


def test_fewer_rows_than_clever_counts_raise(clever: Clever, client: CleverClient) -> None:
    """A collection that ends early is not whole, whatever its links say."""

    def more(asked: Asked, answer: Answer) -> Answer:
        return Answer.json({"count": 4}) if asked.is_count else answer

    clever.fault = at("/users", more, role="student")
    with pytest.raises(IncompletePullError, match="EDL-PULL-001"):
        client.pull_roster()
    partial = client.pull_roster(allow_partial=True)

    assert partial.coverage.state(Kind.demographics) is CoverageState.failed


@pytest.mark.parametrize(
    "answer", [Answer(200, b"no"), Answer.json([]), Answer.json({"count": "4"}), HTML]
)
def test_a_count_that_is_none_is_not_missed(
    clever: Clever, client: CleverClient, answer: Answer
) -> None:
    """Where Clever does not count, nothing is compared."""
    clever.fault = lambda asked, usual: answer if asked.is_count else usual

    assert len(client.pull_roster().users) == 8


def test_a_district_that_syncs_meanwhile_is_read_again(
    clever: Clever, client: CleverClient
) -> None:
    """When last_sync moves, the pull begins again, and ends once it stands still."""
    times = iter(["1", "2", "2", "2"])

    def moved(_: Asked, answer: Answer) -> Answer:
        body = json.loads(answer.body)
        body["data"][0]["data"]["last_sync"] = next(times)
        return Answer.json(body)

    clever.fault = at("/districts", moved)

    assert len(client.pull_roster().users) == 8
    assert clever.paths().count("/events") == 2


def test_a_district_that_never_stands_still_is_given_up(
    clever: Clever, client: CleverClient
) -> None:
    """A district that syncs during every try is an error, not a mixture of states."""
    counter = iter(range(100))

    def moved(_: Asked, answer: Answer) -> Answer:
        body = json.loads(answer.body)
        body["data"][0]["data"]["last_sync"] = str(next(counter))
        return Answer.json(body)

    clever.fault = at("/districts", moved)
    with pytest.raises(IncompletePullError, match="EDL-PULL-006"):
        client.pull_roster()


def test_no_user_at_all_is_no_success(clever: Clever, client: CleverClient) -> None:
    """A district without one person is a lost permission."""
    clever.rows = {**clever.rows, "users": []}
    with pytest.raises(IncompletePullError, match="EDL-PULL-007"):
        client.pull_roster()


def test_many_unreadable_rows_are_no_success(clever: Clever, client: CleverClient) -> None:
    """More than a few rows that cannot be read end the pull."""
    clever.rows = {**clever.rows, "courses": [{"id": str(n), "name": {}} for n in range(9)]}
    clever.fault = at("/courses", lists_only(Answer.json({"data": [{"data": {}}] * 9})))
    with pytest.raises(IncompletePullError, match="EDL-PULL-008"):
        client.pull_roster()


def test_an_empty_429_is_waited_for_until_the_quota_starts_anew(
    clever: Clever, client: CleverClient, clock: StillClock
) -> None:
    """The reset that Clever names is how long the next try waits."""
    limited = iter([Answer(429, b"", {"X-RateLimit-Reset": str(int(time.time()) + 40)})])
    clever.fault = at("/courses", lambda _, answer: next(limited, answer))
    client.pull_roster()

    assert any(39 <= pause <= 60 for pause in clock.slept)


def test_a_429_that_does_not_say_when_costs_a_whole_minute(
    clever: Clever, client: CleverClient, clock: StillClock
) -> None:
    """Clever counts by the minute, so growing pauses of a second would be spent before it ends."""
    limited = iter([Answer(429, b"")])
    clever.fault = at("/courses", lambda _, answer: next(limited, answer))
    client.pull_roster()

    assert any(60 <= pause <= 61 for pause in clock.slept)


def test_a_429_without_end_is_rate_limited(clever: Clever, client: CleverClient) -> None:
    """When the tries are spent, the error says so."""
    clever.fault = at("/courses", Answer(429, b""))
    with pytest.raises(RateLimitedError):
        client.pull_roster()


def test_clevers_word_for_a_fault_is_kept(clever: Clever, client: CleverClient) -> None:
    """A short error word is on the error; a sentence, or a body of another shape, is not."""
    words = []
    for body in ({"error": "invalid_scope"}, {"error": "for Sam Sentinel"}, ["x"], {"error": 7}):
        clever.fault = at("/courses", Answer.json(body, 400))
        with pytest.raises(ProviderError) as caught:
            client.pull_roster()
        words.append(caught.value.provider_code)

    assert words == ["invalid_scope", None, None, None]


def again(rows: int) -> Fault:
    """Return a fault that gives the first rows of users in place of the last page's."""
    first: dict[str, Any] = {}

    def repeat(asked: Asked, answer: Answer) -> Answer:
        if asked.params.get("role") != "student" or asked.is_count:
            return answer
        page: dict[str, Any] = json.loads(answer.body)
        if "starting_after" not in asked.params:
            first.update(page)
        elif not any(link["rel"] == "next" for link in page["links"]):
            page["data"] = [*first["data"][:rows], *page["data"][rows:]]
        return Answer.json(page)

    return repeat


def test_a_page_of_rows_that_all_came_before_is_an_error(
    clever: Clever, client: CleverClient
) -> None:
    """As many rows as Clever counts are not enough when some came twice."""
    clever.limit, clever.fault = 2, again(1)
    with pytest.raises(IncompletePullError, match="EDL-PULL-002"):
        client.pull_roster()


def test_a_row_that_came_twice_is_counted_once(clever: Clever, client: CleverClient) -> None:
    """A row that pushed another out of the last page leaves the list short."""
    clever.rows["users"] += [
        {"id": f"v{n}", "roles": {"student": {"schools": ["s1"]}}} for n in range(3)
    ]
    clever.limit, clever.fault = 3, again(1)
    with pytest.raises(IncompletePullError, match="EDL-PULL-001"):
        client.pull_roster()


def test_without_a_count_a_row_that_came_twice_is_an_error(clever: Clever) -> None:
    """Where nothing says how many there are, another row may never have come."""
    clever.rows["users"] += [
        {"id": f"v{n}", "roles": {"student": {"schools": ["s1"]}}} for n in range(3)
    ]
    clever.limit, clever.fault = 3, again(1)
    with (
        CleverClient(TOKEN, base_url=clever.base_url, settings=FAST, verify_counts=False) as client,
        pytest.raises(IncompletePullError, match="EDL-PULL-010"),
    ):
        client.pull_roster()


def emptied(times: int, *, role: str = "student") -> Fault:
    """Return a fault that empties the second page of a role so many times; it leads on."""
    left = iter(range(times))

    def empty(asked: Asked, answer: Answer) -> Answer:
        if asked.params.get("role") != role or "starting_after" not in asked.params:
            return answer
        page = json.loads(answer.body)
        is_last = not any(link["rel"] == "next" for link in page["links"])
        return answer if is_last or next(left, None) is None else Answer.json({**page, "data": []})

    return empty


def test_an_empty_page_is_asked_for_again(clever: Clever) -> None:
    """One empty answer in the middle of a list is an accident, and costs nobody."""
    clever.limit, clever.fault = 1, emptied(1)
    with CleverClient(
        TOKEN, base_url=clever.base_url, settings=FAST, verify_counts=False
    ) as client:
        assert len(client.pull_roster().demographics) == 3


def test_rows_behind_an_empty_page_are_an_error(clever: Clever) -> None:
    """Where no count tells, what follows shows that the page had rows."""
    clever.limit, clever.fault = 1, emptied(2)
    with (
        CleverClient(TOKEN, base_url=clever.base_url, settings=FAST, verify_counts=False) as client,
        pytest.raises(IncompletePullError, match="EDL-PULL-001"),
    ):
        client.pull_roster()
