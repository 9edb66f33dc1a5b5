"""What happens to rows that name people who are merged."""

import attrs
from tests.matching.merge_cases import booking, group, kept, only_merge

from edlink.matching.merge import (
    MergePlan,
    MergeState,
    plan_merge,
)
from edlink.matching.merge_apply import apply_merge, revert_merge
from edlink.matching.merge_rows import Reference, ReferenceStep
from edlink.matching.people import PersonKind


def test_rows_point_to_the_survivor() -> None:
    """Every row of a record that goes is listed with where it points then."""
    (step,) = only_merge([kept("a", has_login=True), kept("b")], booking("1", "b")).steps

    assert (step.row, step.before, step.after, step.kept_row) == ("1", "b", "a", None)


def test_rows_that_would_collide_collapse_into_one() -> None:
    """Two memberships of one class become one, and the plan says which is kept."""
    rows = (booking("1", "a", unique_by="math"), booking("2", "b", unique_by="math"))
    (step,) = only_merge([kept("a"), kept("b")], *rows).steps

    assert (step.row, step.kept_row) == ("2", "1")


def test_rows_that_must_not_collapse_make_a_conflict() -> None:
    """Two sign-in names of one person are for a person to settle."""
    people = (kept("a"), kept("b"))
    rows = tuple(booking(ref, ref, unique_by="login", collapses=False) for ref in "ab")
    plan = plan_merge(MergeState(people=people, references=rows), [group("a", "b")])

    assert ([c.reason for c in plan.conflicts], plan.is_empty) == (["references"], True)


def family(*rows: tuple[str, str], collapses: bool = True) -> MergeState:
    """Return children c1 and c2, guardians g1 and g2, and rows that link a child with one."""
    adults = [kept(ref, kind=PersonKind.guardian) for ref in ("g1", "g2")]
    links = [
        Reference(
            table="link",
            row=f"r{n}",
            field=field,
            person=person,
            unique_by=other,
            collapses=collapses,
        )
        for n, (child, adult) in enumerate(rows, 1)
        for field, person, other in (("child", child, adult), ("contact", adult, child))
    ]
    return MergeState(people=(kept("c1"), kept("c2"), *adults), references=tuple(links))


def steps_of(plan: MergePlan) -> dict[str, list[tuple[str, str | None]]]:
    """Return the steps of each survivor: row and field, and the row that is kept instead."""
    return {
        merge.survivor: [(f"{s.row}/{s.field}", s.kept_row) for s in merge.steps]
        for merge in plan.merges
    }


BOTH = [group("c1", "c2"), group("g1", "g2")]


def test_rows_that_two_merges_bring_together_collapse() -> None:
    """Once both ends are merged two links are one, which neither merge sees by itself."""
    state = family(("c1", "g1"), ("c2", "g2"))
    plan = plan_merge(state, BOTH)
    after, undo = apply_merge(state, plan)

    assert steps_of(plan) == {"c1": [("r2/child", "r1")], "g1": [("r2/contact", "r1")]}
    assert [(r.row, r.person, r.unique_by) for r in after.references] == [
        ("r1", "c1", "g1"),
        ("r1", "g1", "c1"),
    ]
    assert revert_merge(after, undo) == attrs.evolve(
        state, people=tuple(sorted(state.people, key=lambda p: p.ref))
    )


def test_rows_that_two_merges_bring_together_and_must_stay_make_both_conflicts() -> None:
    """Which of the two merges should give way is nobody's guess."""
    plan = plan_merge(family(("c1", "g1"), ("c2", "g2"), collapses=False), BOTH)

    assert [(c.refs, c.reason) for c in plan.conflicts] == [
        (("c1", "c2"), "references"),
        (("g1", "g2"), "references"),
    ]
    assert plan.is_empty


def test_a_merge_that_brings_nothing_together_stays_beside_a_conflict() -> None:
    """Of two merges only the one whose rows collide is given up."""
    state = family(("c1", "g1"), ("c1", "g2"), ("c2", "g3"), collapses=False)
    plan = plan_merge(state, BOTH)

    assert [c.refs for c in plan.conflicts] == [("g1", "g2")]
    assert steps_of(plan) == {"c1": [("r3/child", None)]}


def test_a_row_that_collapses_goes_whole() -> None:
    """The end of a row that no merge touches goes with the row."""
    state = family(("c1", "g1"), ("c2", "g1"))
    plan = plan_merge(state, [group("c1", "c2")])
    after, _ = apply_merge(state, plan)

    assert steps_of(plan) == {"c1": [("r2/child", "r1"), ("r2/contact", "r1")]}
    assert plan.merges[0].steps[1] == ReferenceStep(
        table="link", row="r2", field="contact", before="g1", after="g1", kept_row="r1"
    )
    assert [r.row for r in after.references] == ["r1", "r1"]


def test_a_row_that_keeps_its_end_follows_the_other_end() -> None:
    """What is unique by someone who was merged is unique by the survivor then."""
    state = family(("c2", "g1"), ("c1", "g2"))
    after, undo = apply_merge(state, plan_merge(state, [group("c1", "c2")]))

    assert [(r.person, r.unique_by) for r in after.references] == [
        ("c1", "g1"),
        ("g1", "c1"),
        ("c1", "g2"),
        ("g2", "c1"),
    ]
    assert revert_merge(after, undo).fingerprint() == state.fingerprint()


def test_what_was_there_twice_before_is_left_to_its_own_merge() -> None:
    """Rows of a child who is not merged are not tidied because both of their adults are."""
    rows = tuple(
        Reference(table="visit", row=str(n), field=field, person=person, unique_by=unique)
        for n, adult in enumerate(("g1", "g2"))
        for field, person, unique in (("child", "c1", "monday"), ("adult", adult, None))
    )
    state = attrs.evolve(family(), references=rows)

    assert steps_of(plan_merge(state, BOTH[1:])) == {"g1": [("1/adult", None)]}
    assert steps_of(plan_merge(state, BOTH)) == {
        "c1": [("1/child", "0")],
        "g1": [("1/adult", "0")],
    }


def test_a_class_that_is_named_like_a_person_does_not_follow_them() -> None:
    """Only the ref of someone to whom the row itself points is a person's."""
    rows = (booking("1", "a", unique_by="b"), booking("2", "b", unique_by="a"))
    plan = plan_merge(MergeState(people=(kept("a"), kept("b")), references=rows), [group("a", "b")])

    assert steps_of(plan) == {"a": [("2/student", None)]}
