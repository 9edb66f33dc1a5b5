import json
import threading
import time
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from tests.clever.conftest import FAST
from tests.clever.replay import TOKEN, Answer, Asked, Clever, Fault, Rows, StillClock, serve
from tests.clever.rows import fold, small

from edlink import Kind, Role, Roster, Scope, SyncState
from edlink.clever import CleverClient, GuardianRule
from edlink.clever.mark import Mark
from edlink.clever.versions import ROLE_SCOPES
from edlink.errors import (
    AuthError,
    ConfigError,
    IncompletePullError,
    PayloadError,
    ProviderError,
    RateLimitedError,
)
from edlink.vocabulary import CoverageState

HTML = Answer(200, b"<html>Log in</html>", {"Content-Type": "text/html"})


def at(path: str, then: Answer | Callable[[Asked, Answer], Answer], role: str = "") -> Fault:
    """Return a fault at one collection, and one role of it."""

    def fault(asked: Asked, answer: Answer) -> Answer:
        if asked.path != path or (role and asked.params.get("role") != role):
            return answer
        return then if isinstance(then, Answer) else then(asked, answer)

    return fault


def lists_only(then: Answer) -> Callable[[Asked, Answer], Answer]:
    """Return what answers lists and leaves counts alone."""
    return lambda asked, answer: answer if asked.is_count else then


@pytest.fixture
def roster(client: CleverClient) -> Roster:
    return client.pull_roster()


def test_the_whole_district_arrives(roster: Roster) -> None:
    """Each collection of the small district is in the roster."""
    assert roster.counts() == {
        "orgs": 3,
        "academic_sessions": 2,
        "courses": 1,
        "classes": 2,
        "users": 8,
        "enrollments": 6,
        "relationships": 3,
        "demographics": 3,
    }
    assert str(roster.source) == "clever:d1"
    mark = Mark.from_text(roster.revision)
    assert mark is not None
    assert mark.event == ""
    assert {"sections", "users:contact"} <= mark.shared


def test_a_person_in_two_roles_is_one_user(roster: Roster) -> None:
    """Who is teacher and staff is listed twice by Clever and is in the roster once."""
    assert [u.sourced_id for u in roster.users_with_role(Role.staff)] == ["u05"]
    assert len({u.sourced_id for u in roster.users}) == len(roster.users)


def test_unreadable_fields_are_issues(roster: Roster) -> None:
    """A contact's row without a student and a birth date that is none are named."""
    assert sorted((i.sourced_id, i.fields, i.set_aside) for i in roster.issues) == [
        ("u02", ("dob",), False),
        ("u09", ("student_relationships.student",), False),
    ]


@pytest.mark.parametrize("version", ["2.0", "2.1", "3.0", "3.1"])
def test_pages_of_any_size_make_the_same_roster(version: str) -> None:
    """One row a page or all in one, the district is the same."""
    rows = small()
    rows = rows if version.startswith("3") else fold(_foldable(rows))
    rosters = []
    for limit in (1, 10_000):
        with (
            serve(Clever(rows, version=version, limit=limit)) as clever,
            CleverClient(
                TOKEN, version=version, base_url=clever.base_url, settings=FAST, clock=StillClock()
            ) as client,
        ):
            rosters.append(client.pull_roster())

    assert rosters[0] == attrs.evolve(rosters[1], pulled_at=rosters[0].pulled_at)


def _foldable(rows: Rows) -> Rows:
    """Return the rows as version 2 can say them: one role a person, ids in every list."""
    for user in rows["users"]:
        roles = {word: role for word, role in user["roles"].items() if role is not None}
        user["roles"] = dict(list(roles.items())[:1])
    for section in rows["sections"]:
        section["students"] = [i for i in section["students"] if i]
    return rows


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
    """A list that goes back to where it was ends the pull, though its rows differ."""

    def circle(asked: Asked, answer: Answer) -> Answer:
        if asked.is_count:
            return answer
        row = {"data": {"id": "c2" if "starting_after" in asked.params else "c1"}}
        link = {"rel": "next", "uri": "/v3.1/courses?starting_after=c1"}
        return Answer.json({"data": [row], "links": [link]})

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


@pytest.mark.parametrize("students", ["u01", None])
def test_a_section_that_cannot_be_read_leaves_its_own_members_unsure(
    clever: Clever, client: CleverClient, students: str | None
) -> None:
    """Members who are no list, or null, are not nobody; those of other sections are known."""
    clever.rows["sections"][0]["students"] = students
    roster = client.pull_roster()
    warning = next(w for w in roster.warnings if w.code == "EDL-WARN-605")

    assert [(i.sourced_id, i.fields) for i in roster.issues if i.kind is Kind.class_] == [
        ("x1", ("students",))
    ]
    assert roster.coverage.untold_classes == {"x1"}
    assert roster.coverage.is_complete(Kind.class_)
    assert roster.coverage.is_complete(Kind.enrollment)
    assert (warning.count, warning.ids) == (1, ("x1",))


