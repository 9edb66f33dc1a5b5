"""Syncs through the conference host: changes, settings, hidden classes, history and undo."""

import re
from pathlib import Path

import attrs
import pytest
from examples.conference_host.school import full_name
from examples.conference_host.syncs import Held
from tests.examples.conference import PUBLIC_URL, Scene, Visitor, make_app
from tests.examples.test_conference_providers import oneroster_1_2

from edlink import IdentifierType, Kind, Role, sandbox
from edlink.matching import Action
from edlink.sandbox import Sandbox
from edlink.vocabulary import Status


def refs(scene: Scene, kind: Kind) -> set[str]:
    """Return the refs of the active records of a kind."""
    managed = scene.conference.syncs.state().managed(kind)
    return {held.ref for held in managed.values() if held.is_active}


def asked(district: Sandbox) -> list[str]:
    """Return the paths that were asked for, and forget them."""
    found = [seen.endpoint for seen in district.requests.list()]
    district.requests.clear()
    return found


def rename(district: Sandbox) -> str:
    """Give a student another name at the provider, and return the student's id."""
    student = next(u for u in district.district.users if u.roles[0].role is Role.student)
    district.district.change(Kind.user, student.sourced_id, given_name="Renamed")
    return student.sourced_id


def test_after_the_first_sync_only_changes_are_read(new_scene: Scene) -> None:
    """A renamed student is one change, found in the provider's events."""
    scene = new_scene
    scene.staff.connect_and_sync()
    asked(scene.district)
    student = rename(scene.district)
    page = scene.staff.send("/staff", "/staff/plan").text
    plan = scene.conference.syncs.plan()

    assert "Changed" in page
    assert plan is not None
    assert [c.sourced_id for c in plan.of(Action.update)] == [student]
    assert not [path for path in asked(scene.district) if path.endswith("/users")]


def test_everything_can_be_read_again(new_scene: Scene) -> None:
    """With its own button the whole roster is pulled, though changes could be had."""
    scene = new_scene
    scene.staff.connect_and_sync()
    rename(scene.district)
    asked(scene.district)
    scene.staff.send("/staff", "/staff/plan", whole="yes")
    plan = scene.conference.syncs.plan()

    assert plan is not None
    assert len(plan.of(Action.update)) == 1
    assert any("users" in path for path in asked(scene.district))


def test_changes_that_tell_of_no_removals_remove_nobody(tmp_path: Path) -> None:
    """OneRoster never says who is gone, so between whole pulls nobody is missed."""
    app, conference = make_app(tmp_path, PUBLIC_URL, allow_tests=True)
    staff = Visitor(app.test_client())
    staff.enter_as_staff()
    with sandbox.start(80, "oneroster", "1.2", auth="oauth2") as district:
        form = "/staff/connect/roster/oneroster-1.2"
        staff.send(form, form, **oneroster_1_2(district))
        staff.sync()
        rename(district)
        plan = conference.syncs.make_plan()

    assert len(plan.of(Action.update)) == 1
    assert not plan.of(Action.archive)
    assert not plan.held


def test_where_changes_cannot_be_had_everything_is_read(scene: Scene) -> None:
    """A state that the provider no longer knows leads to a whole pull, not to an error."""
    state = scene.conference.store.get("sync_state")
    scene.conference.store.keep("sync_state", {**state, "revision": None})

    assert "Everything is up to date." in scene.staff.send("/staff", "/staff/plan").text


def test_the_last_sync_can_be_undone(scene: Scene) -> None:
    """Undoing takes back all that was brought in, once, and can be followed by the same sync."""
    scene.staff.send("/staff", "/staff/undo")
    after = scene.conference.syncs.state().counts()
    again = scene.staff.send("/staff", "/staff/undo")
    page = scene.staff.get("/staff").text

    assert after["managed"] == 0
    assert again.status_code == 409
    assert "There is no sync to undo." in again.text
    assert "Undone" in page
    assert "Undo the last sync" not in page
    scene.staff.sync()
    assert refs(scene, Kind.user)


def test_an_undo_takes_nobody_away_from_a_family(scene: Scene) -> None:
    """Once a parent is linked to a child whom a sync brought, that sync stays as it is."""
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    scene.parent.send("/family", "/family/children", **scene.family.claim(0))
    before = scene.conference.syncs.state()
    answer = scene.staff.send("/staff", "/staff/undo")

    assert answer.status_code == 409
    assert "families or staff already use what it brought in" in answer.text
    assert scene.conference.syncs.state() == before
    assert full_name(scene.family.children[0]) in scene.parent.get("/family").text


