"""Folding is a question of evidence alone: not of order, and not of how often it is done."""

import random

from hypothesis import given
from hypothesis import strategies as st
from tests.matching.test_contacts import entry, fold

from edlink.matching import fold_contacts
from edlink.matching.emails import normalize_phone
from edlink.matching.normalize import normalize_name
from edlink.model import User

_entries = st.builds(
    lambda student, name, email, phone: entry(student, name=name, email=email, phone=phone),
    student=st.sampled_from(["s1", "s2", "s3", "s4"]),
    name=st.sampled_from(["Ada Invented", "ADA  Invented", "Ida Invented", "Ada", None]),
    email=st.sampled_from(["a@example.org", "A@example.org", "b@example.org", None]),
    phone=st.sampled_from(["5550100101", "+1 555 010 0101", "5550100102", None]),
)
_some = st.lists(_entries, unique_by=lambda user: user.sourced_id, max_size=8)


@given(entries=_some, seed=st.integers(0, 1000))
def test_the_order_of_entries_changes_nothing(entries: list[User], seed: int) -> None:
    """The same entries in another order are the same people."""
    shuffled = entries.copy()
    random.Random(seed).shuffle(shuffled)
    one, other = fold(*entries), fold(*shuffled)
    assert (one.groups, one.conflicts) == (other.groups, other.conflicts)
    assert set(one.roster.users) == set(other.roster.users)


@given(entries=_some)
def test_folding_again_changes_nothing(entries: list[User]) -> None:
    """What was folded is folded for good."""
    once = fold(*entries)
    again = fold_contacts(once.roster)
    assert (again.roster, again.groups) == (once.roster, ())
    assert again.conflicts == once.conflicts


@given(entries=_some)
def test_nobody_is_lost_and_names_are_never_crossed(entries: list[User]) -> None:
    """Each entry is in one group, one conflict or alone, and a group has one name."""
    found = fold(*entries)
    ids = {e.sourced_id: e for e in entries}
    grouped = [i for group in found.groups for i in group]
    assert len(grouped) == len(set(grouped))
    for group in (*found.groups, *found.conflicts):
        assert len({normalize_name(ids[i].display_name).strict for i in group}) == 1
    for group in found.groups:
        students = {i.partition("|")[0] for i in group}
        assert len(students) == len(group)
        assert len({(ids[i].email or "").lower() for i in group} - {""}) < 2
        assert len({normalize_phone(ids[i].sms) for i in group} - {None}) < 2
    gone = {i for group in found.groups for i in group[1:]}
    people = {u.sourced_id for u in found.roster.users if "|" in u.sourced_id}
    assert people == set(ids) - gone
    assert {i for group in found.conflicts for i in group} <= people
    assert all(found.roster.user(link.contact_id) for link in found.roster.relationships)
