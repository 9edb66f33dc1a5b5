import csv
import re
from pathlib import Path
from typing import Any

import pytest

from edlink.clever.endpoints import _FLAT, _MULTI_ROLE, _SHARED, find_endpoint
from edlink.clever.versions import FLAT_COLLECTIONS, VERSIONS, find_version
from edlink.errors import ConfigError
from edlink.vocabulary import Role

SPECIFIED = Path(__file__).parents[3] / "shared" / "data" / "clever" / "derived" / "endpoints.csv"


#: What is no roster: resources, attendance, learning management, and who is signed in.
OTHER = re.compile("/(resources|attendance|assignments|submissions|me)(/|$)")


@pytest.mark.parametrize("version", ["1.2", "3", "v3.1", "4.0", ""])
def test_other_versions_are_refused(version: str) -> None:
    """Only 2.0, 2.1, 3.0 and 3.1 are spoken."""
    with pytest.raises(ConfigError, match="EDL-CONF-060"):
        find_version(version)


@pytest.mark.parametrize("name", VERSIONS)
def test_every_address_is_in_clevers_specification(name: str) -> None:
    """What is asked for in a version exists in that version, and of rosters nothing is left out."""
    if not SPECIFIED.exists():
        pytest.skip(f"needs {SPECIFIED}")
    with SPECIFIED.open() as lines:
        known = {
            row["path"]
            for row in csv.DictReader(lines)
            if row["api_version"] == name and not OTHER.search(row["path"])
        }
    version = VERSIONS[name]
    templates = set(_SHARED.values())
    templates |= set((_MULTI_ROLE if version.has_multi_role_users else _FLAT).values())
    templates |= {f"/{chain.collection}" for chain in version.chains}

    assert {version.path + template for template in templates} == known


@pytest.mark.parametrize(
    ("name", "role", "path", "params", "collection"),
    [
        ("users", Role.student, "/users", (("role", "student"),), "users"),
        ("users", Role.administrator, "/users", (("role", "district_admin"),), "users"),
        ("users", None, "/users", (), "users"),
        ("users_of_school", Role.staff, "/schools/a%2Fb/users", (("role", "staff"),), "users"),
        ("students_of_user", Role.teacher, "/users/a%2Fb/mystudents", (), "users"),
        ("contacts_of_user", None, "/users/a%2Fb/mycontacts", (), "users"),
        ("term_of_section", None, "/sections/a%2Fb/term", (), "terms"),
        ("sections_of_course", None, "/courses/a%2Fb/sections", (), "sections"),
    ],
)
def test_version_3_asks_by_role(
    name: str, role: Role | None, path: str, params: tuple[tuple[str, str]], collection: str
) -> None:
    """Version 3 has one collection of people, with the role as a parameter."""
    found = find_endpoint(VERSIONS["3.1"], name, record_id="a/b", role=role)

    assert (found.path, found.params, found.collection) == (path, params, collection)


@pytest.mark.parametrize(
    ("name", "role", "path", "collection"),
    [
        ("users", Role.staff, "/school_admins", "school_admins"),
        ("user", Role.contact, "/contacts/i", "contacts"),
        ("users_of_section", Role.teacher, "/sections/i/teachers", "teachers"),
        ("students_of_user", Role.contact, "/contacts/i/students", "students"),
        ("contacts_of_user", None, "/students/i/contacts", "contacts"),
        ("teachers_of_user", None, "/students/i/teachers", "teachers"),
        ("schools_of_user", Role.staff, "/school_admins/i/schools", "schools"),
    ],
)
def test_version_2_asks_by_path(name: str, role: Role | None, path: str, collection: str) -> None:
    """Version 2 has a collection for each role."""
    found = find_endpoint(VERSIONS["2.0"], name, record_id="i", role=role)

    assert (found.path, found.params, found.collection) == (path, (), collection)


@pytest.mark.parametrize(
    ("version", "name", "role"),
    [
        ("2.1", "users", None),
        ("2.1", "courses_of_school", None),
        ("2.1", "users_of_school", Role.staff),
        ("3.1", "grades_of_user", None),
    ],
)
def test_what_a_version_does_not_have_is_refused(
    version: str, name: str, role: Role | None
) -> None:
    """Nothing is asked that the version does not know."""
    with pytest.raises(ConfigError, match="EDL-CONF-061"):
        find_endpoint(VERSIONS[version], name, record_id="i", role=role)


@pytest.mark.parametrize("version", ["2.1", "3.1"])
def test_roles_that_clever_does_not_have_are_refused(version: str) -> None:
    """Clever has no guardians: they are among the contacts."""
    with pytest.raises(ConfigError, match="EDL-CONF-062"):
        find_endpoint(VERSIONS[version], "users", role=Role.guardian)


def test_events_of_version_2_have_no_underscore() -> None:
    """Version 2 writes schooladmins in event types and school_admins in paths."""
    events = VERSIONS["2.1"].events

    assert events["schooladmins"] == "school_admins"
    assert set(FLAT_COLLECTIONS.values()) <= set(events.values())


def test_what_is_primary_is_asked_for_in_version_3() -> None:
    """Version 2 lists a school's people by primary school alone, and has no word for it."""
    asked: dict[str, Any] = {"record_id": "s", "role": Role.student, "primary": True}
    new = find_endpoint(VERSIONS["3.0"], "users_of_school", **asked)
    old = find_endpoint(VERSIONS["2.1"], "users_of_school", **asked)

    assert new.params == (("role", "student"), ("primary", "true"))
    assert (old.path, old.params) == ("/schools/s/students", ())
