"""Pulling a whole district: what is asked for, what is shared, and what the coverage says."""

import attrs
import pytest
from tests._http.loopback import Reply
from tests.oneroster.pulling import codes, entry, on, refuse
from tests.oneroster.small_server import District, Serve, page, small

from edlink.coverage import Scope
from edlink.errors import AuthError, ProviderError, UnavailableError
from edlink.vocabulary import CoverageState, Kind

WITHHELD, FAILED, EXCLUDED = (
    CoverageState.withheld,
    CoverageState.failed,
    CoverageState.excluded,
)


def test_a_district_comes_whole(serve: Serve) -> None:
    """Every collection is read, references hold, and the coverage says complete."""
    roster = serve(small()).pull_roster()
    assert roster.counts() == {
        "orgs": 1,
        "academic_sessions": 1,
        "courses": 1,
        "classes": 1,
        "users": 3,
        "enrollments": 2,
        "relationships": 1,
        "demographics": 1,
    }
    assert all(roster.coverage.is_complete(kind) for kind in Kind)
    assert (roster.issues, roster.warnings, roster.tombstones) == ((), (), ())
    assert (entry(roster, Kind.user).received, entry(roster, Kind.user).reported) == (3, 3)


def test_progress_is_told_for_each_collection(serve: Serve) -> None:
    """The callback hears collection, rows so far and rows expected."""
    heard: list[tuple[str, int, int | None]] = []
    serve(small()).pull_roster(progress=lambda *facts: heard.append(facts))
    assert ("users", 3, 3) in heard
    assert len(heard) == 2 * 7


