"""The invented district behind the app when it is tried out, and the portal of its people."""

from datetime import UTC, datetime

from examples.conference_host.connections import Connection
from examples.conference_host.portal import Portal, some_families
from examples.conference_host.providers import Demo
from examples.conference_host.school import full_name

from edlink import sandbox
from edlink.sandbox import Sandbox

FAMILIES = 6
_JULY = 7


def invented_district(people: int) -> Sandbox:
    """Return a running district in the middle of the school year that it is now."""
    today = datetime.now(UTC).date()
    return sandbox.start(people, "clever", school_year=today.year + (today.month >= _JULY))


def invented_portal(district: Sandbox, redirect_uri: str) -> Portal:
    """Return a portal for some families of the district."""
    return Portal(
        people=some_families(district.truth, FAMILIES),
        district=district.details["district_id"],
        client_id=district.client_id,
        client_secret=district.client_secret,
        redirect_uri=redirect_uri,
    )


def invented_connections(district: Sandbox, login_url: str) -> Demo:
    """Return the connections that staff make with one button."""
    tenant = district.details["district_id"]
    roster = {"tenant": tenant, "key": district.api_key, "test_url": district.base_url}
    login = {
        "tenant": tenant,
        "client_id": district.client_id,
        "client_secret": district.client_secret,
        "test_url": login_url,
    }
    return Demo(
        roster=Connection(name="clever", facts=roster),
        login=Connection(name="clever", facts=login),
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
