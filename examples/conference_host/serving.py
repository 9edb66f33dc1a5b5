"""Flask apps on loopback ports, each in a thread, for trying the app out and for its tests."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server


class _Handler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: an address can hold a sign-in's code."""


@contextmanager
def serving(app: Flask, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Yield the loopback port, a free one where none is given, on which an app is served."""
    server = make_server(
        "127.0.0.1", port, app, threaded=True, request_handler=_Handler, ssl_context=tls
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
