"""A real Redis server for a test, and the recipes of the guides that use one."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.peers.processes import ROOT, free_port, running, unpacked_environment

from edlink.matching import AttemptLimiter

PARENTS_GUIDE = Path(__file__).parents[2] / "docs/guides/parents.md"


@contextmanager
def running_redis(folder: Path) -> Iterator[int]:
    """Run a server that keeps nothing, and yield its port."""
    port = free_port()
    flags = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server: list[str | Path] = [ROOT / "usr/bin/redis-server", *flags]
    with running(server, port, folder / "redis.log", unpacked_environment()):
        yield port


def limiter_recipe() -> Callable[..., AttemptLimiter]:
    """Return the class that the guide to verifying parents shows."""
    blocks = re.findall(r"```python\n(.*?)```", PARENTS_GUIDE.read_text(), re.DOTALL)
    (source,) = (block for block in blocks if block.startswith("# recipe: redis\n"))
    found: dict[str, Any] = {"__name__": "recipe_redis"}
    exec(compile(source, f"{PARENTS_GUIDE.name}:redis", "exec"), found)  # noqa: S102 - the guide's own code
    limiter: Callable[..., AttemptLimiter] = found["RedisLimiter"]
    return limiter
