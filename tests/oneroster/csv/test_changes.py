"""A delta package as what changed."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from edlink import CoverageState, Kind, SyncState
from edlink.errors import ConfigError
from edlink.oneroster.csv import OneRosterCsv

Make = Callable[..., Path]
Open = Callable[..., OneRosterCsv]
Files = Mapping[str, str]


def deltas(files: Files, **modes: str) -> str:
    """Return a manifest in which the named files have the given modes and all others are absent."""
    lines = files["manifest.csv"].replace(",bulk", ",absent").splitlines()
    return "\n".join([line for line in lines if line.split(".")[-1].split(",")[0] not in modes]) + (
        "".join(f"\nfile.{name},{mode}" for name, mode in modes.items())
    )


def test_a_mixed_package(make_zip: Make, open_csv: Open, files_1_1: Files) -> None:
    """Each file counts as what the manifest says: only a bulk file is complete."""
    users = (
        "sourcedId,status,dateLastModified,orgSourcedIds,role,givenName\n"
        "u,active,2026-10-02T00:00:00.000Z,s,student,Ana\n"
        "u2,tobedeleted,2026-10-03T00:00:00.000Z,s,student,Beto\n"
    )
    manifest = deltas(files_1_1, users="delta", orgs="bulk")
    client = open_csv(make_zip({"users.csv": users, "manifest.csv": manifest}))
    state = SyncState(source=client.source, cursors={"orgs": "2026-01-01"}, counts={"orgs": 3})
    changes = client.pull_changes(state)
    assert [r.sourced_id for r in changes.changed] == ["d", "s", "s2", "u"]
    assert [(t.kind, t.sourced_id) for t in changes.tombstones] == [(Kind.user, "u2")]
    assert changes.shows_removals
    states = [changes.coverage.state(kind) for kind in (Kind.org, Kind.user, Kind.class_)]
    assert states == [CoverageState.complete, CoverageState.withheld, CoverageState.withheld]
    assert changes.state.cursors == {
        "orgs": "2026-01-01",
        "users": "2026-10-03T00:00:00.000000+00:00",
    }
    assert changes.state.counts == {"orgs": 3}


def test_roles_in_a_delta(make_zip: Make, open_csv: Open, files_1_2: Files) -> None:
    """Roles of a 1.2 delta are only those that changed, and are not to be trusted as all."""
    manifest = deltas(files_1_2, users="delta", **{"roles*": "absent"})
    client = open_csv(make_zip({"manifest.csv": manifest}, v12=True))
    changes = client.pull_changes(SyncState(source=client.source))
    assert len(changes.changed) == 4
    distrusted = {name for warning in changes.warnings for name in warning.distrusts}
    assert {"roles", "primary_org_id", "resource_ids", "child_ids"} == distrusted


def test_a_cursor_never_goes_back(make_zip: Make, open_csv: Open, files_1_1: Files) -> None:
    """An older package does not move the mark of the newest change."""
    users = "sourcedId,dateLastModified,role\nu,2026-01-01,student\nv,2025-01-01,student\n"
    manifest = deltas(files_1_1, users="delta")
    client = open_csv(make_zip({"users.csv": users, "manifest.csv": manifest}))
    later = "2026-10-03T00:00:00.000000+00:00"
    changes = client.pull_changes(SyncState(source=client.source, cursors={"users": later}))
    assert changes.state.cursors == {"users": later}


def test_a_date_at_the_end_of_the_calendar(
    make_zip: Make, open_csv: Open, files_1_1: Files
) -> None:
    """A date that has no UTC form is an unreadable cell and sets no mark."""
    users = "sourcedId,dateLastModified,role\nu,0001-01-01T00:00:00+05:00,student\n"
    manifest = deltas(files_1_1, users="delta")
    client = open_csv(make_zip({"users.csv": users, "manifest.csv": manifest}))
    changes = client.pull_changes(SyncState(source=client.source))
    assert (len(changes.changed), changes.state.cursors) == (1, {})
    assert [issue.fields for issue in changes.issues] == [("dateLastModified",)]


def test_another_source(make_zip: Make, open_csv: Open) -> None:
    """The state of another tenant is refused."""
    other = open_csv(make_zip(), tenant="other").source
    with pytest.raises(ConfigError) as caught:
        open_csv(make_zip()).pull_changes(SyncState(source=other))
    assert caught.value.code == "EDL-CONF-023"
