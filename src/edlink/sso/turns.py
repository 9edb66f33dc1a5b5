"""Waiting for what another login does already, but not for ever."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def turn(lock: threading.Lock, patience: float) -> Iterator[bool]:
    """
    Yield whether one's turn came, which then lasts as long as the block.

    Args:
        lock: Held by whoever has the turn.
        patience: Seconds to wait for it at most.
    """
    came = lock.acquire(timeout=patience)
    try:
        yield came
    finally:
        if came:
            lock.release()
