"""Each provider connected by its form: the roster from its sandbox, the sign-in at its address."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from examples.conference_host import Conference
from examples.conference_host.logins import LOGINS
from examples.conference_host.providers import SIDES
from examples.conference_host.rosters import ROSTERS
from examples.conference_host.serving import serving
from flask import Flask, abort
from tests.examples.conference import PUBLIC_URL, Visitor, make_app, school_year
from tests.sso.saml_idp import SSO, metadata

from edlink import Kind, Role, sandbox
from edlink.oneroster.csv import write_csv
from edlink.sandbox import Sandbox

Typed = Mapping[str, str]

DIRECTORY = "11111111-2222-3333-4444-555555555555"


def clever(district: Sandbox) -> Typed:
    return {
        "tenant": district.details["district_id"],
        "key": district.api_key,
        "test_url": district.base_url,
    }


def classlink(district: Sandbox) -> Typed:
    return {
        "tenant": district.details["tenant_id"],
        "key": district.api_key,
        "test_url": district.url,
    }


def oneroster_1_1(district: Sandbox) -> Typed:
    return {
        "tenant": "district-1",
        "url": district.base_url,
        "key": district.key,
        "secret": district.secret,
    }


def oneroster_1_2(district: Sandbox) -> Typed:
    return {**oneroster_1_1(district), "token_url": district.token_url or ""}


def veracross(district: Sandbox) -> Typed:
    return {
        "tenant": district.details["school_route"],
        "key": district.client_id,
        "secret": district.client_secret,
        "test_url": district.base_url,
        "test_accounts_url": district.details["accounts_url"],
    }


def entra(district: Sandbox) -> Typed:
    return {
        "tenant": district.details["tenant_id"],
        "key": district.client_id,
        "secret": district.client_secret,
        "test_url": district.base_url,
        "test_authority": district.details["authority"],
    }


def entra_directory(district: Sandbox) -> Typed:
    return {
        **entra(district),
        "student_groups": district.details["students_group"],
        "teacher_groups": district.details["teachers_group"],
        "class_prefix": "section_",
    }


FORMS: Mapping[str, tuple[dict[str, str], Callable[[Sandbox], Typed]]] = {
    "clever": ({"provider": "clever"}, clever),
    "classlink": ({"provider": "classlink"}, classlink),
    "oneroster-1.2": ({"provider": "oneroster", "version": "1.2", "auth": "oauth2"}, oneroster_1_2),
    "oneroster-1.1": ({"provider": "oneroster", "version": "1.1", "auth": "oauth1"}, oneroster_1_1),
    "veracross": ({"provider": "veracross"}, veracross),
    "entra": ({"provider": "entra"}, entra),
    "entra-directory": ({"provider": "entra"}, entra_directory),
}

APP = {"client_id": "app-1", "client_secret": "never-shown"}
LOGIN_FORMS: Mapping[str, tuple[Typed, str]] = {
    "clever": ({"tenant": "d-1", **APP}, "https://clever.com/oauth/authorize?"),
    "classlink": ({"tenant": "77", **APP}, "https://launchpad.classlink.com/oauth2/v2/auth?"),
    "veracross": (
        {"tenant": "alder", **APP},
        "https://accounts.veracross.com/alder/oauth/authorize?",
    ),
}


@pytest.fixture
def bare(tmp_path: Path) -> tuple[Visitor, Conference]:
    """Return staff at an app with nothing connected, and not for trying out."""
    app, conference = make_app(tmp_path, PUBLIC_URL)
    staff = Visitor(app.test_client())
    staff.enter_as_staff()
    return staff, conference


Bare = tuple[Visitor, Conference]


def test_every_way_to_a_roster_is_tried() -> None:
    """No connector is without a test of its form."""
    assert {*FORMS, "oneroster-csv"} == ROSTERS.keys()


@pytest.mark.parametrize("name", FORMS)
def test_a_roster_is_connected_by_its_form(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Everybody of a sandbox arrives, by a form that real credentials fit into as well."""
    caplog.set_level(logging.DEBUG)
    options, fill_in = FORMS[name]
    app, conference = make_app(tmp_path, PUBLIC_URL, allow_tests=True)
    staff = Visitor(app.test_client())
    staff.enter_as_staff()
    with sandbox.start(80, school_year=school_year(), **options) as district:  # type: ignore[arg-type] # texts
        form = f"/staff/connect/roster/{name}"
        doctor = staff.send(form, form, **fill_in(district))
        staff.sync()
        pages = [doctor, *(staff.get(path) for path in ("/staff", form, "/staff/settings"))]
        shown = "".join(page.text for page in pages) + caplog.text + repr(conference)
        secrets = {district.client_secret, district.secret, district.api_key}
        people = conference.syncs.state().managed(Kind.user)
        roles = {Role.student, Role.teacher} if name == "entra-directory" else set(Role)

        assert "Problem" not in doctor.text
        assert people.keys() >= {
            u.sourced_id for u in district.truth.users if roles & {r.role for r in u.roles}
        }
        assert not [secret for secret in secrets if secret in shown]


