import time
from collections.abc import Iterator

import jsonschema
import pytest
import requests
from tests.veracross.school import StillClock
from tests.veracross.specification import answer_schema, query_names

from edlink import Roster, sandbox
from edlink._http.transport import HttpSettings
from edlink.errors import RateLimitedError
from edlink.sandbox import Sandbox
from edlink.sandbox.veracross.door import KINDS, SINGLE, TAKES
from edlink.state import SyncState
from edlink.veracross import MemoryTokenStore, VeracrossClient
from edlink.veracross.endpoints import ENDPOINTS, STUDENTS
from edlink.vocabulary import Kind, Role, Status

FAST = HttpSettings(rate=0, attempts=2, backoff=0)


def connect(district: Sandbox, **options: object) -> VeracrossClient:
    """Return a client of a sandbox, with all its scopes."""
    details = district.details
    given: dict[str, object] = {
        "client_id": district.client_id,
        "client_secret": district.client_secret,
        "base_url": district.base_url,
        "accounts_url": details["accounts_url"],
        "scopes": details["scopes"].split(),
        "token_store": MemoryTokenStore(),
        "settings": FAST,
        **options,
    }
    return VeracrossClient(details["school_route"], **given)  # type: ignore[arg-type] # options of any type


@pytest.fixture(scope="module")
def district() -> Iterator[Sandbox]:
    """Return a running sandbox."""
    with sandbox.start(
        people=330, provider="veracross", version="v3", rate_limit=100_000
    ) as running:
        yield running


@pytest.fixture(scope="module")
def headers(district: Sandbox) -> dict[str, str]:
    """Return the headers of a request with a good token."""
    form = {
        "grant_type": "client_credentials",
        "client_id": district.client_id,
        "client_secret": district.client_secret,
        "scope": district.details["scopes"],
    }
    token = requests.post(str(district.token_url), data=form, timeout=9).json()["access_token"]
    return {"Authorization": f"Bearer {token}", "X-API-Value-Lists": "include"}


def _as_sets(roster: Roster) -> dict[Kind, set[object]]:
    return {kind: set(roster.records(kind)) for kind in Kind}


@pytest.mark.parametrize("page_size", [7, 100, 1000])
def test_a_whole_pull_is_the_truth(district: Sandbox, page_size: int) -> None:
    """Whatever the size of a page, the pull is what Veracross can say of the district."""
    with connect(district, page_size=page_size) as client:
        roster = client.pull_roster()
    assert _as_sets(roster) == _as_sets(district.truth)
    assert (roster.issues, roster.warnings) == ((), ())


def test_everything_pulled_is_complete(district: Sandbox) -> None:
    """With every scope opened there is nothing that coverage does not know."""
    with connect(district) as client:
        roster = client.pull_roster()
    assert all(roster.coverage.is_complete(kind) for kind in Kind)


def test_changes_after_a_pull_say_nothing_else(district: Sandbox) -> None:
    """Records that changes bring again are those of the pull."""
    with connect(district) as client:
        roster = client.pull_roster()
        changes = client.pull_changes(SyncState.after(roster))
    known = {record for kind in Kind for record in roster.records(kind)}
    assert set(changes.changed) <= known


@pytest.mark.parametrize("path", KINDS)
def test_answers_are_the_vendors(district: Sandbox, headers: dict[str, str], path: str) -> None:
    """Every list of the sandbox is valid by the vendor's specification, but for its nulls."""
    sizes = {**headers, "X-Page-Size": "1000"}
    answer = requests.get(district.base_url + path, headers=sizes, timeout=9)
    jsonschema.validate(answer.json(), answer_schema(path))
    assert answer.json()["data"]


@pytest.mark.parametrize("path", sorted(SINGLE))
def test_single_records_are_the_vendors(
    district: Sandbox, headers: dict[str, str], path: str
) -> None:
    """A record read by its id is valid too, with a campus that is a bare number there."""
    rows = requests.get(district.base_url + path, headers=headers, timeout=9).json()["data"]
    address = f"{district.base_url}{path}/{rows[0]['id']}"
    answer = requests.get(address, headers=headers, timeout=9).json()
    jsonschema.validate(answer, answer_schema(f"{path}/{{id}}"))


@pytest.mark.parametrize("path", TAKES)
def test_the_sandbox_takes_the_vendors_parameters(path: str) -> None:
    """What the sandbox filters by, Veracross does too."""
    assert set(TAKES[path]) <= query_names(path)


def test_the_sandbox_serves_what_a_pull_reads() -> None:
    """Every list of a pull is there but households, of which the district has none."""
    assert {e.path for e in ENDPOINTS} - set(KINDS) == {"/households"}


@pytest.mark.parametrize(
    ("path", "filters"),
    [
        ("/academics/classes", {"school_year": 2026}),
        ("/academics/enrollments", {"school_year": 2025}),
        ("/students", {"on_or_after_last_modified_date": "2026-09-15"}),
        ("/students", {"on_or_before_last_modified_date": "2026-09-15"}),
        ("/relationships", {"parent_portal_access": "true"}),
        ("/academics/class_schedules", {"grading_period_id": 71}),
        ("/students", {"campus_id": 3}),
    ],
)
def test_filters_narrow(
    district: Sandbox, headers: dict[str, str], path: str, filters: dict[str, str]
) -> None:
    """A filter leaves some rows out and some in."""
    sizes, address = {**headers, "X-Page-Size": "1000"}, district.base_url + path
    everything = requests.get(address, headers=sizes, timeout=9).json()["data"]
    narrowed = requests.get(address, headers=sizes, params=filters, timeout=9).json()["data"]
    assert 0 < len(narrowed) < len(everything)


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("/students?colour=red", {}, 400),
        ("/students", {"X-Page-Size": "5000"}, 400),
        ("/students/1", {}, 404),
        ("/academics/class_schedules/4000000", {}, 404),
        ("/teachers", {}, 404),
        ("/students", {"Authorization": "Bearer none"}, 401),
    ],
)
def test_refusals_are_the_vendors(
    district: Sandbox, headers: dict[str, str], path: str, more: dict[str, str], status: int
) -> None:
    """Unknown parameters, records and tokens are refused with a body of error and error_id."""
    answer = requests.get(district.base_url + path, headers={**headers, **more}, timeout=9)
    assert (answer.status_code, set(answer.json())) == (status, {"error", "error_id"})


