"""What goes wrong at Microsoft Graph: its links, its limits, its deltas, what it holds back."""

import json
from collections.abc import Callable
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

import attrs

from edlink.sandbox.district import District
from edlink.sandbox.exchange import Exchange, Reply, json_reply
from edlink.sandbox.faults.fault import Expects, Fault, Meet, Memory, Send, struck
from edlink.vocabulary import Kind, RelationshipKind, Role, Sex

Json: TypeAlias = dict[str, Any]

ENTRA: Final = frozenset({"entra", "entra-directory"})
EDUCATION: Final = frozenset({"entra"})
DIRECTORY: Final = frozenset({"entra-directory"})

NEXT, DELTA, SKIP, EMPTY = "@odata.nextLink", "@odata.deltaLink", "$skiptoken", "$empty"
MEMBERS: Final = frozenset(
    {
        "/education/classes/{id}/members",
        "/education/classes/{id}/teachers",
        "/groups/{id}/transitiveMembers",
    }
)
PAGE = 7
NO_BIRTH_DATE, ODD_WORDS, HIDDEN = 5, 6, 15
ROLE, GENDER, RELATIONSHIP = "faculty", "unlisted", "godparent"

#: What is left of an educationUser for an app with less than ``EduRoster.Read.All``.
LIMITED: Final = frozenset(
    {
        "id",
        "primaryRole",
        "accountEnabled",
        "displayName",
        "givenName",
        "surname",
        "userPrincipalName",
        "userType",
        "onPremisesInfo",
    }
)


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


def _empty_429(exchange: Exchange, memory: Memory) -> Reply | None:
    if not exchange.is_data or not memory.first(exchange.endpoint):
        return None
    return Reply(status=429, headers={"Retry-After": "1"})


def _fault_reply(code: str, status: int) -> Reply:
    return json_reply({"error": {"code": code, "message": "Refused"}}, status)


def _unlicensed(exchange: Exchange, _: Memory) -> Reply | None:
    if not exchange.endpoint.startswith("/education/"):
        return None
    if exchange.endpoint == "/education/schools":
        return json_reply({"value": []})
    return _fault_reply("Request_UnsupportedQuery", 400)


def _forbid(endpoints: frozenset[str]) -> Meet:
    denied = "Authorization_RequestDenied"
    return lambda exchange, _: _fault_reply(denied, 403) if exchange.endpoint in endpoints else None


