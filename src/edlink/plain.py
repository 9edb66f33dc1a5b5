"""
Attrs values as plain JSON values and back, exactly.

A field at its default is left out; dates are ISO 8601 text; enums are their text; tuples and
sets are lists (sets sorted).  ``from_plain`` reads what ``to_plain`` wrote and nothing looser.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import attrs

T = TypeVar("T")
Reader = Callable[[Any], Any]


def to_plain(value: Any) -> Any:  # noqa: ANN401 - any model value
    """Return a value as JSON-safe plain data; a record becomes a dict without its defaults."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(to_plain(item) for item in value)
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    return {
        name: to_plain(item)
        for name, default in _defaults(type(value))
        if (item := getattr(value, name)) != default
    }


def from_plain(cls: type[T], data: Mapping[str, Any]) -> T:
    """
    Return the attrs value of a class that ``to_plain`` made plain.

    Raises:
        KeyError: A field that the class does not have.
        TypeError, ValueError: A value of another shape, or a required field that is missing.
    """
    readers = _readers(cls)
    return cls(**{name: readers[name](value) for name, value in data.items()})


@cache
def _defaults(cls: type[Any]) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, _default(field)) for field in attrs.fields(cls))


def _default(field: "attrs.Attribute[Any]") -> Any:  # noqa: ANN401 - any model value
    if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
        return field.default.factory()
    return field.default


@cache
def _readers(cls: type[Any]) -> Mapping[str, Reader]:
    hints = get_type_hints(cls)
    return {field.name: _reader(hints[field.name]) for field in attrs.fields(cls)}


def _reader(hint: Any) -> Reader:  # noqa: ANN401 - a type hint
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (inner,) = (_reader(arg) for arg in args if arg is not NoneType)
        return lambda value: None if value is None else inner(value)
    if origin in (tuple, frozenset):
        collect, each = cast("type[Any]", origin), _reader(args[0])
        return lambda value: collect(each(item) for item in value)
    if isinstance(hint, type):
        if attrs.has(hint):
            return lambda value: from_plain(hint, value)
        if issubclass(hint, date):
            return hint.fromisoformat
        if issubclass(hint, Enum):
            return hint
    return _same


def _same(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return value
