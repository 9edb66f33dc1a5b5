"""Rules that would mend damaged ids, proposed with what they would win and break."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import attrs

from edlink.matching.ids import EXACT, WIDEST, clean_id, id_transform

#: A start of ids is a prefix when at least this share of one side has it.
_MOST = 0.5
_JOINS = "_-: "


@attrs.frozen(kw_only=True)
class IdRuleProposal:
    """
    One rule, and what would come of accepting it.

    Attributes:
        rule: The name to put into ``MatchRules.id_rules``.
        gain: Ids that meet one partner under the rule and none without it.
        collisions: Ids of one side that the rule makes equal.
        contradictions: Of those gained, pairs that the check says are two persons.
        damaged: Ids of either side that no rule can mend.
    """

    rule: str
    gain: int
    collisions: int = 0
    contradictions: int = 0
    damaged: int = 0


def learn_id_rule(
    left_ids: Sequence[str | None],
    right_ids: Sequence[str | None],
    *,
    contradicts: Callable[[int, int], bool] | None = None,
) -> tuple[IdRuleProposal, ...]:
    """
    Return the rules that would link more ids, the best first; none is applied.

    Args:
        left_ids: The incoming ids.
        right_ids: The host's ids.
        contradicts: Given the places of two ids, whether names and birth dates say that they are
            two persons.
    """
    left, right = ([clean_id(text) for text in side] for side in (left_ids, right_ids))
    damaged = sum(
        bool(text and text.strip()) and value is None
        for text, value in zip((*left_ids, *right_ids), (*left, *right), strict=True)
    )
    before = set(_pairs(left, right, EXACT)[0])
    found = []
    for rule in _candidates(left, right):
        pairs, collisions = _pairs(left, right, rule)
        gained = [pair for pair in pairs if pair not in before]
        if gained:
            wrong = sum(contradicts(i, j) for i, j in gained) if contradicts else 0
            proposal = IdRuleProposal(
                rule=rule,
                gain=len(gained),
                collisions=collisions,
                contradictions=wrong,
                damaged=damaged,
            )
            found.append(proposal)
    return tuple(sorted(found, key=_rank))


def _rank(proposal: IdRuleProposal) -> tuple[int, int, str]:
    harm = proposal.collisions + proposal.contradictions
    return (harm - proposal.gain, len(proposal.rule.split("+")), proposal.rule)


def _pairs(
    left: Sequence[str | None], right: Sequence[str | None], rule: str
) -> tuple[list[tuple[int, int]], int]:
    """Return the places of ids that meet one partner, and how many ids of a side become equal."""
    mend = id_transform(rule)
    lefts, rights = _index(left, mend), _index(right, mend)
    pairs = [
        (next(iter(places)), next(iter(rights[key])))
        for key, places in lefts.items()
        if len(places) == 1 and len(rights.get(key, ())) == 1
    ]
    collisions = sum(
        len({side[place] for place in places}) - 1
        for side, index in ((left, lefts), (right, rights))
        for places in index.values()
    )
    return pairs, collisions


def _index(ids: Sequence[str | None], mend: Callable[[str], str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, value in enumerate(ids):
        if value is not None:
            found.setdefault(mend(value), []).append(place)
    return found


def _candidates(left: Sequence[str | None], right: Sequence[str | None]) -> Iterable[str]:
    """Return the names of all rules worth trying, each once."""
    sides = [[value for value in side if value] for side in (left, right)]
    widths = {width for side in sides for width in _common_width(side)}
    prefixes = sorted({prefix for side in sides for prefix in _prefixes(side)})
    plain = ["strip_zeros", "casefold", "drop_point_zero"]
    plain += [f"zero_pad:{width}" for width in sorted(widths)]
    strips = [f"strip_prefix:{prefix}" for prefix in prefixes if "+" not in prefix]
    both = ["drop_point_zero+strip_zeros"]
    both += [f"drop_point_zero+zero_pad:{width}" for width in sorted(widths)]
    return [*plain, *strips, *both, *(f"{strip}+strip_zeros" for strip in strips)]


def _common_width(ids: Sequence[str]) -> Iterable[int]:
    """Yield the width of most of a side's numbers, where some have a leading zero."""
    numbers = [value for value in ids if value.isdecimal() and len(value) <= WIDEST]
    if any(value.startswith("0") for value in numbers):
        yield Counter(map(len, numbers)).most_common(1)[0][0]


def _prefixes(ids: Sequence[str]) -> Iterable[str]:
    """Yield starts that most ids have: letters, with a joining sign or before a digit."""
    starts = Counter(start for value in ids for start in _starts(value))
    for start, count in starts.items():
        if count >= _MOST * len(ids):
            yield start


def _starts(value: str) -> Iterable[str]:
    for place in range(1, min(len(value), WIDEST + 1)):
        head, last, following = value[:place], value[place - 1], value[place]
        if last in _JOINS or (last.isalpha() and following.isdecimal()):
            yield head
