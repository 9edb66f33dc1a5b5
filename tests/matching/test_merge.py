import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import attrs
import pytest

from edlink.errors import ConfigError, UnsafePlanError
from edlink.matching.dedupe import DuplicateGroup, HostPerson, find_duplicates
from edlink.matching.merge import (
    Merge,
    MergeConflict,
    MergePlan,
    MergeState,
    Redirect,
    Survivorship,
    plan_merge,
)
from edlink.matching.merge_apply import apply_merge, resolve, revert_merge
from edlink.matching.merge_rows import Reference, ReferenceStep
from edlink.matching.people import Person, PersonKind
from edlink.matching.rules import MatchRules

DAY = date(2012, 3, 4)
CLASSLINK = "classlink:north"


def kept(ref: str, **fields: Any) -> HostPerson:  # noqa: ANN401 - any field of either
    """Return a host's student with an invented name."""
    own = {name: fields.pop(name) for name in list(fields) if hasattr(HostPerson, name)}
    usual: dict[str, Any] = {"given_name": "Ana", "family_name": "Sample", "birth_date": DAY}
    return HostPerson(person=Person(ref=ref, **(usual | fields)), **own)


def group(*refs: str) -> DuplicateGroup:
    """Return a group that someone has confirmed."""
    return DuplicateGroup(refs=refs, kind="student", rules=("confirmed",))


def only_merge(people: Sequence[HostPerson], *references: Reference) -> Merge:
    """Return the one merge of all people."""
    state = MergeState(people=tuple(people), references=references)
    (merge,) = plan_merge(state, [group(*(p.ref for p in people))]).merges
    return merge


def booking(row: str, person: str, **fields: Any) -> Reference:  # noqa: ANN401 - any field
    """Return a row that points to a person."""
    return Reference(table="bookings", row=row, field="student", person=person, **fields)


def test_an_old_record_beside_a_new_one_is_a_duplicate() -> None:
    """A hand-typed record and a managed one with one name and birth date are one person."""
    found = find_duplicates([kept("old"), kept("new", managed_by=CLASSLINK)])

    assert [(g.refs, g.rules) for g in found.auto] == [(("new", "old"), ("name_birth_date",))]


def test_twins_are_no_duplicates() -> None:
    """Twins who share family name, birth date and mailbox are two persons."""
    mail = {"emails": ("home@example.org",)}
    found = find_duplicates([kept("a", **mail), kept("b", given_name="Eva", **mail)])

    assert (found.auto, found.review, found.conflicts) == ((), (), ())


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ({"sis_id": "1"}, {"sis_id": "2"}, "sis_ids"),
        (
            {"sis_id": "1"},
            {"sis_id": "1", "given_name": "Bruno", "birth_date": date(2011, 1, 1)},
            "id_reused",
        ),
        (
            {"managed_by": CLASSLINK, "provider_ids": ("p1",)},
            {"managed_by": CLASSLINK, "provider_ids": ("p2",)},
            "managed_twice",
        ),
        ({}, {}, "not_the_same"),
        ({"number": "1"}, {"number": "1", "given_name": "Eva"}, "two_persons"),
        ({"number": "1"}, {"number": "1", "birth_date": date(2012, 4, 3)}, "two_persons"),
        ({"number": "1", "suffix": "Jr"}, {"number": "1", "suffix": "III"}, "two_persons"),
        ({"number": "1", "middle_name": "L"}, {"number": "1", "middle_name": "P"}, "two_persons"),
    ],
)
def test_what_contradicts_makes_the_whole_group_a_conflict(
    a: dict[str, Any], b: dict[str, Any], reason: str
) -> None:
    """Two ids, one id of two persons, or a person's word part a group as a whole."""
    parted = [("a", "b")] if reason == "not_the_same" else []
    found = find_duplicates([kept("a", **a), kept("b", **b)], not_the_same=parted)

    assert [(g.refs, g.reason) for g in found.conflicts] == [(("a", "b"), reason)]


