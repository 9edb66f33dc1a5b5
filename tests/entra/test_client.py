import pytest
from tests.entra.conftest import MakeClient
from tests.entra.graph import CLIENT, SECRET, TENANT, Answer, Asked, Graph

from edlink.coverage import Scope, Source
from edlink.entra import EntraClient
from edlink.errors import (
    AuthError,
    ConfigError,
    IncompletePullError,
    PermissionDeniedError,
    ProviderError,
    UnavailableError,
)
from edlink.roster import RosterSource
from edlink.vocabulary import CoverageState, Kind, Role


def test_the_client_is_a_roster_source(make_client: MakeClient) -> None:
    """A host needs no more than the protocol of every source."""
    assert isinstance(make_client(), RosterSource)


def test_the_source_is_the_tenant() -> None:
    """The tenant's id, in small letters, names the source."""
    with EntraClient(TENANT.upper(), CLIENT, SECRET) as client:
        assert client.source == Source("entra", TENANT)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("school.example.org", CLIENT, SECRET), "EDL-CONF-070"),
        ((TENANT, " ", SECRET), "EDL-CONF-071"),
        ((TENANT, CLIENT, ""), "EDL-CONF-071"),
    ],
)
def test_settings_that_cannot_work_are_refused(arguments: tuple[str, str, str], code: str) -> None:
    """A domain for a tenant id, or an empty credential, is found before any network."""
    with pytest.raises(ConfigError, match=code):
        EntraClient(*arguments)


@pytest.mark.parametrize(
    "hosts",
    [
        {"authority": f"https://login.example.org/{TENANT}"},
        {"graph_url": "https://graph.example.org/v1.0"},
    ],
)
def test_other_hosts_need_a_word(hosts: dict[str, str]) -> None:
    """Credentials go to Microsoft alone unless a test says otherwise."""
    with pytest.raises(ConfigError, match="EDL-CONF-072"):
        EntraClient(TENANT, CLIENT, SECRET, **hosts)  # type: ignore[arg-type] # options by name


def test_a_school_is_pulled_whole(make_client: MakeClient) -> None:
    """Schools, classes, people, contacts and who is in which class come together."""
    roster = make_client().pull_roster()
    assert roster.counts() == {
        "orgs": 2,
        "academic_sessions": 1,
        "courses": 1,
        "classes": 2,
        "users": 4,
        "enrollments": 4,
        "relationships": 1,
        "demographics": 1,
    }
    assert all(roster.coverage.is_complete(kind) for kind in Kind)


def test_fields_are_always_selected(graph: Graph, make_client: MakeClient) -> None:
    """Every list is asked for by name of its fields, and with ConsistencyLevel on every page."""
    graph.page_size = 1
    make_client().pull_roster()
    firsts = [asked for asked in graph.asked if "$skiptoken" not in asked.params]
    assert all("id" in asked.params["$select"].split(",") for asked in firsts)
    assert {asked.headers["consistencylevel"] for asked in graph.asked} == {"eventual"}


def test_short_lists_come_in_batches(graph: Graph, make_client: MakeClient) -> None:
    """Members and teachers of many classes are asked for together."""
    make_client().pull_roster()
    assert graph.batches == 2


def test_what_a_batch_does_not_bring_is_asked_for_alone(
    graph: Graph, make_client: MakeClient
) -> None:
    """A batch that is refused costs single requests and no row."""
    graph.batch_status = 503
    assert len(make_client().pull_roster().enrollments) == 4


def test_a_bad_answer_within_a_good_batch_is_asked_for_again(
    graph: Graph, make_client: MakeClient
) -> None:
    """An inner 429 hides in an outer 200: that list is read again, alone."""
    refused: list[str] = []

    def throttle(asked: Asked, answer: Answer) -> Answer:
        if asked.path.endswith("c1/members") and not refused:
            refused.append(asked.path)
            return Answer.fault("TooManyRequests", 429, Retry_After="0")
        return answer

    graph.fault = throttle
    assert len(make_client().pull_roster().enrollments) == 4
    assert graph.paths().count("/education/classes/c1/members") == 2


def test_a_garbled_batch_is_asked_for_alone(graph: Graph, make_client: MakeClient) -> None:
    """A batch whose answer is no such thing costs single requests and no row."""
    graph.batch_answer = Answer.json({"answers": []})
    assert len(make_client().pull_roster().enrollments) == 4