@pytest.mark.parametrize(
    "row",
    [
        "INSERT INTO account (provider, tenant, subject, person) VALUES ('p', 't', 's', ?)",
        "INSERT INTO child (account, student) VALUES (1, ?)",
        "INSERT INTO claim VALUES ('c', '', 1, '', '', '', ?)",
    ],
)
def test_an_undo_discards_nobody_to_whom_a_row_refers(scene: Scene, row: str) -> None:
    """An account's person, a child and a claim's student each keep the sync from being undone."""
    ref = max(refs(scene, Kind.user), key=int)
    with scene.conference.store.connect() as db:
        db.execute(row, (ref,))
    before = scene.conference.syncs.state()

    assert scene.staff.send("/staff", "/staff/undo").status_code == 409
    assert scene.conference.syncs.state() == before


def test_an_undo_discards_no_class_that_staff_have_hidden(scene: Scene) -> None:
    """The next sync would show it to parents again."""
    ref = max(refs(scene, Kind.class_), key=int)
    scene.staff.send("/staff/classes", f"/staff/classes/{ref}", hide="yes")
    before = scene.conference.syncs.state()

    assert scene.staff.send("/staff", "/staff/undo").status_code == 409
    assert scene.conference.syncs.state() == before


def test_after_a_merge_no_sync_can_be_undone(scene: Scene) -> None:
    """What was merged into a record keeps the sync that brought it from being undone."""
    child = scene.family.children[0]
    number = next(i.value for i in child.identifiers if i.type is IdentifierType.student_number)
    scene.conference.add_student(child.given_name or "", child.family_name or "", number)
    duplicates = scene.conference.duplicates
    duplicates.merge(duplicates.plan().fingerprint)
    before = scene.conference.syncs.state()
    answer = scene.staff.send("/staff", "/staff/undo")

    assert answer.status_code == 409
    assert "Once people have been merged none can be." in answer.text
    assert scene.conference.syncs.state() == before


def test_the_history_tells_how_syncs_ended(scene: Scene) -> None:
    """Each sync has a line with its numbers, the latest first."""
    scene.staff.sync()
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", scene.staff.get("/staff").text, re.DOTALL)
    numbers = [re.findall(r"<td>(\d*)</td>", row) for row in rows]

    assert len(rows) == 2
    assert numbers[0] == ["0", "0", "0", "0"]
    assert int(numbers[1][0]) > 100


def test_a_night_applies_what_is_harmless(new_scene: Scene) -> None:
    """The first plan waits for staff; later ones are applied by themselves."""
    scene = new_scene
    scene.conference.connect("roster", scene.demo.roster)
    syncs = scene.conference.syncs
    first = syncs.night()
    waiting = syncs.plan()
    assert waiting is not None
    syncs.apply(waiting.fingerprint, Held.refuse)
    student = rename(scene.district)
    second = syncs.night()

    assert first.counts["created"] > 100
    assert second.counts["changed"] == 1
    assert syncs.plan() is None
    renamed = scene.conference.school().roster.user(student)
    assert renamed is not None
    assert renamed.given_name == "Renamed"


def test_a_night_leaves_what_is_held_to_staff(new_scene: Scene) -> None:
    """A plan that holds steps back waits in the morning, and nothing of it was applied."""
    scene = new_scene
    scene.staff.connect_and_sync()
    syncs = scene.conference.syncs
    before = syncs.state()
    for user in scene.district.truth.users[:40]:
        scene.district.district.change(Kind.user, user.sourced_id, status=Status.deleted)
    ended = syncs.night()
    waiting = syncs.plan()

    assert ended.outcome == "partial"
    assert waiting is not None
    assert waiting.holds
    assert syncs.state() == before


