import pytest

from edlink.classlink.values import read_role
from edlink.vocabulary import Role


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Student", (Role.student,)),
        (" teacher ", (Role.teacher,)),
        ("Parent", (Role.guardian,)),
        ("Wizard", (Role.other,)),
        (None, ()),
        ("", ()),
    ],
)
def test_roles_are_open_text(word: str | None, expected: tuple[Role, ...]) -> None:
    """An unknown role word is other, and no word is no role."""
    assert read_role(word) == expected
