"""Who a host has twice, and who is never merged: twins, tenants, contradictions."""

from datetime import date
from typing import Any

import attrs
import pytest
from tests.matching.merge_cases import CLASSLINK, booking, group, kept

from edlink.errors import ConfigError
from edlink.matching.dedupe import find_duplicates
from edlink.matching.merge import (
    MergeState,
    Redirect,
    plan_merge,
)
from edlink.matching.people import PersonKind
from edlink.matching.rules import MatchRules


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


def test_who_names_no_tenant_is_apart_where_several_are_named() -> None:
    """Nobody can say which of two districts a record without a tenant belongs to."""
    people = [kept(f"{t}", sis_id="1", tenant=t) for t in ("north", "south", None)]
    found = find_duplicates(people)

    assert (found.auto, found.review, found.conflicts) == ((), (), ())


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
