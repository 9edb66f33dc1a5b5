"""An address that stays the same while what stands behind it comes and goes."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_CHUNK = 1 << 16


class Relay:
    """
    Passes connections on, byte for byte.

    Attributes:
        port: Where it listens, on loopback.
        target: The port to which the next connections go.
    """

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self.port: int = server.getsockname()[1]
        self.target = 0

    def serve(self) -> None:
        """Pass on every connection until the listening socket is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            address = ("127.0.0.1", self.target)
            with socket.create_connection(address) as upstream, selectors.DefaultSelector() as both:
                for one, other in ((client, upstream), (upstream, client)):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    both.register(one, selectors.EVENT_READ, other)
                while True:
                    for key, _ in both.select():
                        data = key.fileobj.recv(_CHUNK)  # type: ignore[union-attr] # a socket
                        if not data:
                            return
                        key.data.sendall(data)


@contextmanager
def relay() -> Iterator[Relay]:
    """Yield a relay that passes nothing on until it has a target."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        passing = Relay(server)
        thread = threading.Thread(target=passing.serve, daemon=True)
        thread.start()
        try:
            yield passing
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
