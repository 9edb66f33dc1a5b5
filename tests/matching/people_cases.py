"""Invented people for the tests of matching."""

from datetime import UTC, date, datetime
from typing import Any

from edlink.coverage import Source
from edlink.matching.people import Person
from edlink.matching.report import MatchReport
from edlink.roster import Roster

DAY = date(2012, 3, 4)
OTHER_DAY = date(2011, 7, 9)


def student(ref: str, **fields: Any) -> Person:  # noqa: ANN401 - any field of a person
    """Return a student with an invented name."""
    usual = {"given_name": "Ana", "family_name": "Sample", "birth_date": DAY}
    values: dict[str, Any] = usual | fields
    return Person(ref=ref, **values)


def roster_of(*records: Any, **facts: Any) -> Roster:  # noqa: ANN401 - any records
    """Return a roster of one district."""
    return Roster.from_records(
        records,
        source=Source("classlink", "north"),
        pulled_at=datetime(2024, 9, 1, tzinfo=UTC),
        **facts,
    )


def linked(report: MatchReport) -> dict[str, tuple[str, str]]:
    """Return who is linked with whom, and by which rule."""
    return {link.incoming: (link.existing, link.rule) for link in report.linked}
