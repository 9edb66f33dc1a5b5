"""Typed walks, one row at a time."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from edlink import Status
from edlink.errors import NotFoundError
from edlink.oneroster.csv import OneRosterCsv

Make = Callable[..., Path]
Open = Callable[..., OneRosterCsv]


def test_every_kind_can_be_walked(make_zip: Make, open_csv: Open) -> None:
    """Each typed method yields its file's records."""
    client = open_csv(make_zip())
    walks = (
        client.orgs(),
        client.academic_sessions(),
        client.courses(),
        client.classes(),
        client.users(),
        client.enrollments(),
        client.demographics(),
    )
    assert [sum(1 for _ in walk) for walk in walks] == [3, 1, 2, 2, 4, 3, 2]


def test_deleted_rows_are_walked_with_their_status(
    make_zip: Make, open_csv: Open, files_1_1: Mapping[str, str]
) -> None:
    """A walk yields rows marked deleted, and says so in the record."""
    orgs = files_1_1["orgs.csv"].replace("s2,,", "s2,inactive,")
    found = [org.status for org in open_csv(make_zip({"orgs.csv": orgs})).orgs()]
    assert found == [Status.active, Status.active, Status.deleted]


def test_an_absent_file_is_not_empty(
    make_zip: Make, open_csv: Open, files_1_1: Mapping[str, str]
) -> None:
    """Walking a file that the manifest calls absent raises."""
    manifest = files_1_1["manifest.csv"].replace("orgs,bulk", "orgs,absent")
    client = open_csv(make_zip({"manifest.csv": manifest}))
    with pytest.raises(NotFoundError) as caught:
        list(client.orgs())
    assert caught.value.code == "EDL-CSV-024"


def test_a_walk_can_be_left(make_zip: Make, open_csv: Open) -> None:
    """Leaving a walk early closes its files and its temporary database."""
    walk = open_csv(make_zip(v12=True)).users()
    assert next(walk).sourced_id == "t"
    walk.close()  # type: ignore[attr-defined] # a generator
