"""The rule: a full pull of the Clever door equals an earlier one and the events since."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edlink import Kind, Roster, SyncState, sandbox
from edlink._http.transport import HttpSettings
from edlink.clever import CleverClient
from edlink.sandbox import Sandbox
from edlink.state import ChangeSet
from edlink.vocabulary import Status

Held = dict[tuple[Kind, str], Any]

statuses = st.sampled_from([Status.active, Status.deleted])
changes = st.tuples(
    st.sampled_from(["user", "enrollment", "course"]), st.integers(0, 10**6), statuses
)


def held(roster: Roster) -> Held:
    return {(kind, r.sourced_id): r for kind in Kind for r in roster.records(kind)}


def apply(known: Held, found: ChangeSet) -> Held:
    kinds = {type(record): kind for (kind, _), record in known.items()}
    gone = {(t.kind, t.sourced_id) for t in found.tombstones}
    kept = {key: record for key, record in known.items() if key not in gone}
    return kept | {(kinds[type(r)], r.sourced_id): r for r in found.changed}


def change(running: Sandbox, what: str, number: int, status: Status) -> None:
    """Let a person or a membership come or go, or a course have another name."""
    kind = Kind(what)
    records = running.district.collection(kind)
    sourced_id = records[number % len(records)].sourced_id
    if kind is Kind.course:
        running.district.change(kind, sourced_id, title=f"Renamed {number}")
    else:
        running.district.change(kind, sourced_id, status=status)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(changes, max_size=6), min_size=1, max_size=3), st.booleans())
def test_a_full_pull_is_an_earlier_one_and_its_events(
    runs: list[list[tuple[str, int, Status]]], repeat: bool
) -> None:
    """Whatever comes and goes, a host that replays events holds what a new pull brings."""
    with (
        sandbox.start(people=50, provider="clever", version="3.1") as running,
        CleverClient(
            running.api_key, base_url=running.base_url, settings=HttpSettings(rate=0)
        ) as client,
    ):
        roster = client.pull_roster()
        state, known = SyncState.after(roster), held(roster)
        for run in runs:
            for what, number, status in run:
                change(running, what, number, status)
            found = client.pull_changes(state)
            known = apply(known, found)
            known = apply(known, found) if repeat else known
            state = found.state
        after, truth = held(client.pull_roster()), held(running.truth)

    assert known == after
    assert after == truth
