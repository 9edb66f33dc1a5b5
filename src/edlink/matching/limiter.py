"""Limits on guessing: what a host's store must answer, and one in memory for tests."""

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import attrs

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)

#: The highest power of two that a float can be.
_MOST_DOUBLINGS = 1023


class Outcome(StrEnum):
    """What became of an attempt, as a limiter is told."""

    verified = "verified"
    not_verified = "not_verified"
    limited = "limited"


class Permission(StrEnum):
    """
    Whether an attempt may go on.

    ``wait``: whoever tries, or the network they come from, must wait whichever child it is about,
    so they may be told.  ``spent``: the attempts at this child, or at so many children, are spent.
    They are told what every failure is told, since to know that two descriptions have one limit is
    to know that they are one child; and ``after`` is told of a failure.
    """

    allowed = "allowed"
    wait = "wait"
    spent = "spent"


@attrs.frozen(kw_only=True)
class Attempt:
    """
    One attempt, in the keys that limits are counted by.

    Attributes:
        at: When, in UTC.
        tenant: The district.
        actor: The host's id of who tries.
        child: A keyed hash of the student, or of what was typed where no one student fits.
        network: The network it comes from, or None.
        is_linked: Whether the roster links the actor to the child: limits on the child, which a
            stranger can exhaust, do not count for its own guardians.
    """

    at: datetime
    tenant: str
    actor: str
    child: str
    network: str | None = None
    is_linked: bool = False


class AttemptLimiter(Protocol):
    """
    What verification asks before it looks at a birth date, and tells afterwards.

    Each is called exactly once for each claim.  Whatever they raise counts as a refusal.
    """

    def before(self, attempt: Attempt) -> Permission:
        """Count the attempt, unless it must wait, and return whether it may go on."""

    def after(self, attempt: Attempt, outcome: Outcome) -> None:
        """Take note of what came of it."""


@attrs.frozen(kw_only=True)
class AttemptLimits:
    """
    The suggested limits.

    Attributes:
        per_actor_and_child: Attempts of one actor at one child in a day.
        per_child: Attempts of all strangers together at one child in a day.
        children_per_actor: Different children that one actor may try in a day.
        network_failures: Failures from one network in an hour.
        usual_tenant_failures: Failures that a district has in a usual hour.
        alarm_factor: By how much an hour's failures must exceed the usual to raise an alarm.
        backoff: Seconds that an actor waits after a failure; doubled by each further one in a day.
    """

    per_actor_and_child: int = 5
    per_child: int = 10
    children_per_actor: int = 10
    network_failures: int = 20
    usual_tenant_failures: int = 10
    alarm_factor: int = 5
    backoff: float = 30.0

    def wait_after(self, failures: int) -> float:
        """
        Return the seconds that an actor waits after the last of so many failures in a day.

        A day at most: by then none of them counts.
        """
        if failures == 0:
            return 0.0
        return min(_DAY.total_seconds(), self.backoff * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))


class MemoryLimiter:
    """
    A limiter for tests and single processes: it forgets when the process ends.

    Attempts come in the order of their times; what no limit looks at any more is forgotten.

    Attributes:
        limits: The numbers.
        alarms: Districts whose failures exceed the usual by the alarm factor, when they first did.
    """

    def __init__(self, limits: AttemptLimits | None = None) -> None:
        self.limits = limits or AttemptLimits()
        self.alarms: dict[str, datetime] = {}
        self._by_actor = _Recent(_DAY)
        self._by_child = _Recent(_DAY)
        self._failed_by_actor = _Recent(_DAY)
        self._failed_by_network = _Recent(_HOUR)
        self._failed_by_tenant = _Recent(_HOUR)

    def before(self, attempt: Attempt) -> Permission:
        """Count the attempt, unless it must wait, and return whether it may go on."""
        if self._must_wait(attempt):
            return Permission.wait
        spent = self._is_spent(attempt)
        self._by_actor.add(attempt.actor, attempt)
        if not attempt.is_linked:
            self._by_child.add(attempt.child, attempt)
        return Permission.spent if spent else Permission.allowed

    def after(self, attempt: Attempt, outcome: Outcome) -> None:
        """Take note of a failure, and of a district that has too many."""
        if outcome is not Outcome.not_verified:
            return
        self._failed_by_actor.add(attempt.actor, attempt)
        self._failed_by_tenant.add(attempt.tenant, attempt)
        if attempt.network is not None:
            self._failed_by_network.add(attempt.network, attempt)
        failures = self._failed_by_tenant.count(attempt.tenant, attempt.at)
        if failures > self.limits.usual_tenant_failures * self.limits.alarm_factor:
            self.alarms.setdefault(attempt.tenant, attempt.at)

    def _must_wait(self, attempt: Attempt) -> bool:
        """Return whether the network has failed too often, or the actor too recently."""
        network, now = attempt.network, attempt.at
        if network is not None:
            failures = self._failed_by_network.count(network, now)
            if failures >= self.limits.network_failures:
                return True
        failed = self._failed_by_actor.of(attempt.actor, now)
        wait = timedelta(seconds=self.limits.wait_after(len(failed)))
        return bool(failed) and now < failed[-1].at + wait

    def _is_spent(self, attempt: Attempt) -> bool:
        limits, child = self.limits, attempt.child
        own = [a.child for a in self._by_actor.of(attempt.actor, attempt.at)]
        strangers = self._by_child.count(child, attempt.at)
        return (
            own.count(child) >= limits.per_actor_and_child
            or (not attempt.is_linked and strangers >= limits.per_child)
            or len({*own, child}) > limits.children_per_actor
        )


class _Recent:
    """The attempts of a span up to now, by one of their keys, each key's in order of time."""

    def __init__(self, span: timedelta) -> None:
        self._span = span
        self._by_key: dict[str, list[Attempt]] = {}
        self._keys: deque[tuple[datetime, str]] = deque()

    def add(self, key: str, attempt: Attempt) -> None:
        """Keep an attempt under a key, and forget those of all keys that are too old by now."""
        since = attempt.at - self._span
        while self._keys and self._keys[0][0] <= since:
            self._forget(self._keys.popleft()[1], since)
        self._keys.append((attempt.at, key))
        insort(self._by_key.setdefault(key, []), attempt, key=_moment)

    def count(self, key: str, now: datetime) -> int:
        """Return how many attempts of a key are younger than the span."""
        found = self._by_key.get(key, ())
        return len(found) - bisect_right(found, now - self._span, key=_moment)

    def of(self, key: str, now: datetime) -> Sequence[Attempt]:
        """Return the attempts of a key that are younger than the span."""
        found = self._by_key.get(key, ())
        return found[bisect_right(found, now - self._span, key=_moment) :]

    def _forget(self, key: str, since: datetime) -> None:
        found = self._by_key.get(key, [])
        del found[: bisect_right(found, since, key=_moment)]
        if not found:
            self._by_key.pop(key, None)


def _moment(attempt: Attempt) -> datetime:
    return attempt.at
