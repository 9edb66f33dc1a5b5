"""What a host kept as JSON is read back in the shape it was written, and in no looser one."""

from typing import Any

import pytest
from tests.matching.people_cases import student

from edlink.errors import ConfigError
from edlink.matching.match import match_people
from edlink.matching.merge import MergePlan, MergeState, plan_merge
from edlink.matching.report import MatchReport

LINK = {"incoming": "in", "existing": "ex", "kind": "student", "rule": "stored_link"}
MERGE = {"survivor": "a", "losers": ["b", "c"], "chosen_by": "ref"}


@pytest.mark.parametrize(
    "part",
    [
        {"version": True},
        {"new": "abc"},
        {"new": {"in": 1}},
        {"linked": ""},
        {"linked": {}},
        {"linked": [LINK | {"drift": "abc"}]},
    ],
)
def test_a_report_with_a_part_of_another_shape_is_refused(part: dict[str, Any]) -> None:
    """A text is not read as three people, nor as three fields that differ."""
    report = match_people([student("in")], [student("ex")])

    with pytest.raises(ConfigError, match="EDL-CONF-080"):
        MatchReport.from_dict(report.to_dict() | part)


def test_a_link_of_this_shape_is_read() -> None:
    """The link that the cases above bend is read where nothing is bent."""
    report = MatchReport.from_dict(match_people([], []).to_dict() | {"linked": [LINK]})

    assert [(link.incoming, link.existing) for link in report.linked] == [("in", "ex")]


@pytest.mark.parametrize(
    "part", [{"version": True}, {"merges": ""}, {"merges": [MERGE | {"losers": "bc"}]}]
)
def test_a_merge_plan_with_a_part_of_another_shape_is_refused(part: dict[str, Any]) -> None:
    """A text is not read as a list of losers, nor True as the version."""
    plan = plan_merge(MergeState(people=()), [])

    with pytest.raises(ConfigError, match="EDL-CONF-087"):
        MergePlan.from_dict(plan.to_dict() | part)


def test_a_merge_of_this_shape_is_read() -> None:
    """The merge that the cases above bend is read where nothing is bent."""
    plan = plan_merge(MergeState(people=()), [])

    assert MergePlan.from_dict(plan.to_dict() | {"merges": [MERGE]}).merges[0].losers == ("b", "c")
