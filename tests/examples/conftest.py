import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.peers.processes import require_peer

# The examples are no installed package: they are imported from the checkout, as when they are run.
sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.examples.conference import Scene, copy_of, scene_in


@pytest.fixture
def new_scene(tmp_path: Path) -> Iterator[Scene]:
    """Yield the app before anybody came, with a sandbox and a portal of its own."""
    with scene_in(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Yield a scene after its first sync, whose file is copied for each test."""
    with scene_in(tmp_path_factory.mktemp("synced")) as made:
        made.staff.connect_and_sync()
        yield made


@pytest.fixture
def scene(synced: Scene, tmp_path: Path) -> Scene:
    """Return the app after its first sync; its sandbox is shared, so no test changes that."""
    return copy_of(synced, tmp_path)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look for the peers a test names before it starts."""
    for marker in item.iter_markers("peer"):
        for name in marker.args:
            require_peer(name)