def test_nicknames_under_one_address_are_for_review() -> None:
    """Will and William with one mailbox are one person or two; a surer rule says which."""
    mail = {"emails": ("home@example.org",)}
    people = [kept("a", given_name="Will", **mail), kept("b", given_name="William", **mail)]
    known = [attrs.evolve(p, person=attrs.evolve(p.person, number="1")) for p in people]
    found = find_duplicates(people)

    assert ([(g.refs, g.reason) for g in found.review], found.auto) == (
        [(("a", "b"), "likely")],
        (),
    )
    assert [(g.refs, g.rules) for g in find_duplicates(known).auto] == [(("a", "b"), ("number",))]


@pytest.mark.parametrize(
    ("tenants", "tenant", "count"),
    [
        (("north", "south"), None, 0),
        (("north", "north"), None, 1),
        (("north", None), None, 1),
        (("north", None), "south", 0),
        (("north", None), "north", 1),
    ],
)
def test_records_of_two_tenants_are_no_duplicates(
    tenants: tuple[str | None, str | None], tenant: str | None, count: int
) -> None:
    """One SIS id stands for two people in two tenants; who names none is of the one at hand."""
    people = [kept(ref, sis_id="1", tenant=t) for ref, t in zip("ab", tenants, strict=True)]
    found = find_duplicates(people, tenant=tenant)

    assert (len(found.auto), found.review, found.conflicts) == (count, (), ())


def test_each_tenant_has_its_own_duplicates() -> None:
    """Children and their guardians are found within every tenant, by the same rules."""
    people = [
        kept(f"{kind}{n}-{tenant}", tenant=tenant, kind=kind, **fields)
        for tenant in ("north", "south")
        for n in (1, 2)
        for kind, fields in (
            (PersonKind.student, {}),
            (
                PersonKind.guardian,
                {
                    "birth_date": None,
                    "phones": ("555-010-0199",),
                    "child_refs": (f"student{n}-{tenant}",),
                },
            ),
        )
    ]

    assert [g.refs for g in find_duplicates(people).auto] == [
        (f"{kind}1-{tenant}", f"{kind}2-{tenant}")
        for kind in ("guardian", "student")
        for tenant in ("north", "south")
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"people": (kept("a"), kept("a", number="1"))},
        {"references": (booking("1", "a"), booking("1", "b"))},
        {"redirects": (Redirect(ref="a", survivor="b"), Redirect(ref="a", survivor="c"))},
    ],
)
def test_a_state_with_two_of_one_name_is_refused(fields: dict[str, Any]) -> None:
    """People, references and redirects of one name would hide each other, and no undo knew both."""
    with pytest.raises(ConfigError, match="EDL-CONF-085"):
        MergeState(**fields)


def test_duplicates_of_one_ref_are_refused() -> None:
    """Two records of one ref are a mistake of the host's, and no group of two."""
    with pytest.raises(ConfigError, match="EDL-CONF-085"):
        find_duplicates([kept("a"), kept("a")])


@pytest.mark.parametrize("field", ["state_id", "number"])
def test_one_name_and_birth_date_under_two_ids_is_a_conflict(field: str) -> None:
    """State ids and student numbers part two records of one name as SIS ids do."""
    found = find_duplicates([kept("a", **{field: "1"}), kept("b", **{field: "2"})])

    assert (found.auto, [g.reason for g in found.conflicts]) == ((), ["other_ids"])


def test_one_name_and_birth_date_at_two_schools_makes_no_duplicates() -> None:
    """A name and a birth date say enough only within one school."""
    found = find_duplicates([kept("a", org_refs=("1",)), kept("b", org_refs=("2",))])

    assert (found.auto, found.review, found.conflicts) == ((), (), ())


