"""From the bytes of a page to records, Issues and errors."""

import json

import attrs
import pytest

from edlink._http.exchange import Response
from edlink._http.payload import (
    Envelope,
    Page,
    PageDecoder,
    WireField,
    day,
    exact,
    flag,
    items,
    read_with,
    record_schema,
    text,
    vocabulary,
    word,
)
from edlink.errors import PayloadError
from edlink.oneroster import values
from edlink.vocabulary import Kind, Status


@attrs.frozen(kw_only=True)
class Thing:
    """A record as small as one can be and still have every kind of field."""

    sourced_id: str
    status: Status = Status.active
    name: str | None = None
    begins: object = None
    is_on: bool | None = None
    tags: tuple[str, ...] = ()
    size: int | None = None
    untouched: str = "default"


def _read_size(value: object) -> int:
    if value == "large":
        raise ValueError(value)
    return len(str(value))


FIELDS = {
    "sourced_id": WireField("id", exact(values.read_own_id)),
    "status": WireField("status", vocabulary(values.read_status, values.read_status)),
    "name": WireField([["name", "given"], ["name"]], text(values.read_text)),
    "begins": WireField("begins", day(values.read_date)),
    "is_on": WireField("isOn", flag(values.read_bool)),
    "tags": WireField("tags", items(values.read_texts, word())),
    "size": WireField("size", read_with(_read_size)),
}


def decoder(*, bare_list: bool = False, may_be_absent: bool = False) -> PageDecoder[Thing]:
    """Return a decoder of things."""
    envelope = Envelope(
        keys=("things", "stuff"),
        bare_list=bare_list,
        may_be_absent=may_be_absent,
        error_keys=frozenset({"error"}),
    )
    return PageDecoder(
        record_schema(Thing, FIELDS),
        kind=Kind.org,
        provider="invented",
        envelope=envelope,
        id_key="id",
    )


def answer(body: object) -> Response:
    """Return a 200 answer with a JSON value, or with bytes as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status=200, headers={}, body=raw, endpoint="GET /things")


def decode(body: object, *, first: int = 0, bare_list: bool = False) -> Page[Thing]:
    """Return what a decoder of things makes of a body."""
    return decoder(bare_list=bare_list).decode(answer(body), first=first)


def read(**row: object) -> Thing:
    """Return the one record of a page with one row."""
    (thing,) = decode({"things": [{"id": "1", **row}]}).rows
    return thing


def refuse(body: object, *, bare_list: bool = False) -> str:
    """Return the code with which a body is refused."""
    with pytest.raises(PayloadError) as caught:
        decode(body, bare_list=bare_list)
    return caught.value.code


def test_a_page_becomes_records_in_its_order() -> None:
    """Every row under the envelope's key becomes a record, in the order of the page."""
    found = decode({"things": [{"id": "b"}, {"id": "a"}]})
    assert [t.sourced_id for t in found.rows] == ["b", "a"]
    assert (found.received, found.issues, found.is_bare) == (2, [], False)


def test_a_field_without_a_place_on_the_wire_keeps_its_default() -> None:
    """What the provider has no field for is at the model's default, whatever the row holds."""
    assert read(untouched="changed").untouched == "default"


def test_unknown_fields_are_let_pass() -> None:
    """A row may hold names that nobody has heard of."""
    assert read(extra={"deep": [1]}) == Thing(sourced_id="1")


def test_a_byte_order_mark_is_let_pass() -> None:
    """A page may begin with the UTF-8 mark that some servers write."""
    assert decode(b'\xef\xbb\xbf{"things":[{"id":"1"}]}').received == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html>login</html>",
        b"",
        b'{"things":[{"id":"1"}',
        b"\xff\xfe",
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=["html", "nothing", "cut", "no text", "deep"],
)
def test_what_is_not_whole_json_is_refused(body: bytes) -> None:
    """HTML, nothing, a page cut short and bytes that are no text are errors, never rows."""
    assert refuse(body) == "EDL-PAGE-001"


def test_an_error_body_with_a_success_status_is_refused() -> None:
    """A body with a name that only errors have is an error, not an empty page."""
    assert refuse({"error": "insufficient_scope"}) == "EDL-PAGE-002"


@pytest.mark.parametrize(
    "body",
    [
        {"things": [], "error": "failure"},
        {"things": None, "error": {"code": "busy"}},
        {"things": [], "error": ["x"]},
    ],
)
def test_an_error_beside_an_empty_list_is_refused(body: object) -> None:
    """A page without a row that speaks of an error is an error, not the end."""
    assert refuse(body) == "EDL-PAGE-002"


@pytest.mark.parametrize("word", [None, [], "", "Success", {"code": "success"}, [["success"]]])
def test_a_status_of_success_beside_an_empty_list_is_an_empty_page(word: object) -> None:
    """Names of errors that hold nothing, or the word success, speak of no error."""
    assert decode({"things": [], "error": word}).received == 0


@pytest.mark.parametrize(
    "body", [{"other": [{"id": "1"}]}, {"things": {"id": "1"}}, {"things": "1"}, [{"id": "1"}], 5]
)
def test_a_missing_envelope_is_refused(body: object) -> None:
    """A page without a list under a name that it may have is an error, never the first list."""
    assert refuse(body) == "EDL-PAGE-003"