def test_a_contact_and_a_student_who_cannot_be_read_leave_their_own_records_unsure(
    clever: Clever, client: CleverClient
) -> None:
    """Their links and demographics are not known; everybody else's are."""
    clever.rows["users"][0]["roles"]["student"]["schools"] = None
    clever.rows["users"][-1]["roles"]["contact"]["student_relationships"] = None
    coverage = client.pull_roster().coverage

    assert coverage.untold_people == {(Kind.demographics, "u01"), (Kind.relationship, "u09")}
    assert coverage.is_complete(Kind.demographics)
    assert coverage.is_complete(Kind.relationship)


def test_a_section_without_an_id_leaves_all_enrollments_unsure(
    clever: Clever, client: CleverClient
) -> None:
    """Nobody knows which section it was, so no membership of any counts as gone."""

    def without_id(_: Asked, answer: Answer) -> Answer:
        page = json.loads(answer.body)
        for single in page.get("data", [])[:1]:
            del single["data"]["id"]
        return Answer.json(page)

    clever.fault = at("/sections", without_id)
    roster = client.pull_roster()
    (warning,) = [w for w in roster.warnings if w.code == "EDL-WARN-605"]

    assert roster.coverage.state(Kind.enrollment) is CoverageState.failed
    assert roster.coverage.untold_classes == frozenset()
    assert (warning.count, warning.ids) == (1, ())


def test_rows_that_can_be_read_are_no_warning(roster: Roster) -> None:
    """A field that cannot be read costs only itself."""
    assert roster.issues
    assert "EDL-WARN-605" not in {w.code for w in roster.warnings}


def test_scopes_that_a_token_lacks_are_withheld(clever: Clever) -> None:
    """Without read:student_contacts the contacts are not asked for, and not gone."""
    scopes = {"read:schools", "read:sections", "read:students", "read:teachers"}
    with CleverClient(TOKEN, base_url=clever.base_url, scopes=scopes, settings=FAST) as client:
        roster = client.pull_roster()
    asked = {a.params.get("role") for a in clever.asked}

    assert roster.coverage.state(Kind.relationship) is CoverageState.withheld
    assert roster.coverage.state(Kind.user, "d1") is CoverageState.withheld
    assert not {"contact", "staff", "district_admin"} & asked
    assert {w.code for w in roster.warnings} >= {"EDL-WARN-601"}


def test_the_old_scope_opens_everything(clever: Clever) -> None:
    """A token with read:sis withholds nothing."""
    with CleverClient(
        TOKEN, base_url=clever.base_url, scopes=["read:sis"], settings=FAST
    ) as client:
        roster = client.pull_roster()

    assert roster.coverage.state(Kind.relationship) is CoverageState.complete


def test_withheld_contacts_leave_students_known(clever: Clever, client: CleverClient) -> None:
    """A refusal of contacts says nothing of the people at schools."""
    clever.fault = at("/users", Answer.json({"message": "scope"}, 403), role="contact")
    roster = client.pull_roster()

    assert roster.coverage.state(Kind.user) is CoverageState.complete
    assert roster.coverage.state(Kind.user, "s1") is CoverageState.complete
    assert roster.coverage.state(Kind.user, "d1") is CoverageState.withheld
    assert roster.coverage.state(Kind.relationship) is CoverageState.withheld


def test_no_contacts_and_unknown_scopes_are_withheld(clever: Clever, client: CleverClient) -> None:
    """An empty list of contacts may be a missing permission, so none is gone."""
    clever.rows["users"] = [u for u in clever.rows["users"] if "contact" not in u["roles"]]
    roster = client.pull_roster()
    entry = roster.coverage.entry(Kind.relationship)

    assert entry is not None
    assert (entry.state, entry.reason) == (CoverageState.withheld, "empty")
    assert [w.code for w in roster.warnings] == ["EDL-WARN-606"]


def test_no_contacts_are_believed_where_none_are_expected(clever: Clever) -> None:
    """A host that knows that a district has none gets a whole roster, without a warning."""
    clever.rows["users"] = [u for u in clever.rows["users"] if "contact" not in u["roles"]]
    with CleverClient(
        TOKEN, base_url=clever.base_url, settings=FAST, expects_contacts=False
    ) as client:
        roster = client.pull_roster()

    assert roster.warnings == ()
    assert SyncState.after(roster).complete


def test_contacts_whom_no_scope_opens_are_withheld_whatever_is_expected(clever: Clever) -> None:
    """A host that expects none is told of a missing scope as ever."""
    scopes = {*ROLE_SCOPES.values(), "read:schools", "read:sections"} - {"read:student_contacts"}
    with CleverClient(
        TOKEN, base_url=clever.base_url, scopes=scopes, settings=FAST, expects_contacts=False
    ) as client:
        roster = client.pull_roster()

    assert roster.coverage.state(Kind.relationship) is CoverageState.withheld
    assert [w.code for w in roster.warnings] == ["EDL-WARN-601"]


