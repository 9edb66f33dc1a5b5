from datetime import date

import pytest

from edlink.errors import ConfigError
from edlink.matching.birth_dates import BirthDateState, is_plausible, parse_birth_date
from edlink.matching.emails import EmailPolicy, normalize_email, normalize_phone
from edlink.matching.ids import normalize_id

TODAY = date(2024, 9, 1)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "empty"),
        (" ", "empty"),
        ("ana", "shape"),
        ("ana@localhost", "shape"),
        ("a@b@example.org", "shape"),
        ("a na@example.org", "shape"),
        ("ana@example..org", "domain"),
        (f"ana@{'ü' * 70}.example", "domain"),
        ("none@none.com", "placeholder"),
    ],
)
def test_what_is_no_address_says_why(text: str | None, problem: str) -> None:
    """A text that is no usable address has no key and a reason."""
    assert problem == normalize_email(text).problem


def test_international_domains_are_written_one_way() -> None:
    """A domain typed in its own letters equals its IDNA form."""
    assert normalize_email("a@bücher.example") == normalize_email("A@xn--bcher-kva.example")


def test_domain_aliases_are_the_hosts_to_give() -> None:
    """Two domains are one only where the host says so."""
    policy = EmailPolicy(domain_aliases={"students.example.org": "example.org"})
    text = "ana@students.example.org"

    assert (
        normalize_email(text).value,
        normalize_email(text, policy).value,
    ) == ("ana@students.example.org", "ana@example.org")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+1 555-010-0199", "5550100199"),
        ("(08) 5550 1234", "0855501234"),
        ("ext 12", None),
        ("0000000000", None),
        (None, None),
    ],
)
def test_phones_are_their_digits(text: str | None, digits: str | None) -> None:
    """A telephone number is its digits; too few of them or one repeated are none."""
    assert digits == normalize_phone(text)


@pytest.mark.parametrize(
    ("text", "rule", "value"),
    [
        ("00042", "exact", "00042"),
        (" 00042\u200b", "exact", "00042"),
        ("\uff14\uff12", "exact", "42"),
        ("00042", "strip_zeros", "42"),
        ("0", "strip_zeros", "0"),
        ("42", "zero_pad:5", "00042"),
        ("A42", "zero_pad:5", "A42"),
        ("42.0", "drop_point_zero", "42"),
        ("4.2", "drop_point_zero", "4.2"),
        ("stu_42", "strip_prefix:stu_", "42"),
        ("AB1", "casefold", "ab1"),
        ("stu_042", "strip_prefix:stu_+strip_zeros", "42"),
        ("12E11", "exact", "12E11"),
    ],
)
def test_ids_change_only_by_a_named_rule(text: str, rule: str, value: str) -> None:
    """An id keeps case and zeros unless an accepted rule says otherwise."""
    assert value == normalize_id(text, rule).value


@pytest.mark.parametrize("text", ["1.23E+11", "1,23E+11", "1E+11", "1234567890123450", "1.2e11"])
def test_ids_that_a_spreadsheet_rounded_are_unusable(text: str) -> None:
    """An id whose digits were lost is damaged and never mended."""
    assert normalize_id(text).problem == "damaged"


def test_an_id_is_filled_up_to_64_digits_at_most() -> None:
    """The widest rule that there is fills an id up, and leaves a longer one as it is."""
    assert normalize_id("7", "zero_pad:64").value == "7".zfill(64)
    assert normalize_id("7" * 70, "zero_pad:64").value == "7" * 70


@pytest.mark.parametrize("text", [None, "", "  ", "stu_"])
def test_an_id_of_nothing_is_empty(text: str | None) -> None:
    """No id, white space, or nothing left by the rule is no id."""
    assert normalize_id(text, "strip_prefix:stu_").problem == "empty"


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "zero_pad",
        "zero_pad:x",
        "zero_pad:65",
        "zero_pad:" + "9" * 20,
        "zero_pad:" + "9" * 5000,
        "strip_prefix:",
        "exact:1",
        "trim",
    ],
)
def test_unknown_id_rules_are_refused(rule: str) -> None:
    """A rule that does not exist is refused before it can be applied."""
    with pytest.raises(ConfigError, match="EDL-CONF-081"):
        normalize_id("42", rule)


@pytest.mark.parametrize(
    ("text", "order", "state"),
    [
        (None, "mdy", BirthDateState.absent),
        ("2012", "mdy", BirthDateState.partial),
        ("2012-03", "mdy", BirthDateState.partial),
        ("03/04/12", "mdy", BirthDateState.invalid),
        ("40942", "mdy", BirthDateState.invalid),
        ("20120304", "mdy", BirthDateState.invalid),
        ("2012-W05-5", "mdy", BirthDateState.invalid),
        ("13/04/2012", "mdy", BirthDateState.invalid),
        ("29/02/2011", "dmy", BirthDateState.invalid),
        ("00/00/2012", "dmy", BirthDateState.placeholder),
        ("0000-00-00", "mdy", BirthDateState.placeholder),
        ("1900-01-01", "mdy", BirthDateState.placeholder),
        ("2030-01-01", "mdy", BirthDateState.placeholder),
        ("1990-01-01", "mdy", BirthDateState.placeholder),
    ],
)
def test_what_is_no_exact_birth_date_says_what_it_is(
    text: str | None, order: str, state: BirthDateState
) -> None:
    """A date that is partial, impossible, a placeholder or readable in two ways has no value."""
    assert (state, None) == (
        (found := parse_birth_date(text, order=order, today=TODAY)).state,
        found.value,
    )


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2012-02-29", "dmy", date(2012, 2, 29)),
        ("03/04/2012", "mdy", date(2012, 3, 4)),
        ("03/04/2012", "dmy", date(2012, 4, 3)),
        ("2012/4/3", "ymd", date(2012, 4, 3)),
        (" 3.4.2012 ", "dmy", date(2012, 4, 3)),
    ],
)
def test_a_date_is_read_in_the_declared_order_only(text: str, order: str, day: date) -> None:
    """03/04 is one day, the one that the declared order says."""
    assert day == parse_birth_date(text, order=order, today=TODAY).value


def test_an_unknown_order_is_refused() -> None:
    """Only the three orders can be declared."""
    with pytest.raises(ConfigError, match="EDL-CONF-082"):
        parse_birth_date("03/04/2012", order="auto", today=TODAY)


def test_ages_count_whole_years() -> None:
    """A child is two on its second birthday, not the day before."""
    born = date(2022, 9, 1)

    assert (
        is_plausible(born, today=date(2024, 8, 31)),
        is_plausible(born, today=TODAY),
    ) == (False, True)
