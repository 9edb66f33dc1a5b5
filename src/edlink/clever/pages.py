"""
Bytes of Clever's answers to rows, or a PayloadError that names fields, never values.

Clever wraps every row twice, ``{"data": [{"data": row, "uri": ...}], "links": [...]}``.  A page is
validated whole, from its bytes; a page with anything odd in it is read again row by row, so that
a bad row costs only itself and becomes an Issue.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from itertools import takewhile
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import attrs

from edlink._http.exchange import Response
from edlink.clever import wire
from edlink.coverage import Issue
from edlink.errors import PayloadError
from edlink.vocabulary import Kind

Row = Mapping[str, Any]

PROVIDER = "clever"

#: The kind of record that each collection's rows are named after.
KINDS: Mapping[str, Kind] = {
    "districts": Kind.org,
    "schools": Kind.org,
    "terms": Kind.academic_session,
    "courses": Kind.course,
    "sections": Kind.class_,
}

#: Fields without which a row would say less than it did: memberships, schools, what a person is.
#: Losing one must not look like a removal, so the whole row is set aside.
_VITAL = frozenset(
    {"id", "student", "students", "teacher", "teachers", "school", "schools", "roles"}
    | {"staff", "district_admin", "contact", "student_relationships", "enrollments"}
    | {"object", "data", "type", "previous_attributes", "owner", "access_token"}
)


@attrs.frozen(kw_only=True)
class Page:
    """
    One decoded page.

    Attributes:
        rows: The rows that could be read.
        issues: The others, and unreadable fields of those that were kept.
        received: Rows in the answer, whatever became of them.
        ids: The ids of the rows that have one.
        repeated: How many of its rows came before in this list.
        next_cursor: Where the next page starts, or None where the answer names none.
        has_next: Whether the answer says that there is a next page.
    """

    rows: Sequence[Row] = attrs.field(repr=False)
    issues: tuple[Issue, ...] = ()
    received: int
    ids: Sequence[str]
    repeated: int = 0
    next_cursor: str | None
    has_next: bool

    @property
    def last_id(self) -> str | None:
        """The id of the last row that has one."""
        return self.ids[-1] if self.ids else None


def decode_page(collection: str, response: Response, *, first: int = 0) -> Page:
    """
    Return the rows of a list.

    Args:
        collection: What the rows are.
        response: A 200 answer.
        first: Position of the page's first row in its collection, for Issues.

    Raises:
        PayloadError: EDL-PAGE-001 not JSON, EDL-PAGE-002 an error body, EDL-PAGE-003 not a list.
    """
    answer = wire.parse_listing(collection, response.body)
    if answer is not None:
        rows = [single["data"] for single in answer["data"]]
        return _page(rows, (), answer["data"], answer.get("links"))
    raw = _parse(response)
    singles = raw.get("data") if isinstance(raw, dict) else None
    if not isinstance(singles, list):
        raise _unwanted(raw, response)
    rows, issues = _read_each(collection, singles, first)
    return _page(rows, issues, singles, raw.get("links"))


def decode_one(collection: str, response: Response) -> Page:
    """Return the one object of an answer as a page; raises as ``decode_page`` does."""
    raw = _parse(response)
    if not isinstance(raw, dict) or not isinstance(raw.get("data"), dict):
        raise _unwanted(raw, response)
    rows, issues = _read_each(collection, [raw], 0)
    return _page(rows, issues, [raw], None)


def read_row(collection: str, value: Mapping[str, Any]) -> tuple[Row | None, Issue | None]:
    """Return a row of JSON values validated, or None, and what was wrong with it."""
    return _read(collection, {"data": value}, None)


def _read_each(
    collection: str, singles: Sequence[Any], first: int
) -> tuple[list[Row], tuple[Issue, ...]]:
    read = [_read(collection, single, place) for place, single in enumerate(singles, first)]
    rows = [row for row, _ in read if row is not None]
    return rows, tuple(issue for _, issue in read if issue is not None)


def _read(
    collection: str,
    single: Any,  # noqa: ANN401 - any JSON value
    position: int | None,
) -> tuple[Row | None, Issue | None]:
    """Return a row, without its unreadable fields where it means the same without them."""
    row, faults = wire.read_single(collection, single)
    if not faults:
        return row, None
    paths = [_keys(place[1:]) for place in faults]
    fields = tuple(dict.fromkeys(".".join(path) for path in paths))
    issue = Issue(
        kind=KINDS.get(collection, Kind.user),
        reason="no_id" if "id" in fields else "unreadable_record",
        sourced_id=_id(single),
        fields=fields,
        position=position,
    )
    if any(not path or path[-1] in _VITAL for path in paths):
        return None, issue
    kept = deepcopy(single)
    for path in paths:
        _drop(kept["data"], path)
    row, _ = wire.read_single(collection, kept)
    return row, attrs.evolve(issue, reason="unreadable_field", set_aside=row is None)


def _page(
    rows: Sequence[Row],
    issues: tuple[Issue, ...],
    singles: Sequence[Any],
    links: Any,  # noqa: ANN401 - any JSON value
) -> Page:
    next_cursor, has_next = read_next(links)
    return Page(
        rows=rows,
        issues=issues,
        received=len(singles),
        ids=[found for single in singles if (found := _id(single))],
        next_cursor=next_cursor,
        has_next=has_next,
    )


def read_next(links: Any) -> tuple[str | None, bool]:  # noqa: ANN401 - any JSON value
    """Return where an answer's next page starts, and whether it says that there is one."""
    uri = next(_next_uris(links), None)
    found: list[str] = []
    with suppress(ValueError):  # an address that is none says no place
        found = parse_qs(urlsplit(uri or "").query).get("starting_after", [])
    return next(iter(found), None) or None, uri is not None


