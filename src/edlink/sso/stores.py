"""
What a login must remember across requests: answers already used, and logins under way.

A host with more than one process gives its own: any object with these methods will do.  Recipes
for Redis and SQL are in the login guide.  A store that cannot answer must raise: the login is then
refused, never let through.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from edlink.sso.pending import PendingLogin


class ReplayStore(Protocol):
    """Remembers which answers were used."""

    def add_once(self, key: str, expires_at: int) -> bool:
        """
        Return True the first time a key is seen, False ever after until it expires.

        Must be atomic: of two callers at the same moment one gets True.

        Args:
            key: A hash in hexadecimal; holds no secret.
            expires_at: Seconds since the epoch until which the key must be remembered.
        """
        ...


class PendingStore(Protocol):
    """
    Keeps logins under way for hosts whose session does not survive a cross-site POST.

    ``browser`` is the value of a random cookie that only this browser holds.  Looking a login up
    by its state alone would accept a login begun in somebody else's browser.
    """

    def put(self, browser: str, pending: PendingLogin) -> None:
        """Keep a login until it is taken or expires."""
        ...

    def take(self, browser: str, state: str) -> PendingLogin | None:
        """Return the login and forget it, in one step; None when there is none."""
        ...


class MemoryReplayStore:
    """
    A replay store for a single process: tests, and hosts that run exactly one worker.

    Args:
        clock: Returns seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._used: dict[str, int] = {}

    def add_once(self, key: str, expires_at: int) -> bool:
        """Return whether the key is new, and remember it."""
        with self._lock:
            now = self._clock()
            self._used = {k: end for k, end in self._used.items() if end > now}
            if key in self._used:
                return False
            self._used[key] = expires_at
            return True


class MemoryPendingStore:
    """
    A pending store for a single process: tests, and hosts that run exactly one worker.

    Args:
        clock: Returns seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], PendingLogin] = {}

    def put(self, browser: str, pending: PendingLogin) -> None:
        """Keep a login until it is taken or expires."""
        with self._lock:
            now = self._clock()
            self._kept = {k: p for k, p in self._kept.items() if p.expires_at > now}
            self._kept[browser, pending.state] = pending

    def take(self, browser: str, state: str) -> PendingLogin | None:
        """Return the login and forget it; None when there is none."""
        with self._lock:
            return self._kept.pop((browser, state), None)
