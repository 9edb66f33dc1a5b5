"""The rule: a full pull equals an earlier one and the events since, whatever repeats or stops."""

import json
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.clever.replay import TOKEN, Clever, Row, Rows, serve
from tests.clever.rows import small

from edlink import Kind, Roster, SyncState
from edlink._http.transport import HttpSettings
from edlink.clever import CleverClient
from edlink.clever.mark import Mark
from edlink.state import ChangeSet

FAST = HttpSettings(rate=0, attempts=1)
EVENT_COLLECTIONS = ("schools", "terms", "courses", "sections", "users")
PUPILS = ("u01", "u02", "u03", "u31", "u32")
Held = dict[tuple[Kind, str], Any]

names = st.sampled_from(["Ada", "Bo", "Cy"])
pupils = st.lists(st.sampled_from(PUPILS), max_size=4, unique=True)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, Row]:
    """Draw a row as it is to be from now on; one with ``gone`` goes."""
    kind = draw(st.sampled_from(["course", "section", "student", "contact", "teacher", "term"]))
    number = draw(st.integers(1, 3))
    row: Row = {"id": f"{kind}-{number}", "district": "d1"}
    name = draw(names)
    if draw(st.booleans()) and draw(st.booleans()):
        row["gone"] = True
    if kind == "course":
        return "courses", row | {"name": name}
    if kind == "term":
        return "terms", row | {"name": name, "start_date": "2026-08-01"}
    if kind == "section":
        members = {"students": draw(pupils), "teacher": "u05", "teachers": ["u05"]}
        return "sections", row | {"school": "s1", "name": name, **members}
    return "users", row | {"name": {"last": name}, "roles": _roles(draw, kind)}


def _roles(draw: st.DrawFn, kind: str) -> Row:
    if kind == "student":
        return {"student": {"school": "s1", "schools": ["s1"], "dob": "1/2/2015"}}
    if kind == "contact":
        links = [{"student": i, "relationship": "Other", "type": "Primary"} for i in draw(pupils)]
        return {"contact": {"student_relationships": links}}
    role = {"schools": draw(st.sampled_from([["s1"], ["s1", "s2"]]))}
    return dict.fromkeys(draw(st.sampled_from([["teacher"], ["staff", "teacher"]])), role)


class District:
    """Rows that can be edited, and the feed of events that Clever makes of the edits."""

    def __init__(self) -> None:
        self.rows: Rows = {**small(), "events": []}

    def edit(self, collection: str, row: Row, *, beside: bool) -> None:
        """Let a row be as given from now on, and tell the feed."""
        rows = {known["id"]: known for known in self.rows[collection]}
        new = {key: value for key, value in row.items() if key != "gone"}
        old = rows.pop(new["id"], None)
        if row.get("gone"):
            if old is None:
                return
            self._tell(f"{collection}.deleted", old, None, beside=beside)
        else:
            rows[new["id"]] = new
            changed = None if old is None else {k: old[k] for k in old if old[k] != new.get(k)}
            action = "created" if old is None else "updated"
            self._tell(f"{collection}.{action}", new, changed, beside=beside)
        self.rows[collection] = sorted(rows.values(), key=lambda known: str(known["id"]))

    def _tell(self, type_: str, value: Row, previous: Row | None, *, beside: bool) -> None:
        data: Row = {"object": deepcopy(value)}
        event: Row = {"id": f"e{len(self.rows['events']):04}", "type": type_, "data": data}
        if previous is not None:
            (event if beside else data)["previous_attributes"] = previous
        self.rows["events"].append(event)


def held(roster: Roster) -> Held:
    """Return what a host holds after a roster."""
    return {(kind, r.sourced_id): r for kind in Kind for r in roster.records(kind)}


def apply(known: Held, changes: ChangeSet) -> Held:
    """Return what a host holds after a change set."""
    kinds = {type(record): kind for (kind, _), record in known.items()}
    gone = {(t.kind, t.sourced_id) for t in changes.tombstones}
    kept = {key: record for key, record in known.items() if key not in gone}
    return kept | {(kinds[type(r)], r.sourced_id): r for r in changes.changed}


def client_of(clever: Clever) -> CleverClient:
    return CleverClient(TOKEN, base_url=clever.base_url, settings=FAST, verify_counts=False)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(edits(), max_size=4),
    st.lists(st.lists(edits(), max_size=4), max_size=3),
    st.booleans(),
    st.integers(1, 3),
    st.booleans(),
)
def test_a_full_pull_is_an_earlier_one_and_its_events(
    before: list[tuple[str, Row]],
    runs: list[list[tuple[str, Row]]],
    beside: bool,
    limit: int,
    repeat: bool,
) -> None:
    """A host that replays events, some twice, holds what a host holds that pulls anew."""
    district = District()
    with serve(Clever(district.rows, limit=limit)) as clever, client_of(clever) as client:
        for collection, row in before:
            district.edit(collection, row, beside=beside)
        roster = client.pull_roster()
        state, known = SyncState.after(roster), held(roster)
        for run in runs:
            for collection, row in run:
                district.edit(collection, row, beside=beside)
            changes = client.pull_changes(state)
            known = apply(known, changes)
            known = apply(known, changes) if repeat else known
            state = SyncState.from_dict(json.loads(json.dumps(changes.state.to_dict())))
        after = held(client.pull_roster())

    assert known == after


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(edits(), min_size=1, max_size=6), st.data())
def test_a_crash_after_any_event_loses_nothing(
    changes: list[tuple[str, Row]], data: st.DataObject
) -> None:
    """A host that stops after some event, its state not kept, ends the same when it goes on."""
    district = District()
    with serve(Clever(district.rows)) as clever, client_of(clever) as client:
        roster = client.pull_roster()
        state, known = SyncState.after(roster), held(roster)
        for collection, row in changes:
            district.edit(collection, row, beside=False)
        feed = district.rows["events"]
        stop = data.draw(st.integers(0, len(feed)))
        district.rows["events"] = feed[:stop]
        known = apply(known, client.pull_changes(state))
        district.rows["events"] = feed
        known = apply(known, client.pull_changes(state))
        after = held(client.pull_roster())

    assert known == after
    mark = Mark.from_text(state.revision)
    assert mark is not None
    assert mark.event == ""
