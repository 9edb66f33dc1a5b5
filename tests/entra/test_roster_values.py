import pytest

from edlink.entra import values
from edlink.readers import UnreadableError
from edlink.vocabulary import RelationshipKind, Role, Sex


def test_a_record_needs_an_id() -> None:
    """A record without an id is no record."""
    assert values.read_own_id("a") == "a"
    with pytest.raises(UnreadableError):
        values.read_own_id("")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("5", "05"),
        ("12", "12"),
        ("K", "KG"),
        ("13", "13"),
        ("Reception",) * 2,
        ("012" + "0" * 5000,) * 2,
    ],
)
def test_grades_become_codes_where_certain(text: str, code: str) -> None:
    """A grade becomes its code, and stays as it is where that is not certain."""
    assert values.read_grade(text) == code


def test_words_to_come_are_other() -> None:
    """Enumerations grow; a word that is not known yet is other and not an error."""
    assert values.read_role("faculty") is Role.other
    assert values.read_sex("unknownFutureValue") is Sex.other
    assert values.read_kind("friend") == (RelationshipKind.unknown, Role.contact)


def test_known_words_are_read() -> None:
    """The words of the schema have their meaning."""
    assert values.read_role("teacher") is Role.teacher
    assert [values.read_sex("female"), values.read_sex(None)] == [Sex.female, None]
    assert values.read_kind("guardian") == (RelationshipKind.guardian, Role.guardian)
