"""
Bytes of a page to records of the model, or a PayloadError that names fields, never values.

A page is validated as a whole from its bytes, in compiled code that fills the attrs records
itself (docs/decisions/0002).  A page in which anything is odd is read again record by record,
so that one bad record costs only itself: it becomes an Issue.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, Generic, TypeVar, cast

import attrs
from pydantic_core import CoreSchema, SchemaValidator, ValidationError
from pydantic_core import core_schema as cs

from edlink._http.exchange import Response
from edlink._http.json_body import read_json, says_success
from edlink.coverage import Issue
from edlink.errors import PayloadError
from edlink.vocabulary import Kind

T = TypeVar("T")
Reader = Callable[[Any], Any]

#: Where a field lies in a wire record: a key, or several paths of keys, the first present wins.
Where = str | list[list[str | int]]


@attrs.frozen
class WireField:
    """Where one field of the model lies in the provider's record, and how it is read."""

    where: Where
    schema: CoreSchema


#: Anchored, so that one look decides; text that begins with a blank is left to the reader.
_NOT_BLANK = cs.str_schema(strict=True, pattern=r"^\S")
_STRIPPED = cs.str_schema(strict=True, strip_whitespace=True, min_length=1)
#: Text that is not the above is blank, for which an empty dict says None in compiled code.
_BLANK = cs.no_info_after_validator_function({}.get, cs.str_schema(strict=True))


def read_with(reader: Reader) -> CoreSchema:
    """Return the schema of a value that a Python function reads."""
    return cs.no_info_plain_validator_function(reader)


def _else(reader: Reader, *fast: CoreSchema) -> CoreSchema:
    """Return a schema that tries compiled schemas in turn, then the reader."""
    return cs.union_schema([*fast, read_with(reader)], mode="left_to_right")


def text(reader: Reader) -> CoreSchema:
    """Return the schema of stripped text, blank text is None; anything else goes to the reader."""
    return _else(reader, _STRIPPED, _BLANK, cs.none_schema())


def word() -> CoreSchema:
    """Return the schema of non-empty stripped text and nothing else, as an item of a list."""
    return _STRIPPED


def exact(reader: Reader) -> CoreSchema:
    """Return the schema of text that is kept byte-exact, such as an id."""
    return _else(reader, _NOT_BLANK)


def vocabulary(table: Mapping[str, Any], reader: Reader) -> CoreSchema:
    """Return the schema of a word that a table maps; what is not text goes to the reader."""
    mapped = cs.no_info_after_validator_function(table.__getitem__, cs.str_schema(strict=True))
    return _else(reader, mapped)


def day(reader: Reader) -> CoreSchema:
    """
    Return the schema of a calendar day, which the reader reads.

    pydantic's own date would take the text "0" for a day in 1970.  A district has few days, so
    what the reader said of a text is kept.
    """
    known = cs.no_info_after_validator_function(lru_cache(4096)(reader), cs.str_schema(strict=True))
    return _else(reader, known, cs.none_schema())


def flag(reader: Reader) -> CoreSchema:
    """Return the schema of a truth value: a JSON boolean, "true" or "false", else the reader."""
    return _else(reader, _TRUE_FALSE, cs.bool_schema(strict=True))


_TRUE_FALSE = cs.chain_schema([cs.literal_schema(["true", "false"]), cs.bool_schema()])


def items(
    reader: Reader, item: CoreSchema, gather: Callable[[tuple[Any, ...]], Any] | None = None
) -> CoreSchema:
    """Return the schema of a list of valid items as a tuple, then gathered; else the reader."""
    schema: CoreSchema = cs.tuple_schema([item], variadic_item_index=0)
    if gather is not None:
        schema = cs.no_info_after_validator_function(gather, schema)
    return _else(reader, schema)


def record_schema(
    cls: type[T],
    fields: Mapping[str, WireField],
    *,
    finish: Callable[[T], T] | None = None,
    later: Collection[str] = (),
) -> CoreSchema:
    """
    Return the schema that fills an attrs class of the model from a wire record.

    Args:
        cls: A frozen, slotted attrs class.
        fields: For each field that this provider has; the others keep their defaults.
        finish: Called with each new record, for what stands on more than one wire field.
        later: Fields that ``Pagewise.finish`` sets; until then the record does not have them.
    """
    known = [field for field in attrs.fields(cast("Any", cls)) if field.name not in later]
    args = cs.dataclass_args_schema(
        cls.__name__, [_field(field, fields.get(field.name)) for field in known]
    )
    names = [field.name for field in known]
    schema = cs.dataclass_schema(cls, args, names, slots=True)
    return cs.no_info_after_validator_function(finish, schema) if finish else schema