def test_an_error_says_where_and_never_what() -> None:
    """A refused page's error names provider, endpoint and status, and none of the body."""
    with pytest.raises(PayloadError) as caught:
        decode({"secret": "Xanthippe"})
    assert (caught.value.provider, caught.value.endpoint) == ("invented", "GET /things")
    assert caught.value.status == 200
    assert "Xanthippe" not in str(caught.value)


def test_a_bare_list_is_taken_only_where_the_server_may_send_one() -> None:
    """A list without an envelope is rows for a server known to send such."""
    assert decode([{"id": "1"}], bare_list=True).received == 1
    assert refuse([{"id": "1"}], bare_list=False) == "EDL-PAGE-003"


def test_the_second_name_of_a_list_is_taken_where_the_first_is_missing() -> None:
    """A list under the path's own word is found where the right key is not there."""
    assert decode({"stuff": [{"id": "1"}]}).rows == [Thing(sourced_id="1")]


def test_a_null_under_the_first_name_hides_no_rows_under_the_second() -> None:
    """A null list does not end the search for the rows."""
    assert decode({"things": None, "stuff": [{"id": "1"}]}).received == 1


@pytest.mark.parametrize("body", [{}, {"things": None}, {"things": None, "stuff": None}])
def test_an_empty_object_or_a_null_list_is_a_bare_page(body: object) -> None:
    """A body that names no list is empty and says so where a standard allows it, else refused."""
    found = decoder(may_be_absent=True).decode(answer(body))
    assert (found.rows, found.received, found.is_bare) == ([], 0, True)
    assert refuse(body) == "EDL-PAGE-003"


def test_one_bad_row_costs_only_itself() -> None:
    """A row that is no object becomes an Issue at its position; the others are read."""
    found = decode({"things": [{"id": "1"}, "Xanthippe", {"id": "3"}]}, first=100)
    assert [t.sourced_id for t in found.rows] == ["1", "3"]
    assert found.received == 3
    (issue,) = found.issues
    assert (issue.reason, issue.position, issue.set_aside) == ("not_an_object", 101, True)


@pytest.mark.parametrize("sourced_id", [None, "", "   ", True, {}, [], 1.5])
def test_a_row_without_an_id_is_set_aside(sourced_id: object) -> None:
    """Nothing, blanks and what is no id make no record."""
    found = decode({"things": [{"id": sourced_id, "name": "x"}]})
    assert (found.rows, [i.reason for i in found.issues]) == ([], ["no_id"])
    assert found.issues[0].sourced_id is None


def test_a_row_whose_id_is_missing_is_set_aside() -> None:
    """A row that has no id at all makes no record."""
    (issue,) = decode({"things": [{"name": "x"}]}).issues
    assert (issue.reason, issue.fields) == ("no_id", ("id",))


@pytest.mark.parametrize(("sent", "known"), [("7", "7"), (7, "7")])
def test_a_field_that_cannot_be_read_is_named_and_left_out(sent: object, known: str) -> None:
    """The record lives without the field; the Issue names id and field and no value."""
    found = decode({"things": [{"id": sent, "name": "ok", "size": "large", "begins": "8/10/2026"}]})
    assert found.rows == [Thing(sourced_id=known, name="ok")]
    (issue,) = found.issues
    assert issue.reason == "unreadable_field"
    assert set(issue.fields) == {"size", "begins"}
    assert (issue.sourced_id, issue.set_aside) == (known, False)


def test_an_item_that_cannot_be_read_costs_only_itself() -> None:
    """The other items of its list are kept, and the Issue names the list."""
    found = decode({"things": [{"id": "7", "tags": ["a", {"odd": 1}, "b"]}]})
    assert found.rows == [Thing(sourced_id="7", tags=("a", "b"))]
    assert [(i.reason, i.fields, i.set_aside) for i in found.issues] == [
        ("unreadable_field", ("tags",), False)
    ]


def test_items_that_are_no_value_together_cost_the_field() -> None:
    """A list of one id is that id; of two, each of which could be read, neither is taken."""
    assert decode({"things": [{"id": ["7"]}]}).rows == [Thing(sourced_id="7")]
    (issue,) = decode({"things": [{"id": ["7", "8"]}]}).issues
    assert (issue.reason, issue.fields) == ("no_id", ("id",))


def test_half_a_character_costs_only_its_field() -> None:
    """A name that was cut in the middle of an emoji is an Issue; its page is read."""
    body = rb'{"things": [{"id": "7", "name": "x\ud83d", "tags": ["\udc00", "b"]}, {"id": "8"}]}'
    found = decode(body)
    assert found.rows == [Thing(sourced_id="7", tags=("b",)), Thing(sourced_id="8")]
    assert [(i.sourced_id, set(i.fields)) for i in found.issues] == [("7", {"name", "tags"})]


