from collections.abc import Iterator
from typing import Any

import pytest
import requests

from edlink import Roster, sandbox
from edlink._http.transport import HttpSettings
from edlink.entra import Directory, EntraClient
from edlink.entra.endpoints import CLASSES, SCHOOLS, USERS, Endpoint
from edlink.errors import AuthError, FullPullRequired
from edlink.sandbox import Sandbox
from edlink.state import SyncState
from edlink.vocabulary import Kind, Role

FAST = HttpSettings(rate=0, attempts=2, backoff=0)


def _client(district: Sandbox, **options: Any) -> EntraClient:  # noqa: ANN401 - any option
    given = {
        "credential": district.client_secret,
        "authority": district.details["authority"],
        "graph_url": district.base_url,
        "allow_test_hosts": True,
        "settings": FAST,
        **options,
    }
    return EntraClient(district.details["tenant_id"], district.client_id, **given)


@pytest.fixture(scope="module", params=[7, 100])
def district(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Return a running sandbox with small and with usual pages."""
    options = {"page_size": request.param}
    with sandbox.start(people=330, provider="entra", version="v1.0", **options) as running:
        yield running


def _as_sets(roster: Roster) -> dict[Kind, set[object]]:
    return {kind: set(roster.records(kind)) for kind in Kind}


def test_a_whole_pull_is_the_truth(district: Sandbox) -> None:
    """The pull is what Graph can say of the district, whatever the size of a page."""
    with _client(district) as client:
        roster = client.pull_roster()
    assert _as_sets(roster) == _as_sets(district.truth)
    assert (roster.issues, roster.warnings) == ((), ())
    assert all(roster.coverage.is_complete(kind) for kind in Kind)


def test_a_directory_has_the_same_people_and_classes(district: Sandbox) -> None:
    """Read as a plain directory the tenant has the same accounts and members of classes."""
    details = district.details
    rules = Directory(
        student_groups={details["students_group"]},
        teacher_groups={details["teachers_group"]},
        staff_groups={details["staff_group"]},
        class_prefix="section_",
    )
    with _client(district, directory=rules) as client:
        roster = client.pull_roster()
    truth = district.truth
    accounts = {u.sourced_id for u in truth.users if u.enabled or u.username}
    assert {u.sourced_id for u in roster.users} == accounts
    assert {(e.user_id, e.class_id) for e in roster.enrollments} == {
        (e.user_id, e.class_id) for e in truth.enrollments
    }


def test_changes_after_a_pull_are_the_truth() -> None:
    """What changed since a pull is read again, and what went is a tombstone."""
    with sandbox.start(people=50, provider="entra", version="v1.0") as district:
        one, other = [u.sourced_id for u in district.truth.users_with_role(Role.student)[:2]]
        with _client(district, track_changes=True) as client:
            state = SyncState.after(client.pull_roster())
            district.door.change("users", one)  # type: ignore[attr-defined] # this door's own
            district.door.change("users", other, removed="deleted")  # type: ignore[attr-defined] # this door's own
            changes = client.pull_changes(state)
        assert district.truth.user(one) in changes.changed
        assert [tombstone.sourced_id for tombstone in changes.tombstones] == [other]


def test_a_permission_without_consent_withholds() -> None:
    """An app without the permission is refused, and the doctor names it."""
    roles = ["User.Read.All"]
    with (
        sandbox.start(people=50, provider="entra", version="v1.0", roles=roles) as closed,
        _client(closed) as client,
    ):
        with pytest.raises(AuthError):
            client.pull_roster()
        assert "EDL-CHECK-805" in {finding.code for finding in client.check_access()}


@pytest.mark.parametrize("endpoint", [SCHOOLS, CLASSES, USERS])
def test_what_is_selected_exists(district: Sandbox, endpoint: Endpoint[Any]) -> None:
    """Every field that is asked for is one the sandbox has."""
    form = {
        "grant_type": "client_credentials",
        "client_id": district.client_id,
        "client_secret": district.client_secret,
    }
    token = requests.post(str(district.token_url), data=form, timeout=9).json()["access_token"]
    answer = requests.get(
        district.base_url + endpoint.path,
        params=dict(endpoint.params),
        headers={"Authorization": f"Bearer {token}"},
        timeout=9,
    )
    row = answer.json()["value"][0]
    assert set(endpoint.select.split(",")) <= set(row)


def test_an_expired_mark_needs_a_full_pull() -> None:
    """A mark that the sandbox does not know is answered with 410."""
    with (
        sandbox.start(people=50, provider="entra", version="v1.0") as district,
        _client(district, track_changes=True) as client,
    ):
        state = SyncState.after(client.pull_roster())
        old = str(state.revision).replace("deltatoken=0", "deltatoken=old")
        with pytest.raises(FullPullRequired, match="EDL-ENTRA-005"):
            client.pull_changes(SyncState(source=state.source, revision=old, cursors=state.cursors))
