"""The sandbox's answers and our requests, held to the vendors' own specifications by Prism."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.contract.compare import differences
from tests.contract.doors import SkippingClock
from tests.peers.prism import clever_specification, prism, veracross_specification

from edlink import Roster, SyncState, sandbox
from edlink._http import HttpSettings
from edlink.clever import CleverClient
from edlink.errors import ConfigError, NotFoundError, UnavailableError
from edlink.report import Finding
from edlink.sandbox import Sandbox
from edlink.sandbox.veracross.door import SINGLE
from edlink.veracross import MemoryTokenStore, VeracrossClient
from edlink.vocabulary import Kind, Role, Severity, Status

pytestmark = pytest.mark.peer("prism")

#: A violation is answered with an error, so one attempt is enough to see it.
SETTINGS = HttpSettings(rate=0, attempts=1)
PAGE_SIZE = 40

ROLES = (Role.student, Role.teacher, Role.guardian)


def no_errors(findings: Iterable[Finding]) -> bool:
    """Return whether the doctor found nothing that must be mended."""
    return not [f for f in findings if f.severity is Severity.error]


def change_something(district: Sandbox) -> None:
    """Let a student have another name, a membership end, and a course another title."""
    known = district.district
    student = next(u for u in known.users if u.roles[0].role is Role.student)
    known.change(Kind.user, student.sourced_id, family_name="Quimby")
    known.change(Kind.enrollment, known.enrollments[0].sourced_id, status=Status.deleted)
    known.change(Kind.course, known.courses[0].sourced_id, title="Renamed")


def single_looks(client: CleverClient, roster: Roster) -> Iterator[Callable[[], Any]]:
    """Yield a call of everything that a client offers besides whole pulls."""
    class_ = next(c for c in roster.classes if c.course_id and c.session_ids)
    course_id, session_id = str(class_.course_id), class_.session_ids[0]
    school_id, class_id = str(class_.org_id), class_.sourced_id
    yield from (client.district, client.schools, client.academic_sessions, client.courses)
    yield from (client.classes, client.enrollments, client.demographics, client.relationships)
    for sourced_id, calls in (
        (school_id, (client.school, client.classes_of_school, client.courses_of_school)),
        (school_id, (client.academic_sessions_of_school,)),
        (class_id, (client.class_, client.enrollments_of_class, client.school_of_class)),
        (class_id, (client.course_of_class, client.academic_session_of_class)),
        (course_id, (client.course, client.classes_of_course, client.schools_of_course)),
        (session_id, (client.academic_session, client.classes_of_academic_session)),
        (session_id, (client.schools_of_academic_session,)),
    ):
        for call in calls:
            yield partial(call, sourced_id)
    for role in ROLES:
        user_id = next(u.sourced_id for u in roster.users if u.roles[0].role is role)
        yield partial(client.users, role)
        yield partial(client.users_of_school, school_id, role)
        yield partial(client.users_of_class, class_id, role)
        for of_user in (client.user, client.schools_of_user, client.classes_of_user):
            yield partial(of_user, user_id, role)
        yield partial(client.students_of_user, user_id, role)
        if role is Role.student:
            yield partial(client.contacts_of_user, user_id)
            yield partial(client.teachers_of_user, user_id)


def look(call: Callable[[], Any]) -> bool:
    """Return whether a version has what a call asks for, having taken some of it."""
    try:
        found = call()
        if isinstance(found, Iterator):
            list(islice(found, PAGE_SIZE + 1))
    except (ConfigError, NotFoundError):
        return False
    return True


@pytest.mark.parametrize(("version", "looks"), [("2.0", 34), ("2.1", 34), ("3.0", 39), ("3.1", 39)])
def test_clever_exchanges_keep_to_clever_s_specification(
    version: str, looks: int, tmp_path: Path
) -> None:
    """A pull, its changes, the doctor and every single look meet no violation, either way."""
    with (
        sandbox.start(200, "clever", version) as district,
        prism(clever_specification(version), district.base_url, tmp_path) as proxy,
        CleverClient(
            district.api_key,
            version=version,
            base_url=proxy.address,
            settings=SETTINGS,
            page_size=PAGE_SIZE,
            clock=SkippingClock(),
        ) as client,
    ):
        roster = client.pull_roster()
        assert not differences(roster, district.truth)
        assert no_errors(client.check_access())
        change_something(district)
        assert client.pull_changes(SyncState.after(roster)).changed
        assert sum(map(look, single_looks(client, roster))) == looks
        assert proxy.exchanges == district.requests.count > 70
        assert proxy.violations == []


@contextmanager
def veracross(district: Sandbox, address: str) -> Iterator[VeracrossClient]:
    """Yield a client whose data come by way of an address."""
    with VeracrossClient(
        district.details["school_route"],
        client_id=district.client_id,
        client_secret=district.client_secret,
        scopes=district.details["scopes"].split(),
        base_url=address,
        accounts_url=district.details["accounts_url"],
        token_store=MemoryTokenStore(),
        settings=SETTINGS,
        page_size=PAGE_SIZE,
        clock=SkippingClock(),
    ) as client:
        yield client


def token_of(district: Sandbox) -> str:
    """Return a token that opens every list."""
    form = {
        "grant_type": "client_credentials",
        "client_id": district.client_id,
        "client_secret": district.client_secret,
        "scope": district.details["scopes"],
    }
    answer = requests.post(str(district.token_url), data=form, timeout=9)
    return str(answer.json()["access_token"])


def test_veracross_exchanges_keep_to_its_specification(tmp_path: Path) -> None:
    """A pull, its changes and the doctor's looks meet no violation either."""
    with (
        sandbox.start(200, "veracross", "v3") as district,
        prism(veracross_specification(), district.base_url, tmp_path) as proxy,
        veracross(district, proxy.address) as client,
    ):
        roster = client.pull_roster()
        assert not differences(roster, district.truth)
        assert no_errors(client.check_access())
        assert client.pull_changes(SyncState.after(roster)).changed
        tokens = sum(seen.endpoint == "/token" for seen in district.requests.list())
        assert proxy.exchanges == district.requests.count - tokens > 70
        assert proxy.violations == []


def test_veracross_records_read_alone_keep_to_its_specification(tmp_path: Path) -> None:
    """One record of every list, read by its id, is valid as well."""
    with (
        sandbox.start(60, "veracross", "v3") as district,
        prism(veracross_specification(), district.base_url, tmp_path) as proxy,
    ):
        headers = {"Authorization": f"Bearer {token_of(district)}"}
        for path in SINGLE:
            listed = requests.get(proxy.address + path, headers=headers, timeout=9).json()["data"]
            address = f"{proxy.address}{path}/{listed[0]['id']}"
            assert requests.get(address, headers=headers, timeout=9).ok
        assert proxy.exchanges == 2 * len(SINGLE)
        assert proxy.violations == []


def test_a_violation_does_not_go_unseen(tmp_path: Path) -> None:
    """Nulls, which the specification forbids and live servers send, are violations."""
    with (
        sandbox.start(60, "veracross", "v3", faults=["veracross_nulls"]) as district,
        prism(veracross_specification(), district.base_url, tmp_path) as proxy,
        veracross(district, proxy.address) as client,
        pytest.raises(UnavailableError),
    ):
        client.pull_roster()
    assert proxy.violations
