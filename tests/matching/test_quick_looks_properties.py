"""A look that spares a reading says what the reading would say."""

from hypothesis import given
from hypothesis import strategies as st

from edlink.matching.addresses import near
from edlink.matching.emails import EmailPolicy, email_key, normalize_email
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


POLICIES = st.sampled_from(
    [EmailPolicy(), EmailPolicy(domain_aliases={"example.org": "x.org", "none.com": "y.org"})]
)


@given(st.lists(TEXTS, min_size=1, max_size=4), POLICIES)
def test_plain_texts_are_their_own_keys_or_none(texts: list[str], policy: EmailPolicy) -> None:
    """What need not be read could only be read as itself, as an address and as a user name."""
    reader = Reader(MatchRules(email=policy))
    plain = [text for text in texts if reader.are_plain([text])]

    assert reader.are_plain(plain) or not plain
    assert reader.are_plain(texts) == (plain == texts)
    for text in plain:
        assert reader.email(text) in {text, None}
        assert set(reader.usernames(Person(ref="", username=text))) <= {text}


@given(TEXTS, POLICIES)
def test_the_key_of_an_address_is_what_normalizing_gives(text: str, policy: EmailPolicy) -> None:
    """The quick way and the long one know one key."""
    assert email_key(text, policy) == normalize_email(text, policy).value


@given(st.data(), st.integers(1, 150), POLICIES)
def test_who_is_near_an_address_is_found_whether_all_are_plain_or_not(
    data: st.DataObject, count: int, policy: EmailPolicy
) -> None:
    """Looking at many at once finds each who has one of the keys, once, and nobody without."""
    texts = data.draw(st.lists(TEXTS, min_size=1, max_size=6))
    some = st.sampled_from(texts)
    odd = data.draw(st.dictionaries(st.integers(0, count - 1), st.tuples(some, st.none() | some)))
    people = [Person(ref=str(n), emails=(f"u{n}@example.org",)) for n in range(count)]
    for n, (email, username) in odd.items():
        people[n] = Person(ref=str(n), emails=(email,), username=username)
    reader = Reader(MatchRules(email=policy))
    keys = {data.draw(some)} | {key for text in texts[:2] if (key := reader.email(text))}
    read = [{*reader.emails(person), *reader.usernames(person)} for person in people]
    written = [{*person.emails, person.username} for person in people]

    found = list(near(Side(people=people, reader=reader), range(count), keys))

    assert [n for n in range(count) if read[n] & keys] == [n for n in found if read[n] & keys]
    assert all((read[n] | written[n]) & keys for n in found)


def test_people_with_one_address_are_near_whatever_the_block() -> None:
    """The last of many is found as well as the first, among plain addresses and others."""
    for text in ("a@example.org", "A@Example.org"):
        people = [Person(ref=str(n), emails=(f"u{n}@example.org",)) for n in range(200)]
        for n in (0, 63, 64, 199):
            people[n] = Person(ref=str(n), emails=(text,))
        side = Side(people=people, reader=Reader(MatchRules()))

        assert list(near(side, range(200), {"a@example.org"})) == [0, 63, 64, 199]