@pytest.mark.parametrize("levels", [300, 700])
def test_what_is_nested_deeper_than_any_field_costs_only_itself(levels: int) -> None:
    """A structure without end where a name belongs is an Issue; its page is read."""
    deep = b"[" * levels + b"]" * levels
    found = decode(b'{"things": [{"id": "7", "name": %b}, {"id": "8"}]}' % deep)
    assert found.rows == [Thing(sourced_id="7"), Thing(sourced_id="8")]
    assert [(i.sourced_id, i.fields) for i in found.issues] == [("7", ("name",))]


def test_an_id_with_half_a_character_is_no_id() -> None:
    """Nothing is known by a text that nobody can write down."""
    (issue,) = decode(rb'{"things": [{"id": "\ud83d"}]}').issues
    assert (issue.reason, issue.sourced_id) == ("no_id", None)


def test_a_record_that_cannot_live_without_its_field_is_set_aside() -> None:
    """Where a required field cannot be read there is no record, and the Issue keeps the id."""

    @attrs.frozen(kw_only=True)
    class Strict:
        sourced_id: str
        size: int

    strict: PageDecoder[Strict] = PageDecoder(
        record_schema(Strict, {name: FIELDS[name] for name in ("sourced_id", "size")}),
        kind=Kind.org,
        provider="invented",
        envelope=Envelope(keys=("things",)),
        id_key="id",
    )
    found = strict.decode(answer({"things": [{"id": "7", "size": "large"}]}))
    (issue,) = found.issues
    assert (found.rows, issue.reason, issue.sourced_id) == ([], "unreadable_record", "7")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("2026-08-10", "2026-08-10"), ("2026-08-10T00:00:00.000Z", "2026-08-10"), ("20260810",) * 2],
)
def test_a_day_is_the_day_that_is_written(sent: str, expected: str) -> None:
    """A date is read in its forms, and never moved."""
    assert str(read(begins=sent).begins).replace("-", "") == expected.replace("-", "")


@pytest.mark.parametrize("sent", ["0", "86400", "1754784000", 86400, 0])
def test_a_number_is_no_day(sent: object) -> None:
    """Seconds since 1970, as text or as a number, are not taken for a date."""
    (issue,) = decode({"things": [{"id": "1", "begins": sent}]}).issues
    assert issue.fields == ("begins",)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("true", True), (True, True), ("false", False), ("TRUE", True), (1, True), ("", None)],
)
def test_a_flag_is_read_in_every_spelling(sent: object, expected: bool | None) -> None:
    """Truth values arrive as booleans, words and numbers, and "false" is False."""
    assert read(isOn=sent).is_on is expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(["a", " b "], ("a", "b")), ("a,b", ("a", "b")), (None, ()), (["a", None, ""], ("a",))],
)
def test_a_list_is_read_in_every_shape(sent: object, expected: tuple[str, ...]) -> None:
    """Lists arrive as lists, joined texts, null, and with holes."""
    assert read(tags=sent).tags == expected


def test_the_first_place_that_is_there_wins() -> None:
    """A field may lie at one of several places."""
    assert read(name={"given": "deep"}).name == "deep"
    assert read(name="flat").name == "flat"


@pytest.mark.parametrize(("key", "record"), [("thing", {"id": "7"}), ("things", [{"id": "7"}])])
def test_a_single_record_is_found_under_any_of_its_names(key: str, record: object) -> None:
    """A single record may stand under several names, and as a list of one."""
    found = decoder().decode_one(answer({key: record}), ("thing", "things"))
    assert found.rows == [Thing(sourced_id="7")]


def test_a_single_record_that_cannot_be_read_is_an_issue() -> None:
    """A single record without an id is no record, and its Issue says why."""
    found = decoder().decode_one(answer({"thing": {"name": "x"}}), ("thing",))
    assert (found.rows, [i.reason for i in found.issues]) == ([], ["no_id"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"other": {"id": "7"}}, "EDL-PAGE-003"),
        ({"thing": [{"id": "7"}, {"id": "8"}]}, "EDL-PAGE-003"),
        ([{"id": "7"}], "EDL-PAGE-003"),
        ({"error": "gone"}, "EDL-PAGE-002"),
        (b"<html>", "EDL-PAGE-001"),
    ],
)
def test_a_single_record_that_is_not_there_is_refused(body: object, code: str) -> None:
    """An answer without the one record asked for is an error."""
    with pytest.raises(PayloadError) as caught:
        decoder().decode_one(answer(body), ("thing",))
    assert caught.value.code == code


def test_a_finisher_is_called_with_each_new_record() -> None:
    """What stands on more than one wire field is worked out once the record is there."""
    schema = record_schema(
        Thing, FIELDS, finish=lambda thing: attrs.evolve(thing, untouched=thing.sourced_id)
    )
    finished: PageDecoder[Thing] = PageDecoder(
        schema, kind=Kind.org, provider="p", envelope=Envelope(keys=("things",)), id_key="id"
    )
    assert finished.decode(answer({"things": [{"id": "7"}]})).rows[0].untouched == "7"


def test_a_page_does_not_print_its_rows() -> None:
    """The repr of a page holds counts and Issues, and no record."""
    assert "Xanthippe" not in repr(decode({"things": [{"id": "1", "name": "Xanthippe"}]}))
