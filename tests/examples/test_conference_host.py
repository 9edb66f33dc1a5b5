"""The conference host through Flask's own client, with a real sandbox and sockets behind it."""

import re
import signal
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import attrs
import pytest
import requests
from examples.conference_host.school import full_name
from examples.conference_host.words import term_days
from tests.examples.conference import PUBLIC_URL, Scene, Visitor, archive, copy_of, make_app
from tests.peers.processes import free_port

from edlink import IdentifierType, Kind
from edlink.matching import AttemptLimits, TermRow
from edlink.vocabulary import EndSemantics, SessionType, Status

ROOT = Path(__file__).parents[2]
GENERIC = "We could not confirm this."


def test_staff_connect_run_the_doctor_and_approve_a_plan(new_scene: Scene) -> None:
    """After the plan is approved, the host holds every person whom the plan named."""
    staff = new_scene.staff
    staff.enter_as_staff()
    staff.send("/staff", "/staff/connect/demo")
    doctor = staff.get("/staff/doctor").text
    plan = staff.send("/staff", "/staff/plan").text
    before = new_scene.conference.syncs.state().counts()
    done = staff.send("/staff/plan", "/staff/plan/apply", held="refuse").text

    assert "EDL-CHECK-604" in doctor
    assert "EDL-CHECK-901" in doctor
    assert "Approve and apply" in plan
    assert before["managed"] == 0
    assert "The plan has been applied." in done
    people = new_scene.conference.syncs.state().managed(Kind.user)
    assert people.keys() == {user.sourced_id for user in new_scene.district.truth.users}
    assert "Everything is up to date." in staff.send("/staff", "/staff/plan").text


def test_a_student_typed_by_hand_is_adopted(new_scene: Scene) -> None:
    """The plan finds a typed student by number, and puts the record under the provider."""
    child = new_scene.family.children[0]
    number = next(i.value for i in child.identifiers if i.type is IdentifierType.student_number)
    staff = new_scene.staff
    staff.enter_as_staff()
    staff.send("/staff", "/staff/connect/demo")
    staff.send(
        "/staff",
        "/staff/students",
        given_name=child.given_name or "",
        family_name=child.family_name or "",
        number=number,
    )
    (typed,) = new_scene.conference.syncs.state().unmanaged(Kind.user)
    page = staff.send("/staff", "/staff/plan").text
    staff.send("/staff/plan", "/staff/plan/apply", held="refuse")

    assert "Found among what you typed" in page
    assert new_scene.conference.syncs.state().managed(Kind.user)[child.sourced_id].ref == typed.ref


def test_a_student_typed_twice_over_is_merged(scene: Scene) -> None:
    """A student whom the provider lists already is found at once, and one record stays."""
    child = scene.family.children[0]
    number = next(i.value for i in child.identifiers if i.type is IdentifierType.student_number)
    scene.conference.add_student(child.given_name or "", child.family_name or "", number)
    page = scene.staff.get("/staff").text
    (fingerprint,) = re.findall(r'name="merges" value="([^"]+)"', page)
    stale = scene.staff.send("/staff", "/staff/duplicates", merges="another")
    done = scene.staff.send("/staff", "/staff/duplicates", merges=fingerprint)
    state = scene.conference.syncs.state()
    (gone,) = state.unmanaged(Kind.user)

    assert f"too:\n      {full_name(child)}." in page
    assert stale.status_code == 409
    assert "Merged." in done.text
    assert full_name(child) not in done.text
    assert gone.merged_into == state.managed(Kind.user)[child.sourced_id].ref
    assert "Everything is up to date." in scene.staff.send("/staff", "/staff/plan").text