def _field(field: "attrs.Attribute[Any]", wire: WireField | None) -> cs.DataclassField:
    if wire is None:
        constant = cs.with_default_schema(cs.any_schema(), default=field.default)
        return cs.dataclass_field(field.name, constant, init=False)
    schema = wire.schema
    if field.default is not attrs.NOTHING:
        schema = cs.with_default_schema(schema, default=field.default)
    return cs.dataclass_field(field.name, schema, validation_alias=wire.where, kw_only=True)


def slot_setter(cls: type[T], name: str) -> Callable[[T, Any], None]:
    """Return what sets a slot of a frozen record that is new, so that nobody has seen it yet."""
    return cast("Callable[[T, Any], None]", getattr(cls, name).__set__)


def defaults_setter(cls: type[T], names: Collection[str]) -> Callable[[list[T]], None]:
    """Return what gives fields left for later their defaults, in compiled loops over a page."""
    defaults = {field.name: field.default for field in attrs.fields(cast("Any", cls))}
    slots = [(slot_setter(cls, name), defaults[name]) for name in names]

    def set_defaults(records: list[T]) -> None:
        for set_slot, default in slots:
            deque(map(set_slot, records, repeat(default)), maxlen=0)

    return set_defaults


@attrs.frozen
class Pagewise(Generic[T]):
    """
    A record's schema, and what completes the new records of a page.

    For what stands on more than one wire field: one call a page costs less than one a record.
    """

    schema: CoreSchema
    finish: Callable[[list[T]], None]


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """
    One decoded page.

    ``rows`` are the records that could be modelled, ``issues`` the others and the unreadable
    fields; ``received`` counts the rows of the answer, whatever became of them.  ``is_bare`` says
    that the answer named no list at all, which a standard may allow for "none".
    """

    rows: list[T] = attrs.field(repr=False)
    received: int
    issues: list[Issue] = attrs.field(factory=list)
    is_bare: bool = False


@attrs.frozen(kw_only=True)
class Envelope:
    """
    How a provider wraps a page.

    ``keys`` are the names its list may have, the right one first.  ``bare_list``: a list without
    an envelope is accepted.  ``may_be_absent``: an empty object, or null for the list, is accepted
    for "none".  ``error_keys`` are top-level names that only errors have.
    """

    keys: tuple[str, ...]
    bare_list: bool = False
    may_be_absent: bool = False
    error_keys: frozenset[str] = frozenset()


