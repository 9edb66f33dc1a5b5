"""What goes wrong at Veracross: its paging, its limits, its tokens, its shapes."""

import time
from typing import Any, TypeAlias

import attrs

from edlink.sandbox.district import District
from edlink.sandbox.exchange import Exchange, Reply, json_reply
from edlink.sandbox.faults.fault import VERACROSS, Change, Expects, Fault, Memory, Reads, struck
from edlink.vocabulary import Kind

Json: TypeAlias = dict[str, Any]

CONTACTS = "/contact_info"
PAGE_OF_NO_CHOICE = 100
REQUESTS_BEFORE = 4
ONE_IN = 5

#: Seconds from now until a window of the rate limit ends, and since one ended.
AHEAD, BEHIND = 2, -2


def _error(status: int, text: str) -> Reply:
    return json_reply({"error": text, "error_id": "0a1b2c3d"}, status)


def _first_page(exchange: Exchange, _: Memory) -> None:
    exchange.offset = 0


def _own_size(exchange: Exchange, _: Memory) -> None:
    number = exchange.offset // exchange.limit
    exchange.limit = PAGE_OF_NO_CHOICE
    exchange.offset = number * exchange.limit


def _row_moves(exchange: Exchange, memory: Memory) -> None:
    if exchange.offset and memory.first(exchange.endpoint):
        exchange.offset -= 1


def _short_page(exchange: Exchange, _: Memory) -> None:
    half = (exchange.limit + 1) // 2
    if exchange.offset:
        exchange.offset -= exchange.limit - half
    else:
        exchange.limit = half


def _later_page(exchange: Exchange, _: Memory) -> Reply | None:
    is_later = exchange.is_data and exchange.request.headers.get("x-page-number", "1") != "1"
    return _error(500, "Internal server error") if is_later else None


def _revoke_first_token(exchange: Exchange, memory: Memory) -> Reply | None:
    if not exchange.is_data:
        return None
    token = exchange.request.headers.get("authorization", "")
    if token != memory.keep(token) or memory.count() < REQUESTS_BEFORE:
        return None
    return _error(401, "The access token was revoked")


def _withhold_contacts(exchange: Exchange, _: Memory) -> Reply | None:
    text = "The provided access token is missing a required scope: contact_info:list"
    return _error(401, text) if exchange.endpoint == CONTACTS else None


def _without_phones(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    return attrs.evolve(record, phone=None, sms=None) if kind is Kind.user else record


def _limited(exchange: Exchange, memory: Memory, page: str, seconds: int) -> Reply | None:
    asked = exchange.request.headers.get("x-page-number", "1")
    if not exchange.is_data or asked != page or not memory.first(exchange.endpoint):
        return None
    reply = _error(429, "Rate limit exceeded")
    reply.headers["X-Rate-Limit-Reset"] = str(int(time.time()) + seconds)
    return reply


def _nulled(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        found = {key: _nulled(item) for key, item in value.items()}
        return found if any(item is not None for item in found.values()) else None
    return None if value == "" or (value == 0 and value is not False) else value


def _ids_as_text(value: Any, name: str = "") -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _ids_as_text(item, key) for key, item in value.items()}
    is_number = isinstance(value, int) and not isinstance(value, bool)
    is_id = is_number and (name == "id" or name.endswith("_id"))
    return str(value) if is_id else value


def _other_campus(row: Json) -> Json:
    campus = row.get("campus")
    if isinstance(campus, dict):
        return row | {"campus": campus["id"]}
    return row if campus is None else row | {"campus": {"id": campus}}


def _without_year(row: Json) -> Json:
    is_hidden = row.get("birthday") and struck(str(row["id"]), ONE_IN)
    return row | {"birthday": row["birthday"][5:]} if is_hidden else row


def _read_without_year(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    is_hidden = kind is Kind.demographics and struck(record.sourced_id, ONE_IN)
    if not is_hidden or record.birth_date is None:
        return record
    raw = record.birth_date.isoformat()[5:]
    return attrs.evolve(record, birth_date=None, birth_date_raw=raw)


def _rows(change: Any) -> Change:  # noqa: ANN401 - what makes another row of a row
    def spoil(exchange: Exchange, _: Memory) -> None:
        exchange.rows = [change(row) for row in exchange.rows]

    return spoil


def _fault(name: str, summary: str, expects: Expects, **acts: Any) -> Fault:  # noqa: ANN401 - a fault's fields
    return Fault(name=name, summary=summary, expects=expects, providers=VERACROSS, **acts)


def _shape(name: str, summary: str, change: Any, reads: Reads | None = None) -> Fault:  # noqa: ANN401 - as in _rows
    expects = Expects.truth if reads is None else Expects.issues
    return _fault(name, summary, expects, spoil=_rows(change), reads=reads)


FAULTS = (
    _fault(
        "veracross_number_ignored",
        "Gives the first page whatever X-Page-Number says.",
        Expects.error,
        turn=_first_page,
    ),
    _fault(
        "veracross_size_ignored",
        "Gives pages of 100 rows whatever X-Page-Size says.",
        Expects.truth,
        turn=_own_size,
    ),
    _fault(
        "veracross_row_moves",
        "Gives a row twice and leaves another out, as when one is added between two pages, once.",
        Expects.truth,
        turn=_row_moves,
    ),
    _fault(
        "veracross_short_page",
        "Gives half a page where more pages follow.",
        Expects.truth,
        turn=_short_page,
    ),
    _fault(
        "veracross_later_pages_fail",
        "Answers every page but the first 500.",
        Expects.error,
        meet=_later_page,
    ),
    _fault(
        "veracross_token_revoked",
        "Revokes the first token after four requests, as when the eleventh is issued elsewhere.",
        Expects.truth,
        meet=_revoke_first_token,
    ),
    _fault(
        "veracross_scope_missing",
        "Answers requests for contact_info 401, as without contact_info:list.",
        Expects.truth,
        meet=_withhold_contacts,
        reads=_without_phones,
    ),
    _fault(
        "veracross_rate_limited",
        "Answers the first request for each list 429, with the time at which the window ends.",
        Expects.truth,
        meet=lambda exchange, memory: _limited(exchange, memory, "1", AHEAD),
    ),
    _fault(
        "veracross_reset_past",
        "Answers the first request for each list 429, with a time that has passed.",
        Expects.truth,
        meet=lambda exchange, memory: _limited(exchange, memory, "1", BEHIND),
    ),
    _fault(
        "veracross_later_page_limited",
        "Answers the first request for the second page of each list 429.",
        Expects.truth,
        meet=lambda exchange, memory: _limited(exchange, memory, "2", AHEAD),
    ),
    _shape(
        "veracross_nulls",
        "Sends null for every text, number and object that nobody knows.",
        _nulled,
    ),
    _shape("veracross_ids_as_text", "Sends every id as text.", _ids_as_text),
    _shape(
        "veracross_campus_forms",
        "Sends the campus of students as a number and that of employees as an object.",
        _other_campus,
    ),
    _shape(
        "veracross_new_fields",
        "Sends a field that no specification has.",
        lambda row: row | {"invented_later": {"by": ["Veracross"]}},
    ),
    _shape(
        "veracross_birthday_without_year",
        "Sends one birthday in five without its year.",
        _without_year,
        _read_without_year,
    ),
)
