from collections.abc import Iterable
from contextlib import nullcontext

import attrs
import pytest
from tests.clever.conftest import FAST
from tests.clever.replay import TOKEN, Answer, Clever, Row

from edlink import Kind, Scope, SyncState
from edlink.clever import CleverClient
from edlink.clever.mark import Mark
from edlink.clever.versions import ROLE_SCOPES
from edlink.coverage import Source
from edlink.errors import ConfigError, FullPullRequired
from edlink.model import Record
from edlink.vocabulary import CoverageState

SOURCE = Source("clever", "d1")


def event(number: int, name: str = "New") -> Row:
    value = {"id": "c1", "district": "d1", "name": name}
    return {"id": f"e{number:02}", "type": "courses.updated", "data": {"object": value}}


def place(state: SyncState) -> str | None:
    """Return the newest event that a state stands behind."""
    mark = Mark.from_text(state.revision)
    return None if mark is None else mark.event


def gone(number: int, row: Row) -> Row:
    return {"id": f"e{number:02}", "type": "users.deleted", "data": {"object": row}}


def contacts(clever: Clever) -> list[Row]:
    return [row for row in clever.rows["users"] if (row.get("roles") or {}).get("contact")]


@pytest.fixture
def state(client: CleverClient) -> SyncState:
    return SyncState.after(client.pull_roster())


def test_changes_after_a_pull_are_read(
    clever: Clever, client: CleverClient, state: SyncState
) -> None:
    """Events after the pull are changes, and the new state stands behind them."""
    clever.rows["events"] = [event(1)]
    changes = client.pull_changes(state)

    assert [record.sourced_id for record in changes.changed] == ["c1"]
    assert place(changes.state) == "e01"
    assert changes.shows_removals is True
    assert client.pull_changes(changes.state).changed == ()


def test_the_newest_event_is_read_before_the_pull(clever: Clever, client: CleverClient) -> None:
    """An event that comes during a pull is read again after it."""
    clever.rows["events"] = [event(1)]

    def happens(asked: object, answer: Answer) -> Answer:
        del asked
        clever.rows["events"] = [event(1), event(2)]
        return answer

    clever.fault = lambda asked, answer: (
        happens(asked, answer) if asked.path == "/sections" else answer
    )
    state = SyncState.after(client.pull_roster())

    assert place(state) == "e01"
    assert place(client.pull_changes(state).state) == "e02"


def test_events_are_read_page_by_page(
    clever: Clever, client: CleverClient, state: SyncState
) -> None:
    """A long feed is read to its end."""
    clever.rows["events"] = [event(n, f"Name {n}") for n in range(1, 8)]
    clever.limit = 3
    changes = client.pull_changes(state)

    assert [getattr(record, "title", None) for record in changes.changed] == ["Name 7"]
    assert clever.paths().count("/events") == 4


def test_a_place_that_aged_out_asks_for_a_full_pull(
    clever: Clever, client: CleverClient, state: SyncState
) -> None:
    """An event that Clever no longer keeps leaves a gap that only a full pull closes."""
    clever.rows["events"] = [event(1)]
    behind = client.pull_changes(state).state
    clever.rows["events"] = [event(9)]
    with pytest.raises(FullPullRequired, match="EDL-CLEVER-003"):
        client.pull_changes(behind)


def test_a_state_that_was_reset_asks_for_a_full_pull(
    client: CleverClient, state: SyncState
) -> None:
    """Without last-sync marks the next pull is a full one."""
    with pytest.raises(FullPullRequired, match="EDL-CLEVER-003"):
        client.pull_changes(state.reset())


def test_a_feed_that_was_always_empty_is_said(client: CleverClient, state: SyncState) -> None:
    """No event at all may mean that events are switched off."""
    changes = client.pull_changes(state)

    assert changes.changed == ()
    assert [warning.code for warning in changes.warnings] == ["EDL-WARN-604"]


@pytest.mark.parametrize("last_sync", ["2026-12-24T03:00:00.000Z", "some day", None])
def test_an_empty_feed_proves_nothing_after_a_month(
    clever: Clever, client: CleverClient, state: SyncState, last_sync: str | None
) -> None:
    """When more time has passed than events are kept, or nobody knows, events may be lost."""
    clever.rows["districts"][0]["last_sync"] = last_sync
    with pytest.raises(FullPullRequired, match="EDL-CLEVER-003"):
        client.pull_changes(state)


def test_events_that_are_withheld_leave_a_state_without_a_place(
    clever: Clever, client: CleverClient
) -> None:
    """Where the feed is refused, a pull is whole and its state knows no place."""
    clever.fault = lambda asked, answer: Answer.json({}, 403) if asked.path == "/events" else answer

    assert client.pull_roster().revision is None


def test_an_event_that_cannot_be_read_asks_for_a_full_pull_next(
    clever: Clever, client: CleverClient, state: SyncState
) -> None:
    """The changes that were read are handed over, and the state says that some are lost."""
    clever.rows["events"] = [event(1), {"id": "e02", "type": "courses.updated", "data": {}}]
    changes = client.pull_changes(state)

    assert len(changes.changed) == 1
    assert changes.coverage.state(Kind.course) is CoverageState.failed
    assert [warning.code for warning in changes.warnings] == ["EDL-WARN-603"]
    with pytest.raises(FullPullRequired, match="EDL-CLEVER-003"):
        client.pull_changes(changes.state)


