from importlib import import_module
from pathlib import Path

import pytest
from tests.peers.redis_server import running_redis
from tests.sso.test_login_guide import check_stores, recipe

pytestmark = pytest.mark.peer("redis")


def test_the_redis_stores_keep_their_promise(tmp_path: Path) -> None:
    """The guide's Redis stores keep what both protocols promise, against a real server."""
    with running_redis(tmp_path) as port:
        client = import_module("redis").Redis(port=port)
        found = recipe("redis")
        check_stores(found["RedisReplayStore"](client), found["RedisPendingStore"](client))
        client.close()
