"""Credentials that expire or are refused, and data that are withheld."""

import json
from collections.abc import Callable
from typing import Any, Final

import attrs

from edlink.sandbox.exchange import Exchange, Reply, json_reply
from edlink.sandbox.faults.fault import Expects, Fault, Meet, Memory, Reads, Send
from edlink.vocabulary import Kind

OAUTH2: Final = frozenset({"oauth2"})
CLASSLINK: Final = frozenset({"classlink"})
TOKEN, APPLICATIONS = "/token", "/applications"
REQUESTS_BEFORE = 4


def _refused() -> Reply:
    return json_reply({"error": "invalid_token"}, 401)


def _refuse_first(exchange: Exchange, memory: Memory) -> Reply | None:
    return _refused() if exchange.is_data and memory.first() else None


def _refuse_all(exchange: Exchange, _: Memory) -> Reply | None:
    return _refused() if exchange.is_data else None


def _expire_first_token(exchange: Exchange, memory: Memory) -> Reply | None:
    if not exchange.is_data:
        return None
    token = exchange.request.headers.get("authorization", "")
    is_first = token == memory.keep(token)
    return _refused() if is_first and memory.count() >= REQUESTS_BEFORE else None


def _token(change: Callable[[dict[str, Any]], object]) -> Send:
    def send(exchange: Exchange, reply: Reply, _: Memory) -> Reply:
        if exchange.endpoint != TOKEN or not reply.is_ok:
            return reply
        body = json.dumps(change(json.loads(reply.body))).encode()
        return attrs.evolve(reply, body=body)

    return send


def _token_html(exchange: Exchange, _: Memory) -> Reply | None:
    html = Reply(headers={"Content-Type": "text/html"}, body=b"<html>Sign in</html>")
    return html if exchange.endpoint == TOKEN else None


def _on_kind(kind: Kind, reply: Callable[[Exchange], Reply]) -> Meet:
    return lambda exchange, _: reply(exchange) if exchange.kind is kind else None


def _empty(exchange: Exchange, _: Memory) -> Reply | None:
    if not exchange.is_list:
        return None
    return json_reply({exchange.envelope: []}, X_Total_Count="0")


def _nested_missing(exchange: Exchange, _: Memory) -> Reply | None:
    nested = exchange.is_list and "{id}" in exchange.endpoint
    return json_reply({"error": "Not found"}, 404) if nested else None


def _without(kind: Kind) -> Reads:
    return lambda of, record, _: None if of is kind else record


def _say_revision(revision: Callable[[Memory], int]) -> Send:
    def send(_: Exchange, reply: Reply, memory: Memory) -> Reply:
        if "x-perm-rev" not in reply.headers:
            return reply
        return attrs.evolve(reply, headers=reply.headers | {"x-perm-rev": str(revision(memory))})

    return send


def _rotate(exchange: Exchange, memory: Memory) -> Reply | None:
    """Refuse the old bearer after a while; take the new one for it."""
    headers = exchange.request.headers
    bearer = headers.get("authorization", "")
    if not exchange.is_data or bearer.endswith("-new"):
        old = bearer.removesuffix("-new")
        exchange.request.headers = {**headers, "authorization": old}
        return None
    return _refused() if memory.count() >= REQUESTS_BEFORE else None


def _applications(change: Callable[[dict[str, Any], Memory], None]) -> Send:
    def send(exchange: Exchange, reply: Reply, memory: Memory) -> Reply:
        if exchange.endpoint != APPLICATIONS or not reply.is_ok:
            return reply
        body = json.loads(reply.body)
        for row in body["applications"]:
            change(row, memory)
        return attrs.evolve(reply, body=json.dumps(body).encode())

    return send


def _rotated(row: dict[str, Any], memory: Memory) -> None:
    if row["bearer"] and memory.seen() >= REQUESTS_BEFORE:
        row["bearer"] += "-new"


def _disabled(row: dict[str, Any], _: Memory) -> None:
    row["enabled"] = "false"