def test_children_follow_a_merged_record(scene: Scene) -> None:
    """What parents were linked to under the typed record they see under the provider's, once."""
    child = scene.family.children[0]
    number = next(i.value for i in child.identifiers if i.type is IdentifierType.student_number)
    scene.conference.add_student(child.given_name or "", child.family_name or "", number)
    (typed,) = scene.conference.syncs.state().unmanaged(Kind.user)
    kept = scene.conference.syncs.state().managed(Kind.user)[child.sourced_id].ref
    store, duplicates = scene.conference.store, scene.conference.duplicates
    one, both = (store.account(("clever", "d", subject), None).id for subject in ("1", "2"))
    for account, student in ((one, typed.ref), (both, typed.ref), (both, kept)):
        store.add_child(account, student)
    duplicates.merge(duplicates.plan().fingerprint)

    assert (store.children(one), store.children(both)) == ({kept: None}, {kept: None})


def test_an_accident_waits_until_staff_have_looked(new_scene: Scene) -> None:
    """A plan that would remove too much is refused, applied in part, or approved by name."""
    new_scene.staff.connect_and_sync()
    for user in new_scene.district.truth.users[:40]:
        new_scene.district.district.change(Kind.user, user.sourced_id, status=Status.deleted)
    plan = new_scene.staff.send("/staff", "/staff/plan").text
    refused = new_scene.staff.send("/staff/plan", "/staff/plan/apply", held="refuse").text
    approved = new_scene.staff.send("/staff/plan", "/staff/plan/apply", held="approve").text

    assert "Waiting for your decision" in plan
    assert "EDL-PLAN-003" in refused
    assert "The plan has been applied." in approved


def test_a_plan_that_was_not_shown_is_not_applied(new_scene: Scene) -> None:
    """An approval names the plan that was looked at, and another one is refused."""
    new_scene.staff.enter_as_staff()
    new_scene.staff.send("/staff", "/staff/connect/demo")
    new_scene.staff.send("/staff", "/staff/plan")
    page = new_scene.staff.send("/staff/plan", "/staff/plan/apply", fingerprint="another")

    assert "EDL-PLAN-004" in page.text
    assert new_scene.conference.syncs.state().counts()["managed"] == 0


def test_a_parent_links_a_child_and_sees_only_that_child(scene: Scene) -> None:
    """The right birth date opens one child's page; a sibling's stays absent."""
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


def test_a_wrong_birth_date_is_told_to_staff_alone(synced: Scene, tmp_path: Path) -> None:
    """Every refusal reads alike for the parent, and staff see which one it was."""
    scene = copy_of(synced, tmp_path, limits=AttemptLimits(backoff=0))
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
    assert scene.conference.store.children(1) == {}


def test_trying_again_at_once_must_wait(scene: Scene) -> None:
    """After a failure even the right birth date is not looked at for a while."""
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    scene.parent.send(
        "/family", "/family/children", **scene.family.claim(0, birth_date="01/02/2003")
    )
    page = scene.parent.send("/family", "/family/children", **scene.family.claim(0)).text

    assert "Please try again later" in page
    assert "Reason: limited" in scene.staff.get("/staff/claims").text


def test_an_adult_whom_the_school_does_not_link_gets_nowhere(scene: Scene) -> None:
    """Another family's right birth date is not enough, and staff see what is missing."""
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
    account = scene.conference.store.account(("clever", "elsewhere", "x"), None)
    family = scene.family
    result = scene.conference.claim(account, family.claim(0), "192.0.2.1")
    scene.staff.send("/staff/claims", f"/staff/claims/{result.claim_id}/approve")

    assert result.public == "not_verified"
    child = scene.conference.school().refs[family.children[0].sourced_id]
    assert scene.conference.store.children(account.id) == {child: None}


def test_a_click_in_the_portal_begins_a_login_of_our_own(scene: Scene) -> None:
    """A code that this browser had not asked for is dropped, and the login begun again."""
    answer = scene.parent.get("/callback?code=from-the-portal")

    assert answer.status_code == 303
    assert "/oauth/authorize" in answer.headers["Location"]


