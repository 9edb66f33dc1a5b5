"""The story of a school and a parent, in a real browser against real identity providers."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from examples.conference_host import Connection, Demo
from examples.conference_host.demo import invented_connections, invented_district
from examples.conference_host.school import full_name
from examples.conference_host.serving import serving
from tests.examples.conference import (
    STAFF_CODE,
    Family,
    find_family,
    make_app,
    school_year,
)
from tests.peers.openid import CLIENT, SECRET, oidc_provider
from tests.peers.processes import free_port
from tests.peers.simplesamlphp import simplesamlphp
from tests.sso.certificates import write_certificates

from edlink import Kind, sandbox
from edlink.matching import AttemptLimits
from edlink.sandbox import Sandbox
from edlink.sso.sender import Sender
from edlink.vocabulary import Status

pytest.importorskip("selenium", reason="selenium is a test dependency: make test installs it")
from tests.examples.chromium import Page, browsing

pytestmark = pytest.mark.peer("chromium")

TENANT = "11111111-2222-3333-4444-555555555555"
PERSON = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
WRONG = "01/02/2003"

#: What Microsoft says of an invented parent.
CLAIMS = {
    "tid": TENANT,
    "oid": PERSON,
    "ver": "2.0",
    "acct": 0,
    "name": "Pat Example",
    "preferred_username": "pat@example.org",
}


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

    def connect(self, side: str, title: str, *ticks: str, **fields: str) -> None:
        """Connect a provider by its form, with all that it asks for."""
        self.page.press("Overview")
        self.page.press(f"Connect {side}")
        self.page.press(title)
        self.page.type(**fields)
        for name in ticks:
            self.page.tick(name)

    def sync(self) -> None:
        """Look for changes and approve them."""
        self.page.press("Overview")
        self.page.press("Look for changes")
        self.page.press("Approve and apply")
        assert "The plan has been applied." in self.page.text

    def begin(self) -> None:
        """Set out to sign in, in a browser that nobody else uses."""
        self.page.open(self.url)
        self.page.forget()
        self.page.press("Sign in as a parent")

    def sign_in(self) -> None:
        """Sign the parent in at oidc-provider."""
        self.begin()
        self.page.type(login="parent", password="any")
        self.page.press_submit()
        self.page.press_submit()
        assert self.page.heading == "My children"

    def claim(self, place: int, birth_date: str | None = None) -> None:
        """Ask for one of the children."""
        self.page.type(**self.family.claim(place, birth_date=birth_date))
        self.page.press("Add")

    def require_generic_answer(self, place: int) -> None:
        """Look at what a parent is told who typed something wrong: nothing of the child."""
        assert "We could not confirm this." in self.page.text
        assert full_name(self.family.children[place]) not in self.page.text
        assert WRONG not in self.page.driver.page_source


@contextmanager
def telling(
    folder: Path,
    url: str,
    district: Sandbox,
    demo: Demo | None = None,
    **settings: Any,  # noqa: ANN401 - any setting of Conference
) -> Iterator[Story]:
    """Yield the app at an address, with a browser that trusts the folder's certificate if any."""
    certificate = folder / "server.pem" if (folder / "server.pem").exists() else None
    tls = write_certificates(folder) if url.startswith("https:") else None
    app, _ = make_app(folder, url, demo, allow_tests=True, **settings)
    with (
        serving(app, int(url.rpartition(":")[2]), tls),
        browsing(folder, certificate or (folder / "server.pem" if tls else None)) as page,
    ):
        yield Story(url=url, page=page, family=find_family(district.truth))


@pytest.mark.peer("oidc-provider")
def test_the_story_of_a_parent_at_clever(tmp_path: Path) -> None:
    """Connect, sync, sign in, add a child, a wrong birth date, and the reason for staff."""
    url = f"http://127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        district = stack.enter_context(invented_district(150))
        issuer = stack.enter_context(
            oidc_provider(
                tmp_path,
                routes={"authorization": "/oauth/authorize", "token": "/oauth/tokens"},
                method="client_secret_basic",
                pkce=True,
                accounts={"parent": {}},
                profiles=_clever_profiles(district),
                landing=f"{url}/callback",
            )
        )
        demo = invented_connections(district, issuer)
        facts = {**demo.login.facts, "client_id": CLIENT, "client_secret": SECRET}
        demo = attrs.evolve(demo, login=Connection(name="clever", facts=facts))
        story = stack.enter_context(telling(tmp_path, url, district, demo))
        page, family = story.page, story.family

        _set_up(story)
        story.sign_in()
        assert full_name(family.adult) in page.text
        page.check_and_picture("10-signed-in")
        story.claim(0)
        assert "Your child has been added." in page.text
        story.claim(1, birth_date=WRONG)
        story.require_generic_answer(1)
        page.check_and_picture("11-not-confirmed")
        page.press(full_name(family.children[0]))
        assert "Teachers to meet" in page.text
        page.check_and_picture("12-child")

        _look_back(story, district)


def _look_back(story: Story, district: Sandbox) -> None:
    """Read as staff why a parent got nowhere, meet an accident there, and find undo refused."""
    page = story.page
    story.enter_as_staff()
    page.press("Parents")
    assert "Reason: birth date differs." in page.text
    assert full_name(story.family.children[1]) in page.text
    page.check_and_picture("13-reasons")
    for user in district.truth.users[:40]:
        district.district.change(Kind.user, user.sourced_id, status=Status.deleted)
    page.press("Overview")
    page.press("Look for changes")
    assert "Waiting for your decision" in page.text
    page.check_and_picture("14-waiting")
    page.press("Overview")
    page.check_and_picture("15-plan-waits")
    page.press("Undo the last sync")
    assert "families or staff already use what it brought in" in page.text


