"""Every recipe of the login guide is run, as it stands there."""

import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
from tests.sso.issuer import Issuer, running_issuer
from tests.sso.saml_idp import ACS, ENTITY, Idp, metadata

from edlink.classlink.saml_login import ClassLinkAttributes, ClassLinkSamlLogin, NameId
from edlink.clever.login import CleverLogin
from edlink.sso import MemoryPendingStore, MemoryReplayStore, PendingLogin

GUIDE = Path(__file__).parents[2] / "docs/guides/login.md"
ORIGIN = "https://app.example.org"

#: Status and Location of an answer.
Answer = tuple[int, str]
Client = Callable[[str], Answer]


def recipe(name: str) -> dict[str, Any]:
    """Return what a recipe of the guide defines."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    (source,) = (block for block in blocks if block.startswith(f"# recipe: {name}\n"))
    found: dict[str, Any] = {"__name__": f"recipe_{name}"}
    exec(compile(source, f"{GUIDE.name}:{name}", "exec"), found)  # noqa: S102 - the guide's own code
    return found


@contextmanager
def clever() -> Iterator[tuple[CleverLogin, Issuer]]:
    with running_issuer() as issuer:
        issuer.answers |= {
            "/oauth/tokens": {"access_token": "t"},
            "/me": {"data": {"id": "u-1", "district": "d-1"}},
            "/users/u-1": {"data": {"id": "u-1", "district": "d-1"}},
        }
        login = CleverLogin(
            client_id="app-1",
            client_secret="s",
            redirect_uri=f"{ORIGIN}/callback",
            districts={"d-1"},
            replay_store=MemoryReplayStore(),
            issuer=issuer.url,
            api_url=issuer.url,
        )
        yield login, issuer


def flask_client(login: CleverLogin) -> Client:
    app = recipe("flask")["create_app"](login, "k" * 32)
    client = app.test_client()

    def get(path: str) -> Answer:
        response = client.get(path, base_url=ORIGIN)
        return response.status_code, response.headers.get("Location", "")

    return get


def django_client(login: CleverLogin) -> Client:
    django, settings = import_module("django"), import_module("django.conf").settings
    urls = ModuleType("login_guide_urls")
    sys.modules[urls.__name__] = urls
    if not settings.configured:
        settings.configure(
            SECRET_KEY="k" * 32,
            ROOT_URLCONF=urls.__name__,
            ALLOWED_HOSTS=["app.example.org"],
            MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
            SESSION_ENGINE="django.contrib.sessions.backends.cache",
            SESSION_COOKIE_SECURE=True,
        )
        django.setup()
    urls.urlpatterns = recipe("django")["login_urls"](login)  # type: ignore[attr-defined]
    import_module("django.urls").clear_url_caches()
    client = import_module("django.test").Client(headers={"host": "app.example.org"})

    def get(path: str) -> Answer:
        response = client.get(path, secure=True)
        return response.status_code, response.headers.get("Location", "")

    return get


def fastapi_client(login: CleverLogin) -> Client:
    app = recipe("fastapi")["create_app"](login, "k" * 32)
    client = import_module("fastapi.testclient").TestClient(app, base_url=ORIGIN)

    def get(path: str) -> Answer:
        response = client.get(path, follow_redirects=False)
        return response.status_code, response.headers.get("Location", "")

    return get


CLIENTS = pytest.mark.parametrize(
    "make", [flask_client, django_client, fastapi_client], ids=["flask", "django", "fastapi"]
)
pytestmark = pytest.mark.filterwarnings("ignore")  # the frameworks warn of each other's age


def state_in(location: str) -> str:
    (state,) = parse_qs(urlsplit(location).query)["state"]
    return state


@CLIENTS
def test_a_recipe_signs_in_and_goes_where_it_was_asked(make: Callable[..., Client]) -> None:
    """A login begun in the app ends at the page that was asked for, once."""
    with clever() as (login, _):
        get = make(login)
        status, location = get("/login?next=/today")
        assert status in (302, 303)
        callback = f"/callback?code=c&state={state_in(location)}"
        assert get(callback)[1] == "/today"
        assert get(callback)[1].startswith(urlsplit(location)._replace(query="").geturl())


@CLIENTS
def test_a_recipe_restarts_portal_logins(make: Callable[..., Client]) -> None:
    """A code from the portal is dropped; the restarted login signs in."""
    with clever() as (login, issuer):
        get = make(login)
        _, location = get("/callback?code=portal")
        assert issuer.asked("/oauth/tokens") == []
        assert get(f"/callback?code=c&state={state_in(location)}")[1] == "/"


@CLIENTS
def test_a_recipe_refuses_another_browsers_state(make: Callable[..., Client]) -> None:
    """A state that is not this browser's is refused with a page, and leads nowhere hostile."""
    with clever() as (login, issuer):
        get = make(login)
        get("/login?next=https://evil.example.org")
        assert get("/callback?code=c&state=other")[0] == 403
        _, location = get("/login?next=//evil.example.org")
        assert get(f"/callback?code=c&state={state_in(location)}")[1] == "/"
        assert len(issuer.asked("/oauth/tokens")) == 1


