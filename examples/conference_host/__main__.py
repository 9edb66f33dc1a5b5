"""
Run the app: ``python -m examples.conference_host``.

Without a public address it runs on an invented district, for trying it out; with one it is a
school's, and takes real providers only.
"""

import argparse
import os
import secrets
import signal
import tempfile
import threading
from pathlib import Path

from examples.conference_host import Conference, Store, create_app
from examples.conference_host.demo import (
    invented_connections,
    invented_district,
    invented_families,
    invented_portal,
)
from examples.conference_host.portal import create_portal
from examples.conference_host.serving import serving
from examples.conference_host.staff_door import LEAST_CODE


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
    with tempfile.TemporaryDirectory() as folder:
        store = Store(chosen.database or Path(folder) / "conference.db")
        if chosen.night:
            print(Conference(store=store, public_url="").syncs.night().to_text())
        elif chosen.public_url:
            conference = Conference(store=store, public_url=chosen.public_url.rstrip("/"))
            serve(conference, chosen.port, staff_code, proxies=1)
        else:
            try_out(store, chosen.port, staff_code)


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