def _set_up(story: Story) -> None:
    """Connect the invented district, and look at every page of staff on the way."""
    page = story.page
    page.open(story.url)
    page.check_and_picture("01-not-ready")
    story.enter_as_staff()
    page.check_and_picture("02-nothing-connected")
    page.press("Use the invented district")
    page.check_and_picture("03-connected")
    page.press("Doctor")
    assert "checks are fine" in page.text
    page.check_and_picture("04-doctor")
    page.press("Settings")
    page.check_and_picture("05-settings-before")
    page.press("Overview")
    page.press("Look for changes")
    assert page.heading == "Sync plan"
    page.check_and_picture("06-plan")
    page.press("Approve and apply")
    page.check_and_picture("07-applied")
    page.press("Settings")
    page.check_and_picture("08-settings")
    page.press("Classes")
    page.check_and_picture("09-classes")


@pytest.mark.peer("oidc-provider")
def test_the_story_of_a_parent_at_entra(tmp_path: Path) -> None:
    """Microsoft knows no parents, so the school approves who typed the right birth date."""
    url = f"http://127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        district = stack.enter_context(
            sandbox.start(150, "oneroster", "1.2", auth="oauth2", school_year=school_year())
        )
        authority = stack.enter_context(
            oidc_provider(
                tmp_path,
                prefix=f"/{TENANT}/v2.0",
                pkce=True,
                tls=True,
                scopes=("openid", "profile"),
                accounts={"parent": CLAIMS},
                landing=f"{url}/callback",
            )
        )
        sender = Sender(ca_file=str(tmp_path / "ca.pem"))
        patient = AttemptLimits(backoff=0)
        story = stack.enter_context(telling(tmp_path, url, district, sender=sender, limits=patient))
        page, family = story.page, story.family

        story.enter_as_staff()
        story.connect(
            "Roster",
            "OneRoster 1.2",
            tenant="district-1",
            url=district.base_url,
            token_url=district.token_url or "",
            key=district.client_id,
            secret=district.client_secret,
        )
        page.press("Connect")
        story.connect(
            "Sign-in",
            "Microsoft Entra ID",
            tenant=TENANT,
            client_id=CLIENT,
            client_secret=SECRET,
            test_url=authority,
        )
        page.check_and_picture("20-form")
        page.press("Connect")
        assert SECRET not in page.driver.page_source
        page.check_and_picture("21-doctor")
        story.sync()

        story.sign_in()
        assert "Your school does not list this account yet." in page.text
        page.check_and_picture("22-not-listed")
        story.claim(1, birth_date=WRONG)
        story.require_generic_answer(1)
        story.claim(0)
        story.require_generic_answer(0)

        story.enter_as_staff()
        page.press("Parents")
        assert "Reason: needs approval." in page.text
        assert "Signed in as Pat Example, pat@example.org" in page.text
        assert "Reason: birth date differs." in page.text
        page.check_and_picture("23-reasons")
        page.press("Approve this adult")
        page.check_and_picture("24-approved")

        story.sign_in()
        assert full_name(family.children[0]) in page.text
        assert full_name(family.children[1]) not in page.text
        page.press(full_name(family.children[0]))
        assert "Teachers to meet" in page.text


@pytest.mark.peer("simplesamlphp")
def test_the_story_of_a_parent_by_saml(tmp_path: Path) -> None:
    """The district's ids come with the SAML response, posted by another site over https."""
    url = f"https://localhost:{free_port()}"
    with ExitStack() as stack:
        district = stack.enter_context(
            sandbox.start(150, "oneroster", "1.1", auth="oauth1", school_year=school_year())
        )
        adult = find_family(district.truth).adult
        idp = stack.enter_context(
            simplesamlphp(
                tmp_path,
                service={"AssertionConsumerService": f"{url}/callback"},
                entity=f"{url}/saml/metadata",
                person={"sourcedId": [adult.sourced_id]},
            )
        )
        patient = AttemptLimits(backoff=0)
        story = stack.enter_context(telling(tmp_path, url, district, limits=patient))
        page, family = story.page, story.family

        story.enter_as_staff()
        story.connect(
            "Roster",
            "OneRoster 1.1",
            tenant="district-1",
            url=district.base_url,
            key=district.key,
            secret=district.secret,
        )
        page.press("Connect")
        story.connect(
            "Sign-in",
            "ClassLink SAML",
            "vouches",
            tenant="77",
            metadata_url=idp.metadata_url,
            sourced_id="sourcedId",
        )
        page.check_and_picture("30-form")
        page.press("Connect")
        page.check_and_picture("31-doctor")
        story.sync()

        story.begin()
        page.type(username="alice", password="secret")
        page.press_submit()
        assert full_name(family.adult) in page.text
        story.claim(1, birth_date=WRONG)
        story.require_generic_answer(1)
        story.claim(0)
        assert "Your child has been added." in page.text
        page.check_and_picture("32-linked")
        page.press(full_name(family.children[0]))
        assert "Teachers to meet" in page.text

        story.enter_as_staff()
        page.press("Parents")
        assert "Reason: birth date differs." in page.text


def _clever_profiles(district: Sandbox) -> dict[str, dict[str, object]]:
    """Return Clever's own answers for the parent."""
    person = find_family(district.truth).adult.sourced_id
    me = {"id": person, "district": district.details["district_id"]}
    return {
        "/v3.1/me": {"parent": {"data": me}},
        f"/v3.1/users/{person}": {"parent": {"data": me | {"roles": {"contact": {}}}}},
    }
