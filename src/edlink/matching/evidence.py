"""How the fields of a decided pair compare: names of fields and words, never values."""

from functools import cache
from operator import attrgetter

from edlink.matching.ladder import STORED, Rule
from edlink.matching.linked import Basis, Evidence
from edlink.matching.name_levels import NameLevel
from edlink.matching.people import Person
from edlink.matching.reading import Reader

#: All that drift is read from: two who are written alike have none.
_WRITTEN = attrgetter(
    "kind",
    "given_name",
    "other_given_names",
    "family_name",
    "other_family_names",
    "birth_date",
    "sis_id",
    "state_id",
    "number",
    "emails",
)

_DAYS = {True: "equal", False: "differs", None: "absent"}


def basis_of(reader: Reader, rule: Rule, a: Person, b: Person) -> Basis:
    """
    Return what a pair rests on that a rule linked: what supports it and what contradicts it.

    A name and a birth date say enough within one school: whether that was checked is said too.
    """
    orgs = reader.orgs(a, b) if rule.field == "birth_date" else None
    names, same_day = reader.name_levels(a, b), reader.birth_dates(a, b)
    return _basis(a.kind, rule.name, rule.field, names, same_day, orgs)


@cache
def _basis(  # noqa: PLR0913, PLR0917 - the key of the cache
    kind: str,
    rule: str,
    field: str,
    names: tuple[NameLevel, NameLevel],
    same_day: bool | None,
    orgs: str | None,
) -> Basis:
    """Return one shared value for all pairs alike; there are few."""
    given, family = names
    found = [
        Evidence(field="given_name", agreement=given),
        Evidence(field="family_name", agreement=family),
        Evidence(field="birth_date", agreement=_DAYS[same_day]),
    ]
    if orgs is None:
        found.insert(0, Evidence(field=field, agreement="equal"))
    else:
        found.append(Evidence(field="org_refs", agreement=orgs))
    return Basis(kind=kind, rule=rule, field=field, evidence=tuple(found))


def stored_basis_of(reader: Reader, a: Person, b: Person) -> Basis:
    """Return what a pair rests on that the host has linked."""
    return _stored_basis(a.kind, drift_of(reader, a, b))


@cache
def _stored_basis(kind: str, drift: tuple[str, ...]) -> Basis:
    return Basis(kind=kind, rule=STORED.name, drift=drift)


def drift_of(reader: Reader, a: Person, b: Person) -> tuple[str, ...]:
    """Return the fields by which two that the host has linked differ now, sorted."""
    if _WRITTEN(a) == _WRITTEN(b):
        return ()
    given, family = reader.name_levels(a, b)
    found = {
        "kind": a.kind is not b.kind,
        "given_name": given is NameLevel.differs,
        "family_name": family is NameLevel.differs,
        "birth_date": reader.birth_dates(a, b) is False,
    }
    for field in ("sis_id", "state_id", "number"):
        left, right = reader.id_of(a, field), reader.id_of(b, field)
        found[field] = left is not None and right is not None and left != right
    left_mail, right_mail = reader.emails(a), reader.emails(b)
    found["emails"] = bool(left_mail and right_mail) and set(left_mail).isdisjoint(right_mail)
    return tuple(sorted(field for field, differs in found.items() if differs))
