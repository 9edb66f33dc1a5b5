"""The Clever door: what is asked of it with the real client, against truth and specifications."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
import yaml

from edlink import Kind, Role, Roster, SyncState, sandbox
from edlink._http.transport import HttpSettings
from edlink.clever import CleverApp, CleverClient
from edlink.errors import EdlinkError, FullPullRequired
from edlink.sandbox import FAULTS, Expects, Sandbox
from edlink.vocabulary import Status

VERSIONS = ("2.0", "2.1", "3.0", "3.1")
SPECS = Path(__file__).parents[3] / "shared" / "data" / "clever" / "specs"
FAST = HttpSettings(rate=0, attempts=2, backoff=0)


def client_of(district: Sandbox, version: str = "3.1") -> CleverClient:
    return CleverClient(
        district.api_key, version=version, base_url=district.base_url, settings=FAST
    )


def records(roster: Roster) -> dict[tuple[Kind, str], Any]:
    return {(kind, r.sourced_id): r for kind in Kind for r in roster.records(kind)}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_pull_is_the_truth(version: str) -> None:
    """Each version's pull is what that version can say of the district, record by record."""
    with sandbox.start(people=550, provider="clever", version=version) as district:
        with client_of(district, version) as client:
            roster = client.pull_roster()
        truth = district.truth

    assert records(roster) == records(truth)
    assert roster.source == truth.source
    assert (roster.issues, roster.warnings) == ((), ())


def test_versions_2_and_3_tell_the_same_people() -> None:
    """By the legacy ids of version 3, the people of both versions are the same."""
    truths = {}
    for version in ("2.1", "3.0"):
        with sandbox.start(people=120, provider="clever", version=version) as district:
            truths[version] = district.truth
    old = {
        next((i.value for i in u.identifiers if i.type == "legacy_id"), u.sourced_id)
        for u in truths["3.0"].users
    }

    assert {u.sourced_id for u in truths["2.1"].users} == old


FITTING = [
    (name, version)
    for name, fault in FAULTS.items()
    for version in ("2.1", "3.1")
    if "clever" in fault.providers and fault.fits("clever", version, "bearer")
]


@pytest.mark.parametrize(("name", "version"), FITTING)
def test_a_fault_is_met_as_expected(name: str, version: str) -> None:
    """With each of Clever's faults on, a pull is the expected roster, or an error."""
    fault = FAULTS[name]
    with (
        sandbox.start(people=50, provider="clever", version=version, faults=[name]) as district,
        client_of(district, version) as client,
    ):
        if fault.expects is Expects.error:
            with pytest.raises(EdlinkError):
                client.pull_roster()
            return
        roster = client.pull_roster()
        expected = district.expected

    assert records(roster) == records(expected)
    assert bool(roster.warnings or roster.issues) is (fault.expects is Expects.issues)


def test_an_app_finds_the_district_and_its_token() -> None:
    """The list of tokens leads to a client that withholds nothing."""
    with (
        sandbox.start(people=50, provider="clever", version="3.1") as district,
        CleverApp(
            district.client_id, district.client_secret, base_url=district.url, settings=FAST
        ) as app,
    ):
        (found,) = app.districts()
        with app.client(found.district_id, base_url=district.base_url) as client:
            roster = client.pull_roster()

        assert records(roster) == records(district.truth)


def test_a_token_list_needs_the_apps_secret() -> None:
    """Without id and secret there is no list, and without a token no data."""
    with sandbox.start(people=50, provider="clever", version="3.1") as district:
        answers = [
            requests.get(f"{district.url}/oauth/tokens", timeout=5).status_code,
            requests.get(f"{district.base_url}/users", timeout=5).status_code,
        ]

    assert answers == [401, 401]


@pytest.fixture(scope="module")
def district() -> Iterator[Sandbox]:
    with sandbox.start(people=120, provider="clever", version="3.1") as running:
        yield running


