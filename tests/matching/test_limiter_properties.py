from collections.abc import Iterable
from datetime import datetime, timedelta

from hypothesis import example, given
from tests.limiting import (
    A_DAY_LATER,
    AN_HOUR_LATER,
    AT_ONE_INSTANT,
    ATTEMPTS,
    LIMITS,
    Tried,
    check_agreement,
)

from edlink.matching.limiter import Attempt, Outcome, Permission

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class _Ledger:
    """The limits as they are told in words: over a list of all attempts there ever were."""

    def __init__(self) -> None:
        self.tried: list[Attempt] = []
        self.failed: list[Attempt] = []
        self.alarms: dict[str, datetime] = {}

    def before(self, attempt: Attempt) -> Permission:
        if self.must_wait(attempt):
            return Permission.wait
        day = _last(DAY, self.tried, attempt)
        own = [a.child for a in day if a.actor == attempt.actor]
        strangers = [a for a in day if a.child == attempt.child and not a.is_linked]
        self.tried.append(attempt)
        is_spent = (
            own.count(attempt.child) >= LIMITS.per_actor_and_child
            or (not attempt.is_linked and len(strangers) >= LIMITS.per_child)
            or len({*own, attempt.child}) > LIMITS.children_per_actor
        )
        return Permission.spent if is_spent else Permission.allowed

    def must_wait(self, attempt: Attempt) -> bool:
        hour = _last(HOUR, self.failed, attempt)
        from_network = [a for a in hour if a.network == attempt.network]
        if attempt.network is not None and len(from_network) >= LIMITS.network_failures:
            return True
        failed = [a.at for a in _last(DAY, self.failed, attempt) if a.actor == attempt.actor]
        wait = timedelta(seconds=LIMITS.backoff * 2 ** max(len(failed) - 1, 0))
        return bool(failed) and attempt.at < max(failed) + wait

    def after(self, attempt: Attempt, outcome: Outcome) -> None:
        if outcome is Outcome.not_verified:
            self.failed.append(attempt)
            hour = _last(HOUR, self.failed, attempt)
            failures = sum(a.tenant == attempt.tenant for a in hour)
            if failures > LIMITS.usual_tenant_failures * LIMITS.alarm_factor:
                self.alarms.setdefault(attempt.tenant, attempt.at)


def _last(span: timedelta, attempts: Iterable[Attempt], now: Attempt) -> list[Attempt]:
    return [a for a in attempts if now.at - a.at < span]


@given(ATTEMPTS)
@example(AN_HOUR_LATER)
@example(A_DAY_LATER)
@example(AT_ONE_INSTANT)
def test_a_limiter_that_forgets_decides_as_one_that_does_not(tried: list[Tried]) -> None:
    """Each permission and each alarm is that of a plain list of all there ever was."""
    ledger = _Ledger()

    check_agreement(ledger, tried, alarms=ledger.alarms.keys())
