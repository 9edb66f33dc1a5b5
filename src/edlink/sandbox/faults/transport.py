"""Answers that come late, broken, refused, packed, or are no answers at all."""

import gzip
import json
from collections.abc import Callable, Mapping
from email.utils import formatdate
from time import sleep, time

import attrs

from edlink.sandbox.exchange import Exchange, Reply, json_reply
from edlink.sandbox.faults.fault import EVERYWHERE, Expects, Fault, Meet, Memory, Send
from edlink.sandbox.faults.paging import several_pages
from edlink.vocabulary import Kind

HTML = {"Content-Type": "text/html; charset=utf-8"}
LOGIN_PAGE = b"<!doctype html><html><title>Sign in</title><form>...</form></html>"
USERS = "/users"  # at OneRoster; elsewhere people are in several lists
HEAVY_PAGE = 100
REQUESTS_BEFORE = 2


def _html(status: int, text: bytes = b"<html><h1>Something went wrong</h1></html>") -> Reply:
    return Reply(status=status, headers=dict(HTML), body=text)


def _wait(seconds: str) -> Reply:
    return json_reply({"error": "too many requests"}, 429, Retry_After=seconds)


def _once(reply: Callable[[], Reply]) -> Meet:
    """Answer the third request for data so, and no other."""
    return lambda exchange, memory: (
        reply() if exchange.is_data and memory.count() == REQUESTS_BEFORE else None
    )


def _first_of_each(reply: Callable[[], Reply]) -> Meet:
    return lambda exchange, memory: (
        reply() if exchange.is_data and memory.first(exchange.endpoint) else None
    )


def _is_people(exchange: Exchange) -> bool:
    """Return whether a request is for a list of people, whatever the door calls them."""
    return exchange.kind is Kind.user and exchange.is_list


def _always(reply: Callable[[], Reply]) -> Meet:
    return lambda exchange, _: reply() if _is_people(exchange) else None


def _everything(reply: Callable[[], Reply]) -> Meet:
    return lambda exchange, _: reply() if exchange.is_data else None


def _on_later_pages(exchange: Exchange, _: Memory) -> Reply | None:
    if exchange.endpoint == USERS and dict(exchange.request.params).get("offset", "0") != "0":
        return _html(500)
    return None


def _large_page(exchange: Exchange, _: Memory) -> Reply | None:
    limit = dict(exchange.request.params).get("limit", "100")
    heavy = exchange.is_list and limit.isdecimal() and int(limit) > HEAVY_PAGE
    return _html(502) if heavy else None


def _late(exchange: Exchange, _: Memory) -> None:
    if exchange.is_data:
        sleep(0.05)