def _next_uris(links: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") == "next":
            yield str(link.get("uri"))


def _id(single: Any) -> str | None:  # noqa: ANN401 - any JSON value
    row = single.get("data") if isinstance(single, dict) else None
    found = row.get("id") if isinstance(row, dict) else None
    is_number = isinstance(found, int) and not isinstance(found, bool)
    return str(found) if is_number or isinstance(found, str) else None


def _keys(place: Sequence[str | int]) -> tuple[str, ...]:
    """Return the keys that lead to a fault, down to the first list."""
    return tuple(cast("Iterator[str]", takewhile(lambda step: isinstance(step, str), place)))


def _drop(row: dict[str, Any], path: tuple[str, ...]) -> None:
    for key in path[:-1]:
        row = row[key]
    row.pop(path[-1], None)


def _parse(response: Response) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return _readable(json.loads(response.body), _NO_VALUE, _LEVELS)
    except (ValueError, RecursionError):
        pass
    message = "the answer is not whole JSON; Clever sends HTML for a token of the wrong kind"
    raise _error("EDL-PAGE-001", message, response)


_HALF_PAIR = re.compile("[\ud800-\udfff]")
_NO_VALUE = object()

#: Levels of an answer that are looked into; no row has a field so deep.
_LEVELS = 100


def _readable(
    value: Any,  # noqa: ANN401 - any JSON value
    instead: object,
    levels: int,
) -> Any:  # noqa: ANN401 - the same
    """
    Return a JSON value without text that is no Unicode and what lies deeper than any field.

    What cuts names after so many UTF-16 units cuts an emoji in two, and half of one can be neither
    stored nor shown.  Something that no field takes stands instead; in ``ext``, which holds what
    districts like, null.
    """
    if isinstance(value, dict | list) and not levels:
        return instead
    if isinstance(value, dict):
        return {
            name: _readable(item, None if name == "ext" else instead, levels - 1)
            for name, item in value.items()
            if not _HALF_PAIR.search(name)
        }
    if isinstance(value, list):
        return [_readable(item, instead, levels - 1) for item in value]
    return instead if isinstance(value, str) and _HALF_PAIR.search(value) else value


def _unwanted(raw: Any, response: Response) -> PayloadError:  # noqa: ANN401 - any JSON value
    if isinstance(raw, dict) and not raw.keys().isdisjoint({"error", "message"}):
        return _error("EDL-PAGE-002", "an error body came with a success status", response)
    return _error("EDL-PAGE-003", "the answer does not hold what was asked for", response)


def _error(code: str, message: str, response: Response) -> PayloadError:
    return PayloadError(
        code,
        message,
        provider=PROVIDER,
        endpoint=response.endpoint,
        status=response.status,
        retryable=True,
    )
