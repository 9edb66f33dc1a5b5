from typing import Any

import pytest
from tests.matching.people_cases import DAY, student

from edlink.matching.identities import match_identity
from edlink.matching.people import PersonKind

ANA = student("u1", tenant="north", sis_id="7", emails=("ana@example.org",), username="ana")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"sis_id": "7"}, ("u1", "sis_id", None)),
        ({"emails": ("ana@example.org",)}, ("u1", "email", None)),
        ({"emails": ("ana@example.org",), "given_name": "Eva"}, (None, None, "not_found")),
        ({"sis_id": "7", "tenant": "south"}, (None, None, "other_tenant")),
        (
            {"sis_id": "7", "given_name": "Eva", "birth_date": DAY.replace(day=5)},
            (None, None, "ambiguous"),
        ),
    ],
)
def test_a_sign_in_finds_its_record(
    fields: dict[str, Any], expected: tuple[str | None, str | None, str | None]
) -> None:
    """An id finds the record, an address only with the name, another tenant never."""
    identity = student("login", **({"tenant": "north"} | fields))
    found = match_identity(identity, [ANA], tenant="north")

    assert (found.ref, found.rule, found.reason) == expected


def test_a_sign_in_that_fits_two_records_is_ambiguous() -> None:
    """A teacher who is also a guardian is not chosen between."""
    both = [
        student("t", kind=PersonKind.staff, provider_ids=("p",)),
        student("g", kind=PersonKind.guardian, provider_ids=("p",)),
    ]
    identity = student("login", tenant="north", provider_ids=("p",))

    assert match_identity(identity, both, tenant="north").reason == "ambiguous"


@pytest.mark.parametrize("field", ["emails", "username"])
def test_a_parent_is_not_signed_in_as_the_child_of_one_name(field: str) -> None:
    """A mailbox that father and son of one name both have says neither who signed in."""
    key: Any = ("home@example.org",) if field == "emails" else "home@example.org"
    facts: dict[str, Any] = {"emails": ("home@example.org",), "birth_date": None}
    family = [
        student("kid", **(facts | {field: key})),
        student("dad", kind=PersonKind.guardian, **facts),
    ]
    identity = student("login", tenant="north", **facts)

    assert match_identity(identity, family, tenant="north").reason == "ambiguous"
