"""Pairs that the host has kept: they stay, and say how the two differ now."""

from typing import Any

import pytest
from tests.matching.people_cases import OTHER_DAY, student

from edlink.matching.match import match_people
from edlink.matching.people import PersonKind
from edlink.matching.report import StoredLink


@pytest.mark.parametrize(
    ("facts", "drift"),
    [
        ({}, ()),
        ({"username": "ana", "org_refs": ("s2",)}, ()),
        ({"kind": PersonKind.staff}, ("kind",)),
        ({"given_name": "Bruno"}, ("given_name",)),
        ({"family_name": "Muster"}, ("family_name",)),
        ({"birth_date": OTHER_DAY}, ("birth_date",)),
        ({"sis_id": "2"}, ("sis_id",)),
        ({"state_id": "2"}, ("state_id",)),
        ({"number": "2"}, ("number",)),
        ({"emails": ("b@example.org",)}, ("emails",)),
        ({"given_name": None}, ()),
    ],
)
def test_a_stored_link_says_what_has_drifted(facts: dict[str, Any], drift: tuple[str, ...]) -> None:
    """Each field by which two differ is named, and nothing for two who are alike."""
    ids = {"sis_id": "1", "state_id": "1", "number": "1", "emails": ("a@example.org",)}
    links = [StoredLink(incoming=f"in{n}", existing=f"ex{n}") for n in range(2)]
    report = match_people(
        [student(f"in{n}", **ids) for n in range(2)],
        [student(f"ex{n}", **(ids | facts)) for n in range(2)],
        links=links,
    )

    assert [link.drift for link in report.linked] == [drift, drift]
    assert report.linked.bases[0] is report.linked.bases[1]


@pytest.mark.parametrize("given", ["student", "Ana"])
def test_names_that_are_no_names_do_not_hide_drift(given: str) -> None:
    """Two with one placeholder for a name differ by their preferred names."""
    report = match_people(
        [student("in", given_name=given, other_given_names=("Kim",))],
        [student("ex", given_name=given, other_given_names=("Bruno",))],
        links=[StoredLink(incoming="in", existing="ex")],
    )

    assert report.linked[0].drift == (("given_name",) if given == "student" else ())


@pytest.mark.parametrize("gone", [("old1", "old2"), ("old2", "old1")])
def test_what_a_link_rekeys_does_not_depend_on_the_order_of_links(gone: tuple[str, str]) -> None:
    """Of two partners who did not come, the link names the same one in either order."""
    links = [StoredLink(incoming=ref, existing="ex") for ref in gone]
    report = match_people([student("in", sis_id="1")], [student("ex", sis_id="1")], links=links)

    assert [(link.existing, link.rekeys) for link in report.linked] == [("ex", "old2")]
