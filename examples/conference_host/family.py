"""What a parent sees: their own children, once linked, and nobody else's."""

from examples.conference_host.sign_in import SHUT_OUT, conference
from examples.conference_host.store import Account
from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

pages = Blueprint("family", __name__, url_prefix="/family")

#: All that is said of a claim; the reason is for staff.
ANSWERS = {
    "verified": "Your child has been added.",
    "not_verified": "We could not confirm this. Please check what you typed, or ask the office.",
    "try_later": "Please try again later, or ask the office.",
}


@pages.get("")
def home() -> str | Response:
    """Show the parent's children."""
    account = _account()
    if account is None:
        return redirect(url_for("sign_in.home"))
    school = conference().school()
    found = (school.child(ref) for ref in conference().families.children(account, school))
    children = sorted((child for child in found if child), key=lambda child: child.name)
    return render_template(
        "family.html", name=school.name_of(account.person), children=children, signed_in="parent"
    )


@pages.post("/children")
def add_child() -> Response:
    """Check a claim and say one of three things, always with the same status."""
    account = _account() or abort(403, "Please sign in.")
    names = ("given_name", "family_name", "birth_date")
    child = {name: request.form.get(name, "") for name in names}
    result = conference().claim(account, child, request.remote_addr or "")
    flash(ANSWERS[result.public], "good" if result.public == "verified" else "bad")
    return redirect(url_for("family.home"), 303)


@pages.get("/children/<ref>")
def child(ref: str) -> str:
    """Show one child; another's is as absent as one that there is not."""
    account, school = _account(), conference().school()
    if account is None or ref not in conference().families.children(account, school):
        abort(404, "There is no such page.")
    found = school.child(ref) or abort(404, "There is no such page.")
    return render_template("child.html", child=found, signed_in="parent")


def _account() -> Account | None:
    """Return who is signed in; whom the roster has disabled since then is so no more."""
    account = conference().store.accounts().get(session.get("account", 0))
    if account and conference().families.is_shut_out(account, conference().school()):
        session.clear()
        abort(403, SHUT_OUT)
    return account
