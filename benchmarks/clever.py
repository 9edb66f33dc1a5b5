"""
What a typed pull of Clever costs, beside ``strongmind-clever-client``, in one run.

``python benchmarks/clever.py --people 50000``.  Every figure is the median of interleaved runs,
each in a process of its own against a server in another; CPU is the client's alone.  A row of
users becomes a User, and of a student or contact Demographics or Relationships as well; a row of
sections becomes a Class, and its Enrollments are made on the way.
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


@contextmanager
def server(people: int) -> Iterator[str]:
    """Serve an invented district of so many people as Clever 3.0; yields its address."""
    command = [sys.executable, str(HERE / "clever_server.py"), str(people)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def compare(people: int, rounds: int) -> dict[str, float]:
    """Print both clients' CPU for one row, and return how many times less edlink takes."""
    peer = peers.python_of("strongmind_clever")
    assert peer is not None
    ratios = {}
    print(f"\n{people:,} people at Clever 3.0, pages of 1,000, median of {rounds}")
    with server(people) as url:
        for collection in ("users", "sections"):
            ours: list[Figures] = []
            theirs: list[Figures] = []
            for _ in range(rounds):
                ours.append(run(sys.executable, "edlink_clever.py", url, collection))
                theirs.append(run(peer, "strongmind_clever.py", url, collection))
            cost = [1e6 * f["cpu"] / f["records"] for f in (middle(ours), middle(theirs))]
            ratios[collection] = cost[1] / cost[0]
            print(f"{collection:10} edlink {cost[0]:8.1f} us/row, peer {cost[1]:8.1f} us/row")
    return ratios


def main() -> None:
    """Compare, and print the ratios as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    ratios = compare(arguments.people, arguments.rounds)
    print(json.dumps({name: round(ratio, 1) for name, ratio in ratios.items()}))


if __name__ == "__main__":
    main()
