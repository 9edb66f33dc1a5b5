"""A parent signs in through the provider."""

import secrets
from typing import cast

from examples.conference_host.conference import Conference
from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from edlink.errors import LoginError
from edlink.sso import LoginStart, RestartLogin

pages = Blueprint("sign_in", __name__)

#: What each of edlink's fixed words tells a person.
WORDS = {
    "cancelled": "You did not sign in.",
    "try_again": "That took too long or was used before. Please start again.",
    "refused": "Sign-in did not work. Please ask your school.",
    "not_allowed": "Your school or account has not been given this app.",
    "not_set_up": "Sign-in is not set up correctly. Your school has been told.",
    "unavailable": "The sign-in service does not answer. Please try later.",
}

_COOKIE = "conference_login"


def conference() -> Conference:
    """Return the app's conference."""
    return cast("Conference", current_app.config["CONFERENCE"])


@pages.get("/")
def home() -> str:
    """Show the way in."""
    return render_template("home.html", connection=conference().connection)


@pages.get("/login")
def begin() -> Response:
    """Send the browser to the provider."""
    return _send_off(conference().login().begin(return_to=url_for("family.home")))


@pages.get("/callback")
def callback() -> Response | tuple[str, int]:
    """Take the browser back from the provider."""
    pending = conference().pending_logins.take(
        request.cookies.get(_COOKIE, ""), request.args.get("state", "")
    )
    try:
        result = conference().login().complete(request.args, pending)
    except LoginError as error:
        current_app.logger.warning("sign-in refused: %s", error)
        word = WORDS.get(error.reason, WORDS["refused"])
        return render_template("error.html", title="Not signed in", text=word), 403
    if isinstance(result, RestartLogin):
        return _send_off(result)
    account, reason = conference().sign_in(result)
    current_app.logger.info("account %s signed in: %s", account.id, reason)
    session.clear()
    session["account"] = account.id
    return redirect(pending.return_to if pending else url_for("family.home"))


@pages.post("/logout")
def leave() -> Response:
    """Forget who was signed in."""
    session.clear()
    return redirect(url_for("sign_in.home"), 303)


def _send_off(start: LoginStart | RestartLogin) -> Response:
    browser = secrets.token_urlsafe(32)
    conference().pending_logins.put(browser, start.pending)
    response = redirect(start.url)
    response.set_cookie(
        _COOKIE,
        browser,
        max_age=600,
        httponly=True,
        samesite="Lax",
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
    )
    return response
