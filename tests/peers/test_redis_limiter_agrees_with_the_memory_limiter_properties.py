from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from tests.limiting import (
    A_DAY_LATER,
    AN_HOUR_LATER,
    AT_ONE_INSTANT,
    ATTEMPTS,
    LIMITS,
    Tried,
    check_agreement,
)
from tests.peers.redis_server import limiter_recipe, running_redis

pytestmark = pytest.mark.peer("redis")


def test_both_limiters_let_the_same_attempts_go_on(tmp_path: Path) -> None:
    """Whatever is tried, the guide's limiter in Redis decides as edlink's own in memory does."""
    with running_redis(tmp_path) as port:
        client = import_module("redis").Redis(port=port)

        @settings(max_examples=100, deadline=None)
        @given(ATTEMPTS)
        @example(AN_HOUR_LATER)
        @example(A_DAY_LATER)
        @example(AT_ONE_INSTANT)
        def check(tried: list[Tried]) -> None:
            client.flushall()
            alarms: set[str] = set()
            redis = limiter_recipe()(client, alarms.add, LIMITS)
            check_agreement(redis, tried, alarms=alarms)

        check()
        client.close()
