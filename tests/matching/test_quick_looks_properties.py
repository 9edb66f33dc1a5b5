"""A look that spares a reading says what the reading would say."""

from hypothesis import given
from hypothesis import strategies as st

from edlink.matching.normalize import is_name, normalize_name
from edlink.matching.reading import Reader
from edlink.matching.rules import MatchRules

WORDS = st.sampled_from(
    ["none", "test", "NA", "Jr", "unknown", "x", "Ana", "a-bc'defgh", "student"]
)
ADDRESSES = st.builds(
    "{}@{}{}".format,
    st.text("abCé.+_ \n", max_size=5),
    st.sampled_from(["example.org", "none.com", "Example.org", "a..b", "x"]),
    st.sampled_from(["", ".", " ", "\u200b"]),
)


@given(st.text(max_size=8) | WORDS | st.text("aZ", max_size=4))
def test_a_name_by_a_look_is_a_name_by_reading(text: str) -> None:
    """One plain word is a name, or none, whichever way it is found out."""
    assert is_name(text) == (normalize_name(text).absent is None)


@given(ADDRESSES | st.text("ab1@. ", min_size=1, max_size=8))
def test_a_plain_address_is_its_own_key_or_none(text: str) -> None:
    """What need not be read could only be read as itself."""
    reader = Reader(MatchRules())
    assert not reader.is_plain(text) or reader.email(text) in {text, None}
