"""What the conference host keeps from whoever means it ill."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from examples.conference_host import Conference, Store, create_app
from flask import Flask
from tests.examples.conference import STAFF_CODE, Scene, Visitor, copy_of

from edlink.matching import AttemptLimits

ROOT = Path(__file__).parents[2]


def forms_of(app: Flask) -> list[str]:
    """Return an address for every form that the app takes."""
    words = {"side": "roster", "name": "clever", "ref": "1", "claim_id": "1"}
    adapter = app.url_map.bind("localhost")
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    return [
        adapter.build(rule.endpoint, {name: words[name] for name in rule.arguments}, method="POST")
        for rule in rules
    ]


def test_a_form_of_another_site_is_refused(scene: Scene) -> None:
    """No form without this session's token changes anything, whoever is signed in."""
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    before = scene.conference.syncs.state()
    paths = set(forms_of(scene.staff.client.application)) - {"/callback"}

    assert len(paths) >= 12
    for visitor in (scene.staff, scene.parent):
        refused = {path: visitor.client.post(path).status_code for path in paths}
        assert refused == dict.fromkeys(paths, 400)
    assert scene.conference.syncs.state() == before
    assert "Overview" in scene.staff.get("/staff").text


def test_a_posted_answer_that_nobody_asked_for_signs_nobody_in(scene: Scene) -> None:
    """The callback takes other sites' posts, and begins a login of its own for them."""
    answer = scene.parent.client.post("/callback", data={"code": "x", "state": "y"})

    assert answer.status_code in {303, 403}
    assert scene.conference.store.accounts() == {}


def test_staff_pages_are_closed_to_others(scene: Scene) -> None:
    """Parents, and visitors, are led to the staff code from every page of staff."""
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    rules = scene.staff.client.application.url_map.iter_rules()
    pages = {
        rule.rule.replace("<side>", "roster").replace("<name>", "clever")
        for rule in rules
        if rule.rule.startswith("/staff") and "GET" in (rule.methods or ())
    } - {"/staff/enter"}

    assert len(pages) >= 7
    for visitor in (scene.parent, scene.visitor()):
        answers = [visitor.get(page) for page in sorted(pages)]
        assert {(a.status_code, a.headers["Location"]) for a in answers} == {(303, "/staff/enter")}


def test_a_parent_is_no_staff_by_a_form_either(scene: Scene) -> None:
    """A parent's own token opens no staff form."""
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)

    answer = scene.parent.send("/family", "/staff/undo")

    assert "Staff code" in answer.text
    assert scene.conference.syncs.may_undo()


def test_another_familys_child_is_as_absent_as_none(scene: Scene) -> None:
    """A stranger gets the same page for a child there is and for one there is not."""
    family = scene.family
    scene.sign_in(scene.parent, family.adult.sourced_id)
    scene.parent.send("/family", "/family/children", **family.claim(0))
    own = f"/family/children/{scene.conference.school().refs[family.children[0].sourced_id]}"
    stranger, visitor = scene.visitor(), scene.visitor()
    ours = {child.sourced_id for child in family.children}
    links = scene.district.truth.relationships
    other = next(link.contact_id for link in links if link.student_id not in ours)
    scene.sign_in(stranger, other)

    assert scene.parent.get(own).status_code == 200
    for somebody in (stranger, visitor):
        real, none = somebody.get(own), somebody.get("/family/children/999999")
        assert (real.status_code, none.status_code) == (404, 404)
        assert real.text == none.text


def test_guessing_is_limited_for_each_account_and_child(synced: Scene, tmp_path: Path) -> None:
    """Once an account's attempts at a child are spent the right date opens nothing either."""
    limits = AttemptLimits(per_actor_and_child=2, backoff=0)
    scene = copy_of(synced, tmp_path, limits=limits)
    family = scene.family
    scene.sign_in(scene.parent, family.adult.sourced_id)
    wrong = family.claim(0, birth_date="01/02/2003")
    answers = [
        "Your child has been added." in scene.parent.send("/family", "/family/children", **c).text
        for c in (wrong, wrong, family.claim(0), family.claim(1))
    ]

    assert answers == [False, False, False, True]
    assert scene.staff.get("/staff/claims").text.count("Reason: limited") == 1


