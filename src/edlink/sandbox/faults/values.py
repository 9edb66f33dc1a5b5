"""Records whose values are masked, missing, odd, or not records at all."""

from typing import Any, TypeAlias

import attrs

from edlink.sandbox.district import District
from edlink.sandbox.exchange import Exchange, Reply
from edlink.sandbox.faults.fault import Expects, Fault, Memory, Reads, struck
from edlink.sandbox.faults.shapes import each, respell_roles
from edlink.vocabulary import Kind, Role

Json: TypeAlias = dict[str, Any]

ODD_GRADES = {"PK": "-1", "KG": "K", "12": "Grade 12"} | {f"{n:02d}": str(n) for n in range(1, 10)}
#: What a reader may be certain of; the others stay as sent.
CERTAIN = {"K": "KG"} | {str(n): f"{n:02d}" for n in range(1, 10)}
GRADED = frozenset({Kind.user, Kind.class_, Kind.course})
UNKNOWN_ROLE = "wizard"

#: Enrollments that these faults pick, by place; few, so that a pull stays whole.
WITHOUT_ID, NOT_AN_OBJECT, SAME_ID = 2, 3, 4


def _masked(kind: Kind, row: Json) -> Json:
    if kind is not Kind.user or "givenName" not in row:
        return row
    return row | {"givenName": row["givenName"][0] + "***", "familyName": "***"}


