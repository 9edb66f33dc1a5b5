"""How single values stand on OneRoster's wire, as pieces of the maps in ``wire``."""

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast

from pydantic_core import core_schema as cs

from edlink._http.payload import (
    WireField,
    day,
    exact,
    flag,
    items,
    read_with,
    text,
    vocabulary,
    word,
)
from edlink.model import Identifier
from edlink.oneroster import values
from edlink.vocabulary import IdentifierType

Fields = dict[str, WireField]


def at_ref(where: str) -> WireField:
    """Map a reference object, or the bare id that small servers send; its ``href`` is ignored."""
    return WireField([[where, "sourcedId"], [where]], exact(values.read_id))


def at_refs(where: str) -> WireField:
    """Map a list of references to their ids, each once."""
    ref = cs.typed_dict_schema({"sourcedId": cs.typed_dict_field(exact(values.read_id))})
    item = cs.no_info_after_validator_function(itemgetter("sourcedId"), ref)
    return WireField(where, items(values.read_ids, item, _once))


def _once(ids: tuple[str | None, ...]) -> tuple[str, ...]:
    """Return the ids there are, each once."""
    if len(ids) == 1 and ids[0] is not None:
        return cast("tuple[str]", ids)
    return tuple([i for i in dict.fromkeys(ids) if i is not None])


def at_text(where: str) -> WireField:
    """Map stripped text; an empty text is None."""
    return WireField(where, text(values.read_text))


def at_day(where: str) -> WireField:
    """Map a calendar day."""
    return WireField(where, day(values.read_date))


def at_flag(where: str) -> WireField:
    """Map a truth value in any of its spellings."""
    return WireField(where, flag(values.read_bool))


def at(where: str, reader: Callable[[Any], Any]) -> WireField:
    """Map what only a reader understands."""
    return WireField(where, read_with(reader))


def at_word(where: str, words: values.Words[Any]) -> WireField:
    """Map a word of a vocabulary."""
    return WireField(where, vocabulary(words, words))


def at_texts(where: str) -> WireField:
    """Map a list of texts."""
    return WireField(where, items(values.read_texts, word()))


@lru_cache(maxsize=1024)
def gather_grades(grades: tuple[str, ...]) -> tuple[str, ...]:
    """Return grades as CEDS codes where certain."""
    return tuple([values.read_grade(grade) for grade in grades])


@lru_cache(maxsize=1024)
def _share(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tuple that came first of all equal ones: thousands have the same grades."""
    return texts


RECORD: Fields = {
    "sourced_id": WireField("sourcedId", exact(values.read_own_id)),
    "status": at_word("status", values.read_status),
    "date_last_modified": at("dateLastModified", values.read_datetime),
}

GRADES: Fields = {
    "grades": WireField("grades", items(values.read_grades, word(), gather_grades)),
    "grades_raw": WireField("grades", items(values.read_texts, word(), _share)),
}


def own_identifier(value: str | None) -> tuple[Identifier, ...]:
    """Return OneRoster's ``identifier`` as the model has it."""
    if value is None:
        return ()
    known = IdentifierType.identifier
    return (Identifier(type=known, type_raw="identifier", value=value),)
