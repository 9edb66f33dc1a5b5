"""
What a typed pull of Clever costs, beside ``strongmind-clever-client``, in one run.

``make bench``.  Every figure is the median of interleaved runs, each in a process of its own
against a server in another; CPU is the client's alone.  A row of users becomes a User, and of a
student or contact Demographics or Relationships as well; a row of sections becomes a Class, and its
Enrollments are made on the way.

edlink pulls the whole district.  The peer takes milliseconds for a user, and the longer the more
users it holds, so both are measured on a smaller district too, with Clever's default page and with
one of 1,000; the ratios are of those runs.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pull import Figures, middle, run

import peers

HERE = Path(__file__).parent


COLLECTIONS = ("users", "sections")
PAGE_SIZES = (100, 1000)


@contextmanager
def server(people: int, size: int) -> Iterator[str]:
    """Serve an invented district of so many people as Clever 3.0; yields its address."""
    command = [sys.executable, str(HERE / "clever_server.py"), str(people), str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def cost(runs: list[Figures]) -> float:
    """Return CPU microseconds a row."""
    figures = middle(runs)
    return float(1e6 * figures["cpu"] / figures["records"])


def pull_whole(people: int, rounds: int) -> None:
    """Print what edlink takes for a row of a whole district."""
    size = max(PAGE_SIZES)
    print(f"\n{people:,} people at Clever 3.0, pages of {size:,}, median of {rounds}")
    with server(people, size) as url:
        for collection in COLLECTIONS:
            arguments = ("edlink_clever.py", url, collection, str(size))
            runs = [run(sys.executable, *arguments) for _ in range(rounds)]
            rows = f"{middle(runs)['records']:,.0f} rows"
            print(f"{collection:10} edlink {cost(runs):8.1f} us/row, {rows}")


def compare(people: int, size: int, rounds: int) -> dict[str, float]:
    """Print both clients' CPU for one row, and return how many times less edlink takes."""
    peer = peers.python_of("strongmind_clever")
    assert peer is not None
    ratios = {}
    print(f"\n{people:,} people at Clever 3.0, pages of {size:,}, median of {rounds}")
    with server(people, size) as url:
        for collection in COLLECTIONS:
            ours: list[Figures] = []
            theirs: list[Figures] = []
            arguments = (url, collection, str(size))
            for _ in range(rounds):
                ours.append(run(sys.executable, "edlink_clever.py", *arguments))
                theirs.append(run(peer, "strongmind_clever.py", *arguments))
            assert middle(ours)["records"] == middle(theirs)["records"]
            ratios[collection] = round(cost(theirs) / cost(ours), 1)
            print(
                f"{collection:10} edlink {cost(ours):8.1f} us/row, peer {cost(theirs):8.1f} us/row,"
                f" {ratios[collection]} times less"
            )
    return ratios


def main() -> None:
    """Pull, compare, and print the ratios by page size as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=50_000, help="of the district edlink pulls")
    parser.add_argument("--sample", type=int, default=5_000, help="people of the one both pull")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    pull_whole(arguments.people, arguments.rounds)
    ratios = {size: compare(arguments.sample, size, arguments.rounds) for size in PAGE_SIZES}
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
