"""
Attrs values as plain JSON values and back, exactly.

A field at its default is left out; dates are ISO 8601 text; enums are their text; tuples and
sets are lists (sets sorted).  ``from_plain`` reads what ``to_plain`` wrote and nothing looser.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import attrs

T = TypeVar("T")
Reader = Callable[[Any], Any]

_FACTORY: Any = attrs.Factory


def to_plain(value: Any) -> Any:  # noqa: ANN401 - any model value
    """Return a value as JSON-safe plain data; a record becomes a dict without its defaults."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Sequence):
        return [to_plain(item) for item in value]
    if attrs.has(type(value)):
        return _record(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(to_plain(item) for item in value)
    return value.isoformat() if isinstance(value, date) else value


def _record(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any attrs class
    return {
        name: to_plain(item)
        for name, default in _defaults(cast("Hashable", type(value)))
        if (item := getattr(value, name)) != default
    }


def from_plain(cls: type[T], data: Mapping[str, Any]) -> T:
    """
    Return the attrs value of a class that ``to_plain`` made plain.

    Raises:
        KeyError: A field that the class does not have.
        TypeError, ValueError: A value of another shape, or a required field that is missing.
    """
    readers = _readers(cast("Hashable", cls))
    return cls(**{name: readers[name](value) for name, value in data.items()})


def from_versioned(cls: type[T], data: Mapping[str, Any], version: int) -> T | None:
    """
    Return the value whose plain form was written beside its version, or None for anything else.

    Nothing is raised, so that the error of the caller has no context that could hold a value.
    """
    with suppress(KeyError, TypeError, ValueError, AttributeError):
        if is_version(data["version"], version):
            return from_plain(cls, {n: value for n, value in data.items() if n != "version"})
    return None


def is_version(found: object, version: int) -> bool:
    """Return whether a version that was read is the very number; True and 1.0 are not 1."""
    return type(found) is int and found == version


def is_day(value: object) -> bool:
    """Return whether a value is a date; a moment is none, though Python calls it one."""
    return isinstance(value, date) and not isinstance(value, datetime)


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    """
    Return a value that is a list: a text has items too, and a dict, but they were not written.

    Raises:
        TypeError: Anything but a list.
    """
    if isinstance(value, list):
        return value
    message = "a value is no list"
    raise TypeError(message)


@cache
def _defaults(cls: Any) -> tuple[tuple[str, Any], ...]:  # noqa: ANN401 - an attrs class
    return tuple((field.name, _default(field)) for field in attrs.fields(cls))


def _default(field: "attrs.Attribute[Any]") -> Any:  # noqa: ANN401 - any model value
    default: Any = field.default
    return default.factory() if isinstance(default, _FACTORY) else default


@cache
def _readers(cls: Any) -> Mapping[str, Reader]:  # noqa: ANN401 - an attrs class
    hints = get_type_hints(cls)
    return {field.name: _reader(hints[field.name]) for field in attrs.fields(cls)}


def _reader(hint: Any) -> Reader:  # noqa: ANN401 - a type hint
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (inner,) = (_reader(arg) for arg in args if arg is not NoneType)
        return lambda value: None if value is None else inner(value)
    if origin in (tuple, frozenset):
        collect, each = cast("type[Any]", origin), _reader(args[0])
        return lambda value: collect(map(each, listed(value)))
    if origin is Mapping:
        inside = _reader(args[1])
        return lambda value: {key: inside(item) for key, item in _dict(value).items()}
    return _reader_of_type(hint) if isinstance(hint, type) else _same


def _reader_of_type(hint: type) -> Reader:
    if issubclass(hint, Sequence) and not issubclass(hint, str):
        return _reader_of_items(hint)
    if attrs.has(hint):
        return lambda value: from_plain(hint, value)
    if issubclass(hint, date):
        return hint.fromisoformat
    if issubclass(hint, Enum):
        return hint
    return _exactly(hint) if hint in _SIMPLE else _same


def _reader_of_items(hint: Any) -> Reader:  # noqa: ANN401 - a class of sequences
    """Return a reader of the items; the field's own converter makes the sequence."""
    (base,) = hint.__orig_bases__
    each = _reader(get_args(base)[0])
    return lambda value: tuple(map(each, listed(value)))


def _dict(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return value
    message = "a value is no mapping"
    raise TypeError(message)


#: A field of these takes a value of the very type; JSON may write a float without its point.
_SIMPLE = (str, bool, int, float)


def _exactly(hint: type) -> Reader:
    kinds = (float, int) if hint is float else (hint,)

    def read(value: Any) -> Any:  # noqa: ANN401 - any JSON value
        if type(value) not in kinds:
            message = f"a value is no {hint.__name__}"
            raise TypeError(message)
        return value

    return read


def _same(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return value
