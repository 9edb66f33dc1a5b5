"""Rules U1 to U8: what merging keeps."""

from collections import Counter
from datetime import date
from itertools import combinations
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from edlink.matching.dedupe import (
    DuplicateGroup,
    DuplicateGroups,
    HostPerson,
    find_duplicates,
    managed_twice,
)
from edlink.matching.merge import MergeState, plan_merge
from edlink.matching.merge_apply import apply_merge, resolve, revert_merge
from edlink.matching.merge_rows import Reference
from edlink.matching.people import Person, PersonKind

IDS = st.none() | st.sampled_from(["1", "2"])
PERSON = st.builds(
    Person,
    ref=st.just(""),
    kind=st.sampled_from([PersonKind.student, PersonKind.guardian]),
    provider_ids=st.sampled_from([(), ("p1",), ("p2",)]),
    sis_id=IDS,
    number=IDS,
    emails=st.sampled_from([(), ("a@example.org",), ("b@example.org",)]),
    given_name=st.none() | st.sampled_from(["Ana", "Eva"]),
    family_name=st.just("Sample"),
    birth_date=st.none() | st.just(date(2012, 2, 29)),
)
RECORD = st.builds(
    HostPerson,
    person=PERSON,
    managed_by=st.none() | st.just("classlink:north"),
    is_active=st.booleans(),
    has_login=st.booleans(),
    sticky=st.sampled_from([frozenset(), frozenset({"given_name"})]),
)


@st.composite
def states(draw: st.DrawFn) -> MergeState:
    """Return people who are often duplicates, and rows that point to them."""
    people = [
        attrs.evolve(record, person=attrs.evolve(record.person, ref=f"r{n}"))
        for n, record in enumerate(draw(st.lists(RECORD, max_size=6)))
    ]
    refs = [record.ref for record in people]
    if not refs:
        return MergeState()
    references = [
        Reference(
            table="bookings",
            row=str(n),
            field="person",
            person=draw(st.sampled_from(refs)),
            unique_by=draw(st.sampled_from([None, "math", "art"])),
            collapses=draw(st.booleans()),
        )
        for n in range(draw(st.integers(0, 5)))
    ]
    children = tuple(r.ref for r in people if r.person.kind is PersonKind.student)
    adults = [
        attrs.evolve(r, person=attrs.evolve(r.person, child_refs=children))
        if r.person.kind is PersonKind.guardian
        else r
        for r in people
    ]
    return MergeState(people=tuple(adults), references=tuple(references))


def duplicates(state: MergeState) -> DuplicateGroups:
    """Return the duplicates of a state."""
    return find_duplicates(state.people)


@given(states())
def test_u1_planning_again_is_empty(state: MergeState) -> None:
    """Once a plan is applied, the same groups need nothing more."""
    groups = duplicates(state).auto
    after, _ = apply_merge(state, plan_merge(state, groups))
    again = plan_merge(after, groups)

    assert again.is_empty


@given(states(), st.randoms(use_true_random=False))
def test_u2_order_does_not_matter(state: MergeState, random: object) -> None:
    """People, rows and groups in any order give the same groups and the same plan."""
    groups = duplicates(state)
    people, rows, shuffled = list(state.people), list(state.references), list(groups.auto)
    for part in (people, rows, shuffled):
        random.shuffle(part)  # type: ignore[attr-defined]
    other = MergeState(people=tuple(people), references=tuple(rows))

    assert duplicates(other) == groups
    assert plan_merge(other, shuffled) == plan_merge(state, groups.auto)


@given(states())
def test_u3_nobody_is_lost(state: MergeState) -> None:
    """Every old ref is there or leads to one that is, and the numbers add up."""
    after, _ = apply_merge(state, plan_merge(state, duplicates(state).auto))
    refs = {record.ref for record in after.people}

    assert all(resolve(record.ref, after.redirects) in refs for record in state.people)
    assert len(state.people) == len(after.people) + len(after.redirects)


@given(states())
def test_u4_no_row_dangles_or_is_lost(state: MergeState) -> None:
    """Rows point to people who are there; each is kept or listed as collapsed into one kept."""
    plan = plan_merge(state, duplicates(state).auto)
    after, _ = apply_merge(state, plan)
    refs = {record.ref for record in after.people}
    collapsed = {s.row: s.kept_row for m in plan.merges for s in m.steps if s.kept_row}
    rows = {row.row for row in after.references}

    assert all(row.person in refs for row in after.references)
    assert all(child in refs for r in after.people for child in r.person.child_refs)
    assert {row.row for row in state.references} == rows | collapsed.keys()
    assert rows >= set(collapsed.values())
    assert rows.isdisjoint(collapsed)


CHILDREN, ADULTS = ("c1", "c2", "c3"), ("g1", "g2", "g3")


