"""The client: its settings, its lazy lists and singles, and how it ends."""

import logging
from typing import Any

import pytest
from tests._http.loopback import Reply
from tests.oneroster.small_server import Ask, District, Serve, page, rows_of, small

from edlink.coverage import Issue, Scope, Source
from edlink.errors import (
    ConfigError,
    IncompletePullError,
    NotFoundError,
    PayloadError,
    ProviderError,
)
from edlink.oneroster import CLASSLINK, ED_FI, HttpSettings, OneRosterClient, StaticBearer
from edlink.vocabulary import EndSemantics, Kind

V11, V12 = "/ims/oneroster/v1p1", "/ims/oneroster/rostering/v1p2"


def client(url: str = "https://sis.example.org", **options: Any) -> OneRosterClient:  # noqa: ANN401 - the client's own
    """Return a client that asks nobody."""
    return OneRosterClient(url, auth=StaticBearer("invented"), **options)


@pytest.mark.parametrize(
    ("url", "version", "expected"),
    [
        ("https://sis.example.org", "1.1", "1.1"),
        (f"https://sis.example.org{V11}", "auto", "1.1"),
        (f"https://sis.example.org/sub{V12}/", "auto", "1.2"),
        (f"https://sis.example.org{V12}", "1.2", "1.2"),
    ],
)
def test_an_address_may_name_its_version(url: str, version: str, expected: str) -> None:
    """A full address and a bare one with a version are the same thing."""
    with client(url, version=version) as one:
        assert one.version == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "1.0"},
        {"page_size": 0},
        {"url": f"https://sis.example.org{V11}", "version": "1.2"},
    ],
)
def test_a_setting_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    """An unknown version, a page of nothing, and an address of another version are errors."""
    with pytest.raises(ConfigError) as caught:
        client(**wrong)
    assert caught.value.code == "EDL-CONF-102"


def test_the_source_is_the_product_and_the_district() -> None:
    """The tenant is the host's own name for the district, else the address's host."""
    with client(server=CLASSLINK, tenant="d7") as named, client() as bare:
        assert named.source == Source("classlink", "d7")
        assert bare.source == Source("oneroster", "sis.example.org")


def test_the_repr_holds_no_address_and_no_secret() -> None:
    """A client prints as its product and version."""
    with client(version="1.1") as one, client() as auto:
        assert repr(one) == "<OneRosterClient oneroster 1.1>"
        assert repr(auto) == "<OneRosterClient oneroster auto>"


def test_the_page_size_is_the_products_habit(serve: Serve) -> None:
    """Where none is given, as many rows are asked for as the product gives."""
    district = small()
    list(serve(district, server=ED_FI, page_size=None, version="1.2").orgs())
    assert district.asked[0].limit == 500


def test_a_version_is_looked_for_once(serve: Serve) -> None:
    """A client that looks for the version asks for it at the first use alone."""
    district = small()
    one = serve(district, version="auto")
    list(one.orgs())
    list(one.orgs())
    assert [ask.path for ask in district.asked].count("/orgs") == 1 + 2 + 2


def test_rows_that_come_twice_are_listed_once(serve: Serve) -> None:
    """A lazy list drops a row that an earlier page held."""
    district = District(users=[{"sourcedId": i} for i in "acbdefghijka"])
    assert "".join(user.sourced_id for user in serve(district).users()) == "acbdefghijk"


def test_a_row_that_is_set_aside_is_handed_to_the_host(serve: Serve) -> None:
    """Lazy lists call on_issue with each row that could not be read."""
    seen: list[Issue] = []
    district = District(users=[{"sourcedId": "1"}, {"givenName": "Xanthippe"}, 5])
    assert len(list(serve(district, on_issue=seen.append).users())) == 1
    assert [(i.reason, i.position) for i in seen] == [("no_id", 1), ("not_an_object", 2)]


