"""The tolerant readers: every row of the table of what becomes what."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from edlink.oneroster import values
from edlink.readers import UnreadableError
from edlink.vocabulary import (
    ClassType,
    IdentifierType,
    OrgType,
    RelationshipKind,
    Role,
    SessionType,
    Sex,
    Status,
)

D = date(2026, 8, 10)


@pytest.mark.parametrize("sent", ["true", True, "True", "TRUE", 1, "1", "yes", " Y ", "t"])
def test_true_in_every_spelling_is_true(sent: object) -> None:
    """Booleans arrive as booleans, words and numbers."""
    assert values.read_bool(sent) is True


@pytest.mark.parametrize("sent", ["false", False, "False", 0, "0", "no", "N", "f"])
def test_false_in_every_spelling_is_false(sent: object) -> None:
    """The text "false" is not true."""
    assert values.read_bool(sent) is False


@pytest.mark.parametrize("sent", [None, "", "  "])
def test_no_truth_value_is_none(sent: object) -> None:
    """Nothing sent is neither true nor false."""
    assert values.read_bool(sent) is None


@pytest.mark.parametrize("sent", ["active", "Active", "", None, " ACTIVE "])
def test_active_in_every_spelling_is_active(sent: object) -> None:
    """Nothing sent, as in bulk files, is active."""
    assert values.read_status(sent) is Status.active


@pytest.mark.parametrize("sent", ["tobedeleted", "toBeDeleted", "inactive", "INACTIVE", "deleted"])
def test_deleted_in_every_spelling_is_deleted(sent: str) -> None:
    """The words of all versions for a removed record are one."""
    assert values.read_status(sent) is Status.deleted


@pytest.mark.parametrize("sent", ["to be deleted", "archived", "?"])
def test_an_unknown_status_is_unreadable(sent: str) -> None:
    """A word that might mean deleted is never taken for active in silence."""
    with pytest.raises(UnreadableError):
        values.read_status(sent)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"sourcedId": "x"}, "x"),
        ("x", "x"),
        ({"sourcedId": None}, None),
        (None, None),
        ([], None),
        ({}, None),
        ("", None),
        ("  ", None),
        ([{"sourcedId": "x"}], "x"),
        (12345, "12345"),
        (12345.0, "12345"),
        (" 007 ", " 007 "),
    ],
)
def test_a_reference_becomes_an_id(sent: object, expected: str | None) -> None:
    """References, bare ids and numbers are one id, byte-exact."""
    assert values.read_id(sent) == expected


@pytest.mark.parametrize("sent", [True, 1.5, {"id": "x"}, ["a", "b"], float("inf")])
def test_what_is_no_id_is_unreadable(sent: object) -> None:
    """An id is never guessed from something else."""
    with pytest.raises(UnreadableError):
        values.read_id(sent)


def test_a_record_has_an_id_of_its_own() -> None:
    """Nothing sent is no id for a record."""
    assert values.read_own_id("x") == "x"
    with pytest.raises(UnreadableError):
        values.read_own_id("")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (None, ()),
        ({}, ()),
        ("", ()),
        ("a,b", ("a", "b")),
        ("a", ("a",)),
        (["a", None, ""], ("a",)),
        ([{"sourcedId": "a"}, {"sourcedId": "a"}, {"sourcedId": "b"}], ("a", "b")),
        ({"sourcedId": "a"}, ("a",)),
        (7, ("7",)),
    ],
)
def test_a_list_of_references_in_every_shape(sent: object, expected: tuple[str, ...]) -> None:
    """Lists arrive as null, a single object, a joined text, and with holes and repeats."""
    assert values.read_ids(sent) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (None, ()),
        ({}, ()),
        ("a, b,", ("a", "b")),
        ("a", ("a",)),
        (["a", None, " "], ("a",)),
        (3, ("3",)),
    ],
)
def test_a_list_of_texts_in_every_shape(sent: object, expected: tuple[str, ...]) -> None:
    """Texts are stripped, and empty ones go."""
    assert values.read_texts(sent) == expected


@pytest.mark.parametrize(
    ("sent", "expected"), [(" a ", "a"), ("", None), (None, None), (7, "7"), (7.0, "7")]
)
def test_text_is_stripped_and_empty_text_is_none(sent: object, expected: str | None) -> None:
    """Blanks around a text go, and nothing is None."""
    assert values.read_text(sent) == expected


@pytest.mark.parametrize("sent", [True, [], {}, 0.5])
def test_what_is_no_text_is_unreadable(sent: object) -> None:
    """A list or an object is not written out as text."""
    with pytest.raises(UnreadableError):
        values.read_text(sent)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2026-08-10", D),
        ("2026-08-10T00:00:00.000Z", D),
        ("2026-08-10T23:30:00-09:00", D),
        ("2026-08-10 00:00", D),
        ("20260810T235959,5+0900", D),
        ("2026-08-10T23", D),
        ("20260810", D),
        (20260810, D),
        ("", None),
        (None, None),
        ("0000-00-00", None),
    ],
)
def test_a_date_is_the_day_that_is_written(sent: object, expected: date | None) -> None:
    """Dates are read in their forms and never moved by a zone."""
    assert values.read_date(sent) == expected


@pytest.mark.parametrize(
    "sent",
    [
        "8/10/2026",
        "10.08.2026",
        "2026",
        "2026-13-01",
        "0",
        "soon",
        "202608-10",
        "2026-0810",
        "2026-08-10 or so",
        "2026-08-10T",
        "\u0662\u0660\u0662\u0666-\u0660\u0668-\u0661\u0660",
    ],
)
def test_a_date_that_could_be_another_is_unreadable(sent: str) -> None:
    """Orders that depend on a country, and days that do not exist, are never guessed."""
    with pytest.raises(UnreadableError):
        values.read_date(sent)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2026-08-10T10:00:00.123Z", datetime(2026, 8, 10, 10, 0, 0, 123_000, tzinfo=UTC)),
        ("2026-08-10T10:00:00", datetime(2026, 8, 10, 10, tzinfo=UTC)),
        ("2026-08-10T10:00:00.1234567Z", datetime(2026, 8, 10, 10, 0, 0, 123_456, tzinfo=UTC)),
        (" 2026-08-10T10:00:00.1234567Z ", datetime(2026, 8, 10, 10, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-08-10T10:00:00+02:00", datetime(2026, 8, 10, 8, tzinfo=UTC)),
        ("2026-08-10", datetime(2026, 8, 10, tzinfo=UTC)),
        ("", None),
        (None, None),
        ("0000-00-00T00:00:00", None),
    ],
)
def test_an_instant_is_in_utc(sent: object, expected: datetime | None) -> None:
    """No zone is UTC, seven digits are cut to six, a bare day is its midnight."""
    assert values.read_datetime(sent) == expected


@pytest.mark.parametrize(
    "sent", ["yesterday", True, "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"]
)
def test_an_instant_that_there_is_not_is_unreadable(sent: object) -> None:
    """What has no place in the calendar in UTC is unreadable, not a crash."""
    with pytest.raises(UnreadableError):
        values.read_datetime(sent)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2027", 2027),
        (2027, 2027),
        ("2026-2027", 2027),
        ("26-27", 2027),
        ("2026-27", 2027),
        ("2026/2027", 2027),
        ("", None),
        (None, None),
    ],
)
def test_a_school_year_is_the_year_it_ends_in(sent: object, expected: int | None) -> None:
    """A single year and both forms of a range are one number."""
    assert values.read_school_year(sent) == expected


@pytest.mark.parametrize("sent", ["27", "Fall", "2026-2027-2028", [2027]])
def test_a_school_year_is_never_guessed(sent: object) -> None:
    """Two digits alone, or words, are no school year."""
    with pytest.raises(UnreadableError):
        values.read_school_year(sent)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (" Student ", Role.student),
        ("STUDENT", Role.student),
        ("sysAdmin", Role.administrator),
        ("districtAdministrator", Role.administrator),
        ("principal", Role.administrator),
        ("siteAdministrator", Role.administrator),
        ("systemAdministrator", Role.administrator),
        ("administrator", Role.administrator),
        ("aide", Role.staff),
        ("counselor", Role.staff),
        ("proctor", Role.staff),
        ("parent", Role.guardian),
        ("guardian", Role.guardian),
        ("relative", Role.relative),
        ("contact", Role.contact),
        ("teacher", Role.teacher),
        ("ext:volunteer", Role.other),
        ("", Role.other),
        (None, Role.other),
        (7, Role.other),
    ],
)
def test_a_role_is_one_of_few(sent: object, expected: Role) -> None:
    """The words of both versions, in any case, map to the model's roles."""
    assert values.read_role(sent) is expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("9", "09"),
        ("09", "09"),
        ("KG", "KG"),
        ("K", "KG"),
        ("kg", "KG"),
        ("-1", "-1"),
        ("13", "13"),
        ("other", "Other"),
    ],
)
def test_a_grade_is_normalized_only_where_it_is_certain(sent: str, expected: str) -> None:
    """CEDS codes in their spellings are one; anything else stays as it was sent."""
    assert values.read_grades([sent]) == (expected,)


