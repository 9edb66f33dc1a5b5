from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest
from tests.contract.doors import Door

from edlink.coverage import Source
from edlink.matching import FoldedContacts, fold_contacts, match_people, people_of
from edlink.model import Relationship, RoleAssignment, User
from edlink.roster import Roster
from edlink.vocabulary import RelationshipKind, Role

if TYPE_CHECKING:
    from edlink.sandbox.graph.door import GraphDoor

DOOR = Door(provider="entra", version="v1.0", auth="oauth2")


def entry(
    student: str,
    *,
    name: str | None = "Ada Invented",
    email: str | None = None,
    phone: str | None = None,
    word: str = "parent",
) -> User:
    """Return a contact as the client makes one of a student's entry."""
    role = RoleAssignment(role=Role.guardian, role_raw=word, org_id="tenant", is_primary=True)
    return User(
        sourced_id=f"{student}|{email or phone or name}",
        display_name=name,
        family_name=name,
        email=email,
        sms=phone,
        roles=(role,),
    )


def fold(*entries: User) -> FoldedContacts:
    """Return what folding makes of entries and their students."""
    students = {e.sourced_id.partition("|")[0] for e in entries}
    links = [
        Relationship(
            sourced_id=e.sourced_id,
            student_id=e.sourced_id.partition("|")[0],
            contact_id=e.sourced_id,
            kind=RelationshipKind.parent,
        )
        for e in entries
    ]
    users = [User(sourced_id=student) for student in sorted(students)]
    return fold_contacts(
        Roster.from_records(
            [*users, *entries, *links],
            source=Source("entra", "tenant"),
            pulled_at=datetime(2026, 11, 1, tzinfo=UTC),
        )
    )


def test_a_parent_of_two_students_is_one_person() -> None:
    """Both links lead to one person, who has the number that only one entry had."""
    found = fold(
        entry("s2", email="ada@example.org", phone="+1 555 010 0199"),
        entry("s1", email="Ada@Example.org"),
    )
    person = "s1|Ada@Example.org"
    assert found.groups == ((person, "s2|ada@example.org"),)
    assert found.folded == 1
    assert {link.contact_id for link in found.roster.relationships} == {person}
    assert len(found.roster.relationships) == 2
    kept = found.roster.user(person)
    assert kept is not None
    assert (kept.sms, [i.value for i in kept.identifiers]) == (
        "+1 555 010 0199",
        ["s2|ada@example.org"],
    )


def test_one_number_is_evidence_too() -> None:
    """Equal numbers, however they are written, fold entries of one name."""
    found = fold(entry("s1", phone="+1 555 010 0199"), entry("s2", phone="(555) 010-0199"))
    assert found.folded == 1


def test_what_each_entry_says_of_the_person_is_kept() -> None:
    """A parent here and a guardian there is both, the first of them primary."""
    found = fold(
        entry("s1", email="ada@example.org", word="parent"),
        entry("s2", email="ada@example.org", word="guardian"),
        entry("s3", email="ada@example.org", word="parent"),
    )
    person = found.roster.user("s1|ada@example.org")
    assert person is not None
    roles = [(role.role_raw, role.is_primary) for role in person.roles]
    assert roles == [("parent", True), ("guardian", False)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "Ada Invented"}, {"name": "Ida Invented"}),
        ({"name": "Ada Invented"}, {"name": "Ada Invented Jr"}),
        ({"name": "Ada"}, {"name": "Ada"}),
        ({"name": "n/a"}, {"name": "n/a"}),
        ({"name": None}, {"name": None}),
    ],
    ids=["other name", "suffix", "one word", "placeholder", "no name"],
)
def test_without_one_full_name_nothing_folds(
    one: dict[str, str | None], other: dict[str, str | None]
) -> None:
    """A family's shared address is no evidence across names, nor beside half a name."""
    found = fold(
        entry("s1", email="home@example.org", **one),  # type: ignore[arg-type] # the names above
        entry("s2", email="home@example.org", **other),  # type: ignore[arg-type] # the same
    )
    assert (found.groups, found.conflicts) == ((), ())


def test_a_name_alone_is_no_evidence() -> None:
    """Two people of one name without an address, or with a placeholder, stay two."""
    found = fold(entry("s1"), entry("s2"), entry("s3", email="none@none.com"))
    assert (found.groups, found.conflicts, len(found.roster.users)) == ((), (), 6)


@pytest.mark.parametrize(
    "entries",
    [
        (
            entry("s1", email="home@example.org", phone="5550100101"),
            entry("s2", email="home@example.org", phone="5550100102"),
        ),
        (
            entry("s1", email="one@example.org", phone="5550100101"),
            entry("s2", email="two@example.org", phone="5550100101"),
        ),
        (
            entry("s1", email="home@example.org"),
            entry("s1", email="HOME@example.org", word="relative"),
            entry("s2", email="home@example.org "),
        ),
        (
            entry("s1", email="one@example.org", phone="5550100101"),
            entry("s2", email="two@example.org", phone="5550100101"),
            entry("s3", phone="555-010-0101"),
        ),
    ],
    ids=["numbers differ", "addresses differ", "one student", "through a third"],
)
def test_a_contradiction_keeps_all_apart(entries: tuple[User, ...]) -> None:
    """Who cannot be one stays apart, with all who might be either, and is counted."""
    found = fold(*entries)
    assert found.groups == ()
    assert found.conflicts == (tuple(sorted(e.sourced_id for e in entries)),)
    assert set(entries) <= set(found.roster.users)


def test_two_of_one_name_and_number_are_two_people_of_several_entries() -> None:
    """Entries that agree fold, though somebody else of that name has the same number."""
    found = fold(
        entry("s1", email="one@example.org", phone="5550100101"),
        entry("s2", email="two@example.org", phone="5550100101"),
        entry("s3", email="One@example.org", phone="5550100101"),
        entry("s4", email="TWO@example.org"),
    )
    one, two = "s1|one@example.org", "s2|two@example.org"
    assert found.groups == ((one, "s3|One@example.org"), (two, "s4|TWO@example.org"))
    assert found.conflicts == ((one, two),)


def test_a_host_knows_the_person_when_one_student_has_left() -> None:
    """The id changes with the student it was made of; the link to the host's person does not."""
    both = fold(entry("s1", email="ada@example.org"), entry("s2", email="ada@example.org"))
    existing = [p for p in people_of(both.roster) if p.ref.endswith("ada@example.org")]
    alone = fold(entry("s2", email="ada@example.org"))
    incoming = [p for p in people_of(alone.roster) if p.ref.endswith("ada@example.org")]
    (link,) = match_people(incoming, existing, tenant="tenant").linked
    assert (link.incoming, link.existing) == ("s2|ada@example.org", "s1|ada@example.org")


def test_the_contacts_of_a_district_fold_to_its_adults() -> None:
    """Every adult who is linked is one person, and nobody is two or half."""
    with DOOR.open(people=330) as (district, client):
        adult_of = cast("GraphDoor", district.door).adults()
        found = fold_contacts(client.pull_roster())
        truth = district.truth
    adults: dict[str, set[str]] = {}
    for one, adult in adult_of.items():
        adults.setdefault(adult, set()).add(one)
    several = {frozenset(ids) for ids in adults.values() if len(ids) > 1}
    assert several
    assert {frozenset(group) for group in found.groups} == several
    accounts = len(truth.users) - len(adult_of)
    assert len(found.roster.users) == accounts + len(adults)
    assert len(found.roster.relationships) == len(truth.relationships)
    assert found.conflicts == ()
