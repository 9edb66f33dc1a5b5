"""
What the ladder, scoring, contacts and a diff cost, up to a million people.

Usage: python benchmarks/matching_scale.py [--job NAME SIZE]
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import matching_data as data
from matching_tier import automatic

from edlink.coverage import Source
from edlink.matching import StoredLink, diff_rosters, fold_contacts, match_people, suggest_matches
from edlink.matching.people import Person
from edlink.model import Relationship, User
from edlink.roster import Roster


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


if __name__ == "__main__":
    if sys.argv[1:2] == ["--job"]:
        _job(sys.argv[2], int(sys.argv[3]))
    else:
        scale()
