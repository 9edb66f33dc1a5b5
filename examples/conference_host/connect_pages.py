"""Where staff connect the providers."""

from examples.conference_host.providers import SIDES, HostError
from examples.conference_host.sign_in import conference
from examples.conference_host.staff import require_staff, who
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from edlink.errors import ConfigError

pages = Blueprint("connect", __name__, url_prefix="/staff/connect")
pages.before_request(require_staff)
pages.context_processor(who)

TITLES = {"roster": "Where the roster comes from", "sign-in": "How parents sign in"}


@pages.get("/<side>")
def choose(side: str) -> str:
    """Offer the providers of one side."""
    if side not in SIDES:
        abort(404, "There is no such page.")
    return render_template("choose.html", side=side, title=TITLES[side], connectors=SIDES[side])


@pages.route("/<side>/<name>", methods=["GET", "POST"])
def fill_in(side: str, name: str) -> str | Response | tuple[str, int]:
    """Ask for a provider's credentials, and keep them; no page shows a secret of them again."""
    now = conference()
    connector = SIDES.get(side, {}).get(name) or abort(404, "There is no such page.")
    status = 200
    if request.method == "POST":
        try:
            now.connect(side, now.providers.read(side, name, request.form))
        except HostError as error:
            flash(str(error), "bad")
        except ConfigError as error:
            flash(f"{error.message.capitalize()}. {error.fix} ({error.code})", "bad")
        else:
            flash("Connected.", "good")
            return redirect(url_for("staff.doctor"), 303)
        status = 400
    page = render_template(
        "connect.html",
        side=side,
        connector=connector,
        fields=[f for f in connector.fields if now.allow_tests or not f.is_for_tests],
        typed=request.form,
        public_url=now.public_url,
    )
    return page, status


@pages.post("/demo")
def use_demo() -> Response:
    """Connect the invented district."""
    now = conference()
    demo = now.demo or abort(404, "There is no such page.")
    now.connect("roster", demo.roster)
    now.connect("sign-in", demo.login)
    flash("Connected to an invented district.", "good")
    return redirect(url_for("staff.home"), 303)