def test_a_roster_arrives_as_files(bare: Bare, tmp_path: Path) -> None:
    """A package of CSV files is one more source, by one more form."""
    staff, conference = bare
    with sandbox.start(80, "oneroster", "1.1", school_year=school_year()) as district:
        truth = district.truth
    write_csv(truth, tmp_path / "upload.zip", "1.1")
    form = "/staff/connect/roster/oneroster-csv"
    doctor = staff.send(form, form, tenant="district-1", path=str(tmp_path / "upload.zip"))
    staff.sync()
    people = conference.syncs.state().managed(Kind.user)

    assert "Problem" not in doctor.text
    assert people.keys() == {user.sourced_id for user in truth.users}


@pytest.mark.parametrize("name", LOGIN_FORMS)
def test_a_login_goes_to_the_providers_own_address(bare: Bare, name: str) -> None:
    """What staff type leads to the real provider, and no page shows the secret again."""
    typed, address = LOGIN_FORMS[name]
    staff, conference = bare
    form = f"/staff/connect/sign-in/{name}"
    staff.send(form, form, **typed)
    shown = staff.get("/staff").text + staff.get(form).text

    assert staff.get("/login").headers["Location"].startswith(address)
    assert "never-shown" not in shown + repr(conference)


@pytest.mark.parametrize("name", LOGIN_FORMS)
def test_the_overview_names_whose_provider_is_connected(bare: Bare, name: str) -> None:
    """Staff see beside each connection for which district it is."""
    typed, _ = LOGIN_FORMS[name]
    staff, _ = bare
    form = f"/staff/connect/sign-in/{name}"
    staff.send(form, form, **typed)

    assert f'<span class="hint">{typed["tenant"]}</span>' in staff.get("/staff").text


@pytest.mark.parametrize(
    ("side", "name"), [(side, name) for side, known in SIDES.items() for name in known]
)
def test_sandbox_addresses_need_a_switch(bare: Bare, side: str, name: str) -> None:
    """Where the app was not started for trying out, no form takes another address."""
    connector = SIDES[side][name]
    tests = {field.name: "http://127.0.0.1:9" for field in connector.fields if field.is_for_tests}
    typed = {field.name: DIRECTORY for field in connector.fields} | tests
    staff, conference = bare
    form = f"/staff/connect/{side}/{name}"
    page = staff.get(form).text
    answer = staff.send(form, form, **typed)

    assert not [test for test in tests if f'name="{test}"' in page]
    if tests:
        assert answer.status_code == 400
        assert "Sandbox addresses are switched off" in answer.text
        assert conference.providers.find(side) is None


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ("roster/oneroster-1.1", "url"),
        ("roster/oneroster-1.2", "url"),
        ("roster/oneroster-1.2", "token_url"),
        ("sign-in/classlink-saml", "metadata_url"),
    ],
)
def test_loopback_needs_the_switch_as_well(bare: Bare, form: str, field: str) -> None:
    """A provider's own address is on https, unless the app was started for trying out."""
    staff, conference = bare
    side, name = form.split("/")
    typed = {f.name: "https://sis.example.org" for f in SIDES[side][name].fields}
    path = f"/staff/connect/{form}"
    answer = staff.send(path, path, **{**typed, field: "http://127.0.0.1:9"})

    assert answer.status_code == 400
    assert "Sandbox addresses are switched off" in answer.text
    assert conference.providers.find(side) is None


