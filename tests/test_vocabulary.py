"""The closed vocabularies."""

import inspect
from enum import StrEnum

import pytest

from edlink import vocabulary

ENUMS = [c for _, c in inspect.getmembers(vocabulary, inspect.isclass) if c is not StrEnum]


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_a_member_is_its_own_word(enum: type[StrEnum]) -> None:
    """Members are text in lower case, so that they are stored and compared as words."""
    assert all(member == member.lower() == str(member) for member in enum)


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_a_name_differs_from_its_word_only_where_python_has_taken_it(enum: type[StrEnum]) -> None:
    """A member's name is its word, with a trailing underscore for Python's own words."""
    assert all(member.name.removesuffix("_") == member.value for member in enum)
