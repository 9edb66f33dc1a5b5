"""
What a typed pull costs, beside the untyped floor and the peers from PyPI, in one run.

``make bench``.  Every figure is the median of interleaved runs, each in a process of its own
against a server in another; CPU is the client's alone.  Read the ratios: seconds belong to the
machine.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import peers

HERE = Path(__file__).parent
ROOTS = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}
COLLECTIONS = ("users", "enrollments")
Figures = dict[str, Any]


@contextmanager
def server(rows: int, latency_ms: int = 0) -> Iterator[str]:
    """Serve so many rows a collection; yields the address."""
    command = [sys.executable, str(HERE / "server.py"), str(rows), str(latency_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def run(python: str | Path, script: str, *arguments: str) -> Figures:
    """Return what a contestant measured of one pull."""
    command = [str(python), str(HERE / "contestants" / script), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def edlink(url: str, version: str, collection: str, mode: str, concurrency: int = 1) -> Figures:
    """Return what edlink measured; one thread unless told otherwise, as the others have one."""
    arguments = (url, version, collection, mode, str(concurrency))
    return run(sys.executable, "edlink_pull.py", *arguments)


def middle(runs: list[Figures]) -> Figures:
    """Return the median of each figure."""
    return {name: median(figures[name] for figures in runs) for name in runs[0]}


def contestants(version: str) -> dict[str, tuple[Path, str]]:
    """Return name, interpreter and script of each that speaks a version."""
    names = {"1.1": ("raw_oneroster", "strongmind"), "1.2": ("timeback",)}[version]
    found = {}
    for name in names:
        python = peers.python_of(name)
        if python is None:
            print(f"{peers.PEERS[name]} left out: no Python {peers.NEEDS[name]} here")
        else:
            found[name] = (python, f"{name}.py")
    return found


def compare(rows: int, rounds: int, versions: tuple[str, ...] = ("1.1", "1.2")) -> None:
    """Print CPU and memory of a pull that holds its records, beside the floor and the peers."""
    print(f"\n{rows:,} records a collection, pages of 1,000, median of {rounds}")
    print(f"{'':36}{'CPU us/record':>14}{'x edlink':>10}{'records/CPU s':>15}{'peak MiB':>10}")
    with server(rows) as url:
        for version in versions:
            for collection in COLLECTIONS:
                _compare_one(url, version, collection, rows, rounds)


def _compare_one(url: str, version: str, collection: str, rows: int, rounds: int) -> None:
    others = contestants(version)
    runs: dict[str, list[Figures]] = {}
    for _ in range(rounds):
        ours = edlink(url, version, collection, "hold")
        runs.setdefault("edlink, typed", []).append(ours)
        plain = run(sys.executable, "floor.py", url, ROOTS[version], collection)
        runs.setdefault("requests + json.loads", []).append(plain)
        for name, (python, script) in others.items():
            figures = run(python, script, url, ROOTS[version], collection)
            runs.setdefault(peers.PEERS[name], []).append(figures)
    base = middle(runs["edlink, typed"])["cpu"]
    print(f"{collection}, OneRoster {version}")
    for name, found in runs.items():
        figures = middle(found)
        assert figures["records"] == rows, f"{name} has {figures['records']} of {rows}"
        print(
            f"  {name:34}{figures['cpu'] / rows * 1e6:14.1f}{figures['cpu'] / base:10.2f}"
            f"{rows / figures['cpu']:15,.0f}{figures['peak_kib'] / 1024:10.0f}"
        )


def grow(sizes: tuple[int, ...]) -> None:
    """Print what a lazy walk and a held pull need as a collection grows."""
    print(f"\nGrowth of users(){'':15}{'walk MiB':>10}{'hold MiB':>10}{'walk CPU us/record':>20}")
    for rows in sizes:
        with server(rows) as url:
            walk, hold = (edlink(url, "1.1", "users", mode) for mode in ("walk", "hold"))
        print(
            f"  {rows:30,}{walk['peak_kib'] / 1024:10.0f}{hold['peak_kib'] / 1024:10.0f}"
            f"{walk['cpu'] / rows * 1e6:20.1f}"
        )


def wait(rows: int, latencies: tuple[int, ...], rounds: int) -> None:
    """Print wall seconds one request at a time and with the default four."""
    print(f"\nWall seconds for {rows:,} users{'':6}{'one by one':>12}{'four':>8}{'times':>8}")
    for latency in latencies:
        with server(rows, latency) as url:
            alone, four = (
                middle([edlink(url, "1.1", "users", "hold", n) for _ in range(rounds)])["wall"]
                for n in (1, 4)
            )
        print(f"  latency {latency:4} ms{'':16}{alone:12.2f}{four:8.2f}{alone / four:8.1f}")


def main() -> None:
    """Run everything, or less of it with ``--quick``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, one round")
    quick = parser.parse_args().quick
    compare(10_000 if quick else 50_000, 1 if quick else 5)
    if not quick:
        compare(1_000_000, 1, ("1.1",))
    grow((10_000, 50_000) if quick else (10_000, 100_000, 1_000_000))
    wait(20_000 if quick else 50_000, (0, 50, 200), 1 if quick else 3)


if __name__ == "__main__":
    main()
