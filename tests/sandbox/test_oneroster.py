"""The OneRoster doors obey the standard: paging, filter, sort, fields, errors, permissions."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from oauthlib.oauth1 import Client
from requests.utils import parse_header_links
from tests.sandbox.wire import SCOPE_ROOTS, Wire

from edlink import sandbox


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with sandbox.start(people=230) as district, Wire(district) as wire:
        yield wire


@pytest.fixture(scope="module")
def wire_1_2() -> Iterator[Wire]:
    with (
        sandbox.start(people=60, version="1.2") as district,
        Wire(district, version="1.2") as wire,
    ):
        yield wire


def filtered(wire: Wire, path: str, expression: str) -> list[str]:
    rows = wire.rows(f"{path}?limit=10000&filter={quote(expression)}")
    return [row["sourcedId"] for row in rows]


def test_links_lead_through_a_collection_once(wire: Wire) -> None:
    """Following rel=next from the first page gives every row once, and the total says how many."""
    path, ids, totals = "/users?limit=60", [], set()
    while path:
        answer = wire.get(path)
        ids += [row["sourcedId"] for row in answer.json()["users"]]
        totals.add(answer.headers["X-Total-Count"])
        links = {link["rel"]: link["url"] for link in parse_header_links(answer.headers["Link"])}
        path = links.get("next", "").removeprefix(wire.sandbox.base_url)
    assert ids == [user.sourced_id for user in wire.sandbox.district.users]
    assert totals == {"230"}


def test_a_page_has_a_hundred_rows_unless_asked_otherwise(wire: Wire) -> None:
    """The default limit is the standard's."""
    assert len(wire.rows("/users")) == 100


def test_past_the_end_there_is_an_empty_list(wire: Wire) -> None:
    """An offset behind the last row gives an empty list, not an error."""
    assert wire.rows("/users?offset=5000") == []


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "offset=-1", "limit=1e3"])
def test_a_page_that_cannot_be_is_refused(wire: Wire, query: str) -> None:
    """A limit below one or an offset below zero is a 400."""
    answer = wire.get(f"/users?{query}")
    assert answer.status_code == 400
    assert answer.json()["statusInfoSet"][0]["imsx_codeMinor"] == "invaliddata"


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("role='teacher'", lambda row: row["role"] == "teacher"),
        ("status!='active'", lambda row: row["status"] != "active"),
        ("grades~'09'", lambda row: "09" in row.get("grades", [])),
        ("familyName='O''Brien'", lambda row: row["familyName"] == "O'Brien"),
        (
            "dateLastModified>'2026-09-01T00:00:00.000Z'",
            lambda row: row["dateLastModified"] > "2026-09-01",
        ),
        (
            "role='teacher' AND status='active'",
            lambda row: row["role"] == "teacher" and row["status"] == "active",
        ),
        ("role='aide' OR role='proctor'", lambda row: row["role"] in {"aide", "proctor"}),
    ],
)
def test_a_filter_selects_what_its_words_say(wire: Wire, expression: str, holds: object) -> None:
    """A filter's rows are those for which its comparison holds, and the total counts them."""
    assert callable(holds)
    expected = [row["sourcedId"] for row in wire.rows("/users?limit=1000") if holds(row)]
    assert filtered(wire, "/users", expression) == expected
    total = wire.get(f"/users?limit=1&filter={quote(expression)}").headers["X-Total-Count"]
    assert total == str(len(expected))


def test_a_filter_reaches_into_a_reference(wire: Wire) -> None:
    """A dotted path compares a field of the record that is referred to."""
    user_id = wire.rows("/students?limit=1")[0]["sourcedId"]
    expression = quote(f"user.sourcedId='{user_id}'")
    rows = wire.rows(f"/enrollments?limit=1000&filter={expression}")
    assert {row["user"]["sourcedId"] for row in rows} == {user_id}


@pytest.mark.parametrize(
    "expression", ["nosuch='x'", "role", "role=teacher", "role='a' AND", "a='1' XOR b='2'"]
)
def test_a_filter_that_cannot_be_read_is_refused(wire: Wire, expression: str) -> None:
    """Unknown fields and broken grammar are a 400 with the standard's code."""
    answer = wire.get(f"/users?filter={quote(expression)}")
    assert answer.status_code == 400
    assert answer.json()["statusInfoSet"][0]["imsx_codeMinor"] == "invalid_filter_field"


def test_sort_and_order_by_order_the_rows(wire: Wire) -> None:
    """Rows come sorted by the field asked for, upwards or downwards."""
    names = [row["familyName"] for row in wire.rows("/users?limit=1000&sort=familyName")]
    down = wire.rows("/users?limit=1000&sort=familyName&orderBy=desc")
    assert names == sorted(names)
    assert [row["familyName"] for row in down] == sorted(names, reverse=True)


def test_an_unknown_sort_field_is_passed_over(wire: Wire) -> None:
    """Sorting by what does not exist gives the usual order, not an error."""
    assert wire.rows("/users?sort=shoeSize") == wire.rows("/users")


def test_fields_leave_the_others_out(wire: Wire) -> None:
    """A record has the fields asked for and no other, in lists and alone."""
    rows = wire.rows("/users?fields=sourcedId,status")
    assert {tuple(row) for row in rows} == {("sourcedId", "status")}
    assert list(wire.get(f"/users/{rows[0]['sourcedId']}?fields=role").json()["user"]) == ["role"]


def test_unknown_fields_differ_by_version(wire: Wire, wire_1_2: Wire) -> None:
    """1.1 sends the whole record, 1.2 a 400; and a blank selection is a 400 in both."""
    assert wire.get("/users?fields=nosuch").json() == wire.get("/users").json()
    assert wire_1_2.get("/users?fields=nosuch").status_code == 400
    assert wire.get("/users?fields=").status_code == 400
    assert wire_1_2.get("/users?fields=").status_code == 400


