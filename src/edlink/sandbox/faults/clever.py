"""What goes wrong at Clever: its paging, its limits, its withheld data, its syncs."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any, TypeAlias

import attrs

from edlink.sandbox.district import District
from edlink.sandbox.exchange import Exchange, Reply, json_reply
from edlink.sandbox.faults.fault import CLEVER, Expects, Fault, Memory, Send
from edlink.vocabulary import Kind

Json: TypeAlias = dict[str, Any]

HTML = Reply(
    headers={"Content-Type": "text/html"}, body=b"<html><title>Log in | Clever</title></html>"
)
SECTIONS = "/sections"
PAGE = 7


def _params(exchange: Exchange) -> dict[str, str]:
    return dict(exchange.request.params)


def _is_page(exchange: Exchange) -> bool:
    return exchange.is_data and exchange.is_list and "count" not in _params(exchange)


def _several_pages(exchange: Exchange, _: Memory) -> None:
    exchange.limit = min(exchange.limit, max(PAGE, exchange.total // 3))


def _contacts(exchange: Exchange) -> bool:
    return _params(exchange).get("role") == "contact" or exchange.endpoint == "/contacts"


def _body(change: Callable[[Exchange, Json], None]) -> Send:
    """Return what changes a page's JSON."""

    def send(exchange: Exchange, reply: Reply, _: Memory) -> Reply:
        if not _is_page(exchange) or reply.status != 200:  # noqa: PLR2004 - HTTP
            return reply
        body = json.loads(reply.body)
        change(exchange, body)
        return attrs.evolve(reply, body=json.dumps(body).encode())

    return send


def _with_next(body: Json, uri: str) -> None:
    body["links"] = [link for link in body["links"] if link["rel"] != "next"]
    body["links"].append({"rel": "next", "uri": uri})


def _next_after_last(exchange: Exchange, body: Json) -> None:
    if body["data"]:
        last = body["data"][-1]["data"]["id"]
        _with_next(body, f"{exchange.request.path}?starting_after={last}")


def _stuck(exchange: Exchange, body: Json) -> None:
    after = _params(exchange).get("starting_after")
    if after and body["data"]:
        _with_next(body, f"{exchange.request.path}?starting_after={after}")


def _without_place(exchange: Exchange, body: Json) -> None:
    if exchange.endpoint == SECTIONS:
        _with_next(body, exchange.request.path)


def _elsewhere(_: Exchange, body: Json) -> None:
    for link in body["links"]:
        link["uri"] = "https://elsewhere.example.org" + link["uri"]


def _without_next(_: Exchange, body: Json) -> None:
    body["links"] = [link for link in body["links"] if link["rel"] != "next"]


def _empty_429(exchange: Exchange, memory: Memory) -> Reply | None:
    if not exchange.is_data or not memory.first(exchange.endpoint):
        return None
    return Reply(status=429, headers={"X-RateLimit-Reset": "0"})


def _html_sections(exchange: Exchange, _: Memory) -> Reply | None:
    return attrs.evolve(HTML) if exchange.endpoint == SECTIONS else None


def _later_page(exchange: Exchange, _: Memory) -> Reply | None:
    later = _is_page(exchange) and "starting_after" in _params(exchange)
    return json_reply({"message": "not implemented"}, 501) if later else None


def _withhold(exchange: Exchange, _: Memory) -> Reply | None:
    scope = "Resource not in token's scopes"
    return json_reply({"message": scope}, 403) if _contacts(exchange) else None


