"""Faults: each shows on the wire, can be switched while the server runs, and is described."""

import re

import pytest
import requests
from tests.sandbox.wire import Wire

from edlink import sandbox
from edlink.errors import ConfigError
from edlink.sandbox import FAULTS, Expects, Fault, Sandbox

#: What a pull asks for, in pages small enough that each collection has several.
PATHS = [
    f"/{name}?limit={limit}&offset={offset}&sort=sourcedId&filter=status%21%3D%27gone%27"
    for name in ("users", "enrollments", "classes", "academicSessions", "orgs", "demographics")
    for limit, offset in ((101, 0), (20, 20), (20, 40), (20, 9000))
] + ["/students?limit=5", "/terms"]

DOORS = [
    ("oneroster", "1.1", "oauth2"),
    ("oneroster", "1.1", "oauth1"),
    ("oneroster", "1.2", "oauth2"),
    ("classlink", "1.1", "bearer"),
]
#: Faults that show in time or in nested lists only; they have tests of their own.
SHOWN_OTHERWISE = {"latency", "slow_body", "nested_missing"}
CASES = [
    pytest.param(fault, doors[0], id=fault.name)
    for fault in FAULTS.values()
    if fault.name not in SHOWN_OTHERWISE
    and (doors := [door for door in DOORS if fault.fits(*door)])
]
#: What may differ between two answers to the same question.
RESTLESS = re.compile(rb"127\.0\.0\.1:\d+|[0-9a-f]{32}|%2Fg[0-9a-f]{8}")


def wire_to(district: Sandbox, door: tuple[str, str, str]) -> Wire:
    _, version, auth = door
    bearer = district.details.get("bearer")
    return Wire(
        district, version=version, bearer=bearer, oauth1="HMAC-SHA256" if auth == "oauth1" else None
    )


def glimpse(district: Sandbox, door: tuple[str, str, str]) -> list[object]:
    """Return everything that a client could see of a short walk through the district."""
    seen: list[object] = []
    if door[2] == "oauth2":
        scope = "https://purl.imsglobal.org/spec/or/v1p1/scope/roster.readonly"
        with requests.Session() as session:
            form = {
                "grant_type": "client_credentials",
                "scope": scope.replace("1p1", f"1p{door[1][2]}"),
            }
            pair = (district.client_id, district.client_secret)
            answer = session.post(str(district.token_url), data=form, auth=pair, timeout=5)
        is_json = answer.headers["Content-Type"].startswith("application/json")
        token = answer.json() if is_json else {}
        seen.append((answer.headers["Content-Type"], [(k, type(v)) for k, v in token.items()]))
        if not is_json:
            return seen
    with wire_to(district, door) as wire:
        seen += [look(wire, path) for path in PATHS]
        if door[0] == "classlink":
            headers = {"Authorization": f"Bearer {district.api_key}"}
            url = f"{district.url}/applications?limit=50"
            seen.append(
                RESTLESS.sub(b"", wire.session.get(url, headers=headers, timeout=5).content)
            )
    return seen


def look(wire: Wire, path: str) -> object:
    try:
        answer = wire.get(path)
    except requests.RequestException as error:
        return type(error).__name__
    headers = {
        name: RESTLESS.sub(b"", value.encode())
        for name, value in answer.headers.items()
        if name.lower() not in {"date", "content-length", "server"}
    }
    return answer.status_code, headers, RESTLESS.sub(b"", answer.content)


@pytest.fixture(scope="module")
def calm() -> dict[tuple[str, str, str], list[object]]:
    found = {}
    for door in DOORS:
        provider, version, auth = door
        with sandbox.start(people=120, provider=provider, version=version, auth=auth) as district:
            found[door] = glimpse(district, door)
    return found


@pytest.mark.parametrize(("fault", "door"), CASES)
def test_a_fault_shows(
    fault: Fault,
    door: tuple[str, str, str],
    calm: dict[tuple[str, str, str], list[object]],
) -> None:
    """With a fault on, a client sees something else than without; and the server survives it."""
    provider, version, auth = door
    with sandbox.start(
        people=120, provider=provider, version=version, auth=auth, faults=[fault.name]
    ) as district:
        assert glimpse(district, door) != calm[door]
        district.faults.clear()
        if auth == "oauth2":
            assert glimpse(district, door) == calm[door]


def test_delays_are_waited() -> None:
    """The delays that are asked for are at least kept."""
    faults = ["latency", "slow_body"]
    with sandbox.start(people=50, latency=0.03, faults=faults) as district, Wire(district) as wire:
        elapsed = wire.get("/orgs").elapsed.total_seconds()
    assert elapsed >= 0.08


def test_nested_lists_can_be_missing() -> None:
    """With nested_missing a class's students are 404 while the class is there."""
    with sandbox.start(people=50, faults=["nested_missing"]) as district, Wire(district) as wire:
        term = wire.rows("/terms")[0]["sourcedId"]
        codes = [wire.get(f"/terms/{term}{rest}").status_code for rest in ("", "/classes")]
    assert codes == [200, 404]


def test_a_fault_that_happens_once_happens_once_each_time_it_is_added() -> None:
    """Adding a fault again makes it forget that it happened."""
    with sandbox.start(people=50) as district, Wire(district) as wire:
        codes = []
        for _ in range(2):
            district.faults.add("error_500_once")
            codes += [wire.get("/orgs").status_code for _ in range(2)]
        names = list(district.faults)
    assert codes == [500, 200, 500, 200]
    assert names == ["error_500_once"]


def test_a_fault_of_another_door_is_refused() -> None:
    """A fault that only ClassLink can have is a ConfigError elsewhere."""
    with sandbox.start(people=50) as district:
        with pytest.raises(ConfigError) as caught:
            district.faults.add("permissions_change")
        assert "permissions_change" not in district.faults
    assert caught.value.code == "EDL-CONF-043"


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_described_in_one_sentence(fault: Fault) -> None:
    """Each fault has a name, one sentence, an expectation, and at least one way to act."""
    assert re.fullmatch(r"[a-z0-9_]+", fault.name)
    assert fault.summary.endswith(".")
    assert not re.search(r"\. [A-Z]", fault.summary)
    assert fault.meet or fault.turn or fault.spoil or fault.send
    assert not (fault.reads and fault.expects is Expects.error)


def test_there_are_more_than_thirty_faults_and_all_expectations_occur() -> None:
    """The table is as large as promised."""
    assert len(FAULTS) > 30
    assert {fault.expects for fault in FAULTS.values()} == set(Expects)
