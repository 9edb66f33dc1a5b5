import pytest
from tests.peers.processes import require_peer


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look for the peers a test names before it starts."""
    for marker in item.iter_markers("peer"):
        for name in marker.args:
            require_peer(name)