class PageDecoder(Generic[T]):
    """Decodes the pages of one collection."""

    def __init__(
        self,
        record: CoreSchema | Pagewise[T],
        *,
        kind: Kind,
        provider: str,
        envelope: Envelope,
        id_key: str,
    ) -> None:
        self._kind = kind
        self._provider = provider
        self._envelope = envelope
        self._id_key = id_key
        self._finish = record.finish if isinstance(record, Pagewise) else None
        schema = record.schema if isinstance(record, Pagewise) else record
        self._one = SchemaValidator(schema)
        wanted = cs.typed_dict_field(cs.list_schema(schema))
        self._page = SchemaValidator(
            cs.typed_dict_schema({envelope.keys[0]: wanted}), {"cache_strings": False}
        )

    def decode(self, response: Response, *, first: int = 0) -> Page[T]:
        """
        Return the page's records.

        Args:
            response: A 200 answer.
            first: Position of the page's first row in its collection, for Issues.

        Raises:
            PayloadError: EDL-PAGE-001 not JSON, EDL-PAGE-002 an error body, EDL-PAGE-003 no
                list under any of the names it may have.
        """
        body = response.body.removeprefix(b"\xef\xbb\xbf")
        try:
            rows = self._page.validate_json(body)[self._envelope.keys[0]]
        except ValidationError:
            rows = None
        if rows:
            if self._finish is not None:
                self._finish(rows)
            return Page(rows=rows, received=len(rows))
        return self._decode_slowly(body, response, first)

    def decode_one(self, response: Response, keys: Sequence[str]) -> Page[T]:
        """
        Return a page of the single record under the first of the keys present.

        Raises:
            PayloadError: As ``decode``.
        """
        value = self._parse(response.body.removeprefix(b"\xef\xbb\xbf"), response)
        for key in keys:
            record = value.get(key) if isinstance(value, dict) else None
            if isinstance(record, list) and len(record) == 1:
                record = record[0]
            if isinstance(record, dict):
                read, issues = self._read(record, 0)
                return Page(rows=[] if read is None else [read], received=1, issues=issues)
        raise self._no_list(value, response)

    def _decode_slowly(self, body: bytes, response: Response, first: int) -> Page[T]:
        value = self._parse(body, response)
        rows = self._rows(value, response)
        if not rows and self._says_failure(value):
            raise self._no_list(value, response)
        if rows is None:
            return Page(rows=[], received=0, is_bare=True)
        read: list[T] = []
        issues: list[Issue] = []
        for position, row in enumerate(rows, first):
            record, found = self._read(row, position)
            issues += found
            if record is not None:
                read.append(record)
        return Page(rows=read, received=len(rows), issues=issues)

    def _parse(self, body: bytes, response: Response) -> Any:  # noqa: ANN401 - any JSON value
        try:
            return read_json(body)
        except ValueError:
            pass
        message = "the answer is not whole JSON; a login page or a broken proxy looks like this"
        raise self._error("EDL-PAGE-001", message, response)

    def _rows(self, value: Any, response: Response) -> list[Any] | None:  # noqa: ANN401 - any JSON
        if isinstance(value, list) and self._envelope.bare_list:
            return value
        if isinstance(value, dict):
            found = [value[key] for key in self._envelope.keys if key in value]
            for rows in found:
                if isinstance(rows, list):
                    return rows
            is_absent = not value or (found and all(rows is None for rows in found))
            if is_absent and self._envelope.may_be_absent:
                return None
        raise self._no_list(value, response)

    def _says_failure(self, value: object) -> bool:
        """Return whether a body without rows bears names of errors, and no word of success."""
        if not isinstance(value, dict):
            return False
        said = [value[key] for key in self._envelope.error_keys if value.get(key)]
        return bool(said) and not any(map(says_success, said))

    def _no_list(self, value: object, response: Response) -> PayloadError:
        if isinstance(value, dict) and not self._envelope.error_keys.isdisjoint(value):
            return self._error("EDL-PAGE-002", "an error body came with a success status", response)
        return self._error("EDL-PAGE-003", "the answer does not hold what was asked for", response)

    def _error(self, code: str, message: str, response: Response) -> PayloadError:
        return PayloadError(
            code,
            message,
            provider=self._provider,
            endpoint=response.endpoint,
            status=response.status,
            retryable=True,
        )

    def _read(self, row: Any, position: int) -> tuple[T | None, list[Issue]]:  # noqa: ANN401 - any JSON
        """Return a record, without what is unreadable of it where it can live without that."""
        if not isinstance(row, dict):
            return None, [self._issue("not_an_object", None, (), position)]
        record, bad = self._try(row)
        if not bad:
            return record, []
        sourced_id = row.get(self._id_key)
        is_number = isinstance(sourced_id, int) and not isinstance(sourced_id, bool)
        known = str(sourced_id) if is_number or isinstance(sourced_id, str) else None
        rest = {key: row[key] for key in row if key not in bad}
        record, worse = self._try({**rest, **self._readable_items(row, rest, bad)})
        if worse:
            if self._id_key in worse:
                return None, [self._issue("no_id", None, worse, position)]
            return None, [self._issue("unreadable_record", known, worse, position)]
        issue = self._issue("unreadable_field", known, bad, position)
        return record, [attrs.evolve(issue, set_aside=False)]

    def _readable_items(
        self, row: dict[str, Any], rest: dict[str, Any], bad: Collection[str]
    ) -> dict[str, list[Any]]:
        """Return the lists among the unreadable fields, without their unreadable items."""

        def reads(key: str, found: list[Any]) -> bool:
            return key not in self._try({**rest, key: found})[1]

        lists = {key: row[key] for key in bad if isinstance(row.get(key), list)}
        good = {k: [item for item in found if reads(k, [item])] for k, found in lists.items()}
        return {key: found for key, found in good.items() if found and reads(key, found)}

    def _try(self, row: dict[str, Any]) -> tuple[T | None, tuple[str, ...]]:
        """Return the record, or the names of the top-level fields that are in its way."""
        try:
            record = cast("T", self._one.validate_python(row))
        except ValidationError as error:
            found = error.errors(include_input=False, include_context=False, include_url=False)
        else:
            if self._finish is not None:
                self._finish([record])
            return record, ()
        return None, tuple(dict.fromkeys(str(fault["loc"][0]) for fault in found))

    def _issue(
        self, reason: str, sourced_id: str | None, fields: tuple[str, ...], position: int
    ) -> Issue:
        return Issue(
            kind=self._kind, reason=reason, sourced_id=sourced_id, fields=fields, position=position
        )
