from pathlib import Path

import pytest
from tests.peers import processes
from tests.peers.processes import free_port, require_peer, running


@pytest.fixture
def absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a peer that nobody installed."""
    monkeypatch.setitem(processes.FILES, "nobody", tmp_path / "nobody")


@pytest.mark.usefixtures("absent")
def test_an_absent_peer_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a peer a test is skipped, and says how to install it."""
    monkeypatch.delenv("EDLINK_REQUIRE_PEERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="scripts/install-peers"):
        require_peer("nobody")


@pytest.mark.usefixtures("absent")
def test_an_absent_peer_fails_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where peers are required an absent one is a failure."""
    monkeypatch.setenv("EDLINK_REQUIRE_PEERS", "1")
    with pytest.raises(pytest.fail.Exception, match="scripts/install-peers"):
        require_peer("nobody")


def test_a_peer_that_does_not_start_is_shown(tmp_path: Path) -> None:
    """A peer that ends at once fails with what it said."""
    command = ["/bin/sh", "-c", "echo went wrong; exit 1"]
    started = running(command, free_port(), tmp_path / "log")
    with pytest.raises(pytest.fail.Exception, match="went wrong"):
        started.__enter__()
