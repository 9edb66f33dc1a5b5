"""The same data in other shapes: what tolerant reading must not stumble over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any, TypeAlias

import attrs

from edlink.sandbox.exchange import Exchange
from edlink.sandbox.faults.fault import Change, Expects, Fault, Memory, Reads
from edlink.sandbox.oneroster.wire import FLAGS
from edlink.vocabulary import Kind

Json: TypeAlias = dict[str, Any]

BOOLEANS = frozenset({"enabledUser", "primary", *FLAGS})
DATES = frozenset({"startDate", "endDate", "beginDate", "birthDate"})
LISTS = {
    Kind.user: ("agents", "grades", "userIds"),
    Kind.class_: ("periods", "resources", "grades", "subjects", "subjectCodes"),
    Kind.course: ("resources", "grades"),
    Kind.org: ("children",),
    Kind.academic_session: ("children",),
}
TEXTS = {
    Kind.user: ("sms", "phone", "email", "middleName", "password"),
    Kind.class_: ("classCode", "location"),
    Kind.enrollment: ("beginDate", "endDate"),
    Kind.demographics: ("birthDate", "cityOfBirth"),
}
PADDED = ("givenName", "familyName", "title", "name", "username", "email", "role", "type")
TRUE_FORMS, FALSE_FORMS = (True, "True", "1", 1, "yes", "TRUE"), (False, "False", "0", 0, "no")


def each(change: Callable[[Kind, Json], Any]) -> Change:
    """Return a change that puts another value in the place of each record of a page."""

    def spoil(exchange: Exchange, _: Memory) -> None:
        kind = exchange.kind
        if kind is not None:
            exchange.rows = [change(kind, row) for row in exchange.rows]

    return spoil


def _values(change: Callable[[str, Any], Any]) -> Change:
    def rewrite(value: Any, name: str) -> Any:  # noqa: ANN401 - any JSON value
        changed = change(name, value)
        if isinstance(changed, dict):
            return {key: rewrite(item, key) for key, item in changed.items()}
        if isinstance(changed, list):
            return [rewrite(item, "") for item in changed]
        return changed

    return each(lambda _, row: {key: rewrite(value, key) for key, value in row.items()})


def _booleans() -> Change:
    true, false = cycle(TRUE_FORMS), cycle(FALSE_FORMS)

    def change(name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        if name not in BOOLEANS:
            return value
        return next(true) if value == "true" else next(false)

    return _values(change)


def _dates() -> Change:
    forms = cycle(("{}T00:00:00.000Z", "{}", "{}T00:00:00"))

    def change(name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        return next(forms).format(value) if name in DATES and value else value

    return _values(change)


def _times() -> Change:
    forms: cycle[Callable[[str], str]] = cycle(
        (
            lambda text: text.replace("Z", "0000Z"),
            lambda text: text.replace(".000Z", "+00:00"),
            lambda text: text.replace(".000Z", ""),
            _with_offset,
        )
    )
    return _values(lambda name, value: next(forms)(value) if name == "dateLastModified" else value)


def _with_offset(text: str) -> str:
    local = datetime.fromisoformat(text) + timedelta(hours=2)
    return local.isoformat(timespec="seconds").replace("+00:00", "+02:00")


def _single_objects(_: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _texts_joined(_: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    plain = isinstance(value, list) and value and isinstance(value[0], str)
    return ",".join(value) if plain else value


def _bare_references(_: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return value["sourcedId"] if isinstance(value, dict) and "href" in value else value


def _odd_references(_: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if not (isinstance(value, dict) and "href" in value):
        return value
    return {"href": "/elsewhere/1", "sourcedId": value["sourcedId"], "kind": "thing"}


def _numbers(name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    digits = name == "sourcedId" and isinstance(value, str) and value.isdecimal()
    return int(value) if digits else value


def _nulls(kind: Kind, row: Json) -> Json:
    return {**dict.fromkeys((*LISTS.get(kind, ()), *TEXTS.get(kind, ()))), **row}


def _empties(kind: Kind, row: Json) -> Json:
    blanks: Json = {name: [] for name in LISTS.get(kind, ())}
    return blanks | dict.fromkeys(TEXTS.get(kind, ()), "") | row


def _unknown_fields(_: Kind, row: Json) -> Json:
    return {**row, "vendorNote": {"a": [1, None]}, "x": 1.5, "metadata": {"vendor.flag": "yes"}}


def _passwords(kind: Kind, row: Json) -> Json:
    if kind is not Kind.user:
        return row
    secret = f"sandbox-password-{row.get('sourcedId')}"
    credential = {"type": "plain", "username": "somebody", "password": secret}
    profile = {
        "profileId": "urn:example:profile",
        "profileType": "app",
        "vendorId": "vendor",
        "credentials": [credential],
    }
    return {**row, "password": secret, "userProfiles": [profile]}


def _status(name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if name != "status":
        return value
    return "Active" if value == "active" else "inactive"


def _padded(name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return f" {value}  " if name in PADDED and isinstance(value, str) else value


def _capital_roles(name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return value.upper() if name == "role" else value


def _school_years() -> Change:
    forms: cycle[Callable[[str], Any]] = cycle(
        (int, lambda year: f"{int(year) - 1}-{year}", lambda y: f"{int(y) - 1}-{y[2:]}")
    )
    return _values(
        lambda name, value: (
            next(forms)(value) if name == "schoolYear" and isinstance(value, str) else value
        )
    )


def _upper_role_words(kind: Kind, record: Any, _: object) -> Any:  # noqa: ANN401 - any record
    return respell_roles(kind, record, str.upper)


def respell_roles(kind: Kind, record: Any, spell: Callable[[str], str]) -> Any:  # noqa: ANN401 - any record
    """Return a record whose raw role words are spelled otherwise."""
    if kind is Kind.enrollment:
        return attrs.evolve(record, role_raw=spell(record.role_raw))
    if kind is Kind.user:
        roles = tuple(attrs.evolve(role, role_raw=spell(role.role_raw)) for role in record.roles)
        return attrs.evolve(record, roles=roles)
    return record


def _shape(name: str, summary: str, spoil: Change, reads: Reads | None = None) -> Fault:
    return Fault(name=name, summary=summary, expects=Expects.truth, spoil=spoil, reads=reads)


FAULTS = (
    _shape("boolean_forms", "Writes booleans as true, 'True', 1, '1' or 'yes'.", _booleans()),
    _shape("date_forms", "Writes dates with a time of midnight, with a zone or without.", _dates()),
    _shape(
        "time_forms",
        "Writes dateLastModified with seven digits, offsets, or without a zone.",
        _times(),
    ),
    _shape("single_for_list", "Sends lists of one as the item itself.", _values(_single_objects)),
    _shape("joined_lists", "Sends lists of texts as one text with commas.", _values(_texts_joined)),
    _shape("bare_references", "Sends references as bare ids.", _values(_bare_references)),
    _shape(
        "odd_references",
        "Sends references without type and with relative addresses.",
        _values(_odd_references),
    ),
    _shape("numeric_ids", "Sends ids that are all digits as numbers.", _values(_numbers)),
    _shape("nulls", "Sends absent lists and texts as null.", each(_nulls)),
    _shape("empty_texts", "Sends absent texts as '' and absent lists as [].", each(_empties)),
    _shape("unknown_fields", "Adds fields that no standard has.", each(_unknown_fields)),
    _shape("passwords", "Sends invented passwords and login profiles.", each(_passwords)),
    _shape("status_forms", "Writes status as 'Active' and 'inactive'.", _values(_status)),
    _shape("padded_texts", "Puts spaces around names, titles, roles and types.", _values(_padded)),
    _shape(
        "capital_roles",
        "Writes roles in capitals.",
        _values(_capital_roles),
        _upper_role_words,
    ),
    _shape(
        "school_year_forms",
        "Writes school years as numbers and as ranges, 2026-2027 and 2026-27.",
        _school_years(),
    ),
)
