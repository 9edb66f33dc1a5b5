from typing import Any

import pytest
from tests.matching.people_cases import linked, student

from edlink.matching.match import match_people
from edlink.matching.people import PersonKind


def test_kinds_never_mix() -> None:
    """A student and a member of staff with one address and name are two people."""
    mail = {"emails": ("a@example.org",)}
    report = match_people([student("in", **mail)], [student("ex", kind=PersonKind.staff, **mail)])

    assert not report.linked


def test_a_guardian_is_known_by_child_and_address() -> None:
    """A guardian of a linked child with the same telephone number and given name is linked."""
    parent = {"kind": PersonKind.guardian, "phones": ("555-010-0199",), "birth_date": None}
    incoming = [student("kid"), student("dad", given_name="Bill", child_refs=("kid",), **parent)]
    existing = [
        student("child"),
        student("adult", given_name="William", child_refs=("child",), **parent),
    ]

    assert linked(match_people(incoming, existing))["dad"] == ("adult", "child_contact")


def test_a_guardian_with_another_name_is_not_the_other_parent() -> None:
    """Both parents of one child with one mailbox are two people."""
    parent = {"kind": PersonKind.guardian, "emails": ("home@example.org",), "birth_date": None}
    incoming = [student("kid"), student("dad", given_name="Bill", child_refs=("kid",), **parent)]
    existing = [student("child"), student("mum", given_name="Eva", child_refs=("child",), **parent)]

    assert match_people(incoming, existing).new == ("dad",)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"suffix": "Jr"}, {"suffix": "Sr"}),
        ({}, {"family_name": "Muster"}),
        ({"middle_name": "Aldo"}, {"middle_name": "Bruno"}),
    ],
)
def test_two_of_one_given_name_in_a_household_are_two(
    mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """Father and grandfather, or stepfather, with one child, telephone and given name."""
    parent = {"kind": PersonKind.guardian, "phones": ("555-010-0199",), "birth_date": None}
    incoming = [student("kid"), student("in", child_refs=("kid",), **parent, **mine)]
    existing = [student("child"), student("ex", child_refs=("child",), **parent, **theirs)]

    assert match_people(incoming, existing).new == ("in",)


def test_a_guardian_in_one_field_agrees_by_whole_name() -> None:
    """A contact whose whole name is in the family name agrees with the split one."""
    parent = {"kind": PersonKind.guardian, "emails": ("home@example.org",), "birth_date": None}
    whole = {"given_name": None, "family_name": "Bill Sample", "child_refs": ("kid",)}
    incoming = [student("kid"), student("dad", **parent, **whole)]
    existing = [
        student("child"),
        student("adult", given_name="Bill", child_refs=("child",), **parent),
    ]

    assert linked(match_people(incoming, existing))["dad"] == ("adult", "child_contact")


def _in_one_field(name: str, **facts: object) -> dict[str, object]:
    parent = {"kind": PersonKind.guardian, "phones": ("555-010-0199",), "birth_date": None}
    return {**parent, "given_name": None, "family_name": name, **facts}


@pytest.mark.parametrize(
    ("theirs", "ours", "links"),
    [
        ("Bill Sample", "Sample, Bill", {"dad": ("adult", "child_contact")}),
        ("Bill Sample", "Ida Sample", {}),
        ("Sample", "Sample", {}),
    ],
)
def test_guardians_in_one_field_on_both_sides_agree_by_whole_names(
    theirs: str, ours: str, links: dict[str, tuple[str, str]]
) -> None:
    """Contacts of one child and number agree by the words of their names; one word is no name."""
    incoming = [student("kid"), student("dad", **_in_one_field(theirs, child_refs=("kid",)))]
    existing = [student("child"), student("adult", **_in_one_field(ours, child_refs=("child",)))]
    found = linked(match_people(incoming, existing))

    assert {ref: link for ref, link in found.items() if ref != "kid"} == links


def test_staff_who_are_parents_are_suggested_as_one_human() -> None:
    """A teacher and a guardian with one address and name are suggested, never linked."""
    mail = {"emails": ("ana@example.org",)}
    report = match_people(
        [student("in", kind=PersonKind.staff, **mail)],
        [student("ex", kind=PersonKind.guardian, **mail)],
    )

    assert [(p.incoming, p.existing) for p in report.same_human] == [("in", "ex")]