def test_basic_credentials_are_not_taken(district: Sandbox) -> None:
    """The token endpoint reads credentials from the form alone."""
    basic = (district.client_id, district.client_secret)
    form = {"grant_type": "client_credentials"}
    answer = requests.post(str(district.token_url), data=form, auth=basic, timeout=9)
    assert answer.status_code == 401


def test_the_eleventh_token_ends_the_first() -> None:
    """Of one application ten tokens live; the client that lost its own asks for another."""
    with sandbox.start(people=50, provider="veracross", version="v3") as district:
        clients = [connect(district) for _ in range(11)]
        for client in clients:
            list(client.rows(STUDENTS))
        assert list(clients[0].rows(STUDENTS))
        for client in clients:
            client.close()


def test_a_scope_that_the_school_has_not_opened_is_named() -> None:
    """The doctor names the scope that the sandbox's school keeps closed."""
    opened = [e.scope for e in ENDPOINTS if e.path not in ("/parents", "/households")]
    with (
        sandbox.start(people=50, provider="veracross", version="v3", scopes=opened) as district,
        connect(district, scopes=[*opened, "parents:list"]) as client,
    ):
        (finding,) = client.check_access()
    assert finding.evidence["scope"] == "parents:list"


def test_a_window_that_ends_too_late_is_an_error() -> None:
    """When the window of the rate limit ends beyond the time budget, nothing is returned."""
    clock = StillClock()
    clock.now = time.time()
    with (
        sandbox.start(
            people=50, provider="veracross", version="v3", rate_limit=2, rate_window=600.0
        ) as district,
        connect(district, clock=clock, page_size=10) as client,
        pytest.raises(RateLimitedError),
    ):
        list(client.rows(STUDENTS))


def test_expired_tokens_are_replaced(district: Sandbox) -> None:
    """When every token of the school ends at once, the pull goes on with another."""
    with connect(district) as client:
        client.pull_roster()
        district.expire_tokens()
        assert client.pull_roster().users


def test_readings_of_faults_change_the_truth(district: Sandbox) -> None:
    """What a fault leaves of a record is what is expected, and a record that it takes is not."""
    gone = district.truth.users[0].sourced_id

    def without(kind: Kind, record: object, _: object) -> object:
        is_gone = kind is Kind.user and getattr(record, "sourced_id", None) == gone
        return None if is_gone else record

    read = district.door.truth([without])
    assert read.user(gone) is None
    assert len(read.users) == len(district.truth.users) - 1


def test_the_same_seed_gives_the_same_school() -> None:
    """Two sandboxes of one seed have one truth."""
    options = {"people": 50, "provider": "veracross", "version": "v3"}
    with sandbox.start(**options) as one, sandbox.start(**options) as other:  # type: ignore[arg-type] # options of any type
        assert one.truth == other.truth


@pytest.fixture
def changing() -> Iterator[Sandbox]:
    """Return a running sandbox of its own, to be changed."""
    with sandbox.start(people=60, provider="veracross", version="v3") as running:
        yield running


def test_a_change_is_served_and_true_at_once(changing: Sandbox) -> None:
    """After a change the next pull and the truth have it, dated now."""
    student = next(u for u in changing.district.users if u.roles[0].role is Role.student)
    with connect(changing) as client:
        before = client.pull_roster()
        changing.district.change(Kind.demographics, student.sourced_id, birth_date=None)
        after = client.pull_roster()
    assert _as_sets(after) == _as_sets(changing.truth)
    (changed,) = set(after.users) - set(before.users)
    assert after.demographics_of(changed.sourced_id) not in before.demographics


def test_a_class_without_students_stays(changing: Sandbox) -> None:
    """A class that its last student left is still taught, and nobody is enrolled in it."""
    class_id = changing.district.classes[0].sourced_id
    for enrollment in changing.district.enrollments:
        if enrollment.class_id == class_id and enrollment.role is Role.student:
            changing.district.change(Kind.enrollment, enrollment.sourced_id, status=Status.deleted)
    with connect(changing) as client:
        roster = client.pull_roster()
    class_ = roster.classes[0]
    assert _as_sets(roster) == _as_sets(changing.truth)
    assert {e.role for e in roster.enrollments_of_class(class_.sourced_id)} == {Role.teacher}


@pytest.mark.parametrize("kind", [Kind.enrollment, Kind.user])
def test_a_class_may_lose_its_teacher(changing: Sandbox, kind: Kind) -> None:
    """A class whose primary teacher is gone is served without one, and so are its students."""
    led = next(e for e in changing.district.enrollments if e.is_primary)
    sourced_id = {Kind.enrollment: led.sourced_id, Kind.user: str(led.user_id)}[kind]
    with connect(changing) as client:
        before = client.pull_roster()
        changing.district.change(kind, sourced_id, status=Status.deleted)
        after = client.pull_roster()
    assert _as_sets(after) == _as_sets(changing.truth)
    assert len(after.enrollments) < len(before.enrollments)
    assert {c.sourced_id for c in after.classes} == {c.sourced_id for c in before.classes}
