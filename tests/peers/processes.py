"""Starting a peer on a free loopback port and stopping it again."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

PEERS = Path(__file__).parents[2] / ".peers"
ROOT = PEERS / "root"

#: What must be there for each peer.
FILES: Mapping[str, Path] = {
    "oidc-provider": PEERS / "oidc-provider/node_modules/oidc-provider/lib/index.js",
    "simplesamlphp": ROOT / "usr/share/simplesamlphp/www/index.php",
    "glewlwyd": ROOT / "usr/bin/glewlwyd",
    "xmlsec1": ROOT / "usr/bin/xmlsec1",
    "prism": PEERS / "prism/node_modules/.bin/prism",
    "redis": ROOT / "usr/bin/redis-server",
    "chromium": ROOT / "usr/bin/chromedriver",
}


def require_peer(name: str) -> None:
    """Skip where a peer is absent, or fail where EDLINK_REQUIRE_PEERS=1 says it must be there."""
    if not FILES[name].exists():
        message = f"{name} is absent: run scripts/install-peers"
        if os.environ.get("EDLINK_REQUIRE_PEERS") == "1":
            pytest.fail(message)
        pytest.skip(message)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def unpacked_environment() -> dict[str, str]:
    """Return an environment in which unpacked programs find their own libraries."""
    (libraries,) = ROOT.glob("usr/lib/*-linux-gnu")
    folders = [libraries, *(p for p in libraries.iterdir() if p.is_dir())]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, folders))}


@contextmanager
def running(
    command: Sequence[str | Path],
    port: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Run a server until the block ends, having waited until it listens."""
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own peers
            list(map(str, command)), stdout=output, stderr=output, env=environment
        )
        try:
            _wait(process, port, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"a peer did not start:\n{log.read_text(errors='replace')[-2000:]}")