def test_further_pages_of_a_batched_list_are_followed(
    graph: Graph, make_client: MakeClient
) -> None:
    """A class with more members than a page holds is read to its end."""
    graph.page_size = 2
    roster = make_client().pull_roster()
    assert len(roster.enrollments_of_class("c1")) == 3


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.org/v1.0/education/users?$skiptoken=1",
        "http://127.0.0.1:1/v1.0/education/users?$skiptoken=1",
        "{url}:bad/v1.0/education/users",
        "{url}/beta/education/users?$skiptoken=1",
        "/v1.0/education/users?$skiptoken=1",
    ],
)
def test_a_link_to_elsewhere_is_not_followed(
    graph: Graph, make_client: MakeClient, link: str
) -> None:
    """A next link to another host, port, scheme or version is an error, and nothing is sent."""

    def lure(asked: Asked, answer: Answer) -> Answer:
        if asked.path != "/education/users":
            return answer
        there = link.replace("{url}", graph.url)
        return Answer.json({"value": [{"id": "u1"}], "@odata.nextLink": there})

    graph.fault = lure
    with pytest.raises(IncompletePullError, match="EDL-ENTRA-001"):
        make_client().pull_roster()
    assert graph.paths().count("/education/users") == 1


@pytest.mark.parametrize("beside", [{"@odata.nextLink": 7}, {"@odata.count": "many"}])
def test_a_link_that_cannot_be_read_is_no_end(
    graph: Graph, make_client: MakeClient, beside: dict[str, object]
) -> None:
    """A next link that is no text does not pass for the end of a list."""
    graph.fault = lambda asked, answer: (
        Answer.json({"value": [{"id": "u1"}], **beside})
        if asked.path == "/education/users"
        else answer
    )
    with pytest.raises(IncompletePullError, match="EDL-ENTRA-001"):
        make_client().pull_roster()


def test_an_empty_page_with_a_next_one_goes_on(graph: Graph, make_client: MakeClient) -> None:
    """A page may be empty and still not be the last."""

    def gap(asked: Asked, answer: Answer) -> Answer:
        if asked.path == "/education/users" and not asked.params.get("$skiptoken"):
            there = f"{graph.base_url}/education/users?$skiptoken=0"
            return Answer.json({"value": [], "@odata.nextLink": there})
        return answer

    graph.fault = gap
    assert len(make_client().pull_roster().users) == 4


def test_a_page_that_leads_back_is_an_error(graph: Graph, make_client: MakeClient) -> None:
    """A next link that was followed before is not followed again."""

    def circle(asked: Asked, answer: Answer) -> Answer:
        if asked.path != "/education/users":
            return answer
        there = f"{graph.base_url}/education/users?$skiptoken=1"
        return Answer.json({"value": [{"id": "u1"}], "@odata.nextLink": there})

    graph.fault = circle
    with pytest.raises(IncompletePullError, match="EDL-PULL-002"):
        make_client().pull_roster()


def test_pages_without_end_are_an_error(graph: Graph, make_client: MakeClient) -> None:
    """A list that always has another page is not followed forever."""
    graph.page_size = 1
    client = make_client()
    object.__setattr__(client._puller.walker, "max_pages", 2)
    with pytest.raises(IncompletePullError, match="EDL-PULL-003"):
        client.pull_roster()


@pytest.mark.parametrize("place", ["0", "1", "2"])
def test_a_failing_page_fails_the_pull(graph: Graph, make_client: MakeClient, place: str) -> None:
    """Whichever page cannot be had, nothing is returned."""

    def fail(asked: Asked, answer: Answer) -> Answer:
        at = asked.params.get("$skiptoken", "0")
        if (asked.path, at) == ("/education/users", place):
            return Answer.fault("ServiceUnavailable", 503)
        return answer

    graph.page_size, graph.fault = 1, fail
    with pytest.raises(UnavailableError) as caught:
        make_client().pull_roster()
    assert caught.value.provider_code == "ServiceUnavailable"


def test_a_withheld_list_is_coverage(graph: Graph, make_client: MakeClient) -> None:
    """What a permission withholds is withheld, not gone."""

    def deny(asked: Asked, answer: Answer) -> Answer:
        if asked.path == "/education/schools":
            return Answer.fault("Authorization_RequestDenied", 403)
        return answer

    graph.fault = deny
    roster = make_client().pull_roster()
    assert roster.coverage.state(Kind.org) is CoverageState.withheld
    assert roster.users
    assert "EDL-WARN-801" in {warning.code for warning in roster.warnings}


def test_nothing_but_refusals_is_an_error(graph: Graph, make_client: MakeClient) -> None:
    """An app that may read nothing is refused, not shown an empty school."""
    graph.fault = lambda *_: Answer.fault("Authorization_RequestDenied", 403)
    with pytest.raises(PermissionDeniedError):
        make_client().pull_roster()


def test_nobody_is_an_error(graph: Graph, make_client: MakeClient) -> None:
    """A tenant without a user is a lost permission that looks like success."""
    graph.rows = {"/education/schools": [{"id": "s1"}]}
    with pytest.raises(IncompletePullError, match="EDL-PULL-007"):
        make_client().pull_roster()


def test_many_unreadable_rows_are_an_error(graph: Graph, make_client: MakeClient) -> None:
    """More than one row in a hundred that cannot be read is no roster."""
    graph.rows["/education/users"] += [{"givenName": "x"}] * 6
    with pytest.raises(IncompletePullError, match="EDL-PULL-008"):
        make_client().pull_roster()


