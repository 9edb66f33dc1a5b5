"""A look that spares a reading says what the reading would say."""

from hypothesis import given
from hypothesis import strategies as st

from edlink.matching.addresses import near
from edlink.matching.emails import EmailPolicy
from edlink.matching.ladder import Side
from edlink.matching.normalize import is_name, normalize_name
from edlink.matching.people import Person
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


TEXTS = ADDRESSES | st.text("abA1@. \u212a", min_size=1, max_size=8)


@given(st.lists(TEXTS, max_size=4))
def test_plain_texts_are_their_own_keys_or_none(texts: list[str]) -> None:
    """What need not be read could only be read as itself, as an address and as a user name."""
    reader = Reader(MatchRules())
    plain = [text for text in texts if reader.are_plain([text])]

    assert reader.are_plain(plain)
    assert reader.are_plain(texts) == (plain == texts)
    for text in plain:
        assert reader.email(text) in {text, None}
        assert set(reader.usernames(Person(ref="", username=text))) <= {text}


PEOPLE = st.lists(st.tuples(st.lists(TEXTS, max_size=2), st.none() | TEXTS), max_size=70)


@given(PEOPLE, st.frozensets(TEXTS, max_size=3), st.sampled_from([{}, {"example.org": "x.org"}]))
def test_who_is_near_an_address_is_found_whether_all_are_plain_or_not(
    texts: list[tuple[list[str], str | None]], wanted: frozenset[str], aliases: dict[str, str]
) -> None:
    """Looking at many at once passes over nobody who has one of the keys."""
    reader = Reader(MatchRules(email=EmailPolicy(domain_aliases=aliases)))
    people = [
        Person(ref=str(n), emails=tuple(emails), username=name)
        for n, (emails, name) in enumerate(texts)
    ]
    read = [{*reader.emails(person), *reader.usernames(person)} for person in people]
    keys = {key for text in wanted for key in (text, reader.email(text)) if key is not None}
    having = {place for place, found in enumerate(read) if found & keys}
    assert having <= set(near(Side(people=people, reader=reader), range(len(people)), keys))