def _read_masked(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    if kind is not Kind.user:
        return record
    return attrs.evolve(record, given_name=record.given_name[0] + "***", family_name="***")


def _null_names(kind: Kind, row: Json) -> Json:
    if kind is not Kind.user or not struck(row.get("sourcedId", ""), 8):
        return row
    return row | {"givenName": None, "familyName": None}


def _read_null_names(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    if kind is not Kind.user or not struck(record.sourced_id, 8):
        return record
    return attrs.evolve(record, given_name=None, family_name=None)


def _odd_grades(_: Kind, row: Json) -> Json:
    if not row.get("grades"):
        return row
    return row | {"grades": [ODD_GRADES.get(grade, grade) for grade in row["grades"]]}


def _read_odd_grades(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    if kind not in GRADED:
        return record
    raw = tuple(ODD_GRADES.get(grade, grade) for grade in record.grades)
    return attrs.evolve(
        record, grades_raw=raw, grades=tuple(CERTAIN.get(grade, grade) for grade in raw)
    )


def _unknown_roles(kind: Kind, row: Json) -> Json:
    picked = struck(row.get("sourcedId", ""), 12)
    if not picked or kind not in {Kind.user, Kind.enrollment}:
        return row
    if "roles" in row:
        return row | {"roles": [role | {"role": UNKNOWN_ROLE} for role in row["roles"]]}
    return row | {"role": UNKNOWN_ROLE}


def _read_unknown_roles(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    if not struck(record.sourced_id, 12):
        return record
    other = respell_roles(kind, record, lambda _: UNKNOWN_ROLE)
    if kind is Kind.enrollment:
        return attrs.evolve(other, role=Role.other)
    if kind is Kind.user:
        roles = tuple(attrs.evolve(role, role=Role.other) for role in other.roles)
        return attrs.evolve(other, roles=roles)
    return record


def _null_orgs(kind: Kind, row: Json) -> Json:
    picked = kind is Kind.user and struck(row.get("sourcedId", ""), 12)
    return row | {"orgs": None} if picked else row


def _read_null_orgs(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    if kind is not Kind.user or not struck(record.sourced_id, 12):
        return record
    role = attrs.evolve(record.roles[0], org_id=None)
    return attrs.evolve(record, roles=(role,), primary_org_id=None, primary_org_is_guess=False)


def _odd_birth_dates(kind: Kind, row: Json) -> Json:
    picked = kind is Kind.demographics and struck(row.get("sourcedId", ""), 5)
    if not picked or "birthDate" not in row:
        return row
    return row | {"birthDate": row["birthDate"][:4]}


def _read_birth_dates(kind: Kind, record: Any, _: District) -> Any:  # noqa: ANN401 - any record
    picked = kind is Kind.demographics and struck(record.sourced_id, 5)
    if not picked or record.birth_date is None:
        return record
    return attrs.evolve(record, birth_date=None, birth_date_raw=str(record.birth_date.year))


def _enrollment_at(exchange: Exchange, place: int) -> int | None:
    """Return where on a page of all enrollments the one at a place stands, or None."""
    if exchange.kind is not Kind.enrollment:
        return None
    wanted = exchange.district.ids.enrollment(place)
    ids = [isinstance(row, dict) and row.get("sourcedId") for row in exchange.rows]
    return ids.index(wanted) if wanted in ids else None


def _drop_id(exchange: Exchange, _: Memory) -> None:
    found = _enrollment_at(exchange, WITHOUT_ID)
    if found is not None:
        row = exchange.rows[found]
        exchange.rows[found] = {name: row[name] for name in row if name != "sourcedId"}


def _replace_record(exchange: Exchange, _: Memory) -> None:
    found = _enrollment_at(exchange, NOT_AN_OBJECT)
    if found is not None:
        exchange.rows[found] = "record"


def _repeat_id(exchange: Exchange, _: Memory) -> None:
    found = _enrollment_at(exchange, SAME_ID)
    if found:
        other = exchange.rows[found - 1]["sourcedId"]
        exchange.rows[found] = exchange.rows[found] | {"sourcedId": other}


def _without_enrollment(place: int) -> Reads:
    def reads(kind: Kind, record: Any, district: District) -> Any:  # noqa: ANN401 - any record
        lost = kind is Kind.enrollment and record.sourced_id == district.ids.enrollment(place)
        return None if lost else record

    return reads


def _obfuscated(_: Exchange, reply: Reply, __: Memory) -> Reply:
    if "x-obfuscated" not in reply.headers:
        return reply
    return attrs.evolve(reply, headers=reply.headers | {"x-obfuscated": "givenName,familyName"})


FAULTS = (
    Fault(
        name="masked_names",
        summary="Sends names of people as a letter and stars.",
        expects=Expects.issues,
        spoil=each(_masked),
        reads=_read_masked,
    ),
    Fault(
        name="obfuscated_header",
        summary="Says in x-obfuscated that names are masked, though they do not look it.",
        expects=Expects.issues,
        providers=frozenset({"classlink"}),
        send=_obfuscated,
    ),
    Fault(
        name="null_names",
        summary="Sends null for the names of one person in eight.",
        expects=Expects.issues,
        spoil=each(_null_names),
        reads=_read_null_names,
    ),
    Fault(
        name="odd_grades",
        summary="Writes grades as -1, K, 1 and 'Grade 12'.",
        expects=Expects.truth,
        spoil=each(_odd_grades),
        reads=_read_odd_grades,
    ),
    Fault(
        name="unknown_roles",
        summary="Gives one person and one enrollment in twelve a role that no standard has.",
        expects=Expects.truth,
        spoil=each(_unknown_roles),
        reads=_read_unknown_roles,
    ),
    Fault(
        name="null_orgs",
        summary="Sends null for the orgs of one person in twelve.",
        expects=Expects.truth,
        versions=frozenset({"1.1"}),
        spoil=each(_null_orgs),
        reads=_read_null_orgs,
    ),
    Fault(
        name="odd_birth_dates",
        summary="Sends only the year of one birth date in five.",
        expects=Expects.truth,
        spoil=each(_odd_birth_dates),
        reads=_read_birth_dates,
    ),
    Fault(
        name="record_without_id",
        summary="Sends one enrollment without its sourcedId.",
        expects=Expects.issues,
        spoil=_drop_id,
        reads=_without_enrollment(WITHOUT_ID),
    ),
    Fault(
        name="record_not_object",
        summary="Sends a word in the place of one enrollment.",
        expects=Expects.issues,
        spoil=_replace_record,
        reads=_without_enrollment(NOT_AN_OBJECT),
    ),
    Fault(
        name="duplicate_ids",
        summary="Sends one enrollment under the id of the one before it.",
        expects=Expects.issues,
        may_raise=True,
        spoil=_repeat_id,
        reads=_without_enrollment(SAME_ID),
    ),
)
