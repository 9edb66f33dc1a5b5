"""
What matching finds, how sure it is of it, and how fast: beside Splink 5 and recordlinkage.

Usage: python benchmarks/matching.py [quality] [twins] [scale]

Needs benchmarks/.venvs/{splink,recordlinkage,pseudopeople} for the data and the peers.  Prints
tables.  "best" is the F1 at the best threshold chosen with the truth, an upper bound for each tool;
"shipped" is the F1 of everything suggested at the shipped settings; the automatic tier is what the
ladder links and what passes every gate.
"""

import csv
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import matching_data as data
from matching_scale import scale
from matching_tier import automatic

from edlink.matching import (
    suggest_matches,
)
from edlink.matching.blocking import candidates
from edlink.matching.frequencies import name_frequencies
from edlink.matching.people import Person
from edlink.matching.reading import Reader
from edlink.matching.rules import MatchRules
from edlink.matching.score import Scorer

Pair = tuple[str, str, float]
Truth = Callable[[str, str], bool]

#: Seeds of the pupils that are reported; the weights were looked at with others.
REPORTED = (101, 202)


def same_rec(a: str, b: str) -> bool:
    """Return whether two FEBRL records are one person's."""
    return a.split("-")[1] == b.split("-")[1]


def same_ref(a: str, b: str) -> bool:
    """Return whether two refs are one person's."""
    return a == b


# Quality


def quality() -> None:
    """Print F1 of every tool on every set, and the automatic tier of ours."""
    print(f"{'set':<22}{'tool':<16}{'best F1':>8}{'shipped':>9}{'seconds':>9}")
    sets: list[tuple[str, list[Person], list[Person] | None, Truth]] = [
        ("FEBRL4 name+DOB", data.febrl("dataset4a.csv"), data.febrl("dataset4b.csv"), same_rec),
        ("FEBRL3 name+DOB", data.febrl("dataset3.csv"), None, same_rec),
    ]
    for noise in (1, 3):
        left, right = data.pupils(REPORTED, noise)
        sets.append((f"pupils {noise}x name+DOB", _bare(left), _bare(right), same_ref))
        sets.append((f"pupils {noise}x with street", left, right, same_ref))
    tiers = []
    for name, left, right, truth in sets:
        total = _true_pairs(left, right, truth)
        started = time.perf_counter()
        pairs = _ours(left, right)
        seconds = time.perf_counter() - started
        best = _best(pairs, total, truth, is_link=right is not None)
        shipped = "" if right is None else f"{_shipped(left, right, total, truth):.4f}"
        print(f"{name:<22}{'edlink':<16}{best:>8.4f}{shipped:>9}{seconds:>9.1f}")
        if "street" not in name:
            for peer in ("splink", "recordlinkage"):
                _print_peer(name, peer, left, right, total, truth)
        if right is not None:
            tiers.append((name, *_tier(left, right, total, truth)))
    print(f"\n{'automatic tier':<26}{'links':>7}{'wrong':>7}{'precision':>11}{'recall':>8}")
    for name, links, wrong, recall in tiers:
        precision = 1 - wrong / links
        print(f"{name:<26}{links:>7}{wrong:>7}{precision:>11.4f}{recall:>8.4f}")


def _bare(people: Iterable[Person]) -> list[Person]:
    import attrs  # noqa: PLC0415 - only here

    return [attrs.evolve(person, street=None) for person in people]


def _true_pairs(left: Sequence[Person], right: Sequence[Person] | None, truth: Truth) -> int:
    key = (lambda ref: ref.split("-")[1]) if truth is same_rec else str
    lefts = Counter(key(person.ref) for person in left)
    if right is None:
        return sum(n * (n - 1) // 2 for n in lefts.values())
    rights = Counter(key(person.ref) for person in right)
    return sum(count * rights[entity] for entity, count in lefts.items())


def _ours(left: Sequence[Person], right: Sequence[Person] | None) -> list[Pair]:
    reader = Reader(MatchRules())
    others = left if right is None else right
    people = left if right is None else [*left, *right]
    scorer = Scorer(name_frequencies(people, reader), reader)
    mine = [scorer.features(person) for person in left]
    theirs = mine if right is None else [scorer.features(person) for person in others]
    pairs = []
    for i, places in candidates(left, others, reader):
        for j in places:
            if right is not None or i < j:
                weight = scorer.weight(mine[i], theirs[j])
                if weight > 0:
                    pairs.append((left[i].ref, others[j].ref, weight))
    return pairs


def _best(pairs: Iterable[Pair], total: int, truth: Truth, *, is_link: bool) -> float:
    """Return the best F1: of one-to-one pairs by weight, or of clusters above a weight."""
    ordered = sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))
    return _best_links(ordered, total, truth) if is_link else _best_clusters(ordered, total)


