import threading

import attrs
import pytest
from tests.clever.conftest import FAST
from tests.clever.replay import TOKEN, Clever, Rows, StillClock, serve
from tests.clever.rows import fold, small

from edlink import Kind, Role, Roster, Scope
from edlink.clever import CleverClient, GuardianRule
from edlink.clever.mark import Mark
from edlink.errors import AuthError, ConfigError
from edlink.vocabulary import CoverageState


@pytest.fixture
def roster(client: CleverClient) -> Roster:
    return client.pull_roster()


def test_the_whole_district_arrives(roster: Roster) -> None:
    """Each collection of the small district is in the roster."""
    assert roster.counts() == {
        "orgs": 3,
        "academic_sessions": 2,
        "courses": 1,
        "classes": 2,
        "users": 8,
        "enrollments": 6,
        "relationships": 3,
        "demographics": 3,
    }
    assert str(roster.source) == "clever:d1"
    mark = Mark.from_text(roster.revision)
    assert mark is not None
    assert mark.event == ""
    assert {"sections", "users:contact"} <= mark.shared


def test_a_person_in_two_roles_is_one_user(roster: Roster) -> None:
    """Who is teacher and staff is listed twice by Clever and is in the roster once."""
    assert [u.sourced_id for u in roster.users_with_role(Role.staff)] == ["u05"]
    assert len({u.sourced_id for u in roster.users}) == len(roster.users)


def test_unreadable_fields_are_issues(roster: Roster) -> None:
    """A contact's row without a student and a birth date that is none are named."""
    assert sorted((i.sourced_id, i.fields, i.set_aside) for i in roster.issues) == [
        ("u02", ("dob",), False),
        ("u09", ("student_relationships.student",), False),
    ]


@pytest.mark.parametrize("version", ["2.0", "2.1", "3.0", "3.1"])
def test_pages_of_any_size_make_the_same_roster(version: str) -> None:
    """One row a page or all in one, the district is the same."""
    rows = small()
    rows = rows if version.startswith("3") else fold(_foldable(rows))
    rosters = []
    for limit in (1, 10_000):
        with (
            serve(Clever(rows, version=version, limit=limit)) as clever,
            CleverClient(
                TOKEN, version=version, base_url=clever.base_url, settings=FAST, clock=StillClock()
            ) as client,
        ):
            rosters.append(client.pull_roster())

    assert rosters[0] == attrs.evolve(rosters[1], pulled_at=rosters[0].pulled_at)


def _foldable(rows: Rows) -> Rows:
    """Return the rows as version 2 can say them: one role a person, ids in every list."""
    for user in rows["users"]:
        roles = {word: role for word, role in user["roles"].items() if role is not None}
        user["roles"] = dict(list(roles.items())[:1])
    for section in rows["sections"]:
        section["students"] = [i for i in section["students"] if i]
    return rows


def test_rows_that_can_be_read_are_no_warning(roster: Roster) -> None:
    """A field that cannot be read costs only itself."""
    assert roster.issues
    assert "EDL-WARN-605" not in {w.code for w in roster.warnings}


def test_members_who_are_not_shared_are_issues(clever: Clever, client: CleverClient) -> None:
    """A member who did not come is kept in the enrollment and reported."""
    clever.rows["sections"][0]["students"].append("u77")
    roster = client.pull_roster()

    assert [e.sourced_id for e in roster.enrollments_of_user("u77")] == ["x1:u77:student"]
    assert "x1:u77:student" in {i.sourced_id for i in roster.issues}


def test_a_scope_leaves_schools_out(client: CleverClient) -> None:
    """Without a school go its classes, its people, and the contacts of its students alone."""
    roster = client.pull_roster(Scope(exclude_orgs={"s2"}))

    assert [c.sourced_id for c in roster.classes] == ["x1"]
    assert {u.sourced_id for u in roster.users} == {"u01", "u02", "u05", "u06", "u07", "u08"}
    assert roster.coverage.state(Kind.class_, "s2") is CoverageState.excluded


