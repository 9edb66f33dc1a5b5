"""The conference host through Flask's own client, with a real sandbox and sockets behind it."""

import logging
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import attrs
import pytest
import requests
from examples.conference_host import Conference, Connection
from examples.conference_host.demo import invented_district, invented_portal, sandbox_connection
from examples.conference_host.portal import create_portal
from examples.conference_host.school import full_name
from examples.conference_host.serving import serving
from tests.examples.conference import (
    Family,
    Visitor,
    find_family,
    make_app,
)
from tests.peers.processes import free_port

from edlink import IdentifierType, Kind, sandbox
from edlink.sandbox import Sandbox
from edlink.vocabulary import Status

PUBLIC_URL = "http://127.0.0.1:8000"
ROOT = Path(__file__).parents[2]
GENERIC = "We could not confirm this."


@attrs.frozen(kw_only=True)
class Scene:
    """The app before anybody came, with the district and the portal behind it."""

    conference: Conference
    known: Connection
    district: Sandbox
    family: Family
    staff: Visitor
    parent: Visitor

    def sign_in(self, visitor: Visitor, person: str) -> str:
        """Return the page on which somebody lands who chose a person in the portal."""
        location = visitor.get("/login").headers["Location"]
        answer = requests.post(location, data={"person": person}, allow_redirects=False, timeout=10)
        target = answer.headers["Location"].removeprefix(PUBLIC_URL)
        return visitor.client.get(target, follow_redirects=True).text


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Yield the app, a sandbox and a portal for it."""
    with invented_district(150) as district:
        portal = invented_portal(district, f"{PUBLIC_URL}/callback")
        portal.people = {user.sourced_id: user for user in district.truth.users}
        with serving(create_portal(portal)) as port:
            known = sandbox_connection(district, f"http://127.0.0.1:{port}")
            app, conference = make_app(tmp_path, PUBLIC_URL, known)
            yield Scene(
                conference=conference,
                known=known,
                district=district,
                family=find_family(district.truth),
                staff=Visitor(app.test_client()),
                parent=Visitor(app.test_client()),
            )


def test_staff_connect_run_the_doctor_and_approve_a_plan(scene: Scene) -> None:
    """After the plan is approved, the host holds every person whom the plan named."""
    staff = scene.staff
    staff.enter_as_staff()
    staff.send("/staff", "/staff/connect", provider="sandbox")
    doctor = staff.get("/staff/doctor").text
    plan = staff.send("/staff", "/staff/plan").text
    before = scene.conference.state().counts()
    done = staff.send("/staff/plan", "/staff/plan/apply", held="refuse").text

    assert "EDL-CHECK-604" in doctor
    assert "EDL-CHECK-901" in doctor
    assert "Approve and apply" in plan
    assert before["managed"] == 0
    assert "Sync success" in done
    people = scene.conference.state().managed(Kind.user)
    assert people.keys() == {user.sourced_id for user in scene.district.truth.users}
    assert "Everything is up to date." in staff.send("/staff", "/staff/plan").text


def test_a_student_typed_by_hand_is_adopted(scene: Scene) -> None:
    """The plan finds a typed student by number, and puts the record under the provider."""
    child = scene.family.children[0]
    number = next(i.value for i in child.identifiers if i.type is IdentifierType.student_number)
    staff = scene.staff
    staff.enter_as_staff()
    staff.send("/staff", "/staff/connect", provider="sandbox")
    staff.send(
        "/staff",
        "/staff/students",
        given_name=child.given_name or "",
        family_name=child.family_name or "",
        number=number,
    )
    (typed,) = scene.conference.state().unmanaged(Kind.user)
    page = staff.send("/staff", "/staff/plan").text
    staff.send("/staff/plan", "/staff/plan/apply", held="refuse")

    assert "Found among what you typed" in page
    assert scene.conference.state().managed(Kind.user)[child.sourced_id].ref == typed.ref


def test_an_accident_waits_until_staff_have_looked(scene: Scene) -> None:
    """A plan that would remove too much is refused, applied in part, or approved by name."""
    scene.staff.connect_and_sync()
    for user in scene.district.truth.users[:40]:
        scene.district.district.change(Kind.user, user.sourced_id, status=Status.deleted)
    plan = scene.staff.send("/staff", "/staff/plan").text
    refused = scene.staff.send("/staff/plan", "/staff/plan/apply", held="refuse").text
    approved = scene.staff.send("/staff/plan", "/staff/plan/apply", held="approve").text

    assert "Held until you decide" in plan
    assert "EDL-PLAN-003" in refused
    assert "The plan has been applied." in approved


def test_a_plan_that_was_not_shown_is_not_applied(scene: Scene) -> None:
    """An approval names the plan that was looked at, and another one is refused."""
    scene.staff.enter_as_staff()
    scene.staff.send("/staff", "/staff/connect", provider="sandbox")
    scene.staff.send("/staff", "/staff/plan")
    page = scene.staff.send("/staff/plan", "/staff/plan/apply", fingerprint="another")

    assert "EDL-PLAN-004" in page.text
    assert scene.conference.state().counts()["managed"] == 0


def test_a_parent_links_a_child_and_sees_only_that_child(scene: Scene) -> None:
    """The right birth date opens one child's page; a sibling's stays absent."""
    scene.staff.connect_and_sync()
    family = scene.family
    landed = scene.sign_in(scene.parent, family.adult.sourced_id)
    page = scene.parent.send("/family", "/family/children", **family.claim(0)).text
    refs = scene.conference.school().refs
    own, sibling = (refs[child.sourced_id] for child in family.children[:2])

    assert full_name(family.adult) in landed
    assert "Your child has been added." in page
    assert "Teachers to meet" in scene.parent.get(f"/family/children/{own}").text
    assert scene.parent.get(f"/family/children/{sibling}").status_code == 404
    assert full_name(family.children[1]) not in page


def test_a_wrong_birth_date_is_told_to_staff_alone(scene: Scene) -> None:
    """Every refusal reads alike for the parent, and staff see which one it was."""
    scene.staff.connect_and_sync()
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    wrong = scene.parent.send(
        "/family", "/family/children", **scene.family.claim(0, birth_date="01/02/2003")
    ).text
    unknown = scene.parent.send(
        "/family",
        "/family/children",
        given_name="Nobody",
        family_name="Atall",
        birth_date="01/02/2003",
    ).text
    reasons = scene.staff.get("/staff/claims").text

    assert GENERIC in wrong
    assert _without_token(wrong) == _without_token(unknown)
    assert "birth date differs" in reasons
    assert "student not in scope" in reasons
    assert scene.conference.store.children(1) == []


def test_trying_again_at_once_must_wait(scene: Scene) -> None:
    """After a failure even the right birth date is not looked at for a while."""
    scene.staff.connect_and_sync()
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    scene.parent.send(
        "/family", "/family/children", **scene.family.claim(0, birth_date="01/02/2003")
    )
    page = scene.parent.send("/family", "/family/children", **scene.family.claim(0)).text

    assert "Please try again later" in page
    assert "Reason: limited" in scene.staff.get("/staff/claims").text


def test_an_adult_whom_the_school_does_not_link_gets_nowhere(scene: Scene) -> None:
    """Another family's right birth date is not enough, and staff see what is missing."""
    scene.staff.connect_and_sync()
    ours = {child.sourced_id for child in scene.family.children}
    stranger = next(
        link.contact_id
        for link in scene.district.truth.relationships
        if link.student_id not in ours and link.contact_id != scene.family.adult.sourced_id
    )
    scene.sign_in(scene.parent, stranger)
    page = scene.parent.send("/family", "/family/children", **scene.family.claim(0)).text

    assert GENERIC in page
    assert "relationship missing" in scene.staff.get("/staff/claims").text


