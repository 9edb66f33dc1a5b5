"""
Ends an exchange at its deadline, whatever it is doing then.

A socket's time-out begins anew with every byte, so a peer that drips its handshake or its headers
would be waited for without end.
"""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, cast

from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool


class Watchdog:
    """
    Shuts the connections it was shown down once its time is over; a context manager.

    Args:
        seconds: How long it waits, from when it is entered.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._over = False

    @property
    def over(self) -> bool:
        """Whether the time was over: what was read since may be cut off anywhere."""
        return self._over

    def __enter__(self) -> Self:
        """Begin to wait."""
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait no longer."""
        self._timer.cancel()
        with self._lock:
            for watched in self._watched:
                watched.close()
            self._watched.clear()

    def watch(self, connected: socket.socket) -> None:
        """
        Shut a connection down when the time is over, also when TLS has taken the socket over.

        Raises:
            TimeoutError: It is over; the connection is closed.
        """
        with self._lock:
            if not self._over:
                self._watched.append(connected.dup())
                return
        connected.close()
        raise TimeoutError

    def _end(self) -> None:
        with self._lock:
            self._over = True
            for watched in self._watched:
                with suppress(OSError):  # the peer has hung up already
                    watched.shutdown(socket.SHUT_RDWR)


class WatchedAdapter(HTTPAdapter):
    """
    Shows every connection that it opens to a watchdog.

    Args:
        watchdog: Ends the connections.
    """

    def __init__(self, watchdog: Watchdog) -> None:
        super().__init__()
        self._watchdog = watchdog

    def get_connection_with_tls_context(self, *args: Any, **settings: Any) -> HTTPConnectionPool:  # noqa: ANN401 - as requests passes them
        """Return a pool, also one for a proxy, whose connections are watched from the start."""
        pool = cast(
            "HTTPConnectionPool", super().get_connection_with_tls_context(*args, **settings)
        )
        plain: Any = pool.ConnectionCls
        watchdog = self._watchdog

        def connect(connection: Any) -> socket.socket:  # noqa: ANN401 - by scheme and proxy
            # Before TLS: its handshake can drip as well, and urllib3 has no other place for that.
            connected: socket.socket = plain._new_conn(connection)  # noqa: SLF001 - see above
            watchdog.watch(connected)
            return connected

        pool.ConnectionCls = type("Watched", (plain,), {"_new_conn": connect})
        return pool
