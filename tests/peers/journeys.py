"""The two ways into an app by OpenID or OAuth 2, each with what must be refused on the way."""

from collections.abc import Callable

import pytest

from edlink.classlink.login import ClassLinkLogin
from edlink.clever.login import CleverLogin
from edlink.entra.login import EntraLogin
from edlink.errors import LoginError, StateMismatchError
from edlink.sso import Identity, RestartLogin
from edlink.veracross.login import VeracrossLogin

Login = CleverLogin | ClassLinkLogin | VeracrossLogin | EntraLogin

#: Takes an address of the provider, and returns what a person's browser brings back from there.
Arrive = Callable[[str], dict[str, str]]


def from_the_app(login: Login, arrive: Arrive) -> Identity:
    """Return who signs in from the app, and can do so with one answer once."""
    start = login.begin(return_to="/today")
    params = arrive(start.url)
    found = login.complete(params, start.pending)
    assert isinstance(found, Identity)
    with pytest.raises(LoginError) as caught:
        login.complete(params, start.pending)
    assert caught.value.code == "EDL-LOGIN-005"
    return found


def from_the_provider(login: Login, arrive: Arrive) -> Identity:
    """
    Return who signs in from a tile or portal, whose code is dropped and the login restarted once.

    The code is a real one, and is never exchanged: afterwards it still signs in where it was asked.
    """
    elsewhere = login.begin()
    asked = arrive(elsewhere.url)
    tile = {name: value for name, value in asked.items() if name != "state"}
    again = login.complete(tile, None)
    assert isinstance(again, RestartLogin)
    with pytest.raises(StateMismatchError) as caught:
        login.complete(tile, again.pending)
    assert caught.value.code == "EDL-LOGIN-002"
    found = login.complete(arrive(again.url), again.pending)
    assert isinstance(found, Identity)
    assert isinstance(login.complete(asked, elsewhere.pending), Identity)
    return found