@st.composite
def families(draw: st.DrawFn) -> MergeState:
    """Return children and guardians in any order of rank, and links between them, none twice."""
    people = [
        HostPerson(
            person=Person(ref=ref, kind=kind, given_name="Ana", family_name="Sample"),
            has_login=draw(st.booleans()),
        )
        for kind, refs in ((PersonKind.student, CHILDREN), (PersonKind.guardian, ADULTS))
        for ref in refs
    ]
    ends = st.tuples(st.sampled_from(CHILDREN), st.sampled_from(ADULTS))
    links = [
        Reference(
            table="link",
            row=f"r{n}",
            field=field,
            person=person,
            unique_by=other if draw(st.booleans()) else None,
            collapses=draw(st.integers(0, 5)) > 0,
        )
        for n, (child, adult) in enumerate(draw(st.lists(ends, unique=True, max_size=7)))
        for field, person, other in (("child", child, adult), ("contact", adult, child))
    ]
    return MergeState(people=tuple(people), references=tuple(links))


@given(families(), st.integers(2, 3), st.integers(2, 3))
def test_u4_no_link_is_there_twice_when_both_its_ends_are_merged(
    state: MergeState, children: int, adults: int
) -> None:
    """No person has anything unique twice, and each row stays or goes whole."""
    groups = [confirmed(*CHILDREN[:children]), confirmed(*ADULTS[:adults])]
    plan = plan_merge(state, groups)
    after, undo = apply_merge(state, plan)
    said = Counter(
        (r.field, r.person, r.unique_by) for r in after.references if r.unique_by is not None
    )
    kept = {s.kept_row for m in plan.merges for s in m.steps} - {None}
    rows = Counter(r.row for r in after.references)

    assert max(said.values(), default=1) == 1
    assert set(rows.values()) <= {2}
    assert kept <= rows.keys()
    assert {r.row for r in state.references} - rows.keys() == {
        s.row for m in plan.merges for s in m.steps if s.kept_row
    }
    assert all(r.collapses for r in state.references if r.row not in rows)
    held = {conflict.refs for conflict in plan.conflicts}
    assert plan_merge(after, [group for group in groups if group.refs not in held]).is_empty
    assert revert_merge(after, undo).fingerprint() == state.fingerprint()


@given(states())
def test_u5_undo_brings_the_state_back(state: MergeState) -> None:
    """Taking a merge back gives the state before it."""
    after, undo = apply_merge(state, plan_merge(state, duplicates(state).auto))

    assert revert_merge(after, undo).fingerprint() == state.fingerprint()


def confirmed(*refs: str) -> DuplicateGroup:
    """Return a group on a person's word."""
    return DuplicateGroup(refs=refs, kind="student", rules=("confirmed",))


@given(states())
def test_u6_no_merge_joins_two_sis_ids(state: MergeState) -> None:
    """No group that may be merged at once holds two SIS ids."""
    people = {record.ref: record.person for record in state.people}
    for group in duplicates(state).auto:
        ids = Counter(people[ref].sis_id for ref in group.refs)

        assert len(ids.keys() - {None}) <= 1


@given(states(), st.data())
def test_u6_no_plan_joins_two_sis_ids_or_kinds(state: MergeState, data: st.DataObject) -> None:
    """Whoever says that some are one person, no merge holds two SIS ids or two kinds."""
    people = {record.ref: record.person for record in state.people}
    refs = data.draw(st.lists(st.sampled_from(sorted(people) or ["none"]), unique=True, min_size=1))
    found = duplicates(state)
    for groups in ([confirmed(*refs)], found.conflicts, (*found.auto, *found.review)):
        for merge in plan_merge(state, groups).merges:
            members = [people[ref] for ref in (merge.survivor, *merge.losers)]

            assert len({person.sis_id for person in members} - {None}) <= 1
            assert len({person.kind for person in members}) == 1


MANAGED = st.builds(
    HostPerson,
    person=st.builds(
        Person,
        ref=st.just(""),
        provider_ids=st.lists(st.sampled_from("xyz"), unique=True).map(tuple),
    ),
    managed_by=st.none() | st.sampled_from(["classlink:north", "clever:north"]),
    is_active=st.booleans(),
)


@given(st.lists(MANAGED, min_size=2, max_size=5))
def test_u6_no_plan_joins_two_whom_one_source_keeps_apart(records: list[HostPerson]) -> None:
    """A group is a conflict exactly when two of it are; else whoever adds an id is named."""
    people = [
        attrs.evolve(record, person=attrs.evolve(record.person, ref=f"r{n}"))
        for n, record in enumerate(records)
    ]
    plan = plan_merge(MergeState(people=tuple(people)), [confirmed(*(p.ref for p in people))])
    apart = any(managed_twice(a, b) for a, b in combinations(people, 2))

    assert [c.reason for c in plan.conflicts] == ["managed_twice"] * apart
    for merge in plan.merges:
        ids = {record.ref: set(record.person.provider_ids) for record in people}
        givers = {ref for ref in merge.losers if ids[ref] - ids[merge.survivor]}
        assert {ref for field in merge.fields for ref in field.taken_from} == givers


