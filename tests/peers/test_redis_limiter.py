import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from tests.peers.redis_server import limiter_recipe, running_redis

from edlink.matching import Attempt, AttemptLimits, Permission

pytestmark = pytest.mark.peer("redis")

AT = datetime(2026, 9, 1, tzinfo=UTC)
LIMITS = AttemptLimits()

#: A host's second process: it tries as a crowd of strangers does, and prints what was allowed.
WORKER = """
import sys
from datetime import datetime
from redis import Redis
from tests.peers.redis_server import limiter_recipe
from edlink.matching import Attempt, Permission
name, port, at = sys.argv[1], int(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
limiter = limiter_recipe()(Redis(port=port), print)
print("ready", flush=True)
sys.stdin.readline()
tries = [Attempt(at=at, tenant="d1", actor=f"{name}{n}", child="x") for n in range(40)]
print(sum(limiter.before(attempt) is Permission.allowed for attempt in tries))
"""


def test_threads_together_stay_under_one_limit(tmp_path: Path) -> None:
    """Of one actor's many attempts at once, no more go on than of attempts one by one."""
    attempt = Attempt(at=AT, tenant="d1", actor="ann", child="x")
    with running_redis(tmp_path) as port, ThreadPoolExecutor(8) as threads:
        client = import_module("redis").Redis(port=port)
        limiter = limiter_recipe()(client, print)
        found = list(threads.map(limiter.before, [attempt] * 60))
        client.close()
    assert found.count(Permission.allowed) == LIMITS.per_actor_and_child
    assert found.count(Permission.spent) == 60 - LIMITS.per_actor_and_child


def test_processes_together_stay_under_one_limit(tmp_path: Path) -> None:
    """Two processes that try one child as eighty strangers get as far as one process would."""
    with running_redis(tmp_path) as port:
        workers = [
            subprocess.Popen(  # noqa: S603 - this file's own program
                [sys.executable, "-c", WORKER, name, str(port), AT.isoformat()],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for name in ("ann", "ben")
        ]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        allowed = sum(int(worker.communicate("go\n", timeout=60)[0]) for worker in workers)
    assert allowed == LIMITS.per_child