def test_changes_do_not_say_that_the_rest_is_gone(
    clever: Clever, client: CleverClient, state: SyncState
) -> None:
    """What no event names is not absent."""
    clever.rows["events"] = [event(1)]
    changes = client.pull_changes(state)

    assert not any(changes.coverage.is_complete(kind) for kind in Kind)


def test_another_sources_state_is_refused(client: CleverClient) -> None:
    """A state of another district would replay another feed."""
    with pytest.raises(ConfigError, match="EDL-CONF-103"):
        client.pull_changes(SyncState(source=Source("clever", "d9"), revision="e1"))


def test_a_state_survives_being_kept(clever: Clever, state: SyncState) -> None:
    """A state written as JSON and read again goes on from the same place."""
    clever.rows["events"] = [event(1)]
    with CleverClient(TOKEN, base_url=clever.base_url, settings=FAST) as other:
        changes = other.pull_changes(SyncState.from_dict(state.to_dict()))

    assert place(changes.state) == "e01"


@pytest.mark.parametrize("refusal", [None, 403])
def test_contacts_that_are_no_longer_shared_are_not_gone(
    clever: Clever, client: CleverClient, state: SyncState, refusal: int | None
) -> None:
    """Clever tells each as deleted; that none is left says that they are withheld."""
    clever.rows["events"] = [gone(n, row) for n, row in enumerate(contacts(clever), 1)]
    kept = [row for row in clever.rows["users"] if row not in contacts(clever)]
    clever.rows["users"] = kept
    if refusal is not None:
        clever.fault = lambda asked, answer: (
            Answer.json({}, refusal) if asked.params.get("role") == "contact" else answer
        )
    with pytest.raises(FullPullRequired, match="EDL-CLEVER-003"):
        client.pull_changes(state)


def test_the_last_contact_is_gone_where_none_are_expected(clever: Clever, state: SyncState) -> None:
    """A host that says that there may be none believes the events that tell them deleted."""
    left = contacts(clever)
    clever.rows["events"] = [gone(n, row) for n, row in enumerate(left, 1)]
    clever.rows["users"] = [row for row in clever.rows["users"] if row not in left]
    with CleverClient(
        TOKEN, base_url=clever.base_url, settings=FAST, expects_contacts=False
    ) as believing:
        changes = believing.pull_changes(state)

    assert {row["id"] for row in left} <= {t.sourced_id for t in changes.tombstones}


def test_one_contact_of_several_who_left_is_gone(
    clever: Clever, client: CleverClient, state: SyncState
) -> None:
    """As long as others are there, a deletion is one."""
    left = contacts(clever)[0]
    clever.rows["events"] = [gone(1, left)]
    clever.rows["users"] = [row for row in clever.rows["users"] if row is not left]

    assert left["id"] in {t.sourced_id for t in client.pull_changes(state).tombstones}


def test_a_scope_lost_since_the_pull_asks_for_a_full_pull(clever: Clever, state: SyncState) -> None:
    """What the token no longer opens is withheld, and no event says so."""
    scopes = set(ROLE_SCOPES.values()) - {"read:student_contacts"} | {"read:sections"}
    with (
        CleverClient(
            TOKEN,
            base_url=clever.base_url,
            scopes={*scopes, "read:schools"},
            settings=FAST,
        ) as poorer,
        pytest.raises(FullPullRequired, match="EDL-CLEVER-003"),
    ):
        poorer.pull_changes(state)


def test_contacts_that_were_never_shared_ask_for_nothing(
    clever: Clever, client: CleverClient
) -> None:
    """What a pull did not see cannot be lost after it."""
    clever.fault = lambda asked, answer: (
        Answer.json({}, 403) if asked.params.get("role") == "contact" else answer
    )
    state = SyncState.after(client.pull_roster())
    student = clever.rows["users"].pop(0)
    clever.rows["events"] = [gone(1, student)]

    assert student["id"] in {t.sourced_id for t in client.pull_changes(state).tombstones}


def shared_since(clever: Clever, client: CleverClient, rows: list[Row]) -> SyncState:
    """Return the state after a pull that saw none of some people, and the events that tell them."""
    others = [row for row in clever.rows["users"] if row not in rows]
    clever.rows["users"] = others
    before = SyncState.after(client.pull_roster())
    clever.rows["users"] = [*others, *rows]
    clever.rows["events"] = [told(n, "users.created", row) for n, row in enumerate(rows, 1)]
    return client.pull_changes(before).state


def told(number: int, type_: str, row: Row) -> Row:
    return {"id": f"e{number:02}", "type": type_, "data": {"object": row}}


