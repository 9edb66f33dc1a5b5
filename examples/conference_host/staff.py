"""What staff do: connect a provider, run the doctor, look at a plan, and help parents."""

from hmac import compare_digest

from examples.conference_host.conference import Held
from examples.conference_host.providers import PROVIDERS, Connection
from examples.conference_host.school import full_name
from examples.conference_host.sign_in import conference
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

from edlink.errors import UnsafePlanError
from edlink.matching import Action
from edlink.vocabulary import Kind

pages = Blueprint("staff", __name__, url_prefix="/staff")


@pages.before_request
def require_staff() -> Response | None:
    """Let nobody in but staff."""
    if session.get("staff") or request.endpoint == "staff.enter":
        return None
    return redirect(url_for("staff.enter"), 303)


@pages.context_processor
def who() -> dict[str, str]:
    """Say in every page's head who is signed in."""
    return {"signed_in": "staff"} if session.get("staff") else {}


@pages.route("/enter", methods=["GET", "POST"])
def enter() -> str | Response:
    """Ask for the staff code."""
    if request.method == "POST":
        given = request.form.get("code", "").strip()
        if compare_digest(given.encode(), str(current_app.config["STAFF_CODE"]).encode()):
            session.clear()
            session["staff"] = True
            return redirect(url_for("staff.home"), 303)
        flash("That is not the code.", "bad")
    return render_template("enter.html")


@pages.get("")
def home() -> str:
    """Show where things stand."""
    now = conference()
    connection = now.connection
    own = now.state().unmanaged(Kind.user) if connection else ()
    return render_template(
        "staff.html",
        connection=connection,
        provider=PROVIDERS[connection.provider] if connection else None,
        providers=PROVIDERS,
        sandbox=now.sandbox,
        plan=now.plan(),
        report=now.last_report(),
        typed=[full_name(held.record) for held in own],  # type: ignore[arg-type] # of kind user
    )


@pages.post("/connect")
def connect() -> Response:
    """Keep a provider's credentials."""
    now, form = conference(), request.form
    if form.get("provider") == "sandbox" and now.sandbox is not None:
        now.connect(now.sandbox)
    else:
        facts = {
            name: form.get(name, "").strip()
            for name in ("provider", "tenant", "roster_key", "client_id", "client_secret")
        }
        if facts["provider"] not in PROVIDERS or not all(facts.values()):
            abort(400, "Please fill in every field.")
        now.connect(Connection(**facts))
    flash("Connected. Run the doctor before the first sync.", "good")
    return redirect(url_for("staff.home"), 303)


@pages.get("/doctor")
def doctor() -> str:
    """Say what a pull and a sign-in would meet."""
    now = conference()
    sections = {
        "Roster": now.check_access(),
        "Sign-in": now.check_login(),
        "Birth dates": now.check_birth_dates(),
    }
    return render_template("doctor.html", sections=sections)


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


@pages.post("/plan")
def make_plan() -> Response:
    """Pull and plan; nothing is changed yet."""
    conference().plan_next()
    return redirect(url_for("staff.show_plan"), 303)


@pages.get("/plan")
def show_plan() -> str | Response:
    """Show the plan that waits."""
    now = conference()
    plan = now.plan()
    if plan is None:
        return redirect(url_for("staff.home"))
    state = now.state()
    adopted = [
        (full_name(held.record), change.reason)  # type: ignore[arg-type] # of kind user
        for change in plan.of(Action.adopt)
        if change.kind is Kind.user and (held := state.get(Kind.user, change.ref or ""))
    ]
    return render_template(
        "plan.html",
        plan=plan,
        policy=now.policy,
        kinds=list(Kind),
        review=now.review(),
        last=now.last_rows(),
        adopted=adopted,
    )


@pages.post("/plan/apply")
def apply_plan() -> Response:
    """Apply the plan that was shown."""
    choice = request.form.get("held", Held.refuse)
    if choice not in set(Held):
        abort(400, "There is no such choice.")
    try:
        conference().apply(request.form.get("fingerprint", ""), Held(choice))
    except UnsafePlanError as error:
        flash(f"{error.message} ({error.code}). {error.fix}", "bad")
        return redirect(url_for("staff.show_plan"), 303)
    flash("The plan has been applied.", "good")
    return redirect(url_for("staff.home"), 303)


@pages.get("/claims")
def claims() -> str:
    """Show why claims ended as they did."""
    now = conference()
    school, accounts = now.school(), now.store.accounts()
    rows = [
        {
            **claim,
            "adult": school.name_of(accounts[claim["account"]].person) or "unknown to the school",
            "child": school.name_of(claim["student"]),
        }
        for claim in now.store.claims()
    ]
    return render_template("claims.html", claims=rows)


@pages.post("/claims/<claim_id>/approve")
def approve(claim_id: str) -> Response:
    """Link an adult whose birth date was right, on the school's word."""
    conference().approve(claim_id)
    flash("Linked.", "good")
    return redirect(url_for("staff.claims"), 303)
