"""Masked people are told from real ones."""

from typing import Any

import attrs
import pytest

from edlink.model import User
from edlink.oneroster.masking import find_masking

NAMES = ["Ana", "Ben", "Chloé", "Deniz", "Emre", "Fatima", "Gwen", "Hana", "Ivo", "Jo"]


def people(number: int = 30, **masked: Any) -> list[User]:  # noqa: ANN401 - fields of User
    """Return so many people, each different but for the masked fields."""
    real = [
        User(
            sourced_id=str(i),
            given_name=NAMES[i % 10] + str(i // 10),
            family_name=f"Family{i}",
            email=f"p{i}@example.org",
        )
        for i in range(number)
    ]
    return [attrs.evolve(user, **masked) for user in real]


def found(users: list[User], *, is_marked: bool = False) -> list[tuple[str, list[str]]]:
    """Return code and distrusted fields of each warning."""
    warnings = find_masking(users, is_marked=is_marked)
    return [(w.code, sorted(w.distrusts)) for w in warnings]


def test_real_people_look_real() -> None:
    """Names and addresses that differ raise no warning."""
    assert found(people()) == []


def _masked(user: User, field: str, mask: str) -> User:
    changed: dict[str, Any] = {field: mask.format(i=user.sourced_id.zfill(32))}
    return attrs.evolve(user, **changed)


@pytest.mark.parametrize(
    ("field", "mask"),
    [
        ("given_name", "R***"),
        ("given_name", "***"),
        ("given_name", "xxxxx"),
        ("given_name", "Student"),
        ("family_name", "S"),
        ("family_name", "M."),
        ("family_name", "{i}"),
        ("email", "{i}@example.org"),
        ("email", "***@example.org"),
        ("email", "masked@example.org"),
    ],
)
def test_a_masked_field_is_distrusted(field: str, mask: str) -> None:
    """Stars, hashes, one letter or one value for all are masks, and the field is named."""
    masked = [_masked(user, field, mask) for user in people()]
    assert found(masked) == [("EDL-WARN-111", [field])]


def test_a_few_people_prove_nothing() -> None:
    """Likeness among fewer than twenty people may be chance."""
    assert found(people(19, given_name="***")) == []


def test_half_of_the_people_prove_nothing() -> None:
    """A mask is what most have."""
    assert found([*people(20, given_name="***"), *people(20)]) == []


def test_short_given_names_are_names() -> None:
    """A given name of one letter is not a mask."""
    assert found(people(20, given_name="O")[:1] + people(20)) == []


def test_what_the_provider_says_is_believed() -> None:
    """Where a header says that something is masked, nothing personal is trusted."""
    ((code, fields),) = found(people(), is_marked=True)
    assert code == "EDL-WARN-110"
    assert {"given_name", "family_name", "email", "birth_date"} <= set(fields)


def test_a_warning_counts_and_shows_nobody() -> None:
    """The warning holds a number and no value."""
    (warning,) = find_masking(people(given_name="R***"), is_marked=False)
    assert warning.count == 30
    assert "R*" not in repr(warning)