@pytest.mark.parametrize(("proxies", "network"), [(0, "127.0.0.1"), (1, "192.0.2.7")])
def test_networks_are_told_apart_behind_our_own_proxy_alone(
    scene: Scene, proxies: int, network: str
) -> None:
    """What a request says of its network counts only where a proxy of ours has said it."""
    app = create_app(scene.conference, staff_code=STAFF_CODE, proxies=proxies)
    parent = Visitor(app.test_client())
    parent.client.environ_base["HTTP_X_FORWARDED_FOR"] = "192.0.2.7"
    scene.sign_in(parent, scene.family.adult.sourced_id)
    parent.send("/family", "/family/children", **scene.family.claim(0))
    with scene.conference.store.connect() as db:
        (row,) = db.execute("SELECT network FROM attempt").fetchall()

    assert row["network"] == network


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Nobody else at the machine reads the credentials and names in it."""
    path = Path(Store(tmp_path / "new.db").path)

    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("asked", "landed"),
    [
        ("/family", "/family"),
        ("https://evil.example.org/", "/"),
        ("//evil.example.org", "/"),
        ("/\\evil.example.org", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_signing_in_leads_to_no_other_site(scene: Scene, asked: str, landed: str) -> None:
    """Whatever stands in ``next``, the login ends on a page of this app."""
    visitor = scene.parent
    begun = visitor.client.get("/login", query_string={"next": asked})
    location = scene.choose(begun.headers["Location"], scene.family.adult.sourced_id)
    answer = visitor.client.get(location)

    assert answer.status_code == 303
    assert urlsplit(answer.headers["Location"]).netloc == ""
    assert answer.headers["Location"] == landed


def test_cookies_are_closed_to_scripts_and_other_sites(scene: Scene) -> None:
    """Session and login cookies are HttpOnly and SameSite=Lax."""
    scene.conference.connect("sign-in", scene.demo.login)
    pages = (scene.parent.get(path) for path in ("/login", "/staff/enter"))
    login, session = (page.headers.getlist("Set-Cookie") for page in pages)

    assert (len(login), len(session)) == (1, 1)
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in login + session)


def test_behind_https_cookies_are_for_https_alone(scene: Scene) -> None:
    """There the login's cookie also travels with another site's post, as SAML needs."""
    store = Store(scene.conference.store.path)
    conference = Conference(store=store, public_url="https://conference.example.org")
    conference.connect("sign-in", scene.demo.login)
    visitor = Visitor(create_app(conference, staff_code=STAFF_CODE).test_client())
    pages = (visitor.get(path) for path in ("/login", "/staff/enter"))
    login, session = (page.headers["Set-Cookie"] for page in pages)

    assert login.startswith("__Host-conference_login=")
    assert "Path=/" in login
    assert "Domain" not in login
    assert "Secure" in login
    assert "SameSite=None" in login
    assert "Secure" in session
    assert "SameSite=Lax" in session


@pytest.mark.parametrize("name", ["conference_login", "__Host-conference_login"])
def test_a_login_on_https_goes_by_the_guarded_cookie_alone(scene: Scene, name: str) -> None:
    """A cookie that another host of the domain could have planted names no browser of ours."""
    store = Store(scene.conference.store.path)
    conference = Conference(store=store, public_url="https://conference.example.org")
    client = create_app(conference, staff_code=STAFF_CODE).test_client(use_cookies=False)
    answer = client.get("/login", headers={"Cookie": f"{name}=planted"})

    assert ("=planted;" in answer.headers["Set-Cookie"]) is name.startswith("__Host-")


def knock(visitor: Visitor, code: str) -> int:
    """Return the status with which a staff code is answered."""
    return visitor.send("/staff/enter", "/staff/enter", code=code).status_code


def test_guessing_at_the_staff_code_makes_its_network_wait(scene: Scene) -> None:
    """After five wrong codes even the right one opens nothing there for a while."""
    answers = [knock(scene.visitor(), "a guess of mine") for _ in range(6)]
    visitor = scene.visitor()
    here = visitor.send("/staff/enter", "/staff/enter", code=STAFF_CODE)
    elsewhere = scene.visitor()
    elsewhere.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"

    assert answers == [200] * 5 + [429]
    assert here.status_code == 429
    assert "Too many wrong codes." in here.text
    assert visitor.get("/staff").status_code == 303
    assert "Overview" in elsewhere.send("/staff/enter", "/staff/enter", code=STAFF_CODE).text


def test_a_network_that_has_waited_may_try_again(scene: Scene) -> None:
    """A quarter of an hour after its wrong codes the right one opens."""
    for _ in range(5):
        knock(scene.visitor(), "a guess of mine")
    with scene.conference.store.connect() as db:
        db.execute("UPDATE wrong_code SET at = at - 900")

    scene.visitor().enter_as_staff()


def test_a_short_staff_code_is_refused(tmp_path: Path) -> None:
    """No app opens with a code that could be guessed."""
    conference = Conference(store=Store(tmp_path / "new.db"), public_url="")

    with pytest.raises(ValueError, match="12 characters or more"):
        create_app(conference, staff_code="eleven-char")


def test_the_program_refuses_a_short_staff_code() -> None:
    """Whoever sets the code by the environment is told how long it is to be."""
    command = [sys.executable, "-m", "examples.conference_host", "--database", "never.db"]
    environment = {**os.environ, "CONFERENCE_STAFF_CODE": "short"}
    ran = subprocess.run(  # noqa: S603 - our own program
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 2
    assert "CONFERENCE_STAFF_CODE needs 12 characters or more" in ran.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--public-url http://conference.example.org", "--public-url must be on https"),
        ("--public-url conference.example.org", "--public-url must be on https"),
        ("--public-url ftp://127.0.0.1", "--public-url must be on https"),
        ("--database {}/nowhere/host.db", "--database {}/nowhere/host.db cannot be used"),
        ("--database {}", "--database {} cannot be used"),
        ("--night", "A roster is not connected yet."),
    ],
)
def test_what_the_program_cannot_do_is_one_line(tmp_path: Path, options: str, said: str) -> None:
    """A wrong address, file or moment is told without a traceback, and nothing is served."""
    command = [sys.executable, "-m", "examples.conference_host"]
    command += options.format(tmp_path).split()
    ran = subprocess.run(  # noqa: S603 - our own program
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ran.returncode != 0
    assert said.format(tmp_path) in ran.stderr.splitlines()[-1]
    assert "Traceback" not in ran.stderr


def test_a_session_begins_anew_with_each_sign_in(scene: Scene) -> None:
    """Whoever was signed in before at the same browser, as staff or parent, is so no more."""
    scene.sign_in(scene.staff, scene.family.adult.sourced_id)

    assert scene.staff.get("/staff").status_code == 303


def test_every_page_says_what_a_browser_may_do_with_it(scene: Scene) -> None:
    """No page is kept by caches, framed, or fetches anything from elsewhere."""
    answer = scene.parent.get("/")

    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_what_the_app_logs_names_nobody(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a sign-in nor a claim, right or wrong, leaves a person in the log."""
    caplog.set_level(logging.DEBUG)
    scene.sign_in(scene.parent, scene.family.adult.sourced_id)
    for birth_date in (None, "01/02/2003"):
        claim = scene.family.claim(0, birth_date=birth_date)
        scene.parent.send("/family", "/family/children", **claim)
    family = scene.family
    names = {n for child in family.children for n in (child.given_name, child.family_name) if n}

    assert not [name for name in (*names, *family.birth_dates) if name in caplog.text]