def test_settings_decide_what_comes_in(new_scene: Scene) -> None:
    """Without parents, and without one school, neither comes in."""
    scene = new_scene
    scene.staff.enter_as_staff()
    scene.staff.send("/staff", "/staff/connect/demo")
    scene.staff.send("/staff", "/staff/plan")
    schools = re.findall(r'name="schools" value="([^"]+)"', scene.staff.get("/staff/settings").text)
    page = scene.staff.send("/staff/settings", "/staff/settings", schools=schools[0])
    scene.staff.sync()
    roster = scene.conference.school().roster
    roles = {role.role for user in roster.users for role in user.roles}
    places = {class_.org_id for class_ in roster.classes}

    assert len(schools) > 2
    assert page.text.count("checked") == 1
    assert not roles & {Role.guardian, Role.contact, Role.relative}
    assert not roster.relationships
    assert places == {schools[0]}


def test_a_chosen_term_brings_its_classes(new_scene: Scene) -> None:
    """Classes of a term that is over come in once staff choose it."""
    scene = new_scene
    scene.staff.enter_as_staff()
    scene.staff.send("/staff", "/staff/connect/demo")
    scene.staff.send("/staff", "/staff/plan")
    overview = scene.conference.syncs.terms(scene.conference.syncs.seen())
    assert overview is not None
    past = next(row for row in overview.rows if row.classes and not row.is_proposed)
    schools = re.findall(r'name="schools" value="([^"]+)"', scene.staff.get("/staff/settings").text)
    page = scene.staff.send(
        "/staff/settings", "/staff/settings", schools=schools, terms=past.session_id, parents="yes"
    )
    scene.staff.sync()
    classes = scene.conference.school().roster.classes

    assert f'value="{past.session_id}" checked' in page.text
    assert any(past.session_id in class_.session_ids for class_ in classes)


def test_a_hidden_class_is_shown_to_no_parent(scene: Scene) -> None:
    """Once staff hide a class, the child's page lacks it, and it can be shown again."""
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    scene.parent.send("/family", "/family/children", **scene.family.claim(0))
    child = scene.family.children[0]
    page = f"/family/children/{scene.conference.school().refs[child.sourced_id]}"
    roster = scene.conference.school().roster
    class_ = roster.classes_of_user(child.sourced_id)[0]
    ref = scene.conference.syncs.state().managed(Kind.class_)[class_.sourced_id].ref

    def lessons() -> int:
        return scene.parent.get(page).text.count('<th scope="row">')

    before = lessons()
    hidden = scene.staff.send("/staff/classes", f"/staff/classes/{ref}", hide="yes").text
    without = lessons()
    scene.staff.send("/staff", "/staff/plan", whole="yes")
    plan = scene.conference.syncs.plan()
    scene.staff.send("/staff/classes", f"/staff/classes/{ref}", show="yes")

    assert full_name(child) in scene.parent.get(page).text
    assert "hidden" in hidden
    assert (without, lessons()) == (before - 1, before)
    assert plan is not None
    assert "hidden" in {keep.reason for keep in plan.kept}


def test_another_roster_starts_from_nothing_seen(scene: Scene) -> None:
    """Connecting another district forgets the plan, the snapshot and the settings of the first."""
    scene.staff.send("/staff", "/staff/plan")
    facts = {**scene.demo.roster.facts, "tenant": "another"}
    scene.conference.connect("roster", attrs.evolve(scene.demo.roster, facts=facts))

    assert scene.conference.syncs.plan() is None
    assert scene.conference.syncs.seen() is None
    assert not scene.conference.syncs.pulls.snapshot.exists()
    assert not scene.conference.syncs.may_undo()


def test_a_new_key_for_the_same_district_changes_nothing_else(scene: Scene) -> None:
    """Settings, the last pull and the way back stay when only the credentials are renewed."""
    syncs = scene.conference.syncs
    scene.staff.send("/staff/settings", "/staff/settings", parents="")
    before = syncs.policy()
    facts = {**scene.demo.roster.facts, "key": "renewed"}
    scene.conference.connect("roster", attrs.evolve(scene.demo.roster, facts=facts))

    assert syncs.policy() == before
    assert syncs.seen() is not None
    assert syncs.may_undo()


@pytest.mark.parametrize("path", ["/staff/plan", "/staff/claims", "/staff/classes"])
def test_before_anything_is_connected_pages_say_what_is_missing(tmp_path: Path, path: str) -> None:
    """No page of staff fails where there is no provider yet."""
    app, _ = make_app(tmp_path, PUBLIC_URL)
    staff = Visitor(app.test_client())
    staff.enter_as_staff()

    answer = staff.get(path)

    assert answer.status_code in {302, 409}
    assert path == "/staff/plan" or "A roster is not connected yet." in answer.text
