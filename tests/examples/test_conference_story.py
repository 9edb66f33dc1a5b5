"""The story of a school and a parent, in a real browser against a real identity provider."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import attrs
import pytest
from examples.conference_host.demo import invented_district, sandbox_connection
from examples.conference_host.school import full_name
from examples.conference_host.serving import serving
from tests.examples.conference import (
    STAFF_CODE,
    Family,
    find_family,
    make_app,
)
from tests.peers.openid import CLIENT, SECRET, oidc_provider
from tests.peers.processes import free_port

from edlink.sandbox import Sandbox

pytest.importorskip("selenium", reason="selenium is a test dependency: make test installs it")
from tests.examples.chromium import Page, browsing

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.peer("oidc-provider")]


@attrs.frozen(kw_only=True)
class Story:
    """The app, a browser, and the family."""

    url: str
    page: Page
    family: Family

    def enter_as_staff(self) -> None:
        """Type the staff code in a browser that nobody else uses."""
        self.page.open(self.url)
        self.page.forget()
        self.page.open(f"{self.url}/staff")
        self.page.type(code=STAFF_CODE)
        self.page.press("Enter")

    def sign_in(self) -> None:
        """Sign the parent in at the identity provider."""
        self.page.open(self.url)
        self.page.forget()
        self.page.press("Sign in as a parent")
        self.page.type(login="parent", password="any")
        self.page.picture("5-identity-provider")
        self.page.press_submit()
        self.page.press_submit()

    def claim(self, place: int, birth_date: str | None = None) -> None:
        """Ask for one of the children."""
        self.page.type(**self.family.claim(place, birth_date=birth_date))
        self.page.press("Add")


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    """Yield the app beside a sandbox, oidc-provider in Clever's dress, and a browser."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        district = stack.enter_context(invented_district(150))
        family = find_family(district.truth)
        issuer = stack.enter_context(
            oidc_provider(
                tmp_path,
                routes={"authorization": "/oauth/authorize", "token": "/oauth/tokens"},
                method="client_secret_basic",
                pkce=True,
                accounts={"parent": {}},
                profiles=_profiles(district, family),
                landing=f"{url}/callback",
            )
        )
        known = attrs.evolve(
            sandbox_connection(district, issuer), client_id=CLIENT, client_secret=SECRET
        )
        app, _ = make_app(tmp_path, url, known)
        stack.enter_context(serving(app, port))
        page = stack.enter_context(browsing(tmp_path))
        yield Story(url=url, page=page, family=family)


def _profiles(district: Sandbox, family: Family) -> dict[str, dict[str, object]]:
    """Return Clever's own answers for the parent."""
    person, tenant = family.adult.sourced_id, district.details["district_id"]
    me = {"id": person, "district": tenant}
    return {
        "/v3.1/me": {"parent": {"data": me}},
        f"/v3.1/users/{person}": {"parent": {"data": me | {"roles": {"contact": {}}}}},
    }


def test_the_story_of_a_parent(story: Story) -> None:
    """Connect, sync, sign in, add a child, a wrong birth date, and the reason for staff."""
    page, family = story.page, story.family

    story.enter_as_staff()
    page.press("Use the invented district")
    page.check_and_picture("1-connected")
    page.press("Doctor")
    assert "EDL-CHECK-604" in page.text
    page.check_and_picture("2-doctor")
    page.press("Overview")
    page.press("Look for changes")
    assert page.heading == "Sync plan"
    page.check_and_picture("3-plan")
    page.press("Approve and apply")
    assert "Sync success" in page.text
    page.check_and_picture("4-applied")

    story.sign_in()
    assert full_name(family.adult) in page.text
    page.check_and_picture("6-signed-in")
    story.claim(0)
    assert "Your child has been added." in page.text
    page.check_and_picture("7-linked")
    story.claim(1, birth_date="01/02/2003")
    assert "We could not confirm this." in page.text
    assert full_name(family.children[1]) not in page.text
    assert "01/02/2003" not in page.driver.page_source
    page.check_and_picture("8-not-confirmed")
    page.press(full_name(family.children[0]))
    assert "Teachers to meet" in page.text
    page.check_and_picture("9-child")

    story.enter_as_staff()
    page.press("Claims")
    assert "Reason: birth date differs." in page.text
    assert full_name(family.children[1]) in page.text
    page.check_and_picture("10-reasons")
