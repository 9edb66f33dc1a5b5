"""The login guide's recipes, with a person's browser and real providers around them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.peers.openid_cases import running
from tests.peers.simplesamlphp import LANDING as SAML_LANDING
from tests.peers.simplesamlphp import simplesamlphp
from tests.peers.test_saml_logins import login, signed_in
from tests.sso.test_login_guide import CLIENTS, ORIGIN, Client, recipe

from edlink.sso import MemoryPendingStore

pytestmark = pytest.mark.filterwarnings("ignore")  # the frameworks warn of each other's age


@CLIENTS
@pytest.mark.peer("oidc-provider")
@pytest.mark.parametrize("name", ["clever, OAuth 2", "veracross, OpenID"])
def test_a_recipe_signs_people_in(tmp_path: Path, make: Callable[..., Client], name: str) -> None:
    """In each framework a login from the app, and one from the portal, arrive where they should."""
    with running(name, tmp_path) as there:
        get = make(there.login)
        _, location = get("/login?next=/today")
        assert get(f"/callback?{urlencode(there.arrive(location))}")[1] == "/today"
        _, location = get("/callback?code=from-the-portal")
        assert get(f"/callback?{urlencode(there.arrive(location))}")[1] == "/"


def posted(login: Any, arrive: Callable[[str], dict[str, str]]) -> list[str]:  # noqa: ANN401 - any login
    """Return where the recipe for posted answers goes with an answer, and with the same again."""
    create = recipe("saml")["create_app"]
    client = create(login, MemoryPendingStore(), "k" * 32).test_client()
    begun = client.get("/login?next=/today", base_url=ORIGIN)
    form = arrive(begun.headers["Location"])
    answers = [client.post("/saml", data=form, base_url=ORIGIN) for _ in range(2)]
    return [a.headers.get("Location", str(a.status_code)) for a in answers]


@pytest.mark.peer("simplesamlphp")
def test_the_recipe_for_posted_answers_takes_saml(tmp_path: Path) -> None:
    """A SAML response that comes across sites signs in, once."""
    with simplesamlphp(tmp_path) as district:
        assert posted(login(district), signed_in) == ["/today", "403"]


@pytest.mark.peer("oidc-provider")
def test_the_recipe_for_posted_answers_takes_entra(tmp_path: Path) -> None:
    """Entra's form_post signs in by the same recipe; again, it only begins a login anew."""
    with running("entra, form_post", tmp_path, landing=SAML_LANDING) as there:
        first, again = posted(there.login, there.arrive)
    assert first == "/today"
    assert again.startswith(there.base)
