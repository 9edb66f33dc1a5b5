"""Run the app on an invented district: ``python -m examples.conference_host``."""

import argparse
import os
import secrets
import signal
import tempfile
import threading
from pathlib import Path

from examples.conference_host import Conference, Store, create_app
from examples.conference_host.demo import (
    invented_district,
    invented_families,
    invented_portal,
    sandbox_connection,
)
from examples.conference_host.portal import create_portal
from examples.conference_host.serving import serving


def main() -> None:
    """Serve the app, the sandbox and its portal until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m examples.conference_host")
    parser.add_argument("--database", type=Path, help="where to keep data; by default nowhere")
    parser.add_argument("--port", type=int, default=8000)
    chosen = parser.parse_args()
    staff_code = os.environ.get("CONFERENCE_STAFF_CODE") or secrets.token_urlsafe(9)
    end = end_signal()
    public_url = f"http://127.0.0.1:{chosen.port}"
    with tempfile.TemporaryDirectory() as folder, invented_district(300) as district:
        portal = invented_portal(district, f"{public_url}/callback")
        with serving(create_portal(portal)) as portal_port:
            known = sandbox_connection(district, f"http://127.0.0.1:{portal_port}")
            store = Store(chosen.database or Path(folder) / "conference.db")
            conference = Conference(store=store, public_url=public_url, sandbox=known)
            with serving(create_app(conference, staff_code=staff_code), chosen.port):
                print(f"Parents: {public_url}/")
                print(f"Staff:   {public_url}/staff  with the code {staff_code}")
                for line in invented_families(district, portal):
                    print(line)
                print("Every person here is invented. Ctrl-C stops it.", flush=True)
                end.wait()
                print("stopped")


def end_signal() -> threading.Event:
    """Return what is set once somebody presses Ctrl-C or ends the program."""
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    return end


if __name__ == "__main__":
    main()
