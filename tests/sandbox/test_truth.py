"""The truth: what each door says of the district, with links worked out by the rules."""

import attrs
import pytest

from edlink import sandbox
from edlink.roster import Roster
from edlink.sandbox import Sandbox
from edlink.sandbox.truth import relationships
from edlink.vocabulary import EndSemantics, Kind, RelationshipKind, Role


@pytest.fixture(scope="module")
def truth() -> Roster:
    with sandbox.start(people=600) as district:
        return district.truth


@pytest.fixture(scope="module")
def truth_1_2() -> Roster:
    with sandbox.start(people=600, version="1.2") as district:
        return district.truth


def test_every_record_is_either_there_or_a_tombstone(truth: Roster) -> None:
    """Collections and tombstones together hold each record of the district once."""
    users = [t.sourced_id for t in truth.tombstones if t.kind is Kind.user]
    assert len(truth.users) + len(users) == 600
    assert not set(users) & {user.sourced_id for user in truth.users}


def test_a_link_says_who_lists_whom(truth: Roster) -> None:
    """Links confirmed from both sides, from the student only, and from the adult only occur."""
    users = {user.sourced_id: user for user in truth.users}
    sides = {
        (
            link.both_sides_confirmed,
            link.contact_id in users[link.student_id].agent_ids,
            link.student_id in users[link.contact_id].agent_ids,
        )
        for link in truth.relationships
    }
    assert sides == {(True, True, True), (False, True, False), (False, False, True)}


def test_links_have_the_kind_of_the_adults_role(truth: Roster) -> None:
    """Parents, guardians and relatives are linked as such."""
    kinds = {link.kind for link in truth.relationships}
    assert kinds == {
        RelationshipKind.parent,
        RelationshipKind.guardian,
        RelationshipKind.relative,
    }


def test_staff_who_are_parents_are_linked_only_where_they_can_say_both(
    truth: Roster, truth_1_2: Roster
) -> None:
    """One record with two roles is linked in 1.2; in 1.1 it has one role and no link."""

    def linked(roster: Roster) -> set[str]:
        teachers = {user.sourced_id for user in roster.users_with_role(Role.teacher)}
        return teachers & {link.contact_id for link in roster.relationships}

    assert linked(truth_1_2)
    assert not linked(truth)


def test_a_student_lists_only_what_its_own_version_knows(truth: Roster) -> None:
    """No agent of the 1.1 truth is staff, and none is missing."""
    for user in truth.users:
        for agent_id in user.agent_ids:
            agent = truth.user(agent_id)
            assert agent is not None
            assert agent.roles[0].role is not Role.teacher


def test_versions_differ_in_how_sure_ends_are(truth: Roster, truth_1_2: Roster) -> None:
    """1.2 states that ends are exclusive, 1.1's are assumed to be."""
    assert {s.end_semantics for s in truth.academic_sessions} == {EndSemantics.assumed}
    assert {s.end_semantics for s in truth_1_2.academic_sessions} == {EndSemantics.stated}


def test_roles_of_1_1_are_its_own_words(truth: Roster, truth_1_2: Roster) -> None:
    """1.1 has no counselors and principals; 1.2 has."""
    old = {role.role_raw for user in truth.users for role in user.roles}
    new = {role.role_raw for user in truth_1_2.users for role in user.roles}
    assert {"counselor", "principal"} <= new
    assert old <= {"student", "teacher", "parent", "guardian", "relative", "aide", "proctor",
                   "administrator"}  # fmt: skip


def test_nobody_is_their_own_family(truth: Roster) -> None:
    """A person who lists themself, or a student who lists a student, makes no link."""
    students = truth.users_with_role(Role.student)[:2]
    first, second = (user.sourced_id for user in students)
    odd = [attrs.evolve(user, agent_ids=(first, second)) for user in students]
    assert list(relationships(odd)) == []


def test_expected_is_the_truth_while_nothing_is_wrong() -> None:
    """Without faults, and with faults that heal, what is expected is the truth itself."""
    with sandbox.start(people=50, faults=["gzip"]) as district:
        assert district.expected is district.truth


def test_expected_follows_the_faults_that_are_on() -> None:
    """A fault that takes something away takes it from what is expected, as long as it is on."""

    def links(district: Sandbox) -> int:
        return len(district.expected.relationships)

    with sandbox.start(people=50, faults=["no_agents"]) as district:
        without = links(district)
        district.faults.remove("no_agents")
        assert links(district) > without == 0
