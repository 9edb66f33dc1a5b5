"""The Flask app: settings, headers, form tokens and what an error looks like."""

import secrets
from hmac import compare_digest
from pathlib import Path

from examples.conference_host import connect_pages, family, sign_in, staff, sync_pages, words
from examples.conference_host.conference import Conference
from examples.conference_host.providers import HostError
from examples.conference_host.staff_door import StaffDoor
from flask import Flask, Response, abort, render_template, request, session
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from edlink.errors import EdlinkError

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def create_app(conference: Conference, *, staff_code: str, proxies: int = 0) -> Flask:
    """
    Return the app.

    Args:
        conference: The school's sign-up.
        staff_code: What staff type to get in; random, and 12 characters or more.
        proxies: How many proxies of ours stand before the app and say whom they speak for: the
            limits on guessing count by network.

    Raises:
        ValueError: The staff code is too short.
    """
    folder = Path(__file__).parent
    app = Flask(
        __name__, template_folder=str(folder / "templates"), static_folder=str(folder / "static")
    )
    app.secret_key = conference.store.secret("session")
    app.config.update(
        CONFERENCE=conference,
        STAFF_DOOR=StaffDoor(store=conference.store, code=staff_code),
        MAX_CONTENT_LENGTH=64 * 1024,
        PERMANENT_SESSION_LIFETIME=3600,
        SESSION_COOKIE_NAME="conference",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=conference.public_url.startswith("https:"),
    )
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies)  # type: ignore[method-assign] # as Flask says
    app.before_request(_refuse_foreign_forms)
    app.after_request(_add_headers)
    app.register_error_handler(EdlinkError, _show_edlink_error)
    app.register_error_handler(HostError, _show_host_error)
    app.register_error_handler(HTTPException, _show_http_error)
    app.jinja_env.globals.update(token_field=_token_field, term_days=words.term_days)
    for part in (sign_in, family, staff, connect_pages, sync_pages):
        app.register_blueprint(part.pages)
    return app


def _token_field() -> Markup:
    """Return the hidden field with this session's word, which every form of ours repeats."""
    token = session.setdefault("form_token", secrets.token_urlsafe(32))
    return Markup('<input type="hidden" name="form_token" value="{}">').format(token)


def _refuse_foreign_forms() -> None:
    if request.endpoint == "sign_in.callback":
        return  # another site's post by design; edlink holds it to this browser's own login
    given, kept = request.form.get("form_token", ""), session.get("form_token", "")
    if request.method == "POST" and not (kept and compare_digest(given.encode(), kept.encode())):
        abort(400, "The page was open too long. Go back, reload it and try again.")


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _show_edlink_error(error: EdlinkError) -> tuple[str, int]:
    """Show staff the whole of it, which holds no person and no secret; others a plain word."""
    page = render_template(
        "error.html", title="That did not work", error=error, signed_in_staff=session.get("staff")
    )
    return page, 502 if error.retryable else 409


def _show_host_error(error: HostError) -> tuple[str, int]:
    return render_template("error.html", title="Not yet", text=str(error)), 409


def _show_http_error(error: HTTPException) -> tuple[str, int]:
    status = error.code or 500
    return render_template("error.html", title=error.name, text=error.description), status