def test_staff_approve_an_adult_without_an_entry(scene: Scene) -> None:
    """An account that no contact has waits for the school, whose word then links the child."""
    scene.staff.connect_and_sync()
    account = scene.conference.store.account(("clever", "elsewhere", "x"), None)
    family = scene.family
    result = scene.conference.claim(account, network="192.0.2.1", **family.claim(0))
    scene.staff.send("/staff/claims", f"/staff/claims/{result.claim_id}/approve")

    assert result.public == "not_verified"
    child = scene.conference.school().refs[family.children[0].sourced_id]
    assert scene.conference.store.children(account.id) == [child]


def test_a_click_in_the_portal_begins_a_login_of_our_own(scene: Scene) -> None:
    """A code that this browser had not asked for is dropped, and the login begun again."""
    scene.staff.connect_and_sync()
    answer = scene.parent.get("/callback?code=from-the-portal")

    assert answer.status_code == 302
    assert "/oauth/authorize" in answer.headers["Location"]


def test_a_login_is_accepted_once_and_by_its_own_browser(scene: Scene) -> None:
    """The same callback in another browser signs nobody in."""
    scene.staff.connect_and_sync()
    location = scene.parent.get("/login").headers["Location"]
    person = {"person": scene.family.adult.sourced_id}
    answer = requests.post(location, data=person, allow_redirects=False, timeout=10)
    target = answer.headers["Location"].removeprefix(PUBLIC_URL)
    stranger = Visitor(scene.staff.client.application.test_client())
    stranger.get(target)

    assert stranger.get("/family").status_code == 302
    assert "My children" in scene.parent.client.get(target, follow_redirects=True).text
    scene.parent.client.get(target)
    assert len(scene.conference.store.accounts()) == 1


