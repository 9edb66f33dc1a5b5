import codecs
import json
from typing import Any

import pytest

from edlink.veracross.lists import ValueLists, read_lists


def _answer(*lists: dict[str, Any]) -> bytes:
    return json.dumps({"data": [], "value_lists": lists}).encode()


def _list(*fields: str, **texts: object) -> dict[str, Any]:
    items = [{"id": key, "description": text} for key, text in texts.items()]
    return {"fields": list(fields), "items": items, "categories": []}


def test_lists_are_found_by_their_fields() -> None:
    """A list means what its fields say, wherever it stands in the answer."""
    lists = read_lists(_answer(_list("gender", a="Female"), _list("grade_level", a="Grade 1")))
    assert (lists.describe("gender", "a"), lists.describe("grade_level", "a")) == (
        "Female",
        "Grade 1",
    )


def test_fields_may_be_dotted_and_several() -> None:
    """One list may serve several fields, by dotted names."""
    lists = read_lists(_answer(_list("campus.id", "campus", x="North")))
    assert lists.describe("campus.id", "x") == lists.describe("campus", "x") == "North"


@pytest.mark.parametrize("key", [7, "7"])
def test_ids_may_be_numbers_or_text(key: object) -> None:
    """A list's id is the same whether it was sent as a number or as text."""
    entry = {"fields": ["gender"], "items": [{"id": key, "description": "Male"}]}
    assert read_lists(_answer(entry)).describe("gender", "7") == "Male"


def test_descriptions_are_written_out() -> None:
    """HTML entities in a description become the characters they stand for."""
    assert read_lists(_answer(_list("gender", a="A &amp; B"))).describe("gender", "a") == "A & B"


@pytest.mark.parametrize("text", ["&lt;None&gt;", " ", None, 3])
def test_nothing_is_no_description(text: object) -> None:
    """What Veracross writes for nothing describes nothing."""
    assert not read_lists(_answer(_list("gender", a=text)))


def test_a_byte_order_mark_is_no_obstacle() -> None:
    """Lists are read behind the mark that some servers put before their JSON."""
    answer = codecs.BOM_UTF8 + _answer(_list("gender", a="Female"))
    assert read_lists(answer).describe("gender", "a") == "Female"


def test_an_unlisted_value_stands_for_itself() -> None:
    """A value that no list has is not described, and its text is the value itself."""
    lists = ValueLists()
    assert (lists.describe("gender", "9"), lists.text("gender", "9")) == (None, "9")


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b'{"data": []}',
        b'{"value_lists": null}',
        b'{"value_lists": "no"}',
        b'{"value_lists": [{"fields": null, "items": null}]}',
        b'{"value_lists": [{"fields": ["a"], "items": [1, {"description": "x"}]}]}',
    ],
)
def test_answers_without_usable_lists_have_none(body: bytes) -> None:
    """Lists are a help: an answer without them, or with broken ones, is still an answer."""
    assert not read_lists(body)