def test_a_scope_leaves_kinds_out(clever: Clever, client: CleverClient) -> None:
    """What no wanted kind needs is not asked for."""
    kinds = {Kind.class_, Kind.enrollment, Kind.demographics}
    roster = client.pull_roster(Scope(exclude_kinds=kinds))

    assert "/sections" not in clever.paths()
    assert (roster.demographics, roster.classes) == ((), ())
    assert len(roster.users) == 8
    assert roster.coverage.state(Kind.demographics) is CoverageState.excluded


@pytest.mark.parametrize(("state", "count"), [("paused", 1), ("error", 1), ("success", 0)])
def test_a_district_in_trouble_is_said(
    clever: Clever, client: CleverClient, state: str, count: int
) -> None:
    """A paused or broken sync is a warning on the roster."""
    clever.rows["districts"][0]["state"] = state

    assert [w.code for w in client.pull_roster().warnings].count("EDL-WARN-602") == count


def test_progress_is_told_by_chain(client: CleverClient) -> None:
    """Each chain tells its rows and Clever's count, never two at a time."""
    told: list[tuple[str, int, int | None]] = []
    inside = threading.Lock()

    def progress(name: str, rows: int, expected: int | None) -> None:
        assert inside.acquire(blocking=False)
        told.append((name, rows, expected))
        inside.release()

    client.pull_roster(progress=progress)

    assert ("users:student", 3, 3) in told
    assert ("sections", 2, 2) in told


def test_a_token_of_another_district_is_refused(clever: Clever) -> None:
    """A token that opens another district than the one named ends before any data."""
    with (
        CleverClient(TOKEN, base_url=clever.base_url, district_id="d2", settings=FAST) as client,
        pytest.raises(AuthError, match="EDL-CLEVER-004"),
    ):
        client.pull_roster()

    assert set(clever.paths()) == {"/events", "/districts"}


@pytest.mark.parametrize("districts", [[], [{"id": "d1"}, {"id": "d2"}]])
def test_a_token_opens_exactly_one_district(
    clever: Clever, client: CleverClient, districts: list[dict[str, str]]
) -> None:
    """None or several districts are no district's token."""
    clever.rows["districts"] = districts
    with pytest.raises(AuthError, match="EDL-CLEVER-004"):
        client.pull_roster()


def test_a_refused_token_is_an_auth_error(clever: Clever) -> None:
    """A wrong token ends in AuthError, without the token."""
    with (
        CleverClient("wrong-sentinel", base_url=clever.base_url, settings=FAST) as client,
        pytest.raises(AuthError) as caught,
    ):
        client.pull_roster()

    assert "wrong-sentinel" not in repr((caught.value, client))


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"version": "3.2"}, "EDL-CONF-060"),
        ({"page_size": 0}, "EDL-CONF-063"),
        ({"page_size": 10_001}, "EDL-CONF-063"),
        ({"district_token": None}, "EDL-CONF-064"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], code: str) -> None:
    """What Clever would refuse is refused before any network."""
    with pytest.raises(ConfigError, match=code):
        CleverClient(**{"district_token": TOKEN, **settings})  # type: ignore[arg-type]


def test_a_client_speaks_to_clever_by_default() -> None:
    """Without settings the client speaks 3.1, and shows nothing of its token."""
    with CleverClient("token-sentinel", district_id="d1") as client:
        assert client.version == "3.1"
        assert str(client.source) == "clever:d1"
        assert "sentinel" not in repr(client)


def test_a_guardian_rule_is_a_setting(clever: Clever) -> None:
    """A host that accepts Family has more guardians."""
    rule = GuardianRule(accepted_types={"Family", "Parent/Guardian"})
    with CleverClient(TOKEN, base_url=clever.base_url, guardians=rule, settings=FAST) as client:
        roster = client.pull_roster()

    assert len(roster.users_with_role(Role.guardian)) == 2
