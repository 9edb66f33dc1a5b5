"""
Value lists: what a school's own ids mean.

Asked for with ``X-API-Value-Lists: include``, an answer says for which fields it has lists, by
names that may be dotted (``campus.id``).  Ids are numbers in one place and text in another, texts
may hold HTML entities, and everything is the school's own: nothing may be kept between schools.
Source: api-docs.veracross.com, value lists.
"""

from codecs import BOM_UTF8
from collections.abc import Mapping
from html import unescape
from typing import Any

import attrs
from pydantic_core import SchemaValidator, ValidationError
from pydantic_core import core_schema as cs

#: How Veracross writes "nothing" in a list.
_NOTHING = frozenset({"", "<none>"})


@attrs.frozen
class ValueLists:
    """The meaning of one endpoint's value ids."""

    _texts: Mapping[tuple[str, str], str] = attrs.field(factory=dict, repr=False)

    def describe(self, field: str, value: str | None) -> str | None:
        """Return what a value of a field means, or None where no list says so."""
        return None if value is None else self._texts.get((field, value))

    def text(self, field: str, value: str | None) -> str | None:
        """Return what a value means, or the value itself where no list says so."""
        return self.describe(field, value) or value

    def __bool__(self) -> bool:
        return bool(self._texts)


def read_lists(body: bytes) -> ValueLists:
    """Return the value lists of an answer; none where there are none, or none that can be read."""
    try:
        lists = _ANSWER.validate_json(body.removeprefix(BOM_UTF8)).get("value_lists") or []
    except ValidationError:
        return ValueLists()
    return ValueLists(
        {
            (str(field), str(item["id"])): text
            for entry in lists
            for field in _rows(entry.get("fields"))
            for item in _rows(entry.get("items"))
            if isinstance(item, dict) and "id" in item
            if (text := _text(item.get("description"))) is not None
        }
    )


def _rows(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, list) else []


def _text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    text = unescape(value).strip() if isinstance(value, str) else ""
    return None if text.lower() in _NOTHING else text


_ANSWER = SchemaValidator(
    cs.typed_dict_schema(
        {
            "value_lists": cs.typed_dict_field(
                cs.nullable_schema(cs.list_schema(cs.dict_schema())), required=False
            )
        }
    )
)
