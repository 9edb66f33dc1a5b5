"""What the ladder left open, as groups: each record in one group, whatever brought it there."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from edlink.matching.addresses import near
from edlink.matching.climb import Open
from edlink.matching.ladder import Rule, Side
from edlink.matching.meeting import Keyed, meet, untangle
from edlink.matching.report import OpenGroup
from edlink.matching.vetoes import Verdict

#: The reason of a group with several is the first of these.
_GRAVEST = ("linked_twice", Verdict.id_reused, Verdict.cannot_link, "shared_key", Verdict.likely)

#: Verdicts under which a key claims nobody: whose names only nearly agree is often a sibling.
_NO_CLAIM = frozenset({Verdict.pass_, Verdict.likely})


def close_groups(
    opens: Iterable[Open], left: Side, right: Side
) -> Iterator[tuple[OpenGroup, list[int], list[int]]]:
    """Yield each connected group with the places of its records on either side."""
    opens = list(opens)
    single, tangled = untangle(edge for found in opens for edge in _star(found))
    parts = [([i], [j]) for i, j in single] + tangled
    part_of = {i: number for number, (some, _) in enumerate(parts) for i in some}
    members: list[list[Open]] = [[] for _ in parts]
    for found in opens:
        members[part_of[found.left[0]]].append(found)
    for (some, others), found_here in zip(parts, members, strict=True):
        verdicts = {found.verdict for found in found_here}
        group = OpenGroup(
            reason=str(next(reason for reason in _GRAVEST if reason in verdicts)),
            kind=left.people[some[0]].kind,
            incoming=tuple(sorted(left.people[i].ref for i in some)),
            existing=tuple(sorted(right.people[j].ref for j in others)),
            rules=tuple(sorted({found.rule.name for found in found_here})),
            fields=tuple(sorted({found.rule.field for found in found_here} - {""})),
        )
        yield group, some, others


def find_claims(  # noqa: PLR0913 - two sides, each with its people in question
    rules: Sequence[Rule],
    mine: Side,
    theirs: Side,
    rest: Sequence[int],
    linked: Sequence[int],
    *,
    flip: bool,
) -> Iterator[tuple[int, OpenGroup]]:
    """
    Yield the places of those whose key someone on the other side holds who is linked elsewhere.

    Args:
        rules: The rules of this kind.
        mine: The side of those left over.
        theirs: The other side.
        rest: Places of those left over.
        linked: Places of those on the other side who are linked.
        flip: Whether ``mine`` is the existing side.
    """
    claims: dict[int, list[tuple[int, Rule]]] = {}
    for rule in rules:
        if rule.is_id or rule.is_address:
            pairs, shared = meet(*_keys(rule, mine, theirs, rest, linked))
            for others, some in [*(([j], [i]) for j, i in pairs), *shared]:
                if len(some) + len(others) <= mine.reader.rules.group_limit:
                    for i, j in product(some, others):
                        a, b = theirs.people[i], mine.people[j]
                        verdict = rule.check(mine.reader, *((a, b) if flip else (b, a)))
                        if verdict not in _NO_CLAIM:
                            claims.setdefault(j, []).append((i, rule))
    for place in sorted(claims):
        found = claims[place]
        refs = (mine.people[place].ref,)
        yield (
            place,
            OpenGroup(
                reason="claimed",
                kind=mine.people[place].kind,
                incoming=() if flip else refs,
                existing=refs if flip else (),
                rules=tuple(sorted({rule.name for _, rule in found})),
                fields=tuple(sorted({rule.field for _, rule in found})),
                holders=tuple(sorted({theirs.people[i].ref for i, _ in found})),
            ),
        )


def _keys(
    rule: Rule, mine: Side, theirs: Side, rest: Sequence[int], linked: Sequence[int]
) -> tuple[Iterable[Keyed], Iterable[Keyed]]:
    """Return the keys of both; of the linked, who are many, only who may have one of the others."""
    keys = list(rule.keys(mine, rest))
    if keys and rule.is_address:
        linked = list(near(theirs, linked, {key for key, _ in keys}))
    return keys, rule.keys(theirs, linked)


def _star(found: Open) -> Iterator[tuple[int, int]]:
    """Yield few pairs that connect all of a group."""
    yield from ((found.left[0], j) for j in found.right)
    yield from ((i, found.right[0]) for i in found.left)
