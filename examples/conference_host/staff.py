"""What staff do for the school: get in, run the doctor, and help parents."""

from typing import cast

from examples.conference_host import words
from examples.conference_host.families import WAITING
from examples.conference_host.providers import SIDES, HostError
from examples.conference_host.school import full_name
from examples.conference_host.sign_in import conference
from examples.conference_host.staff_door import StaffDoor
from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response

from edlink import User

pages = Blueprint("staff", __name__, url_prefix="/staff")


def require_staff() -> Response | None:
    """Let nobody in but staff."""
    if session.get("staff") or request.endpoint == "staff.enter":
        return None
    return redirect(url_for("staff.enter"), 303)


def who() -> dict[str, str]:
    """Say in every page's head who is signed in."""
    return {"signed_in": "staff"} if session.get("staff") else {}


pages.before_request(require_staff)
pages.context_processor(who)


@pages.route("/enter", methods=["GET", "POST"])
def enter() -> str | Response | tuple[str, int]:
    """Ask for the staff code."""
    if request.method != "POST":
        return render_template("enter.html")
    door = cast("StaffDoor", current_app.config["STAFF_DOOR"])
    opens = door.knock(request.form.get("code", "").strip(), request.remote_addr or "")
    if opens:
        session.clear()
        session["staff"] = True
        return redirect(url_for("staff.home"), 303)
    if opens is None:
        flash("Too many wrong codes. Please wait a quarter of an hour.", "bad")
        return render_template("enter.html"), 429
    flash("That is not the code.", "bad")
    return render_template("enter.html")


@pages.get("")
def home() -> str:
    """Show where things stand, and what to do next."""
    now = conference()
    connections = {side: now.providers.find(side) for side in SIDES}
    roster = connections["roster"]
    people = now.syncs.state().records if roster else ()
    names = {h.ref: full_name(h.record) for h in people if isinstance(h.record, User)}
    typed = [h.ref for h in people if h.ref in names and h.source is None and h.is_active]
    merges = now.duplicates.plan() if typed else None
    return render_template(
        "staff.html",
        connections=connections,
        sides=SIDES,
        demo=now.demo,
        plan=now.syncs.plan() if roster else None,
        history=now.syncs.history(),
        may_undo=now.syncs.may_undo(),
        events=words.EVENTS,
        names=names,
        typed=typed,
        merges=merges,
    )


@pages.get("/doctor")
def doctor() -> str:
    """Say what a pull and a sign-in would meet, the worst first."""
    now = conference()
    sections = {
        "Roster": now.providers.check_roster(),
        "Sign-in": now.providers.check_login(),
        "Birth dates": now.check_birth_dates(),
    }
    order = list(words.SEVERITIES)
    return render_template(
        "doctor.html",
        sections={
            name: sorted(findings, key=lambda finding: order.index(finding.severity))
            for name, findings in sections.items()
        },
        expected=now.expect_parents(),
        severities=words.SEVERITIES,
        who=words.WHO,
    )


@pages.post("/students")
def add_student() -> Response:
    """Keep a student typed by hand."""
    names = ("given_name", "family_name", "number")
    given, family, number = (request.form.get(name, "").strip() for name in names)
    if not (given and family and number):
        abort(400, "Please fill in every field.")
    conference().add_student(given, family, number)
    flash("Added. The next sync finds out whether the provider has this student.", "good")
    return redirect(url_for("staff.home"), 303)


@pages.post("/duplicates")
def merge() -> Response:
    """Merge those who are here twice."""
    conference().duplicates.merge(request.form.get("merges", ""))
    flash("Merged.", "good")
    return redirect(url_for("staff.home"), 303)


@pages.get("/claims")
def claims() -> str:
    """Show why claims ended as they did."""
    now = conference()
    school, accounts = now.school(), now.store.accounts()
    rows = [
        {
            **claim,
            "adult": school.name_of(accounts[claim["account"]].person),
            "says": accounts[claim["account"]].says,
            "child": school.name_of(claim["student"]),
        }
        for claim in now.store.claims()
    ]
    return render_template("claims.html", claims=rows, waiting=WAITING)


@pages.post("/claims/<claim_id>/approve")
def approve(claim_id: str) -> Response:
    """Link an adult whose birth date was right, on the school's word."""
    now = conference()
    try:
        now.families.approve(claim_id, now.school())
    except HostError as error:
        flash(str(error), "bad")
    else:
        flash("Approved: this adult now sees the child.", "good")
    return redirect(url_for("staff.claims"), 303)
