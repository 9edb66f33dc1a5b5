"""A parent signs in through the provider."""

import secrets
from typing import cast

from examples.conference_host.conference import Conference
from examples.conference_host.logins import CALLBACK, METADATA
from examples.conference_host.providers import SIDES
from flask import (
    Blueprint,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response

from edlink.classlink.saml_login import ClassLinkSamlLogin
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

#: What those are told whom the roster has disabled.
SHUT_OUT = "Your school has switched this account off. Please ask the office."

_COOKIE = "conference_login"


def conference() -> Conference:
    """Return the app's conference."""
    return cast("Conference", current_app.config["CONFERENCE"])


@pages.get("/")
def home() -> str:
    """Show the way in."""
    now = conference().providers
    is_ready = all(now.find(side) for side in SIDES)
    return render_template("home.html", is_ready=is_ready)


@pages.get("/login")
def begin() -> Response:
    """Send the browser to the provider; edlink lets no ``next`` lead to another site."""
    target = request.args.get("next", url_for("family.home"))
    return _send_off(conference().providers.login().begin(return_to=target))


@pages.route(CALLBACK, methods=["GET", "POST"])
def callback() -> Response | tuple[str, int]:
    """Take the browser back from the provider: with a code in the address, or by a SAML post."""
    params = request.form if request.method == "POST" else request.args
    state = params.get("state") or params.get("RelayState", "")
    try:
        pending = conference().pending_logins.take(request.cookies.get(_cookie(), ""), state)
        result = conference().providers.login().complete(params, pending)
    except LoginError as error:
        current_app.logger.warning("sign-in refused: %s", error)
        word = WORDS.get(error.reason, WORDS["refused"])
        return render_template("error.html", title="Not signed in", text=word), 403
    if isinstance(result, RestartLogin):
        return _send_off(result)
    account, reason = conference().sign_in(result)
    session.clear()
    if account is None:
        current_app.logger.warning("sign-in refused: %s", reason)
        return render_template("error.html", title="Not signed in", text=SHUT_OUT), 403
    current_app.logger.info("account %s signed in: %s", account.id, reason)
    session["account"] = account.id
    return redirect(pending.return_to if pending else url_for("family.home"), 303)


@pages.get(METADATA)
def metadata() -> Response:
    """Give the district what it needs to know of us, where it signs people in by SAML."""
    login = conference().providers.login()
    if not isinstance(login, ClassLinkSamlLogin):
        abort(404, "There is no such page.")
    return Response(login.service_metadata(), mimetype="application/samlmetadata+xml")


@pages.post("/logout")
def leave() -> Response:
    """Forget who was signed in."""
    session.clear()
    return redirect(url_for("sign_in.home"), 303)


def _send_off(start: LoginStart | RestartLogin) -> Response:
    # A second tab keeps the browser's name, so that both can finish.
    browser = request.cookies.get(_cookie()) or secrets.token_urlsafe(32)
    conference().pending_logins.put(browser, start.pending)
    response = redirect(start.url, 303)
    response.set_cookie(
        _cookie(),
        browser,
        max_age=600,
        httponly=True,
        # A SAML response comes as another site's post, to which a Lax cookie is not sent.
        samesite="None" if _is_https() else "Lax",
        secure=_is_https(),
    )
    return response


def _cookie() -> str:
    # No other host of the domain, and no page on http, can set a cookie of this name.
    return f"__Host-{_COOKIE}" if _is_https() else _COOKIE


def _is_https() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
