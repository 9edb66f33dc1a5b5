"""Family links from agents, by the rules of who may be a student's contact."""

import pytest

from edlink.model import RoleAssignment, User
from edlink.oneroster.convert import to_relationships
from edlink.oneroster.values import read_role
from edlink.vocabulary import RelationshipKind


def person(sourced_id: str, word: str | None, *agents: str, at: str = "s1", **more: str) -> User:
    """Return a user with one role at an org, and with ``more`` orgs' roles."""
    words = {at: word, **more} if word else {}
    roles = tuple(
        RoleAssignment(role=read_role(w), role_raw=w, org_id=org) for org, w in words.items()
    )
    return User(sourced_id=sourced_id, roles=roles, agent_ids=agents)


def links(*people: User) -> list[tuple[str, str, bool]]:
    """Return student, kind and both-sides of each link."""
    return [
        (link.sourced_id, str(link.kind), link.both_sides_confirmed)
        for link in to_relationships(people)[0]
    ]


def reasons(*people: User) -> list[tuple[str | None, str]]:
    """Return who an Issue is about, and why."""
    issues = to_relationships(people)[1]
    assert not any(issue.set_aside for issue in issues)
    assert all(issue.fields == ("agents",) for issue in issues)
    return [(issue.sourced_id, issue.reason) for issue in issues]


def test_a_link_on_both_sides_is_confirmed() -> None:
    """Student and parent who name each other are one link, confirmed."""
    assert links(person("kid", "student", "mum"), person("mum", "parent", "kid")) == [
        ("kid|mum", "parent", True)
    ]


@pytest.mark.parametrize(("of_kid", "of_mum"), [(("mum",), ()), ((), ("kid",))])
def test_a_link_on_one_side_counts(of_kid: tuple[str, ...], of_mum: tuple[str, ...]) -> None:
    """Either side is enough, and the link says that it is not confirmed."""
    found = links(person("kid", "student", *of_kid), person("mum", "guardian", *of_mum))
    assert found == [("kid|mum", "guardian", False)]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("parent", RelationshipKind.parent),
        ("Guardian", RelationshipKind.guardian),
        ("relative", RelationshipKind.relative),
        ("aide", RelationshipKind.aide),
        ("contact", RelationshipKind.unknown),
    ],
)
def test_the_adults_role_is_the_kind(word: str, kind: RelationshipKind) -> None:
    """OneRoster has no word for the link, so the adult's role is it, and is kept raw."""
    ((link,), _) = to_relationships([person("kid", "student", "a"), person("a", word)])
    assert (link.kind, link.kind_raw) == (kind, word)


def test_the_role_at_the_students_school_goes_before_others() -> None:
    """A parent at one school who is a relative at the child's is the child's relative."""
    adult = person("a", "parent", at="s2", s1="relative")
    assert links(person("kid", "student", "a"), adult) == [("kid|a", "relative", False)]


def test_a_role_elsewhere_counts_where_there_is_none_at_the_students_school() -> None:
    """A parent's record may name another org than the child's."""
    assert links(person("kid", "student", "a"), person("a", "parent", at="d")) == [
        ("kid|a", "parent", False)
    ]


def test_a_teacher_who_is_a_parent_is_linked_as_a_parent() -> None:
    """A second role makes a member of staff a contact."""
    adult = person("a", "teacher", at="s1", s2="parent")
    assert links(person("kid", "student", "a"), adult) == [("kid|a", "parent", False)]


@pytest.mark.parametrize(
    ("one", "other"),
    [("student", "student"), ("student", "teacher"), ("parent", "parent"), ("teacher", "aide")],
)
def test_what_is_no_family_link_is_told(one: str, other: str) -> None:
    """Two students, two adults, or a student and a teacher are no family, and an Issue says so."""
    people = (person("a", one, "b"), person("b", other))
    assert links(*people) == []
    assert reasons(*people) == [("a", "agent_not_family")]


def test_nobody_is_their_own_contact() -> None:
    """A reference to oneself is told and makes no link."""
    assert reasons(person("kid", "student", "kid")) == [("kid", "agent_not_family")]


def test_an_agent_without_a_record_is_told() -> None:
    """An agent that is not shared is not dropped in silence."""
    assert reasons(person("kid", "student", "ghost")) == [("kid", "dangling_agent")]


def test_somebody_without_any_role_is_no_contact() -> None:
    """Nobody becomes a contact whose role is not known."""
    assert reasons(person("kid", "student", "a"), person("a", None)) == [
        ("kid", "agent_not_family")
    ]


def test_links_come_in_the_order_of_the_students() -> None:
    """First what the students list, in their order, then what only adults list."""
    people = (
        person("dad", "parent", "kid2", "kid1"),
        person("kid1", "student", "mum", "dad"),
        person("kid2", "student"),
        person("mum", "parent"),
    )
    assert [link for link, _, _ in links(*people)] == ["kid1|mum", "kid1|dad", "kid2|dad"]


def test_links_of_ids_with_bars_are_told_apart() -> None:
    """Two pairs of people never share a link's id, whatever the ids hold."""
    people = (
        person("a|b", "student", "c"),
        person("a", "student", "b|c"),
        person("c", "parent"),
        person("b|c", "parent"),
    )
    assert len({link for link, _, _ in links(*people)}) == 2