FAULTS = (
    Fault(
        name="unauthorized_once",
        summary="Answers the first request for data 401.",
        expects=Expects.truth,
        auths=OAUTH2,
        meet=_refuse_first,
    ),
    Fault(
        name="unauthorized",
        summary="Answers every request for data 401.",
        expects=Expects.error,
        providers=frozenset(),
        meet=_refuse_all,
    ),
    Fault(
        name="forbidden",
        summary="Answers every request for enrollments 403.",
        expects=Expects.error,
        meet=_on_kind(Kind.enrollment, lambda _: json_reply({"error": "insufficient_scope"}, 403)),
    ),
    Fault(
        name="token_expires",
        summary="Lets the first token expire after four requests, whatever was promised.",
        expects=Expects.truth,
        auths=OAUTH2,
        meet=_expire_first_token,
    ),
    Fault(
        name="token_without_expiry",
        summary="Issues tokens without expires_in.",
        expects=Expects.truth,
        auths=OAUTH2,
        send=_token(lambda body: {k: v for k, v in body.items() if k != "expires_in"}),
    ),
    Fault(
        name="token_expiry_as_text",
        summary="Issues tokens with expires_in as text.",
        expects=Expects.truth,
        auths=OAUTH2,
        send=_token(lambda body: body | {"expires_in": str(body["expires_in"])}),
    ),
    Fault(
        name="token_without_type",
        summary="Issues tokens without token_type and scope.",
        expects=Expects.truth,
        auths=OAUTH2,
        send=_token(lambda b: {k: v for k, v in b.items() if k not in {"token_type", "scope"}}),
    ),
    Fault(
        name="token_html",
        summary="Answers token requests with a login page and 200.",
        expects=Expects.error,
        auths=OAUTH2,
        meet=_token_html,
    ),
    Fault(
        name="demographics_forbidden",
        summary="Answers demographics 403.",
        expects=Expects.truth,
        meet=_on_kind(
            Kind.demographics, lambda _: json_reply({"error": "insufficient_scope"}, 403)
        ),
        reads=_without(Kind.demographics),
    ),
    Fault(
        name="demographics_missing",
        summary="Answers demographics 404.",
        expects=Expects.truth,
        meet=_on_kind(Kind.demographics, lambda _: json_reply({"error": "Not found"}, 404)),
        reads=_without(Kind.demographics),
    ),
    Fault(
        name="demographics_empty",
        summary="Answers demographics 200 without a row.",
        expects=Expects.truth,
        meet=_on_kind(Kind.demographics, lambda e: json_reply({e.envelope: []}, X_Total_Count="0")),
        reads=_without(Kind.demographics),
    ),
    Fault(
        name="nested_missing",
        summary="Answers every list below a record 404, as Ed-Fi's server does.",
        expects=Expects.truth,
        meet=_nested_missing,
    ),
    Fault(
        name="empty_without_grant",
        summary="Answers every list 200 without a row, as if permission were withdrawn.",
        expects=Expects.issues,
        may_raise=True,
        meet=_empty,
        reads=lambda _, __, ___: None,
    ),
    Fault(
        name="permissions_change_once",
        summary="Changes x-perm-rev once, in the middle of the first pull.",
        expects=Expects.truth,
        providers=CLASSLINK,
        send=_say_revision(lambda memory: 100 + (memory.count() >= REQUESTS_BEFORE)),
    ),
    Fault(
        name="permissions_change",
        summary="Changes x-perm-rev with every answer.",
        expects=Expects.error,
        providers=CLASSLINK,
        send=_say_revision(lambda memory: 100 + memory.count()),
    ),
    Fault(
        name="bearer_rotated",
        summary="Replaces the district's bearer after four requests; /applications has the new.",
        expects=Expects.truth,
        providers=CLASSLINK,
        auths=frozenset({"bearer"}),
        meet=_rotate,
        send=_applications(_rotated),
    ),
    Fault(
        name="district_disabled",
        summary="Says of every district in /applications that it is not enabled.",
        expects=Expects.error,
        providers=CLASSLINK,
        auths=frozenset({"bearer"}),
        send=_applications(_disabled),
    ),
)
