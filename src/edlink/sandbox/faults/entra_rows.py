"""What goes wrong at Microsoft Graph in single rows: fields held back, odd words, odd members."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import attrs

from edlink.sandbox.district import District
from edlink.sandbox.exchange import Exchange, Reply
from edlink.sandbox.faults.entra import MEMBERS, fault, fault_reply
from edlink.sandbox.faults.fault import EDUCATION, Expects, Memory, struck
from edlink.vocabulary import Kind, RelationshipKind, Role, Sex

Json: TypeAlias = dict[str, Any]

NO_BIRTH_DATE, ODD_WORDS, HIDDEN, CLOSED = 5, 6, 15, 7
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


def _is_closed(exchange: Exchange) -> bool:
    return exchange.endpoint in MEMBERS and struck(exchange.request.path.split("/")[-2], CLOSED)


def _refuse_teachers(exchange: Exchange, _: Memory) -> Reply | None:
    is_refused = exchange.endpoint.endswith("/teachers") and _is_closed(exchange)
    return fault_reply("Authorization_RequestDenied", 403) if is_refused else None


def _hide_classes(exchange: Exchange, _: Memory) -> None:
    if _is_closed(exchange):
        exchange.rows = []


def _without_closed(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    is_closed = kind is Kind.enrollment and struck(record.class_id, CLOSED)
    return None if is_closed else record


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


def _nulls(exchange: Exchange, _: Memory) -> None:
    exchange.rows = [
        {name: None if value in ("", []) else value for name, value in row.items()}
        for row in exchange.rows
    ]


def _novelties(exchange: Exchange, _: Memory) -> None:
    exchange.rows = [row | {"inventedLater": {"by": ["Graph"]}} for row in exchange.rows]


FAULTS = (
    fault(
        "entra_limited_fields",
        "Sends people without birth dates, contacts and more, as with a lesser permission.",
        Expects.truth,
        EDUCATION,
        spoil=_users(_limited),
        reads=_read_limited,
    ),
    fault(
        "entra_bare_members",
        "Sends members as bare ids, with null for all else.",
        Expects.truth,
        spoil=_bare_members,
    ),
    fault(
        "entra_hidden_members",
        "Lists members of classes who are nowhere else.",
        Expects.issues,
        EDUCATION,
        spoil=_hidden_members,
        reads=_read_hidden,
    ),
    fault(
        "entra_hidden_classes",
        "Shows no member of one class in seven, as where membership is hidden.",
        Expects.issues,
        EDUCATION,
        spoil=_hide_classes,
        reads=_without_closed,
    ),
    fault(
        "entra_refused_classes",
        "Refuses the teachers of one class in seven with 403.",
        Expects.issues,
        EDUCATION,
        meet=_refuse_teachers,
        reads=_without_closed,
    ),
    fault(
        "entra_birth_date_forms",
        "Sends one birth date in five as '', the others with a time.",
        Expects.truth,
        EDUCATION,
        spoil=_users(_odd_birth_date),
        reads=_read_birth_date,
    ),
    fault(
        "entra_new_words",
        "Sends roles, genders and relationships of one person in six that no schema has.",
        Expects.truth,
        EDUCATION,
        spoil=_users(_odd_words),
        reads=_read_odd_words,
    ),
    fault(
        "entra_nulls",
        "Sends null for every text and list that is empty.",
        Expects.truth,
        spoil=_nulls,
    ),
    fault(
        "entra_new_fields",
        "Sends a field that no schema has.",
        Expects.truth,
        spoil=_novelties,
    ),
)
