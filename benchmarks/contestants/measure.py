"""What every contestant measures: CPU and wall seconds of one pull, and the process's peak."""

import json
import resource
import time
from collections.abc import Callable


def measure(pull: Callable[[], int]) -> None:
    """Run a pull that returns the number of records it holds, and print what it cost."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu, wall = time.process_time(), time.perf_counter()
    records = pull()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        json.dumps(
            {"records": records, "cpu": cpu, "wall": wall, "peak_kib": peak, "start_kib": before}
        )
    )
