"""Records as plain JSON values and back."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from edlink.coverage import Coverage, CoverageEntry, Scope
from edlink.model import Identifier, Org, User
from edlink.plain import from_plain, from_versioned, to_plain
from edlink.report import Finding
from edlink.vocabulary import CoverageState, IdentifierType, Kind, OrgType, Severity, Status

ORG = Org(
    sourced_id="s1",
    status=Status.deleted,
    date_last_modified=datetime(2026, 8, 1, 10, 0, 0, 5, tzinfo=UTC),
    type=OrgType.school,
    child_ids=("a", "b"),
    identifiers=(Identifier(type=IdentifierType.nces_id, value="0001"),),
    metadata={"deep": [1, {"x": None}]},
)
PLAIN = {
    "sourced_id": "s1",
    "status": "deleted",
    "date_last_modified": "2026-08-01T10:00:00.000005+00:00",
    "type": "school",
    "child_ids": ["a", "b"],
    "identifiers": [{"type": "nces_id", "value": "0001"}],
    "metadata": {"deep": [1, {"x": None}]},
}


def test_a_record_becomes_json_values_without_its_defaults() -> None:
    """What is at its default is left out, the rest is text, numbers, lists and dicts."""
    assert to_plain(ORG) == PLAIN
    assert {type(value) for value in to_plain(ORG).values()} <= {str, list, dict}


def test_a_record_comes_back() -> None:
    """Reading what was written gives the equal record, enums and dates included."""
    assert from_plain(Org, PLAIN) == ORG


def test_a_set_becomes_a_sorted_list() -> None:
    """The order of a set never shows in a file."""
    scope = Scope(exclude_orgs={"b", "a"}, exclude_kinds={Kind.user})
    assert to_plain(scope) == {"exclude_orgs": ["a", "b"], "exclude_kinds": ["user"]}
    assert from_plain(Scope, to_plain(scope)) == scope


def test_values_within_values_come_back() -> None:
    """A tuple of attrs values keeps their class."""
    coverage = Coverage([CoverageEntry(kind=Kind.user, state=CoverageState.failed)])
    assert from_plain(Coverage, to_plain(coverage)) == coverage


def test_a_day_is_not_a_moment() -> None:
    """Dates and date-times are told apart by the field's type."""
    session = from_plain(User, {"sourced_id": "u", "date_created": "2026-08-01T00:00:00+00:00"})
    assert session.date_created == datetime(2026, 8, 1, tzinfo=UTC)
    assert to_plain(date(2026, 8, 1)) == "2026-08-01"


def test_a_default_made_by_a_factory_is_left_out() -> None:
    """An empty mapping that is the default does not appear."""
    finding = Finding(code="c", severity=Severity.ok, title="t")
    assert to_plain(finding) == {"code": "c", "severity": "ok", "title": "t"}


def test_a_field_that_there_is_not_is_refused() -> None:
    """A name that the class does not have is never passed over."""
    with pytest.raises(KeyError):
        from_plain(Org, {"sourced_id": "s1", "colour": "green"})


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"sourced_id": 5},
        {"sourced_id": None},
        {"sourced_id": "s", "name": True},
        {"sourced_id": "s", "type": "castle"},
        {"sourced_id": "s", "child_ids": 5},
        {"sourced_id": "s", "child_ids": "ab"},
        {"sourced_id": "s", "child_ids": {"a": 1}},
        {"sourced_id": "s", "child_ids": ("a", "b")},
        {"sourced_id": "s", "identifiers": ""},
        {"sourced_id": "s", "metadata": 5},
    ],
)
def test_a_value_of_another_shape_is_refused(data: dict[str, object]) -> None:
    """A missing field, an unknown word and a value of another type are errors."""
    with pytest.raises((TypeError, ValueError)):
        from_plain(Org, data)


def test_a_value_comes_back_beside_its_version() -> None:
    """What was written beside a version is read by that version, to the equal value."""
    assert from_versioned(Org, {"version": 3, **PLAIN}, 3) == ORG


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        {"version": 2, **PLAIN},
        {"version": 3.0, **PLAIN},
        {"version": 3, **PLAIN, "child_ids": 7},
        {"version": 3, **PLAIN, "shoes": 1},
        [],
        None,
    ],
    ids=["no version", "another version", "a float", "shape", "unknown field", "list", "nothing"],
)
def test_what_a_version_did_not_write_is_nothing(data: Any) -> None:  # noqa: ANN401 - any JSON value
    """Of another version, or another shape, nothing is read, and nothing is raised."""
    assert from_versioned(Org, data, 3) is None


def test_true_is_no_version() -> None:
    """Python's True equals 1, and is not what was written."""
    assert from_versioned(Org, {"version": True, **PLAIN}, 1) is None


@pytest.mark.parametrize("value", ["bc", "", {}, {"b": 1}, ("b",), None, 5])
def test_a_set_is_read_from_a_list_alone(value: object) -> None:
    """A text has letters and a dict has keys; neither is what a set was written as."""
    with pytest.raises(TypeError):
        from_plain(Scope, {"exclude_orgs": value})
