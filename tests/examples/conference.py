"""A conference sign-up on an invented district, and the families whom its tests follow."""

import re
from pathlib import Path

import attrs
from examples.conference_host import Conference, Connection, Store, create_app
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from edlink import Role, Roster, User

STAFF_CODE = "a-code-for-tests-only"

_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
_FINGERPRINT = re.compile(r'name="fingerprint" value="([^"]+)"')


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


def make_app(folder: Path, public_url: str, known: Connection) -> tuple[Flask, Conference]:
    """Return the app on a new file."""
    conference = Conference(store=Store(folder / "host.db"), public_url=public_url, sandbox=known)
    return create_app(conference, staff_code=STAFF_CODE), conference


class Visitor:
    """Somebody at a browser: pages by path, forms with the token of the page before."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        """Return a page."""
        return self.client.get(path)

    def send(self, page: str, action: str, **fields: str) -> TestResponse:
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
        self.send("/staff", "/staff/connect", provider="sandbox")
        assert "Sync plan" in self.send("/staff", "/staff/plan").text
        page = self.send("/staff/plan", "/staff/plan/apply", held="refuse")
        assert "The plan has been applied." in page.text
