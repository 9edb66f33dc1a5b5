import pytest
from tests.veracross.conftest import MakeClient
from tests.veracross.school import Answer, Asked, School, people

from edlink.coverage import Scope, Source
from edlink.errors import AuthError, ConfigError, IncompletePullError, UnavailableError
from edlink.roster import RosterSource
from edlink.veracross import SCOPES, VeracrossClient
from edlink.vocabulary import CoverageState, Kind


def test_the_client_is_a_roster_source(make_client: MakeClient) -> None:
    """A host needs no more than the protocol of every source."""
    assert isinstance(make_client(), RosterSource)


def test_the_source_is_the_school(make_client: MakeClient) -> None:
    """Ids are the school's own, so the route is the tenant."""
    assert make_client().source == Source("veracross", "lakeside")


@pytest.mark.parametrize("route", ["", "https://api.veracross.com/x", "a/b/c", "a b", "../x"])
def test_a_route_is_a_word(route: str) -> None:
    """What is no route cannot become part of an address."""
    with pytest.raises(ConfigError, match="EDL-CONF-065"):
        VeracrossClient(route, client_id="i", client_secret="s")


@pytest.mark.parametrize("route", ["lakeside", "ACSAD", "lakeside/testing"])
def test_a_route_may_have_a_second_word(route: str) -> None:
    """A school's test system has a second word behind its own."""
    with VeracrossClient(route, client_id="i", client_secret="s") as client:
        assert client.source.tenant == route


@pytest.mark.parametrize("size", [0, 1001])
def test_page_sizes_are_veracross(make_client: MakeClient, size: int) -> None:
    """A page has from 1 to 1,000 rows."""
    with pytest.raises(ConfigError, match="EDL-CONF-066"):
        make_client(page_size=size)


@pytest.mark.parametrize("scopes", [[], "students:list", ["students"], ["sso"]])
def test_scopes_are_a_list_of_scopes(make_client: MakeClient, scopes: object) -> None:
    """Scopes are a list; one text, none, and words that open no data are refused."""
    with pytest.raises(ConfigError, match="EDL-CONF-068"):
        make_client(scopes=scopes)


def test_no_list_at_all_is_an_error(school: School, make_client: MakeClient) -> None:
    """A token that opens nothing is refused access, not an empty school."""
    school.hidden = frozenset(SCOPES)
    with pytest.raises(AuthError) as caught:
        make_client().pull_roster()
    assert caught.value.provider_code == "missing_scope"


def test_nobody_is_an_error(school: School, make_client: MakeClient) -> None:
    """A school without a single person is a lost permission that looks like success."""
    school.rows.clear()
    with pytest.raises(IncompletePullError, match="EDL-PULL-007"):
        make_client().pull_roster()


def test_many_unreadable_rows_are_an_error(school: School, make_client: MakeClient) -> None:
    """More than one row in a hundred that cannot be read is no roster."""
    school.rows["/students"] = [{"first_name": "x"}] * 6
    with pytest.raises(IncompletePullError, match="EDL-PULL-008"):
        make_client().pull_roster()


def test_a_row_that_cannot_be_named_fails_its_kind(school: School, make_client: MakeClient) -> None:
    """A row without an id becomes an Issue, and its kind is not known whole."""
    school.rows["/students"].append({"first_name": "x"})
    roster = make_client().pull_roster()
    assert [issue.reason for issue in roster.issues] == ["no_id"]
    assert roster.coverage.state(Kind.demographics) is CoverageState.failed


def test_rows_that_keep_moving_fail_their_kind(school: School, make_client: MakeClient) -> None:
    """Where a row came twice on both readings another may be missing, so nobody is gone."""
    school.rows["/students"] = [*people(3), *people(2)]
    entry = make_client(page_size=2).pull_roster().coverage.entry(Kind.demographics)
    assert entry is not None
    assert (entry.state, entry.reason) == (CoverageState.failed, "rows_moved")


def test_an_unreadable_field_costs_only_itself(school: School, make_client: MakeClient) -> None:
    """A field that cannot be read is left out and named; the person stays."""
    school.rows["/students"][0]["entry_date"] = "soon"
    roster = make_client().pull_roster()
    (issue,) = roster.issues
    assert (issue.sourced_id, issue.fields, issue.set_aside) == ("1", ("entry_date",), False)
    assert roster.user("1") is not None


