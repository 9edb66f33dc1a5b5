from typing import Any

import pytest
from tests.veracross.specification import query_names

from edlink.errors import ConfigError
from edlink.veracross import SCOPES
from edlink.veracross.endpoints import CLASSES, ENDPOINTS, PARENTS, PERIODS, Endpoint


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_each_list_takes_what_the_vendor_says(endpoint: Endpoint[Any]) -> None:
    """An endpoint takes exactly the specification's parameters, but for the one unsafe to send."""
    unsafe = {"role"} if endpoint is PARENTS else set()
    assert endpoint.takes == query_names(endpoint.path) - unsafe


def test_scopes_follow_the_paths() -> None:
    """A scope is the path with dots for slashes, and what may be done."""
    assert PERIODS.scope == "academics.config.grading_periods:list"


def test_an_app_asks_for_seven_lists() -> None:
    """The scopes that every app asks for are seven lists, each to list and to read."""
    assert sorted(SCOPES) == sorted(
        f"{name}:{suffix}"
        for name in (
            "students",
            "parents",
            "staff_faculty",
            "relationships",
            "academics.config.grading_periods",
            "academics.classes",
            "academics.enrollments",
        )
        for suffix in ("list", "read")
    )


def test_filters_are_written_as_the_api_reads_them() -> None:
    """Numbers are digits and truth values are small words."""
    filters: dict[str, str | int | bool] = {"school_year": 2026, "id": "7"}
    assert CLASSES.params(filters) == [("school_year", "2026"), ("id", "7")]
    assert PARENTS.params({"include_deceased": True}) == [("include_deceased", "true")]


def test_an_unknown_filter_is_refused_before_it_is_sent() -> None:
    """A parameter that a list does not know would be a 400, so it is refused at once."""
    with pytest.raises(ConfigError, match="EDL-CONF-067"):
        PARENTS.params({"school_year": 2026})
