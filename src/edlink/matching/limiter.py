"""Limits on guessing: what a host's store must answer, and one in memory for tests."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import attrs


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


_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


class MemoryLimiter:
    """
    A limiter for tests and single processes: it forgets when the process ends.

    Attributes:
        limits: The numbers.
        alarms: Districts whose failures exceed the usual by the alarm factor, when they first did.
    """

    def __init__(self, limits: AttemptLimits | None = None) -> None:
        self.limits = limits or AttemptLimits()
        self.alarms: dict[str, datetime] = {}
        self._attempts: list[Attempt] = []
        self._failures: list[Attempt] = []

    def before(self, attempt: Attempt) -> Permission:
        """Count the attempt, unless it must wait, and return whether it may go on."""
        if self._must_wait(attempt):
            return Permission.wait
        spent = self._is_spent(attempt)
        self._attempts.append(attempt)
        return Permission.spent if spent else Permission.allowed

    def after(self, attempt: Attempt, outcome: Outcome) -> None:
        """Take note of a failure, and of a district that has too many."""
        if outcome is not Outcome.not_verified:
            return
        self._failures.append(attempt)
        failures = _count(self._failures, attempt, _HOUR, lambda a: a.tenant == attempt.tenant)
        if failures > self.limits.usual_tenant_failures * self.limits.alarm_factor:
            self.alarms.setdefault(attempt.tenant, attempt.at)

    def _must_wait(self, attempt: Attempt) -> bool:
        """Return whether the network has failed too often, or the actor too recently."""
        network = _count(self._failures, attempt, _HOUR, lambda a: a.network == attempt.network)
        if attempt.network is not None and network >= self.limits.network_failures:
            return True
        failed = [a.at for a in self._failures if a.actor == attempt.actor]
        failed = [at for at in failed if attempt.at - at < _DAY]
        if not failed:
            return False
        wait = self.limits.backoff * 2 ** (len(failed) - 1)
        return attempt.at < max(failed) + timedelta(seconds=wait)

    def _is_spent(self, attempt: Attempt) -> bool:
        limits, child = self.limits, attempt.child
        day = [a for a in self._attempts if attempt.at - a.at < _DAY]
        own = [a for a in day if a.actor == attempt.actor]
        same = sum(a.child == child for a in own)
        strangers = sum(a.child == child and not a.is_linked for a in day)
        return (
            same >= limits.per_actor_and_child
            or (not attempt.is_linked and strangers >= limits.per_child)
            or len({a.child for a in own} | {child}) > limits.children_per_actor
        )


def _count(
    attempts: Iterable[Attempt],
    now: Attempt,
    span: timedelta,
    fits: Callable[[Attempt], bool],
) -> int:
    return sum(fits(a) and now.at - a.at < span for a in attempts)
