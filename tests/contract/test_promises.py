"""What every roster source promises, whichever provider it speaks to."""

import logging
import re
import threading
import traceback
from typing import Any

import attrs
import pytest
import requests
from tests.contract.compare import differences
from tests.contract.doors import SOURCES, Door

from edlink import CoverageState, Kind, Roster, RosterSource, Scope
from edlink._http import ExactAdapter
from edlink.errors import EdlinkError
from edlink.references import REFERENCES

each_door = pytest.mark.parametrize("door", SOURCES, ids=str)


class Wire(ExactAdapter):
    """Moves bytes as always, notes each address, and never answers for one of them."""

    def __init__(self, broken: str | None = None) -> None:
        super().__init__()
        self.broken = broken
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def send(
        self,
        request: requests.PreparedRequest,
        *args: Any,  # noqa: ANN401 - requests' own
        **options: Any,  # noqa: ANN401 - requests' own
    ) -> requests.Response:
        """Return the answer, or lose the connection for the broken address."""
        address = _key(request)
        with self._lock:
            self.asked.append(address)
        if address == self.broken:
            raise requests.ConnectionError
        return super().send(request, *args, **options)


#: ClassLink's application id, which is another with each sandbox.
_APPLICATION = re.compile(r"^%2F\w+%43%3D/")


def _key(request: requests.PreparedRequest) -> str:
    """Return an address with the headers that page, without the host."""
    url = _APPLICATION.sub("", (request.url or "").split("//", 1)[1].partition("/")[2])
    page = request.headers.get("X-Page-Number", "")
    return f"{request.method} {url} {page}"


@each_door
def test_a_whole_pull_equals_the_truth(door: Door) -> None:
    """Every record that this provider can say is there, and is right."""
    with door.open() as (district, client):
        assert not differences(client.pull_roster(), district.truth)


@each_door
def test_a_source_is_what_the_protocol_says(door: Door) -> None:
    """A host can switch provider by changing one constructor."""
    with door.open(people=60) as (district, client):
        assert isinstance(client, RosterSource)
        assert client.source == district.truth.source


@each_door
def test_two_pulls_of_one_district_are_equal_but_for_their_time(door: Door) -> None:
    """The threads' timing changes nothing, not even the order of the records."""
    with door.open() as (_, client):
        first, second = client.pull_roster(), client.pull_roster()
    assert attrs.evolve(first, pulled_at=second.pulled_at) == second


@each_door
def test_a_failure_at_any_page_raises_and_returns_nothing(door: Door) -> None:
    """Whichever page never comes, the pull is an error; none passes for a shorter roster."""
    healthy = Wire()
    with door.open(adapter=healthy) as (_, client):
        client.pull_roster()
    # Tokens have an error of their own; every other address is one page of the roster.
    pages = sorted({a for a in healthy.asked if a.startswith("GET")})
    for page in pages[:: max(1, len(pages) // 12)]:
        with door.open(adapter=Wire(broken=page)) as (_, client), pytest.raises(EdlinkError):
            client.pull_roster()


@each_door
def test_every_reference_resolves_or_is_an_issue(door: Door) -> None:
    """No id leads nowhere in silence."""
    with door.open() as (_, client):
        roster = client.pull_roster()
    told = {(i.kind, i.sourced_id, field) for i in roster.issues for field in i.fields}
    for kind, field, target in REFERENCES:
        for record in roster.records(kind):
            value = getattr(record, field)
            for sourced_id in value if isinstance(value, tuple) else [value]:
                known = sourced_id is None or roster.get(target, sourced_id) is not None
                assert known or (kind, record.sourced_id, field) in told


@each_door
def test_coverage_names_every_kind(door: Door) -> None:
    """There is no kind of record of which nothing is said."""
    with door.open(people=60) as (_, client):
        coverage = client.pull_roster().coverage
    assert {kind for kind in Kind if coverage.entry(kind) is not None} == set(Kind)


@each_door
def test_a_kind_that_is_left_out_is_excluded_not_gone(door: Door) -> None:
    """Demographics that were not asked for are no reason to delete birth dates."""
    with door.open(people=60) as (_, client):
        roster = client.pull_roster(Scope(exclude_kinds={Kind.demographics}))
    assert not roster.demographics
    assert roster.coverage.state(Kind.demographics) is CoverageState.excluded


@each_door
def test_a_school_that_is_left_out_is_excluded_not_gone(door: Door) -> None:
    """Its classes are not in the roster, and coverage says why."""
    with door.open() as (district, client):
        school = next(c.org_id for c in district.truth.classes if c.org_id)
        roster = client.pull_roster(Scope(exclude_orgs={school}))
    assert roster.classes_of_org(school) == ()
    assert roster.coverage.state(Kind.class_, school) is CoverageState.excluded
    assert roster.coverage.state(Kind.class_) is CoverageState.complete


@each_door
def test_progress_ends_at_what_came(door: Door) -> None:
    """The callback hears of rows as they come, and of no fewer than there are classes."""
    seen: dict[str, int] = {}
    with door.open() as (_, client):
        roster = client.pull_roster(progress=lambda name, rows, _: seen.update({name: rows}))
    assert sum(seen.values()) >= len(roster.classes)


@each_door
def test_no_person_and_no_secret_is_printed(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """Logs, reprs, summaries, findings and errors hold neither, healthy or broken."""
    caplog.set_level(logging.DEBUG)
    printed: list[str] = []
    broken = Wire()
    with door.open(people=60, adapter=broken) as (district, client):
        roster = client.pull_roster()
        printed += [repr(roster), str(roster.summary()), roster._repr_html_(), repr(client)]
        printed += [repr(roster.issues), repr(roster.warnings), repr(roster.tombstones)]
        printed += [str(finding) for finding in client.check_access()]
        printed += [repr(record) for kind in Kind for record in roster.records(kind)]
        broken.broken = next((a for a in reversed(broken.asked) if a.startswith("GET")), None)
        try:
            client.pull_roster()
        except EdlinkError as error:
            printed += ["".join(traceback.format_exception(error))]
        secrets = {district.client_secret, district.secret, district.api_key}
    printed += [record.getMessage() for record in caplog.records]
    text = "\n".join(printed)
    assert not [word for word in _people(roster) if word in text]
    assert not [secret for secret in secrets if secret and secret in text]


def _people(roster: Roster) -> set[str]:
    """Return the words that give a person away: addresses, names with both parts, birth dates."""
    words = {user.email for user in roster.users if user.email}
    words |= {f"{user.given_name} {user.family_name}" for user in roster.users}
    words |= {user.username for user in roster.users if user.username}
    return words | {str(d.birth_date) for d in roster.demographics if d.birth_date}
