"""Fields that are filled a page at a time."""

import attrs

from edlink._http.exchange import Response
from edlink._http.payload import (
    Envelope,
    PageDecoder,
    Pagewise,
    WireField,
    defaults_setter,
    exact,
    record_schema,
    slot_setter,
)
from edlink.oneroster.values import read_own_id
from edlink.vocabulary import Kind


@attrs.frozen(kw_only=True)
class Thing:
    """A record with a field that its provider sends, one it never sends, and one made of it."""

    sourced_id: str
    color: str = "grey"
    length: int = 0


_set_length = slot_setter(Thing, "length")
_set_defaults = defaults_setter(Thing, ["color"])


def _finish(things: list[Thing]) -> None:
    _set_defaults(things)
    for thing in things:
        _set_length(thing, len(thing.sourced_id))


def _decode(body: bytes) -> list[Thing]:
    fields = {"sourced_id": WireField("id", exact(read_own_id))}
    schema = record_schema(Thing, fields, later=["color", "length"])
    decoder: PageDecoder[Thing] = PageDecoder(
        Pagewise(schema, _finish),
        kind=Kind.org,
        provider="test",
        envelope=Envelope(keys=("things",)),
        id_key="id",
    )
    return decoder.decode(Response(status=200, headers={}, body=body, endpoint="GET /things")).rows


def test_a_page_is_completed() -> None:
    """Fields left for later have their values once a page is decoded."""
    found = _decode(b'{"things":[{"id":"a"},{"id":"bcd"}]}')
    assert found == [Thing(sourced_id="a", length=1), Thing(sourced_id="bcd", length=3)]


def test_records_of_an_odd_page_are_completed() -> None:
    """Records that are read one by one, beside a bad one, are as complete as those of a page."""
    assert _decode(b'{"things":[{},{"id":"ab"}]}') == [Thing(sourced_id="ab", length=2)]
