"""
Every recorded exchange of a real Ed-Fi server, replayed to the client over a socket.

The recordings are read where they lie, in ``../shared/data``; a checkout without them skips.  Each
is served at its own path; a list's next page is the recorded page past the end.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests._http.loopback import Reply
from tests.oneroster.small_server import Ask, District, Serve

from edlink.coverage import Issue
from edlink.errors import (
    AuthError,
    EdlinkError,
    IncompletePullError,
    NotFoundError,
    PermissionDeniedError,
    ProviderError,
    RateLimitedError,
)
from edlink.oneroster import ED_FI, OneRosterClient, Query
from edlink.vocabulary import EndSemantics, OrgType, Role, SessionType, Sex

FOLDER = Path(__file__).parents[3] / "shared/data/oneroster/recordings/edfi-oneroster-1.2"

if not FOLDER.exists():
    pytest.skip(f"there is no {FOLDER.name}", allow_module_level=True)

Call = Callable[[OneRosterClient], Any]


@cache
def recording(name: str) -> Any:  # noqa: ANN401 - a JSON value
    """Return one recorded exchange."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def reply(name: str) -> Reply:
    """Return a recorded answer as the server sent it."""
    answer = recording(name)["response"]
    body = answer["body"]
    raw = body if isinstance(body, str) else json.dumps(body)
    return Reply(
        status=answer["status"], headers=list(answer["headers"].items()), body=raw.encode()
    )


def replaying(name: str) -> District:
    """Return a server of one recording, which has no further page."""
    district = District()
    body = recording(name)["response"]["body"]
    key = next(iter(body))

    def answer(ask: Ask) -> Reply:
        if ask.offset:
            return Reply(
                body=json.dumps(
                    {key: recording("users_past_end")["response"]["body"]["users"]}
                ).encode()
            )
        return reply(name)

    district.hooks = [answer]
    return district


def rows(name: str) -> list[Any]:
    """Return the rows that a recording holds."""
    (found,) = recording(name)["response"]["body"].values()
    return list(found)


LISTS: dict[str, tuple[str, Call]] = {
    "academicSessions": ("/academicSessions", lambda c: c.academic_sessions()),
    "classes": ("/classes", lambda c: c.classes()),
    "courses": ("/courses", lambda c: c.courses()),
    "demographics_limit2": ("/demographics", lambda c: c.demographics()),
    "enrollments": ("/enrollments", lambda c: c.enrollments()),
    "fields": ("/users", lambda c: c.users(Query(fields=("sourcedId", "givenName")))),
    "filter_dateLastModified": (
        "/users",
        lambda c: c.users(Query(filter="dateLastModified>'2026-09-15T00:00:00Z'")),
    ),
    "filter_doubled_quote_finds_nothing": (
        "/users",
        lambda c: c.users(Query(filter="familyName='O''Brien'")),
    ),
    "gradingPeriods": ("/gradingPeriods", lambda c: c.grading_periods()),
    "orgs": ("/orgs", lambda c: c.orgs()),
    "schools": ("/schools", lambda c: c.schools()),
    "students_limit1": ("/students", lambda c: c.students()),
    "terms": ("/terms", lambda c: c.terms()),
    "token_without_org_grant_200_empty": ("/users", lambda c: c.users()),
    "users_default_page": ("/users", lambda c: c.users()),
    "users_last_short_page": ("/users", lambda c: c.users()),
    "users_limit1000_clamped_to_500": ("/users", lambda c: c.users()),
    "users_limit2": ("/users", lambda c: c.users()),
    "users_past_end": ("/users", lambda c: c.users()),
}

ONES: dict[str, tuple[str, Call]] = {
    "demographics_one": ("/demographics/s1", lambda c: c.demographics_of("s1")),
    "school_one": ("/schools/sch1", lambda c: c.school("sch1")),
    "student_one": ("/students/s1", lambda c: c.student("s1")),
    "term_one": ("/terms/t1", lambda c: c.term("t1")),
}

FAILURES: dict[str, tuple[Call, type[EdlinkError], str, str | None]] = {
    "bad_token_401": (lambda c: list(c.users()), AuthError, "EDL-HTTP-002", "failure"),
    "no_token_401": (lambda c: list(c.users()), AuthError, "EDL-HTTP-002", "failure"),
    "demographics_without_scope_403": (
        lambda c: list(c.demographics()),
        PermissionDeniedError,
        "EDL-HTTP-003",
        "failure",
    ),
    "fields_unknown_400": (
        lambda c: list(c.users(Query(fields=("nope",)))),
        ProviderError,
        "EDL-HTTP-005",
        "invalid_data",
    ),
    "filter_role_rejected_400": (
        lambda c: list(c.users(Query(filter="role='student'"))),
        ProviderError,
        "EDL-HTTP-005",
        "invalid_data",
    ),
    "limit_negative_400": (
        lambda c: list(c.users()),
        ProviderError,
        "EDL-HTTP-005",
        "invalid_data",
    ),
    "rate_limited_429": (lambda c: list(c.orgs()), RateLimitedError, "EDL-HTTP-006", None),
    "subcollection_not_implemented_404": (
        lambda c: list(c.students_of_class("k1")),
        NotFoundError,
        "EDL-HTTP-004",
        "failure",
    ),
    "user_404": (lambda c: c.user("nope"), NotFoundError, "EDL-HTTP-004", "failure"),
}


def test_every_recording_is_replayed() -> None:
    """No recorded exchange is left out of the tables above."""
    assert {path.stem for path in FOLDER.glob("*.json")} == {*LISTS, *ONES, *FAILURES}


