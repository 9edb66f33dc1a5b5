"""A roster that is saved and loaded is equal, whatever it holds."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from tests import strategies

from edlink.roster import Roster
from edlink.snapshot import load_roster, save_roster


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
@given(roster=strategies.rosters())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40, deadline=None)
def test_any_roster_comes_back_equal(ending: str, roster: Roster) -> None:
    """Saving and loading loses nothing and adds nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"roster{ending}"
        save_roster(roster, path)
        assert load_roster(path) == roster