@pytest.mark.parametrize("path", ["/staff/connect", "/staff/plan", "/family/children", "/logout"])
def test_a_form_of_another_site_is_refused(scene: Scene, path: str) -> None:
    """A form without this session's token changes nothing, whoever is signed in."""
    scene.staff.connect_and_sync()

    assert scene.staff.client.post(path, data={"provider": "sandbox"}).status_code == 400
    assert "Overview" in scene.staff.get("/staff").text


@pytest.mark.parametrize("path", ["/staff", "/staff/doctor", "/staff/plan", "/staff/claims"])
def test_staff_pages_are_closed_to_others(scene: Scene, path: str) -> None:
    """Parents, and visitors, are led to the staff code."""
    scene.staff.connect_and_sync()
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)

    answer = scene.parent.get(path)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/enter")


def test_a_refused_key_is_explained_to_staff(scene: Scene) -> None:
    """A wrong district token gives the code and the fix, and the report of a failed sync."""
    wrong = attrs.evolve(scene.known, roster_key="wrong")
    scene.conference.connect(wrong)
    scene.staff.enter_as_staff()
    page = scene.staff.send("/staff", "/staff/plan")

    assert page.status_code == 409
    assert "EDL-" in page.text
    assert "Sync failed" in scene.staff.get("/staff").text


def test_a_district_behind_classlink_is_served_alike(scene: Scene) -> None:
    """ClassLink's whole roster is applied, the doctor misses birth dates, LaunchPad signs in."""
    with sandbox.start(150, "classlink", faults=("demographics_empty",)) as district:
        scene.conference.connect(
            Connection(
                provider="classlink",
                tenant=district.details["tenant_id"],
                roster_key=district.api_key,
                client_id="app-1",
                client_secret="s",
                roster_url=district.url,
            )
        )
        scene.staff.enter_as_staff()
        scene.staff.send("/staff", "/staff/plan")
        scene.staff.send("/staff/plan", "/staff/plan/apply", held="refuse")
        people = scene.conference.state().managed(Kind.user)

        assert people.keys() == {user.sourced_id for user in district.truth.users}
    assert "EDL-PARENT-001" in {f.code for f in scene.conference.check_birth_dates()}
    location = scene.parent.get("/login").headers["Location"]
    assert location.startswith("https://launchpad.classlink.com/oauth2/v2/auth?")


def test_what_the_app_logs_names_nobody(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a sign-in nor a claim, right or wrong, leaves a person in the log."""
    caplog.set_level(logging.DEBUG)
    scene.staff.connect_and_sync()
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    for birth_date in (None, "01/02/2003"):
        claim = scene.family.claim(0, birth_date=birth_date)
        scene.parent.send("/family", "/family/children", **claim)
    family = scene.family
    names = {n for child in family.children for n in (child.given_name, child.family_name) if n}

    assert not [name for name in (*names, *family.birth_dates) if name in caplog.text]


def test_a_provider_is_connected_by_its_form(scene: Scene) -> None:
    """Credentials that staff type are kept, and no page shows a secret of them."""
    scene.staff.enter_as_staff()
    page = scene.staff.send(
        "/staff",
        "/staff/connect",
        provider="classlink",
        tenant="77",
        roster_key="key-never-shown",
        client_id="app-1",
        client_secret="secret-never-shown",
    )
    found = scene.conference.connection

    assert found is not None
    assert (found.provider, found.tenant) == ("classlink", "77")
    assert "never-shown" not in page.text + repr(found)


def test_cookies_are_closed_to_scripts_and_other_sites(scene: Scene) -> None:
    """Session and login cookies are HttpOnly and SameSite=Lax."""
    scene.conference.connect(scene.known)
    pages = (scene.parent.get(path) for path in ("/login", "/staff/enter"))
    login, session = (page.headers.getlist("Set-Cookie") for page in pages)

    assert (len(login), len(session)) == (1, 1)
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in login + session)


def test_the_example_runs_by_itself() -> None:
    """The program serves the app on the port it was given, and Ctrl-C stops it."""
    port = free_port()
    command = [sys.executable, "-m", "examples.conference_host", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        said = list(takewhile(lambda line: "Ctrl-C" not in line, process.stdout))
        page = requests.get(f"http://127.0.0.1:{port}/", timeout=10)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)

    assert said[0] == f"Parents: http://127.0.0.1:{port}/\n"
    assert "Your school is still setting this up" in page.text
    assert (rest, process.returncode) == ("stopped\n", 0)


def _without_token(page: str) -> str:
    return re.sub(r'value="[^"]{30,}"', "", page)