def _without_contacts(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    if kind is Kind.relationship:
        return None
    is_contact = kind is Kind.user and any(r.role_raw == "contact" for r in record.roles)
    return None if is_contact else record


def _sync(moves: int) -> Send:
    """Return what moves ``last_sync`` so many times."""
    numbers = count(1)

    def send(exchange: Exchange, reply: Reply, memory: Memory) -> Reply:
        if exchange.endpoint != "/districts" or not reply.body or memory.count() > moves:
            return reply
        body = json.loads(reply.body)
        body["data"][0]["data"]["last_sync"] = f"2026-11-02T03:00:00.{next(numbers) % 1000:03}Z"
        return attrs.evolve(reply, body=json.dumps(body).encode())

    return send


def _count_more(exchange: Exchange, reply: Reply, _: Memory) -> Reply:
    if not exchange.is_list or not reply.body or "count" not in _params(exchange):
        return reply
    body = json.loads(reply.body)
    return json_reply(body | {"count": body["count"] + 3})


def _nulls(exchange: Exchange, _: Memory) -> None:
    """Put null where a text is empty, and where a field is that Clever calls optional."""
    exchange.rows = [_nulled(row) for row in exchange.rows]


def _nulled(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _nulled(item) for key, item in value.items()} | {"ext": None}
    if isinstance(value, list):
        return [_nulled(item) for item in value]
    return None if value == "" else value


def _novelties(exchange: Exchange, _: Memory) -> None:
    exchange.rows = [row | {"invented_later": {"by": ["Clever"]}} for row in exchange.rows]


def _fault(name: str, summary: str, expects: Expects, **acts: Any) -> Fault:  # noqa: ANN401 - a fault's fields
    return Fault(name=name, summary=summary, expects=expects, providers=CLEVER, **acts)


FAULTS = (
    _fault(
        "clever_small_pages",
        "Gives a third of what is asked for, with links, whatever the limit.",
        Expects.truth,
        turn=_several_pages,
    ),
    _fault(
        "clever_next_after_last",
        "Names a next page behind the last one, which is empty.",
        Expects.truth,
        send=_body(_next_after_last),
    ),
    _fault(
        "clever_next_elsewhere",
        "Points the links at another host.",
        Expects.truth,
        turn=_several_pages,
        send=_body(_elsewhere),
    ),
    _fault(
        "clever_next_without_place",
        "Names a next page of sections without saying where it starts.",
        Expects.error,
        send=_body(_without_place),
    ),
    _fault(
        "clever_next_stuck",
        "Leads from each later page back to itself.",
        Expects.error,
        turn=_several_pages,
        send=_body(_stuck),
    ),
    _fault(
        "clever_pages_end_early",
        "Names no next page, though there is one; its counts are right.",
        Expects.error,
        versions=frozenset({"2.1", "3.0", "3.1"}),
        turn=_several_pages,
        send=_body(_without_next),
    ),
    _fault(
        "clever_later_pages_fail",
        "Answers every page but the first 501.",
        Expects.error,
        turn=_several_pages,
        meet=_later_page,
    ),
    _fault(
        "clever_empty_429",
        "Answers the first request for each collection 429 with an empty body.",
        Expects.truth,
        meet=_empty_429,
    ),
    _fault(
        "clever_html",
        "Answers requests for sections with a page of HTML and 200.",
        Expects.error,
        meet=_html_sections,
    ),
    _fault(
        "clever_contacts_withheld",
        "Answers requests for contacts 403, as without read:student_contacts.",
        Expects.issues,
        meet=_withhold,
        reads=_without_contacts,
    ),
    _fault(
        "clever_syncs_once",
        "Syncs the district once in the middle of a pull.",
        Expects.truth,
        send=_sync(1),
    ),
    _fault(
        "clever_syncs_always",
        "Syncs the district in the middle of every pull.",
        Expects.error,
        send=_sync(1_000_000),
    ),
    _fault(
        "clever_counts_more",
        "Counts three rows more than there are.",
        Expects.error,
        versions=frozenset({"2.1", "3.0", "3.1"}),
        send=_count_more,
    ),
    _fault(
        "clever_nulls",
        "Sends null for every empty text, and for ext.",
        Expects.truth,
        spoil=_nulls,
    ),
    _fault(
        "clever_new_fields",
        "Sends a field that no specification has.",
        Expects.truth,
        spoil=_novelties,
    ),
)