def test_a_partial_pull_says_what_failed(school: School, make_client: MakeClient) -> None:
    """With allow_partial a list that fails is failed in the coverage."""

    def fail(asked: Asked, answer: Answer) -> Answer:
        return Answer(500) if asked.path == "/academics/classes" else answer

    school.fault = fail
    roster = make_client().pull_roster(allow_partial=True)
    assert roster.coverage.state(Kind.class_) is CoverageState.failed
    with pytest.raises(UnavailableError):
        make_client().pull_roster()


def test_a_school_year_narrows_what_takes_one(school: School, make_client: MakeClient) -> None:
    """The school year is sent to the lists that know it and to no other."""
    make_client(school_year=2026).pull_roster()
    narrowed = {asked.path for asked in school.asked if asked.params == {"school_year": "2026"}}
    assert narrowed == {
        "/academics/classes",
        "/academics/enrollments",
        "/academics/config/grading_periods",
    }


def test_a_redirect_is_no_missing_permission(school: School, make_client: MakeClient) -> None:
    """One list that leads to a login page is an error, not a list that is withheld."""
    away = Answer(302, b"", {"Location": "https://login.example.org/"})
    school.fault = lambda asked, answer: away if asked.path == "/relationships" else answer
    with pytest.raises(AuthError, match="EDL-HTTP-001"):
        make_client().pull_roster()


def test_excluded_kinds_are_not_asked_for(school: School, make_client: MakeClient) -> None:
    """A list that only excluded kinds need is not read, and they are excluded in the coverage."""
    scope = Scope(exclude_kinds=frozenset({Kind.enrollment, Kind.relationship}))
    roster = make_client().pull_roster(scope)
    asked = {asked.path for asked in school.asked}
    assert not asked & {"/academics/enrollments", "/relationships"}
    assert roster.coverage.state(Kind.enrollment) is CoverageState.excluded


def test_a_campus_brings_only_its_own_parents(school: School, make_client: MakeClient) -> None:
    """Parents all of whose children are on other campuses stay out, unless they work on this."""
    school.rows = {
        "/students": [{"id": 1, "campus": {"id": 3}}, {"id": 2, "campus": {"id": 4}}],
        "/parents": people(3, first=50),
        "/staff_faculty": [{"id": 52, "campus": 3}],
        "/relationships": [
            {"id": place, "person_id": student, "related_person_id": adult}
            for place, (student, adult) in enumerate([(1, 50), (2, 51), (2, 52)])
        ],
    }
    roster = make_client().pull_roster(Scope(include_orgs=frozenset({"campus:3"})))
    assert {user.sourced_id for user in roster.users} == {"1", "50", "52"}


def test_progress_names_the_lists(make_client: MakeClient) -> None:
    """A host hears of each list as it grows."""
    heard: list[tuple[str, int, int | None]] = []
    make_client(page_size=2).pull_roster(progress=lambda *said: heard.append(said))
    assert [said for said in heard if said[0] == "students"] == [
        ("students", 2, None),
        ("students", 3, None),
    ]


def test_campus_may_be_an_object_or_a_number(school: School, make_client: MakeClient) -> None:
    """A campus is read whether it is an object or its bare number."""
    school.rows["/students"] = [
        {"id": 1, "campus": {"id": 3, "description": "North"}},
        {"id": 2, "campus": 3},
        {"id": 3, "campus": None},
    ]
    roster = make_client().pull_roster()
    assert [u.primary_org_id for u in roster.users][:3] == ["campus:3", "campus:3", "lakeside"]


def test_two_pulls_are_equal(school: School, make_client: MakeClient) -> None:
    """The order in which rows come changes nothing but their order."""
    client = make_client()
    first = client.pull_roster()
    school.rows["/students"].reverse()
    second = client.pull_roster()
    assert set(first.users) == set(second.users)
    assert (first.orgs, first.coverage) == (second.orgs, second.coverage)


def test_errors_hold_nobody(school: School, make_client: MakeClient) -> None:
    """An error of a page with people holds none of them."""
    school.rows["/students"] = [{"last_name": "Sentinel"}] * 9
    with pytest.raises(IncompletePullError) as caught:
        make_client().pull_roster()
    assert "Sentinel" not in f"{caught.value!r}{caught.value.__context__!r}"