def test_contacts_that_were_shared_after_the_pull_can_be_lost_too(
    clever: Clever, client: CleverClient
) -> None:
    """What the events brought, the state stands on: that it is no longer shared is no removal."""
    shared = contacts(clever)
    state = shared_since(clever, client, shared)
    clever.rows["users"] = [row for row in clever.rows["users"] if row not in shared]
    clever.rows["events"] += [told(n, "users.deleted", row) for n, row in enumerate(shared, 11)]
    with pytest.raises(FullPullRequired, match="EDL-CLEVER-003"):
        client.pull_changes(state)


@pytest.mark.parametrize(
    ("what", "name"),
    [("schools", "schools"), ("sections", "sections"), ("districts", None)],
)
def test_what_an_event_brings_is_shared(
    clever: Clever, client: CleverClient, state: SyncState, what: str, name: str | None
) -> None:
    """The mark names each chain of which a record came; the district is of none."""
    mark = Mark.from_text(state.revision)
    assert mark is not None
    bare = attrs.evolve(state, revision=attrs.evolve(mark, shared=()).to_text())
    clever.rows["events"] = [told(1, f"{what}.updated", clever.rows[what][0])]
    after = Mark.from_text(client.pull_changes(bare).state.revision)

    assert after is not None
    assert after.shared == {name} - {None}


def test_people_in_a_role_that_the_token_does_not_open_are_not_shared(clever: Clever) -> None:
    """Clever tells all roles of a person, whichever of them the app may list."""
    scopes = {"read:schools", "read:sections", "read:students", "read:teachers"}
    with CleverClient(TOKEN, base_url=clever.base_url, scopes=scopes, settings=FAST) as client:
        state = SyncState.after(client.pull_roster())
        dean = next(row for row in clever.rows["users"] if row["id"] == "u05")
        clever.rows["events"] = [told(1, "users.updated", dean)]
        after = Mark.from_text(client.pull_changes(state).state.revision)

    assert after is not None
    assert "users:teacher" in after.shared
    assert "users:staff" not in after.shared


def test_a_district_in_trouble_is_said_with_the_changes(
    clever: Clever, client: CleverClient, state: SyncState
) -> None:
    """What a full pull warns of, changes warn of too."""
    clever.rows["districts"][0]["state"] = "error"

    assert "EDL-WARN-602" in [warning.code for warning in client.pull_changes(state).warnings]


def test_what_the_pull_left_out_is_left_out_of_changes(
    clever: Clever, client: CleverClient
) -> None:
    """Neither a birth date nor anyone of a school that was left out comes with the events."""
    scope = Scope(exclude_kinds={Kind.demographics}, exclude_orgs={"s1"})
    before = client.pull_roster(scope)
    rows = [*clever.rows["users"], *clever.rows["sections"]]
    clever.rows["events"] = [
        {
            "id": f"e{number:02}",
            "type": f"{'sections' if 'students' in row else 'users'}.updated",
            "data": {"object": row},
        }
        for number, row in enumerate(rows, 1)
    ]
    changes = client.pull_changes(SyncState.after(before))

    assert ids(changes.changed) == ids(
        [*before.users, *before.classes, *before.enrollments, *before.relationships]
    )


def test_a_changed_contact_is_placed_by_his_students(clever: Clever, client: CleverClient) -> None:
    """His students are looked up: who has none in the schools that were asked for stays out."""
    state = SyncState.after(client.pull_roster(Scope(exclude_orgs={"s1", "s2"})))
    row = contacts(clever)[0]
    clever.rows["users"] = [row for row in clever.rows["users"] if row["id"] != "u02"]
    clever.rows["events"] = [
        {"id": "e01", "type": "users.updated", "data": {"object": row}},
    ]

    assert client.pull_changes(state).changed == ()


def test_a_contact_whose_student_cannot_be_read_stays_out(
    clever: Clever, client: CleverClient
) -> None:
    """Where he belongs is then not known, and nobody of a school left out is to come."""
    state = SyncState.after(client.pull_roster(Scope(exclude_orgs={"s2"})))
    row = contacts(clever)[0]
    clever.rows["users"][0]["roles"]["student"]["schools"] = None
    clever.rows["users"][1]["roles"]["student"]["schools"] = None
    clever.rows["events"] = [told(1, "users.updated", row)]

    assert client.pull_changes(state).changed == ()


@pytest.mark.parametrize("scope", [Scope(), Scope(exclude_orgs={"s2"})], ids=["all", "narrow"])
def test_so_many_changed_contacts_ask_for_a_full_pull_where_they_must_be_placed(
    clever: Clever, client: CleverClient, scope: Scope
) -> None:
    """A question for each of their students would be more than a full pull asks."""
    state = SyncState.after(client.pull_roster(scope))
    link = {"relationship": "Parent", "type": "Primary"}
    relations = [{"student": f"v{n:03}", **link} for n in range(101)]
    row = {"id": "u99", "roles": {"contact": {"student_relationships": relations}}}
    clever.rows["events"] = [told(1, "users.created", row)]
    asked = len(clever.asked)
    with pytest.raises(FullPullRequired) if scope.narrows_orgs else nullcontext():
        assert len(client.pull_changes(state).changed) == 102

    assert len(clever.asked) - asked < 10


def ids(records: Iterable[Record]) -> set[tuple[str, str]]:
    return {(type(record).__name__, record.sourced_id) for record in records}
