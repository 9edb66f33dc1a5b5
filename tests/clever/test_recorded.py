from collections.abc import Iterator

import attrs
import pytest
from tests.clever.replay import TOKEN, Clever, serve
from tests.clever.rows import fold, recorded, sent

from edlink import Kind, Role, Roster
from edlink._http.transport import HttpSettings
from edlink.clever import CleverClient
from edlink.vocabulary import CoverageState

FAST = HttpSettings(rate=0)


@pytest.fixture(scope="module")
def clever() -> Iterator[Clever]:
    with serve(Clever(recorded(), limit=300)) as running:
        yield running


@pytest.fixture(scope="module")
def roster(clever: Clever) -> Roster:
    with CleverClient(TOKEN, base_url=clever.base_url, settings=FAST) as client:
        return client.pull_roster()


@pytest.mark.parametrize(
    ("role", "count"),
    [(Role.student, 1004), (Role.teacher, 89), (Role.administrator, 3)],
)
def test_every_person_of_a_role_arrives(roster: Roster, role: Role, count: int) -> None:
    """A pull of the recorded district holds each person that Clever sent, once."""
    assert count == len(roster.users_with_role(role))


def test_every_contact_arrives(roster: Roster) -> None:
    """The recorded 1,002 contacts are guardians where Clever's type says so, else contacts."""
    guardians = roster.users_with_role(Role.guardian)
    contacts = roster.users_with_role(Role.contact)

    assert len(guardians) + len(contacts) == 1002
    assert len(roster.relationships) == 1004


def test_every_class_arrives_and_no_member_dangles(roster: Roster) -> None:
    """The recorded 378 sections name only people who came."""
    assert len(roster.classes) == 378
    assert all(roster.user(e.user_id or "") for e in roster.enrollments)
    assert not [i for i in roster.issues if i.reason == "dangling_reference"]


def test_the_recorded_dirt_is_carried(roster: Roster) -> None:
    """E-mail addresses with no @ or a quote, and a missing birth date, cost no record."""
    emails = [user.email or "" for user in roster.users]
    without_birth_date = [d for d in roster.demographics if d.birth_date is None]

    assert sum("@" not in email for email in emails) == 1
    assert sum('"' in email for email in emails) == 1
    assert len(without_birth_date) == 1
    assert roster.issues == ()


def test_students_of_several_schools_keep_them(roster: Roster) -> None:
    """264 recorded students are in more than one school, one of which is the primary."""
    students = roster.users_with_role(Role.student)
    several = [s for s in students if len({r.org_id for r in s.roles}) > 1]

    assert len(several) == 264
    assert all(sum(bool(r.is_primary) for r in s.roles) == 1 for s in students)


def test_sections_with_one_name_stay_apart(roster: Roster) -> None:
    """35 recorded sections repeat another's name and are classes of their own."""
    assert len(roster.classes) - len({c.title for c in roster.classes}) == 35


def test_coverage_is_complete(roster: Roster) -> None:
    """Nothing of the recorded district is withheld, so everything absent is gone."""
    assert all(e.state is CoverageState.complete for e in roster.coverage.entries)


def test_two_pulls_are_equal(clever: Clever, roster: Roster) -> None:
    """A second pull of the same data is the same roster but for its time."""
    with CleverClient(TOKEN, base_url=clever.base_url, settings=FAST) as client:
        again = client.pull_roster()

    assert roster == attrs.evolve(again, pulled_at=roster.pulled_at)


def test_what_was_not_recorded_is_withheld() -> None:
    """Collections that answer 404 are withheld, and the rest of the district arrives."""
    with (
        serve(Clever(sent())) as clever,
        CleverClient(TOKEN, base_url=clever.base_url, settings=FAST) as client,
    ):
        roster = client.pull_roster()

    assert len(roster.classes) == 378
    assert CoverageState.withheld is roster.coverage.state(Kind.course)
    assert [w.code for w in roster.warnings] == ["EDL-WARN-601"] * 3


def test_version_2_says_the_same_but_for_ids(roster: Roster) -> None:
    """The recorded rows folded into version 2's shape become the same people and classes."""
    with (
        serve(Clever(fold(recorded()), version="2.1", limit=300)) as clever,
        CleverClient(TOKEN, version="2.1", base_url=clever.base_url, settings=FAST) as client,
    ):
        old = client.pull_roster()
    to_old = {
        user.sourced_id: next(
            (i.value for i in user.identifiers if i.type == "legacy_id"), user.sourced_id
        )
        for user in roster.users
    }
    renamed = {to_old[u.sourced_id]: u for u in roster.users}

    assert old.counts() == roster.counts()
    assert {u.sourced_id for u in old.users} == set(renamed)
    for user in old.users:
        new = renamed[user.sourced_id]
        kept = tuple(i for i in new.identifiers if i.type != "legacy_id")
        assert user == attrs.evolve(new, sourced_id=user.sourced_id, identifiers=kept)
    assert {(e.class_id, e.user_id, e.role, e.is_primary) for e in old.enrollments} == {
        (e.class_id, to_old[e.user_id or ""], e.role, e.is_primary) for e in roster.enrollments
    }
    assert old.classes == roster.classes
    assert {d.sourced_id: d for d in old.demographics} == {
        d.sourced_id: d for d in roster.demographics
    }