class Watched(MemoryPendingStore):
    """A pending store that shows the last login."""

    last: PendingLogin

    def put(self, browser: str, pending: PendingLogin) -> None:
        """Keep a login, and show it."""
        self.last = pending
        super().put(browser, pending)


class Outdated(Watched):
    """A pending store that holds what another version of edlink wrote."""

    def take(self, browser: str, state: str) -> PendingLogin | None:
        """Read it."""
        found = super().take(browser, state)
        return found and PendingLogin.from_dict({**found.to_dict(), "version": 0})


def saml_app(store: Watched | None = None) -> Any:  # noqa: ANN401 - Flask's test client
    login = ClassLinkSamlLogin(
        tenant="77",
        entity_id=ENTITY,
        acs_url=ACS,
        replay_store=MemoryReplayStore(),
        attributes=ClassLinkAttributes(subject=NameId.lasting),
        idp_metadata=metadata(),
        unsolicited="accept",
    )
    store = store or Watched()
    client = recipe("saml")["create_app"](login, store, "k" * 32).test_client()
    return client, store


def test_the_saml_recipe_signs_in() -> None:
    """A SAML response that is posted across sites finds its pending login, once."""
    client, store = saml_app()
    begun = client.get("/login?next=/today", base_url=ORIGIN)
    cookie = begun.headers["Set-Cookie"]
    assert "SameSite=None" in cookie
    assert "Secure" in cookie
    form = {
        "SAMLResponse": Idp().respond(store.last.request_id),
        "RelayState": store.last.state,
    }
    assert client.post("/saml", data=form, base_url=ORIGIN).headers["Location"] == "/today"
    assert client.post("/saml", data=form, base_url=ORIGIN).status_code == 403


def test_the_saml_recipe_refuses_what_another_version_kept() -> None:
    """A login that was kept by another version of edlink ends with a page that says so."""
    client, store = saml_app(Outdated())
    client.get("/login", base_url=ORIGIN)
    form = {"SAMLResponse": Idp().respond(store.last.request_id), "RelayState": store.last.state}
    answer = client.post("/saml", data=form, base_url=ORIGIN)
    assert (answer.status_code, "try_again" in answer.text) == (403, True)


def test_the_saml_recipe_lets_two_tabs_finish() -> None:
    """A login begun in a second tab leaves the first one good; the cookie is this host's own."""
    client, store = saml_app()
    tabs = []
    for target in ("/one", "/two"):
        begun = client.get(f"/login?next={target}", base_url=ORIGIN)
        tabs.append((target, store.last))
        cookie = begun.headers["Set-Cookie"]
        assert cookie.startswith("__Host-")
        assert "Path=/;" in cookie
        assert "Domain" not in cookie
    for target, pending in tabs:
        form = {"SAMLResponse": Idp().respond(pending.request_id), "RelayState": pending.state}
        assert client.post("/saml", data=form, base_url=ORIGIN).headers["Location"] == target


def test_the_saml_recipe_takes_tiles_nowhere_hostile() -> None:
    """A tile's response signs in where that is on, and its RelayState is not trusted."""
    client, _ = saml_app()
    for relay_state, target in (("/week", "/week"), ("https://evil.example.org", "/")):
        form = {"SAMLResponse": Idp().respond(""), "RelayState": relay_state}
        assert client.post("/saml", data=form, base_url=ORIGIN).headers["Location"] == target


PENDING = PendingLogin.begun(
    login="one",
    now=4_000_000_000,
    provider="clever",
    redirect_uri=f"{ORIGIN}/callback",
    state="s-1",
)


def check_stores(replay: Any, pending: Any) -> None:  # noqa: ANN401 - the guide's own classes
    """Check what both protocols promise."""
    assert [replay.add_once("k-1", 4_000_000_000) for _ in range(3)] == [True, False, False]
    assert replay.add_once("k-2", 4_000_000_000) is True
    pending.put("browser-1", PENDING)
    pending.put("browser-1", attrs.evolve(PENDING, state="s-2"))
    taken = [pending.take(b, "s-1") for b in ("browser-2", "browser-1", "browser-1")]
    assert taken == [None, PENDING, None]
    assert pending.take("browser-1", "s-2") is not None


def test_the_sql_stores_keep_their_promise(tmp_path: Path) -> None:
    """The SQL stores remember answers once and hand a pending login out once."""
    found = recipe("sql")

    @contextmanager
    def connect() -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(tmp_path / "logins.sqlite")
        with db:
            yield db
        db.close()

    with connect() as db:
        db.executescript(found["SCHEMA"])
    check_stores(found["SqlReplayStore"](connect), found["SqlPendingStore"](connect))


def test_every_public_word_is_in_the_guide() -> None:
    """The words a person may be shown are exactly those that the guide lists."""
    sources = (GUIDE.parents[2] / "src/edlink").rglob("*.py")
    used = {
        word
        for path in sources
        for word in re.findall(r'reason="(\w+)"', path.read_text())
        if "EDL-LOGIN" in path.read_text()
    }
    listed = re.findall(r"^\| `(\w+)` \|", GUIDE.read_text(), re.MULTILINE)
    assert used == set(listed) - {"reason"}