def test_nested_lists_agree_with_the_flat_ones(wire: Wire) -> None:
    """A class's students are those with an active student enrollment in it."""
    truth = wire.sandbox.truth
    class_ = truth.classes[12]
    path = f"/classes/{quote(class_.sourced_id, safe='')}/students"
    expected = {
        e.user_id for e in truth.enrollments_of_class(class_.sourced_id) if e.role == "student"
    }
    assert {row["sourcedId"] for row in wire.rows(path)} == expected
    assert expected


def test_a_school_lists_its_own(wire: Wire) -> None:
    """A school's classes, students and enrollments all name that school."""
    school = wire.rows("/schools")[1]["sourcedId"]
    base = f"/schools/{school}"
    classes = wire.rows(f"{base}/classes?limit=1000")
    students = wire.rows(f"{base}/students?limit=1000")
    enrollments = wire.rows(f"{base}/enrollments?limit=10000")
    assert {row["school"]["sourcedId"] for row in [*classes, *enrollments]} == {school}
    assert all(school in [org["sourcedId"] for org in row["orgs"]] for row in students)


@pytest.mark.parametrize(
    "path",
    [
        "/nosuch",
        "/users/nobody",
        "/parents",
        "/classes/nosuch/students",
        "/teachers/u0000000",
        "/schools/x/terms",
        "/users/",
        "/",
    ],
)
def test_what_does_not_exist_is_404(wire: Wire, path: str) -> None:
    """Unknown paths and unknown ids are 404 with an error body."""
    answer = wire.get(path)
    assert answer.status_code == 404
    assert "statusInfoSet" in answer.json()


def test_a_student_is_no_teacher(wire: Wire) -> None:
    """The teachers' address does not give a student's record."""
    student = wire.rows("/students?limit=1")[0]["sourcedId"]
    assert wire.get(f"/students/{student}").status_code == 200
    assert wire.get(f"/teachers/{student}").status_code == 404


def test_nothing_can_be_written(wire: Wire) -> None:
    """Another method than GET is 405."""
    url = wire.sandbox.base_url + "/users"
    assert wire.session.post(url, data=b"{}", timeout=5).status_code == 405


def test_secrets_may_come_in_the_body(wire: Wire) -> None:
    """The token address takes the client's secret as Basic or in the form."""
    scope = SCOPE_ROOTS["1.1"] + "roster.readonly"
    assert wire.token(scope, in_body=True).json()["scope"] == scope


@pytest.mark.parametrize("scope", ["", "everything"])
def test_a_token_needs_a_known_scope(wire: Wire, scope: str) -> None:
    """A token request without a scope that exists is a 400."""
    assert wire.token(scope).json() == {"error": "invalid_scope"}


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (("roster-core.readonly",), {"/users": 200, "/terms/T/classes": 403, "/demographics": 403}),
        (("roster.readonly",), {"/users": 200, "/terms/T/classes": 200, "/demographics": 403}),
        (("roster-demographics.readonly",), {"/users": 403, "/demographics": 200}),
    ],
)
def test_scopes_open_what_the_standard_says(
    wire_1_2: Wire, scopes: tuple[str, ...], allowed: dict[str, int]
) -> None:
    """In 1.2 roster covers all but demographics, roster-core the flat lists, each for itself."""
    term = wire_1_2.rows("/terms")[0]["sourcedId"]
    with Wire(wire_1_2.sandbox, version="1.2", scopes=scopes) as wire:
        found = {path: wire.get(path.replace("T/", f"{term}/")).status_code for path in allowed}
    assert found == allowed


def test_an_expired_token_is_refused() -> None:
    """After its tokens expired, a client gets 401 until it asks for a new one."""
    with sandbox.start(people=50) as district, Wire(district) as wire:
        district.expire_tokens()
        before = wire.get("/orgs").status_code
        with Wire(district) as again:
            after = again.get("/orgs").status_code
    assert (before, after) == (401, 200)


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_a_signature_opens_the_door_once(method: str) -> None:
    """A signed request is let in, the same signature a second time is not."""
    with sandbox.start(people=50, auth="oauth1") as district:
        wire = Wire(district, oauth1=method)
        path = "/users?limit=5&filter=" + quote("familyName~'é b+c'")
        header = wire.signed(district.base_url + path)
        with wire:
            wire.oauth1 = None
            codes = [wire.get(path, **header).status_code for _ in range(2)]
    assert codes == [200, 401]


def test_a_parameter_added_after_signing_is_noticed() -> None:
    """The query is part of what is signed."""
    with sandbox.start(people=50, auth="oauth1") as district:
        wire = Wire(district, oauth1="HMAC-SHA256")
        with wire:
            url = district.base_url + "/users"
            codes = [
                wire.fetch(url + later, **wire.signed(url)).status_code
                for later in ("?limit=5", "")
            ]
    assert codes == [401, 200]


def test_an_old_timestamp_is_refused() -> None:
    """A signature from long ago is not let in."""
    with sandbox.start(people=50, auth="oauth1") as district, Wire(district) as wire:
        client = Client(district.key, client_secret=district.secret, timestamp="1000000000")
        header = dict(client.sign(district.base_url + "/users")[1])
        assert wire.get("/users", **header).status_code == 401


def test_a_static_bearer_is_known_by_its_key() -> None:
    """With auth="bearer" the API key is the token."""
    with (
        sandbox.start(people=50, auth="bearer") as district,
        Wire(district, bearer=district.api_key) as right,
        Wire(district, bearer="other") as wrong,
    ):
        assert right.get("/orgs").status_code == 200
        assert wrong.get("/orgs").status_code == 401