def test_no_staff_is_believed(clever: Clever, client: CleverClient) -> None:
    """Many districts share no staff, and their other people are known all the same."""
    clever.rows["users"] = [u for u in clever.rows["users"] if "staff" not in u["roles"]]
    clever.rows["sections"] = []

    assert client.pull_roster().coverage.state(Kind.user) is CoverageState.complete


def test_members_who_are_not_shared_are_issues(clever: Clever, client: CleverClient) -> None:
    """A member who did not come is kept in the enrollment and reported."""
    clever.rows["sections"][0]["students"].append("u77")
    roster = client.pull_roster()

    assert [e.sourced_id for e in roster.enrollments_of_user("u77")] == ["x1:u77:student"]
    assert "x1:u77:student" in {i.sourced_id for i in roster.issues}


def test_a_scope_leaves_schools_out(client: CleverClient) -> None:
    """Without a school go its classes, its people, and the contacts of its students alone."""
    roster = client.pull_roster(Scope(exclude_orgs={"s2"}))

    assert [c.sourced_id for c in roster.classes] == ["x1"]
    assert {u.sourced_id for u in roster.users} == {"u01", "u02", "u05", "u06", "u07", "u08"}
    assert roster.coverage.state(Kind.class_, "s2") is CoverageState.excluded


def test_a_scope_leaves_kinds_out(clever: Clever, client: CleverClient) -> None:
    """What no wanted kind needs is not asked for."""
    kinds = {Kind.class_, Kind.enrollment, Kind.demographics}
    roster = client.pull_roster(Scope(exclude_kinds=kinds))

    assert "/sections" not in clever.paths()
    assert (roster.demographics, roster.classes) == ((), ())
    assert len(roster.users) == 8
    assert roster.coverage.state(Kind.demographics) is CoverageState.excluded


@pytest.mark.parametrize(("state", "count"), [("paused", 1), ("error", 1), ("success", 0)])
def test_a_district_in_trouble_is_said(
    clever: Clever, client: CleverClient, state: str, count: int
) -> None:
    """A paused or broken sync is a warning on the roster."""
    clever.rows["districts"][0]["state"] = state

    assert [w.code for w in client.pull_roster().warnings].count("EDL-WARN-602") == count


def test_progress_is_told_by_chain(client: CleverClient) -> None:
    """Each chain tells its rows and Clever's count, never two at a time."""
    told: list[tuple[str, int, int | None]] = []
    inside = threading.Lock()

    def progress(name: str, rows: int, expected: int | None) -> None:
        assert inside.acquire(blocking=False)
        told.append((name, rows, expected))
        inside.release()

    client.pull_roster(progress=progress)

    assert ("users:student", 3, 3) in told
    assert ("sections", 2, 2) in told


def test_a_token_of_another_district_is_refused(clever: Clever) -> None:
    """A token that opens another district than the one named ends before any data."""
    with (
        CleverClient(TOKEN, base_url=clever.base_url, district_id="d2", settings=FAST) as client,
        pytest.raises(AuthError, match="EDL-CLEVER-004"),
    ):
        client.pull_roster()

    assert set(clever.paths()) == {"/events", "/districts"}


@pytest.mark.parametrize("districts", [[], [{"id": "d1"}, {"id": "d2"}]])
def test_a_token_opens_exactly_one_district(
    clever: Clever, client: CleverClient, districts: list[dict[str, str]]
) -> None:
    """None or several districts are no district's token."""
    clever.rows["districts"] = districts
    with pytest.raises(AuthError, match="EDL-CLEVER-004"):
        client.pull_roster()


def test_a_refused_token_is_an_auth_error(clever: Clever) -> None:
    """A wrong token ends in AuthError, without the token."""
    with (
        CleverClient("wrong-sentinel", base_url=clever.base_url, settings=FAST) as client,
        pytest.raises(AuthError) as caught,
    ):
        client.pull_roster()

    assert "wrong-sentinel" not in repr((caught.value, client))


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


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"version": "3.2"}, "EDL-CONF-060"),
        ({"page_size": 0}, "EDL-CONF-063"),
        ({"page_size": 10_001}, "EDL-CONF-063"),
        ({"district_token": None}, "EDL-CONF-064"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], code: str) -> None:
    """What Clever would refuse is refused before any network."""
    with pytest.raises(ConfigError, match=code):
        CleverClient(**{"district_token": TOKEN, **settings})  # type: ignore[arg-type]


def test_a_client_speaks_to_clever_by_default() -> None:
    """Without settings the client speaks 3.1, and shows nothing of its token."""
    with CleverClient("token-sentinel", district_id="d1") as client:
        assert client.version == "3.1"
        assert str(client.source) == "clever:d1"
        assert "sentinel" not in repr(client)


def test_a_guardian_rule_is_a_setting(clever: Clever) -> None:
    """A host that accepts Family has more guardians."""
    rule = GuardianRule(accepted_types={"Family", "Parent/Guardian"})
    with CleverClient(TOKEN, base_url=clever.base_url, guardians=rule, settings=FAST) as client:
        roster = client.pull_roster()

    assert len(roster.users_with_role(Role.guardian)) == 2


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
