"""
An invented sign-in portal for the sandbox's district, with Clever's routes.

For trying the app out only: it asks for no password.  Everything else is checked as a provider
checks it: the app's secret, the redirect address, PKCE, and that a code is used once.
"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from typing import Any, cast
from urllib.parse import urlencode

import attrs
from examples.conference_host.school import full_name
from flask import Blueprint, Flask, abort, current_app, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response

from edlink import Role, Roster, User


@attrs.define(kw_only=True)
class Portal:
    """
    Who may sign in at which app.

    Attributes:
        people: Everyone who can be chosen, by id.
        district: The district's id.
        client_id: The app's id.
        client_secret: The app's secret.
        redirect_uri: Where the app takes its people back.
    """

    people: Mapping[str, User] = attrs.field(repr=False)
    district: str
    client_id: str
    client_secret: str = attrs.field(repr=False)
    redirect_uri: str
    _codes: dict[str, tuple[str, str]] = attrs.field(factory=dict, init=False, repr=False)
    _tokens: dict[str, str] = attrs.field(factory=dict, init=False, repr=False)

    def issue_code(self, person: str, challenge: str) -> str:
        """Return a code for the app to redeem once."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = (person, challenge)
        return code

    def redeem(self, form: Mapping[str, str]) -> str | None:
        """Return a token for a code, or None."""
        person, challenge = self._codes.pop(form.get("code", ""), ("", ""))
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        proof = urlsafe_b64encode(digest).decode().rstrip("=")
        if not (person and compare_digest(proof, challenge)):
            return None
        token = secrets.token_urlsafe(16)
        self._tokens[token] = person
        return token

    def bearer(self, header: str) -> User | None:
        """Return whose token a request carries, or None."""
        person = self._tokens.get(header.removeprefix("Bearer "))
        return None if person is None else self.people[person]


def some_families(roster: Roster, count: int) -> dict[str, User]:
    """Return a few guardians of an invented roster, first those with several children."""
    adults = roster.users_with_role(Role.guardian)
    ranked = sorted(adults, key=lambda adult: -len(roster.students_of_contact(adult.sourced_id)))
    return {adult.sourced_id: adult for adult in ranked[:count]}


pages = Blueprint("portal", __name__)


def create_portal(portal: Portal) -> Flask:
    """Return the portal's app."""
    app = Flask(__name__)
    app.config["PORTAL"] = portal
    app.register_blueprint(pages)
    return app


@pages.route("/oauth/authorize", methods=["GET", "POST"])
def authorize() -> str | Response:
    """Ask who somebody is, and send them back to the app."""
    portal, asked = _portal(), request.values
    app = (asked.get("client_id"), asked.get("redirect_uri"))
    if app != (portal.client_id, portal.redirect_uri):
        abort(400, "This app is not registered.")
    if request.method == "GET":
        people = {i: full_name(person) for i, person in portal.people.items()}
        return render_template("portal.html", people=people, asked=asked)
    if asked.get("person") not in portal.people:
        abort(400, "There is no such person.")
    code = portal.issue_code(asked["person"], asked.get("code_challenge", ""))
    back = urlencode({"code": code, "state": asked.get("state", "")})
    return redirect(f"{portal.redirect_uri}?{back}", 303)


@pages.post("/oauth/tokens")
def tokens() -> Response:
    """Give the app a token for a code."""
    portal, given = _portal(), request.authorization
    proof = f"{given.username}:{given.password}" if given and given.type == "basic" else ""
    right = f"{portal.client_id}:{portal.client_secret}"
    if not compare_digest(proof.encode(), right.encode()):
        return _refused("invalid_client")
    token = portal.redeem(request.form)
    if token is None:
        return _refused("invalid_grant")
    return jsonify(access_token=token, token_type="bearer")  # noqa: S106 - a type, no secret


@pages.get("/v3.1/me")
def me() -> Response:
    """Say whose token it is."""
    return _data({"id": _signed_in().sourced_id})


@pages.get("/v3.1/users/<person>")
def user(person: str) -> Response:
    """Say what that person is."""
    found = _signed_in()
    if found.sourced_id != person:
        abort(404)
    return _data({"id": person, "roles": {"contact": {}}})


def _portal() -> Portal:
    return cast("Portal", current_app.config["PORTAL"])


def _signed_in() -> User:
    return _portal().bearer(request.headers.get("Authorization", "")) or abort(401)


def _data(data: dict[str, Any]) -> Response:
    return jsonify(data=data | {"district": _portal().district})


def _refused(word: str) -> Response:
    answer = jsonify(error=word)
    answer.status_code = 401
    return answer
