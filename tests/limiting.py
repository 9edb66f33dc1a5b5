"""Attempts at birth dates, as hypothesis draws them, on which two limiters must agree."""

from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from edlink.matching import (
    Attempt,
    AttemptLimiter,
    AttemptLimits,
    MemoryLimiter,
    Outcome,
    Permission,
)

LIMITS = AttemptLimits(
    per_actor_and_child=3,
    per_child=4,
    children_per_actor=2,
    network_failures=3,
    usual_tenant_failures=1,
    alarm_factor=3,
    backoff=60,
)

_START = datetime(2026, 9, 1, tzinfo=UTC)

#: Minutes since the attempt before, who, which child, from where, linked or not, and how it ends.
Tried = tuple[int, str, str, str | None, bool, Outcome]

#: An hour to the minute after the first of the failures that one network may have.
AN_HOUR_LATER: list[Tried] = [
    (1, "ann", "x", "home", True, Outcome.not_verified),
    (1, "ben", "y", "home", True, Outcome.not_verified),
    (1, "ann", "y", "home", True, Outcome.not_verified),
    (58, "ben", "z", "home", True, Outcome.verified),
]

#: A day to the minute after the first of the attempts that one actor may make at one child.
A_DAY_LATER: list[Tried] = [
    (1, "ann", "x", None, True, Outcome.verified),
    (1, "ann", "x", None, True, Outcome.verified),
    (1, "ann", "x", None, True, Outcome.verified),
    (1438, "ann", "x", None, True, Outcome.verified),
]


#: A right and a wrong attempt at one instant, and one after the wait for a single failure.
AT_ONE_INSTANT: list[Tried] = [
    (1, "ann", "x", None, True, Outcome.verified),
    (0, "ann", "x", None, True, Outcome.not_verified),
    (1, "ann", "x", None, True, Outcome.verified),
]

#: Some lie at one instant, some just at the end of an hour, of a day, or of a wait.
ATTEMPTS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 2, 30, 60, 61, 1440, 1441]),
        st.sampled_from(["ann", "ben"]),
        st.sampled_from(["x", "y", "z"]),
        st.sampled_from(["home", "school", None]),
        st.booleans(),
        st.sampled_from([Outcome.verified, Outcome.not_verified]),
    ),
    max_size=20,
)


def check_agreement(
    other: AttemptLimiter, tried: list[Tried], *, alarms: AbstractSet[str] | None = None
) -> None:
    """
    Check that a limiter decides on each attempt as edlink's own in memory does.

    Args:
        other: The limiter, with the limits above.
        tried: The attempts.
        alarms: The districts of which it has raised an alarm so far, where it raises any.
    """
    memory, at = MemoryLimiter(LIMITS), _START
    for minutes, actor, child, network, is_linked, outcome in tried:
        at += timedelta(minutes=minutes)
        attempt = Attempt(
            at=at, tenant="d1", actor=actor, child=child, network=network, is_linked=is_linked
        )
        permission = memory.before(attempt)
        assert other.before(attempt) is permission
        told = {Permission.allowed: outcome, Permission.spent: Outcome.not_verified}
        for limiter in (memory, other):
            limiter.after(attempt, told.get(permission, Outcome.limited))
        assert alarms is None or alarms == set(memory.alarms)