def test_a_row_set_aside_leaves_its_kind_unknown(graph: Graph, make_client: MakeClient) -> None:
    """A row that cannot be read is an Issue, and its kind is not complete."""
    graph.rows["/education/users"].append({"givenName": "x"})
    roster = make_client().pull_roster()
    assert [issue.reason for issue in roster.issues] == ["no_id"]
    assert roster.coverage.state(Kind.user) is CoverageState.failed


@pytest.mark.parametrize("contacts", ["x", ["y"], [{"displayName": 3}]])
def test_unreadable_contacts_cost_only_themselves(
    graph: Graph, make_client: MakeClient, contacts: object
) -> None:
    """Contacts that cannot be read are named in an Issue; the student stays."""
    graph.rows["/education/users"][1]["relatedContacts"] = contacts
    roster = make_client().pull_roster()
    (issue,) = roster.issues
    assert (issue.fields, issue.set_aside) == (("relatedContacts",), False)
    assert roster.user("u2") is not None


def test_null_is_nothing_sent(graph: Graph, make_client: MakeClient) -> None:
    """Null in place of contacts is no contact and no fault."""
    graph.rows["/education/users"][1]["relatedContacts"] = None
    assert make_client().pull_roster().issues == ()


def test_missing_contacts_are_not_gone(graph: Graph, make_client: MakeClient) -> None:
    """When no student has a contact the permission may not show them: nobody is removed."""
    for row in graph.rows["/education/users"]:
        row.pop("relatedContacts", None)
    coverage = make_client().pull_roster().coverage
    assert coverage.is_complete(Kind.user, "s1")
    assert not coverage.is_complete(Kind.user, TENANT, Role.guardian)
    assert coverage.state(Kind.relationship) is CoverageState.withheld


def test_a_partial_pull_says_what_failed(graph: Graph, make_client: MakeClient) -> None:
    """With allow_partial a list that fails is failed in the coverage."""

    def fail(asked: Asked, answer: Answer) -> Answer:
        return Answer(500) if asked.path == "/education/classes" else answer

    graph.fault = fail
    roster = make_client().pull_roster(allow_partial=True)
    assert roster.coverage.state(Kind.class_) is CoverageState.failed


def test_a_redirect_is_no_missing_permission(graph: Graph, make_client: MakeClient) -> None:
    """One list that leads to a login page is an error, not a list that is withheld."""
    away = Answer(302, b"", {"Location": "https://login.example.org/"})
    graph.fault = lambda asked, answer: away if asked.path == "/education/classes" else answer
    with pytest.raises(AuthError, match="EDL-HTTP-001"):
        make_client().pull_roster()


def test_excluded_kinds_are_left_out(make_client: MakeClient) -> None:
    """What the scope leaves out is excluded in the coverage."""
    roster = make_client().pull_roster(Scope(exclude_kinds=frozenset({Kind.demographics})))
    assert roster.demographics == ()
    assert roster.coverage.state(Kind.demographics) is CoverageState.excluded


def test_a_school_brings_only_its_own_contacts(graph: Graph, make_client: MakeClient) -> None:
    """Contacts all of whose students are at other schools stay out."""
    graph.rows["/education/schools"].append({"id": "s2"})
    graph.rows["/education/schools/s1/users"] = [{"id": "u2"}]
    graph.rows["/education/schools/s2/users"] = [{"id": "u1"}]
    graph.rows["/education/classes/c1/members"] = [{"id": "u2"}]
    graph.rows["/education/classes/c2/members"] = []
    roster = make_client().pull_roster(Scope(include_orgs=frozenset({"s1"})))
    assert {user.sourced_id for user in roster.users} == {"u2", "t1"}
    assert roster.relationships == ()


def test_progress_names_the_lists(make_client: MakeClient) -> None:
    """A host hears of each long list as it grows."""
    heard: list[tuple[str, int, int | None]] = []
    make_client().pull_roster(progress=lambda *said: heard.append(said))
    assert ("education/users", 3, None) in heard


def test_two_pulls_are_equal(make_client: MakeClient) -> None:
    """Nothing in a roster depends on the moment of the pull."""
    client = make_client()
    one, other = client.pull_roster(), client.pull_roster()
    assert (one.users, one.coverage) == (other.users, other.coverage)


def test_errors_hold_nobody(graph: Graph, make_client: MakeClient) -> None:
    """An error of a page with people holds none of them, nor the secret."""
    graph.rows["/education/users"] = [{"surname": "Sentinel"}] * 9
    with pytest.raises(ProviderError) as caught:
        make_client().pull_roster()
    shown = f"{caught.value!r}{caught.value.__context__!r}{make_client()!r}"
    assert "Sentinel" not in shown
    assert SECRET not in shown
