"""The host's switch for the cyclic garbage collector."""

import gc
from collections.abc import Iterator

import pytest

from edlink.oneroster import paused_gc


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Leave the collector as it was."""
    was_on = gc.isenabled()
    gc.enable()
    yield
    if not was_on:
        gc.disable()


def test_the_collector_rests_inside_and_works_again_after() -> None:
    """Inside the block nothing is collected by itself; after it everything is as before."""
    with paused_gc():
        inside = gc.isenabled()
    assert (inside, gc.isenabled()) == (False, True)


def test_the_collector_works_again_after_an_error() -> None:
    """A pull that fails does not leave the host without its collector."""
    with pytest.raises(LookupError), paused_gc():
        raise LookupError
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    """A host that switched the collector off itself keeps it so."""
    gc.disable()
    with paused_gc():
        pass
    assert not gc.isenabled()


def test_pauses_that_overlap_end_with_the_collector_on() -> None:
    """Two pulls of which the first begun is the first to end give the collector back."""
    first, second = paused_gc(), paused_gc()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert gc.isenabled()