def _cut(*, always: bool) -> Send:
    def send(exchange: Exchange, reply: Reply, memory: Memory) -> Reply:
        if not (_is_people(exchange) and (always or memory.first())):
            return reply
        return attrs.evolve(reply, cut_after=len(reply.body) // 2)

    return send


def _truncated(*, always: bool) -> Send:
    def send(exchange: Exchange, reply: Reply, memory: Memory) -> Reply:
        if not (_is_people(exchange) and (always or memory.first())):
            return reply
        return attrs.evolve(reply, body=reply.body[: len(reply.body) * 2 // 3])

    return send


def _bom(exchange: Exchange, reply: Reply, _: Memory) -> Reply:
    return attrs.evolve(reply, body=b"\xef\xbb\xbf" + reply.body) if exchange.is_data else reply


def _gzip(_: Exchange, reply: Reply, __: Memory) -> Reply:
    headers = reply.headers | {"Content-Encoding": "gzip"}
    return attrs.evolve(reply, headers=headers, body=gzip.compress(reply.body, 1))


def _slow_body(exchange: Exchange, reply: Reply, _: Memory) -> Reply:
    return attrs.evolve(reply, pause=0.1) if exchange.is_list else reply


def _small_letters(_: Exchange, reply: Reply, __: Memory) -> Reply:
    headers = {name.lower(): value for name, value in reply.headers.items()}
    return attrs.evolve(reply, headers=headers)


def _plain_type(exchange: Exchange, reply: Reply, _: Memory) -> Reply:
    kind = {"Content-Type": "text/plain"}
    return attrs.evolve(reply, headers=reply.headers | kind) if exchange.is_data else reply


def _redirect(location: str) -> Callable[[], Reply]:
    return lambda: Reply(status=302, headers={"Location": location})


#: What the doors write in place of rows, by the key of the rows.
_ERRORS: Mapping[str, object] = {
    "data": {"error": "Internal server error"},
    "value": {"error": {"code": "generalException", "message": "Internal server error"}},
}
_IMS_ERROR = {"statusInfoSet": [{"imsx_codeMajor": "failure", "imsx_severity": "error"}]}


def _error_body(exchange: Exchange, _: Memory) -> Reply | None:
    body = _ERRORS.get(exchange.envelope, _IMS_ERROR)
    return json_reply(body) if _is_people(exchange) else None


def _rows_as(shape: Callable[[Exchange], object], *, first_page: bool = True) -> Send:
    def send(exchange: Exchange, reply: Reply, _: Memory) -> Reply:
        is_spared = not (first_page or exchange.offset)
        if not exchange.is_list or not reply.is_ok or is_spared:
            return reply
        body = json.dumps(shape(exchange), ensure_ascii=False).encode()
        return attrs.evolve(reply, body=body)

    return send


FAULTS = (
    Fault(
        name="latency",
        summary="Answers every request for data 50 ms late.",
        expects=Expects.truth,
        providers=EVERYWHERE,
        turn=_late,
    ),
    Fault(
        name="slow_body",
        summary="Pauses in the middle of every list.",
        expects=Expects.truth,
        send=_slow_body,
    ),
    Fault(
        name="rate_limited_seconds",
        summary="Answers one request 429 with Retry-After of one second.",
        expects=Expects.truth,
        providers=EVERYWHERE,
        meet=_once(lambda: _wait("1")),
    ),
    Fault(
        name="rate_limited_date",
        summary="Answers one request 429 with Retry-After as a date a second ahead.",
        expects=Expects.truth,
        providers=EVERYWHERE,
        meet=_once(lambda: _wait(formatdate(time() + 1, usegmt=True))),
    ),
    Fault(
        name="rate_limited_html",
        summary="Answers one request 429 with HTML and Retry-After of one second.",
        expects=Expects.truth,
        providers=EVERYWHERE,
        meet=_once(lambda: attrs.evolve(_html(429), headers=HTML | {"Retry-After": "1"})),
    ),
    Fault(
        name="rate_limited_for_long",
        summary="Answers every request 429 with Retry-After of an hour.",
        expects=Expects.error,
        providers=EVERYWHERE,
        meet=_everything(lambda: _wait("3600")),
    ),
    Fault(
        name="error_500_once",
        summary="Answers the first request of each endpoint 500.",
        expects=Expects.truth,
        providers=EVERYWHERE,
        meet=_first_of_each(lambda: _html(500)),
    ),
    Fault(
        name="error_500_on_page",
        summary="Answers every page of users but the first 500, always.",
        expects=Expects.error,
        meet=_on_later_pages,
        turn=several_pages,
    ),
    Fault(
        name="error_502_large_page",
        summary="Answers pages of more than 100 rows 502, as a proxy does when they are heavy.",
        expects=Expects.truth,
        meet=_large_page,
    ),
    Fault(
        name="error_503_always",
        summary="Answers every request for users 503.",
        expects=Expects.error,
        providers=EVERYWHERE,
        meet=_always(lambda: _html(503)),
    ),
    Fault(
        name="connection_cut_once",
        summary="Closes the connection in the middle of the first page of users.",
        expects=Expects.truth,
        providers=EVERYWHERE,
        send=_cut(always=False),
    ),
    Fault(
        name="connection_cut",
        summary="Closes the connection in the middle of every page of users.",
        expects=Expects.error,
        providers=EVERYWHERE,
        send=_cut(always=True),
    ),
    Fault(
        name="truncated_json_once",
        summary="Ends the first page of users early, with a length to match.",
        expects=Expects.truth,
        may_raise=True,
        providers=EVERYWHERE,
        send=_truncated(always=False),
    ),
    Fault(
        name="truncated_json",
        summary="Ends every page of users early, with a length to match.",
        expects=Expects.error,
        providers=EVERYWHERE,
        send=_truncated(always=True),
    ),
    Fault(
        name="byte_order_mark",
        summary="Puts a byte order mark before the JSON.",
        expects=Expects.truth,
        providers=EVERYWHERE,
        send=_bom,
    ),
    Fault(
        name="gzip",
        summary="Compresses every answer.",
        expects=Expects.truth,
        providers=EVERYWHERE,
        send=_gzip,
    ),
    Fault(
        name="lower_case_headers",
        summary="Writes the names of headers in small letters.",
        expects=Expects.truth,
        providers=EVERYWHERE,
        send=_small_letters,
    ),
    Fault(
        name="json_as_text",
        summary="Sends JSON as text/plain.",
        expects=Expects.truth,
        may_raise=True,
        providers=EVERYWHERE,
        send=_plain_type,
    ),
    Fault(
        name="html_login",
        summary="Answers users with a login page and 200.",
        expects=Expects.error,
        providers=EVERYWHERE,
        meet=_always(lambda: _html(200, LOGIN_PAGE)),
    ),
    Fault(
        name="error_body_200",
        summary="Answers users with an error body and 200.",
        expects=Expects.error,
        providers=EVERYWHERE,
        meet=_error_body,
    ),
    Fault(
        name="redirect_to_login",
        summary="Redirects every request for data to a login page of the same host.",
        expects=Expects.error,
        providers=EVERYWHERE,
        meet=_everything(_redirect("/login")),
    ),
    Fault(
        name="redirect_to_other_host",
        summary="Redirects every request for data to another host.",
        expects=Expects.error,
        providers=EVERYWHERE,
        meet=_everything(_redirect("http://roster.example.org/elsewhere")),
    ),
    Fault(
        name="missing_envelope",
        summary="Puts the rows under a key that is not the protocol's.",
        expects=Expects.error,
        providers=EVERYWHERE,
        send=_rows_as(lambda exchange: {"items": exchange.rows}),
    ),
    Fault(
        name="envelope_by_path",
        summary="Names the envelope after the path's last word, as in {'students': [...]}.",
        expects=Expects.truth,
        send=_rows_as(lambda e: {e.endpoint.rpartition("/")[2]: e.rows}),
    ),
    Fault(
        name="bare_list",
        summary="Sends rows as a list without an envelope.",
        expects=Expects.truth,
        may_raise=True,
        send=_rows_as(lambda exchange: exchange.rows),
    ),
    Fault(
        name="empty_object",
        summary="Sends {} instead of rows, beside a total that says there are some.",
        expects=Expects.error,
        providers=EVERYWHERE,
        send=_rows_as(lambda _: {}),
    ),
    Fault(
        name="empty_object_later",
        summary="Sends {} instead of the rows of every page but the first.",
        expects=Expects.error,
        providers=EVERYWHERE,
        turn=several_pages,
        send=_rows_as(lambda _: {}, first_page=False),
    ),
    Fault(
        name="null_envelope",
        summary="Sends null under the right key, beside a total that says there are rows.",
        expects=Expects.error,
        providers=EVERYWHERE,
        send=_rows_as(lambda exchange: {exchange.envelope: None}),
    ),
)