@given(st.permutations(["1", "2", None]), st.integers(0, 2), st.booleans())
def test_u6_a_group_with_two_sis_ids_is_one_conflict(
    ids: list[str | None], place: int, has_fourth: bool
) -> None:
    """Two SIS ids in a group of one name and birth date make all of it a conflict."""
    held = [*ids, ids[place]] if has_fourth else ids
    people = [
        HostPerson(
            person=Person(
                ref=f"r{n}",
                sis_id=sis_id,
                given_name="Ana",
                family_name="Sample",
                birth_date=date(2012, 2, 29),
            )
        )
        for n, sis_id in enumerate(held)
    ]
    found = find_duplicates(people)
    everyone = tuple(record.ref for record in people)
    plan = plan_merge(MergeState(people=tuple(people)), [confirmed(*everyone)])

    assert ([g.refs for g in found.conflicts], found.auto) == ([everyone], ())
    assert [(c.refs, c.reason) for c in plan.conflicts] == [(everyone, "sis_ids")]


@given(states())
def test_u7_redirects_are_one_step_long(state: MergeState) -> None:
    """No redirect leads to another, also after a second merge."""
    after, _ = apply_merge(state, plan_merge(state, duplicates(state).auto))
    last, _ = apply_merge(after, plan_merge(after, duplicates(after).auto))
    gone = {redirect.ref for redirect in last.redirects}

    assert gone.isdisjoint(redirect.survivor for redirect in last.redirects)
    assert gone.isdisjoint(record.ref for record in last.people)


@given(st.permutations(range(5)), st.integers(2, 5))
def test_u7_a_chain_of_merges_leads_to_its_end_at_once(order: list[int], size: int) -> None:
    """Whoever survives the last of several merges is where every ref leads in one step."""
    people = tuple(
        HostPerson(
            person=Person(ref=f"r{n}", given_name="Ana", family_name="Sample"),
            created=date(2020, 1, 1 + age),
        )
        for n, age in enumerate(order[:size])
    )
    state = MergeState(people=people)
    for n in range(1, size):
        state, _ = apply_merge(state, plan_merge(state, [confirmed("r0", f"r{n}")]))
    oldest = min(people, key=lambda record: record.created or date.max).ref

    assert [record.ref for record in state.people] == [oldest]
    assert {(r.ref, r.survivor) for r in state.redirects} == {
        (record.ref, oldest) for record in people if record.ref != oldest
    }


@given(states())
def test_u8_no_value_becomes_empty(state: MergeState) -> None:
    """What a survivor had, it has, or another value; what any had is not lost from lists."""
    before = {record.ref: record.person for record in state.people}
    after, _ = apply_merge(state, plan_merge(state, duplicates(state).auto))
    for record in after.people:
        old = attrs.asdict(before[record.ref])
        new = attrs.asdict(record.person)

        assert [name for name, value in old.items() if value and not new[name]] == []


#: A value of every field that a merge chooses or joins.
WHOLE = Person(
    ref="",
    provider_ids=("p",),
    sis_id="1",
    state_id="ST1",
    number="42",
    username="ana",
    emails=("ana@example.org",),
    phones=("555-010-0199",),
    given_name="Ana",
    family_name="Sample",
    other_given_names=("Anita",),
    other_family_names=("Muster",),
    middle_name="Luz",
    suffix="II",
    birth_date=date(2012, 2, 29),
    birth_date_raw="2012",
    street="1 Main Street",
    postal_code="00000",
    org_refs=("o1",),
    child_refs=("c1",),
)
FIELDS = sorted(attrs.asdict(WHOLE).keys() - {"ref", "kind", "tenant"})
LISTS = [name for name in FIELDS if isinstance(getattr(WHOLE, name), tuple)]


@given(
    st.lists(st.sets(st.sampled_from(FIELDS)), min_size=2, max_size=4),
    st.lists(st.sets(st.sampled_from(FIELDS)), min_size=4, max_size=4),
)
def test_u8_whatever_anyone_of_a_group_has_the_survivor_has(
    kept: list[set[str]], sticky: list[set[str]]
) -> None:
    """A field that any record of the group fills is filled in the end; lists hold all values."""
    people = []
    for n, names in enumerate(kept):
        own: dict[str, Any] = {
            name: (f"{name}{n}",) if name in LISTS else getattr(WHOLE, name) for name in names
        }
        # Only what is there: a field that a person emptied by hand stays empty.
        edited = frozenset(sticky[n] & names)
        people.append(HostPerson(person=Person(ref=f"r{n}", **own), sticky=edited))
    state = MergeState(people=tuple(people))
    after, _ = apply_merge(state, plan_merge(state, [confirmed(*(p.ref for p in people))]))
    (survivor,) = after.people
    filled = {name for name in FIELDS if getattr(survivor.person, name)}

    assert filled == set().union(*kept)
    assert {name: set(getattr(survivor.person, name)) for name in LISTS} == {
        name: {f"{name}{n}" for n, names in enumerate(kept) if name in names} for name in LISTS
    }
