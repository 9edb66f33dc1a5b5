"""
Run the app: ``python -m examples.conference_host``.

Without a public address it runs on an invented district, for trying it out; with one it is a
school's, and takes real providers only.
"""

import argparse
import os
import secrets
import signal
import sqlite3
import sys
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit

from examples.conference_host import Conference, Store, create_app
from examples.conference_host.demo import (
    invented_connections,
    invented_district,
    invented_families,
    invented_portal,
)
from examples.conference_host.portal import create_portal
from examples.conference_host.providers import HostError
from examples.conference_host.serving import serving
from examples.conference_host.staff_door import LEAST_CODE

from edlink.errors import EdlinkError


def main() -> None:
    """Serve the app, or print how a night's sync ended."""
    parser = argparse.ArgumentParser(prog="python -m examples.conference_host")
    parser.add_argument("--database", type=Path, help="where to keep data; by default nowhere")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--public-url", help="the app's own https address, for a real school")
    parser.add_argument("--night", action="store_true", help="sync once, and end")
    chosen = parser.parse_args()
    staff_code = os.environ.get("CONFERENCE_STAFF_CODE") or secrets.token_urlsafe(LEAST_CODE)
    if len(staff_code) < LEAST_CODE:
        parser.error(f"CONFERENCE_STAFF_CODE needs {LEAST_CODE} characters or more")
    if chosen.public_url and not is_safe(chosen.public_url):
        parser.error("--public-url must be on https, as the cookies of a school's app are")
    with tempfile.TemporaryDirectory() as folder:
        try:
            store = Store(chosen.database or Path(folder) / "conference.db")
        except (OSError, sqlite3.Error) as error:
            parser.error(f"--database {chosen.database} cannot be used: {error}")
        if chosen.night:
            sync_once(store)
        elif chosen.public_url:
            conference = Conference(store=store, public_url=chosen.public_url.rstrip("/"))
            serve(conference, chosen.port, staff_code, proxies=1)
        else:
            try_out(store, chosen.port, staff_code)


def sync_once(store: Store) -> None:
    """Print how a night's sync ended; end with one line where it could not begin."""
    try:
        print(Conference(store=store, public_url="").syncs.night().to_text())
    except (EdlinkError, HostError) as error:
        sys.exit(str(error))


def is_safe(public_url: str) -> bool:
    """Return whether cookies stay private at an address: on https, or on this machine."""
    address = urlsplit(public_url)
    if address.hostname in {"127.0.0.1", "::1", "localhost"}:
        return address.scheme in {"http", "https"}
    return bool(address.hostname) and address.scheme == "https"


def try_out(store: Store, port: int, staff_code: str) -> None:
    """Serve the app with an invented district and its portal behind it."""
    url = f"http://127.0.0.1:{port}"
    with invented_district(300) as district:
        portal = invented_portal(district, f"{url}/callback")
        with serving(create_portal(portal)) as portal_port:
            demo = invented_connections(district, f"http://127.0.0.1:{portal_port}")
            conference = Conference(store=store, public_url=url, allow_tests=True, demo=demo)
            families = invented_families(district, portal)
            serve(conference, port, staff_code, "Every person here is invented:", *families)


def serve(
    conference: Conference, port: int, staff_code: str, *lines: str, proxies: int = 0
) -> None:
    """Serve the app on loopback until Ctrl-C, having said where it is."""
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    with serving(create_app(conference, staff_code=staff_code, proxies=proxies), port):
        print(f"Parents: {conference.public_url}/")
        print(f"Staff:   {conference.public_url}/staff  with the code {staff_code}")
        print(*lines, "Ctrl-C stops it.", sep="\n", flush=True)
        end.wait()
        print("stopped")


if __name__ == "__main__":
    main()