def test_a_login_is_accepted_once_and_by_its_own_browser(scene: Scene) -> None:
    """The same callback in another browser signs nobody in."""
    location = scene.parent.get("/login").headers["Location"]
    target = scene.choose(location, scene.family.adult.sourced_id)
    stranger = scene.visitor()
    stranger.get(target)

    assert stranger.get("/family").status_code == 302
    assert "My children" in scene.parent.client.get(target, follow_redirects=True).text
    scene.parent.client.get(target)
    assert len(scene.conference.store.accounts()) == 1


def test_a_refused_key_is_explained_to_staff(scene: Scene) -> None:
    """A wrong district token gives the code and the fix, and the report of a failed sync."""
    facts = {**scene.demo.roster.facts, "key": "wrong"}
    scene.conference.connect("roster", attrs.evolve(scene.demo.roster, facts=facts))
    scene.staff.enter_as_staff()
    page = scene.staff.send("/staff", "/staff/plan")

    assert page.status_code == 409
    assert "EDL-" in page.text
    assert "Failed" in scene.staff.get("/staff").text


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


def test_a_child_who_has_left_is_shown_no_more(scene: Scene) -> None:
    """Once the school's record of a child is archived the parent's page of it is gone too."""
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    scene.parent.send("/family", "/family/children", **scene.family.claim(0))
    child = scene.family.children[0]
    ref = scene.conference.school().refs[child.sourced_id]
    archive(scene, ref)

    assert list(scene.conference.store.children(1)) == [ref]
    assert scene.parent.get(f"/family/children/{ref}").status_code == 404
    assert full_name(child) not in scene.parent.get("/family").text


@pytest.mark.parametrize(
    ("page", "action", "fields", "status"),
    [
        ("/staff", "/staff/students", {"given_name": "Ada"}, 400),
        ("/staff", "/staff/plan/apply", {"held": "perhaps"}, 400),
        ("/staff", "/staff/plan/apply", {"held": "refuse"}, 409),
        ("/staff/claims", "/staff/claims/none/approve", {}, 200),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    scene: Scene, page: str, action: str, fields: dict[str, str], status: int
) -> None:
    """An incomplete form, or one for what there is not, is answered and has no effect."""
    before = scene.conference.syncs.state()

    assert scene.staff.send(page, action, **fields).status_code == status
    assert scene.conference.syncs.state() == before


def test_a_wrong_staff_code_opens_nothing(scene: Scene) -> None:
    """Whoever types another code stays outside."""
    page = scene.parent.send("/staff/enter", "/staff/enter", code="a guess")

    assert "That is not the code." in page.text
    assert scene.parent.get("/staff").status_code == 303


def test_nobody_signs_in_before_sign_in_is_connected(tmp_path: Path) -> None:
    """The address of sign-in answers with a sentence, and the start page offers no way to it."""
    app, _ = make_app(tmp_path, PUBLIC_URL)
    visitor = Visitor(app.test_client())
    answer = visitor.get("/login")

    assert answer.status_code == 409
    assert "Sign-in is not connected yet." in answer.text
    assert "Sign in as a parent" not in visitor.get("/").text


def test_a_term_without_dates_says_so() -> None:
    """A provider that gives a term no days does not break the page."""
    row = TermRow(
        session_id="t",
        title="Fall",
        type=SessionType.term,
        start_date=None,
        end_date=None,
        end_semantics=EndSemantics.assumed,
    )

    assert term_days(row) == "days not known"


def test_a_night_by_the_program(scene: Scene) -> None:
    """A nightly job follows the changes in the school's own file, and says how it ended."""
    path = scene.conference.store.path
    command = [sys.executable, "-m", "examples.conference_host", "--night", "--database", path]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own program

    assert said.startswith("Sync success")
    assert len(scene.conference.syncs.history()) == 2


def _without_token(page: str) -> str:
    return re.sub(r'value="[^"]{30,}"', "", page)
