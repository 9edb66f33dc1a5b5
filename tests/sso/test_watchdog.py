import socket
import time

import pytest

from edlink.sso.watchdog import Watchdog


def test_a_connection_is_shut_down_when_the_time_is_over() -> None:
    """Who waits for a byte is woken at the deadline, and what was watched stays open till then."""
    ours, theirs = socket.socketpair()
    with ours, theirs, Watchdog(0.05) as watchdog:
        watchdog.watch(ours)
        assert (ours.recv(1), watchdog.over) == (b"", True)


def test_a_connection_that_comes_too_late_is_closed() -> None:
    """A connection that is made after the deadline is not used."""
    ours, theirs = socket.socketpair()
    with theirs, Watchdog(0) as watchdog:
        while not watchdog.over:
            time.sleep(0.001)
        with pytest.raises(TimeoutError):
            watchdog.watch(ours)
        assert theirs.recv(1) == b""


def test_a_connection_outlives_a_watchdog_that_was_called_off() -> None:
    """An exchange that ends in time is left alone."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with Watchdog(60) as watchdog:
            watchdog.watch(ours)
        ours.sendall(b"x")
        assert (theirs.recv(1), watchdog.over) == (b"x", False)


def test_a_connection_that_is_gone_is_no_trouble() -> None:
    """A peer that has hung up before the deadline keeps no other connection open."""
    ours, theirs = socket.socketpair()
    with socket.socket() as never, ours, theirs, Watchdog(0.05) as watchdog:
        watchdog.watch(never)
        watchdog.watch(ours)
        assert ours.recv(1) == b""
