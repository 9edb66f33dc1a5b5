import json
from typing import Any

import pytest

from edlink._http.exchange import Response
from edlink.clever.pages import decode_one, decode_page, read_next, read_row
from edlink.coverage import Issue
from edlink.errors import PayloadError
from edlink.vocabulary import Kind


def answer(value: object) -> Response:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Response(status=200, headers={}, body=body, endpoint="GET /users")


def page(*rows: object, links: object = None) -> Response:
    return answer({"data": [{"data": row, "uri": "/v3.1/users/x"} for row in rows], "links": links})


def test_a_good_page_is_its_rows() -> None:
    """A page's rows come as they are, without keys nobody reads."""
    found = decode_page("users", page({"id": "u1", "email": None, "new": 1}, {"id": "u2"}))

    assert list(found.rows) == [{"id": "u1", "email": None}, {"id": "u2"}]
    assert (found.received, found.last_id, found.has_next) == (2, "u2", False)


def test_a_number_where_text_belongs_is_its_text() -> None:
    """An id or a grade sent as a number is not lost."""
    found = decode_page("sections", page({"id": 7, "grade": 3, "students": [1]}))

    assert list(found.rows) == [{"id": "7", "grade": "3", "students": ["1"]}]


def test_only_the_cursor_is_taken_from_a_link() -> None:
    """Host, path and limit of a next link are left behind."""
    links = [
        {"rel": "self", "uri": "/v3.1/users"},
        {"rel": "next", "uri": "https://elsewhere.example.org/x?limit=1&starting_after=u%2F1"},
    ]
    found = decode_page("users", page({"id": "u/1"}, links=links))

    assert (found.next_cursor, found.has_next) == ("u/1", True)


def test_a_next_link_may_have_no_cursor() -> None:
    """A next link without a cursor is a next page without a place."""
    found = decode_page("users", page({"id": "u1"}, links=[{"rel": "next", "uri": "/v3.1/users"}]))

    assert (found.next_cursor, found.has_next) == (None, True)


def test_links_that_are_none_end_a_collection() -> None:
    """Links of another shape name no next page, and cost no row."""
    found = decode_page("users", page({"id": "u1"}, links="none"))

    assert (len(found.rows), found.has_next) == (1, False)


def test_a_bad_row_costs_only_itself() -> None:
    """A row without an id is an Issue, and its page's other rows arrive."""
    found = decode_page("users", page({"id": "u1"}, {"email": "x"}, {"id": ""}), first=10)

    assert [row["id"] for row in found.rows] == ["u1"]
    assert found.received == 3
    assert found.issues == (
        Issue(kind=Kind.user, reason="no_id", fields=("id",), position=11),
        Issue(kind=Kind.user, reason="no_id", sourced_id="", fields=("id",), position=12),
    )


def test_a_field_that_cannot_be_read_is_left_out() -> None:
    """A role's unreadable field is named by its path, and the person stays."""
    roles = {"student": {"dob": ["x"], "grade": {"a": 1}, "sis_id": "1"}}
    found = decode_page("users", page({"id": "u1", "roles": roles}))

    assert list(found.rows) == [{"id": "u1", "roles": {"student": {"sis_id": "1"}}}]
    assert found.issues == (
        Issue(
            kind=Kind.user,
            reason="unreadable_field",
            sourced_id="u1",
            fields=("roles.student.grade", "roles.student.dob"),
            position=0,
            set_aside=False,
        ),
    )


@pytest.mark.parametrize(
    ("collection", "row", "field"),
    [
        ("sections", {"id": "x1", "students": "u1,u2"}, "students"),
        ("sections", {"id": "x1", "teachers": [{"id": "u1"}]}, "teachers"),
        ("users", {"id": "x1", "roles": {"student": {"schools": "s1"}}}, "roles.student.schools"),
        ("users", {"id": "x1", "roles": {"teacher": "yes"}}, "roles.teacher"),
        (
            "users",
            {"id": "x1", "roles": {"contact": {"student_relationships": [7]}}},
            "roles.contact.student_relationships",
        ),
    ],
)
def test_a_membership_is_never_left_out_quietly(
    collection: str, row: dict[str, Any], field: str
) -> None:
    """Where a membership or a role cannot be read, the whole row is set aside."""
    found = decode_page(collection, page(row))

    assert found.rows == []
    assert [(i.reason, i.sourced_id, i.fields) for i in found.issues] == [
        ("unreadable_record", "x1", (field,))
    ]


