"""Pages that are cut, repeated, empty or endless, and totals that are not true."""

from urllib.parse import urlencode

import attrs

from edlink.sandbox.exchange import Exchange, Reply, json_reply
from edlink.sandbox.faults.fault import (
    CLEVER,
    DIRECTORY,
    EVERYWHERE,
    ONEROSTER,
    VERACROSS,
    Expects,
    Fault,
    Memory,
    Send,
)

TOTALS = ("X-Total-Count", "x-total-count")


def several_pages(exchange: Exchange, _: Memory) -> None:
    """Clamp the page so that every collection of more than ten takes about four."""
    limit = min(exchange.limit, max(10, exchange.total // 4 + 1))
    if "x-page-number" in exchange.request.headers:
        # Numbered pages follow from their size.
        exchange.offset = exchange.offset // exchange.limit * limit
    exchange.limit = limit


def _clamp(exchange: Exchange, _: Memory) -> None:
    exchange.limit = min(exchange.limit, 50)


def _always_first(exchange: Exchange, memory: Memory) -> None:
    several_pages(exchange, memory)
    exchange.offset = 0


def _one_early_and_longer(exchange: Exchange, memory: Memory) -> None:
    several_pages(exchange, memory)
    if exchange.offset:
        exchange.offset -= 1
        exchange.limit += 1


def _one_early(exchange: Exchange, memory: Memory) -> None:
    several_pages(exchange, memory)
    exchange.offset = max(0, exchange.offset - 1)


def _wrap(exchange: Exchange, memory: Memory) -> None:
    several_pages(exchange, memory)
    exchange.offset %= max(1, exchange.total)


def _in_the_middle(exchange: Exchange) -> bool:
    return exchange.offset > 0 and exchange.offset + exchange.limit < exchange.total


def _shorten(exchange: Exchange, memory: Memory) -> None:
    if _in_the_middle(exchange) and memory.first(exchange.endpoint):
        exchange.rows = exchange.rows[: len(exchange.rows) // 2]


def _empty(exchange: Exchange, _: Memory) -> None:
    if _in_the_middle(exchange):
        exchange.rows = []


def _empty_once(exchange: Exchange, memory: Memory) -> None:
    if _in_the_middle(exchange) and memory.first(exchange.endpoint):
        exchange.rows = []


def _without(*names: str) -> Send:
    def send(_: Exchange, reply: Reply, __: Memory) -> Reply:
        headers = {n: v for n, v in reply.headers.items() if n.lower() not in names}
        return attrs.evolve(reply, headers=headers)

    return send


def _say_total(exchange: Exchange, reply: Reply, text: str) -> Reply:
    if not exchange.is_list:
        return reply
    headers = {n: text if n in TOTALS else v for n, v in reply.headers.items()}
    return attrs.evolve(reply, headers=headers)


def _total_off_by(number: int) -> Send:
    def send(exchange: Exchange, reply: Reply, _: Memory) -> Reply:
        total = exchange.total + number
        return reply if total <= 0 else _say_total(exchange, reply, str(total))

    return send


def _total_is(text: str) -> Send:
    return lambda exchange, reply, _: _say_total(exchange, reply, text)


def _total_grows(exchange: Exchange, reply: Reply, memory: Memory) -> Reply:
    seen = memory.count(exchange.endpoint)
    return _say_total(exchange, reply, str(exchange.total + seen))


def _total_grows_once(exchange: Exchange, reply: Reply, memory: Memory) -> Reply:
    wrong = exchange.endpoint == "/users" and memory.first()
    return _say_total(exchange, reply, str(exchange.total - 1 if wrong else exchange.total))


def _count_wrong(exchange: Exchange, reply: Reply, _: Memory) -> Reply:
    if exchange.endpoint != "/users" or "x-count" not in reply.headers:
        return reply
    count = str(len(exchange.rows) + 1)
    return attrs.evolve(reply, headers=reply.headers | {"x-count": count})


def _foreign_link(exchange: Exchange, reply: Reply, _: Memory) -> Reply:
    headers = dict(reply.headers)
    host = exchange.request.host
    if "Link" in headers:
        headers["Link"] = headers["Link"].replace(host, "roster.example.org")
    return attrs.evolve(reply, headers=headers)


def _sort_refused(exchange: Exchange, _: Memory) -> Reply | None:
    if exchange.is_list and "sort" in dict(exchange.request.params):
        return json_reply({"error": "invalid_sort_field"}, 400)
    return None


def _backwards(exchange: Exchange, _: Memory) -> None:
    exchange.rows = exchange.rows[::-1]


def _drop_filter(exchange: Exchange, _: Memory) -> Reply | None:
    kept = [pair for pair in exchange.request.params if pair[0] != "filter"]
    exchange.request.query = urlencode(kept)
    return None


FAULTS = (
    Fault(
        name="clamped_page",
        summary="Gives at most 50 rows a page, whatever limit is asked for.",
        expects=Expects.truth,
        turn=_clamp,
    ),
    Fault(
        name="no_headers",
        summary="Sends neither totals nor links, and clamps pages, as Ed-Fi's server does.",
        expects=Expects.truth,
        turn=several_pages,
        send=_without("x-total-count", "x-count", "link"),
    ),
    Fault(
        name="no_total",
        summary="Sends links but no total.",
        expects=Expects.truth,
        turn=several_pages,
        send=_without("x-total-count", "x-count"),
    ),
    Fault(
        name="offset_ignored",
        summary="Gives the first page whatever offset is asked for.",
        expects=Expects.error,
        turn=_always_first,
    ),
    Fault(
        name="endless_paging",
        summary="Starts again from the first row instead of ending, and sends no total or link.",
        expects=Expects.error,
        turn=_wrap,
        send=_without("x-total-count", "x-count", "link"),
    ),
    Fault(
        name="rows_repeated",
        summary="Gives the row before the offset once more at the top of each later page.",
        expects=Expects.truth,
        may_raise=True,
        providers=EVERYWHERE,
        turn=_one_early_and_longer,
    ),
    Fault(
        name="rows_shifted",
        summary="Moves all rows down by one after the first page, so that the last never comes.",
        expects=Expects.error,
        turn=_one_early,
    ),
    Fault(
        name="short_page",
        summary="Gives half a page in the middle of each collection, once.",
        expects=Expects.truth,
        turn=several_pages,
        spoil=_shorten,
    ),
    Fault(
        name="empty_page",
        summary="Gives empty pages in the middle of collections.",
        expects=Expects.error,
        providers=ONEROSTER | CLEVER | DIRECTORY,
        turn=several_pages,
        spoil=_empty,
    ),
    Fault(
        name="empty_page_once",
        summary="Gives an empty page in the middle of each collection, the first time.",
        expects=Expects.truth,
        may_raise=True,
        providers=ONEROSTER | CLEVER | VERACROSS | DIRECTORY,
        turn=several_pages,
        spoil=_empty_once,
    ),
    Fault(
        name="total_too_high",
        summary="Says that there are five more rows than there are.",
        expects=Expects.error,
        send=_total_off_by(5),
    ),
    Fault(
        name="total_too_low",
        summary="Says that there are seven fewer rows than there are.",
        expects=Expects.error,
        send=_total_off_by(-7),
    ),
    Fault(
        name="total_garbage",
        summary="Says the total in words.",
        expects=Expects.truth,
        send=_total_is("about a dozen"),
    ),
    Fault(
        name="total_zero",
        summary="Says that there are no rows beside the rows.",
        expects=Expects.truth,
        may_raise=True,
        send=_total_is("0"),
    ),
    Fault(
        name="total_changes",
        summary="Says a higher total with every page.",
        expects=Expects.error,
        turn=several_pages,
        send=_total_grows,
    ),
    Fault(
        name="total_changes_once",
        summary="Says one user fewer on the first page, as if one arrived during the pull.",
        expects=Expects.truth,
        may_raise=True,
        turn=several_pages,
        send=_total_grows_once,
    ),
    Fault(
        name="count_wrong",
        summary="Says in x-count that a page of users has one row more than it has.",
        expects=Expects.error,
        providers=frozenset({"classlink"}),
        send=_count_wrong,
    ),
    Fault(
        name="foreign_link",
        summary="Points the links at another host.",
        expects=Expects.truth,
        providers=frozenset({"oneroster"}),
        turn=several_pages,
        send=_foreign_link,
    ),
    Fault(
        name="sort_refused",
        summary="Answers 400 to every sort.",
        expects=Expects.truth,
        may_raise=True,
        meet=_sort_refused,
    ),
    Fault(
        name="sort_ignored",
        summary="Gives the rows of a page in another order than asked for.",
        expects=Expects.truth,
        spoil=_backwards,
    ),
    Fault(
        name="filter_ignored",
        summary="Gives everything, whatever filter is asked for.",
        expects=Expects.truth,
        meet=_drop_filter,
    ),
)