def test_a_row_that_is_set_aside_is_logged_without_its_values(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the host gives no on_issue, the row's place and field names are logged, and no id."""
    district = District(enrollments=[{"sourcedId": "e1", "beginDate": "Xanthippe"}])
    with caplog.at_level(logging.WARNING, "edlink.oneroster"):
        assert len(list(serve(district).enrollments())) == 1
    assert caplog.messages == ["enrollment set aside: unreadable_field, fields beginDate, row 0"]


def test_a_single_with_an_unreadable_field_is_told_too(serve: Serve) -> None:
    """A single record that lost a field says so in the same way."""
    seen: list[Issue] = []
    district = District()
    body = b'{"enrollment":{"sourcedId":"e1","beginDate":"Xanthippe"}}'
    district.hooks = [lambda _: Reply(body=body)]
    assert serve(district, on_issue=seen.append).enrollment("e1").begin_date is None
    assert [issue.fields for issue in seen] == [("beginDate",)]


def single(body: bytes, serve: Serve) -> OneRosterClient:
    """Return a client of a server that has one answer."""
    district = District()
    district.hooks = [lambda _: Reply(body=body)]
    return serve(district)


def test_a_single_that_cannot_be_read_is_an_error(serve: Serve) -> None:
    """There is nothing to return, so the error says why."""
    with pytest.raises(PayloadError) as caught:
        single(b'{"user":{"givenName":"Xanthippe"}}', serve).user("u1")
    assert caught.value.code == "EDL-PAGE-004"
    assert "Xanthippe" not in str(caught.value)


def test_another_record_than_the_one_asked_for_is_an_error(serve: Serve) -> None:
    """A server that answers with somebody else is not believed."""
    with pytest.raises(NotFoundError) as caught:
        single(b'{"user":{"sourcedId":"U1"}}', serve).user("u1")
    assert caught.value.code == "EDL-PAGE-005"


def test_a_nested_list_that_does_not_exist_is_not_found(serve: Serve) -> None:
    """Many servers have the flat lists only, and say so with 404."""
    with pytest.raises(NotFoundError):
        list(serve(District()).classes_of_school("s1"))


def test_a_link_to_another_host_hears_nothing(serve: Serve) -> None:
    """The next page is asked of the configured host, whatever address the Link holds."""
    foreign = District(users=rows_of("foreign", 5))
    other = serve(foreign)
    assert other.source.tenant == "127.0.0.1"
    district = District(users=rows_of("own", 25))
    district.total = None
    address = other._transport._base_url
    district.link = lambda ask: (
        f'<{address}{V11}/users?offset=10>; rel="{"next" if ask.offset < 20 else "first"}"'
    )
    assert len(list(serve(district).users())) == 25
    assert foreign.asked == []


def test_a_reference_to_another_host_hears_nothing(serve: Serve) -> None:
    """An href is never followed; only the id in it counts."""
    foreign = District(orgs=rows_of("foreign", 1))
    href = serve(foreign)._transport._base_url + V11 + "/orgs/s1"
    district = District(users=[{"sourcedId": "u", "orgs": [{"href": href, "sourcedId": "s1"}]}])
    (user,) = serve(district).users()
    assert (user.primary_org_id, foreign.asked) == ("s1", [])


def test_a_page_that_is_too_heavy_is_asked_for_in_halves(serve: Serve) -> None:
    """A gateway's 502 is answered with smaller pages from the same row on."""
    district = District(users=rows_of("u", 300))

    def heavy(ask: Ask) -> Reply | None:
        return Reply(status=502) if ask.limit > 60 else None

    district.hooks = [heavy]
    assert len(list(serve(district, page_size=200).users())) == 300


def test_a_page_cut_by_the_server_loses_nothing(serve: Serve) -> None:
    """A server that gives five hundred of a thousand without a word is read to its end."""
    district = District(users=rows_of("u", 1234))
    district.clamp, district.total = 500, None
    assert len(list(serve(district, page_size=1000).users())) == 1234


def test_more_rows_than_the_host_allows_are_refused(serve: Serve) -> None:
    """A server without an end is refused at max_rows."""
    district = District()
    district.hooks = [
        lambda ask: page("users", [{"sourcedId": f"{ask.offset + i:09}"} for i in range(10)])
    ]
    with pytest.raises(IncompletePullError) as caught:
        list(serve(district, max_rows=55).users())
    assert caught.value.code == "EDL-PULL-003"


def test_a_closed_client_says_that_it_is_closed(serve: Serve) -> None:
    """After close every call is our own error, and no thread's."""
    one = serve(small())
    one.close()
    for call in (one.pull_roster, lambda: list(one.users()), lambda: one.user("u1")):
        with pytest.raises(ConfigError) as caught:
            call()
        assert caught.value.code == "EDL-CONF-016"


def test_a_walk_ends_with_our_error_when_its_client_is_closed(serve: Serve) -> None:
    """Closing in mid walk ends the walk, without a foreign exception."""
    district = District(users=rows_of("u", 500))
    one = serve(district)
    users = one.users()
    next(users)
    one.close()
    with pytest.raises((ConfigError, ProviderError)):
        list(users)


@pytest.mark.parametrize(
    ("version", "end"), [("1.1", EndSemantics.assumed), ("1.2", EndSemantics.stated)]
)
def test_how_sure_an_end_is_depends_on_the_version(
    version: str, end: EndSemantics, serve: Serve
) -> None:
    """1.2 states that the last day is out; 1.1 only assumes it."""
    (session,) = serve(small(), version=version).academic_sessions()
    assert session.end_semantics is end


def test_metadata_is_kept_only_when_asked_for(serve: Serve) -> None:
    """Further fields are dropped, or kept without passwords."""
    row = {
        "sourcedId": "u",
        "password": "secret",
        "metadata": {"lunch": "free", "Password": "secret"},
        "x.local": [{"credentials": "secret", "n": 1}],
    }
    (bare,) = serve(District(users=[row])).users()
    (kept,) = serve(District(users=[row]), keep_metadata=True).users()
    (empty,) = serve(
        District(users=[{"sourcedId": "u", "metadata": "odd"}]), keep_metadata=True
    ).users()
    assert bare.metadata is None
    assert kept.metadata == {"lunch": "free", "x.local": [{"n": 1}]}
    assert empty.metadata is None


@pytest.mark.parametrize("odd", [{}, {"grades": 7.5}])
def test_metadata_nested_too_deep_costs_itself(odd: dict[str, Any], serve: Serve) -> None:
    """The record is kept with what else it has, and the Issue names what it is kept without."""
    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    row = {"sourcedId": "u", "givenName": "Ana", "metadata": {"x": deep}, "local": "kept", **odd}
    client = serve(District(users=[row, {"sourcedId": "v"}]), keep_metadata=True)

    roster = client.pull_roster(Scope(exclude_kinds=frozenset(Kind) - {Kind.user}))

    user = roster.user("u")
    assert user is not None
    assert (user.given_name, user.metadata) == ("Ana", {"local": "kept"})
    (issue,) = [i for i in roster.issues if i.sourced_id == "u"]
    assert (issue.reason, set(issue.fields)) == ("unreadable_field", {"metadata", *odd})


def test_metadata_beside_a_row_that_is_no_object_is_kept(serve: Serve) -> None:
    """What is no object costs itself alone."""
    row = {"sourcedId": "u", "metadata": {"x": 1}}
    client = serve(District(users=[row, "no object"]), keep_metadata=True)

    assert [user.metadata for user in client.users()] == [{"x": 1}]


def test_a_walk_runs_several_requests_at_once_only_where_allowed(serve: Serve) -> None:
    """With a concurrency of one there is one request at a time."""
    district = District(users=rows_of("u", 95))
    settings = HttpSettings(rate=0, attempts=1, backoff=0, concurrency=1)
    assert len(list(serve(district, settings=settings).users())) == 95
    offsets = [ask.offset for ask in district.asked]
    assert offsets == sorted(offsets)


def test_walks_are_for_any_kind(serve: Serve) -> None:
    """A walk tells what the server counts, batch by batch."""
    batches = serve(small()).walk(Kind.user, "/users")
    assert [(batch.total, batch.page.received) for batch in batches] == [(3, 3), (3, 0)]