def _without_members(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    by_group = kind is Kind.user and record.roles[0].role_raw == "group"
    return None if by_group or kind is Kind.enrollment else record


# Rows


def _bare_members(exchange: Exchange, _: Memory) -> None:
    if exchange.endpoint in MEMBERS:
        nulls = dict.fromkeys(("displayName", "mail", "userPrincipalName", "givenName"))
        exchange.rows = [nulls | row for row in exchange.rows]


def _hidden(class_id: str, user_id: str) -> str:
    """Return the id of whom nobody may see in a person's place, or the person's own."""
    return f"hidden-{user_id}" if struck(f"{class_id}|{user_id}", HIDDEN) else user_id


def _hidden_members(exchange: Exchange, _: Memory) -> None:
    if exchange.endpoint in MEMBERS:
        class_id = exchange.request.path.split("/")[-2]
        exchange.rows = [row | {"id": _hidden(class_id, row["id"])} for row in exchange.rows]


def _read_hidden(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    if kind is not Kind.enrollment:
        return record
    user_id = _hidden(record.class_id, record.user_id)
    return attrs.evolve(record, user_id=user_id, sourced_id=f"{record.class_id}|{user_id}")


def _users(change: Callable[[Json], Json]) -> Callable[[Exchange, Memory], None]:
    def spoil(exchange: Exchange, _: Memory) -> None:
        if exchange.endpoint in {"/education/users", "/education/users/{id}"}:
            exchange.rows = [change(row) for row in exchange.rows]

    return spoil


def _odd_birth_date(row: Json) -> Json:
    student = row["student"]
    if not (student and student["birthDate"]):
        return row
    is_empty = struck(row["id"], NO_BIRTH_DATE)
    text = "" if is_empty else student["birthDate"] + "T00:00:00Z"
    return row | {"student": student | {"birthDate": text}}


def _read_birth_date(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    if kind is not Kind.demographics or not struck(record.sourced_id, NO_BIRTH_DATE):
        return record
    return attrs.evolve(record, birth_date=None) if record.sex else None


def _odd_words(row: Json) -> Json:
    if not struck(row["id"], ODD_WORDS):
        return row
    student = row["student"]
    if student and student["gender"]:
        student = student | {"gender": GENDER}
    contacts = [contact | {"relationship": RELATIONSHIP} for contact in row["relatedContacts"]]
    return row | {"primaryRole": ROLE, "student": student, "relatedContacts": contacts}


def _read_odd_words(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    # A contact's and a link's id begin with the student's.
    account, _bar, of_contact = record.sourced_id.partition("|")
    if not struck(account, ODD_WORDS):
        return record
    if kind is Kind.relationship:
        kind_ = RelationshipKind.unknown
        return attrs.evolve(record, kind=kind_, kind_raw=RELATIONSHIP)
    if kind is Kind.demographics:
        return attrs.evolve(record, sex=Sex.other, sex_raw=GENDER) if record.sex else record
    if kind is not Kind.user:
        return record
    said = {"role": Role.contact, "role_raw": RELATIONSHIP} if of_contact else {"role_raw": ROLE}
    return attrs.evolve(record, roles=tuple(attrs.evolve(r, **said) for r in record.roles))


def _limited(row: Json) -> Json:
    kept = {name: value for name, value in row.items() if name in LIMITED}
    for name in ("student", "teacher"):
        kept[name] = row[name] and {"externalId": row[name]["externalId"]}
    return kept


def _read_limited(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    is_contact = kind is Kind.user and "|" in record.sourced_id
    if is_contact or kind in {Kind.relationship, Kind.demographics}:
        return None
    if kind is not Kind.user:
        return record
    return attrs.evolve(
        record,
        middle_name=None,
        email=None,
        sms=None,
        grades=(),
        grades_raw=(),
        roles=tuple(attrs.evolve(role, department=None) for role in record.roles),
    )


# Deltas


def _is_change(exchange: Exchange) -> bool:
    is_delta = exchange.endpoint.endswith("/delta")
    return is_delta and _params(exchange).get("$deltatoken") != "latest"


def _replay(exchange: Exchange, body: Json) -> None:
    if _is_change(exchange):
        body["value"] = [*body["value"][::-1], *body["value"]]


def _gone(exchange: Exchange, _: Memory) -> Reply | None:
    return _fault_reply("resyncRequired", 410) if _is_change(exchange) else None


def _fault(
    name: str,
    summary: str,
    expects: Expects,
    providers: frozenset[str] = ENTRA,
    **acts: Any,  # noqa: ANN401 - a fault's fields
) -> Fault:
    return Fault(name=name, summary=summary, expects=expects, providers=providers, **acts)


FAULTS = (
    _fault(
        "entra_next_elsewhere",
        "Points the links to next pages at another host.",
        Expects.error,
        turn=_several_pages,
        send=_body(_elsewhere(NEXT)),
    ),
    _fault(
        "entra_next_stuck",
        "Leads from each later page back to itself.",
        Expects.error,
        turn=_several_pages,
        send=_body(_stuck),
    ),
    _fault(
        "entra_page_twice",
        "Gives the first page of each list a second time, as its next.",
        Expects.truth,
        turn=_several_pages,
        send=_body(_twice),
    ),
    _fault(
        "entra_rows_repeated",
        "Gives one row in place of all others of a later page, beside a count that is right.",
        Expects.error,
        DIRECTORY,
        turn=_several_pages,
        spoil=_one_row,
    ),
    _fault(
        "entra_short_page",
        "Gives half a page where more pages follow.",
        Expects.truth,
        turn=_short_page,
    ),
    _fault(
        "entra_empty_page",
        "Gives an empty page with a next one before every later page.",
        Expects.truth,
        turn=_several_pages,
        meet=_empty_page,
        send=_body(_lead_to_empty),
    ),
    _fault(
        "entra_empty_429",
        "Answers the first request for each list 429 with Retry-After and an empty body.",
        Expects.truth,
        meet=_empty_429,
    ),
    _fault(
        "entra_unlicensed",
        "Answers as a tenant that never had education resources: no school, and 400.",
        Expects.error,
        EDUCATION,
        meet=_unlicensed,
    ),
    _fault(
        "entra_members_forbidden",
        "Answers members 403, as when a permission is withdrawn.",
        Expects.issues,
        meet=_forbid(MEMBERS),
        reads=_without_members,
    ),
    _fault(
        "entra_limited_fields",
        "Sends people without birth dates, contacts and more, as with a lesser permission.",
        Expects.truth,
        EDUCATION,
        spoil=_users(_limited),
        reads=_read_limited,
    ),
    _fault(
        "entra_bare_members",
        "Sends members as bare ids, with null for all else.",
        Expects.truth,
        spoil=_bare_members,
    ),
    _fault(
        "entra_hidden_members",
        "Lists members of classes who are nowhere else.",
        Expects.issues,
        EDUCATION,
        spoil=_hidden_members,
        reads=_read_hidden,
    ),
    _fault(
        "entra_birth_date_forms",
        "Sends one birth date in five as '', the others with a time.",
        Expects.truth,
        EDUCATION,
        spoil=_users(_odd_birth_date),
        reads=_read_birth_date,
    ),
    _fault(
        "entra_new_words",
        "Sends roles, genders and relationships of one person in six that no schema has.",
        Expects.truth,
        EDUCATION,
        spoil=_users(_odd_words),
        reads=_read_odd_words,
    ),
    _fault(
        "entra_delta_elsewhere",
        "Points the links to later changes at another host.",
        Expects.error,
        EDUCATION,
        send=_body(_elsewhere(DELTA)),
    ),
    _fault(
        "entra_delta_replayed",
        "Tells every change twice, backwards the first time; a whole pull is as ever.",
        Expects.truth,
        EDUCATION,
        send=_body(_replay),
    ),
    _fault(
        "entra_delta_gone",
        "Answers 410 to every mark of changes; a whole pull is as ever.",
        Expects.truth,
        EDUCATION,
        meet=_gone,
    ),
)