@pytest.mark.parametrize("single", [None, 7, {}, {"data": None}, {"uri": "x"}])
def test_a_row_that_is_none_is_set_aside(single: object) -> None:
    """Something else than a wrapped row is an Issue."""
    found = decode_page("users", answer({"data": [single]}))

    assert found.rows == []
    assert [issue.reason for issue in found.issues] == ["unreadable_record"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<html>Log in</html>", "EDL-PAGE-001"),
        (b'{"data": [{"data": {"id"', "EDL-PAGE-001"),
        (b"\xff\xfe", "EDL-PAGE-001"),
        (b'{"message": "nope"}', "EDL-PAGE-002"),
        (b'{"error": "nope"}', "EDL-PAGE-002"),
        (b'{"links": []}', "EDL-PAGE-003"),
        (b"[]", "EDL-PAGE-003"),
        (b'{"data": {"id": "u1"}}', "EDL-PAGE-003"),
    ],
)
def test_what_is_no_page_is_an_error(body: bytes, code: str) -> None:
    """HTML, half an answer, an error body and another envelope are never an empty page."""
    with pytest.raises(PayloadError) as caught:
        decode_page("users", answer(body))

    assert caught.value.code == code
    assert caught.value.__context__ is None


def test_a_single_record_is_a_page_of_one() -> None:
    """An answer that is one record is read like a row; anything else is an error."""
    assert list(decode_one("schools", answer({"data": {"id": "s1"}})).rows) == [{"id": "s1"}]
    with pytest.raises(PayloadError, match="EDL-PAGE-003"):
        decode_one("schools", answer({"data": []}))


def test_no_value_is_in_an_issue() -> None:
    """What could not be read is nowhere in what is said of it."""
    row = {"id": "u1", "email": {"SENTINEL": "canary@example.org"}, "name": "Canary"}
    found = decode_page("users", page(row))

    assert "anary" not in repr((found.issues, found))


def test_reading_a_row_leaves_it_alone() -> None:
    """A row that is read without a field keeps it for whoever holds the row."""
    value = {"id": "u1", "email": {"a": 1}}
    row, issue = read_row("users", value)

    assert row == {"id": "u1"}
    assert issue is not None
    assert value == {"id": "u1", "email": {"a": 1}}


@pytest.mark.parametrize(
    ("collection", "row", "field"),
    [
        ("sections", {"students": None}, "students"),
        ("sections", {"teachers": None}, "teachers"),
        ("users", {"roles": None}, "roles"),
        ("users", {"roles": {"student": {"schools": None}}}, "roles.student.schools"),
        (
            "users",
            {"roles": {"contact": {"student_relationships": None}}},
            "roles.contact.student_relationships",
        ),
        (
            "users",
            {"roles": {"contact": {"student_relationships": [{"student": None}]}}},
            "roles.contact.student_relationships",
        ),
        ("contacts", {"students": None}, "students"),
        ("teachers", {"schools": None}, "schools"),
    ],
)
def test_null_where_people_belong_is_not_nobody(
    collection: str, row: dict[str, Any], field: str
) -> None:
    """A null that Clever's specifications do not know sets the row aside, and names the field."""
    read, issue = read_row(collection, {"id": "r1", **row})

    assert read is None
    assert issue is not None
    assert (issue.sourced_id, issue.fields, issue.set_aside) == ("r1", (field,), True)


@pytest.mark.parametrize("role", [{}, {"student": None}])
def test_a_role_that_is_null_is_not_held(role: dict[str, Any]) -> None:
    """Version 3 writes roles that a person does not have as null, or not at all."""
    assert read_row("users", {"id": "u", "roles": role})[1] is None


def test_half_a_character_is_an_unreadable_field() -> None:
    """Text that can be neither stored nor shown is left out, and an Issue names where it stood."""
    body = rb'{"data": [{"data": {"id": "u", "name": {"first": "A\ud800", "last": "B"}}}]}'
    found = decode_page("users", answer(body))
    (issue,) = found.issues

    assert [row["name"] for row in found.rows] == [{"last": "B"}]
    assert (issue.sourced_id, issue.fields, issue.set_aside) == ("u", ("name.first",), False)


@pytest.mark.parametrize("levels", [150, 700])
def test_what_is_nested_deeper_than_any_field_is_unreadable(levels: int) -> None:
    """A structure without end costs the field it stands in, and neither row nor page."""
    deep = b"[" * levels + b"]" * levels
    body = b'{"data": [{"data": {"id": "u", "name": {"first": %b, "last": "B"}}}]}' % deep
    found = decode_page("users", answer(body))

    assert [row["name"] for row in found.rows] == [{"last": "B"}]
    assert [(i.sourced_id, i.fields) for i in found.issues] == [("u", ("name.first",))]


def test_half_a_character_beyond_the_fields_is_dropped() -> None:
    """What a district adds may hold anything: there such a text is null, and such a name is not."""
    body = rb'{"data": [{"data": {"id": "s", "ext": {"a": ["\udc00"], "\udc00": 1, "b": 2}}}]}'
    found = decode_page("sections", answer(body))

    assert [row["ext"] for row in found.rows] == [{"a": [None], "b": 2}]
    assert found.issues == ()


def test_an_address_that_is_none_says_no_place() -> None:
    """A broken link is a next page without a place, not a crash."""
    links = [{"rel": "next", "uri": "http://[users?starting_after=u1"}]

    assert read_next(links) == (None, True)