@contextmanager
def metadata_at(texts: list[str]) -> Iterator[str]:
    """Yield an address that answers with one text after another."""
    app = Flask("metadata")
    app.add_url_rule("/metadata", view_func=lambda: texts.pop(0) if texts else abort(503))
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}/metadata"


def connect_saml(folder: Path, url: str) -> tuple[Conference, str]:
    """Return a host to whose form the address was given, and the page that followed."""
    app, conference = make_app(folder, PUBLIC_URL, allow_tests=True)
    staff = Visitor(app.test_client())
    staff.enter_as_staff()
    form = "/staff/connect/sign-in/classlink-saml"
    typed = {"tenant": "77", "metadata_url": url, "sourced_id": "sourcedId"}
    return conference, staff.send(form, form, **typed).text


def test_saml_metadata_are_kept_over_a_restart(tmp_path: Path) -> None:
    """Another process goes by the copy made when staff connected, whatever the address says now."""
    other = metadata("idp", entity_id="https://other.example.org", sso="https://other.example.org/")
    with metadata_at([metadata("idp"), other, other]) as url:
        connect_saml(tmp_path, url)
        _, again = make_app(tmp_path, PUBLIC_URL)
        begun = again.providers.login().begin().url

    assert begun.startswith(SSO)


@pytest.mark.parametrize(
    ("texts", "said"),
    [([], "The metadata address does not answer."), (["no metadata"], "EDL-CONF-053")],
)
def test_saml_is_connected_with_good_metadata_only(
    tmp_path: Path, texts: list[str], said: str
) -> None:
    """What cannot be read is said in the form, and nothing is kept."""
    with metadata_at(texts) as url:
        conference, page = connect_saml(tmp_path, url)

    assert said in page
    assert conference.providers.find("sign-in") is None


@pytest.mark.parametrize(("side", "path"), [("roster", "clever"), ("sign-in", "classlink-saml")])
def test_an_incomplete_form_names_what_is_missing(bare: Bare, side: str, path: str) -> None:
    """Nothing is kept before every required field is filled in."""
    staff, conference = bare
    form = f"/staff/connect/{side}/{path}"
    answer = staff.send(form, form, tenant="77")

    assert answer.status_code == 400
    assert "Please fill in:" in answer.text
    assert 'value="77"' in answer.text
    assert conference.providers.find(side) is None


def test_what_cannot_be_right_is_said_at_once(bare: Bare) -> None:
    """A directory's domain in place of its id is refused with edlink's own fix."""
    staff, _ = bare
    form = "/staff/connect/sign-in/entra"
    answer = staff.send(form, form, tenant="school.example.org", **APP)

    assert answer.status_code == 400
    assert "EDL-CONF-058" in answer.text
    assert "never-shown" not in answer.text


@pytest.mark.parametrize("name", LOGINS)
def test_the_form_shows_what_to_copy(bare: Bare, name: str) -> None:
    """The address to register stands beside the fields, before anybody has credentials."""
    staff, _ = bare

    page = staff.get(f"/staff/connect/sign-in/{name}").text

    assert f"<code>{PUBLIC_URL}/callback</code>" in page


@pytest.mark.parametrize("path", ["/roster/none", "/none/clever", "/none"])
def test_an_unknown_provider_is_no_page(bare: Bare, path: str) -> None:
    """An address that names no provider of ours is not found."""
    staff, _ = bare

    assert staff.get(f"/staff/connect{path}").status_code == 404


def test_a_check_that_cannot_begin_is_a_finding(tmp_path: Path) -> None:
    """Where a district does not share with the app yet, the doctor says so, and what to do."""
    app, _ = make_app(tmp_path, PUBLIC_URL, allow_tests=True)
    staff = Visitor(app.test_client())
    staff.enter_as_staff()
    form = "/staff/connect/roster/classlink"
    with sandbox.start(50, "classlink") as district:
        page = staff.send(form, form, **{**classlink(district), "tenant": "1"}).text

    assert "Problem" in page
    assert "EDL-CLASSLINK-002" in page
    assert "Ask the district to add the app" in page
