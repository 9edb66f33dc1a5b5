"""Run the app on an invented district: ``python -m examples.conference_host``."""

import argparse
import os
import secrets
import tempfile
import threading
from pathlib import Path

from examples.conference_host import Conference, Connection, Store, create_app
from examples.conference_host.portal import Portal, create_portal, some_families
from examples.conference_host.school import full_name
from examples.conference_host.serving import serving

from edlink import sandbox
from edlink.sandbox import Sandbox

PEOPLE = 300
FAMILIES = 6


def main() -> None:
    """Serve the app, the sandbox and its portal until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m examples.conference_host")
    parser.add_argument("--database", type=Path, help="where to keep data; by default nowhere")
    parser.add_argument("--port", type=int, default=8000)
    chosen = parser.parse_args()
    staff_code = os.environ.get("CONFERENCE_STAFF_CODE") or secrets.token_urlsafe(9)
    with (
        tempfile.TemporaryDirectory() as folder,
        sandbox.start(PEOPLE, "clever") as district,
    ):
        database = chosen.database or Path(folder) / "conference.db"
        public_url = f"http://127.0.0.1:{chosen.port}"
        portal_url = f"http://127.0.0.1:{chosen.port + 1}"
        portal = invented_portal(district, f"{public_url}/callback")
        conference = Conference(
            store=Store(database),
            public_url=public_url,
            sandbox=sandbox_connection(district, portal, portal_url),
        )
        app = create_app(conference, staff_code=staff_code)
        with serving(create_portal(portal), chosen.port + 1), serving(app, chosen.port):
            print(f"Parents: {public_url}/")
            print(f"Staff:   {public_url}/staff  with the code {staff_code}")
            for family in invented_families(district, portal):
                print(family)
            print("Every person here is invented. Ctrl-C stops it.")
            try:
                threading.Event().wait()
            except KeyboardInterrupt:
                print("stopped")


def invented_portal(district: Sandbox, redirect_uri: str) -> Portal:
    """Return a portal for some families of the sandbox's district."""
    return Portal(
        people=some_families(district.truth, FAMILIES),
        district=district.details["district_id"],
        client_id=district.client_id,
        client_secret=district.client_secret,
        redirect_uri=redirect_uri,
    )


def sandbox_connection(district: Sandbox, portal: Portal, portal_url: str) -> Connection:
    """Return the connection that staff make with one button."""
    return Connection(
        provider="clever",
        tenant=portal.district,
        roster_key=district.api_key,
        client_id=portal.client_id,
        client_secret=portal.client_secret,
        roster_url=district.base_url,
        login_url=portal_url,
    )


def invented_families(district: Sandbox, portal: Portal) -> list[str]:
    """Return what to type to link each family's children."""
    roster = district.truth
    lines = []
    for adult in portal.people.values():
        for child in roster.students_of_contact(adult.sourced_id):
            known = roster.demographics_of(child.sourced_id)
            if known is not None and known.birth_date is not None:
                born = f"{known.birth_date:%m/%d/%Y}"
                lines.append(f"  {full_name(adult)}: {full_name(child)}, born {born}")
    return lines


if __name__ == "__main__":
    main()
