"""Python's cyclic garbage collector, which a host may pause while it pulls."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_gc() -> Iterator[None]:
    """
    Pause the cyclic garbage collector of the whole process, for the time of a pull.

    A pull makes millions of records that hold no cycles, and the collector walks them again and
    again for nothing.  No client does this by itself: other threads of the host may depend on the
    collector.  Cycles they make meanwhile are freed only after the pause.  Pauses may overlap, and
    a collector that was off before stays off.

    >>> with paused_gc():
    ...     gc.isenabled()
    False
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
