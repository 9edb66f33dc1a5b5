"""
A school's sign-up for parent conferences: a small Flask app with edlink inside.

Run it on an invented district with ``python -m examples.conference_host``.
"""

from examples.conference_host.app import create_app
from examples.conference_host.conference import Conference
from examples.conference_host.connections import Connection
from examples.conference_host.providers import Demo
from examples.conference_host.store import Store

__all__ = ["Conference", "Connection", "Demo", "Store", "create_app"]
