"""Invented people for the tests of matching."""

from datetime import date
from typing import Any

from edlink.matching.people import Person
from edlink.matching.report import MatchReport

DAY = date(2012, 3, 4)
OTHER_DAY = date(2011, 7, 9)


def student(ref: str, **fields: Any) -> Person:  # noqa: ANN401 - any field of a person
    """Return a student with an invented name."""
    usual = {"given_name": "Ana", "family_name": "Sample", "birth_date": DAY}
    values: dict[str, Any] = usual | fields
    return Person(ref=ref, **values)


def linked(report: MatchReport) -> dict[str, tuple[str, str]]:
    """Return who is linked with whom, and by which rule."""
    return {link.incoming: (link.existing, link.rule) for link in report.linked}