def test_grades_in_one_text_are_several() -> None:
    """Some servers join the grades of a class."""
    assert values.read_grades("09,10") == ("09", "10")


@pytest.mark.parametrize(
    ("read", "sent", "expected"),
    [
        (values.read_org_type, "School", OrgType.school),
        (values.read_org_type, "ext:campus", OrgType.other),
        (values.read_session_type, "gradingPeriod", SessionType.grading_period),
        (values.read_session_type, "schoolYear", SessionType.school_year),
        (values.read_session_type, "quarter", SessionType.other),
        (values.read_class_type, "homeroom", ClassType.homeroom),
        (values.read_class_type, "club", ClassType.other),
        (values.read_sex, "Female", Sex.female),
        (values.read_sex, "M", Sex.male),
        (values.read_sex, "ext:x", Sex.other),
        (values.read_sex, "", None),
        (values.read_identifier_type, "Fed", IdentifierType.federal_id),
        (values.read_identifier_type, "StateID", IdentifierType.state_id),
        (values.read_identifier_type, "state", IdentifierType.state_id),
        (values.read_identifier_type, "SIS", IdentifierType.sis_id),
        (values.read_identifier_type, "LDAP", IdentifierType.ldap),
        (values.read_identifier_type, "staffUniqueId", IdentifierType.other),
        (values.read_relationship_kind, "Parent", RelationshipKind.parent),
        (values.read_relationship_kind, "contact", RelationshipKind.unknown),
        (values.read_relationship_kind, None, RelationshipKind.unknown),
    ],
)
def test_a_word_outside_a_vocabulary_is_other(read: Any, sent: object, expected: object) -> None:  # noqa: ANN401 - any reader
    """Vocabularies are blind to case, and what they do not hold is said to be other."""
    assert read(sent) == expected


