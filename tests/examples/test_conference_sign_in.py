"""One way of signing in, whoever the provider is: each against an identity provider of its kind."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from examples.conference_host.school import full_name
from tests.examples.conference import PUBLIC_URL, Scene, copy_of
from tests.peers.browser import Browser
from tests.peers.openid import CLIENT, SECRET, oidc_provider
from tests.peers.simplesamlphp import simplesamlphp

from edlink.sso.sender import Sender

LANDING = f"{PUBLIC_URL}/callback"
TENANT = "11111111-2222-3333-4444-555555555555"
PERSON = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
USER = "501"
NOT_LISTED = "Your school does not list this account yet."


@attrs.frozen(kw_only=True)
class Case:
    """
    A provider in oidc-provider's dress.

    Attributes:
        tenant: What staff type for the district.
        routes: The provider's own paths.
        subject: Whom the provider says it is, or None for the person of the roster.
        claims: What its id token says besides.
        dress: All else that is the provider's own.
    """

    tenant: str
    routes: Mapping[str, str] = {}
    subject: str | None = None
    claims: Mapping[str, Any] = {}
    dress: Mapping[str, Any] = {}


CASES = {
    "clever": Case(
        tenant="",
        routes={"authorization": "/oauth/authorize", "token": "/oauth/tokens"},
        dress={"method": "client_secret_basic"},
    ),
    "classlink": Case(
        tenant="77",
        routes={
            "authorization": "/oauth2/v2/auth",
            "token": "/oauth2/v2/token",
            "jwks": "/oauth2/v2/jwks",
        },
        subject=USER,
        dress={"scopes": ("openid", "profile", "oneroster")},
    ),
    "veracross": Case(
        tenant="alder",
        routes={
            "authorization": "/oauth/authorize",
            "token": "/oauth/token",
            "jwks": "/oauth/discovery/keys",
        },
        subject=USER,
        dress={"prefix": "/alder"},
    ),
    "entra": Case(
        tenant=TENANT,
        subject=PERSON,
        claims={"tid": TENANT, "oid": PERSON, "ver": "2.0", "acct": 0},
        dress={
            "prefix": f"/{TENANT}/v2.0",
            "pkce": True,
            "tls": True,
            "scopes": ("openid", "profile"),
        },
    ),
}


def profiles(person: str, district: str) -> dict[str, Any]:
    """Return what each provider's own API says of the person."""
    me = {"id": person, "district": district}
    return {
        "/v3.1/me": {USER: {"data": me}},
        f"/v3.1/users/{person}": {USER: {"data": {**me, "roles": {"contact": {}}}}},
        "/v2/my/info": {USER: {"UserId": 501, "TenantId": 77, "SourcedId": person}},
    }


@pytest.mark.peer("oidc-provider")
@pytest.mark.parametrize("name", CASES)
def test_a_parent_signs_in_through(synced: Scene, tmp_path: Path, name: str) -> None:
    """By one code path each provider's parent comes in, known where the provider says who it is."""
    case, ca_file = CASES[name], str(tmp_path / "ca.pem")
    scene = copy_of(synced, tmp_path, allow_tests=True, sender=Sender(ca_file=ca_file))
    person, district = scene.family.adult.sourced_id, scene.district.details["district_id"]
    with oidc_provider(
        tmp_path,
        routes=case.routes,
        accounts={USER: case.claims},
        profiles=profiles(person, district),
        landing=LANDING,
        **case.dress,
    ) as url:
        tenant = case.tenant or district
        form = f"/staff/connect/sign-in/{name}"
        typed = {"tenant": tenant, "client_id": CLIENT, "client_secret": SECRET, "test_url": url}
        # Only ClassLink's form has such a box.
        doctor = scene.staff.send(form, form, vouches="yes", **typed).text
        begun = scene.parent.get("/login?next=/family").headers["Location"]
        with Browser(ca_file if "tls" in case.dress else None) as browser:
            params = browser.sign_in(begun, LANDING, login=USER, password="any")
        page = scene.parent.client.get("/callback", query_string=params, follow_redirects=True).text
    (account,) = scene.conference.store.accounts().values()

    assert "Problem" not in doctor
    assert ("<p>0 of " in doctor) is (name in {"veracross", "entra"})
    assert "parents in the roster will be recognised" in doctor
    assert account.key == (name, tenant, case.subject or person)
    assert (full_name(scene.family.adult) in page) is (name in {"clever", "classlink"})
    assert (NOT_LISTED in page) is (name in {"veracross", "entra"})


@pytest.mark.peer("simplesamlphp")
@pytest.mark.parametrize("vouches", [True, False])
def test_a_parent_signs_in_by_saml(synced: Scene, tmp_path: Path, *, vouches: bool) -> None:
    """The posted response signs in whom staff said that its ids name, and else somebody unknown."""
    scene = copy_of(synced, tmp_path, allow_tests=True)
    with simplesamlphp(
        tmp_path,
        service={"AssertionConsumerService": LANDING},
        entity=f"{PUBLIC_URL}/saml/metadata",
        person={"sourcedId": [scene.family.adult.sourced_id]},
    ) as idp:
        form = "/staff/connect/sign-in/classlink-saml"
        typed = {"tenant": "77", "metadata_url": idp.metadata_url, "sourced_id": "sourcedId"}
        scene.staff.send(form, form, **typed, **({"vouches": "yes"} if vouches else {}))
        metadata = scene.parent.get("/saml/metadata").text
        begun = scene.parent.get("/login").headers["Location"]
        with Browser() as browser:
            fields = browser.sign_in(begun, LANDING, username="alice", password="secret")
        page = scene.parent.client.post("/callback", data=fields, follow_redirects=True).text
        again = scene.visitor().client.post("/callback", data=fields)

    assert f'entityID="{PUBLIC_URL}/saml/metadata"' in metadata
    assert LANDING in metadata
    assert (full_name(scene.family.adult) in page) is vouches
    assert (NOT_LISTED in page) is not vouches
    assert "SAMLRequest=" in again.headers["Location"]
    assert len(scene.conference.store.accounts()) == 1


def test_only_saml_has_metadata(scene: Scene) -> None:
    """Where people sign in otherwise there is no such document."""
    assert scene.parent.get("/saml/metadata").status_code == 404


def test_a_login_that_another_version_kept_is_begun_again_by_hand(scene: Scene) -> None:
    """A login that was under way while the app was renewed ends with a page, not with a fault."""
    begun = scene.parent.get("/login").headers["Location"]
    state = dict(part.split("=") for part in begun.partition("?")[2].split("&"))["state"]
    with scene.conference.store.connect() as db:
        db.execute("UPDATE pending_login SET value = '{}' WHERE state = ?", (state,))
    answer = scene.parent.get(f"/callback?code=x&state={state}")

    assert answer.status_code == 403


def test_a_person_who_declines_is_told_so(scene: Scene) -> None:
    """Edlink's fixed word becomes a sentence, and nothing more is said."""
    begun = scene.parent.get("/login").headers["Location"]
    state = dict(part.split("=") for part in begun.partition("?")[2].split("&"))["state"]
    answer = scene.parent.get(f"/callback?error=access_denied&state={state}")

    assert answer.status_code == 403
    assert "You did not sign in." in answer.text
