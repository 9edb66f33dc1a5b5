"""
What matching finds, how sure it is of it, and how fast: beside Splink 5 and recordlinkage.

Usage: python benchmarks/matching.py [quality] [twins] [scale]

Needs benchmarks/.venvs/{splink,recordlinkage,pseudopeople} for the data and the peers.  Prints
tables.  "best" is the F1 at the best threshold chosen with the truth, an upper bound for each tool;
"shipped" is the F1 of everything suggested at the shipped settings; the automatic tier is what the
ladder links and what passes every gate.
"""

import csv
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import matching_data as data

from edlink.coverage import Source
from edlink.matching import (
    StoredLink,
    diff_rosters,
    fold_contacts,
    match_people,
    suggest_matches,
)
from edlink.matching.blocking import candidates
from edlink.matching.frequencies import name_frequencies
from edlink.matching.people import Person
from edlink.matching.reading import Reader
from edlink.matching.rules import MatchRules
from edlink.matching.score import Scorer
from edlink.model import Relationship, User
from edlink.roster import Roster

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


def automatic(left: Sequence[Person], right: Sequence[Person]) -> list[tuple[str, str]]:
    """Return what is linked by the ladder, then by every gate."""
    report = match_people(left, right)
    new, rest = set(report.new), set(report.unmatched_existing)
    found = suggest_matches(
        [person for person in left if person.ref in new],
        [person for person in right if person.ref in rest],
    )
    pairs = list(zip(report.linked.incoming, report.linked.existing, strict=True))
    return pairs + [(pair.left, pair.right) for pair in found.likely]


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


# Scale


def scale() -> None:
    """Print time and memory of each job at each size, each in a process of its own."""
    print(
        f"\n{'job':<18}{'people':>10}{'seconds':>9}{'cpu s':>8}{'MB more':>9}{'peak MB':>9}  found"
    )
    for job, sizes in (
        ("ladder", (10_000, 100_000, 1_000_000)),
        ("stored", (10_000, 100_000, 1_000_000)),
        ("scored", (10_000, 100_000)),
        ("shared", (10_000,)),
        ("diff", (10_000, 100_000, 1_000_000)),
    ):
        for size in sizes:
            command = [sys.executable, __file__, "--job", job, str(size)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            row = json.loads(done.stdout)
            print(
                f"{job:<18}{size:>10,}{row['seconds']:>9.2f}{row['cpu']:>8.2f}{row['more']:>9}{row['peak']:>9}"
                f"  {row['found']}"
            )


def _job(name: str, size: int) -> None:
    """Run one job and print its figures as JSON."""
    prepared = _JOBS[name](size)
    before = _megabytes()
    started, busy = time.perf_counter(), time.process_time()
    found = prepared()
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    peak = _megabytes()
    row = {"seconds": seconds, "cpu": busy, "peak": peak, "more": peak - before, "found": found()}
    print(json.dumps(row))


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


Job = Callable[[], Callable[[], str]]


def _ladder_job(size: int) -> Job:
    """Match people with ids, and read every link once, as a host does."""
    left, right = data.crowd(size, noise=0.02, with_ids=True)
    left = [_without_id(p) if int(p.ref) % 100 == 0 else p for p in left]
    return _match_job(left, right, [])


def _stored_job(size: int) -> Job:
    """The same on a later night, when the host knows all but every fiftieth by a stored link."""
    left, right = data.crowd(size, noise=0.02, with_ids=True)
    links = [StoredLink(incoming=p.ref, existing=p.ref) for p in left if int(p.ref) % 50]
    return _match_job(left, right, links)


def _match_job(left: list[Person], right: list[Person], links: list[StoredLink]) -> Job:
    def run() -> Callable[[], str]:
        report = match_people(left, right, links=links)
        pairs = [(link.incoming, link.existing) for link in report.linked]
        return lambda: _verdict(pairs, len(left))

    return run


def _without_id(person: Person) -> Person:
    import attrs  # noqa: PLC0415 - only here

    return attrs.evolve(person, sis_id=None)


def _scored_job(size: int) -> Job:
    left, right = data.crowd(size, noise=0.1, with_ids=False)

    def run() -> Callable[[], str]:
        pairs = automatic(left, right)
        return lambda: _verdict(pairs, size)

    return run


def _shared_job(size: int) -> Job:
    """Everyone has one address, one SIS id and one name; as contacts, a number each besides."""
    people = [
        Person(ref=str(n), sis_id="0", emails=("office@example.org",), given_name="Ana")
        for n in range(size)
    ]
    contacts = _office_contacts(size)

    def run() -> Callable[[], str]:
        report = match_people(people, people)
        suggest_matches(people, people)
        fold_contacts(contacts)
        return lambda: f"{len(report.linked)} linked"

    return run


def _diff_job(size: int) -> Job:
    """Compare two rosters; of every 50 users one has changed, one is gone and one is new."""
    before, after = (_roster(size, turn) for turn in (0, 1))

    def run() -> Callable[[], str]:
        diff = diff_rosters(before, after)
        return lambda: f"{len(diff.updated)} updated"

    return run


def _roster(size: int, turn: int) -> Roster:
    users = (
        User(
            sourced_id=f"u{n if n % 50 != 1 else n + turn * size}",
            given_name="Ana" if n % 50 or not turn else "Anna",
            family_name=f"Sample {n % 5000}",
            email=f"u{n}@example.org",
        )
        for n in range(size)
    )
    moment = datetime(2024, 9, 1, tzinfo=UTC)
    return Roster(source=Source("classlink", "north"), pulled_at=moment, users=tuple(users))


def _office_contacts(size: int) -> Roster:
    """Return contacts of one name at one address, with a number each: nobody can be folded."""
    users = (
        User(
            sourced_id=f"c{n}",
            display_name="Ana Sample",
            email="office@example.org",
            sms=f"555{n:07}",
        )
        for n in range(size)
    )
    links = (
        Relationship(sourced_id=f"r{n}", student_id=f"s{n}", contact_id=f"c{n}")
        for n in range(size)
    )
    return Roster(
        source=Source("entra", "north"),
        pulled_at=datetime(2024, 9, 1, tzinfo=UTC),
        users=tuple(users),
        relationships=tuple(links),
    )


def _verdict(pairs: Iterable[tuple[str, str]], total: int) -> str:
    found = list(pairs)
    wrong = sum(a != b for a, b in found)
    return f"{wrong} wrong, recall {(len(found) - wrong) / total:.4f}"


_JOBS: dict[str, Callable[[int], Job]] = {
    "ladder": _ladder_job,
    "stored": _stored_job,
    "scored": _scored_job,
    "shared": _shared_job,
    "diff": _diff_job,
}

_PARTS = {"quality": quality, "twins": twins, "scale": scale}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--job"]:
        _job(sys.argv[2], int(sys.argv[3]))
    else:
        Path(data.RESULTS).mkdir(exist_ok=True)
        for part in sys.argv[1:] or _PARTS:
            _PARTS[part]()
