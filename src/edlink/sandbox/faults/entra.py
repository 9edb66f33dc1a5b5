"""What goes wrong at Microsoft Graph: its links, its limits, its deltas, what it refuses."""

import json
from collections.abc import Callable
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

import attrs

from edlink.sandbox.district import District
from edlink.sandbox.exchange import Exchange, Reply, json_reply
from edlink.sandbox.faults.fault import (
    DIRECTORY,
    EDUCATION,
    Expects,
    Fault,
    Meet,
    Memory,
    Send,
)
from edlink.vocabulary import Kind

Json: TypeAlias = dict[str, Any]

ENTRA: Final = EDUCATION | DIRECTORY

NEXT, DELTA, SKIP, EMPTY = "@odata.nextLink", "@odata.deltaLink", "$skiptoken", "$empty"
MEMBERS: Final = frozenset(
    {
        "/education/classes/{id}/members",
        "/education/classes/{id}/teachers",
        "/groups/{id}/transitiveMembers",
    }
)
PAGE = 7


def _params(exchange: Exchange) -> dict[str, str]:
    return dict(exchange.request.params)


def _several_pages(exchange: Exchange, _: Memory) -> None:
    exchange.limit = min(exchange.limit, max(PAGE, exchange.total // 3))


def _short_page(exchange: Exchange, memory: Memory) -> None:
    _several_pages(exchange, memory)
    if not exchange.offset:
        exchange.limit = (exchange.limit + 1) // 2


def _own(exchange: Exchange, **more: str) -> str:
    """Return the address that was asked, with further parameters."""
    query = urlencode({**_params(exchange), **more}, safe="$,")
    return f"http://{exchange.request.host}{exchange.request.path}?{query}"


def _body(change: Callable[[Exchange, Json], None]) -> Send:
    """Return what changes the JSON of a list or a delta; batched lists go as they are."""

    def send(exchange: Exchange, reply: Reply, _: Memory) -> Reply:
        is_delta = exchange.endpoint.endswith("/delta")
        if not reply.is_ok or not (exchange.is_list or is_delta):
            return reply
        body = json.loads(reply.body)
        change(exchange, body)
        return attrs.evolve(reply, body=json.dumps(body).encode())

    return send


def _elsewhere(link: str) -> Callable[[Exchange, Json], None]:
    def change(exchange: Exchange, body: Json) -> None:
        if link in body:
            body[link] = body[link].replace(exchange.request.host, "elsewhere.example.org")

    return change


def _stuck(exchange: Exchange, body: Json) -> None:
    if NEXT in body and SKIP in _params(exchange):
        body[NEXT] = _own(exchange)


def _twice(exchange: Exchange, body: Json) -> None:
    if NEXT in body and SKIP not in _params(exchange):
        body[NEXT] = _own(exchange, **{SKIP: "0"})


def _lead_to_empty(_: Exchange, body: Json) -> None:
    if NEXT in body and body["value"]:
        body[NEXT] += f"&{EMPTY}=1"


def _empty_page(exchange: Exchange, _: Memory) -> Reply | None:
    kept = {name: value for name, value in _params(exchange).items() if name != EMPTY}
    if EMPTY not in _params(exchange):
        return None
    exchange.request.query = urlencode(kept, safe="$,")
    return json_reply({NEXT: _own(exchange), "value": []})


def _one_row(exchange: Exchange, _: Memory) -> None:
    if exchange.offset and exchange.rows:
        exchange.rows = exchange.rows[:1] * len(exchange.rows)


def _one_early_and_longer(exchange: Exchange, memory: Memory) -> None:
    _several_pages(exchange, memory)
    if exchange.offset:
        exchange.offset -= 1
        exchange.limit += 1


def _without_last(exchange: Exchange, _: Memory) -> None:
    if exchange.offset:
        exchange.rows = exchange.rows[:-1]


def _empty_429(exchange: Exchange, memory: Memory) -> Reply | None:
    if not exchange.is_data or not memory.first(exchange.endpoint):
        return None
    return Reply(status=429, headers={"Retry-After": "1"})


def fault_reply(code: str, status: int) -> Reply:
    """Return an error as Graph writes it."""
    return json_reply({"error": {"code": code, "message": "Refused"}}, status)


def _refuse_batch(exchange: Exchange, _: Memory) -> Reply | None:
    is_batch = exchange.endpoint == "/$batch"
    return fault_reply("serviceUnavailable", 503) if is_batch else None


def _unlicensed(exchange: Exchange, _: Memory) -> Reply | None:
    if not exchange.endpoint.startswith("/education/"):
        return None
    if exchange.endpoint == "/education/schools":
        return json_reply({"value": []})
    return fault_reply("Request_UnsupportedQuery", 400)


def _forbid(endpoints: frozenset[str]) -> Meet:
    denied = "Authorization_RequestDenied"
    return lambda exchange, _: fault_reply(denied, 403) if exchange.endpoint in endpoints else None


def _without_members(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    by_group = kind is Kind.user and record.roles[0].role_raw == "group"
    return None if by_group or kind is Kind.enrollment else record


# Deltas


def _is_change(exchange: Exchange) -> bool:
    is_delta = exchange.endpoint.endswith("/delta")
    return is_delta and _params(exchange).get("$deltatoken") != "latest"


def _replay(exchange: Exchange, body: Json) -> None:
    if _is_change(exchange):
        body["value"] = [*body["value"][::-1], *body["value"]]


def _gone(exchange: Exchange, _: Memory) -> Reply | None:
    return fault_reply("resyncRequired", 410) if _is_change(exchange) else None


def fault(
    name: str,
    summary: str,
    expects: Expects,
    providers: frozenset[str] = ENTRA,
    **acts: Any,  # noqa: ANN401 - a fault's fields
) -> Fault:
    """Return a fault of Microsoft's doors."""
    return Fault(name=name, summary=summary, expects=expects, providers=providers, **acts)


FAULTS = (
    fault(
        "entra_next_elsewhere",
        "Points the links to next pages at another host.",
        Expects.error,
        turn=_several_pages,
        send=_body(_elsewhere(NEXT)),
    ),
    fault(
        "entra_next_stuck",
        "Leads from each later page back to itself.",
        Expects.error,
        turn=_several_pages,
        send=_body(_stuck),
    ),
    fault(
        "entra_page_twice",
        "Gives the first page of each list a second time, as its next.",
        Expects.truth,
        may_raise=True,
        turn=_several_pages,
        send=_body(_twice),
    ),
    fault(
        "entra_rows_repeated",
        "Gives one row in place of all others of a later page, beside a count where there is one.",
        Expects.error,
        turn=_several_pages,
        spoil=_one_row,
    ),
    fault(
        "entra_rows_shifted",
        "Moves all rows down by one after the first page, so that the last never comes.",
        Expects.error,
        turn=_one_early_and_longer,
        spoil=_without_last,
    ),
    fault(
        "entra_short_page",
        "Gives half a page where more pages follow.",
        Expects.truth,
        turn=_short_page,
    ),
    fault(
        "entra_empty_page",
        "Gives an empty page with a next one before every later page.",
        Expects.truth,
        turn=_several_pages,
        meet=_empty_page,
        send=_body(_lead_to_empty),
    ),
    fault(
        "entra_empty_429",
        "Answers the first request for each list 429 with Retry-After and an empty body.",
        Expects.truth,
        meet=_empty_429,
    ),
    fault(
        "entra_batch_refused",
        "Answers every batch 503; the same lists come one by one.",
        Expects.truth,
        meet=_refuse_batch,
    ),
    fault(
        "entra_unlicensed",
        "Answers as a tenant that never had education resources: no school, and 400.",
        Expects.error,
        EDUCATION,
        meet=_unlicensed,
    ),
    fault(
        "entra_members_forbidden",
        "Answers members 403, as when a permission is withdrawn.",
        Expects.issues,
        meet=_forbid(MEMBERS),
        reads=_without_members,
    ),
    fault(
        "entra_delta_elsewhere",
        "Points the links to later changes at another host.",
        Expects.error,
        EDUCATION,
        send=_body(_elsewhere(DELTA)),
    ),
    fault(
        "entra_delta_replayed",
        "Tells every change twice, backwards the first time; a whole pull is as ever.",
        Expects.truth,
        EDUCATION,
        send=_body(_replay),
    ),
    fault(
        "entra_delta_gone",
        "Answers 410 to every mark of changes; a whole pull is as ever.",
        Expects.truth,
        EDUCATION,
        meet=_gone,
    ),
)
