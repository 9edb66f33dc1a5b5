"""Rules N1 to N5: what normalizing keeps and forgives."""

import unicodedata
from collections.abc import Callable
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from edlink.matching.emails import normalize_email
from edlink.matching.ids import clean_id, normalize_id
from edlink.matching.normalize import Form, normal_form, normalize_name, strict_form

TEXTS = st.text(max_size=12)

#: Marks that part a letter from nothing a reader sees, as no writing has them.
MARKS = st.builds(str.__mul__, st.text("\u0301\u0323\u0f73", min_size=1), st.integers(1, 150))
MOST_MARKS = 120
CROWDED = st.lists(st.one_of(st.sampled_from("aáŁ '\u200b"), MARKS), max_size=6).map("".join)
NAMES = st.one_of(
    TEXTS, st.text("aáÁåøßłİ\u0131i'-. \u2019\u0301\u200bJjRrSs", max_size=10), CROWDED
)
FORMS: list[Form] = ["NFC", "NFD", "NFKC", "NFKD"]
LOCALS = st.text("abcxyz0189.", min_size=1, max_size=6)


@given(NAMES)
def test_n1_names_are_idempotent(text: str) -> None:
    """Normalizing a normalized name changes nothing."""
    once = normalize_name(text)

    assert (once.strict, once.folded) == (
        normalize_name(once.strict).strict,
        normalize_name(once.folded).folded,
    )


@given(TEXTS)
def test_n1_ids_are_idempotent(text: str) -> None:
    """Normalizing a normalized id changes nothing."""
    once = normalize_id(text).value

    assert once is None or once == normalize_id(once).value


@given(st.one_of(TEXTS, st.builds("{}@{}.{}".format, TEXTS, TEXTS, TEXTS)))
def test_n1_emails_are_idempotent(text: str) -> None:
    """Normalizing a normalized address changes nothing."""
    once = normalize_email(text).value

    assert once is None or once == normalize_email(once).value


@given(NAMES, NAMES)
def test_n2_equal_strict_names_are_equal_in_every_form(a: str, b: str) -> None:
    """Names with one strict form have one folded form and one set of tokens."""
    left, right = normalize_name(a), normalize_name(b)

    assert left.strict != right.strict or left.absent or right.absent or left == right


@given(NAMES)
def test_n2_case_and_space_do_not_matter(text: str) -> None:
    """A name in another case and spacing is the same key."""
    assert normalize_name(text) == normalize_name(f" {text.casefold()}  ")


@given(NAMES)
def test_n3_composed_and_decomposed_names_are_one(text: str) -> None:
    """NFC and NFD spellings give one key."""
    composed, apart = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))

    assert normalize_name(composed) == normalize_name(apart)


@given(st.one_of(NAMES, st.text(min_size=41, max_size=200)), st.sampled_from(FORMS))
def test_n3_a_writing_has_the_form_that_unicode_gives_it(text: str, form: Form) -> None:
    """Where no letter has more marks than any writing, the form is Unicode's own."""
    expected = unicodedata.normalize(form, text)

    assert _most_marks(text) > MOST_MARKS or normal_form(form, text) == expected


@given(NAMES)
def test_n3_no_letter_keeps_more_marks_than_a_writing(text: str) -> None:
    """What would be composed in the square of its length is left out, and so are further names."""
    key = normalize_name(text)

    assert max(map(_most_marks, (strict_form(text), key.strict, key.folded))) <= MOST_MARKS


def _most_marks(text: str) -> int:
    """Return the length of the longest run of marks, however they are composed."""
    runs = groupby(unicodedata.normalize("NFKD", text), lambda c: unicodedata.combining(c) > 0)
    return max((len(list(run)) for is_mark, run in runs if is_mark), default=0)


#: What a spreadsheet, a form or a careless reader would do to an id.
SLIPS: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "casefold": str.casefold,
    "zero": "0{}".format,
    "zeros_lost": lambda text: text.lstrip("0"),
    "point_zero": "{}.0".format,
    "prefix": "S-{}".format,
    "prefix_lost": lambda text: text[1:],
    "cut": lambda text: text[:-1],
    "hyphen": "-".join,
    "digits_alone": lambda text: "".join(c for c in text if c.isdecimal()),
}


@given(st.text("0123456789aAbBxX", min_size=1, max_size=8), st.text("0aA", min_size=1, max_size=8))
def test_n4_different_ids_stay_different(a: str, b: str) -> None:
    """Two different ids never become equal without a named rule."""
    assert (a == b) == (clean_id(a) == clean_id(b))


@given(
    st.from_regex(r"0?[a-zA-Z0-9]{0,3}[a-zA-Z][0-9]{0,4}", fullmatch=True),
    st.sampled_from(sorted(SLIPS)),
)
def test_n4_an_id_with_a_slip_is_another_id(text: str, slip: str) -> None:
    """Neither case nor zeros, prefixes, points or hyphens are forgiven without a named rule."""
    other = SLIPS[slip](text)
    keys = clean_id(text), clean_id(other)

    assert other == text or keys[0] != keys[1] or keys == (None, None)
    assert clean_id(f" {text} ") == keys[0]


@given(LOCALS, st.text("abc1", min_size=1, max_size=4))
def test_n5_a_tag_is_another_mailbox(local: str, tag: str) -> None:
    """An address with a tag is not the address without it."""
    tagged, bare = (normalize_email(f"{x}@example.org") for x in (f"{local}+{tag}", local))

    assert tagged.value != bare.value