@pytest.mark.parametrize(
    "names", [("Juan Carlos", "Juan", "Juan Pablo"), ("Christopher", "Chris", "Christina")]
)
def test_twins_are_not_joined_by_a_name_that_fits_both(names: tuple[str, ...]) -> None:
    """A record whose name fits both twins makes no duplicates of them, and nothing to merge."""
    mail = {"emails": ("home@example.org",)}
    people = tuple(kept(f"r{n}", given_name=name, **mail) for n, name in enumerate(names))
    found = find_duplicates(people)
    everything = (*found.auto, *found.review, *found.conflicts)
    plan = plan_merge(MergeState(people=people), everything)

    assert (found.auto, plan.is_empty) == ((), True)
    assert [(c.refs, c.reason) for c in plan.conflicts] == [(("r0", "r1", "r2"), "two_persons")]


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ({}, {"kind": PersonKind.guardian}, "kinds"),
        ({"sis_id": "1"}, {"sis_id": "2"}, "sis_ids"),
        (
            {"managed_by": CLASSLINK, "provider_ids": ("p1",)},
            {"managed_by": CLASSLINK, "provider_ids": ("p2",)},
            "managed_twice",
        ),
    ],
)
def test_what_cannot_be_one_person_is_not_merged_on_anyones_word(
    a: dict[str, Any], b: dict[str, Any], reason: str
) -> None:
    """Two kinds, two SIS ids and two active records of one source stay two, confirmed or not."""
    plan = plan_merge(MergeState(people=(kept("a", **a), kept("b", **b))), [group("a", "b")])

    assert ([c.reason for c in plan.conflicts], plan.is_empty) == ([reason], True)


def test_sis_ids_of_two_tenants_part_nobody() -> None:
    """A person of two districts has a SIS id in each, and may be merged on a person's word."""
    people = (kept("a", sis_id="1", tenant="north"), kept("b", sis_id="2", tenant="south"))

    assert not plan_merge(MergeState(people=people), [group("a", "b")]).is_empty


def test_who_names_no_tenant_has_the_sis_ids_of_the_one_that_is_named() -> None:
    """Two SIS ids part two records of which only one says whose its id is."""
    people = (kept("a", sis_id="1", tenant="north"), kept("b", sis_id="2"))
    (conflict,) = plan_merge(MergeState(people=people), [group("a", "b")]).conflicts

    assert conflict.reason == "sis_ids"


def test_a_group_that_was_found_to_be_a_conflict_is_not_merged() -> None:
    """Whatever conflict was found, handing it to the plan as it is merges nobody."""
    people = (kept("a"), kept("b"))
    found = find_duplicates(people, not_the_same=[("a", "b")])
    plan = plan_merge(MergeState(people=people), [*found.conflicts, group("a", "b")])

    assert ([c.reason for c in plan.conflicts], plan.is_empty) == (["not_the_same"], True)


def test_a_conflict_reaches_everyone_in_the_group() -> None:
    """A record that fits two which contradict each other is kept out too."""
    people = [kept("a", sis_id="1"), kept("b"), kept("c", sis_id="2")]

    assert find_duplicates(people).conflicts[0].refs == ("a", "b", "c")


def test_large_groups_are_for_review() -> None:
    """More records than four that seem one person need a person's eyes."""
    found = find_duplicates([kept(str(n)) for n in range(5)])

    assert [(len(g.refs), g.reason) for g in found.review] == [(5, "size")]


def test_a_chain_of_many_is_for_review_and_costs_no_pairs() -> None:
    """A group larger than any shared value may be is for review, not compared pair by pair."""
    people = [
        kept(f"{n:03}", emails=(f"m{n}@example.org", f"m{n + 1}@example.org")) for n in range(9)
    ]
    rules = MatchRules(group_limit=3)

    assert [len(g.refs) for g in find_duplicates(people, rules=rules).review] == [9]


def test_a_value_that_crowds_share_makes_no_duplicates() -> None:
    """An office mailbox does not make one person of all who use it."""
    people = [kept(f"{n}", number="0", birth_date=None) for n in range(60)]

    assert find_duplicates(people).auto == ()


def test_guardians_of_merged_children_are_found() -> None:
    """A guardian twice, once under each copy of the child, is a duplicate."""
    parent = {"kind": PersonKind.guardian, "phones": ("555-010-0199",), "birth_date": None}
    people = [
        kept("kid1"),
        kept("kid2"),
        kept("mum1", given_name="Eva", child_refs=("kid1",), **parent),
        kept("mum2", given_name="Eva", child_refs=("kid2",), **parent),
    ]

    assert [g.refs for g in find_duplicates(people).auto] == [("kid1", "kid2"), ("mum1", "mum2")]


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
