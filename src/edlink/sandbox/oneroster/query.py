"""limit, offset, filter, sort, orderBy and fields, as OneRoster's REST binding has them."""

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

from edlink.sandbox.oneroster.wire import FLAGS, Json
from edlink.vocabulary import Kind

DEFAULT_LIMIT = 100
LONGEST_FILTER: Final = 2000

_EVERY = ("sourcedId", "status", "dateLastModified", "metadata")

#: The fields of each kind in both versions; what one version lacks matches nothing there.
FIELDS: Mapping[Kind, frozenset[str]] = {
    kind: frozenset((*_EVERY, *names.split()))
    for kind, names in {
        Kind.org: "name type identifier parent children",
        Kind.academic_session: "title startDate endDate type parent children schoolYear",
        Kind.course: "title schoolYear courseCode grades subjects subjectCodes org resources",
        Kind.class_: (
            "title classCode classType location grades subjects subjectCodes course school terms"
            " periods resources"
        ),
        Kind.user: (
            "username userIds enabledUser givenName familyName middleName role orgs roles"
            " primaryOrg userMasterIdentifier preferredFirstName preferredMiddleName"
            " preferredLastName pronouns userProfiles identifier email sms phone agents grades"
            " password resources"
        ),
        Kind.enrollment: "user class school role primary beginDate endDate",
        Kind.demographics: (
            "birthDate sex countryOfBirthCode stateOfBirthAbbreviation cityOfBirth"
            f" publicSchoolResidenceStatus {' '.join(FLAGS)}"
        ),
    }.items()
}

_CLAUSE = re.compile(r"([A-Za-z]+(?:\.[A-Za-z0-9_.]+)?)\s*(!=|>=|<=|=|>|<|~)\s*'((?:[^']|'')*)'")
_JOINER = re.compile(r"\s+(AND|OR)\s+")


class BadQuery(Exception):  # noqa: N818 - it is a reply of status 400, not a fault of ours
    """A parameter cannot be obeyed; ``minor`` is the standard's code for why."""

    def __init__(self, minor: str) -> None:
        super().__init__(minor)
        self.minor = minor


@attrs.frozen(kw_only=True)
class Clause:
    """One comparison of a filter."""

    path: tuple[str, ...]
    operator: str
    value: str

    def holds(self, row: Json) -> bool:
        """Return whether a record as JSON satisfies the comparison."""
        found = _texts(row, self.path)
        if self.operator == "~":
            return any(self.value in text for text in found)
        joined = ",".join(found)
        return {
            "=": joined == self.value,
            "!=": joined != self.value,
            ">": joined > self.value,
            ">=": joined >= self.value,
            "<": joined < self.value,
            "<=": joined <= self.value,
        }[self.operator]


@attrs.frozen(kw_only=True)
class Query:
    """What a list request asks for."""

    limit: int = DEFAULT_LIMIT
    offset: int = 0
    clauses: tuple[Clause, ...] = ()
    any_clause: bool = False
    sort: str | None = None
    descending: bool = False
    fields: frozenset[str] | None = None

    def selects(self, row: Json) -> bool:
        """Return whether a record as JSON passes the filter."""
        results = (clause.holds(row) for clause in self.clauses)
        return any(results) if self.any_clause else all(results)

    def project(self, row: Json) -> Json:
        """Return a record as JSON with the fields asked for."""
        if self.fields is None:
            return row
        return {name: value for name, value in row.items() if name in self.fields}


def parse_query(params: list[tuple[str, str]], kind: Kind, version: str) -> Query:
    """
    Return what a request's parameters ask for.

    Raises:
        BadQuery: A page that cannot be, a filter that cannot be read or names an unknown field,
            a blank ``fields``, and in 1.2 an unknown name in it.
    """
    given = dict(params)
    clauses, any_clause = _filter(given.get("filter", ""), kind)
    sort = given.get("sort")
    return Query(
        limit=_number(given.get("limit"), DEFAULT_LIMIT, least=1),
        offset=_number(given.get("offset"), 0, least=0),
        clauses=clauses,
        any_clause=any_clause,
        sort=sort if sort in FIELDS[kind] else None,
        descending=given.get("orderBy", "asc") == "desc",
        fields=parse_fields(given.get("fields"), kind, version),
    )


def parse_fields(text: str | None, kind: Kind, version: str) -> frozenset[str] | None:
    """
    Return the fields asked for, or None for all.

    Raises:
        BadQuery: As ``parse_query`` says.
    """
    if text is None:
        return None
    names = frozenset(name.strip() for name in text.split(","))
    if names <= {""}:
        raise BadQuery(
            "invalid_blank_selection_field" if version == "1.1" else "invalid_selection_field"
        )
    if names <= FIELDS[kind]:
        return names
    if version == "1.1":
        return None  # 1.1: the whole record comes, with a warning
    raise BadQuery("invalid_selection_field")


def sort_key(row: Json, field: str) -> str:
    """Return the text that a record is sorted by."""
    return ",".join(_texts(row, (field,)))


def _filter(text: str, kind: Kind) -> tuple[tuple[Clause, ...], bool]:
    if not text:
        return (), False
    clauses, joiners, position = [], set(), 0
    while True:
        match = _CLAUSE.match(text, position)
        if match is None or len(text) > LONGEST_FILTER:
            raise BadQuery("invalid_filter_field")
        name, operator, value = match.groups()
        path = tuple(name.split("."))
        if path[0] not in FIELDS[kind]:
            raise BadQuery("invalid_filter_field")
        clauses.append(Clause(path=path, operator=operator, value=value.replace("''", "'")))
        position = match.end()
        if position == len(text):
            break
        joiner = _JOINER.match(text, position)
        if joiner is None:
            raise BadQuery("invalid_filter_field")
        joiners.add(joiner.group(1))
        position = joiner.end()
    if len(joiners) > 1:
        raise BadQuery("invalid_filter_field")
    return tuple(clauses), joiners == {"OR"}


def _texts(value: Any, path: tuple[str, ...]) -> list[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, list):
        return [text for item in value for text in _texts(item, path)]
    if path:
        return _texts(value.get(path[0]), path[1:]) if isinstance(value, dict) else []
    if isinstance(value, dict):
        return [str(value["sourcedId"])] if "sourcedId" in value else []
    return [] if value is None else [str(value)]


def _number(text: str | None, default: int, *, least: int) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and least <= int(text[:12]) < 10**9):
        raise BadQuery("invaliddata")
    return int(text)
