"""A conference sign-up on an invented district, and the families whom its tests follow."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import requests
from examples.conference_host import Conference, Demo, Store, create_app
from examples.conference_host.demo import (
    invented_connections,
    invented_district,
    invented_portal,
)
from examples.conference_host.portal import create_portal
from examples.conference_host.serving import serving
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from edlink import Kind, Role, Roster, User
from edlink.sandbox import Sandbox

PUBLIC_URL = "http://127.0.0.1:8000"

STAFF_CODE = "a-code-for-tests-only"

_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
_FINGERPRINT = re.compile(r'name="fingerprint" value="([^"]+)"')


def school_year() -> int:
    """Return the year in which the school year ends that it is now."""
    today = datetime.now(UTC).date()
    return today.year + (today.month >= 7)


@attrs.frozen(kw_only=True)
class Family:
    """A guardian with two children, and what to type for each."""

    adult: User
    children: tuple[User, ...]
    birth_dates: tuple[str, ...]

    def claim(self, place: int, *, birth_date: str | None = None) -> dict[str, str]:
        """Return the form for one of the children, with the right birth date or another."""
        child = self.children[place]
        return {
            "given_name": child.given_name or "",
            "family_name": child.family_name or "",
            "birth_date": birth_date or self.birth_dates[place],
        }


def find_family(roster: Roster) -> Family:
    """Return a guardian of several children whose birth dates are known."""
    for adult in roster.users_with_role(Role.guardian):
        children = roster.students_of_contact(adult.sourced_id)
        known = [roster.demographics_of(child.sourced_id) for child in children]
        dates = [d.birth_date for d in known if d is not None and d.birth_date is not None]
        if len(children) > 1 and len(dates) == len(children):
            born = tuple(f"{day:%m/%d/%Y}" for day in dates)
            return Family(adult=adult, children=children, birth_dates=born)
    message = "the invented district has no such family"
    raise AssertionError(message)


def make_app(
    folder: Path,
    public_url: str,
    demo: Demo | None = None,
    **settings: Any,  # noqa: ANN401 - any setting of Conference
) -> tuple[Flask, Conference]:
    """Return the app on a new file."""
    conference = Conference(
        store=Store(folder / "host.db"), public_url=public_url, demo=demo, **settings
    )
    return create_app(conference, staff_code=STAFF_CODE), conference


class Visitor:
    """Somebody at a browser: pages by path, forms with the token of the page before."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        """Return a page."""
        return self.client.get(path)

    def send(self, page: str, action: str, **fields: str | list[str]) -> TestResponse:
        """Return the page that follows a form sent from a page."""
        text = self.get(page).text
        hidden = {"form_token": _TOKEN.search(text), "fingerprint": _FINGERPRINT.search(text)}
        found = {name: match[1] for name, match in hidden.items() if match}
        return self.client.post(action, data=found | fields, follow_redirects=True)

    def enter_as_staff(self) -> None:
        """Type the staff code."""
        assert "Overview" in self.send("/staff/enter", "/staff/enter", code=STAFF_CODE).text

    def connect_and_sync(self) -> None:
        """Connect the sandbox, look for changes and approve them."""
        self.enter_as_staff()
        self.send("/staff", "/staff/connect/demo")
        self.sync()

    def sync(self, **fields: str) -> None:
        """Look for changes and approve them."""
        assert "Sync plan" in self.send("/staff", "/staff/plan", **fields).text
        page = self.send("/staff/plan", "/staff/plan/apply", held="refuse")
        assert "The plan has been applied." in page.text


@attrs.frozen(kw_only=True)
class Scene:
    """The app before anybody came, with the district and the portal behind it."""

    conference: Conference
    demo: Demo
    district: Sandbox
    family: Family
    staff: Visitor
    parent: Visitor

    def visitor(self) -> Visitor:
        """Return another browser."""
        return Visitor(self.staff.client.application.test_client())

    def choose(self, location: str, person: str) -> str:
        """Return where the portal sends somebody back to who chose a person there."""
        answer = requests.post(location, data={"person": person}, allow_redirects=False, timeout=10)
        return answer.headers["Location"].removeprefix(PUBLIC_URL)

    def sign_in(self, visitor: Visitor, person: str) -> str:
        """Return the page on which somebody lands who chose a person in the portal."""
        target = self.choose(visitor.get("/login").headers["Location"], person)
        return visitor.client.get(target, follow_redirects=True).text


def copy_of(scene: Scene, folder: Path, **settings: Any) -> Scene:  # noqa: ANN401 - as make_app
    """Return a scene that goes on from another's file, in other browsers, with staff signed in."""
    for kept in Path(scene.conference.store.path).parent.glob("host.db*"):
        shutil.copy(kept, folder)
    app, conference = make_app(folder, PUBLIC_URL, scene.demo, **settings)
    staff, parent = (Visitor(app.test_client()) for _ in range(2))
    staff.enter_as_staff()
    return attrs.evolve(scene, conference=conference, staff=staff, parent=parent)


def archive(scene: Scene, ref: str) -> None:
    """Archive a record, as a sync would have done."""
    _change_record(scene, "archived_on = '2025-10-01'", "ref = ?", ref)


def edit(scene: Scene, kind: Kind, sourced_id: str, **fields: object) -> None:
    """Give a record other fields, as a sync would have done."""
    patch = "fields = json_patch(fields, ?)"
    _change_record(
        scene, patch, "kind = ? AND sourced_id = ?", json.dumps(fields), kind, sourced_id
    )


def _change_record(scene: Scene, change: str, where: str, *values: str) -> None:
    with scene.conference.store.connect() as db:
        done = db.execute(f"UPDATE record SET {change} WHERE {where}", values)  # noqa: S608 - our own words
        assert done.rowcount == 1
    scene.conference._school = None  # a sync has the school built anew


@contextmanager
def scene_in(folder: Path) -> Iterator[Scene]:
    """Yield the app, a sandbox and a portal for it."""
    with invented_district(150) as district:
        portal = invented_portal(district, f"{PUBLIC_URL}/callback")
        portal.people = {user.sourced_id: user for user in district.truth.users}
        with serving(create_portal(portal)) as port:
            demo = invented_connections(district, f"http://127.0.0.1:{port}")
            app, conference = make_app(folder, PUBLIC_URL, demo)
            yield Scene(
                conference=conference,
                demo=demo,
                district=district,
                family=find_family(district.truth),
                staff=Visitor(app.test_client()),
                parent=Visitor(app.test_client()),
            )
