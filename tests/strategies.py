"""
Arbitrary values of the model, one strategy per class, for property tests.

Each field is drawn from what its type allows; ids are short, so that records come to refer to
each other and to nobody.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs
from hypothesis import strategies as st

from edlink.coverage import Coverage, CoverageEntry, Issue, RosterWarning, Scope, Source, Tombstone
from edlink.model import (
    RECORD_TYPES,
    AcademicSession,
    Address,
    Class,
    Course,
    Demographics,
    Enrollment,
    Identifier,
    Org,
    Relationship,
    RoleAssignment,
    User,
)
from edlink.roster import COLLECTIONS, Roster
from edlink.vocabulary import Kind

IDS = st.sampled_from([f"{letter}{number}" for letter in "aBé|" for number in range(4)])
TEXTS = st.text(max_size=6) | st.sampled_from(["Ana", "O'Brien", "Jürgen", "李", "\u2028", '"'])
MOMENTS = st.datetimes(timezones=st.just(UTC))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


def _of_hint(hint: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - a type hint
    """Return values of a field's type."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (inner,) = (arg for arg in args if arg is not NoneType)
        return st.none() | _of_hint(inner)
    if origin in (tuple, frozenset):
        return st.lists(_of_hint(args[0]), max_size=2).map(origin)
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(TEXTS, JSON, max_size=2)
    if attrs.has(hint):
        return of(hint)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    plain: dict[type[Any], st.SearchStrategy[Any]] = {
        bool: st.booleans(),
        int: st.integers(-5, 3000),
        str: TEXTS,
        datetime: MOMENTS,
        date: st.dates(),
    }
    return plain[hint]


def of(cls: type[Any], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return arbitrary values of an attrs class of ours; ``given`` replaces fields' own."""
    hints = get_type_hints(cls)
    fields = {
        field.name: IDS if field.name.endswith("sourced_id") else _of_hint(hints[field.name])
        for field in attrs.fields(cls)
        if field.name not in given
    }
    return st.builds(cls, **fields, **given)


identifiers: st.SearchStrategy[Identifier] = of(Identifier)
addresses: st.SearchStrategy[Address] = of(Address)
role_assignments: st.SearchStrategy[RoleAssignment] = of(RoleAssignment)
orgs: st.SearchStrategy[Org] = of(Org, sourced_id=IDS)
academic_sessions: st.SearchStrategy[AcademicSession] = of(AcademicSession)
courses: st.SearchStrategy[Course] = of(Course)
classes: st.SearchStrategy[Class] = of(Class)
users: st.SearchStrategy[User] = of(User)
enrollments: st.SearchStrategy[Enrollment] = of(Enrollment)
relationships: st.SearchStrategy[Relationship] = of(Relationship)
demographics: st.SearchStrategy[Demographics] = of(Demographics)

by_kind: Mapping[Kind, st.SearchStrategy[Any]] = {
    Kind.org: orgs,
    Kind.academic_session: academic_sessions,
    Kind.course: courses,
    Kind.class_: classes,
    Kind.user: users,
    Kind.enrollment: enrollments,
    Kind.relationship: relationships,
    Kind.demographics: demographics,
}

sources: st.SearchStrategy[Source] = of(Source)
coverage_entries: st.SearchStrategy[CoverageEntry] = of(CoverageEntry)
coverages: st.SearchStrategy[Coverage] = of(Coverage)
issues: st.SearchStrategy[Issue] = of(Issue)
warnings: st.SearchStrategy[RosterWarning] = of(RosterWarning)


def _scope(included: frozenset[str], excluded: frozenset[str], kinds: frozenset[Kind]) -> Scope:
    return Scope(include_orgs=included, exclude_orgs=excluded - included, exclude_kinds=kinds)


scopes: st.SearchStrategy[Scope] = st.builds(
    _scope, st.frozensets(IDS), st.frozensets(IDS), st.frozensets(st.sampled_from(Kind))
)
tombstones: st.SearchStrategy[Tombstone] = st.sampled_from(sorted(RECORD_TYPES)).flatmap(
    lambda kind: st.builds(
        Tombstone, kind=st.just(kind), sourced_id=IDS, record=st.none() | by_kind[kind]
    )
)


def _collection(kind: Kind, most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    rows = st.lists(by_kind[kind], max_size=most, unique_by=lambda record: record.sourced_id)
    return rows.map(tuple)


def rosters(*, most: int = 2) -> st.SearchStrategy[Roster]:
    """Return arbitrary rosters with at most so many records of each kind."""
    return st.builds(
        Roster,
        source=sources,
        pulled_at=MOMENTS,
        revision=st.none() | TEXTS,
        scope=scopes,
        coverage=coverages,
        issues=st.lists(issues, max_size=2).map(tuple),
        tombstones=st.lists(tombstones, max_size=2).map(tuple),
        warnings=st.lists(warnings, max_size=2).map(tuple),
        **{name: _collection(kind, most) for kind, name in COLLECTIONS.items()},
    )
