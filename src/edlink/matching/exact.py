"""Schools and classes by keys alone: one holder of a key on either side, or nobody is linked."""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Generic, TypeVar

import attrs

from edlink.matching.components import join
from edlink.matching.ladder import STORED
from edlink.matching.linked import Evidence, Link, Links
from edlink.matching.meeting import untangle
from edlink.matching.refs import require_distinct
from edlink.matching.report import MatchReport, OpenGroup, StoredLink

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class KeyRule(Generic[T]):
    """A rule's name, the field whose keys it compares, and how to read them."""

    name: str
    field: str
    keys: Callable[[T], Iterable[str]]


@attrs.frozen(kw_only=True)
class Keyed(Generic[T]):
    """A record with the id that the report names it by."""

    ref: str
    record: T


def match_by_keys(
    kind: str,
    incoming: Sequence[Keyed[T]],
    existing: Sequence[Keyed[T]],
    rules: Sequence[KeyRule[T]],
    links: Iterable[StoredLink] = (),
) -> MatchReport:
    """
    Return which records are the same, by rules from the surest to the least sure.

    Records that share a key with several, or that the host's own links name twice, are held for a
    person, and no weaker rule links them.

    Raises:
        ConfigError: EDL-CONF-085 when two records of one side have one ref.
    """
    left, right = _side(incoming), _side(existing)
    kept, twice = _stored(kind, links, left, right)
    found = [_link(kind, a, b, STORED.name, None) for a, b in kept]
    for a, b in kept:
        del left[a], right[b]
    for group in twice:
        _take(group, left, right)
    held: list[OpenGroup] = []
    for rule in rules:
        pairs, groups = _meet(rule, left, right)
        for some, others in _joined(groups):
            group = _open(kind, rule, some, others)
            held.append(group)
            _take(group, left, right)
        for a, b in pairs:
            del left[a], right[b]
            found.append(_link(kind, a, b, rule.name, rule.field))
    return MatchReport(
        linked=Links(sorted(found, key=attrgetter("incoming"))),
        new=tuple(sorted(left)),
        unmatched_existing=tuple(sorted(right)),
        ambiguous=tuple(sorted(held, key=lambda group: (group.incoming, group.existing))),
        conflicts=twice,
    )


def _side(records: Sequence[Keyed[T]]) -> dict[str, T]:
    require_distinct(keyed.ref for keyed in records)
    return {keyed.ref: keyed.record for keyed in records}


def _stored(
    kind: str, links: Iterable[StoredLink], left: Iterable[str], right: Iterable[str]
) -> tuple[list[tuple[str, str]], tuple[OpenGroup, ...]]:
    """Return the host's own pairs of what is here, and what they name twice, as groups."""
    some, others = sorted(left), sorted(right)
    mine = {ref: place for place, ref in enumerate(some)}
    theirs = {ref: place for place, ref in enumerate(others)}
    present = {
        (mine[link.incoming], theirs[link.existing])
        for link in links
        if link.incoming in mine and link.existing in theirs
    }
    single, tangled = untangle(sorted(present))
    groups = (
        OpenGroup(
            reason="linked_twice",
            kind=kind,
            incoming=tuple(some[i] for i in places),
            existing=tuple(others[j] for j in mates),
            rules=(STORED.name,),
        )
        for places, mates in tangled
    )
    return [(some[i], others[j]) for i, j in single], tuple(groups)


def _take(group: OpenGroup, left: dict[str, T], right: dict[str, T]) -> None:
    """Take the records of a group away from all further rules."""
    for ref in group.incoming:
        del left[ref]
    for ref in group.existing:
        del right[ref]


def _link(kind: str, a: str, b: str, rule: str, field: str | None) -> Link:
    evidence = (Evidence(field=field, agreement="equal"),) if field else ()
    return Link(incoming=a, existing=b, kind=kind, rule=rule, field=field, evidence=evidence)


def _open(kind: str, rule: KeyRule[T], some: set[str], others: set[str]) -> OpenGroup:
    return OpenGroup(
        reason="shared_key",
        kind=kind,
        incoming=tuple(sorted(some)),
        existing=tuple(sorted(others)),
        rules=(rule.name,),
        fields=(rule.field,),
    )


def _meet(
    rule: KeyRule[T], left: dict[str, T], right: dict[str, T]
) -> tuple[list[tuple[str, str]], list[tuple[set[str], set[str]]]]:
    """Return the pairs that alone have a key, and the groups of those that do not."""
    index: dict[str, tuple[set[str], set[str]]] = {}
    for number, side in enumerate((left, right)):
        for ref, record in side.items():
            for key in rule.keys(record):
                index.setdefault(key, (set(), set()))[number].add(ref)
    groups = [group for group in index.values() if all(group)]
    partners: dict[tuple[int, str], int] = {}
    for group in _distinct(groups):
        for number, refs in enumerate(group):
            for ref in refs:
                partners[number, ref] = partners.get((number, ref), 0) + 1
    pairs = []
    shared = []
    for group in _distinct(groups):
        (a, *more), (b, *others) = (sorted(refs) for refs in group)
        if more or others or partners[0, a] > 1 or partners[1, b] > 1:
            shared.append(group)
        else:
            pairs.append((a, b))
    return sorted(pairs), shared


def _distinct(groups: Iterable[tuple[set[str], set[str]]]) -> list[tuple[set[str], set[str]]]:
    seen = {(frozenset(a), frozenset(b)): (a, b) for a, b in groups}
    return list(seen.values())


def _joined(groups: Iterable[tuple[set[str], set[str]]]) -> list[tuple[set[str], set[str]]]:
    """Return the groups joined where they share a record, so that each record is in one."""
    parts = join(groups, lambda group: [(side, ref) for side in (0, 1) for ref in group[side]])
    sides = (zip(*part, strict=True) for part in parts)
    return [(set().union(*some), set().union(*others)) for some, others in sides]