def _best_links(ordered: Sequence[Pair], total: int, truth: Truth) -> float:
    taken: tuple[set[str], set[str]] = (set(), set())
    right = wrong = 0
    best = 0.0
    for a, b, _ in ordered:
        if a not in taken[0] and b not in taken[1]:
            taken[0].add(a)
            taken[1].add(b)
            right, wrong = (right + 1, wrong) if truth(a, b) else (right, wrong + 1)
            best = max(best, 2 * right / (right + wrong + total))
    return best


def _best_clusters(ordered: Sequence[Pair], total: int) -> float:
    """Return the best pairwise F1 of connected components, over all thresholds."""
    members: dict[str, Counter[str]] = {}
    root: dict[str, str] = {}

    def find(ref: str) -> str:
        while root.setdefault(ref, ref) != ref:
            root[ref] = root.setdefault(root[ref], root[ref])
            ref = root[ref]
        return ref

    right = found = 0
    best = 0.0
    for a, b, _ in ordered:
        one, two = find(a), find(b)
        if one != two:
            some = members.pop(one, Counter([a.split("-")[1]]))
            others = members.pop(two, Counter([b.split("-")[1]]))
            found += some.total() * others.total()
            right += sum(count * others[entity] for entity, count in some.items())
            root[one] = two
            members[two] = some + others
            best = max(best, 2 * right / (found + total))
    return best


def _shipped(left: Sequence[Person], right: Sequence[Person], total: int, truth: Truth) -> float:
    found = suggest_matches(left, right)
    pairs = [(pair.left, pair.right) for pair in (*found.likely, *found.possible)]
    return 2 * sum(truth(a, b) for a, b in pairs) / (len(pairs) + total)


def _tier(
    left: Sequence[Person], right: Sequence[Person], total: int, truth: Truth
) -> tuple[int, int, float]:
    """Return links, wrong ones and recall of the ladder and the likely pairs of the rest."""
    pairs = automatic(left, right)
    good = sum(truth(a, b) for a, b in pairs)
    return len(pairs), len(pairs) - good, good / total


def _print_peer(  # noqa: PLR0913, PLR0917 - a row of the table
    name: str,
    peer: str,
    left: Sequence[Person],
    right: Sequence[Person] | None,
    total: int,
    truth: Truth,
) -> None:
    folder = data.RESULTS / name.replace(" ", "-").replace("+", "-")
    paths = [data.write(folder / "left.csv", left)]
    if right is not None:
        paths.append(data.write(folder / "right.csv", right))
    out = folder / f"{peer}.csv"
    script = str(data.PEERS / f"run_{peer}.py")
    command = [str(data.python_of(peer)), script, str(out), *map(str, paths)]
    started = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1][:60]
        print(f"{name:<22}{peer:<16}  failed: {reason}")
        return
    with out.open(newline="") as file:
        pairs = [(a, b, float(weight)) for a, b, weight in csv.reader(file)]
    best = _best(pairs, total, truth, is_link=right is not None)
    print(f"{name:<22}{peer:<16}{best:>8.4f}{'':>9}{seconds:>9.1f}")


# Twins


def twins() -> None:
    """Print how many of 60 twin pairs are merged, and how many of 60 real pairs found."""
    left, right = data.twin_suite(data.pupils(REPORTED, 0)[0], seed=7)
    pairs = automatic(left, right)
    merged = sum(b.startswith("twin-") for _, b in pairs)
    real = sum(a == b for a, b in pairs)
    print(f"\ntwins: {merged} of 60 twin pairs merged, {real} of 60 real pairs found automatically")
    found = suggest_matches(left, right)
    twins_likely = sum(pair.right.startswith("twin-") for pair in found.likely)
    print(f"       by score and gates alone: {twins_likely} twin pairs, {len(found.likely)} in all")


_PARTS = {"quality": quality, "twins": twins, "scale": scale}


if __name__ == "__main__":
    Path(data.RESULTS).mkdir(exist_ok=True)
    for part in sys.argv[1:] or _PARTS:
        _PARTS[part]()
