import json
from datetime import date
from typing import Any

import attrs
import pytest
from tests.matching.merge_cases import CLASSLINK, booking, group, kept, only_merge

from edlink.errors import ConfigError, UnsafePlanError
from edlink.matching.dedupe import DuplicateGroup
from edlink.matching.merge import (
    MergeConflict,
    MergePlan,
    MergeState,
    Redirect,
    Survivorship,
    plan_merge,
)
from edlink.matching.merge_apply import apply_merge, resolve, revert_merge
from edlink.matching.people import PersonKind


@pytest.mark.parametrize(
    ("fields", "criterion"),
    [
        ({"managed_by": CLASSLINK}, "managed_by_source"),
        ({"managed_by": "clever:north"}, "managed"),
        ({"is_active": True}, "active"),
        ({"has_login": True}, "login"),
        ({"created": date(2019, 1, 1)}, "created"),
    ],
)
def test_the_survivor_is_chosen_in_order(fields: dict[str, Any], criterion: str) -> None:
    """The first criterion on which two differ decides, and is named."""
    usual = {"is_active": criterion != "active"}
    people = (kept("a", **usual), kept("b", **(usual | fields)))
    state = MergeState(people=people)
    plan = plan_merge(state, [group("a", "b")], survivorship=Survivorship(source=CLASSLINK))

    assert [(m.survivor, m.losers, m.chosen_by) for m in plan.merges] == [("b", ("a",), criterion)]


def test_most_references_survive_before_the_smallest_ref() -> None:
    """The record that more rows point to survives; with none the smallest ref does."""
    people = [kept("a"), kept("b")]

    assert only_merge(people, booking("1", "b")).survivor == "b"
    assert only_merge(people).chosen_by == "ref"


def test_the_survivor_takes_what_it_lacks() -> None:
    """Empty fields are filled, addresses are joined, values that are there stay."""
    merge = only_merge(
        [
            kept("a", emails=("new@example.org",), username="ana"),
            kept("b", emails=("old@example.org",), username="old", number="42"),
        ]
    )

    assert {f.name: (f.after, f.taken_from) for f in merge.fields} == {
        "emails": (["new@example.org", "old@example.org"], ("b",)),
        "number": ("42", ("b",)),
    }


def test_what_was_edited_by_hand_survives() -> None:
    """A sticky field of a record that goes wins, and stays sticky."""
    people = (kept("a"), kept("b", given_name="Anita", sticky=frozenset({"given_name"})))
    state, _ = apply_merge(
        MergeState(people=people), plan_merge(MergeState(people=people), [group("a", "b")])
    )

    assert state.people[0].person.given_name == "Anita"
    assert state.people[0].sticky == frozenset({"given_name"})


def test_the_survivors_own_edits_win() -> None:
    """A field that is sticky on the survivor is not taken from another."""
    sticky = frozenset({"given_name"})
    people = [kept("a", sticky=sticky), kept("b", given_name="Anita", sticky=sticky)]

    assert only_merge(people).fields == ()


def test_birth_dates_that_differ_are_a_conflict() -> None:
    """No birth date is chosen over another."""
    people = (kept("a"), kept("b", birth_date=date(2012, 4, 3)))

    assert plan_merge(MergeState(people=people), [group("a", "b")]).conflicts == (
        MergeConflict(refs=("a", "b"), reason="birth_dates"),
    )


@pytest.mark.parametrize(
    ("groups", "reasons"),
    [
        ([group("a", "b"), group("b", "c")], ["overlap", "overlap"]),
        ([group("a", "x")], ["missing"]),
        ([group("a")], []),
    ],
)
def test_groups_that_cannot_be_planned_say_why(
    groups: list[DuplicateGroup], reasons: list[str]
) -> None:
    """A record in two groups, and one that is not there, are conflicts; one alone is nothing."""
    state = MergeState(people=(kept("a"), kept("b"), kept("c")))

    assert [conflict.reason for conflict in plan_merge(state, groups).conflicts] == reasons


def test_redirects_are_one_step_long() -> None:
    """A record merged twice leads straight to the last survivor."""
    state = MergeState(people=(kept("b"), kept("c")), redirects=(Redirect(ref="a", survivor="c"),))
    state, _ = apply_merge(state, plan_merge(state, [group("b", "c")]))

    assert [resolve(ref, state.redirects) for ref in "abcd"] == ["b", "b", "b", "d"]
    assert state.survivors == {"a": "b", "c": "b"}


def test_children_that_were_merged_stay_children() -> None:
    """A guardian points to the surviving record of the child."""
    mum = kept("mum", kind=PersonKind.guardian, child_refs=("a", "b"))
    state = MergeState(people=(kept("a"), kept("b"), mum))
    state, _ = apply_merge(state, plan_merge(state, [group("a", "b")]))

    assert state.people[-1].person.child_refs == ("a",)


def test_a_plan_for_another_state_is_refused() -> None:
    """A plan is carried out on the state it was made for."""
    state = MergeState(people=(kept("a"), kept("b")))
    plan = plan_merge(state, [group("a", "b")])

    with pytest.raises(UnsafePlanError, match="EDL-MATCH-010"):
        apply_merge(attrs.evolve(state, people=(*state.people, kept("c"))), plan)


@pytest.mark.parametrize("what", ["people", "references", "redirects"])
def test_an_undo_refuses_what_has_changed_since(what: str) -> None:
    """A record, row or redirect that was touched after the merge is named and left alone."""
    people = (kept("a", has_login=True), kept("b"))
    state = MergeState(people=people, references=(booking("1", "b"),))
    after, undo = apply_merge(state, plan_merge(state, [group("a", "b")]))

    with pytest.raises(UnsafePlanError, match="EDL-MATCH-011"):
        revert_merge(attrs.evolve(after, **{what: ()}), undo)


def test_plans_are_json() -> None:
    """A plan read back is the same plan, and its repr shows no value."""
    state = MergeState(people=(kept("a"), kept("b", number="4711")))
    plan = plan_merge(state, [group("a", "b")])

    assert MergePlan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan
    assert "4711" not in repr(plan) + repr(state)


@pytest.mark.parametrize("data", [{"version": 9}, {"version": 1, "merges": 1}])
def test_a_plan_of_another_version_is_refused(data: dict[str, Any]) -> None:
    """What this version did not write is not read."""
    with pytest.raises(ConfigError, match="EDL-CONF-087"):
        MergePlan.from_dict(data)


def test_an_undo_gives_back_what_was_there() -> None:
    """People, rows and redirects are as they were before the merge."""
    state = MergeState(
        people=(kept("a", has_login=True), kept("b")), references=(booking("1", "b"),)
    )
    after, undo = apply_merge(state, plan_merge(state, [group("a", "b")]))

    assert revert_merge(after, undo) == state
