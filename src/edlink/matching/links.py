"""Records that only connect others: their ends, and how they are known under another id."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import attrs

from edlink.matching.host import HostRecord
from edlink.model import RECORD_TYPES, Demographics, Enrollment, Record, Relationship
from edlink.references import REFERENCES
from edlink.vocabulary import Kind

Key = tuple[str, ...]

#: Turns a kind and an id that a host record holds into the incoming id.
Rename = Callable[[Kind, str], str]
T = TypeVar("T")

#: Kinds that only connect others.
CONNECTING = frozenset({Kind.enrollment, Kind.relationship, Kind.demographics})

#: Which fields of them name records of which kind: their ends, and the org of an enrollment.
END_FIELDS: Mapping[type[Any], tuple[tuple[str, Kind], ...]] = {
    RECORD_TYPES[kind]: tuple((name, target) for of, name, target in REFERENCES if of is kind)
    for kind in CONNECTING
}


def ends_of(record: Record) -> tuple[tuple[Kind, str | None], ...]:
    """Return what a connecting record connects; nothing for others."""
    match record:
        case Enrollment():
            return (Kind.class_, record.class_id), (Kind.user, record.user_id)
        case Relationship():
            return (Kind.user, record.student_id), (Kind.user, record.contact_id)
        case Demographics():
            return ((Kind.user, record.sourced_id),)
    return ()


def with_new_ends(record: Record, new_ids: Callable[[Kind, str], str | None]) -> Record:
    """Return a connecting record whose ends have the ids that they get, where they get one."""
    ends = ((n, new_ids(k, getattr(record, n) or "")) for n, k in END_FIELDS.get(type(record), ()))
    new: dict[str, Any] = {name: i for name, i in ends if i is not None}
    return attrs.evolve(record, **new) if new else record


def _connects(record: Record, rename: Rename) -> Key | None:
    """Return what a record connects, or None where an end is missing."""
    ends: Key
    match record:
        case Enrollment(user_id=str(user_id), class_id=str(class_id)):
            ends = rename(Kind.user, user_id), rename(Kind.class_, class_id), str(record.role)
        case Relationship():
            users = (record.student_id, record.contact_id)
            ends = tuple(rename(Kind.user, i) for i in users)
        case Demographics():
            ends = (rename(Kind.user, record.sourced_id),)
        case _:
            return None
    return ends if all(ends) else None


def pair_by_links(
    arrived: Mapping[str, Record],
    candidates: Iterable[HostRecord],
    rename: Rename,
) -> dict[str, HostRecord]:
    """
    Return for each arrived record the one host record that connects the same.

    What two records of one side connect decides nothing.

    Args:
        arrived: Incoming records that the host does not know, by sourced id.
        candidates: Host records that they may be.
        rename: Turns the ids that they hold into incoming ones, or an empty text.
    """
    new = _unique((_connects(record, _same), i) for i, record in arrived.items())
    if not new:
        return {}
    old = _unique((_connects(held.record, rename), held) for held in candidates)
    return {i: held for key, i in new.items() if (held := old.get(key)) is not None}


def _unique(keyed: Iterable[tuple[Key | None, T]]) -> dict[Key, T]:
    found: dict[Key, T] = {}
    several: set[Key] = set()
    for key, value in keyed:
        if key is None:
            continue
        if key in found:
            several.add(key)
        found[key] = value
    return {key: value for key, value in found.items() if key not in several}


def _same(_kind: Kind, sourced_id: str) -> str:
    return sourced_id
