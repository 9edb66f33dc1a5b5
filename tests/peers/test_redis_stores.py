from importlib import import_module
from pathlib import Path

import pytest
from tests.peers.processes import ROOT, free_port, running, unpacked_environment
from tests.sso.test_login_guide import check_stores, recipe

pytestmark = pytest.mark.peer("redis")


def test_the_redis_stores_keep_their_promise(tmp_path: Path) -> None:
    """The guide's Redis stores keep what both protocols promise, against a real server."""
    port = free_port()
    flags = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server: list[str | Path] = [ROOT / "usr/bin/redis-server", *flags]
    with running(server, port, tmp_path / "redis.log", unpacked_environment()):
        client = import_module("redis").Redis(port=port)
        found = recipe("redis")
        check_stores(found["RedisReplayStore"](client), found["RedisPendingStore"](client))
        client.close()
