import sys
from pathlib import Path

import pytest
from tests.peers.processes import require_peer

# The examples are no installed package: they are imported from the checkout, as when they are run.
sys.path.insert(0, str(Path(__file__).parents[2]))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look for the peers a test names before it starts."""
    for marker in item.iter_markers("peer"):
        for name in marker.args:
            require_peer(name)