def test_a_vocabulary_does_not_grow_without_end() -> None:
    """However many words a server invents, few of them are remembered."""
    words = values.Words(Role, Role.other)
    assert {words[f"word {i}"] for i in range(20_000)} == {Role.other}
    assert len(words) < 10_000


@pytest.mark.parametrize(
    ("sent", "day", "raw"),
    [
        ("2012-05-06", date(2012, 5, 6), None),
        ("2012-05-06T00:00:00.000Z", date(2012, 5, 6), None),
        ("1900-01-01", None, "1900-01-01"),
        ("1604-02-11", None, "1604-02-11"),
        ("2107-02-11", None, "2107-02-11"),
        ("5/6/2012", None, "5/6/2012"),
        ("2012", None, "2012"),
        ("", None, None),
        (None, None, None),
        ("0000-00-00", None, "0000-00-00"),
    ],
)
def test_a_birth_date_is_full_and_real_or_none(
    sent: object, day: date | None, raw: str | None
) -> None:
    """Placeholders and parts of a date are no birth date; what was sent is kept beside it."""
    assert (values.read_birth_date(sent), values.read_birth_date_raw(sent)) == (day, raw)


@pytest.mark.parametrize("read", [values.read_bool, values.read_date, values.read_datetime])
def test_an_unreadable_value_is_never_repeated(read: Any) -> None:  # noqa: ANN401 - any reader
    """The error of a reader holds no value."""
    with pytest.raises(UnreadableError) as caught:
        read("Xanthippe")
    assert "Xanthippe" not in repr(caught.value)