def get(district: Sandbox, path: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {district.api_key}"}
    return requests.get(district.base_url + path, headers=headers, timeout=5)


def test_pages_have_100_rows_unless_asked(district: Sandbox) -> None:
    """The default page is 100, the largest 10,000, and beyond is 413."""
    assert len(get(district, "/users").json()["data"]) == 100
    assert get(district, "/users?limit=10000").status_code == 200
    assert get(district, "/users?limit=10001").status_code == 413
    assert get(district, "/users?limit=some").status_code == 400


def test_pages_go_both_ways(district: Sandbox) -> None:
    """The newest row is the page before the last, and pages lead back."""
    ids = [row["data"]["id"] for row in get(district, "/users?limit=10000").json()["data"]]
    newest = get(district, "/users?ending_before=last&limit=1").json()["data"]
    middle = get(district, f"/users?ending_before={ids[5]}&limit=3").json()
    links = {link["rel"] for link in middle["links"]}

    assert [row["data"]["id"] for row in newest] == ids[-1:]
    assert [row["data"]["id"] for row in middle["data"]] == ids[2:5]
    assert links == {"self", "prev", "next"}


def test_rate_limit_headers_are_clevers(district: Sandbox) -> None:
    """Each answer says what is left of the minute's 1,200 requests."""
    assert get(district, "/terms").headers["X-RateLimit-Limit"] == "1200"


@pytest.mark.parametrize(
    "path", ["/nothing", "/users/nobody", "/users/nobody/schools", "/students", "/a/b/c/d"]
)
def test_what_is_not_there_is_404(district: Sandbox, path: str) -> None:
    """Unknown collections, records and version 2's names are not found."""
    assert get(district, path).status_code == 404


def test_roles_are_clevers(district: Sandbox) -> None:
    """A role that Clever does not have is refused."""
    assert get(district, "/users?role=guardian").status_code == 400


@pytest.mark.parametrize("version", ["2.1", "3.1"])
def test_lists_below_a_record_agree_with_the_roster(version: str) -> None:
    """What the client's lists below records yield is what the roster's indexes say."""
    with (
        sandbox.start(people=120, provider="clever", version=version) as running,
        client_of(running, version) as client,
    ):
        truth = running.truth
        link = truth.relationships[0]
        class_ = truth.classes_of_user(link.student_id)[0]
        school = str(class_.org_id)
        members = {u.sourced_id for u in truth.people_of_class(class_.sourced_id, Role.student)}

        assert {u.sourced_id for u in client.users_of_class(class_.sourced_id, Role.student)} >= (
            members
        )
        assert link.contact_id in {u.sourced_id for u in client.contacts_of_user(link.student_id)}
        assert link.student_id in {
            u.sourced_id for u in client.students_of_user(link.contact_id, Role.contact)
        }
        assert {c.sourced_id for c in client.classes_of_school(school)} == {
            c.sourced_id for c in truth.classes_of_org(school)
        }
        assert {c.sourced_id for c in client.classes_of_user(link.student_id, Role.student)} == {
            c.sourced_id for c in truth.classes_of_user(link.student_id)
        }
        assert {o.sourced_id for o in client.schools_of_user(link.student_id, Role.student)} == {
            r.org_id
            for r in truth.get(Kind.user, link.student_id).roles  # type: ignore[union-attr]
        }
        assert client.school_of_class(class_.sourced_id).sourced_id == school
        assert client.course_of_class(class_.sourced_id).sourced_id == class_.course_id
        term = client.academic_session_of_class(class_.sourced_id).sourced_id
        assert (term,) == class_.session_ids
        assert class_.sourced_id in {c.sourced_id for c in client.classes_of_academic_session(term)}
        assert class_.sourced_id in {
            c.sourced_id for c in client.classes_of_course(str(class_.course_id))
        }
        assert list(client.teachers_of_user(link.student_id))
        assert list(client.users_of_school(school, Role.student))


@pytest.mark.parametrize("version", ["2.1", "3.1"])
def test_changes_are_events(version: str) -> None:
    """A full pull and the feed's changes are a later full pull, which is the truth."""
    with (
        sandbox.start(people=50, provider="clever", version=version) as running,
        client_of(running, version) as client,
    ):
        before = client.pull_roster()
        _change_much(running)
        changes = client.pull_changes(SyncState.after(before))
        after = client.pull_roster()
        truth = running.truth
    gone = {(t.kind, t.sourced_id) for t in changes.tombstones}
    kinds = {type(r): kind for (kind, _), r in records(before).items()}
    held = {k: r for k, r in records(before).items() if k not in gone}
    held |= {(kinds[type(r)], r.sourced_id): r for r in changes.changed}

    assert {kind for kind, _ in gone} >= {Kind.user, Kind.enrollment, Kind.relationship}
    assert held == records(after) == records(truth)


def _change_much(running: Sandbox) -> None:
    """Let a student leave, another join, a contact be renamed, and a section lose its students."""
    district, truth = running.district, running.truth
    link = truth.relationships[0]
    district.change(Kind.user, link.student_id, status=Status.deleted)
    district.change(
        Kind.user,
        truth.users_with_role(Role.teacher)[0].sourced_id.removesuffix("-v2"),
        email="n@x",
    )
    lonely = truth.classes[-1].sourced_id
    for enrollment in district.enrollments:
        if enrollment.class_id == lonely and enrollment.role is Role.student:
            district.change(Kind.enrollment, enrollment.sourced_id, status=Status.deleted)
    gone = [u.sourced_id for u in district.users if u.status is Status.deleted]
    (left,) = set(gone) - {link.student_id}
    district.change(Kind.user, left, status=Status.active)


def test_events_that_are_kept_no_longer_are_refused() -> None:
    """A place that aged out of the feed needs a full pull."""
    with (
        sandbox.start(people=50, provider="clever", version="3.1") as running,
        client_of(running) as client,
    ):
        state = SyncState.after(client.pull_roster())
        course = running.truth.courses[0].sourced_id
        running.district.change(Kind.course, course, title="New")
        behind = client.pull_changes(state).state
        running.district.change(Kind.course, course, title="Newer")
        client.district()
        running.door.feed.age_out(1)  # type: ignore[attr-defined] # Clever's door has one
        with pytest.raises(FullPullRequired, match="EDL-CLEVER-003"):
            client.pull_changes(behind)


@pytest.mark.parametrize("version", VERSIONS)
def test_answers_are_as_clever_specifies(version: str) -> None:
    """Every collection of every version is valid against Clever's own specification."""
    path = SPECS / f"v{version}.yml"
    if not path.exists():
        pytest.skip(f"needs {path}")
    spec = _nullable(yaml.safe_load(path.read_text()))
    with sandbox.start(people=120, provider="clever", version=version) as running:
        for address, operations in spec["paths"].items():
            if "{" in address or address == "/resources":
                continue
            schema = operations["get"]["responses"]["200"]["schema"]
            answer = get(running, address + ("" if address == "/districts" else "?limit=10000"))
            assert answer.status_code == 200, address
            jsonschema.validate(answer.json(), schema | {"definitions": spec["definitions"]})


def _nullable(value: Any) -> Any:  # noqa: ANN401 - any YAML value
    """Return a specification in which what is marked nullable may be null, as JSON Schema says."""
    if isinstance(value, list):
        return [_nullable(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _nullable(item) for key, item in value.items() if key != "format"}
    if value.get("x-nullable"):
        return {"anyOf": [found, {"type": "null"}]}
    return found


def test_events_are_as_clever_sends_them(district: Sandbox) -> None:
    """An event has an id, a type, the whole object and the old values beside it."""
    get(district, "/courses")
    course = district.truth.courses[0]
    district.district.change(Kind.course, course.sourced_id, title="New")
    (row,) = get(district, "/events?record_type=courses").json()["data"]

    assert row["data"]["type"] == "courses.updated"
    assert row["data"]["data"]["object"]["name"] == "New"
    assert row["data"]["data"]["previous_attributes"] == {"name": course.title}
    assert get(district, "/events?record_type=users").json()["data"] == []
    assert get(district, f"/events/{row['data']['id']}").json()["data"] == row["data"]
