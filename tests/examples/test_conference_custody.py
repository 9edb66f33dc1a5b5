"""What the conference host does when the roster keeps an adult from a child, or shuts one out."""

from typing import Any

import pytest
from examples.conference_host.families import WAITING
from examples.conference_host.school import full_name
from examples.conference_host.store import Account
from tests.examples.conference import Scene, archive, edit

from edlink import Kind
from edlink.matching.claim_reasons import FIXES, Reason

ORDERS: tuple[dict[str, Any], ...] = (
    {"custody_status_raw": "No contact"},
    {"has_portal_access": False},
)
KEPT_APART = "the school&#39;s data keep this adult from this child"
SHUT_OUT = "Your school has switched this account off."


def link_parent(scene: Scene) -> str:
    """Link the parent to the first child, and return the address of the child's page."""
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    page = scene.parent.send("/family", "/family/children", **scene.family.claim(0))
    assert "Your child has been added." in page.text
    return f"/family/children/{scene.conference.school().refs[scene.family.children[0].sourced_id]}"


def order(scene: Scene, **fields: object) -> None:
    """Enter something about custody with every link of the parent."""
    for link in scene.conference.school().roster.relationships:
        if link.contact_id == scene.family.adult.sourced_id:
            edit(scene, Kind.relationship, link.sourced_id, **fields)


def disable(scene: Scene) -> None:
    """Disable the parent in the roster."""
    edit(scene, Kind.user, scene.family.adult.sourced_id, enabled=False)


def stranger(scene: Scene) -> Account:
    """Return the account of an adult whom the roster does not know."""
    return scene.conference.store.account(("clever", "elsewhere", "x"), None)


def waiting_claim(scene: Scene, account: Account, reason: Reason) -> str:
    """Return the id of an account's claim for the first child, which waits for the school."""
    result = scene.conference.claim(account, scene.family.claim(0), "192.0.2.1")
    assert result.private.reason is reason
    return result.claim_id


@pytest.mark.parametrize("fields", ORDERS)
def test_an_order_that_comes_after_the_link_hides_the_child(
    scene: Scene, fields: dict[str, Any]
) -> None:
    """From the next page on, before and after another sign-in, the child is as absent as none."""
    page = link_parent(scene)
    before = scene.parent.get(page).status_code
    order(scene, **fields)
    homes = [
        scene.parent.get("/family").text,
        scene.sign_in(scene.parent, scene.family.adult.sourced_id),
    ]

    assert before == 200
    assert not [home for home in homes if full_name(scene.family.children[0]) in home]
    real, none = scene.parent.get(page), scene.parent.get("/family/children/999999")
    assert (real.status_code, real.text) == (404, none.text)


def test_an_order_that_is_lifted_shows_the_child_again(scene: Scene) -> None:
    """The link itself stays, and counts again once the roster lets it."""
    page = link_parent(scene)
    order(scene, custody_status_raw="No contact")
    order(scene, custody_status_raw=None)

    assert scene.parent.get(page).status_code == 200


def test_a_parent_whom_the_roster_links_no_more_sees_nothing(scene: Scene) -> None:
    """Without the relationship that verified the parent the child is hidden."""
    page = link_parent(scene)
    managed = scene.conference.syncs.state().managed(Kind.relationship).values()
    for held in managed:
        if getattr(held.record, "contact_id", "") == scene.family.adult.sourced_id:
            archive(scene, held.ref)

    assert scene.parent.get(page).status_code == 404


def test_a_parent_whom_the_roster_has_no_more_sees_nothing_and_adds_nobody(scene: Scene) -> None:
    """Neither a running session nor another sign-in is taken for a stranger with a child."""
    page = link_parent(scene)
    archive(scene, scene.conference.school().refs[scene.family.adult.sourced_id])
    running = scene.parent.get(page).status_code
    scene.parent.send("/family", "/family/children", **scene.family.claim(1))
    reason = scene.conference.store.claims()[0]["reason"]
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)

    assert (running, scene.parent.get(page).status_code) == (404, 404)
    assert reason == Reason.relationship_missing


def test_whom_the_roster_disables_cannot_sign_in(scene: Scene) -> None:
    """A disabled parent is refused, has no session, and loses the one that ran."""
    page = link_parent(scene)
    disable(scene)
    visitor = scene.visitor()
    target = scene.choose(visitor.get("/login").headers["Location"], scene.family.adult.sourced_id)
    answer = visitor.get(target)

    assert answer.status_code == 403
    assert SHUT_OUT in answer.text
    assert visitor.get("/family").headers["Location"] == "/"
    assert visitor.get(page).status_code == 404


def test_whom_the_roster_disables_makes_no_account(scene: Scene) -> None:
    """Who was disabled before the first sign-in is not kept either."""
    disable(scene)
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)

    assert scene.conference.store.accounts() == {}


