"""Schools and classes by keys alone: one holder of a key on either side, or nobody is linked."""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Generic, TypeVar

import attrs

from edlink.matching.components import join
from edlink.matching.linked import Evidence, Link, Links
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

    Records that share a key with several are held for a person, and no weaker rule links them.
    """
    left = {keyed.ref: keyed.record for keyed in incoming}
    right = {keyed.ref: keyed.record for keyed in existing}
    found: list[Link] = []
    for stored in sorted(links, key=lambda link: (link.incoming, link.existing)):
        if stored.incoming in left and stored.existing in right:
            del left[stored.incoming], right[stored.existing]
            found.append(_link(kind, stored.incoming, stored.existing, "stored_link", None))
    held: list[OpenGroup] = []
    for rule in rules:
        pairs, groups = _meet(rule, left, right)
        for some, others in _joined(groups):
            held.append(_open(kind, rule, some, others))
        for ref in {ref for group in held for ref in group.incoming}:
            left.pop(ref, None)
        for ref in {ref for group in held for ref in group.existing}:
            right.pop(ref, None)
        for a, b in pairs:
            del left[a], right[b]
            found.append(_link(kind, a, b, rule.name, rule.field))
    return MatchReport(
        linked=Links(sorted(found, key=attrgetter("incoming"))),
        new=tuple(sorted(left)),
        unmatched_existing=tuple(sorted(right)),
        ambiguous=tuple(sorted(held, key=lambda group: (group.incoming, group.existing))),
    )


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