@pytest.mark.parametrize("name", LISTS)
def test_a_recorded_list_is_read(name: str, serve: Serve) -> None:
    """Every row of a recorded page becomes a record, in its order, without an Issue."""
    path, call = LISTS[name]
    district, issues = replaying(name), list[Issue]()
    records = list(call(serve(district, server=ED_FI, version="1.2", on_issue=issues.append)))
    assert [record.sourced_id for record in records] == [row["sourcedId"] for row in rows(name)]
    assert issues == []
    assert district.asked[0].path == path == recording(name)["request"]["path"][-len(path) :]


@pytest.mark.parametrize("name", ONES)
def test_a_recorded_single_is_read(name: str, serve: Serve) -> None:
    """Every recorded single becomes its record, under whatever name it came."""
    path, call = ONES[name]
    district = replaying(name)
    record = call(serve(district, server=ED_FI, version="1.2"))
    (row,) = recording(name)["response"]["body"].values()
    assert record.sourced_id == row["sourcedId"]
    assert district.asked[0].path == path == recording(name)["request"]["path"][-len(path) :]


@pytest.mark.parametrize("name", FAILURES)
def test_a_recorded_failure_is_its_error(name: str, serve: Serve) -> None:
    """Every recorded failure is an error of its class and code, with the server's own word."""
    call, error, code, word = FAILURES[name]
    district = District()
    district.hooks = [lambda _: reply(name)]
    with pytest.raises(error) as caught:
        call(serve(district, server=ED_FI, version="1.2"))
    assert type(caught.value) is error
    assert isinstance(caught.value, ProviderError)
    assert (caught.value.code, caught.value.provider_code) == (code, word)
    assert caught.value.status == recording(name)["response"]["status"]


@pytest.mark.parametrize("name", FAILURES)
def test_a_recorded_failures_own_words_are_not_repeated(name: str, serve: Serve) -> None:
    """A description is free text, so nothing of it is in the error."""
    call, error, _, _ = FAILURES[name]
    district = District()
    district.hooks = [lambda _: reply(name)]
    with pytest.raises(error) as caught:
        call(serve(district, server=ED_FI, version="1.2"))
    body = recording(name)["response"]["body"]
    words = body if isinstance(body, str) else body["imsx_description"]
    assert words not in str(caught.value)


def test_a_recorded_limit_is_paged_to_its_end(serve: Serve) -> None:
    """Asked for 1000, the server gave 500, 500 and 210 rows without a word; all 1210 arrive."""
    sizes = {
        0: recording("users_limit1000_clamped_to_500")["response"]["items_in_full_body"],
        500: recording("users_limit1000_clamped_to_500")["response"]["items_in_full_body"],
        1000: recording("users_last_short_page")["response"]["items_in_full_body"],
        1210: 0,
    }
    district, (pattern, _) = District(), rows("users_limit1000_clamped_to_500")

    def answer(ask: Ask) -> Reply:
        page = [
            {**pattern, "sourcedId": f"{i:05}"}
            for i in range(ask.offset, ask.offset + sizes[ask.offset])
        ]
        return Reply(body=json.dumps({"users": page}).encode())

    district.hooks = [answer]
    users = list(serve(district, server=ED_FI, version="1.2", page_size=1000).users())
    assert [user.sourced_id for user in users] == [f"{i:05}" for i in range(1210)]


def whole(**instead: str) -> District:
    """Return a server of all recorded collections, some replaced by other recordings."""
    pages = {
        "/academicSessions": "academicSessions",
        "/orgs": "orgs",
        "/courses": "courses",
        "/classes": "classes",
        "/users": "users_limit2",
        "/enrollments": "enrollments",
        "/demographics": "demographics_limit2",
        **{f"/{name}": recorded for name, recorded in instead.items()},
    }
    district = District()
    district.hooks = [
        lambda ask: (
            reply(pages[ask.path])
            if not ask.offset
            else Reply(body=json.dumps({ask.path[1:]: []}).encode())
        )
    ]
    return district


def test_a_recorded_district_is_pulled(serve: Serve) -> None:
    """The recorded collections together are a roster, with what Ed-Fi sends and does not."""
    roster = serve(whole(), server=ED_FI, version="1.2").pull_roster()
    assert roster.counts() == {
        "orgs": 2,
        "academic_sessions": 2,
        "courses": 1,
        "classes": 1,
        "users": 2,
        "enrollments": 3,
        "relationships": 0,
        "demographics": 2,
    }
    (year, fall) = roster.academic_sessions
    assert (year.type, year.school_year) == (SessionType.school_year, 2027)
    assert (fall.parent_id, fall.end_semantics) == ("sy27", EndSemantics.stated)
    assert {org.type for org in roster.orgs} == {OrgType.district, OrgType.school}
    parent = roster.users[0]
    assert ([role.role for role in parent.roles], parent.username) == ([Role.guardian], None)
    assert {d.sex for d in roster.demographics} <= {Sex.male, Sex.female}


def test_a_recorded_refusal_of_demographics_is_no_failure(serve: Serve) -> None:
    """Without the scope for demographics the rest of the district is pulled."""
    district = whole(demographics="demographics_without_scope_403")
    roster = serve(district, server=ED_FI, version="1.2").pull_roster()
    assert roster.demographics == ()
    assert roster.coverage.summary()["demographics"] == "withheld"


def test_a_recorded_token_without_a_grant_is_an_error(serve: Serve) -> None:
    """Empty lists with status 200 are a lost permission, never an empty district."""
    district = whole(users="token_without_org_grant_200_empty")
    with pytest.raises(IncompletePullError) as caught:
        serve(district, server=ED_FI, version="1.2").pull_roster()
    assert caught.value.code == "EDL-PULL-007"
    assert "Ed-Fi" in caught.value.fix