@pytest.mark.parametrize("path", ["/family", "child", "claim"])
def test_a_session_ends_when_the_roster_disables_its_parent(scene: Scene, path: str) -> None:
    """Whatever a disabled parent opens or sends next is refused, and the session is over."""
    page = link_parent(scene)
    disable(scene)
    if path == "claim":
        with scene.parent.client.session_transaction() as session:
            form = {"form_token": session["form_token"]} | scene.family.claim(1)
        answer = scene.parent.client.post("/family/children", data=form)
    else:
        answer = scene.parent.get({"child": page}.get(path, path))

    assert answer.status_code == 403
    assert SHUT_OUT in answer.text
    assert len(scene.conference.store.claims()) == 1
    assert scene.parent.get("/family").headers["Location"] == "/"


@pytest.mark.parametrize("fields", ORDERS)
def test_no_claim_is_approved_against_an_order(scene: Scene, fields: dict[str, Any]) -> None:
    """What waited when the order came is refused with words, and waits on."""
    order(scene, custody_status_raw="See the file")
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    (account,) = scene.conference.store.accounts().values()
    claim = waiting_claim(scene, account, Reason.custody_unclear)
    order(scene, **fields)
    page = scene.staff.send("/staff/claims", f"/staff/claims/{claim}/approve").text

    assert KEPT_APART in page
    assert "Approved" not in page
    assert scene.conference.store.children(account.id) == {}
    assert scene.conference.store.claims()[0]["reason"] == Reason.custody_unclear


def test_no_claim_of_a_disabled_adult_is_approved(scene: Scene) -> None:
    """Whom the roster shuts out gets no child by the school's word either."""
    order(scene, custody_status_raw="See the file")
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    (account,) = scene.conference.store.accounts().values()
    claim = waiting_claim(scene, account, Reason.custody_unclear)
    disable(scene)

    assert KEPT_APART in scene.staff.send("/staff/claims", f"/staff/claims/{claim}/approve").text


def test_no_claim_is_approved_for_a_child_who_has_left(scene: Scene) -> None:
    """A child whom the roster no longer has is linked to nobody."""
    account = stranger(scene)
    claim = waiting_claim(scene, account, Reason.needs_approval)
    archive(scene, scene.conference.school().refs[scene.family.children[0].sourced_id])

    assert KEPT_APART in scene.staff.send("/staff/claims", f"/staff/claims/{claim}/approve").text


def test_staff_read_why_a_claim_waits_and_may_approve_it(scene: Scene) -> None:
    """A guarded child's claim tells staff what to look at, above the button that approves it."""
    order(scene, custody_status_raw="No contact")
    account = stranger(scene)
    claim = waiting_claim(scene, account, Reason.child_guarded)
    page = scene.staff.get("/staff/claims").text
    done = scene.staff.send("/staff/claims", f"/staff/claims/{claim}/approve").text
    child = scene.conference.school().refs[scene.family.children[0].sourced_id]

    assert 0 < page.index(FIXES[Reason.child_guarded]) < page.index("Approve this adult")
    assert "Approved: this adult now sees the child." in done
    assert scene.conference.families.children(account, scene.conference.school()) == [child]


def test_an_adult_with_an_unclear_note_may_be_approved(scene: Scene) -> None:
    """Once somebody has read the note, the school's word links the parent."""
    order(scene, custody_status_raw="See the file")
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    (account,) = scene.conference.store.accounts().values()
    claim = waiting_claim(scene, account, Reason.custody_unclear)
    page = scene.staff.get("/staff/claims").text
    scene.staff.send("/staff/claims", f"/staff/claims/{claim}/approve")

    assert 0 < page.index(FIXES[Reason.custody_unclear]) < page.index("Approve this adult")
    assert full_name(scene.family.children[0]) in scene.parent.get("/family").text


def test_a_barred_adult_has_no_button(scene: Scene) -> None:
    """A contact whom an order keeps away is for the school to deal with, not for this page."""
    order(scene, custody_status_raw="No contact")
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    scene.parent.send("/family", "/family/children", **scene.family.claim(0))
    page = scene.staff.get("/staff/claims").text

    assert "Reason: contact barred." in page
    assert "Approve this adult" not in page
    assert Reason.contact_barred not in WAITING


def test_a_claim_that_there_is_not_is_not_approved(scene: Scene) -> None:
    """Neither an unknown claim nor one that is settled already is said to be approved."""
    account = stranger(scene)
    claim = waiting_claim(scene, account, Reason.needs_approval)
    first, again, none = (
        scene.staff.send("/staff/claims", f"/staff/claims/{name}/approve").text
        for name in (claim, claim, "none")
    )

    assert "Approved: this adult" in first
    for page in (again, none):
        assert "Approved: this adult" not in page
        assert "No such claim waits for the school." in page
