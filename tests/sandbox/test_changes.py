"""A district that changes while it is served, as districts do overnight."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from tests.sandbox.wire import Wire

from edlink import sandbox
from edlink.sandbox import District
from edlink.vocabulary import Kind, Status


def test_a_change_is_served_and_true_at_once() -> None:
    """After a change the next page, the next record and the truth all have it."""
    with sandbox.start(people=60) as district, Wire(district) as wire:
        before = wire.rows("/users?limit=5")[2], district.truth.users[2]
        district.district.change(Kind.user, before[1].sourced_id, family_name="Quimby")
        listed = wire.rows("/users?limit=5")[2]
        alone = wire.get(f"/users/{before[1].sourced_id}").json()["user"]
        found = wire.rows("/users?filter=" + quote("familyName='Quimby'"))
        after = district.truth.users[2]
    assert before[0]["familyName"] != "Quimby"
    assert listed["familyName"] == alone["familyName"] == after.family_name == "Quimby"
    assert [row["sourcedId"] for row in found] == [before[1].sourced_id]


def test_a_change_counts_as_modified_now() -> None:
    """A filter for what was modified since gives the changed record and no other."""
    with sandbox.start(people=60, school_year=2020) as district, Wire(district) as wire:
        since = (datetime.now(UTC) - timedelta(minutes=5)).isoformat(timespec="milliseconds")
        path = "/users?filter=" + quote(f"dateLastModified>'{since[:23]}Z'")
        before = wire.rows(path)
        user_id = district.truth.users[7].sourced_id
        district.district.change(Kind.user, user_id, email=None)
        after = wire.rows(path)
    assert before == []
    assert [row["sourcedId"] for row in after] == [user_id]


def test_a_record_can_be_marked_deleted() -> None:
    """What the provider marks as deleted is a tombstone of the truth."""
    with sandbox.start(people=60, version="1.2") as district:
        enrollment_id = district.truth.enrollments[0].sourced_id
        district.district.change(Kind.enrollment, enrollment_id, status=Status.deleted)
        truth = district.truth
    assert truth.get(Kind.enrollment, enrollment_id) is None
    assert enrollment_id in {tombstone.sourced_id for tombstone in truth.tombstones}


def test_only_what_is_there_can_be_changed() -> None:
    """An unknown id is a KeyError and an unknown field a TypeError."""
    district = District(people=50)
    with pytest.raises(KeyError):
        district.change(Kind.user, "nobody", email=None)
    with pytest.raises(TypeError):
        district.change(Kind.user, district.users[0].sourced_id, shoe_size=40)
    assert district.revision == 0