def test_what_a_progress_callback_raises_is_the_hosts_own(serve: Serve) -> None:
    """A host may end a pull from its callback."""

    def stop(*_facts: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serve(small()).pull_roster(progress=stop)


def test_the_time_of_the_pull_is_its_beginning(serve: Serve) -> None:
    """The roster is as of the moment before the first request."""
    one = serve(small())
    before = one.now()
    roster = one.pull_roster()
    assert before <= roster.pulled_at <= one.now()


def test_kinds_that_are_not_wanted_are_not_asked_for(serve: Serve) -> None:
    """What the scope leaves out is excluded, and no request is made for it."""
    district = small()
    scope = Scope(exclude_kinds={Kind.demographics, Kind.relationship, Kind.course})
    roster = serve(district).pull_roster(scope)
    assert (roster.demographics, roster.relationships, roster.courses) == ((), (), ())
    assert {entry(roster, kind).state for kind in scope.exclude_kinds} == {EXCLUDED}
    assert {"/demographics", "/courses"}.isdisjoint(ask.path for ask in district.asked)


def test_without_users_there_are_no_links_to_look_for(serve: Serve) -> None:
    """Relationships are excluded with the users they are made of."""
    roster = serve(small()).pull_roster(Scope(exclude_kinds={Kind.user}))
    assert entry(roster, Kind.relationship).state is EXCLUDED


def test_a_school_that_is_not_wanted_is_left_out(serve: Serve) -> None:
    """The scope's orgs are taken out of what came."""
    roster = serve(small()).pull_roster(Scope(exclude_orgs={"s1"}))
    assert (roster.classes, roster.users) == ((), ())
    assert roster.coverage.state(Kind.user, "s1") is EXCLUDED


@pytest.mark.parametrize("status", ["tobedeleted", "inactive"])
def test_a_deleted_record_is_a_tombstone(status: str, serve: Serve) -> None:
    """A record that the server marks deleted is in no collection."""
    district = small()
    district.rows["users"].append({"sourcedId": "u9", "status": status})
    roster = serve(district).pull_roster()
    (gone,) = roster.tombstones
    assert (gone.kind, gone.sourced_id, gone.record.sourced_id) == (Kind.user, "u9", "u9")
    assert roster.user("u9") is None


def test_an_unknown_status_is_told(serve: Serve) -> None:
    """A record with a word that nobody knows is kept as active, and an Issue says so."""
    district = small()
    district.rows["courses"][0]["status"] = "archived"
    (issue,) = serve(district).pull_roster().issues
    assert (issue.fields, issue.set_aside) == (("status",), False)


# Permissions


@pytest.mark.parametrize("status", [401, 403, 404])
def test_demographics_are_never_owed(status: int, serve: Serve) -> None:
    """Without the permission for demographics the pull goes on, and says that they are withheld."""
    district = small()
    district.hooks = [on("/demographics", Reply(status=status))]
    roster = serve(district).pull_roster()
    assert entry(roster, Kind.demographics).state is WITHHELD
    assert roster.coverage.is_complete(Kind.user)


def test_empty_demographics_are_withheld(serve: Serve) -> None:
    """An empty list is how a permission looks that was not granted."""
    district = small()
    district.rows["demographics"] = []
    roster = serve(district).pull_roster()
    assert (entry(roster, Kind.demographics).state, codes(roster)) == (
        WITHHELD,
        {"EDL-WARN-101": 0},
    )


def test_broken_demographics_are_an_error(serve: Serve) -> None:
    """A failure is not a missing permission."""
    district = small()
    district.hooks = [on("/demographics", Reply(status=500))]
    assert isinstance(refuse(district, serve), UnavailableError)


@pytest.mark.parametrize("path", ["/orgs", "/users", "/enrollments", "/academicSessions"])
@pytest.mark.parametrize(("status", "error"), [(401, AuthError), (500, UnavailableError)])
def test_a_collection_that_fails_is_an_error(
    path: str, status: int, error: type[ProviderError], serve: Serve
) -> None:
    """Whatever collection cannot be read, no roster is returned."""
    district = small()
    district.hooks = [on(path, Reply(status=status))]
    assert isinstance(refuse(district, serve), error)


@pytest.mark.parametrize(
    ("status", "state"), [(403, WITHHELD), (404, WITHHELD), (500, FAILED), (422, FAILED)]
)
def test_a_partial_pull_says_what_failed(status: int, state: CoverageState, serve: Serve) -> None:
    """With allow_partial the rest comes, and the coverage holds the code of the failure."""
    district = small()
    district.hooks = [on("/enrollments", Reply(status=status))]
    roster = serve(district).pull_roster(allow_partial=True)
    found = entry(roster, Kind.enrollment)
    assert (roster.enrollments, found.state) == ((), state)
    assert str(found.reason).startswith("EDL-HTTP-")
    assert roster.coverage.is_complete(Kind.class_)


def test_links_are_as_sure_as_the_users(serve: Serve) -> None:
    """Where the users could not be read, nothing is known of their links."""
    district = small()
    district.hooks = [on("/users", Reply(status=500))]
    roster = serve(district).pull_roster(allow_partial=True)
    assert (entry(roster, Kind.relationship).state, roster.relationships) == (FAILED, ())


def test_a_district_without_links_has_them_withheld(serve: Serve) -> None:
    """Parents that nobody shared are not parents that are gone."""
    district = small()
    for user in district.rows["users"]:
        user.pop("agents", None)
    roster = serve(district).pull_roster()
    assert (entry(roster, Kind.relationship).state, entry(roster, Kind.relationship).reason) == (
        WITHHELD,
        "no_links",
    )


@pytest.mark.parametrize("key", ["orgs", "users"])
@pytest.mark.parametrize("empty", [page("", []), Reply(body=b"{}")])
def test_a_district_of_nothing_is_a_lost_permission(key: str, empty: Reply, serve: Serve) -> None:
    """Not one org or user is an error with the step to take, never an empty roster."""
    district = small()
    empty = attrs.evolve(empty, body=empty.body.replace(b'""', f'"{key}"'.encode()))
    district.hooks = [on(f"/{key}", empty)]
    error = refuse(district, serve)
    assert (error.code, error.retryable) == ("EDL-PULL-007", False)
    assert error.fix


def test_a_partial_pull_may_be_of_nothing(serve: Serve) -> None:
    """With allow_partial an empty district is returned, withheld in every kind."""
    district = District(**{key: [] for key in small().rows})
    roster = serve(district).pull_roster(allow_partial=True)
    assert {entry(roster, kind).state for kind in Kind} == {WITHHELD}


def test_an_empty_collection_is_withheld_and_told(serve: Serve) -> None:
    """No enrollments at all must not read as everybody having left."""
    district = small()
    district.rows["enrollments"] = []
    roster = serve(district).pull_roster()
    assert (entry(roster, Kind.enrollment).state, entry(roster, Kind.enrollment).reason) == (
        WITHHELD,
        "empty",
    )
    assert codes(roster) == {"EDL-WARN-101": 0}
