from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.peers.redis_server import limiter_recipe, running_redis

from edlink.matching import Attempt, AttemptLimits, MemoryLimiter, Outcome, Permission

pytestmark = pytest.mark.peer("redis")

LIMITS = AttemptLimits(
    per_actor_and_child=3,
    per_child=4,
    children_per_actor=2,
    network_failures=3,
    usual_tenant_failures=1,
    alarm_factor=3,
    backoff=60,
)
START = datetime(2026, 9, 1, tzinfo=UTC)

#: Minutes since the attempt before, who, which child, from where, linked or not, and how it ends.
#: Some lie just at the end of an hour, of a day, or of a wait.
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


def test_both_limiters_let_the_same_attempts_go_on(tmp_path: Path) -> None:
    """Whatever is tried, the guide's limiter in Redis decides as edlink's own in memory does."""
    with running_redis(tmp_path) as port:
        client = import_module("redis").Redis(port=port)

        @settings(max_examples=100, deadline=None)
        @given(ATTEMPTS)
        def check(attempts: list[tuple[int, str, str, str | None, bool, Outcome]]) -> None:
            client.flushall()
            alarms: set[str] = set()
            memory, at = MemoryLimiter(LIMITS), START
            redis = limiter_recipe()(client, alarms.add, LIMITS)
            for minutes, actor, child, network, is_linked, outcome in attempts:
                at += timedelta(minutes=minutes)
                attempt = Attempt(
                    at=at,
                    tenant="d1",
                    actor=actor,
                    child=child,
                    network=network,
                    is_linked=is_linked,
                )
                permission = memory.before(attempt)
                assert redis.before(attempt) is permission
                told = {Permission.allowed: outcome, Permission.spent: Outcome.not_verified}
                for limiter in (memory, redis):
                    limiter.after(attempt, told.get(permission, Outcome.limited))
                assert alarms == set(memory.alarms)

        check()
        client.close()
